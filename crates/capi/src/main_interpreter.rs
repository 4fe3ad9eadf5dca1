//! The interpreter that C code means: the C API knows one in a process, which has all native
//! threads that ask for one.

use core::sync::atomic::{AtomicBool, Ordering};

use rustpython_capi::pylifecycle::Py_IsInitialized;
use rustpython_capi::{get_main_interpreter, init_main_interpreter};
use rustpython_vm::{Interpreter, PyResult, VirtualMachine};

use crate::signals;

/// Whether the last main interpreter of [`run_main`] has ended; the C API does not tell.
static ENDED: AtomicBool = AtomicBool::new(false);

/// Whether there is a main interpreter, which may be at its end.
pub(crate) fn is_there() -> bool {
    // Who finalises one may hold the lock meanwhile, so it is not asked for without need.
    Py_IsInitialized() != 0 && (!ENDED.load(Ordering::Acquire) || get_main_interpreter().is_some())
}

/// Runs `f` in `interpreter`, which is the main one of the C API meanwhile, and finalises it. Gives
/// the exit code that Python would end with; an exception that `f` returns is printed.
///
/// `rustpython::run`, built with its feature `capi`, does the same for a command line.
///
/// # Panics
/// If the process has a main interpreter.
///
/// # Example
/// ```no_run
/// use rustpython_capsule_capi::{ExtensionModulesExt, run_main};
/// use rustpython_capsule_glue::{Access, CapsuleBuilderExt};
/// use rustpython_vm::InterpreterBuilder;
///
/// let interpreter = InterpreterBuilder::new()
///     .with_capsules(Access::Open)
///     .with_extension_modules()
///     .build();
/// let code = run_main(interpreter, |vm| vm.import("histogram", 0).map(drop));
/// assert_eq!(code, 0);
/// ```
pub fn run_main(interpreter: Interpreter, f: impl FnOnce(&VirtualMachine) -> PyResult<()>) -> u32 {
    let thread = interpreter.enter(VirtualMachine::new_thread);
    init_main_interpreter(interpreter);
    ENDED.store(false, Ordering::Release);
    let result = thread.run(|vm| {
        signals::set_handlers(vm);
        f(vm)
    });
    drop(thread);
    // Threads that ask from now on find none, and wait.
    let interpreter = get_main_interpreter().take();
    let code = interpreter.map_or(0, |interpreter| interpreter.finalize(result.err()));
    ENDED.store(true, Ordering::Release);
    code
}
