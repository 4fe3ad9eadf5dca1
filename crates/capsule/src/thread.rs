//! Running code in an interpreter on whatever thread: one that is attached to it, one that is not,
//! and one that is exiting. Nothing here depends on capsules.

use core::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustpython_vm::VirtualMachine;
use rustpython_vm::vm::thread::{attach_for_callback, current_vm_is_set, try_with_current_vm};

use crate::foreign_threads::{InterpreterGuard, InterpreterId};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Unknown,
    Running,
    /// The VM's thread-locals are destroyed, or about to be; accessing them panics.
    Exiting,
}

thread_local! {
    static STAGE: Cell<Stage> = const { Cell::new(Stage::Unknown) };
    static EXIT_HOOK: ExitHook = const { ExitHook };
}

/// Thread-locals are destroyed in the reverse order of their first use. This one is first used
/// after the VM's, so it is destroyed before them.
struct ExitHook;

impl Drop for ExitHook {
    fn drop(&mut self) {
        STAGE.set(Stage::Exiting);
    }
}

/// Whether the current thread is exiting. During thread shutdown the VM's thread-locals are already
/// destroyed; accessing them panics.
#[inline]
pub(crate) fn is_exiting() -> bool {
    let stage = match STAGE.get() {
        Stage::Unknown => find_stage(),
        known => known,
    };
    stage == Stage::Exiting
}

#[cold]
fn find_stage() -> Stage {
    // The VM uses the handle of the thread as well. It is already destroyed when the keys of a C
    // library are, and the VM's thread-locals would then be made anew.
    let stage = match catch_unwind(|| (std::thread::current().id(), current_vm_is_set())) {
        // The VM's thread-locals exist now, so `EXIT_HOOK` is younger.
        Ok(_) if EXIT_HOOK.try_with(|_| ()).is_ok() => Stage::Running,
        _ => Stage::Exiting,
    };
    STAGE.set(stage);
    stage
}

/// Whether the thread belongs to an interpreter, and may call it.
#[inline]
pub fn is_attached() -> bool {
    !is_exiting() && current_vm_is_set()
}

/// Runs `f` in the interpreter that the thread belongs to, attached to it. Does nothing on a thread
/// that belongs to none.
#[inline]
pub(crate) fn with_attached(f: impl FnOnce(&VirtualMachine)) {
    if !is_exiting() {
        // If some of the VM's thread-locals were destroyed before ours, the VM panics before it
        // calls `f`.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            try_with_current_vm(|vm| attach_for_callback(vm, || f(vm)))
        }));
    }
}

/// Runs `f` in the interpreter with this id. A thread that belongs to it runs `f` directly. Any
/// other thread enters the interpreter for the duration of the call; a thread that is exiting has
/// another thread do so.
///
/// Does nothing if the interpreter is finalized, or being finalized by another thread. Finalization
/// that begins after `f` did waits for it.
pub fn with_interpreter(id: InterpreterId, f: impl FnOnce(&VirtualMachine) + Send) {
    let exiting = is_exiting();
    let mut f = Some(f);
    if !exiting {
        try_with_current_vm(|vm| {
            if vm.state.interpreter_id == id
                && let Some(f) = f.take()
            {
                attach_for_callback(vm, || f(vm));
            }
        });
    }
    let Some(f) = f else {
        return;
    };
    let Some(guard) = InterpreterGuard::acquire(id) else {
        return;
    };
    let f = if exiting { Some(f) } else { guard.run(f).err() };
    if let Some(f) = f {
        std::thread::scope(|scope| {
            // If no thread can be started, `f` is dropped without a call.
            let other = std::thread::Builder::new().spawn_scoped(scope, || guard.run(f));
            drop(other.map(std::thread::ScopedJoinHandle::join));
        });
    }
}
