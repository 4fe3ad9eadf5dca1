//! `refcount.h`: dropping a reference, with a faster path for the last reference to a capsule. The
//! other functions of the header come from `rustpython-capi`.

use core::ptr::NonNull;

use rustpython_capsule::__private::ffi::release;
use rustpython_capsule::PyCapsule;
use rustpython_vm::{PyObject, PyObjectRef};

/// Drops a reference. Does nothing for NULL.
///
/// # Safety
/// `object` is NULL or a reference that the caller owns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn Py_DecRef(object: *mut PyObject) {
    if !object.is_null() {
        // SAFETY: `object` is not NULL, so it is a reference that the caller owns.
        unsafe { _Py_DecRef(object) };
    }
}

/// Drops a reference.
///
/// # Safety
/// `object` is a reference that the caller owns, and not NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _Py_DecRef(object: *mut PyObject) {
    // SAFETY: the caller passes a reference, which is not NULL.
    let object = unsafe { NonNull::new_unchecked(object) };
    // SAFETY: the caller's reference keeps the object alive.
    if PyCapsule::try_of(unsafe { object.as_ref() }).is_some() {
        // SAFETY: it is a reference to a capsule, which the caller owns and does not use again.
        unsafe { release(object.cast()) };
    } else {
        // SAFETY: it is a reference that the caller owns.
        drop(unsafe { PyObjectRef::from_raw(object) });
    }
}
