//! What fuzzing and the tests of `hostile_input` share: bytes from anywhere, made into calls of the
//! C API, and what must hold of them. It knows nothing of either, since `fuzz/` takes this folder in
//! as it is.

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

/// Collects garbage. A collector that is at work for another interpreter does nothing for this one, so
/// it is asked until a cycle that was made for it is gone.
fn collect() {
    struct Bait(Arc<AtomicBool>);
    impl Drop for Bait {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let gone = Arc::new(AtomicBool::new(false));
    with_current_vm(|vm| {
        let list = vm.ctx.new_list(Vec::new());
        let bait = PyCapsule::from_value(Bait(gone.clone())).build(&vm.ctx);
        let cycle = list.clone().into();
        list.borrow_vec_mut().extend([cycle, bait.into()]);
    });
    while !gone.load(Ordering::Relaxed) {
        with_current_vm(|vm| {
            vm.state.gc.collect_force(2);
            vm.allow_threads(std::thread::yield_now);
        });
    }
}
