//! `pystate.h`: the one function that this crate replaces. A native thread that attaches to an
//! interpreter that is finalizing waits forever, as in CPython, instead of ending the process.

use core::ffi::c_int;

use rustpython_vm::vm::thread::{
    CurrentVmAttachState, ThreadedVirtualMachine, attach_current_thread,
};

use crate::main_interpreter;

const LOCKED: c_int = 0;
const UNLOCKED: c_int = 1;

/// Attaches the thread to the main interpreter, unless it is attached to an interpreter. Returns
/// the state for `PyGILState_Release`. Does not return if the main interpreter is finalizing.
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
