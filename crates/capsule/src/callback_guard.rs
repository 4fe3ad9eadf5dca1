//! Running foreign code while an object is destroyed. A pending exception is kept; an exception or a
//! panic of that code goes to `sys.unraisablehook`.

use core::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{PyObject, VirtualMachine};

use crate::thread::with_attached;

/// Runs `code`, which destroys something of `object` or calls one of its destructors. A pending
/// exception is saved and cleared before the call and restored after it. An exception that the code
/// leaves pending, or a panic, goes to `sys.unraisablehook` with `object`: the object that is
/// destroyed, or its class if no code may see the object any more.
///
/// A detached thread is attached during the call, as C code expects. On a thread without an
/// interpreter only panics are caught.
pub fn run_isolated(object: Option<&PyObject>, code: impl FnOnce()) {
    let mut code = Some(code);
    with_attached(|vm| {
        let pending = vm.current_exception();
        if pending.is_some() {
            vm.set_exception(None);
        }
        if let Some(code) = code.take() {
            catch_panic(object, code);
        }
        if vm.current_exception().is_some()
            && let Some(left_behind) = vm.take_raised_exception()
        {
            report_unraisable(left_behind, object, vm);
        }
        if pending.is_some() {
            vm.set_exception(pending);
        }
    });
    if let Some(code) = code {
        catch_panic(object, code);
    }
}

/// Runs `code` and reports a panic as a SystemError. On a thread without an interpreter, the
/// message of the panic hook is the report.
pub(crate) fn catch_panic(object: Option<&PyObject>, code: impl FnOnce()) {
    let Err(payload) = catch_unwind(AssertUnwindSafe(code)) else {
        return;
    };
    let text = format!(
        "panic while an object was destroyed: {}",
        panic_message(payload)
    );
    with_attached(|vm| report_unraisable(vm.new_system_error(text), object, vm));
}

/// The message of a panic. The payload is leaked, because its own `Drop` may panic.
pub fn panic_message(payload: Box<dyn Any + Send>) -> String {
    let message = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("with no message")
        .to_owned();
    core::mem::forget(payload);
    message
}

/// Passes `exception` to `sys.unraisablehook` with the object; `None` if no code may see the object
/// any more. A hook that was deleted or fails is ignored.
pub(crate) fn report_unraisable(
    exception: PyBaseExceptionRef,
    object: Option<&PyObject>,
    vm: &VirtualMachine,
) {
    let object = vm.unwrap_or_none(object.map(ToOwned::to_owned));
    // The VM unwraps the hook, and panics if there is none.
    let has_hook = vm.sys_module.get_attr("unraisablehook", vm).is_ok();
    let reported = catch_unwind(AssertUnwindSafe(|| {
        if has_hook {
            vm.run_unraisable(exception, None, object);
        } else {
            eprintln!("Exception ignored while an object was destroyed:");
            vm.print_exception(&exception);
        }
    }));
    // The panic hook has printed it. The payload is leaked, as in `panic_message`.
    if let Err(payload) = reported {
        core::mem::forget(payload);
    }
}
