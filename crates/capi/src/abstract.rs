//! `abstract.h`, the part that `rustpython-capi` does not have: a call with one argument. What else
//! objects can do, whatever their class, is that crate's.

use rustpython_vm::PyObject;

use crate::boundary::{argument, enter, new_reference};

/// Calls an object with one argument.
///
/// # Safety
/// Both are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_CallOneArg(
    callable: *mut PyObject,
    arg: *mut PyObject,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: passed on from the caller.
        let callable = unsafe { argument(callable, vm) }?;
        // SAFETY: passed on from the caller.
        let arg = unsafe { argument(arg, vm) }?;
        callable.call((arg.to_owned(),), vm).map(new_reference)
    })
}
