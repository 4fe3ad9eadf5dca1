//! `objimpl.h`: memory of objects, and the collector. The other functions of the header come from
//! `rustpython-capi`.

use core::ffi::{c_int, c_void};

use rustpython_capi::object::PyTypeObject;
use rustpython_vm::{AsObject, PyObject, PyObjectRef};

use crate::boundary::{argument, enter};
use crate::instance::{dying, skip_dealloc};
use crate::object::{PyType_GenericAlloc, class_argument};

/// Frees memory of `PyObject_Malloc`. Does nothing for NULL, and for an object whose `tp_dealloc`
/// calls this function: the VM frees it afterwards.
///
/// # Safety
/// `memory` is NULL, memory of `PyObject_Malloc` that is not freed yet, or the object that the
/// current `tp_dealloc` deallocates.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_Free(memory: *mut c_void) {
    if !dying::contains(memory.cast()) {
        // SAFETY: it is NULL or memory of `PyObject_Malloc`, which uses `malloc`.
        unsafe { libc::free(memory) };
    }
}

/// Deallocates an object of `PyObject_GC_New` that no code but the caller knows, without a call of
/// its `tp_dealloc`: the caller drops what that would drop, the reference to the class among it. Does
/// nothing for NULL, and for an object whose `tp_dealloc` calls this function.
///
/// # Safety
/// `object` is NULL, the only reference to an object, or the object that the current `tp_dealloc`
/// deallocates.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_GC_Del(object: *mut c_void) {
    let object = object.cast::<PyObject>();
    if !dying::contains(object)
        && let Some(object) = core::ptr::NonNull::new(object)
    {
        // SAFETY: it is a reference that the caller owns.
        let object = unsafe { PyObjectRef::from_raw(object) };
        skip_dealloc(&object);
        drop(object);
    }
}

/// Does nothing: the VM decides which objects the collector knows. Instances of classes from C are
/// known to it from the start, and no longer when `tp_dealloc` is called.
///
/// # Safety
/// It has no conditions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_GC_Track(_object: *mut c_void) {}

/// Does nothing, as [`PyObject_GC_Track`].
///
/// # Safety
/// It has no conditions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_GC_UnTrack(_object: *mut c_void) {}

/// A new instance of a class, without a call of its `tp_new`. A new reference, or NULL with an
/// exception.
///
/// # Safety
/// `class` is NULL or a class.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _PyObject_New(class: *mut PyTypeObject) -> *mut PyObject {
    // SAFETY: it makes the same demands.
    unsafe { PyType_GenericAlloc(class, 0) }
}

/// As [`_PyObject_New`].
///
/// # Safety
/// As for [`_PyObject_New`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _PyObject_GC_New(class: *mut PyTypeObject) -> *mut PyObject {
    // SAFETY: it makes the same demands.
    unsafe { PyType_GenericAlloc(class, 0) }
}

/// As [`_PyObject_New`], with room for items.
///
/// # Safety
/// As for [`_PyObject_New`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _PyObject_NewVar(class: *mut PyTypeObject, items: isize) -> *mut PyObject {
    // SAFETY: it makes the same demands.
    unsafe { PyType_GenericAlloc(class, items) }
}

/// As [`_PyObject_NewVar`].
///
/// # Safety
/// As for [`_PyObject_New`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _PyObject_GC_NewVar(
    class: *mut PyTypeObject,
    items: isize,
) -> *mut PyObject {
    // SAFETY: it makes the same demands.
    unsafe { PyType_GenericAlloc(class, items) }
}

/// Returns `object` if it is an instance of exactly this class. NULL with SystemError if not:
/// C code cannot make an object out of memory, since it does not know the layout of objects.
///
/// # Safety
/// `object` is NULL or an object; `class` is NULL or a class.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_Init(
    object: *mut PyObject,
    class: *mut PyTypeObject,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let found = unsafe { argument(object, vm) }?;
        // SAFETY: `class` is NULL or a class, which the caller keeps alive.
        let class = unsafe { class_argument(class, vm) }?;
        if found.class().is(class) {
            return Ok(object);
        }
        Err(vm.new_system_error(
            "PyObject_Init: objects cannot be made from memory; use PyObject_New or tp_alloc",
        ))
    })
}

/// As [`PyObject_Init`]. The number of items is that of the allocation.
///
/// # Safety
/// As for [`PyObject_Init`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_InitVar(
    object: *mut PyObject,
    class: *mut PyTypeObject,
    _items: isize,
) -> *mut PyObject {
    // SAFETY: the demands are the same.
    unsafe { PyObject_Init(object, class) }
}

/// 0: the finalizer of an object runs before its `tp_dealloc`, and could resurrect it then.
///
/// # Safety
/// It has no conditions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_CallFinalizerFromDealloc(_object: *mut PyObject) -> c_int {
    0
}

/// Runs the finalizer of an object, unless it has run already.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_CallFinalizer(object: *mut PyObject) {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    if let Some(object) = unsafe { object.as_ref() } {
        object.try_call_finalizer();
    }
}
