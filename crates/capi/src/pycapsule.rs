//! `pycapsule.h`: every function of CPython's, and ours beyond them. What each takes and gives is
//! in `include/pycapsule.h`; what a capsule does is in `rustpython-capsule`.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr::NonNull;

use rustpython_capsule::{CClear, CDestructor, CTraverse, CapsuleError, PyCapsule};
use rustpython_capsule_glue::{Operation, import, load, refusal, refuse_import};
use rustpython_vm::{Py, PyObject, PyResult, VirtualMachine};

use crate::boundary::{Failure, enter, give};

/// The capsule behind a pointer from C.
///
/// # Safety
/// `object` is NULL or an object that lives for `'a`.
#[inline]
unsafe fn checked<'a>(object: *mut PyObject) -> Result<&'a Py<PyCapsule>, CapsuleError> {
    // SAFETY: passed on from the caller.
    match unsafe { object.as_ref() } {
        Some(object) => PyCapsule::of(object),
        None => Err(CapsuleError::NullObject),
    }
}

/// Raises the exception for a refusal. Where nothing is refused, no function here gets this far, so
/// that none of them touches the VM (I6).
#[cold]
fn refuse<R: Failure>(operation: Operation, reason: CapsuleError) -> R {
    enter(|vm| Err(refusal(operation, &reason, vm)))
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_New(
    pointer: *mut c_void,
    name: *const c_char,
    destructor: Option<CDestructor>,
) -> *mut PyObject {
    // SAFETY: the header asks of the caller what `from_c` does.
    match unsafe { PyCapsule::from_c(pointer, name, destructor) } {
        Ok(capsule) => give(capsule),
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
    // SAFETY: the header asks for an object or NULL.
    let capsule = unsafe { checked(capsule) };
    // SAFETY: the header asks for a string or NULL.
    match capsule.and_then(|capsule| unsafe { capsule.pointer_for_c(name) }) {
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
    // SAFETY: the header asks for an object or NULL.
    let capsule = unsafe { checked(capsule) };
    // SAFETY: the header asks for a string or NULL.
    match capsule.and_then(|capsule| unsafe { capsule.vouched_pointer_for_c(name) }) {
        Ok((pointer, is_vouched)) => {
            // SAFETY: the header asks for an `int` that can be written to.
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
    // SAFETY: the header asks for an object or NULL.
    match unsafe { checked(capsule) } {
        Ok(capsule) => capsule.name_address(),
        Err(reason) => refuse(Operation::GetName, reason),
    }
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_GetContext(capsule: *mut PyObject) -> *mut c_void {
    // SAFETY: the header asks for an object or NULL.
    match unsafe { checked(capsule) } {
        Ok(capsule) => capsule.context(),
        Err(reason) => refuse(Operation::GetContext, reason),
    }
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_GetDestructor(capsule: *mut PyObject) -> Option<CDestructor> {
    // SAFETY: the header asks for an object or NULL.
    match unsafe { checked(capsule) } {
        Ok(capsule) => capsule.c_destructor(),
        Err(reason) => refuse(Operation::GetDestructor, reason),
    }
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_IsValid(capsule: *mut PyObject, name: *const c_char) -> c_int {
    // SAFETY: the header asks for an object or NULL.
    let object = unsafe { capsule.as_ref() };
    object
        .and_then(PyObject::downcast_ref::<PyCapsule>)
        // SAFETY: the header asks for a string or NULL.
        .is_some_and(|capsule| unsafe { capsule.is_valid_for_c(name) })
        .into()
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_CheckExact(object: *mut PyObject) -> c_int {
    // SAFETY: the header asks for an object or NULL.
    let object = unsafe { object.as_ref() };
    object
        .is_some_and(|object| object.downcast_ref::<PyCapsule>().is_some())
        .into()
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_SetPointer(
    capsule: *mut PyObject,
    pointer: *mut c_void,
) -> c_int {
    // SAFETY: the header asks for an object or NULL.
    let capsule = unsafe { checked(capsule) };
    let both = capsule.and_then(|capsule| match NonNull::new(pointer) {
        Some(pointer) => Ok((capsule, pointer)),
        None => Err(CapsuleError::NullPointer),
    });
    match both {
        Ok((capsule, pointer)) => {
            // SAFETY: the header asks for what the name promises.
            unsafe { capsule.set_pointer_for_c(pointer) };
            0
        }
        Err(reason) => refuse(Operation::SetPointer, reason),
    }
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_SetName(capsule: *mut PyObject, name: *const c_char) -> c_int {
    // SAFETY: the header asks for an object or NULL.
    match unsafe { checked(capsule) } {
        Ok(capsule) => {
            // SAFETY: the header asks for a string that lives as long as it is the name.
            unsafe { capsule.set_name_for_c(name) };
            0
        }
        Err(reason) => refuse(Operation::SetName, reason),
    }
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_SetContext(
    capsule: *mut PyObject,
    context: *mut c_void,
) -> c_int {
    // SAFETY: the header asks for an object or NULL.
    match unsafe { checked(capsule) } {
        Ok(capsule) => {
            capsule.set_context(context);
            0
        }
        Err(reason) => refuse(Operation::SetContext, reason),
    }
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_SetDestructor(
    capsule: *mut PyObject,
    destructor: Option<CDestructor>,
) -> c_int {
    // SAFETY: the header asks for an object or NULL.
    match unsafe { checked(capsule) } {
        Ok(capsule) => {
            // SAFETY: the header asks of the destructor what `Destructor::c` does.
            unsafe { capsule.set_destructor_for_c(destructor) };
            0
        }
        Err(reason) => refuse(Operation::SetDestructor, reason),
    }
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_Import(name: *const c_char, _no_block: c_int) -> *mut c_void {
    enter(|vm| {
        // SAFETY: the header asks for a string or NULL.
        let name = unsafe { importable(name, vm) }?;
        Ok(import(name, vm)?.pointer().as_ptr())
    })
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsuleRs_ImportCapsule(name: *const c_char) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: the header asks for a string or NULL.
        let name = unsafe { importable(name, vm) }?;
        load(name, vm).map(give)
    })
}

/// A name that can be imported now: there is one, and no exception is pending. One that is becomes
/// the cause of the refusal.
///
/// # Safety
/// `name` is NULL or a NUL-terminated string that lives for `'a`.
unsafe fn importable<'a>(name: *const c_char, vm: &VirtualMachine) -> PyResult<&'a CStr> {
    if name.is_null() {
        return Err(refusal(Operation::Import, &CapsuleError::NullName, vm));
    }
    // SAFETY: passed on from the caller.
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
    // SAFETY: the header asks for an object or NULL.
    let capsule = unsafe { checked(capsule) };
    // SAFETY: the header asks for strings or NULL, the second of which lives as the name.
    match capsule.and_then(|capsule| unsafe { capsule.claim_for_c(name, new_name) }) {
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
    // SAFETY: the header asks for an object or NULL.
    let both = unsafe { checked(capsule) }.and_then(|capsule| match traverse.zip(clear) {
        Some(hooks) => Ok((capsule, hooks)),
        None => Err(CapsuleError::NullCallback),
    });
    match both {
        Ok((capsule, (traverse, clear))) => {
            // SAFETY: the header asks of them what `set_traverse` does.
            unsafe { capsule.set_traverse(traverse, clear) };
            0
        }
        Err(reason) => refuse(Operation::SetTraverse, reason),
    }
}
