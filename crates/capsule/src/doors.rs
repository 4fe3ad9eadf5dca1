//! The doors through which threads that are in no interpreter get into one: the spare thread states
//! that Python destructors leave behind, who is inside, and how they close and get through a fork.
//! When a thread goes through one is decided in `attach`.

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
#[cfg(unix)]
use rustpython_vm::common::lock::reinit_mutex_after_fork;
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

use crate::fork::{generation, watch};

/// RustPython's number of an interpreter, unique in the process.
pub(crate) type InterpreterId = i64;

/// What a foreign thread needs to enter an interpreter. Held by every visitor.
struct Door {
    state: PyRc<PyGlobalState>,
    vm: PyMutex<ThreadedVirtualMachine>,
    /// How many are about to enter, or inside.
    visitors: AtomicUsize,
}

/// A thread that is about to enter, is inside, or has just left.
pub(crate) struct Visit {
    door: Arc<Door>,
    /// The process that it began in. In a child, nobody counts on it.
    generation: u8,
}

/// The interpreters in which Python destructors were made. Each leaves when it is finalised, before
/// threads that try to enter it would hang; one that was never finalised, with the next entry.
///
/// A fork waits for the lock. So it is not one of the VM's, whose holders may have to stand still
/// while a fork is prepared, and nobody waits for anything while he holds it.
static DOORS: Mutex<Option<Doors>> = Mutex::new(None);

type Doors = HashMap<InterpreterId, Arc<Door>>;

/// How long the end of an interpreter waits for visitors. One may be waiting for a lock that the
/// ending thread has.
const PATIENCE: Duration = Duration::from_secs(10);

thread_local! {
    /// The interpreters that the thread is visiting.
    static INSIDE: RefCell<Vec<InterpreterId>> = const { RefCell::new(Vec::new()) };
    /// The lock, while this thread forks.
    static FORKING: RefCell<Option<MutexGuard<'static, Option<Doors>>>> =
        const { RefCell::new(None) };
}

fn doors() -> MutexGuard<'static, Option<Doors>> {
    DOORS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Door {
    fn new(vm: &VirtualMachine) -> Self {
        Self {
            state: vm.state.clone(),
            vm: PyMutex::new(vm.new_thread()),
            visitors: AtomicUsize::new(0),
        }
    }

    /// Whether only this door is left of the interpreter: one count is `state`, one is in `vm`.
    fn leads_nowhere(&self) -> bool {
        PyRc::strong_count(&self.state) <= 2
    }

    /// How many threads are inside, or about to enter, but for the current one.
    fn others(&self) -> usize {
        let id = self.state.interpreter_id;
        let own =
            INSIDE.with_borrow(|inside| inside.iter().filter(|entered| **entered == id).count());
        self.visitors.load(Ordering::Acquire).saturating_sub(own)
    }

    /// Looks again and again: an interpreter ends once, and seldom with visitors.
    ///
    /// # Errors
    /// What the handler of a signal raises, KeyboardInterrupt for one.
    fn wait_for_others(&self, vm: &VirtualMachine) -> PyResult<()> {
        let begin = Instant::now();
        while self.others() > 0 && begin.elapsed() < PATIENCE {
            vm.allow_threads(|| thread::sleep(Duration::from_millis(1)));
            vm.check_signals()?;
        }
        Ok(())
    }
}

impl Visit {
    /// `None` when the interpreter is finalised, or about to be.
    pub(crate) fn to(home: InterpreterId) -> Option<Self> {
        let doors = doors();
        let door = doors.as_ref()?.get(&home)?;
        if door.leads_nowhere() || door.state.finalizing.load(Ordering::Acquire) {
            return None;
        }
        // Under the lock of the doors: who closes this one waits for us.
        door.visitors.fetch_add(1, Ordering::Relaxed);
        Some(Self {
            door: door.clone(),
            generation: generation(),
        })
    }

    /// Runs `f` inside, and leaves the thread as it was. Gives `f` back where the VM cannot be entered
    /// on this thread, because it is at its end.
    pub(crate) fn run<F: FnOnce(&VirtualMachine)>(&self, f: F) -> Result<(), F> {
        let known = self.knows_thread();
        let Some(visitor) = self.enter() else {
            return Err(f);
        };
        let id = self.door.state.interpreter_id;
        visitor.run(|vm| {
            let handled = current_thread_slot().and_then(|slot| slot.exception.load_owned());
            INSIDE.with_borrow_mut(|inside| inside.push(id));
            f(vm);
            INSIDE.with_borrow_mut(Vec::pop);
            if known {
                update_thread_exception(handled);
            } else {
                cleanup_current_thread_frames(vm);
            }
        });
        Ok(())
    }

