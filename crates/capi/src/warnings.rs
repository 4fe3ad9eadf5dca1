//! `warnings.h`: the function behind `PyErr_WarnFormat` and `PyErr_ResourceWarning` of `varargs.c`,
//! and a warning with a fixed text. `PyErr_WarnExplicit` comes from `rustpython-capi`.

use core::ffi::{c_char, c_int};

use rustpython_vm::builtins::{PyStr, PyType};
use rustpython_vm::warn::warn;
use rustpython_vm::{PyObject, PyRef, PyResult, VirtualMachine};

use crate::boundary::{enter, utf8_argument};
use crate::unicode_format::formatted;
use crate::varargs::Arguments;

/// Issues a warning. `category` is a warning class, or NULL for RuntimeWarning. The warning names the
/// line of Python code that many frames up the stack: 1 is the running function. Returns 0; or -1 with
/// an exception, which may be the warning itself.
///
/// # Safety
/// `category` is NULL or an object, and `text` NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyErr_WarnEx(
    category: *mut PyObject,
    text: *const c_char,
    stack_level: isize,
) -> c_int {
    enter(|vm| {
        // SAFETY: `text` is NULL or a NUL-terminated string.
        let text = vm.ctx.new_str(unsafe { utf8_argument(text, vm) }?);
        // SAFETY: `category` is NULL or an object, which the caller keeps alive.
        issue(text, unsafe { category.as_ref() }, None, stack_level, vm)
    })
}

/// `PyErr_WarnFormat`: issues a warning as [`PyErr_WarnEx`] does, with the text of a format and its
/// arguments. `source` is the object that a ResourceWarning is about, or NULL.
///
/// # Safety
/// `category` and `source` are NULL or objects, `format` is NULL or a NUL-terminated string, and the
/// arguments fit it.
#[unsafe(no_mangle)]
unsafe extern "C" fn rustpython_capsule_warn(
    category: *mut PyObject,
    source: *mut PyObject,
    stack_level: isize,
    format: *const c_char,
    arguments: Arguments,
) -> c_int {
    enter(|vm| {
        // SAFETY: the caller promises a format and arguments that fit it.
        let text = vm.ctx.new_str(unsafe { formatted(format, arguments, vm) }?);
        // SAFETY: `category` is NULL or an object, which the caller keeps alive.
        let category = unsafe { category.as_ref() };
        // SAFETY: `source` is NULL or an object, which the caller keeps alive.
        let source = unsafe { source.as_ref() };
        issue(text, category, source, stack_level, vm)
    })
}

fn issue(
    text: PyRef<PyStr>,
    category: Option<&PyObject>,
    source: Option<&PyObject>,
    stack_level: isize,
    vm: &VirtualMachine,
) -> PyResult<c_int> {
    let category = match category {
        None => vm.ctx.exceptions.runtime_warning.to_owned(),
        Some(category) => match category.downcast_ref::<PyType>() {
            Some(class) if class.is_subtype(vm.ctx.exceptions.warning) => class.to_owned(),
            _ => {
                let class = category.class().name().to_string();
                let text = format!("category must be a Warning subclass, not '{class}'");
                return Err(vm.new_type_error(text));
            }
        },
    };
    let source = source.map(ToOwned::to_owned);
    warn(text.into(), Some(category), stack_level, source, vm)?;
    Ok(0)
}
