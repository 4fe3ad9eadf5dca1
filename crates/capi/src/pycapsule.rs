//! `pycapsule.h`: all functions of CPython's header, and those that only this interpreter has.
//! Their manual is `include/pycapsule.h`. What a capsule does is in `rustpython-capsule`.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr::NonNull;

use rustpython_capsule::__private::ffi::{self, CClear, CDestructor, CTraverse};
use rustpython_capsule::{CapsuleError, Operation, PyCapsule};
use rustpython_capsule_glue::__private::refuse_import;
use rustpython_capsule_glue::{import, import_capsule};
use rustpython_vm::{Py, PyObject, PyResult, VirtualMachine};

use crate::boundary::{Failure, enter, new_reference};

/// The capsule behind an argument; `None` if it is not a capsule, or NULL.
///
/// # Safety
/// `object` is NULL or an object that lives for `'a`.
#[inline]
unsafe fn as_capsule<'a>(object: *mut PyObject) -> Option<&'a Py<PyCapsule>> {
    // SAFETY: `name` is NULL or a string, by the contract of this function.
    unsafe { object.as_ref() }.and_then(PyCapsule::try_of)
}

/// Raises the exception for a refusal. This is the only place where the accessors enter the VM, so
/// a call that succeeds does not touch it (I6).
#[cold]
#[inline(never)]
fn refuse<R: Failure>(operation: Operation, reason: CapsuleError) -> R {
    enter(|vm| Err(reason.to_exception(operation, vm)))
}

/// Raises the exception for an argument that is not a capsule.
///
/// # Safety
/// `object` is NULL or an object.
#[cold]
#[inline(never)]
unsafe extern "C" fn refuse_object<R: Failure>(operation: Operation, object: *mut PyObject) -> R {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    let reason = match unsafe { object.as_ref() }.map(PyCapsule::of) {
        Some(Err(reason)) => reason,
        None | Some(Ok(_)) => CapsuleError::NullObject,
    };
    refuse(operation, reason)
}