    /// Whether the interpreter knows the thread, which is detached from it then, and will come back.
    fn knows_thread(&self) -> bool {
        let threads = self.door.state.thread_frames.lock();
        threads
            .get(&get_ident())
            .is_some_and(|slot| slot.thread.id() == thread::current().id())
    }

    /// A thread state for the visitor: its own, since a destructor may wait for another thread's.
    fn enter(&self) -> Option<ThreadedVirtualMachine> {
        // Whoever holds the spare state may have to wait for a collector, so nobody waits for it
        // attached.
        let attached = try_with_current_vm(|vm| vm.allow_threads(|| self.door.vm.lock()));
        let spare = attached.unwrap_or_else(|| self.door.vm.lock());
        catch_unwind(AssertUnwindSafe(|| spare.run(VirtualMachine::new_thread))).ok()
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if self.generation == generation() {
            self.door.visitors.fetch_sub(1, Ordering::Release);
        }
    }
}

/// The number of the interpreter that `vm` is in, which from now on can be entered by
/// a [`Visit`].
pub(crate) fn home_of(vm: &VirtualMachine) -> InterpreterId {
    let id = vm.state.interpreter_id;
    if doors()
        .as_ref()
        .is_some_and(|doors| doors.contains_key(&id))
    {
        return id;
    }
    watch();
    let door = Arc::new(Door::new(vm));
    let mut gone = Vec::new();
    let known = {
        let mut doors = doors();
        let doors = doors.get_or_insert_default();
        gone.extend(doors.extract_if(|_, door| door.leads_nowhere()));
        // Another thread may have been here meanwhile; its door stays.
        let known = doors.contains_key(&id);
        gone.extend(match doors.entry(id) {
            Entry::Vacant(place) => {
                place.insert(door);
                None
            }
            Entry::Occupied(_) => Some((id, door)),
        });
        known
    };
    // Not under the lock: the last references to Python objects may go with them.
    drop(gone);
    if !known {
        // Last in the list, which begins with what is called first.
        let close = vm.new_function("close_door", close_door);
        let entry = PyRc::new((close.into(), FuncArgs::default()));
        vm.state.atexit_funcs.lock().push(entry);
    }
    id
}

/// Called at exit: lets nobody in any more, and waits for those who are inside. Those who do not come
/// out will hang where they next enter the interpreter, as in CPython.
///
/// # Errors
/// What the handler of a signal raises while it waits, or the warning of those it gave up on.
fn close_door(vm: &VirtualMachine) -> PyResult<()> {
    let mut doors = doors();
    let door = doors
        .as_mut()
        .and_then(|doors| doors.remove(&vm.state.interpreter_id));
    drop(doors);
    let Some(door) = door else {
        return Ok(());
    };
    let waited = door.wait_for_others(vm);
    let warned = match door.others() {
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

/// Called before a fork, so that the doors are whole in the child.
#[cfg(unix)]
pub(crate) fn before_fork() {
    let doors = doors();
    // A thread that has lost its thread-locals forks without: no harm but in the child, if another
    // thread is changing the list right now.
    let _ = FORKING.try_with(|forking| forking.replace(Some(doors)));
}

/// Called after a fork in the parent.
#[cfg(unix)]
pub(crate) fn after_fork_in_parent() {
    let _ = FORKING.try_with(RefCell::take);
}

/// Called after a fork in the child: those who were inside are not here.
///
/// # Safety
/// The process has one thread.
#[cfg(unix)]
pub(crate) unsafe fn after_fork_in_child() {
    let Ok(Some(doors)) = FORKING.try_with(RefCell::take) else {
        return;
    };
    for door in doors.iter().flat_map(HashMap::values) {
        // SAFETY: passed on from the caller. What is locked is never changed, only used.
        unsafe { reinit_mutex_after_fork(&door.vm) };
        door.visitors.store(0, Ordering::Relaxed);
    }
}
