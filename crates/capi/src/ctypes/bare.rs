//! Having the VM call an address with arguments that it takes as they are. What is made of them, and
//! of the result, is not said here.

use rustpython_vm::builtins::PyType;
use rustpython_vm::function::PySetterValue;
use rustpython_vm::{AsObject, Py, PyObjectRef, PyResult, VirtualMachine};

use super::original::original;

/// Calls C code through a function object that has no types of arguments and a type of result.
///
/// # Errors
/// ValueError for NULL; TypeError for arguments that the VM does not take.
pub(super) fn call_bare(
    address: usize,
    arguments: Vec<PyObjectRef>,
    result: &Py<PyType>,
    errno: bool,
    vm: &VirtualMachine,
) -> PyResult {
    let original = original();
    let class = &original.bare[usize::from(errno)];
    let function = class.as_object().call((address,), vm)?;
    let result = PySetterValue::Assign(result.to_owned().into());
    original.restype.set(&function, result, vm)?;
    (original.call)(&function, arguments.into(), vm)
}
