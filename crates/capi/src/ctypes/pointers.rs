//! What pointers point to. The VM gives no instance of a function, and does not keep a pointer for
//! what it points to.

use rustpython_vm::builtins::{PyInt, PyTypeRef};
use rustpython_vm::function::PySetterValue;
use rustpython_vm::protocol::PyMapping;
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::memory::pointer_in;
use super::original::original;
use super::views::view_at;

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
