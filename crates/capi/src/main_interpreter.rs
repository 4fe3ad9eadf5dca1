//! The main interpreter of the C API: the one interpreter of a process that native threads are
//! attached to when they call `PyGILState_Ensure`.

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

/// Whether [`run_main`] has finalized its last main interpreter. `rustpython-capi` does not report
/// it.
static FINALIZED: AtomicBool = AtomicBool::new(false);

/// Whether the program of the main interpreter has started.
static PROGRAM_STARTED: AtomicBool = AtomicBool::new(false);

/// The source of thread states for native threads, from the start of the program on. They cannot
/// come from the interpreter itself: it is locked while it is finalized, and finalizing first waits
/// for the threads of Python code, which may wait for native threads.
static THREAD_STATES: Mutex<Option<Arc<ThreadStateSource>>> = Mutex::new(None);

/// The process that set [`THREAD_STATES`]. A forked child must not use it: a thread that only the
/// parent has may have held its locks.
static OWNER_PROCESS: AtomicU32 = AtomicU32::new(0);

/// A thread state of the main interpreter that belongs to no thread and makes those of new threads.
struct ThreadStateSource {
    state: PyRc<PyGlobalState>,
    vm: PyMutex<ThreadedVirtualMachine>,
}

/// Whether there is a main interpreter. It may be finalizing.
pub(crate) fn exists() -> bool {
    // `get_main_interpreter` takes a lock that a finalizing thread may hold, so it is called only
    // if needed.
    Py_IsInitialized() != 0
        && (!FINALIZED.load(Ordering::Acquire) || get_main_interpreter().is_some())
}

/// Sets up native threads and signals for the program of the main interpreter. It is called in the
/// program's thread state before the program starts. It does nothing in other threads and
/// interpreters, and nothing when it is called again.
pub(crate) fn start_program(vm: &VirtualMachine) {
    if PROGRAM_STARTED.load(Ordering::Acquire)
        || !vm.state.is_main
        || vm.state.main_thread_ident.load() != get_ident()
        || !exists()
        || PROGRAM_STARTED.swap(true, Ordering::AcqRel)
    {
        return;
    }
    let source = ThreadStateSource {
        state: vm.state.clone(),
        vm: PyMutex::new(vm.new_thread()),
    };
    set_thread_states(Some(Arc::new(source)));
    signals::set_handlers(vm);
}

fn set_thread_states(source: Option<Arc<ThreadStateSource>>) {
    let mut current = THREAD_STATES.lock().unwrap_or_else(PoisonError::into_inner);
    let old = core::mem::replace(&mut *current, source);
    drop(current);
    OWNER_PROCESS.store(std::process::id(), Ordering::Release);
    // Not under the lock: this may drop the last reference to an interpreter.
    drop(old);
}

/// A thread state of the main interpreter for a thread that is not attached; `None` if there is no
/// main interpreter, or if it is finalizing.
pub(crate) fn new_thread_state() -> Option<ThreadedVirtualMachine> {
    let is_own = OWNER_PROCESS.load(Ordering::Acquire) == std::process::id();
    let source = is_own.then(|| {
        THREAD_STATES
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    });
    match source.flatten() {
        Some(source) if source.state.finalizing.load(Ordering::Acquire) => None,
        Some(source) => Some(source.vm.lock().run(VirtualMachine::new_thread)),
        None => get_main_interpreter()
            .as_ref()
            .map(|interpreter| interpreter.enter(VirtualMachine::new_thread)),
    }
}

/// Makes `interpreter` the main interpreter of the C API, runs `f` in it, and finalizes it. Returns
/// the exit code of a Python program that ends like `f`. An exception that `f` returns is printed.
///
/// `rustpython::run`, built with its feature `capi`, does the same for a Python command line.
///
/// # Panics
/// If the process has a main interpreter already.
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
    FINALIZED.store(false, Ordering::Release);
    let result = thread.run(|vm| {
        start_program(vm);
        f(vm)
    });
    drop(thread);
    // Threads that call `PyGILState_Ensure` from now on find no interpreter, and wait.
    let interpreter = get_main_interpreter().take();
    let code = interpreter.map_or(0, |interpreter| interpreter.finalize(result.err()));
    FINALIZED.store(true, Ordering::Release);
    set_thread_states(None);
    PROGRAM_STARTED.store(false, Ordering::Release);
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
