//! `descrobject.h`: making single descriptors, and using the fields of C structs as members do. How
//! a class gets its descriptors is in `class_methods`, `getset` and `members`.

use core::ffi::{CStr, c_char, c_int};

use rustpython_capi::methodobject::PyMethodDef;
use rustpython_capi::object::PyTypeObject;
use rustpython_vm::builtins::PyType;
use rustpython_vm::function::{PyMethodFlags, PySetterValue};
use rustpython_vm::{Py, PyObject, PyResult, VirtualMachine};

use crate::boundary::{bad_internal_call, enter, new_reference};
use crate::class_methods::new_method;
use crate::field_types::FieldType;
use crate::getset::new_getset;
use crate::members::{READONLY, RELATIVE_OFFSET, new_member};

pub use crate::getset::PyGetSetDef;
pub use crate::members::PyMemberDef;

/// The class and the definition that a descriptor is made of. The descriptor keeps the class.
///
/// # Errors
/// SystemError if one of them is NULL.
///
/// # Safety
/// `class` is NULL or a class, and `definition` NULL or a definition; the caller keeps both.
unsafe fn parts<'a, T>(
    class: *mut PyTypeObject,
    definition: *const T,
    vm: &VirtualMachine,
) -> PyResult<(&'static Py<PyType>, &'a T)> {
    // SAFETY: `class` is NULL or a class. Descriptors refer to it only as long as they keep it.
    let class = unsafe { class.as_ref() };
    // SAFETY: `definition` is NULL or a definition, which the caller keeps.
    let definition = unsafe { definition.as_ref() };
    class.zip(definition).ok_or_else(|| bad_internal_call(vm))
}

/// A new descriptor of a method of `class`, which keeps the class; the flags `METH_CLASS` and
/// `METH_STATIC` have no effect. A new reference, or NULL with an exception.
///
/// # Safety
/// `class` is NULL or a class. `definition` is NULL or a valid definition.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyDescr_NewMethod(
    class: *mut PyTypeObject,
    definition: *mut PyMethodDef,
) -> *mut PyObject {
    // SAFETY: the caller makes the same promises.
    enter(|vm| unsafe { method(class, definition, PyMethodFlags::empty(), vm) })
}

/// A new descriptor of a class method of `class`, which keeps the class, as if the definition had
/// `METH_CLASS` and not `METH_STATIC`. A new reference, or NULL with an exception.
///
/// # Safety
/// As for [`PyDescr_NewMethod`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyDescr_NewClassMethod(
    class: *mut PyTypeObject,
    definition: *mut PyMethodDef,
) -> *mut PyObject {
    // SAFETY: the caller makes the same promises.
    enter(|vm| unsafe { method(class, definition, PyMethodFlags::CLASS, vm) })
}

/// # Safety
/// As for [`PyDescr_NewMethod`].
unsafe fn method(
    class: *mut PyTypeObject,
    definition: *mut PyMethodDef,
    kind: PyMethodFlags,
    vm: &VirtualMachine,
) -> PyResult<*mut PyObject> {
    // SAFETY: the caller makes the same promises.
    let (class, definition) = unsafe { parts(class, definition, vm) }?;
    let flags = PyMethodFlags::from_bits_retain(definition.ml_flags.cast_unsigned());
    let flags = flags.difference(PyMethodFlags::CLASS | PyMethodFlags::STATIC) | kind;
    let definition = PyMethodDef {
        ml_name: definition.ml_name,
        ml_meth: definition.ml_meth,
        ml_flags: flags.bits().cast_signed(),
        ml_doc: definition.ml_doc,
    };
    // SAFETY: the caller promises a valid definition, of which only the kind was changed.
    let (_, method) = unsafe { new_method(class, &definition, vm) }?;
    Ok(new_reference(method))
}

/// A new descriptor of an attribute of `class` with a getter and a setter. It keeps the class, and
/// checks that an object is an instance of it. A new reference, or NULL with an exception.
///
/// # Safety
/// `class` is NULL or a class. `definition` is NULL or a valid definition.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyDescr_NewGetSet(
    class: *mut PyTypeObject,
    definition: *mut PyGetSetDef,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: the caller makes the same promises.
        let (class, definition) = unsafe { parts(class, definition, vm) }?;
        // SAFETY: the caller promises a valid definition.
        let (_, descriptor) = unsafe { new_getset(class, definition, vm) }?;
        Ok(new_reference(descriptor))
    })
}

