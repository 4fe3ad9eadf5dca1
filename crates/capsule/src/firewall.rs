//! The wall around code that runs while a capsule dies: what was pending before is there again
//! after, and what the code leaves behind is reported, never lost and never let out.

use core::any::Any;
use core::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::vm::thread::with_vm;
use rustpython_vm::{AsObject, Context, Py, PyObjectRef, VirtualMachine};

use crate::PyCapsule;
use crate::attach::Thread;

/// Runs `code` behind the wall. On a thread with no interpreter there is nothing to guard but
/// panics. A detached thread is attached for the time of the call, as C code expects.
pub(crate) fn fence(capsule: &Py<PyCapsule>, code: impl FnOnce()) {
    if Thread::current() != Thread::Inside {
        return contain(Some(capsule), code);
    }
    let code = Cell::new(Some(code));
    let run = || {
        if let Some(code) = code.take() {
            contain(Some(capsule), code);
        }
    };
    with_vm(capsule.as_object(), |vm| {
        let parked = vm.current_exception();
        if parked.is_some() {
            vm.set_exception(None);
        }
        run();
        if vm.current_exception().is_some()
            && let Some(left) = vm.take_raised_exception()
        {
            report(left, Some(capsule), vm);
        }
        if parked.is_some() {
            vm.set_exception(parked);
        }
    });
}

/// Runs `code` and turns a panic into a report. With no interpreter on the thread, the panic
/// hook's own message is the report.
pub(crate) fn contain(capsule: Option<&Py<PyCapsule>>, code: impl FnOnce()) {
    let Err(panic) = catch_unwind(AssertUnwindSafe(code)) else {
        return;
    };
    let text = format!("panic while a capsule was destroyed: {}", panic_text(panic));
    if Thread::current() == Thread::Inside {
        let any = Context::genesis().none();
        with_vm(&any, |vm| {
            report(vm.new_system_error(text.as_str()), capsule, vm);
        });
    }
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

/// Hands `exception` to `sys.unraisablehook`, naming the capsule (`None` where it is gone).
/// Survives a hook that was deleted or is broken.
pub(crate) fn report(
    exception: PyBaseExceptionRef,
    capsule: Option<&Py<PyCapsule>>,
    vm: &VirtualMachine,
) {
    let object: PyObjectRef = match capsule {
        Some(capsule) => capsule.as_object().to_owned(),
        None => vm.ctx.none(),
    };
    // The VM unwraps the hook; without one it would panic.
    let hooked = vm.sys_module.get_attr("unraisablehook", vm).is_ok();
    let shown = catch_unwind(AssertUnwindSafe(|| {
        if hooked {
            vm.run_unraisable(exception, None, object);
        } else {
            eprintln!("Exception ignored while a capsule was destroyed:");
            vm.print_exception(&exception);
        }
    }));
    // The panic hook has told of it; as in `contain`.
    if let Err(panic) = shown {
        core::mem::forget(panic);
    }
}
