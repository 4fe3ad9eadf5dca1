//! `object.h`: attributes of objects of any class.

use core::ffi::{c_char, c_int};

use rustpython_vm::builtins::PyStr;
use rustpython_vm::function::PySetterValue;
use rustpython_vm::{Py, PyObject, PyRef, PyResult, VirtualMachine};

use crate::boundary::{argument, enter, new_reference, owned, utf8_argument};

/// A new reference to an attribute, or NULL with an exception.
///
/// # Safety
/// Both arguments are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_GetAttr(
    object: *mut PyObject,
    name: *mut PyObject,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let object = unsafe { argument(object, vm) }?;
        // SAFETY: `name` is NULL or an object, which the caller keeps alive.
        let name = unsafe { attribute_name(name, vm) }?;
        object.get_attr(name, vm).map(new_reference)
    })
}

/// A new reference to an attribute, or NULL with an exception.
///
/// # Safety
/// `object` is NULL or an object, and `name` NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_GetAttrString(
    object: *mut PyObject,
    name: *const c_char,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let object = unsafe { argument(object, vm) }?;
        // SAFETY: `name` is NULL or a NUL-terminated string.
        let name = unsafe { name_argument(name, vm) }?;
        object.get_attr(&*name, vm).map(new_reference)
    })
}

/// Sets an attribute, or deletes it if `value` is NULL. Returns 0, or -1 with an exception.
///
/// # Safety
/// The arguments are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_SetAttr(
    object: *mut PyObject,
    name: *mut PyObject,
    value: *mut PyObject,
) -> c_int {
    enter(|vm| {
        // SAFETY: `name` is NULL or an object, which the caller keeps alive.
        let name = unsafe { attribute_name(name, vm) }?;
        // SAFETY: `object` and `value` are NULL or objects, which the caller keeps alive.
        unsafe { set(object, name, value, vm) }
    })
}

/// Sets an attribute, or deletes it if `value` is NULL. Returns 0, or -1 with an exception.
///
/// # Safety
/// `object` and `value` are NULL or objects, and `name` NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_SetAttrString(
    object: *mut PyObject,
    name: *const c_char,
    value: *mut PyObject,
) -> c_int {
    enter(|vm| {
        // SAFETY: `name` is NULL or a NUL-terminated string.
        let name = unsafe { name_argument(name, vm) }?;
        // SAFETY: `object` and `value` are NULL or objects, which the caller keeps alive.
        unsafe { set(object, &name, value, vm) }
    })
}

/// Deletes an attribute. Returns 0, or -1 with an exception.
///
/// # Safety
/// Both arguments are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_DelAttr(object: *mut PyObject, name: *mut PyObject) -> c_int {
    // SAFETY: the arguments are as the caller promises for this function.
    unsafe { PyObject_SetAttr(object, name, core::ptr::null_mut()) }
}

/// Deletes an attribute. Returns 0, or -1 with an exception.
///
/// # Safety
/// `object` is NULL or an object, and `name` NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_DelAttrString(
    object: *mut PyObject,
    name: *const c_char,
) -> c_int {
    // SAFETY: the arguments are as the caller promises for this function.
    unsafe { PyObject_SetAttrString(object, name, core::ptr::null_mut()) }
}

/// Sets or deletes an attribute.
///
/// # Safety
/// `object` and `value` are NULL or objects.
unsafe fn set(
    object: *mut PyObject,
    name: &Py<PyStr>,
    value: *mut PyObject,
    vm: &VirtualMachine,
) -> PyResult<c_int> {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    let object = unsafe { argument(object, vm) }?;
    // SAFETY: `value` is NULL or an object, which the caller keeps alive.
    match unsafe { value.as_ref() } {
        Some(value) => object.set_attr(name, value.to_owned(), vm)?,
        None => object.del_attr(name, vm)?,
    }
    Ok(0)
}

/// Sets an attribute in the way that `object.__setattr__` does, or deletes it if `value` is NULL.
/// Returns 0, or -1 with an exception.
///
/// # Safety
/// The arguments are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_GenericSetAttr(
    object: *mut PyObject,
    name: *mut PyObject,
    value: *mut PyObject,
) -> c_int {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let object = unsafe { argument(object, vm) }?;
        // SAFETY: `name` is NULL or an object, which the caller keeps alive.
        let name = unsafe { attribute_name(name, vm) }?;
        // SAFETY: `value` is NULL or an object, which the caller keeps alive.
        let value = match unsafe { value.as_ref() } {
            Some(value) => PySetterValue::Assign(value.to_owned()),
            None => PySetterValue::Delete,
        };
        object.generic_setattr(name, value, vm)?;
        Ok(0)
    })
}

