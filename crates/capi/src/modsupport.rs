//! `modsupport.h`: checking the ABI record of a module, and setting attributes of a module. The
//! other functions of modules are in `moduleobject`.

use core::ffi::{c_char, c_int, c_long};

use rustpython_vm::builtins::{PyBaseExceptionRef, PyModule};
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::boundary::{enter, owned, utf8_argument};

pub use crate::abi_info::PyABIInfo;

/// Checks an ABI record. `module` is the name of its module for the message.
///
/// # Errors
/// ImportError if a module with this record cannot run here.
pub(crate) fn check_abi(
    info: PyABIInfo,
    module: Option<&str>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    match info.problem() {
        None => Ok(()),
        Some(problem) => Err(incompatible(module, &problem, vm)),
    }
}

fn incompatible(module: Option<&str>, problem: &str, vm: &VirtualMachine) -> PyBaseExceptionRef {
    match module {
        Some(name) => vm.new_import_error(
            format!("module {name} is not compatible with this interpreter: {problem}"),
            vm.ctx.new_str(name),
        ),
        None => {
            let text = format!("not compatible with this interpreter: {problem}");
            vm.new_exception_msg(vm.ctx.exceptions.import_error.to_owned(), text.into())
        }
    }
}

/// Checks an ABI record. Returns 0 if a module with this record can run here; -1 with ImportError
/// if not, including for NULL. `module_name` is for the message and may be NULL.
///
/// # Safety
/// `info` is NULL or a record; `module_name` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyABIInfo_Check(
    info: *const PyABIInfo,
    module_name: *const c_char,
) -> c_int {
    enter(|vm| {
        let name = if module_name.is_null() {
            None
        } else {
            // SAFETY: `module_name` is NULL or a NUL-terminated string.
            Some(unsafe { utf8_argument(module_name, vm) }?)
        };
        // SAFETY: `info` is NULL or a record, which the caller keeps for the call.
        match unsafe { info.as_ref() } {
            Some(info) => check_abi(*info, name.as_deref(), vm)?,
            None => return Err(incompatible(name.as_deref(), "its ABI record is NULL", vm)),
        }
        Ok(0)
    })
}

/// Sets an attribute of a module. It does not steal the reference to `value`. Returns 0, or -1 with
/// an exception. If `value` is NULL, it fails with the pending exception, or with SystemError if
/// none is pending.
///
/// # Safety
/// `module` and `value` are NULL or objects, and `name` NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_AddObjectRef(
    module: *mut PyObject,
    name: *const c_char,
    value: *mut PyObject,
) -> c_int {
    // SAFETY: `value` is NULL or an object, which the caller keeps alive.
    let value = unsafe { value.as_ref() }.map(ToOwned::to_owned);
    // SAFETY: `module` and `name` are as the caller promises for this function.
    enter(|vm| unsafe { add(module, name, value, vm) })
}

/// Sets an attribute of a module as [`PyModule_AddObjectRef`] does, but steals the reference to
/// `value`, even if it fails.
///
/// # Safety
/// As for [`PyModule_AddObjectRef`]; `value` is NULL or a reference that the caller owns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_Add(
    module: *mut PyObject,
    name: *const c_char,
    value: *mut PyObject,
) -> c_int {
    // SAFETY: `value` is NULL or a reference that the caller owns.
    let value = unsafe { owned(value) };
    // SAFETY: `module` and `name` are as the caller promises for this function.
    enter(|vm| unsafe { add(module, name, value, vm) })
}

/// Sets an attribute of a module to an `int`. Returns 0, or -1 with an exception.
///
/// # Safety
/// `module` is NULL or an object, and `name` NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_AddIntConstant(
    module: *mut PyObject,
    name: *const c_char,
    value: c_long,
) -> c_int {
    enter(|vm| {
        let value = vm.ctx.new_int(value).into();
        // SAFETY: `module` and `name` are as the caller promises for this function.
        unsafe { add(module, name, Some(value), vm) }
    })
}

/// Sets an attribute of a module to a `str`. Returns 0, or -1 with an exception.
///
/// # Safety
/// `module` is NULL or an object, and both strings are NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_AddStringConstant(
    module: *mut PyObject,
    name: *const c_char,
    value: *const c_char,
) -> c_int {
    enter(|vm| {
        // SAFETY: `value` is NULL or a NUL-terminated string.
        let value = vm.ctx.new_str(unsafe { utf8_argument(value, vm) }?).into();
        // SAFETY: `module` and `name` are as the caller promises for this function.
        unsafe { add(module, name, Some(value), vm) }
    })
}

/// Sets an attribute in the dict of a module; `None` stands for the exception that is pending.
///
/// # Safety
/// `module` is NULL or an object, and `name` NULL or a NUL-terminated string.
unsafe fn add(
    module: *mut PyObject,
    name: *const c_char,
    value: Option<PyObjectRef>,
    vm: &VirtualMachine,
) -> PyResult<c_int> {
    // SAFETY: `module` is NULL or an object, which the caller keeps alive.
    let module = unsafe { module.as_ref() }.and_then(PyObject::downcast_ref::<PyModule>);
    let Some(module) = module else {
        let text = "PyModule_AddObjectRef() first argument must be a module";
        return Err(vm.new_type_error(text));
    };
    let Some(value) = value else {
        return Err(vm.take_raised_exception().unwrap_or_else(|| {
            vm.new_system_error(
                "PyModule_AddObjectRef() must be called with an exception raised if value is NULL",
            )
        }));
    };
    // SAFETY: `name` is NULL or a NUL-terminated string.
    let name = unsafe { utf8_argument(name, vm) }?;
    module.dict().set_item(&*name, value, vm)?;
    Ok(0)
}
