//! Views: ctypes objects in the memory of another object, such as an element of an array, a field,
//! or the target of a pointer. A view keeps the other object alive. Objects that are assigned to a
//! view are kept by the other object, because the view itself is often temporary.

use rustpython_vm::builtins::{PyInt, PyType, PyTypeRef};
use rustpython_vm::function::PySetterValue;
use rustpython_vm::protocol::PyMapping;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::memory::{address_of, keep, pointer_in};
use super::original::original;

/// The attribute of a view with the object that owns the memory.
const OWNER: &str = "_owner";

/// A view: an instance of a class in the memory of `owner`, `offset` bytes after its start. A view
/// of a function is a function object with the pointer that is there now.
///
/// # Errors
/// TypeError for a class that has no instances.
pub(super) fn view(
    class: &Py<PyType>,
    owner: &PyObject,
    offset: usize,
    vm: &VirtualMachine,
) -> PyResult {
    view_at(class, address_of(owner, vm)? + offset, owner, vm)
}

/// A view at an address, for memory that `owner` is responsible for, as a pointer is for its
/// target.
///
/// # Errors
/// TypeError for a class that has no instances.
pub(super) fn view_at(
    class: &Py<PyType>,
    address: usize,
    owner: &PyObject,
    vm: &VirtualMachine,
) -> PyResult {
    let from_address = class.as_object().get_attr("from_address", vm)?;
    let view = from_address.call((address,), vm)?;
    match view.dict() {
        Some(namespace) => namespace.set_item(OWNER, owner.to_owned(), vm)?,
        None => keep(&view, OWNER, owner.to_owned(), vm)?,
    }
    Ok(view)
}

/// The owner of the memory of a view; `None` if the object is not a view.
pub(super) fn owner_of(view: &PyObject, vm: &VirtualMachine) -> PyResult<Option<PyObjectRef>> {
    match view.dict() {
        Some(namespace) => namespace.get_item_opt(OWNER, vm),
        None => Ok(None),
    }
}

/// Makes the object at the end of a chain of views keep an object whose address was written into
/// its memory. The VM does this for its own chains.
///
/// # Errors
/// MemoryError.
pub(super) fn keep_in_root(
    object: &PyObject,
    address: usize,
    kept: PyObjectRef,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let mut root = object.to_owned();
    while let Some(owner) = base_of(&root, vm)? {
        root = owner;
    }
    keep(&root, &format!("{address:x}"), kept, vm)
}

/// Whether the object or one of its bases is a view of this file.
pub(super) fn is_view(object: &PyObject, vm: &VirtualMachine) -> PyResult<bool> {
    let mut object = object.to_owned();
    loop {
        if owner_of(&object, vm)?.is_some() {
            return Ok(true);
        }
        match base_of(&object, vm)? {
            Some(base) => object = base,
            None => return Ok(false),
        }
    }
}

/// The object that an object is part of; `None` if it has memory of its own.
fn base_of(object: &PyObject, vm: &VirtualMachine) -> PyResult<Option<PyObjectRef>> {
    if let Some(owner) = owner_of(object, vm)? {
        return Ok(Some(owner));
    }
    let base = original().base.get(object, vm)?;
    Ok(Some(base).filter(|base| !vm.is_none(base)))
}

/// `_b_base_` for Python code.
pub(super) fn get_base(object: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let base = base_of(&object, vm)?;
    Ok(vm.unwrap_or_none(base))
}

/// `contents` of a pointer: a view of its target.
///
/// # Errors
/// ValueError for NULL.
pub(super) fn contents(pointer: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    target(&pointer, 0, vm)
}

/// Sets `contents` of a pointer.
pub(super) fn set_contents(
    pointer: PyObjectRef,
    value: PySetterValue,
    vm: &VirtualMachine,
) -> PyResult<()> {
    original().contents.set(&pointer, value, vm)
}

/// `pointer[index]` for targets that are not simple values.
pub(super) fn subscript(pointer: PyMapping<'_>, index: &PyObject, vm: &VirtualMachine) -> PyResult {
    match index.downcast_ref::<PyInt>() {
        Some(index) => target(pointer.obj, index.try_to_primitive(vm)?, vm),
        None => (original().subscript_pointer)(pointer, index, vm),
    }
}

/// A view of the target of a pointer, `index` targets further on.
fn target(pointer: &PyObject, index: isize, vm: &VirtualMachine) -> PyResult {
    let address = pointer_in(pointer, vm)?;
    if address == 0 {
        return Err(vm.new_value_error("NULL pointer access"));
    }
    let class: PyTypeRef = pointer.get_attr("_type_", vm)?.try_into_value(vm)?;
    let size: isize = original()
        .sizeof
        .call((class.clone(),), vm)?
        .try_into_value(vm)?;
    let address = address.wrapping_add_signed(index.wrapping_mul(size));
    view_at(&class, address, pointer, vm)
}