/// The capsule behind an argument. If it is not a capsule, raises the exception of the operation
/// and returns the failure value from the calling function.
///
/// Only for arguments for which the header demands an object or NULL.
macro_rules! capsule_or_return {
    ($object:expr, $operation:ident) => {{
        let object: *mut PyObject = $object;
        // SAFETY: the header demands an object or NULL, which the caller keeps alive for the call.
        match unsafe { as_capsule(object) } {
            Some(capsule) => capsule,
            // SAFETY: it is the same argument.
            None => return unsafe { refuse_object(Operation::$operation, object) },
        }
    }};
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_New(
    pointer: *mut c_void,
    name: *const c_char,
    destructor: Option<CDestructor>,
) -> *mut PyObject {
    // SAFETY: the header makes the demands of `ffi::new`.
    match unsafe { ffi::new(pointer, name, destructor) } {
        Ok(capsule) => new_reference(capsule),
        Err(reason) => refuse(Operation::New, reason),
    }
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_GetPointer(
    capsule: *mut PyObject,
    name: *const c_char,
) -> *mut c_void {
    let known = capsule_or_return!(capsule, GetPointer);
    match ffi::try_read(known) {
        Some((stored, pointer)) if core::ptr::eq(stored, name) => pointer.as_ptr(),
        // SAFETY: the header demands a string or NULL.
        _ => unsafe { pointer_by_text(known, name) },
    }
}

/// Compares the text of the names, and raises the exception if they differ. Not inlined, so that
/// the path for equal addresses needs no stack frame (row "same name address" of `cargo speed`: 4 ns
/// instead of 7).
///
/// # Safety
/// `name` is NULL, or a NUL-terminated string that does not change during the call.
#[inline(never)]
unsafe extern "C" fn pointer_by_text(capsule: &Py<PyCapsule>, name: *const c_char) -> *mut c_void {
    // SAFETY: `name` is NULL or a string, by the contract of this function.
    match unsafe { ffi::pointer(capsule, name) } {
        Ok(pointer) => pointer.as_ptr(),
        Err(reason) => refuse(Operation::GetPointer, reason),
    }
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsuleRs_GetVouchedPointer(
    capsule: *mut PyObject,
    name: *const c_char,
    vouched: *mut c_int,
) -> *mut c_void {
    let known = capsule_or_return!(capsule, GetVouchedPointer);
    // SAFETY: the header demands a string or NULL.
    match unsafe { ffi::vouched_pointer(known, name) } {
        Ok((pointer, is_vouched)) => {
            // SAFETY: the header demands the address of an `int`.
            unsafe { vouched.write(is_vouched.into()) };
            pointer.as_ptr()
        }
        Err(reason) => refuse(Operation::GetVouchedPointer, reason),
    }
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_GetName(capsule: *mut PyObject) -> *const c_char {
    let known = capsule_or_return!(capsule, GetName);
    known.name_address()
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_GetContext(capsule: *mut PyObject) -> *mut c_void {
    let known = capsule_or_return!(capsule, GetContext);
    known.context()
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_GetDestructor(capsule: *mut PyObject) -> Option<CDestructor> {
    let known = capsule_or_return!(capsule, GetDestructor);
    known.c_destructor()
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_IsValid(capsule: *mut PyObject, name: *const c_char) -> c_int {
    // SAFETY: the header demands an object or NULL.
    let known = unsafe { as_capsule(capsule) };
    // SAFETY: the header demands a string or NULL.
    known
        .is_some_and(|known| unsafe { ffi::is_valid(known, name) })
        .into()
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_CheckExact(object: *mut PyObject) -> c_int {
    // SAFETY: the header demands an object or NULL.
    unsafe { as_capsule(object) }.is_some().into()
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_SetPointer(
    capsule: *mut PyObject,
    pointer: *mut c_void,
) -> c_int {
    let known = capsule_or_return!(capsule, SetPointer);
    match NonNull::new(pointer) {
        Some(pointer) => {
            // SAFETY: the header demands that the pointer is as the name promises.
            unsafe { ffi::set_pointer(known, pointer) };
            0
        }
        None => refuse(Operation::SetPointer, CapsuleError::NullPointer),
    }
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_SetName(capsule: *mut PyObject, name: *const c_char) -> c_int {
    let known = capsule_or_return!(capsule, SetName);
    // SAFETY: the header demands NULL or a string that does not change while it is the name.
    unsafe { ffi::set_name(known, name) };
    0
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_SetContext(
    capsule: *mut PyObject,
    context: *mut c_void,
) -> c_int {
    let known = capsule_or_return!(capsule, SetContext);
    known.set_context(context);
    0
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_SetDestructor(
    capsule: *mut PyObject,
    destructor: Option<CDestructor>,
) -> c_int {
    let known = capsule_or_return!(capsule, SetDestructor);
    // SAFETY: the header makes the demands of `Destructor::c`.
    unsafe { ffi::set_destructor(known, destructor) };
    0
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_Import(name: *const c_char, _no_block: c_int) -> *mut c_void {
    enter(|vm| {
        // SAFETY: the header demands a string or NULL.
        let name = unsafe { importable(name, vm) }?;
        Ok(import(name, vm)?.pointer().as_ptr())
    })
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsuleRs_ImportCapsule(name: *const c_char) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: the header demands a string or NULL.
        let name = unsafe { importable(name, vm) }?;
        import_capsule(name, vm).map(new_reference)
    })
}

/// Checks an import: the name must not be NULL, and no exception may be pending.
///
/// # Errors
/// PyCapsuleError for NULL; ImportError if an exception is pending, which becomes its cause.
///
/// # Safety
/// `name` is NULL or a NUL-terminated string that lives for `'a`.
unsafe fn importable<'a>(name: *const c_char, vm: &VirtualMachine) -> PyResult<&'a CStr> {
    if name.is_null() {
        return Err(CapsuleError::NullName.to_exception(Operation::Import, vm));
    }
    // SAFETY: `name` is not NULL, so it is a NUL-terminated string, which the caller keeps.
    let name = unsafe { CStr::from_ptr(name) };
    match vm.take_raised_exception() {
        None => Ok(name),
        Some(pending) => Err(refuse_import(name, pending, vm)),
    }
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsuleRs_Claim(
    capsule: *mut PyObject,
    name: *const c_char,
    new_name: *const c_char,
) -> *mut c_void {
    let known = capsule_or_return!(capsule, Claim);
    // SAFETY: the header demands strings or NULL, and that the second does not change while it is
    // the name.
    match unsafe { ffi::claim(known, name, new_name) } {
        Ok(pointer) => pointer.as_ptr(),
        Err(reason) => refuse(Operation::Claim, reason),
    }
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _PyCapsule_SetTraverse(
    capsule: *mut PyObject,
    traverse: Option<CTraverse>,
    clear: Option<CClear>,
) -> c_int {
    let known = capsule_or_return!(capsule, SetTraverse);
    let set = match traverse.zip(clear) {
        // SAFETY: the header makes the demands of `ffi::set_traverse`.
        Some((traverse, clear)) => unsafe { ffi::set_traverse(known, traverse, clear) },
        None => Err(CapsuleError::NullCallback),
    };
    match set {
        Ok(()) => 0,
        Err(reason) => refuse(Operation::SetTraverse, reason),
    }
}