/// A new descriptor of a member of `class`. A new reference, or NULL with an exception: SystemError
/// if the definition lacks `Py_RELATIVE_OFFSET`, since the layout of objects is not public, or if
/// the field is outside the data of the class. (CPython refuses that flag here.)
///
/// # Safety
/// `class` is NULL or a class. `definition` is NULL or a valid definition, and the data has such a
/// field.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyDescr_NewMember(
    class: *mut PyTypeObject,
    definition: *mut PyMemberDef,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: the caller makes the same promises.
        let (class, definition) = unsafe { parts(class, definition.cast_const(), vm) }?;
        // SAFETY: the caller promises a valid definition.
        let (_, descriptor) = unsafe { new_member(class, definition, vm) }?;
        Ok(new_reference(descriptor))
    })
}

/// The type and the address of a field of C data.
///
/// # Errors
/// SystemError if one of them is NULL, or if the definition has `Py_RELATIVE_OFFSET`.
///
/// # Safety
/// `data` is NULL or C data, and `definition` NULL or a definition, which the caller keeps.
unsafe fn field<'a>(
    caller: &str,
    data: *mut c_char,
    definition: *const PyMemberDef,
    vm: &VirtualMachine,
) -> PyResult<(FieldType, *mut u8, &'a PyMemberDef)> {
    // SAFETY: `definition` is NULL or a definition, which the caller keeps.
    let definition = unsafe { definition.as_ref() };
    let Some(definition) = definition.filter(|_| !data.is_null()) else {
        return Err(bad_internal_call(vm));
    };
    if definition.flags & RELATIVE_OFFSET != 0 {
        let text = format!("{caller} used with Py_RELATIVE_OFFSET");
        return Err(vm.new_system_error(text));
    }
    let field_type = FieldType::from_code(definition.type_code);
    let address = data.wrapping_offset(definition.offset).cast();
    Ok((field_type, address, definition))
}

/// The name of a member, for messages.
///
/// # Safety
/// The name of the definition is NULL or a NUL-terminated string.
unsafe fn name(definition: &PyMemberDef) -> String {
    if definition.name.is_null() {
        return "?".to_owned();
    }
    // SAFETY: it is not NULL, so it is a NUL-terminated string.
    let name = unsafe { CStr::from_ptr(definition.name) };
    name.to_string_lossy().into_owned()
}

/// The value of a field, which lies `offset` bytes after `data`. A new reference, or NULL with an
/// exception.
///
/// # Safety
/// `data` is NULL or C data with a field of this type at the offset. `definition` is NULL or a valid
/// definition.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyMember_GetOne(
    data: *const c_char,
    definition: *mut PyMemberDef,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: the caller makes the same promises.
        let found = unsafe { field("PyMember_GetOne", data.cast_mut(), definition, vm) };
        let (field_type, field, definition) = found?;
        // SAFETY: the caller promises a field of this type.
        match unsafe { field_type.load(field, vm) }? {
            Some(value) => Ok(new_reference(value)),
            None => {
                // SAFETY: the caller promises a valid definition.
                let name = unsafe { name(definition) };
                Err(vm.new_attribute_error(format!("object has no attribute '{name}'")))
            }
        }
    })
}

/// Writes a field, which lies `offset` bytes after `data`, or deletes it if `value` is NULL. 0, or
/// -1 with an exception; a RuntimeWarning for a number that is truncated.
///
/// # Safety
/// As for [`PyMember_GetOne`]; the field can be written to, unless the definition has
/// `Py_READONLY`. `value` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyMember_SetOne(
    data: *mut c_char,
    definition: *mut PyMemberDef,
    value: *mut PyObject,
) -> c_int {
    enter(|vm| {
        // SAFETY: the caller makes the same promises.
        let (field_type, field, definition) =
            unsafe { field("PyMember_SetOne", data, definition, vm) }?;
        if definition.flags & READONLY != 0 {
            return Err(vm.new_attribute_error("readonly attribute"));
        }
        // SAFETY: `value` is NULL or an object, which the caller keeps alive.
        let value = match unsafe { value.as_ref() } {
            Some(value) => PySetterValue::Assign(value.to_owned()),
            None => PySetterValue::Delete,
        };
        // SAFETY: the caller promises a valid definition.
        let name = unsafe { name(definition) };
        // SAFETY: the caller promises a field of this type.
        unsafe { field_type.store(field, value, &name, vm) }?;
        Ok(0)
    })
}
