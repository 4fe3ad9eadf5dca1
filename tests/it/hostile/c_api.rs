//! The C symbols, whichever crate defines them.

use core::ffi::{c_char, c_int, c_void};

use rustpython_capsule::__private::ffi::{CClear, CTraverse};
use rustpython_capsule::CDestructor;
use rustpython_capsule_capi::slots::PySlot;
use rustpython_vm::PyObject;

#[expect(improper_ctypes, reason = "to C an object is an address and no more")]
unsafe extern "C" {
    pub(crate) fn PyCapsule_New(
        pointer: *mut c_void,
        name: *const c_char,
        destructor: Option<CDestructor>,
    ) -> *mut PyObject;
    pub(crate) fn PyCapsule_GetPointer(object: *mut PyObject, name: *const c_char) -> *mut c_void;
    pub(crate) fn PyCapsuleRs_GetVouchedPointer(
        object: *mut PyObject,
        name: *const c_char,
        vouched: *mut c_int,
    ) -> *mut c_void;
    pub(crate) fn PyCapsule_GetName(object: *mut PyObject) -> *const c_char;
    pub(crate) fn PyCapsule_GetContext(object: *mut PyObject) -> *mut c_void;
    pub(crate) fn PyCapsule_GetDestructor(object: *mut PyObject) -> Option<CDestructor>;
    pub(crate) fn PyCapsule_IsValid(object: *mut PyObject, name: *const c_char) -> c_int;
    pub(crate) fn PyCapsule_CheckExact(object: *mut PyObject) -> c_int;
    pub(crate) fn PyCapsule_SetPointer(object: *mut PyObject, pointer: *mut c_void) -> c_int;
    pub(crate) fn PyCapsule_SetName(object: *mut PyObject, name: *const c_char) -> c_int;
    pub(crate) fn PyCapsule_SetContext(object: *mut PyObject, context: *mut c_void) -> c_int;
    pub(crate) fn PyCapsule_SetDestructor(
        object: *mut PyObject,
        destructor: Option<CDestructor>,
    ) -> c_int;
    pub(crate) fn PyCapsuleRs_Claim(
        object: *mut PyObject,
        name: *const c_char,
        new_name: *const c_char,
    ) -> *mut c_void;
    pub(crate) fn _PyCapsule_SetTraverse(
        object: *mut PyObject,
        traverse: Option<CTraverse>,
        clear: Option<CClear>,
    ) -> c_int;
    pub(crate) fn PyCapsule_Import(name: *const c_char, no_block: c_int) -> *mut c_void;
    pub(crate) fn PyCapsuleRs_ImportCapsule(name: *const c_char) -> *mut PyObject;

    pub(crate) fn Py_IncRef(object: *mut PyObject);
    pub(crate) fn Py_DecRef(object: *mut PyObject);
    pub(crate) fn Py_REFCNT(object: *mut PyObject) -> isize;
    pub(crate) fn PyErr_GetRaisedException() -> *mut PyObject;
    pub(crate) fn PyErr_SetRaisedException(exception: *mut PyObject);
    pub(crate) fn PyGC_Disable() -> c_int;
    pub(crate) fn PyObject_SetAttrString(
        object: *mut PyObject,
        name: *const c_char,
        value: *mut PyObject,
    ) -> c_int;
    pub(crate) fn PyObject_DelAttrString(object: *mut PyObject, name: *const c_char) -> c_int;

    pub(crate) fn PyModule_FromSlotsAndSpec(
        slots: *const PySlot,
        spec: *mut PyObject,
    ) -> *mut PyObject;
    pub(crate) fn PyModule_Exec(module: *mut PyObject) -> c_int;
    pub(crate) fn PyModule_GetState(module: *mut PyObject) -> *mut c_void;
    pub(crate) fn PyModule_GetStateSize(module: *mut PyObject, size: *mut isize) -> c_int;
    pub(crate) fn PyModule_GetToken(module: *mut PyObject, token: *mut *mut c_void) -> c_int;
    pub(crate) fn PyModule_NewObject(name: *mut PyObject) -> *mut PyObject;
}
