//! Slices of arrays and pointers as the indices that they mean.

use rustpython_vm::builtins::PySlice;
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

/// The indices of a slice of `length` elements; `None` for what is no slice.
pub(super) fn indices(
    slice: &PyObject,
    length: usize,
    vm: &VirtualMachine,
) -> PyResult<Option<Vec<isize>>> {
    if slice.downcast_ref::<PySlice>().is_none() {
        return Ok(None);
    }
    let indices = vm.call_method(slice, "indices", (length,))?;
    let indices: Vec<PyObjectRef> = indices.try_to_value(vm)?;
    let range = vm.builtins.get_attr("range", vm)?.call(indices, vm)?;
    range.try_to_value(vm).map(Some)
}
