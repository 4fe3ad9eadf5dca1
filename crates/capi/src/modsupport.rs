//! `modsupport.h`: checking the ABI record of a module, setting attributes of a module, and the
//! functions behind `Py_BuildValue` and `PyArg_UnpackTuple` of `varargs.c`. The other functions of
//! modules are in `moduleobject`.

use core::ffi::{c_char, c_int, c_long};
use core::ptr::NonNull;

use rustpython_vm::builtins::{PyBaseExceptionRef, PyModule, PyTuple};
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::boundary::{
    argument, borrowed, enter, new_reference, owned, string_argument, utf8_argument,
};
use crate::build_value;
use crate::varargs::Arguments;

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

/// Sets the docstring of a module. Returns 0, or -1 with an exception.
///
/// # Safety
/// `module` is NULL or an object, and `doc` NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_SetDocString(module: *mut PyObject, doc: *const c_char) -> c_int {
    enter(|vm| {
        // SAFETY: `doc` is NULL or a NUL-terminated string.
        let doc = vm.ctx.new_str(unsafe { utf8_argument(doc, vm) }?);
        // SAFETY: `module` is NULL or an object, which the caller keeps alive.
        unsafe { argument(module, vm) }?.set_attr("__doc__", doc, vm)?;
        Ok(0)
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

/// `Py_BuildValue`: a new reference to the value that a format describes, or NULL with an exception.
///
/// # Safety
/// `format` is NULL or a NUL-terminated string, and the arguments fit it.
#[unsafe(no_mangle)]
unsafe extern "C" fn rustpython_capsule_build_value(
    format: *const c_char,
    arguments: Arguments,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `format` is NULL or a NUL-terminated string.
        let format = unsafe { string_argument(format, vm) }?;
        // SAFETY: the caller promises arguments that fit.
        let value = unsafe { build_value::value(format, arguments, vm) }?;
        Ok(new_reference(value))
    })
}

/// `PyArg_UnpackTuple`: stores borrowed references to the items of a tuple in variables, whose
/// addresses are the arguments. Returns 1; or 0 with TypeError if the tuple has fewer than `min` items
/// or more than `max`, or with SystemError if it is no tuple. `name` is that of the function, or NULL.
///
/// # Safety
/// `tuple` is NULL or an object, `name` NULL or a NUL-terminated string, and the arguments are `max`
/// addresses of variables.
#[unsafe(no_mangle)]
unsafe extern "C" fn rustpython_capsule_unpack(
    tuple: *mut PyObject,
    name: *const c_char,
    min: isize,
    max: isize,
    mut arguments: Arguments,
) -> c_int {
    let unpacked = enter(|vm| {
        // SAFETY: `tuple` is NULL or an object, which the caller keeps alive.
        let tuple = unsafe { tuple.as_ref() }.and_then(PyObject::downcast_ref::<PyTuple>);
        let tuple = tuple.ok_or_else(|| {
            vm.new_system_error("PyArg_UnpackTuple() argument list is not a tuple")
        })?;
        let length = tuple.len().cast_signed();
        let (bound, limit) = match () {
            () if length < min => ("at least ", min),
            () if length > max && length > 0 => ("at most ", max),
            () => {
                for item in tuple.iter() {
                    // SAFETY: there are no more items than arguments, which are addresses.
                    let place = unsafe { arguments.pointer() }.cast::<*mut PyObject>();
                    if let Some(place) = NonNull::new(place) {
                        // SAFETY: it is the address of a variable that only this thread uses.
                        unsafe { place.write(borrowed(item)) };
                    }
                }
                return Ok(Some(()));
            }
        };
        let bound = if min == max { "" } else { bound };
        let plural = if limit == 1 { "" } else { "s" };
        let text = if name.is_null() {
            format!("unpacked tuple should have {bound}{limit} element{plural}, but has {length}")
        } else {
            // SAFETY: `name` is a NUL-terminated string.
            let name = unsafe { string_argument(name, vm) }?.to_string_lossy();
            format!("{name} expected {bound}{limit} argument{plural}, got {length}")
        };
        Err(vm.new_type_error(text))
    });
    c_int::from(unpacked.is_some())
}
