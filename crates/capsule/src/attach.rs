//! Which interpreter a thread is in, and how a thread that is in none gets into the one that a
//! Python destructor belongs to. Nothing here knows of capsules.

use core::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustpython_vm::VirtualMachine;
use rustpython_vm::vm::thread::{attach_for_callback, current_vm_is_set, try_with_current_vm};

use crate::doors::{InterpreterId, Visit};

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
        // Where the VM has lost some of its thread-locals before ours, it panics before it calls `f`.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            try_with_current_vm(|vm| attach_for_callback(vm, || f(vm)))
        }));
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
    // The VM asks for the handle of the thread too. Where a C library's keys are destroyed, it is
    // gone, and the VM's thread-locals would be made anew.
    let stage = match catch_unwind(|| (std::thread::current().id(), current_vm_is_set())) {
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
                attach_for_callback(vm, || f(vm));
            }
        });
    }
    let Some(f) = f else {
        return;
    };
    let Some(visit) = Visit::to(home) else {
        return;
    };
    let f = if thread == Thread::Ending {
        Some(f)
    } else {
        visit.run(f).err()
    };
    if let Some(f) = f {
        std::thread::scope(|scope| {
            // With no thread to be had, the callable is dropped.
            let other = std::thread::Builder::new().spawn_scoped(scope, || visit.run(f));
            drop(other.map(std::thread::ScopedJoinHandle::join));
        });
    }
}
