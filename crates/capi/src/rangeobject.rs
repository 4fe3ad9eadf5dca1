//! `rangeobject.h`: recognizing ranges.

use core::ffi::c_int;

use rustpython_vm::PyObject;
use rustpython_vm::builtins::PyRange;

/// 1 for a range, else 0. Raises nothing.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyRange_Check(object: *mut PyObject) -> c_int {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    let object = unsafe { object.as_ref() };
    object
        .is_some_and(|object| object.downcast_ref::<PyRange>().is_some())
        .into()
}
