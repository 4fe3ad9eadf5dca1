//! How threads that belong to no interpreter enter one: the spare thread state that each
//! interpreter keeps for them, the guards that its finalization waits for, and forks. `thread`
//! decides when a thread needs this.

use core::cell::RefCell;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use rustpython_vm::common::lock::PyMutex;
use rustpython_vm::common::rc::PyRc;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::stdlib::_thread::get_ident;
use rustpython_vm::vm::PyGlobalState;
use rustpython_vm::vm::thread::{
    ThreadedVirtualMachine, cleanup_current_thread_frames, current_thread_slot,
    try_with_current_vm, update_thread_exception,
};
use rustpython_vm::warn::warn;
use rustpython_vm::{PyResult, VirtualMachine};

use crate::sync::fork_epoch;

/// The VM's number of an interpreter, unique in the process.
pub type InterpreterId = i64;

/// What a foreign thread needs to enter an interpreter. Every guard holds it.
struct Interpreter {
    state: PyRc<PyGlobalState>,
    /// The thread state from which those of foreign threads are made.
    spare: PyMutex<ThreadedVirtualMachine>,
    guards: AtomicUsize,
}

/// Delays the finalization of an interpreter, so that the thread that holds it can enter the
/// interpreter.
pub(crate) struct InterpreterGuard {
    interpreter: Arc<Interpreter>,
    /// The fork epoch in which it was acquired. The interpreter of a child does not count it.
    epoch: u8,
}

type Interpreters = HashMap<InterpreterId, Arc<Interpreter>>;

/// The interpreters in which Python destructors were made. Each is removed when it is finalized,
/// before a thread that enters it would hang. One that was never finalized is removed with the next
/// insertion.
///
/// A fork waits for this lock. So it is not one of the VM's, whose holders may be suspended while a
/// fork is prepared, and a thread that holds it waits for nothing.
static INTERPRETERS: Mutex<Option<Interpreters>> = Mutex::new(None);

/// How long finalization waits for guards. A thread that holds one may itself wait for a lock that
/// the finalizing thread holds.
const TIMEOUT: Duration = Duration::from_secs(10);

thread_local! {
    /// The interpreters that the thread has entered here.
    static ENTERED: RefCell<Vec<InterpreterId>> = const { RefCell::new(Vec::new()) };
    /// The lock, while this thread forks.
    static HELD_BY_FORK: RefCell<Option<MutexGuard<'static, Option<Interpreters>>>> =
        const { RefCell::new(None) };
}

fn interpreters() -> MutexGuard<'static, Option<Interpreters>> {
    INTERPRETERS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Interpreter {
    fn new(vm: &VirtualMachine) -> Self {
        Self {
            state: vm.state.clone(),
            spare: PyMutex::new(vm.new_thread()),
            guards: AtomicUsize::new(0),
        }
    }

    /// Whether the interpreter is gone: `state` and `spare` have the last two references to it.
    fn is_gone(&self) -> bool {
        PyRc::strong_count(&self.state) <= 2
    }

    /// How many guards there are, except those of the current thread.
    fn guards_of_others(&self) -> usize {
        let id = self.state.interpreter_id;
        let own =
            ENTERED.with_borrow(|entered| entered.iter().filter(|entered| **entered == id).count());
        self.guards.load(Ordering::Acquire).saturating_sub(own)
    }

    /// Polls, since an interpreter is finalized once, and rarely while there are guards.
    ///
    /// # Errors
    /// What a signal handler raises, such as KeyboardInterrupt.
    fn wait_for_guards(&self, vm: &VirtualMachine) -> PyResult<()> {
        let begin = Instant::now();
        while self.guards_of_others() > 0 && begin.elapsed() < TIMEOUT {
            vm.allow_threads(|| thread::sleep(Duration::from_millis(1)));
            vm.check_signals()?;
        }
        Ok(())
    }
}

impl InterpreterGuard {
    /// `None` if the interpreter is finalized, or about to be.
    pub(crate) fn acquire(id: InterpreterId) -> Option<Self> {
        let interpreters = interpreters();
        let interpreter = interpreters.as_ref()?.get(&id)?;
        if interpreter.is_gone() || interpreter.state.finalizing.load(Ordering::Acquire) {
            return None;
        }
        // Under the lock: the thread that removes the interpreter from the map waits for this guard.
        interpreter.guards.fetch_add(1, Ordering::Relaxed);
        Some(Self {
            interpreter: interpreter.clone(),
            epoch: fork_epoch(),
        })
    }

    /// Runs `f` in the interpreter and leaves the thread as it was. Returns `f` as the error if the
    /// VM cannot be entered on this thread, because the thread is exiting.
    pub(crate) fn run<F: FnOnce(&VirtualMachine)>(&self, f: F) -> Result<(), F> {
        let known = self.knows_thread();
        let Some(thread_state) = self.new_thread_state() else {
            return Err(f);
        };
        let id = self.interpreter.state.interpreter_id;
        thread_state.run(|vm| {
            let handled = current_thread_slot().and_then(|slot| slot.exception.load_owned());
            ENTERED.with_borrow_mut(|entered| entered.push(id));
            f(vm);
            ENTERED.with_borrow_mut(Vec::pop);
            if known {
                update_thread_exception(handled);
            } else {
                cleanup_current_thread_frames(vm);
            }
        });
        Ok(())
    }