/// A new reference to an attribute, found in the way that `object.__getattribute__` does; NULL with
/// an exception.
///
/// # Safety
/// Both arguments are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_GenericGetAttr(
    object: *mut PyObject,
    name: *mut PyObject,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let object = unsafe { argument(object, vm) }?;
        // SAFETY: `name` is NULL or an object, which the caller keeps alive.
        let name = unsafe { attribute_name(name, vm) }?;
        object.generic_getattr(name, vm).map(new_reference)
    })
}

/// Whether an object has an attribute: 1 or 0; -1 with an exception other than AttributeError.
///
/// # Safety
/// Both arguments are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_HasAttrWithError(
    object: *mut PyObject,
    name: *mut PyObject,
) -> c_int {
    let mut found = core::ptr::null_mut();
    // SAFETY: the arguments are as the caller promises for this function, and `found` is a variable.
    let status = unsafe { PyObject_GetOptionalAttr(object, name, &raw mut found) };
    // SAFETY: it is NULL, or a new reference.
    drop(unsafe { owned(found) });
    status
}

/// Stores a new reference to an attribute and returns 1; if there is none, it stores NULL and returns
/// 0. For another exception it stores NULL and returns -1.
///
/// # Safety
/// `object` and `name` are NULL or objects, and `result` can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_GetOptionalAttr(
    object: *mut PyObject,
    name: *mut PyObject,
    result: *mut *mut PyObject,
) -> c_int {
    // SAFETY: `name` is NULL or an object, which the caller keeps alive.
    let name = |vm: &VirtualMachine| unsafe { attribute_name(name, vm) }.map(ToOwned::to_owned);
    // SAFETY: `object` and `result` are as the caller promises for this function.
    unsafe { optional(object, name, result) }
}

/// Stores a new reference to an attribute, as [`PyObject_GetOptionalAttr`] does.
///
/// # Safety
/// `object` is NULL or an object, `name` NULL or a NUL-terminated string, and `result` can be written
/// to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_GetOptionalAttrString(
    object: *mut PyObject,
    name: *const c_char,
    result: *mut *mut PyObject,
) -> c_int {
    // SAFETY: `name` is NULL or a NUL-terminated string.
    let name = |vm: &VirtualMachine| unsafe { name_argument(name, vm) };
    // SAFETY: `object` and `result` are as the caller promises for this function.
    unsafe { optional(object, name, result) }
}

/// Stores a new reference to an attribute, or NULL.
///
/// # Safety
/// `object` is NULL or an object, and `result` can be written to.
unsafe fn optional(
    object: *mut PyObject,
    name: impl FnOnce(&VirtualMachine) -> PyResult<PyRef<PyStr>>,
    result: *mut *mut PyObject,
) -> c_int {
    // SAFETY: the caller promises that `result` can be written to.
    unsafe { result.write(core::ptr::null_mut()) };
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let object = unsafe { argument(object, vm) }?;
        let Some(found) = vm.get_attribute_opt(object, &*name(vm)?)? else {
            return Ok(0);
        };
        // SAFETY: the caller promises that `result` can be written to.
        unsafe { result.write(new_reference(found)) };
        Ok(1)
    })
}

/// The name of an attribute behind an argument.
///
/// # Errors
/// TypeError if it is not a `str`; SystemError if it is NULL.
///
/// # Safety
/// `name` is NULL, or an object that lives for `'a`.
pub(crate) unsafe fn attribute_name<'a>(
    name: *mut PyObject,
    vm: &VirtualMachine,
) -> PyResult<&'a Py<PyStr>> {
    // SAFETY: `name` is NULL or an object, which the caller keeps alive.
    let name = unsafe { argument(name, vm) }?;
    name.downcast_ref::<PyStr>().ok_or_else(|| {
        let class = name.class().name().to_string();
        vm.new_type_error(format!("attribute name must be string, not '{class}'"))
    })
}

/// The name of an attribute behind a string argument.
///
/// # Safety
/// `name` is NULL or a NUL-terminated string.
unsafe fn name_argument(name: *const c_char, vm: &VirtualMachine) -> PyResult<PyRef<PyStr>> {
    // SAFETY: `name` is NULL or a NUL-terminated string.
    Ok(vm.ctx.new_str(unsafe { utf8_argument(name, vm) }?))
}
