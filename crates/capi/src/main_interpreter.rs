//! The interpreter that C code means: the C API knows one in a process, which has all native
//! threads that ask for one.

use core::sync::atomic::{AtomicI64, Ordering};

use rustpython_capi::pylifecycle::Py_IsInitialized;
use rustpython_capi::{get_main_interpreter, init_main_interpreter};
use rustpython_vm::{Interpreter, PyResult, VirtualMachine};

/// The number of the last main interpreter that was seen here.
static LAST: AtomicI64 = AtomicI64::new(UNSEEN);

/// No interpreter has this number.
const UNSEEN: i64 = -1;

/// Whether there is a main interpreter, or `vm` is in the one that is being finalised: whoever
/// finalises it takes it out first.
pub(crate) fn is_there(vm: &VirtualMachine) -> bool {
    if let Some(main) = get_main_interpreter().as_ref() {
        LAST.store(main.global_state.interpreter_id, Ordering::Relaxed);
        return true;
    }
    match LAST.load(Ordering::Relaxed) {
        UNSEEN => Py_IsInitialized() != 0,
        last => last == vm.state.interpreter_id,
    }
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
    LAST.store(interpreter.global_state.interpreter_id, Ordering::Relaxed);
    init_main_interpreter(interpreter);
    let result = thread.run(f);
    drop(thread);
    // Threads that ask from now on find none, and wait.
    let interpreter = get_main_interpreter().take();
    interpreter.map_or(0, |interpreter| interpreter.finalize(result.err()))
}
