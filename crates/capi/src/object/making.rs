//! `object.h`: making classes, and making instances of classes.

use core::ffi::c_int;
use core::ptr::null_mut;

use rustpython_capi::object::PyTypeObject;
use rustpython_vm::builtins::PyType;
use rustpython_vm::types::PyTypeFlags;
use rustpython_vm::{Py, PyObject, PyResult, VirtualMachine};

use crate::boundary::{enter, new_reference};
use crate::class_layout::is_immutable;
use crate::new_instance::new_instance;
use crate::new_type::new_type;
use crate::slots::PySlot;
use crate::type_spec::{PyType_Spec, TypeSpec};

/// Makes the class that an array of slots describes (PEP 820). A new reference, or NULL with an
/// exception. The functions and definitions in the array are used as long as the class lives.
///
/// # Safety
/// `slots` is NULL or an array that ends with a slot whose id is 0. Every value is of the kind that
/// its id demands.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_FromSlots(slots: *const PySlot) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: the caller promises such an array.
        let spec = unsafe { TypeSpec::from_slots(slots, vm) }?;
        // SAFETY: as above.
        unsafe { new_type(spec, vm) }.map(new_reference)
    })
}

/// Makes the class that a specification describes. A new reference, or NULL with an exception. The
/// other arguments may be NULL: they replace the slots of the same names. `bases` is a class or a
/// tuple of classes, and `module` a module that the class keeps alive.
///
/// # Safety
/// `metaclass` is NULL or a class; `module` and `bases` are NULL or objects; `spec` is NULL or a
/// specification whose array is as for [`PyType_FromSlots`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_FromMetaclass(
    metaclass: *mut PyTypeObject,
    module: *mut PyObject,
    spec: *const PyType_Spec,
    bases: *mut PyObject,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `spec` is NULL or as the caller promises.
        let mut read = unsafe { TypeSpec::from_spec(spec, vm) }?;
        // SAFETY: `metaclass` is NULL or a class, which the caller keeps alive.
        if let Some(metaclass) = unsafe { metaclass.as_ref() } {
            read.metaclass = Some(metaclass.to_owned());
        }
        // SAFETY: `module` is NULL or an object, which the caller keeps alive.
        if let Some(module) = unsafe { module.as_ref() } {
            read.module = Some(module.to_owned());
        }
        // SAFETY: `bases` is NULL or an object, which the caller keeps alive.
        if let Some(bases) = unsafe { bases.as_ref() } {
            read.bases = Some(bases.to_owned());
        }
        if read.token == Some(null_mut()) {
            // The token is the address of the specification.
            read.token = Some(spec.cast_mut().cast());
        }
        // SAFETY: as above.
        unsafe { new_type(read, vm) }.map(new_reference)
    })
}

/// [`PyType_FromMetaclass`] with the metaclass of the bases.
///
/// # Safety
/// As for [`PyType_FromMetaclass`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_FromModuleAndSpec(
    module: *mut PyObject,
    spec: *const PyType_Spec,
    bases: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: it makes the same demands as this function, and takes NULL for the metaclass.
    unsafe { PyType_FromMetaclass(null_mut(), module, spec, bases) }
}

/// [`PyType_FromMetaclass`] without a module, with the metaclass of the bases.
///
/// # Safety
/// As for [`PyType_FromMetaclass`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_FromSpecWithBases(
    spec: *const PyType_Spec,
    bases: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: it makes the same demands as this function, and takes NULL for the others.
    unsafe { PyType_FromMetaclass(null_mut(), null_mut(), spec, bases) }
}

/// [`PyType_FromMetaclass`] with nothing but the specification.
///
/// # Safety
/// As for [`PyType_FromMetaclass`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_FromSpec(spec: *const PyType_Spec) -> *mut PyObject {
    // SAFETY: it makes the same demands as this function, and takes NULL for the others.
    unsafe { PyType_FromMetaclass(null_mut(), null_mut(), spec, null_mut()) }
}

/// The class behind an argument.
///
/// # Errors
/// SystemError for NULL.
///
/// # Safety
/// `class` is NULL, or a class that lives for `'a`.
pub(crate) unsafe fn class_argument<'a>(
    class: *mut PyTypeObject,
    vm: &VirtualMachine,
) -> PyResult<&'a Py<PyType>> {
    // SAFETY: `class` is NULL or a class, which the caller keeps alive.
    unsafe { class.as_ref() }
        .ok_or_else(|| vm.new_system_error("null argument to internal routine"))
}

/// A new instance of a class, with room for `items` items and with all of C's data zeroed: the
/// standard `tp_alloc`. The part of the object that a base in the VM has is made as by a call of
/// that base without arguments. A new reference, or NULL with an exception.
///
/// # Safety
/// `class` is NULL or a class.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GenericAlloc(
    class: *mut PyTypeObject,
    items: isize,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `class` is NULL or a class, which the caller keeps alive.
        let class = unsafe { class_argument(class, vm) }?;
        let Ok(items) = usize::try_from(items) else {
            return Err(vm.new_system_error("a negative number of items"));
        };
        new_instance(class.to_owned(), items, vm).map(new_reference)
    })
}

/// A new instance of a class, made by its `tp_alloc`: the standard `tp_new`. The other arguments are
/// ignored. A new reference, or NULL with an exception.
///
/// # Safety
/// `class` is NULL or a class.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GenericNew(
    class: *mut PyTypeObject,
    _args: *mut PyObject,
    _keywords: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: it makes the same demands as this function.
    unsafe { PyType_GenericAlloc(class, 0) }
}

/// 0: every class that C code can see is ready. -1 with an exception for NULL.
///
/// # Safety
/// `class` is NULL or a class.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_Ready(class: *mut PyTypeObject) -> c_int {
    enter(|vm| {
        // SAFETY: `class` is NULL or a class, which the caller keeps alive.
        unsafe { class_argument(class, vm) }.map(|_| 0)
    })
}

/// Makes a class immutable: its attributes can no longer be changed. Returns 0, or -1 with
/// TypeError if one of its bases is mutable.
///
/// # Safety
/// `class` is NULL or a class.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_Freeze(class: *mut PyTypeObject) -> c_int {
    enter(|vm| {
        // SAFETY: `class` is NULL or a class, which the caller keeps alive.
        let class = unsafe { class_argument(class, vm) }?;
        let mutable_base = {
            let mro = class.mro.read();
            mro.iter().skip(1).find(|base| !is_immutable(base)).cloned()
        };
        if let Some(base) = mutable_base {
            return Err(vm.new_type_error(format!(
                "Creating immutable type {} from mutable base {}",
                class.name(),
                base.name()
            )));
        }
        class.slots.flags.insert(PyTypeFlags::IMMUTABLETYPE);
        class.modified();
        Ok(0)
    })
}
