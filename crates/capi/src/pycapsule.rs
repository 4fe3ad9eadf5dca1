//! `pycapsule.h`: every function of CPython's, and ours beyond them. What each takes and gives is
//! in `include/pycapsule.h`; what a capsule does is in `rustpython-capsule`.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr::NonNull;

use rustpython_capsule::__private::ffi::{self, CClear, CDestructor, CTraverse};
use rustpython_capsule::{CapsuleError, Operation, PyCapsule};
use rustpython_capsule_glue::__private::refuse_import;
use rustpython_capsule_glue::{import, import_capsule};
use rustpython_vm::{Py, PyObject, PyResult, VirtualMachine};

use crate::boundary::{Failure, enter, give};

/// The capsule behind a pointer from C, if it is one.
///
/// # Safety
/// `object` is NULL or an object that lives for `'a`.
#[inline]
unsafe fn known<'a>(object: *mut PyObject) -> Option<&'a Py<PyCapsule>> {
    // SAFETY: passed on from the caller.
    unsafe { object.as_ref() }.and_then(PyCapsule::try_of)
}

/// Raises the exception for a refusal. Where nothing is refused, no function here gets this far, so
/// that none of them touches the VM (I6).
#[cold]
#[inline(never)]
fn refuse<R: Failure>(operation: Operation, reason: CapsuleError) -> R {
    enter(|vm| Err(reason.to_exception(operation, vm)))
}

/// Raises the exception for what is not a capsule.
///
/// # Safety
/// `object` is NULL or an object.
#[cold]
#[inline(never)]
unsafe extern "C" fn refuse_object<R: Failure>(operation: Operation, object: *mut PyObject) -> R {
    // SAFETY: passed on from the caller.
    let reason = match unsafe { object.as_ref() }.map(PyCapsule::of) {
        Some(Err(reason)) => reason,
        None | Some(Ok(_)) => CapsuleError::NullObject,
    };
    refuse(operation, reason)
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_New(
    pointer: *mut c_void,
    name: *const c_char,
    destructor: Option<CDestructor>,
) -> *mut PyObject {
    // SAFETY: the header asks of the caller what `ffi::new` does.
    match unsafe { ffi::new(pointer, name, destructor) } {
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
    let Some(known) = (unsafe { known(capsule) }) else {
        // SAFETY: as above.
        return unsafe { refuse_object(Operation::GetPointer, capsule) };
    };
    match ffi::try_read(known) {
        Some((stored, pointer)) if core::ptr::eq(stored, name) => pointer.as_ptr(),
        // SAFETY: the header asks for a string or NULL.
        _ => unsafe { pointer_by_text(known, name) },
    }
}

/// Compares the text of the names, and raises the exception if they differ. Not inlined, so that
/// the path for equal addresses needs no stack frame.
///
/// # Safety
/// `name` is NULL, or a NUL-terminated string that does not change during the call.
#[inline(never)]
unsafe extern "C" fn pointer_by_text(capsule: &Py<PyCapsule>, name: *const c_char) -> *mut c_void {
    // SAFETY: a string or NULL, as the caller promises.
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
    // SAFETY: the header asks for an object or NULL.
    let Some(known) = (unsafe { known(capsule) }) else {
        // SAFETY: as above.
        return unsafe { refuse_object(Operation::GetVouchedPointer, capsule) };
    };
    // SAFETY: the header asks for a string or NULL.
    match unsafe { ffi::vouched_pointer(known, name) } {
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
    let Some(known) = (unsafe { known(capsule) }) else {
        // SAFETY: as above.
        return unsafe { refuse_object(Operation::GetName, capsule) };
    };
    known.name_address()
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_GetContext(capsule: *mut PyObject) -> *mut c_void {
    // SAFETY: the header asks for an object or NULL.
    let Some(known) = (unsafe { known(capsule) }) else {
        // SAFETY: as above.
        return unsafe { refuse_object(Operation::GetContext, capsule) };
    };
    known.context()
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_GetDestructor(capsule: *mut PyObject) -> Option<CDestructor> {
    // SAFETY: the header asks for an object or NULL.
    let Some(known) = (unsafe { known(capsule) }) else {
        // SAFETY: as above.
        return unsafe { refuse_object(Operation::GetDestructor, capsule) };
    };
    known.c_destructor()
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_IsValid(capsule: *mut PyObject, name: *const c_char) -> c_int {
    // SAFETY: the header asks for an object or NULL.
    let known = unsafe { known(capsule) };
    // SAFETY: the header asks for a string or NULL.
    known
        .is_some_and(|known| unsafe { ffi::is_valid(known, name) })
        .into()
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_CheckExact(object: *mut PyObject) -> c_int {
    // SAFETY: the header asks for an object or NULL.
    unsafe { known(object) }.is_some().into()
}

/// # Safety
/// See the header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCapsule_SetPointer(
    capsule: *mut PyObject,
    pointer: *mut c_void,
) -> c_int {
    // SAFETY: the header asks for an object or NULL.
    let Some(known) = (unsafe { known(capsule) }) else {
        // SAFETY: as above.
        return unsafe { refuse_object(Operation::SetPointer, capsule) };
    };
    match NonNull::new(pointer) {
        Some(pointer) => {
            // SAFETY: the header asks for what the name promises.
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
    // SAFETY: the header asks for an object or NULL.
    let Some(known) = (unsafe { known(capsule) }) else {
        // SAFETY: as above.
        return unsafe { refuse_object(Operation::SetName, capsule) };
    };
    // SAFETY: the header asks for a string that lives as long as it is the name.
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
    // SAFETY: the header asks for an object or NULL.
    let Some(known) = (unsafe { known(capsule) }) else {
        // SAFETY: as above.
        return unsafe { refuse_object(Operation::SetContext, capsule) };
    };
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
    // SAFETY: the header asks for an object or NULL.
    let Some(known) = (unsafe { known(capsule) }) else {
        // SAFETY: as above.
        return unsafe { refuse_object(Operation::SetDestructor, capsule) };
    };
    // SAFETY: the header asks of the destructor what `Destructor::c` does.
    unsafe { ffi::set_destructor(known, destructor) };
    0
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
        import_capsule(name, vm).map(give)
    })
}

/// A name that can be imported now: there is one, and no exception is pending. One that is becomes
/// the cause of the refusal.
///
/// # Safety
/// `name` is NULL or a NUL-terminated string that lives for `'a`.
unsafe fn importable<'a>(name: *const c_char, vm: &VirtualMachine) -> PyResult<&'a CStr> {
    if name.is_null() {
        return Err(CapsuleError::NullName.to_exception(Operation::Import, vm));
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
    let Some(known) = (unsafe { known(capsule) }) else {
        // SAFETY: as above.
        return unsafe { refuse_object(Operation::Claim, capsule) };
    };
    // SAFETY: the header asks for strings or NULL, the second of which lives as the name.
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
    // SAFETY: the header asks for an object or NULL.
    let Some(known) = (unsafe { known(capsule) }) else {
        // SAFETY: as above.
        return unsafe { refuse_object(Operation::SetTraverse, capsule) };
    };
    let set = match traverse.zip(clear) {
        // SAFETY: the header asks of them what `ffi::set_traverse` does.
        Some((traverse, clear)) => unsafe { ffi::set_traverse(known, traverse, clear) },
        None => Err(CapsuleError::NullCallback),
    };
    match set {
        Ok(()) => 0,
        Err(reason) => refuse(Operation::SetTraverse, reason),
    }
}
