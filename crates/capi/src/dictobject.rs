//! `dictobject.h`, the one function of it that must be ours: it has no way to fail. The rest is
//! `rustpython-capi`'s.

use core::ffi::c_int;
use core::ptr::NonNull;

use rustpython_vm::PyObject;
use rustpython_vm::builtins::PyDict;

use crate::boundary::{borrowed, enter};

/// Lends the entry at a position, from 0 on, and moves the position on. 0 when there are no more, and
/// where it is not a dict.
///
/// # Safety
/// `dict` is NULL or an object; `position` can be read and written to; `key` and `value` are NULL or
/// can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyDict_Next(
    dict: *mut PyObject,
    position: *mut isize,
    key: *mut *mut PyObject,
    value: *mut *mut PyObject,
) -> c_int {
    enter(|_| {
        // SAFETY: passed on from the caller.
        let dict = unsafe { dict.as_ref() }.and_then(PyObject::downcast_ref::<PyDict>);
        // SAFETY: passed on from the caller.
        let start = usize::try_from(unsafe { position.read() }).ok();
        let entry = dict
            .zip(start)
            .and_then(|(dict, start)| dict.next_entry(start));
        let Some((next, found_key, found_value)) = entry else {
            return Ok(0);
        };
        // SAFETY: passed on from the caller.
        unsafe { position.write(next.cast_signed()) };
        for (place, found) in [(key, found_key), (value, found_value)] {
            if let Some(place) = NonNull::new(place) {
                // SAFETY: passed on from the caller.
                unsafe { place.write(borrowed(&found)) };
            }
        }
        Ok(1)
    })
}
