//! What fuzzing and the tests of `hostile_input` share: bytes from anywhere, made into calls of the
//! C API, and what must hold of them. It knows nothing of either, since `fuzz/` takes this folder in
//! as it is.

mod c_api;
pub(crate) mod calls;
pub(crate) mod imports;
mod raised;
pub(crate) mod slots;

use rustpython_vm::builtins::PyModule;
use rustpython_vm::{AsObject, PyObjectRef, PyRef, VirtualMachine};

/// Nothing is found on the disk from now on: only what is in the interpreter can be imported.
pub(crate) fn forget_files(vm: &VirtualMachine) {
    let sys = vm.sys_module.as_object();
    let empty = vm.ctx.new_list(Vec::new());
    sys.set_attr("path", empty, vm).expect("sys can be changed");
}

/// A module that `import` finds, with nothing in it.
fn module(name: &str, vm: &VirtualMachine) -> PyRef<PyModule> {
    let module = vm.new_module(name, vm.ctx.new_dict(), None);
    let modules: PyObjectRef = vm
        .sys_module
        .get_attr("modules", vm)
        .expect("there are modules");
    modules
        .set_item(name, module.clone().into(), vm)
        .expect("a dict takes it");
    module
}
