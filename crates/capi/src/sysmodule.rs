//! `sysmodule.h`: attributes of `sys`, and the functions behind those of `varargs.c` that write to its
//! streams.

use core::ffi::{c_char, c_int};
use core::ptr::null_mut;
use std::io::{self, Write};

use rustpython_vm::builtins::PyStr;
use rustpython_vm::{Py, PyObject, PyResult, VirtualMachine};

use crate::boundary::{borrowed, decode_utf8, enter, string_argument, utf8_argument};
use crate::unicode_format::formatted;
use crate::varargs::Arguments;

/// A borrowed reference to an attribute of `sys`, or NULL without an exception if there is none. An
/// exception that is pending stays so.
///
/// # Safety
/// `name` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PySys_GetObject(name: *const c_char) -> *mut PyObject {
    enter(|vm| {
        Ok(without_pending(vm, || {
            // SAFETY: `name` is NULL or a NUL-terminated string.
            let name = unsafe { utf8_argument(name, vm) }?;
            vm.sys_module.dict().get_item_opt(&*name, vm)
        })
        // The dict of `sys` keeps the object.
        .map_or(null_mut(), |found| {
            found.map_or(null_mut(), |object| borrowed(&object))
        }))
    })
}

/// Sets an attribute of `sys`, or deletes it if `value` is NULL. Returns 0, including if an attribute to
/// be deleted does not exist, or -1 with an exception.
///
/// # Safety
/// `name` is NULL or a NUL-terminated string, and `value` NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PySys_SetObject(name: *const c_char, value: *mut PyObject) -> c_int {
    enter(|vm| {
        // SAFETY: `name` is NULL or a NUL-terminated string.
        let name = unsafe { utf8_argument(name, vm) }?;
        let dict = vm.sys_module.dict();
        // SAFETY: `value` is NULL or an object, which the caller keeps alive.
        match unsafe { value.as_ref() } {
            Some(value) => dict.set_item(&*name, value.to_owned(), vm)?,
            None if dict.contains_key(&*name, vm) => dict.del_item(&*name, vm)?,
            None => {}
        }
        Ok(0)
    })
}

/// `PySys_WriteStdout` and `PySys_WriteStderr`: writes a text to `sys.stdout`, or to `sys.stderr` if
/// `error` is not 0, and then says whether it was truncated. If the stream cannot be used, the text goes
/// to that of the process. An exception that is pending stays so.
///
/// # Safety
/// `text` is a NUL-terminated string.
#[unsafe(no_mangle)]
unsafe extern "C" fn rustpython_capsule_write(error: c_int, text: *const c_char, truncated: c_int) {
    enter(|vm| {
        // SAFETY: `text` is a NUL-terminated string.
        let text = unsafe { string_argument(text, vm) }?.to_bytes();
        without_pending(vm, || {
            write_bytes(error != 0, text, vm);
            if truncated != 0 {
                write_bytes(error != 0, b"... truncated", vm);
            }
        });
        Ok(())
    })
}

/// `PySys_FormatStdout` and `PySys_FormatStderr`: writes the text of a format and its arguments, as
/// [`rustpython_capsule_write`] does. Writes nothing if the text cannot be made.
///
/// # Safety
/// `format` is NULL or a NUL-terminated string, and the arguments fit it.
#[unsafe(no_mangle)]
unsafe extern "C" fn rustpython_capsule_write_formatted(
    error: c_int,
    format: *const c_char,
    arguments: Arguments,
) {
    enter(|vm| {
        without_pending(vm, || {
            // SAFETY: the caller promises a format and arguments that fit it.
            if let Ok(text) = unsafe { formatted(format, arguments, vm) } {
                let text = vm.ctx.new_str(text);
                if write_str(error != 0, &text, vm).is_err()
                    && let Some(text) = text.to_str()
                {
                    write_to_process(error != 0, text.as_bytes());
                }
            }
        });
        Ok(())
    })
}

/// Calls `f` with no exception pending, and restores the one that was.
fn without_pending<R>(vm: &VirtualMachine, f: impl FnOnce() -> R) -> R {
    let pending = vm.take_raised_exception();
    let result = f();
    if pending.is_some() {
        vm.set_exception(pending);
    }
    result
}

fn write_bytes(error: bool, text: &[u8], vm: &VirtualMachine) {
    let written =
        decode_utf8(text, vm).and_then(|decoded| write_str(error, &vm.ctx.new_str(decoded), vm));
    if written.is_err() {
        write_to_process(error, text);
    }
}

/// Writes to a stream of `sys`.
fn write_str(error: bool, text: &Py<PyStr>, vm: &VirtualMachine) -> PyResult<()> {
    let stream = vm
        .sys_module
        .dict()
        .get_item(if error { "stderr" } else { "stdout" }, vm)?;
    let write = stream.get_attr("write", vm)?;
    write.call((text.to_owned(),), vm)?;
    Ok(())
}

/// Writes to a stream of the process. Nobody can be told if that fails.
fn write_to_process(error: bool, text: &[u8]) {
    let _ = if error {
        io::stderr().write_all(text)
    } else {
        let mut stdout = io::stdout();
        stdout.write_all(text).and_then(|()| stdout.flush())
    };
}