    /// Whether the thread already belongs to the interpreter, and is only detached from it for now.
    fn knows_thread(&self) -> bool {
        let threads = self.interpreter.state.thread_frames.lock();
        threads
            .get(&get_ident())
            .is_some_and(|slot| slot.thread.id() == thread::current().id())
    }

    /// Each thread gets a thread state of its own, since a destructor may wait for another thread.
    fn new_thread_state(&self) -> Option<ThreadedVirtualMachine> {
        // A thread that has locked the spare state may have to wait for a collection, which waits
        // for attached threads. So no thread waits for the lock while attached.
        let attached = try_with_current_vm(|vm| vm.allow_threads(|| self.interpreter.spare.lock()));
        let spare = attached.unwrap_or_else(|| self.interpreter.spare.lock());
        catch_unwind(AssertUnwindSafe(|| spare.run(VirtualMachine::new_thread))).ok()
    }
}

impl Drop for InterpreterGuard {
    fn drop(&mut self) {
        if self.epoch == fork_epoch() {
            self.interpreter.guards.fetch_sub(1, Ordering::Release);
        }
    }
}

/// Lets foreign threads enter the interpreter of `vm` from now on, and returns its id.
pub fn register(vm: &VirtualMachine) -> InterpreterId {
    let id = vm.state.interpreter_id;
    if interpreters()
        .as_ref()
        .is_some_and(|interpreters| interpreters.contains_key(&id))
    {
        return id;
    }
    install_fork_handlers();
    let interpreter = Arc::new(Interpreter::new(vm));
    let mut removed = Vec::new();
    let known = {
        let mut interpreters = interpreters();
        let interpreters = interpreters.get_or_insert_default();
        removed.extend(interpreters.extract_if(|_, interpreter| interpreter.is_gone()));
        // Another thread may have inserted the interpreter meanwhile; that entry stays.
        let known = interpreters.contains_key(&id);
        removed.extend(match interpreters.entry(id) {
            Entry::Vacant(place) => {
                place.insert(interpreter);
                None
            }
            Entry::Occupied(_) => Some((id, interpreter)),
        });
        known
    };
    // Not under the lock: this may drop the last references to Python objects.
    drop(removed);
    if !known {
        // The VM calls the functions in the order of the list, so this one is the last.
        let exclude = vm.new_function("exclude_foreign_threads", exclude_foreign_threads);
        let entry = PyRc::new((exclude.into(), FuncArgs::default()));
        vm.state.atexit_funcs.lock().push(entry);
    }
    id
}

/// Called at exit: refuses new guards and waits for those that exist. A thread that still holds one
/// after the wait hangs when it next enters the interpreter, as in CPython.
///
/// # Errors
/// What a signal handler raises during the wait, or a warning about the guards that still exist.
fn exclude_foreign_threads(vm: &VirtualMachine) -> PyResult<()> {
    let mut interpreters = interpreters();
    let interpreter = interpreters
        .as_mut()
        .and_then(|interpreters| interpreters.remove(&vm.state.interpreter_id));
    drop(interpreters);
    let Some(interpreter) = interpreter else {
        return Ok(());
    };
    let waited = interpreter.wait_for_guards(vm);
    let warned = match interpreter.guards_of_others() {
        0 => Ok(()),
        others => {
            let text = format!(
                "the interpreter ends while native threads ({others}) are in the Python destructors of \
                 capsules, which they will not finish"
            );
            let category = vm.ctx.exceptions.runtime_warning.to_owned();
            warn(vm.ctx.new_str(text).into(), Some(category), 1, None, vm)
        }
    };
    waited.and(warned)
}

/// Called before the first capsule, and the first guard, are made.
pub(crate) fn install_fork_handlers() {
    #[cfg(unix)]
    fork_handlers::install();
}

#[cfg(unix)]
mod fork_handlers {
    use std::sync::Once;

    use rustpython_vm::common::lock::reinit_mutex_after_fork;

    use super::{HELD_BY_FORK, HashMap, Ordering, RefCell, interpreters};
    use crate::sync::advance_fork_epoch;

    pub(super) fn install() {
        static ONCE: Once = Once::new();
        // SAFETY: the handlers may run around a fork: they use only locks and atomics of this crate.
        ONCE.call_once(|| unsafe {
            let _no_memory = libc::pthread_atfork(Some(before), Some(parent), Some(child));
        });
    }

    /// Locks the map, so that no thread is changing it at the fork.
    unsafe extern "C" fn before() {
        let interpreters = interpreters();
        // A thread that is exiting cannot keep the lock. That is a problem only in the child, and
        // only if another thread changes the map at the same moment.
        let _ = HELD_BY_FORK.try_with(|held| held.replace(Some(interpreters)));
    }

    unsafe extern "C" fn parent() {
        let _ = HELD_BY_FORK.try_with(RefCell::take);
    }

    /// The threads that had entered an interpreter do not exist in the child.
    unsafe extern "C" fn child() {
        advance_fork_epoch();
        let Ok(Some(interpreters)) = HELD_BY_FORK.try_with(RefCell::take) else {
            return;
        };
        for interpreter in interpreters.iter().flat_map(HashMap::values) {
            // SAFETY: the child has only this thread, so no thread holds the mutex. The value behind
            // it is used but never changed, so it is valid.
            unsafe { reinit_mutex_after_fork(&interpreter.spare) };
            interpreter.guards.store(0, Ordering::Relaxed);
        }
    }
}
