//! `traceback.h`: printing a traceback.

use core::ffi::c_int;

use rustpython_vm::PyObject;
use rustpython_vm::builtins::PyTraceback;
use rustpython_vm::function::{FuncArgs, KwArgs};

use crate::boundary::{argument, enter, instance};

/// Writes a traceback with its title to a file object. Returns 0; or -1 with SystemError if it is not a
/// traceback, or with the exception of the file. Writes nothing for NULL.
///
/// # Safety
/// Both arguments are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyTraceBack_Print(traceback: *mut PyObject, file: *mut PyObject) -> c_int {
    if traceback.is_null() {
        return 0;
    }
    enter(|vm| {
        // SAFETY: `traceback` is an object, which the caller keeps alive.
        let traceback = unsafe { instance::<PyTraceback>(traceback, vm) }?;
        // SAFETY: `file` is NULL or an object, which the caller keeps alive.
        let file = unsafe { argument(file, vm) }?;
        vm.call_method(file, "write", ("Traceback (most recent call last):\n",))?;
        let print = vm.import("traceback", 0)?.get_attr("print_tb", vm)?;
        let file = KwArgs::from_iter([("file".to_owned(), file.to_owned())]);
        print.call(FuncArgs::new(vec![traceback.to_owned().into()], file), vm)?;
        Ok(0)
    })
}
