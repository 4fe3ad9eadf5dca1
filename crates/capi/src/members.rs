//! The members of classes made from C: attributes that are fields of the C struct of an instance.
//! The types of the fields are in `field_types`.

use core::ffi::{CStr, c_char, c_int};
use std::sync::OnceLock;

use rustpython_vm::builtins::{
    DescriptorMemberDef, MemberAccess, MemberKind, PyBaseExceptionRef, PyDescriptorOwned,
    PyMemberDescriptor, PyMemberFlags, PyStrInterned, PyType,
};
use rustpython_vm::class::{PyClassImpl, StaticType};
use rustpython_vm::common::lock::PyRwLock;
use rustpython_vm::function::{ItemDoc, PySetterValue};
use rustpython_vm::object::{Traverse, TraverseFn};
use rustpython_vm::types::{GetDescriptor, Representable};
use rustpython_vm::{Py, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine, pyclass};

use crate::class_attributes::{add, check_instance, elements, full_name};
use crate::field_types::FieldType;
use crate::instance::type_data;
use crate::method_definition::interned;
use crate::type_record::TypeRecord;

pub(crate) const READONLY: c_int = 1;
const AUDIT_READ: c_int = 2;
pub(crate) const RELATIVE_OFFSET: c_int = 8;

/// Members that say where a class keeps something. They are no attributes.
const PLACES: [&CStr; 3] = [
    c"__dictoffset__",
    c"__weaklistoffset__",
    c"__vectorcalloffset__",
];

/// A definition of a member of instances.
#[derive(Debug)]
#[repr(C)]
pub struct PyMemberDef {
    /// The name; NULL ends an array.
    pub name: *const c_char,
    /// The type of the field: `Py_T_…`.
    pub type_code: c_int,
    /// Where the field is, in bytes.
    pub offset: isize,
    /// Bits such as `Py_READONLY` and `Py_RELATIVE_OFFSET`.
    pub flags: c_int,
    /// The docstring, or NULL.
    pub doc: *const c_char,
}

/// Adds the members of an array of definitions to the class; NULL is an empty array. An attribute
/// that the class has already stays.
///
/// # Errors
/// Those of [`new_member`].
///
/// # Safety
/// `definitions` is NULL, or an array of definitions that ends with one without a name. Each is as
/// [`new_member`] demands.
pub(crate) unsafe fn add_members(
    class: &'static Py<PyType>,
    definitions: *const PyMemberDef,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let is_end = |definition: &PyMemberDef| definition.name.is_null();
    // SAFETY: the caller promises such an array.
    for definition in unsafe { elements(definitions, is_end) } {
        // SAFETY: the name is not NULL, so it is a NUL-terminated string.
        let name = unsafe { CStr::from_ptr(definition.name) };
        if PLACES.contains(&name) {
            continue;
        }
        // SAFETY: the caller promises what this function demands of a definition.
        let (name, descriptor) = unsafe { new_member(class, definition, vm) }?;
        add(class, name, descriptor.into(), false);
    }
    Ok(())
}

// The descriptor of a member. To the VM it is one of its own descriptors, for an `int`; the VM never
// reads the field, since the class has other functions for that. (A doc comment would be the
// `__doc__` of all descriptors.)
#[pyclass(
    module = false,
    name = "member_descriptor",
    base = PyMemberDescriptor,
    traverse = "manual"
)]
#[derive(Debug)]
pub(crate) struct Member {
    base: PyMemberDescriptor,
    field: Field,
}

/// A field of the C struct of an instance.
#[derive(Clone, Copy, Debug)]
struct Field {
    field_type: FieldType,
    /// In bytes from the beginning of the struct.
    offset: usize,
    flags: c_int,
}

// SAFETY: the class is the only reference that the payload owns, and is visited once.
unsafe impl Traverse for Member {
    fn traverse(&self, visit: &mut TraverseFn<'_>) {
        self.base.common.typ.traverse(visit);
    }
}

/// The name and a new descriptor, which keeps the class.
///
/// # Errors
/// SystemError if the definition has no name, if its offset is not relative to the struct of the
/// class, since the layout of objects is not public, or if it is outside the struct;
/// UnicodeDecodeError for a name or docstring that is not UTF-8.
///
/// # Safety
/// The strings of the definition are NULL or NUL-terminated. The struct that the class adds to its
/// instances has a field of this type at this offset, which C code uses as the type demands.
pub(crate) unsafe fn new_member(
    class: &Py<PyType>,
    definition: &PyMemberDef,
    vm: &VirtualMachine,
) -> PyResult<(&'static PyStrInterned, PyRef<Member>)> {
    // SAFETY: the strings are NULL or NUL-terminated, by the contract of this function.
    let Some(name) = unsafe { interned(definition.name, vm) }? else {
        return Err(vm.new_system_error("a definition of a member has no name"));
    };
    // SAFETY: as for the name.
    let doc = unsafe { interned(definition.doc, vm) }?;
    let owner = full_name(class, vm);
    if definition.flags & RELATIVE_OFFSET == 0 {
        return Err(vm.new_system_error(format!(
            "member '{name}' of '{owner}' needs Py_RELATIVE_OFFSET: the layout of objects is not \
             public"
        )));
    }
    let size = TypeRecord::of(class).map_or(0, |record| record.content.size);
    let offset = usize::try_from(definition.offset).ok();
    let Some(offset) = offset.filter(|offset| *offset < size) else {
        return Err(vm.new_system_error("Member offset out of range (0..-basicsize)"));
    };
    let interned_name = vm.ctx.intern_str(name);
    let base = PyMemberDescriptor {
        common: PyDescriptorOwned {
            typ: class.to_owned(),
            name: interned_name,
            qualname: PyRwLock::new(None),
        },
        member: DescriptorMemberDef {
            name: name.to_owned(),
            kind: MemberKind::Int,
            offset: 0,
            flags: PyMemberFlags::from_bits_retain(definition.flags & (READONLY | AUDIT_READ)),
            doc: doc.map_or(ItemDoc::NONE, ItemDoc::static_text),
        },
        access: MemberAccess::Offset,
    };
    let field = Field {
        field_type: FieldType::from_code(definition.type_code),
        offset,
        flags: definition.flags,
    };
    let descriptor = PyRef::new_ref(Member { base, field }, member_class().to_owned(), None);
    Ok((interned_name, descriptor))
}

