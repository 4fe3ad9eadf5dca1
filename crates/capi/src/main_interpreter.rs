//! The interpreter that C code means: the C API knows one in a process, which has all native
//! threads that ask for one.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use rustpython_capi::pylifecycle::Py_IsInitialized;
use rustpython_capi::{get_main_interpreter, init_main_interpreter};
use rustpython_vm::common::lock::PyMutex;
use rustpython_vm::common::rc::PyRc;
use rustpython_vm::host_env::os::exit_code;
use rustpython_vm::stdlib::_thread::get_ident;
use rustpython_vm::vm::PyGlobalState;
use rustpython_vm::vm::thread::ThreadedVirtualMachine;
use rustpython_vm::{Interpreter, PyResult, VirtualMachine};

use crate::signals;

/// Whether the last main interpreter of [`run_main`] has ended; the C API does not tell.
static ENDED: AtomicBool = AtomicBool::new(false);

/// Whether the program of the main interpreter has begun.
static BEGUN: AtomicBool = AtomicBool::new(false);

/// What native threads get their thread states from, from the beginning of the program on. The
/// interpreter itself is locked while it is finalised, and the first thing that it then does is to
/// wait for the threads of Python code, which may wait for native ones.
static SPARE: Mutex<Option<Arc<Spare>>> = Mutex::new(None);

/// The process that has the spare thread state. In a child, nobody knows who held its locks.
static PROCESS: AtomicU32 = AtomicU32::new(0);

/// A thread state of the main interpreter that belongs to no thread.
struct Spare {
    state: PyRc<PyGlobalState>,
    vm: PyMutex<ThreadedVirtualMachine>,
}

/// Whether there is a main interpreter, which may be at its end.
pub(crate) fn is_there() -> bool {
    // Who finalises one may hold the lock meanwhile, so it is not asked for without need.
    Py_IsInitialized() != 0 && (!ENDED.load(Ordering::Acquire) || get_main_interpreter().is_some())
}

/// Called in the thread state of the main interpreter's program before it begins. Does nothing in
/// other threads and interpreters, and when it is called again.
pub(crate) fn begin_program(vm: &VirtualMachine) {
    if BEGUN.load(Ordering::Acquire)
        || !vm.state.is_main
        || vm.state.main_thread_ident.load() != get_ident()
        || !is_there()
        || BEGUN.swap(true, Ordering::AcqRel)
    {
        return;
    }
    let spare = Spare {
        state: vm.state.clone(),
        vm: PyMutex::new(vm.new_thread()),
    };
    set_spare(Some(Arc::new(spare)));
    signals::set_handlers(vm);
}

fn set_spare(spare: Option<Arc<Spare>>) {
    let mut current = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
    let old = core::mem::replace(&mut *current, spare);
    drop(current);
    PROCESS.store(std::process::id(), Ordering::Release);
    // Not under the lock: the last reference to an interpreter may go with it.
    drop(old);
}

/// A thread state of the main interpreter for a thread that is in none; `None` where there is no main
/// interpreter, or it is at its end.
pub(crate) fn new_thread_state() -> Option<ThreadedVirtualMachine> {
    let is_own = PROCESS.load(Ordering::Acquire) == std::process::id();
    let spare = is_own.then(|| SPARE.lock().unwrap_or_else(PoisonError::into_inner).clone());
    match spare.flatten() {
        Some(spare) if spare.state.finalizing.load(Ordering::Acquire) => None,
        Some(spare) => Some(spare.vm.lock().run(VirtualMachine::new_thread)),
        None => get_main_interpreter()
            .as_ref()
            .map(|interpreter| interpreter.enter(VirtualMachine::new_thread)),
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
///
/// [`run_program`] returns the exit code in the form that `fn main` returns.
pub fn run_main(interpreter: Interpreter, f: impl FnOnce(&VirtualMachine) -> PyResult<()>) -> u32 {
    let thread = interpreter.enter(VirtualMachine::new_thread);
    init_main_interpreter(interpreter);
    ENDED.store(false, Ordering::Release);
    let result = thread.run(|vm| {
        begin_program(vm);
        f(vm)
    });
    drop(thread);
    // Threads that ask from now on find none, and wait.
    let interpreter = get_main_interpreter().take();
    let code = interpreter.map_or(0, |interpreter| interpreter.finalize(result.err()));
    ENDED.store(true, Ordering::Release);
    set_spare(None);
    BEGUN.store(false, Ordering::Release);
    code
}

/// [`run_main`], for a `fn main` that returns the [`ExitCode`] of the program.
///
/// # Panics
/// If the process has a main interpreter.
///
/// # Example
/// ```no_run
/// use std::process::ExitCode;
/// use rustpython_capsule_capi::{ExtensionModulesExt, run_program};
/// use rustpython_capsule_glue::{Access, CapsuleBuilderExt};
/// use rustpython_vm::InterpreterBuilder;
///
/// fn main() -> ExitCode {
///     let interpreter = InterpreterBuilder::new()
///         .with_capsules(Access::Open)
///         .with_extension_modules()
///         .build();
///     run_program(interpreter, |vm| vm.import("histogram", 0).map(drop))
/// }
/// ```
pub fn run_program(
    interpreter: Interpreter,
    f: impl FnOnce(&VirtualMachine) -> PyResult<()>,
) -> ExitCode {
    exit_code(run_main(interpreter, f))
}
