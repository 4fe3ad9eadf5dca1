//! stub
use rustpython_capi::methodobject::PyMethodDef;
use rustpython_vm::builtins::PyType;
use rustpython_vm::{Py, PyResult, VirtualMachine};
pub(crate) unsafe fn add_methods(
    _class: &'static Py<PyType>,
    _d: *const PyMethodDef,
    _vm: &VirtualMachine,
) -> PyResult<()> {
    Ok(())
}