fn member_class() -> &'static Py<PyType> {
    static CLASS: OnceLock<&'static Py<PyType>> = OnceLock::new();
    CLASS.get_or_init(|| {
        let _ = Member::make_static_type();
        Member::static_type()
    })
}

impl Member {
    /// The descriptor that a slot is called with. The type of its payload is compared, which is faster
    /// than a search in the bases of its class.
    #[inline]
    fn of<'a>(descriptor: &'a PyObject, vm: &VirtualMachine) -> PyResult<&'a Py<Self>> {
        match descriptor.downcast_ref() {
            Some(descriptor) => Ok(descriptor),
            None => Self::_as_pyref(descriptor, vm),
        }
    }

    fn class_of_instances(&self) -> &Py<PyType> {
        &self.base.common.typ
    }

    fn name(&self) -> &'static PyStrInterned {
        self.base.common.name
    }

    /// The type and the address of the field in `object`.
    ///
    /// # Errors
    /// TypeError if the object is not an instance of the class; SystemError if it has no struct of
    /// the class, which happens only without memory for one.
    #[inline]
    fn find(&self, object: &PyObject, vm: &VirtualMachine) -> PyResult<(FieldType, *mut u8)> {
        let class = self.class_of_instances();
        let Some(data) = type_data(object, class) else {
            check_instance(class, self.name(), object, vm)?;
            return Err(self.no_data(object, vm));
        };
        Ok((
            self.field.field_type,
            data.as_ptr().wrapping_add(self.field.offset),
        ))
    }

    #[cold]
    fn no_data(&self, object: &PyObject, vm: &VirtualMachine) -> PyBaseExceptionRef {
        vm.new_system_error(format!(
            "'{}' object has no data of '{}'",
            full_name(object.class(), vm),
            full_name(self.class_of_instances(), vm)
        ))
    }

    fn get(&self, object: &PyObject, vm: &VirtualMachine) -> PyResult {
        let (field_type, field) = self.find(object, vm)?;
        if self.field.flags & AUDIT_READ != 0 {
            vm.audit("object.__getattr__", || {
                (object.to_owned(), self.name().to_owned())
            })?;
        }
        // SAFETY: by the contract of `new_member` the struct has such a field. It lives as long as
        // the object.
        let value = unsafe { field_type.load(field, vm) }?;
        value.ok_or_else(|| self.no_attribute(object, vm))
    }

    #[cold]
    fn no_attribute(&self, object: &PyObject, vm: &VirtualMachine) -> PyBaseExceptionRef {
        let class = match object.class().fully_qualified_name(vm) {
            Ok(name) => name,
            Err(error) => return error,
        };
        vm.new_attribute_error(format!(
            "'{class}' object has no attribute '{}'",
            self.name()
        ))
    }

    fn set(&self, object: &PyObject, value: PySetterValue, vm: &VirtualMachine) -> PyResult<()> {
        let (field_type, field) = self.find(object, vm)?;
        if self.field.flags & READONLY != 0 {
            return Err(vm.new_attribute_error("readonly attribute"));
        }
        // SAFETY: by the contract of `new_member` the struct has such a field. It lives as long as
        // the object.
        unsafe { field_type.store(field, value, self.name().as_str(), vm) }
    }
}

#[pyclass(with(GetDescriptor, Representable), flags(DISALLOW_INSTANTIATION))]
impl Member {
    // The class has an attribute of this name, which hides that of the base.
    #[pygetset]
    fn __doc__(zelf: &Py<Self>) -> Option<&'static str> {
        zelf.base.member.doc.text
    }

    #[pyslot]
    fn descr_set(
        zelf: &PyObject,
        object: PyObjectRef,
        value: PySetterValue<PyObjectRef>,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        Self::of(zelf, vm)?.set(&object, value, vm)
    }
}

impl GetDescriptor for Member {
    fn descr_get(
        zelf: &PyObject,
        object: Option<&PyObject>,
        _class: Option<&PyObject>,
        vm: &VirtualMachine,
    ) -> PyResult {
        match object {
            Some(object) => Self::of(zelf, vm)?.get(object, vm),
            None => Ok(zelf.to_owned()),
        }
    }
}

impl Representable for Member {
    fn repr_str(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<String> {
        let owner = full_name(zelf.class_of_instances(), vm);
        Ok(format!("<member '{}' of '{owner}' objects>", zelf.name()))
    }
}
