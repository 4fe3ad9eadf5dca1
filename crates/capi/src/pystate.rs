//! `pystate.h`, the one function of it that must be ours: a native thread that asks for an
//! interpreter which is at its end waits for ever, as it does in CPython, instead of ending the
//! process.

use core::ffi::c_int;

use rustpython_vm::vm::thread::{
    CurrentVmAttachState, ThreadedVirtualMachine, attach_current_thread,
};

use crate::main_interpreter;

const LOCKED: c_int = 0;
const UNLOCKED: c_int = 1;

/// Attaches the thread to the main interpreter, if it is attached to none. What it gives is for
/// `PyGILState_Release`.
#[unsafe(no_mangle)]
pub extern "C" fn PyGILState_Ensure() -> c_int {
    match attach_current_thread(new_thread_state) {
        CurrentVmAttachState::AlreadyAttached => LOCKED,
        CurrentVmAttachState::Attached => UNLOCKED,
    }
}

fn new_thread_state() -> ThreadedVirtualMachine {
    main_interpreter::new_thread_state().unwrap_or_else(|| {
        loop {
            std::thread::park();
        }
    })
}
