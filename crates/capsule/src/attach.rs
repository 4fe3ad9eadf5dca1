//! Which interpreter a thread is in, and how a thread that is in none gets into the one that a
//! Python destructor belongs to. Nothing here knows of capsules.

use core::cell::Cell;
use core::sync::atomic::Ordering;
use std::collections::HashMap;
use std::panic::catch_unwind;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rustpython_vm::VirtualMachine;
use rustpython_vm::common::lock::PyMutex;
use rustpython_vm::common::rc::PyRc;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::vm::PyGlobalState;
use rustpython_vm::vm::thread::{
    ThreadedVirtualMachine, attach_for_callback, cleanup_current_thread_frames, current_vm_is_set,
    try_with_current_vm,
};

/// RustPython's number of an interpreter, unique in the process.
pub(crate) type InterpreterId = i64;

/// What a foreign thread needs to enter an interpreter. Held by every visitor.
struct Door {
    state: PyRc<PyGlobalState>,
    vm: PyMutex<ThreadedVirtualMachine>,
    visitors: Mutex<usize>,
    left: Condvar,
}

/// A thread that is about to enter, is inside, or has just left.
struct Visit(Arc<Door>);

/// The interpreters in which Python destructors were made. Each leaves when it is finalised, before
/// threads that try to enter it would hang; one that was never finalised, with the next entry.
static DOORS: PyMutex<Option<HashMap<InterpreterId, Arc<Door>>>> = PyMutex::new(None);

impl Door {
    fn new(vm: &VirtualMachine) -> Self {
        Self {
            state: vm.state.clone(),
            vm: PyMutex::new(vm.new_thread()),
            visitors: Mutex::new(0),
            left: Condvar::new(),
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
    fn to(home: InterpreterId) -> Option<Self> {
        let doors = DOORS.lock();
        let door = doors.as_ref()?.get(&home)?;
        if door.leads_nowhere() || door.state.finalizing.load(Ordering::Acquire) {
            return None;
        }
        // Under the lock of the doors: who closes this one waits for us.
        *door.visitors() += 1;
        Some(Self(door.clone()))
    }

    fn run(&self, f: impl FnOnce(&VirtualMachine)) {
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
        *self.0.visitors() -= 1;
        self.0.left.notify_all();
    }
}

/// The number of the interpreter that `vm` is in, which from now on can be entered by
/// [`with_home`].
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

/// Where the current thread stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thread {
    /// In an interpreter.
    Inside,
    /// In none.
    Outside,
    /// At its end: the VM's thread-locals are gone, or about to go, and to ask for them panics.
    Ending,
}

impl Thread {
    pub(crate) fn current() -> Self {
        if Self::current_is_ending() {
            Self::Ending
        } else if current_vm_is_set() {
            Self::Inside
        } else {
            Self::Outside
        }
    }

    #[inline]
    pub(crate) fn current_is_ending() -> bool {
        match STAGE.get() {
            Stage::New => first_stage() == Stage::Ending,
            Stage::Running => false,
            Stage::Ending => true,
        }
    }
}

/// Runs `f` in the interpreter that the thread is in, attached to it. Does nothing where it is in
/// none.
#[inline]
pub(crate) fn with_attached(f: impl FnOnce(&VirtualMachine)) {
    if !Thread::current_is_ending() {
        try_with_current_vm(|vm| attach_for_callback(vm, || f(vm)));
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nobody has asked yet.
    New,
    Running,
    Ending,
}

thread_local! {
    static STAGE: Cell<Stage> = const { Cell::new(Stage::New) };
    static END: End = const { End };
}

/// Dropped before the VM's thread-locals: what a thread makes last, it drops first.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        STAGE.set(Stage::Ending);
    }
}

#[cold]
fn first_stage() -> Stage {
    let stage = match catch_unwind(current_vm_is_set) {
        // The VM has its thread-locals by now, and we make ours.
        Ok(_) if END.try_with(|_| ()).is_ok() => Stage::Running,
        _ => Stage::Ending,
    };
    STAGE.set(stage);
    stage
}

/// Runs `f` in the interpreter `home`: where the thread is there already, directly; else the
/// thread enters it for the time of the call; a thread at its end has another do it. Does nothing
/// when that interpreter is finalised, or being finalised by another thread; but once inside, its
/// finalisation waits.
pub(crate) fn with_home(home: InterpreterId, f: impl FnOnce(&VirtualMachine) + Send) {
    let thread = Thread::current();
    let mut f = Some(f);
    if thread == Thread::Inside {
        try_with_current_vm(|vm| {
            if vm.state.interpreter_id == home
                && let Some(f) = f.take()
            {
                f(vm);
            }
        });
    }
    let Some(f) = f else {
        return;
    };
    let Some(visit) = Visit::to(home) else {
        return;
    };
    let enter = move || {
        visit.run(|vm| {
            f(vm);
            if thread != Thread::Inside {
                cleanup_current_thread_frames(vm);
            }
        });
    };
    if thread == Thread::Ending {
        std::thread::scope(|scope| {
            // With no thread to be had, the callable is dropped.
            let other = std::thread::Builder::new().spawn_scoped(scope, enter);
            drop(other.map(std::thread::ScopedJoinHandle::join));
        });
    } else {
        enter();
    }
}
