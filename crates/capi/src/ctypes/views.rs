//! ctypes objects in memory that is another's: an element of an array, what a pointer points to, a
//! field. Such a view keeps the other, and what is assigned to it is kept there, since the view is
//! often gone at once.

use rustpython_vm::builtins::{PyInt, PyType, PyTypeRef};
use rustpython_vm::function::PySetterValue;
use rustpython_vm::protocol::PyMapping;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::memory::{address_of, keep, pointer_in};
use super::original::original;

/// Where a view has the object that it is a view of.
const OWNER: &str = "_owner";

/// An instance of a class in the memory of an object, which it keeps. One of a function has the
/// pointer that is there now.
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

/// The same for memory that the object answers for, as a pointer does.
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

/// What an object is a view of.
pub(super) fn owner_of(view: &PyObject, vm: &VirtualMachine) -> PyResult<Option<PyObjectRef>> {
    match view.dict() {
        Some(namespace) => namespace.get_item_opt(OWNER, vm),
        None => Ok(None),
    }
}

/// Has the object at the end of a chain of views keep what was written to an address in it. The VM
/// does that for chains of its own.
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

/// Whether a chain has a view of ours in it.
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

/// `_b_base_`: what an object is part of.
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

/// `contents`.
///
/// # Errors
/// ValueError for NULL.
pub(super) fn contents(pointer: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    target(&pointer, 0, vm)
}

pub(super) fn set_contents(
    pointer: PyObjectRef,
    value: PySetterValue,
    vm: &VirtualMachine,
) -> PyResult<()> {
    original().contents.set(&pointer, value, vm)
}

/// `pointer[index]` where that is no simple value.
pub(super) fn subscript(pointer: PyMapping<'_>, index: &PyObject, vm: &VirtualMachine) -> PyResult {
    match index.downcast_ref::<PyInt>() {
        Some(index) => target(pointer.obj, index.try_to_primitive(vm)?, vm),
        None => (original().subscript_pointer)(pointer, index, vm),
    }
}

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
