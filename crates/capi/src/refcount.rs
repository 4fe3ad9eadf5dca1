//! `refcount.h`: new references without entering the VM, and dropping a reference, with a faster path
//! for the last reference to a capsule. `Py_REFCNT` comes from `rustpython-capi`.

use core::ptr::{NonNull, null_mut};

use rustpython_capsule::__private::ffi::release;
use rustpython_capsule::PyCapsule;
use rustpython_vm::{PyObject, PyObjectRef};

/// Adds a reference, which the caller must drop. Does nothing for NULL.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn Py_IncRef(object: *mut PyObject) {
    if !object.is_null() {
        // SAFETY: `object` is not NULL, so it is an object.
        unsafe { _Py_IncRef(object) };
    }
}

/// Adds a reference, which the caller must drop.
///
/// # Safety
/// `object` is an object, and not NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _Py_IncRef(object: *mut PyObject) {
    // SAFETY: it is an object, which the caller keeps alive.
    core::mem::forget(unsafe { &*object }.to_owned());
}

/// A new reference to an object.
///
/// # Safety
/// `object` is an object, and not NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn Py_NewRef(object: *mut PyObject) -> *mut PyObject {
    // SAFETY: the demands are the same.
    unsafe { _Py_IncRef(object) };
    object
}

/// A new reference to an object; NULL for NULL.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn Py_XNewRef(object: *mut PyObject) -> *mut PyObject {
    if object.is_null() {
        return null_mut();
    }
    // SAFETY: `object` is not NULL, so it is an object.
    unsafe { Py_NewRef(object) }
}

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
