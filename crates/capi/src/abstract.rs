//! `abstract.h`: the one function that `rustpython-capi` lacks, a call with one argument. The other
//! functions of the header come from that crate.

use rustpython_vm::PyObject;

use crate::boundary::{argument, enter, new_reference};

/// Calls an object with one argument. Returns a new reference, or NULL with an exception.
///
/// # Safety
/// Both arguments are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_CallOneArg(
    callable: *mut PyObject,
    arg: *mut PyObject,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `callable` is NULL or an object, which the caller keeps alive.
        let callable = unsafe { argument(callable, vm) }?;
        // SAFETY: `arg` is NULL or an object, which the caller keeps alive.
        let arg = unsafe { argument(arg, vm) }?;
        callable.call((arg.to_owned(),), vm).map(new_reference)
    })
}
