//! Which interpreter a thread is in, and how a thread that is in none gets into the one that a
//! Python destructor belongs to. Nothing here knows of capsules.

use core::sync::atomic::Ordering;
use std::collections::HashMap;
use std::panic::catch_unwind;

use rustpython_vm::VirtualMachine;
use rustpython_vm::common::lock::PyMutex;
use rustpython_vm::common::rc::PyRc;
use rustpython_vm::vm::PyGlobalState;
use rustpython_vm::vm::thread::{
    ThreadedVirtualMachine, cleanup_current_thread_frames, current_vm_is_set, try_with_current_vm,
};

/// RustPython's number of an interpreter, unique in the process.
pub(crate) type InterpreterId = i64;

/// What a foreign thread needs to enter an interpreter.
struct Door {
    state: PyRc<PyGlobalState>,
    vm: ThreadedVirtualMachine,
}

impl Door {
    /// An interpreter that is being finalised must not be entered (the thread would hang), and one
    /// of which only this door is left is gone.
    fn is_closed(&self) -> bool {
        // One count is `state`, one is in `vm`.
        self.state.finalizing.load(Ordering::Acquire) || PyRc::strong_count(&self.state) <= 2
    }
}

/// The interpreters in which Python destructors were made. Closed ones leave with the next entry.
static DOORS: PyMutex<Option<HashMap<InterpreterId, Door>>> = PyMutex::new(None);

/// The number of the interpreter that `vm` is in, which from now on can be entered by
/// [`with_home`].
pub(crate) fn home_of(vm: &VirtualMachine) -> InterpreterId {
    let id = vm.state.interpreter_id;
    let mut closed = Vec::new();
    {
        let mut doors = DOORS.lock();
        let doors = doors.get_or_insert_default();
        if !doors.contains_key(&id) {
            closed.extend(doors.extract_if(|_, door| door.is_closed()));
            let state = vm.state.clone();
            let vm = vm.new_thread();
            doors.insert(id, Door { state, vm });
        }
    }
    // Not under the lock: the last references to Python objects may go with them.
    drop(closed);
    id
}

/// Where the current thread stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thread {
    /// In an interpreter.
    Inside,
    /// In none.
    Outside,
    /// At its end: the VM's thread-locals are gone, and to ask for them panics.
    Ending,
}

impl Thread {
    pub(crate) fn current() -> Self {
        match catch_unwind(current_vm_is_set) {
            Ok(true) => Self::Inside,
            Ok(false) => Self::Outside,
            Err(_) => Self::Ending,
        }
    }
}

/// Runs `f` in the interpreter `home`: where the thread is there already, directly; else the
/// thread enters it for the time of the call; a thread at its end has another do it. Does nothing
/// when that interpreter is finalised, or being finalised by another thread.
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
    let visit = move || {
        let visitor = {
            let doors = DOORS.lock();
            match doors.as_ref().and_then(|doors| doors.get(&home)) {
                Some(door) if !door.is_closed() => door.vm.run(VirtualMachine::new_thread),
                _ => return,
            }
        };
        visitor.run(|vm| {
            f(vm);
            if thread != Thread::Inside {
                cleanup_current_thread_frames(vm);
            }
        });
    };
    if thread == Thread::Ending {
        std::thread::scope(|scope| drop(scope.spawn(visit).join()));
    } else {
        visit();
    }
}
