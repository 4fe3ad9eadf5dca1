//! The interpreter that C code means: the C API knows one in a process, which has all native
//! threads that ask for one.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustpython_capi::pylifecycle::Py_IsInitialized;
use rustpython_capi::{get_main_interpreter, init_main_interpreter};
use rustpython_vm::common::lock::PyMutex;
use rustpython_vm::common::rc::PyRc;
use rustpython_vm::stdlib::_thread::get_ident;
use rustpython_vm::vm::PyGlobalState;
use rustpython_vm::vm::thread::ThreadedVirtualMachine;
use rustpython_vm::{Interpreter, PyResult, VirtualMachine};

use crate::signals;

/// Whether the last main interpreter of [`run_main`] has ended; the C API does not tell.
static FINALIZED: AtomicBool = AtomicBool::new(false);

/// Whether the program of the main interpreter has begun.
static PROGRAM_STARTED: AtomicBool = AtomicBool::new(false);

/// What native threads get their thread states from, from the beginning of the program on. The
/// interpreter itself is locked while it is finalised, and the first thing that it then does is to
/// wait for the threads of Python code, which may wait for native ones.
static THREAD_STATES: Mutex<Option<Arc<ThreadStateSource>>> = Mutex::new(None);

/// The process that has the spare thread state. In a child, nobody knows who held its locks.
static OWNER_PROCESS: AtomicU32 = AtomicU32::new(0);

/// A thread state of the main interpreter that belongs to no thread.
struct ThreadStateSource {
    state: PyRc<PyGlobalState>,
    vm: PyMutex<ThreadedVirtualMachine>,
}

/// Whether there is a main interpreter, which may be at its end.
pub(crate) fn exists() -> bool {
    // Who finalises one may hold the lock meanwhile, so it is not asked for without need.
    Py_IsInitialized() != 0
        && (!FINALIZED.load(Ordering::Acquire) || get_main_interpreter().is_some())
}

/// Called in the thread state of the main interpreter's program before it begins. Does nothing in
/// other threads and interpreters, and when it is called again.
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
    // Not under the lock: the last reference to an interpreter may go with it.
    drop(old);
}

/// A thread state of the main interpreter for a thread that is in none; `None` where there is no main
/// interpreter, or it is at its end.
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
    FINALIZED.store(false, Ordering::Release);
    let result = thread.run(|vm| {
        start_program(vm);
        f(vm)
    });
    drop(thread);
    // Threads that ask from now on find none, and wait.
    let interpreter = get_main_interpreter().take();
    let code = interpreter.map_or(0, |interpreter| interpreter.finalize(result.err()));
    FINALIZED.store(true, Ordering::Release);
    set_thread_states(None);
    PROGRAM_STARTED.store(false, Ordering::Release);
    code
}
