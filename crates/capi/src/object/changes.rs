//! `object.h`: what C code must do after it has changed a class. The VM does it itself.

use core::ffi::c_uint;

use rustpython_capi::object::PyTypeObject;

use crate::boundary::enter;

/// Drops what the VM has cached about a class and its subclasses. C code calls this after it has
/// changed an attribute of the class without `PyObject_SetAttr`.
///
/// # Safety
/// `class` is NULL or a class.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_Modified(class: *mut PyTypeObject) {
    enter(|_| {
        // SAFETY: `class` is NULL or a class, which the caller keeps alive.
        if let Some(class) = unsafe { class.as_ref() } {
            class.modified();
        }
        Ok(())
    });
}

/// Does nothing: the VM has no cache of methods that C code must clear. Returns 0, the version of an
/// empty cache.
#[unsafe(no_mangle)]
pub extern "C" fn PyType_ClearCache() -> c_uint {
    0
}
