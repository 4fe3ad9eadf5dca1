//! Code that the fuzz targets and the tests of `hostile_input` share: it turns arbitrary bytes into
//! calls of the C API and checks the results. It depends on neither of them, since `fuzz/` includes
//! this folder as a module.

mod c_api;
pub(crate) mod calls;
pub(crate) mod imports;
mod raised;
pub(crate) mod slots;

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use rustpython_capsule::PyCapsule;
use rustpython_vm::builtins::PyModule;
use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{AsObject, PyObjectRef, PyRef, VirtualMachine};

/// From now on only builtin modules and modules in `sys.modules` can be imported.
pub(crate) fn forget_files(vm: &VirtualMachine) {
    let sys = vm.sys_module.as_object();
    let empty = vm.ctx.new_list(Vec::new());
    sys.set_attr("path", empty, vm).expect("sys can be changed");
}

/// A new empty module in `sys.modules`.
fn module(name: &str, vm: &VirtualMachine) -> PyRef<PyModule> {
    let module = vm.new_module(name, vm.ctx.new_dict(), None);
    let modules: PyObjectRef = vm
        .sys_module
        .get_attr("modules", vm)
        .expect("sys has modules");
    modules
        .set_item(name, module.clone().into(), vm)
        .expect("a dict takes any item");
    module
}

/// Collects garbage. A call does nothing while the collector runs for another interpreter, so this
/// repeats the call until a cycle made here is gone.
fn collect() {
    struct SetOnDrop(Arc<AtomicBool>);
    impl Drop for SetOnDrop {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let gone = Arc::new(AtomicBool::new(false));
    with_current_vm(|vm| {
        let list = vm.ctx.new_list(Vec::new());
        let flag = PyCapsule::from_value(SetOnDrop(gone.clone())).build(&vm.ctx);
        let cycle = list.clone().into();
        list.borrow_vec_mut().extend([cycle, flag.into()]);
    });
    while !gone.load(Ordering::Relaxed) {
        with_current_vm(|vm| {
            vm.state.gc.collect_force(2);
            vm.allow_threads(std::thread::yield_now);
        });
    }
}
