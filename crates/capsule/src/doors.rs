//! The doors through which threads that are in no interpreter get into one: the spare thread states
//! that Python destructors leave behind, and who is inside. When they close, `attach` tells.

use core::sync::atomic::Ordering;
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rustpython_vm::VirtualMachine;
use rustpython_vm::common::lock::PyMutex;
use rustpython_vm::common::rc::PyRc;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::vm::PyGlobalState;
use rustpython_vm::vm::thread::{ThreadedVirtualMachine, try_with_current_vm};

use crate::fork::generation;

/// RustPython's number of an interpreter, unique in the process.
pub(crate) type InterpreterId = i64;

/// What a foreign thread needs to enter an interpreter. Held by every visitor.
struct Door {
    state: PyRc<PyGlobalState>,
    vm: PyMutex<ThreadedVirtualMachine>,
    visitors: Mutex<usize>,
    left: Condvar,
    /// The process that it was made in. In another, its locks may be held by threads that are not.
    generation: u8,
}

/// A thread that is about to enter, is inside, or has just left.
pub(crate) struct Visit(Arc<Door>);

/// The interpreters in which Python destructors were made. Each leaves when it is finalised, before
/// threads that try to enter it would hang; one that was never finalised, with the next entry.
static DOORS: PyMutex<Option<Doors>> = PyMutex::new(None);

type Doors = HashMap<InterpreterId, Arc<Door>>;

impl Door {
    fn new(vm: &VirtualMachine) -> Self {
        Self {
            state: vm.state.clone(),
            vm: PyMutex::new(vm.new_thread()),
            visitors: Mutex::new(0),
            left: Condvar::new(),
            generation: generation(),
        }
    }

    /// Whether only this door is left of the interpreter: one count is `state`, one is in `vm`.
    fn leads_nowhere(&self) -> bool {
        PyRc::strong_count(&self.state) <= 2
    }

    fn visitors(&self) -> MutexGuard<'_, usize> {
        self.visitors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_until_all_left(&self) {
        let visitors = self.visitors();
        let waited = self.left.wait_while(visitors, |visitors| *visitors > 0);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

impl Visit {
    /// `None` when the interpreter is finalised, or about to be.
    pub(crate) fn to(home: InterpreterId) -> Option<Self> {
        let doors = DOORS.lock();
        let door = doors.as_ref()?.get(&home)?;
        if door.leads_nowhere() || door.state.finalizing.load(Ordering::Acquire) {
            return None;
        }
        // Under the lock of the doors: who closes this one waits for us.
        *door.visitors() += 1;
        Some(Self(door.clone()))
    }

    /// Runs `f` inside.
    pub(crate) fn run(&self, f: impl FnOnce(&VirtualMachine)) {
        // A thread state of its own, since a destructor may wait for another thread's. Whoever
        // holds the spare one may have to wait for a collector, so nobody waits for it attached.
        let attached = try_with_current_vm(|vm| vm.allow_threads(|| self.0.vm.lock()));
        let spare = attached.unwrap_or_else(|| self.0.vm.lock());
        let visitor = spare.run(VirtualMachine::new_thread);
        drop(spare);
        visitor.run(f);
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if self.0.generation == generation() {
            *self.0.visitors() -= 1;
            self.0.left.notify_all();
        }
    }
}

/// The number of the interpreter that `vm` is in, which from now on can be entered by
/// a [`Visit`].
pub(crate) fn home_of(vm: &VirtualMachine) -> InterpreterId {
    let id = vm.state.interpreter_id;
    let mut gone = Vec::new();
    {
        let mut doors = DOORS.lock();
        let doors = doors.get_or_insert_default();
        if doors.contains_key(&id) {
            return id;
        }
        gone.extend(doors.extract_if(|_, door| door.leads_nowhere()));
        doors.insert(id, Arc::new(Door::new(vm)));
    }
    // Not under the lock: the last references to Python objects may go with them.
    drop(gone);
    // Last in the list, which begins with what is called first.
    let close = vm.new_function("close_door", close_door);
    let entry = PyRc::new((close.into(), FuncArgs::default()));
    vm.state.atexit_funcs.lock().push(entry);
    #[cfg(unix)]
    {
        let reopen = vm.new_function("reopen_door", reopen_door);
        vm.state.after_forkers_child.lock().push(reopen.into());
    }
    id
}

/// Called at exit: lets nobody in any more, and waits for those who are.
fn close_door(vm: &VirtualMachine) {
    let mut doors = DOORS.lock();
    let door = doors
        .as_mut()
        .and_then(|doors| doors.remove(&vm.state.interpreter_id));
    drop(doors);
    if let Some(door) = door {
        vm.allow_threads(|| door.wait_until_all_left());
    }
}

/// Called in the child of a fork: the doors of the parent are not its own.
///
/// # Safety
/// The process has one thread, which is in the handler of a fork.
#[cfg(unix)]
pub(crate) unsafe fn forget_all() {
    // SAFETY: passed on from the caller.
    unsafe { rustpython_vm::common::lock::reinit_mutex_after_fork(&DOORS) };
    // Whoever held the lock may have left anything there; nothing of it is looked at.
    core::mem::forget(DOORS.lock().take());
}

/// Called by `os.fork` in the child.
#[cfg(unix)]
fn reopen_door(vm: &VirtualMachine) {
    let id = vm.state.interpreter_id;
    let door = Arc::new(Door::new(vm));
    DOORS.lock().get_or_insert_default().insert(id, door);
}
