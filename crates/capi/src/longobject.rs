//! `longobject.h`: integers of C from objects. The other functions of the header come from
//! `rustpython-capi`.

use core::ffi::{c_long, c_longlong, c_ulong, c_ulonglong};

use rustpython_vm::builtins::{PyBaseExceptionRef, PyInt};
use rustpython_vm::{Py, PyObject, PyResult, VirtualMachine};

use crate::boundary::{bad_internal_call, enter};

/// The value of an `int`, or of the result of `__index__`. Returns -1 with OverflowError if it is too
/// large, with TypeError if the object has no `__index__`, or with SystemError for NULL.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyLong_AsLong(object: *mut PyObject) -> c_long {
    let text = "Python int too large to convert to C long";
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    enter(|vm| unsafe { index(object, text, vm) })
}

/// As [`PyLong_AsLong`].
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyLong_AsLongLong(object: *mut PyObject) -> c_longlong {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    enter(|vm| unsafe { index(object, "int too big to convert", vm) })
}

/// The value of an `int`. Returns -1 with OverflowError if it is too large, with TypeError if the object
/// is no `int`, or with SystemError for NULL.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyLong_AsSsize_t(object: *mut PyObject) -> isize {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let int = unsafe { integer(object, vm) }?;
        isize::try_from(int.as_bigint())
            .map_err(|_| vm.new_overflow_error("Python int too large to convert to C ssize_t"))
    })
}

/// The value of an `int`, as [`PyLong_AsSsize_t`]. OverflowError if it is negative too.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyLong_AsUnsignedLong(object: *mut PyObject) -> c_ulong {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let int = unsafe { integer(object, vm) }?;
        c_ulong::try_from(int.as_bigint()).map_err(|_| {
            let negative = "can't convert negative value to unsigned int";
            let large = "Python int too large to convert to C unsigned long";
            out_of_range(int, negative, large, vm)
        })
    })
}

/// The value of an `int`, as [`PyLong_AsUnsignedLong`].
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyLong_AsUnsignedLongLong(object: *mut PyObject) -> c_ulonglong {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let int = unsafe { integer(object, vm) }?;
        c_ulonglong::try_from(int.as_bigint()).map_err(|_| {
            let negative = "can't convert negative int to unsigned";
            out_of_range(int, negative, "int too big to convert", vm)
        })
    })
}

/// The `int` behind an argument.
///
/// # Errors
/// TypeError if it is no `int`; SystemError if it is NULL.
///
/// # Safety
/// `object` is NULL, or an object that lives for `'a`.
unsafe fn integer<'a>(object: *mut PyObject, vm: &VirtualMachine) -> PyResult<&'a Py<PyInt>> {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    let object = unsafe { object.as_ref() }.ok_or_else(|| bad_internal_call(vm))?;
    object
        .downcast_ref::<PyInt>()
        .ok_or_else(|| vm.new_type_error("an integer is required"))
}

/// The value of the `__index__` of an argument.
///
/// # Errors
/// OverflowError with this text if it is too large; TypeError; SystemError for NULL.
///
/// # Safety
/// `object` is NULL or an object.
unsafe fn index(object: *mut PyObject, text: &'static str, vm: &VirtualMachine) -> PyResult<i64> {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    let object = unsafe { object.as_ref() }.ok_or_else(|| bad_internal_call(vm))?;
    let int = object.try_index(vm)?;
    i64::try_from(int.as_bigint()).map_err(|_| vm.new_overflow_error(text))
}

#[cold]
fn out_of_range(
    int: &Py<PyInt>,
    negative: &'static str,
    large: &'static str,
    vm: &VirtualMachine,
) -> PyBaseExceptionRef {
    let is_negative = int.as_bigint().to_string().starts_with('-');
    vm.new_overflow_error(if is_negative { negative } else { large })
}
