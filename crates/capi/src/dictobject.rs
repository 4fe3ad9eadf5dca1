//! `dictobject.h`: the one function that this crate replaces. It cannot report an error, and that
//! of `rustpython-capi` reports an entry for an object that is not a dict.

use core::ffi::c_int;
use core::ptr::NonNull;

use rustpython_vm::PyObject;
use rustpython_vm::builtins::PyDict;

use crate::boundary::{borrowed, enter};

/// Stores borrowed references to the key and the value at a position, which starts at 0, and
/// advances the position. Returns 1; or 0 if there are no more entries, or if the object is not a
/// dict.
///
/// # Safety
/// `dict` is NULL or an object. `position` can be read and written to. `key` and `value` are NULL
/// or can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyDict_Next(
    dict: *mut PyObject,
    position: *mut isize,
    key: *mut *mut PyObject,
    value: *mut *mut PyObject,
) -> c_int {
    enter(|_| {
        // SAFETY: `dict` is NULL or an object, which the caller keeps alive.
        let dict = unsafe { dict.as_ref() }.and_then(PyObject::downcast_ref::<PyDict>);
        // SAFETY: the caller promises that `position` can be read.
        let start = usize::try_from(unsafe { position.read() }).ok();
        let entry = dict
            .zip(start)
            .and_then(|(dict, start)| dict.next_entry(start));
        let Some((next, found_key, found_value)) = entry else {
            return Ok(0);
        };
        // SAFETY: the caller promises that `position` can be written to.
        unsafe { position.write(next.cast_signed()) };
        for (place, found) in [(key, found_key), (value, found_value)] {
            if let Some(place) = NonNull::new(place) {
                // SAFETY: the caller promises that `place` can be written to.
                unsafe { place.write(borrowed(&found)) };
            }
        }
        Ok(1)
    })
}
