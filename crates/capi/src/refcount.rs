//! `refcount.h`, as far as it is ours: giving up a reference, which for the last one to a capsule
//! takes a shorter way than the VM's.

use core::ptr::NonNull;

use rustpython_capsule::__private::ffi::release;
use rustpython_capsule::PyCapsule;
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
    // SAFETY: the caller has a reference to it, so it is not NULL.
    let object = unsafe { NonNull::new_unchecked(object) };
    // SAFETY: and it is alive.
    if PyCapsule::try_of(unsafe { object.as_ref() }).is_some() {
        // SAFETY: passed on from the caller.
        unsafe { release(object.cast()) };
    } else {
        // SAFETY: passed on from the caller.
        drop(unsafe { PyObjectRef::from_raw(object) });
    }
}
