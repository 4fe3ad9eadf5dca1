//! The wall around code that runs while an object dies, a capsule above all: what was pending before
//! is there again after, and what the code leaves behind is reported, never lost and never let out.

use core::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{PyObject, VirtualMachine};

use crate::attach::with_attached;

/// Runs `code`, which frees or gives up what belongs to a dying object, behind the wall: an exception
/// that is pending is put aside meanwhile, and one that the code leaves, or a panic, goes to
/// `sys.unraisablehook` with `shown`: the object, or its class where it must not be seen any more.
///
/// On a thread with no interpreter there is nothing to guard but panics. A detached thread is
/// attached for the time of the call, as C code expects.
pub fn fence(shown: Option<&PyObject>, code: impl FnOnce()) {
    let mut code = Some(code);
    with_attached(|vm| {
        let parked = vm.current_exception();
        if parked.is_some() {
            vm.set_exception(None);
        }
        if let Some(code) = code.take() {
            contain(shown, code);
        }
        if vm.current_exception().is_some()
            && let Some(left) = vm.take_raised_exception()
        {
            report(left, shown, vm);
        }
        if parked.is_some() {
            vm.set_exception(parked);
        }
    });
    if let Some(code) = code {
        contain(shown, code);
    }
}

/// Runs `code` and turns a panic into a report. With no interpreter on the thread, the panic
/// hook's own message is the report.
pub(crate) fn contain(shown: Option<&PyObject>, code: impl FnOnce()) {
    let Err(panic) = catch_unwind(AssertUnwindSafe(code)) else {
        return;
    };
    let text = format!("panic while a capsule was destroyed: {}", panic_text(panic));
    with_attached(|vm| report(vm.new_system_error(text), shown, vm));
}

/// What a panic said. Its payload is leaked: one whose own drop panics must not be let out.
pub fn panic_text(panic: Box<dyn Any + Send>) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("with no message")
        .to_owned();
    core::mem::forget(panic);
    text
}

/// Hands `exception` to `sys.unraisablehook`, with the object (`None` where it is gone).
/// Survives a hook that was deleted or is broken.
pub(crate) fn report(exception: PyBaseExceptionRef, shown: Option<&PyObject>, vm: &VirtualMachine) {
    let object = vm.unwrap_or_none(shown.map(ToOwned::to_owned));
    // The VM unwraps the hook; without one it would panic.
    let hooked = vm.sys_module.get_attr("unraisablehook", vm).is_ok();
    let told = catch_unwind(AssertUnwindSafe(|| {
        if hooked {
            vm.run_unraisable(exception, None, object);
        } else {
            eprintln!("Exception ignored while an object was destroyed:");
            vm.print_exception(&exception);
        }
    }));
    // The panic hook has told of it; as in `contain`.
    if let Err(panic) = told {
        core::mem::forget(panic);
    }
}
