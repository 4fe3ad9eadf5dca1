//! Elements of arrays whose elements are no simple values: structures, pointers, functions, arrays.
//! The VM reads them as numbers.

use rustpython_vm::builtins::{PySlice, PyType, PyTypeRef};
use rustpython_vm::protocol::{PyMapping, PySequence};
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::memory::{length_of, view};
use super::original::original;

/// `class * length`.
pub(super) fn multiply(class: &PyObject, length: &PyObject, vm: &VirtualMachine) -> PyResult {
    let array = (original().multiply)(class, length, vm)?;
    if let Some(array) = array.downcast_ref::<PyType>() {
        array.slots.as_mapping.subscript.store(Some(subscript));
        array.slots.as_sequence.item.store(Some(item));
    }
    Ok(array)
}

/// `array[index]`, `array[slice]`.
fn subscript(array: PyMapping<'_>, index: &PyObject, vm: &VirtualMachine) -> PyResult {
    let array = array.obj;
    if index.downcast_ref::<PySlice>().is_none() {
        let index = index.try_index(vm)?.try_to_primitive(vm)?;
        return element(array, index, vm);
    }
    let length = array.length(vm)?;
    let indices = vm.call_method(index, "indices", (length,))?;
    let range = vm.builtins.get_attr("range", vm)?;
    let indices: Vec<isize> = range
        .call(indices.try_to_value::<Vec<PyObjectRef>>(vm)?, vm)?
        .try_to_value(vm)?;
    let elements = indices.into_iter().map(|index| element(array, index, vm));
    Ok(vm.ctx.new_list(elements.collect::<PyResult<_>>()?).into())
}

/// The element at an index, for iteration too.
fn item(array: PySequence<'_>, index: isize, vm: &VirtualMachine) -> PyResult {
    element(array.obj, index, vm)
}

fn element(array: &PyObject, index: isize, vm: &VirtualMachine) -> PyResult {
    let length = array.length(vm)?;
    let from_start = if index < 0 {
        index.checked_add_unsigned(length)
    } else {
        Some(index)
    };
    let index = from_start.and_then(|index| usize::try_from(index).ok());
    let Some(index) = index.filter(|index| *index < length) else {
        return Err(vm.new_index_error("invalid index"));
    };
    let class: PyTypeRef = array.get_attr("_type_", vm)?.try_into_value(vm)?;
    view(&class, array, index * (length_of(array, vm)? / length), vm)
}
