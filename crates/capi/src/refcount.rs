//! `refcount.h`, as far as it is ours: giving up a reference, which for the last one to a capsule
//! takes a shorter way than the VM's.

use core::ptr::NonNull;

use rustpython_capsule::{PyCapsule, release};
use rustpython_vm::{PyObject, PyObjectRef};

/// Gives up a reference. NULL is none.
///
/// # Safety
/// `object` is NULL, or the reference is the caller's, who gives it up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn Py_DecRef(object: *mut PyObject) {
    if !object.is_null() {
        // SAFETY: passed on from the caller.
        unsafe { _Py_DecRef(object) };
    }
}

/// Gives up a reference.
///
/// # Safety
/// The reference is the caller's, who gives it up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _Py_DecRef(object: *mut PyObject) {
    // SAFETY: not NULL, and alive: the caller has a reference.
    let object = unsafe { &*object };
    match PyCapsule::try_of(object) {
        // SAFETY: passed on from the caller.
        Some(capsule) => unsafe { release(NonNull::from(capsule)) },
        // SAFETY: passed on from the caller.
        None => drop(unsafe { PyObjectRef::from_raw(NonNull::from(object)) }),
    }
}
