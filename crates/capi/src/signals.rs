//! Signal handlers for the program that the main interpreter of the C API runs. The VM sets
//! Python's initial handlers in the thread state that created the interpreter. The program runs in
//! another thread state of the same thread, which has no handlers, so Ctrl-C would not interrupt
//! it.

use core::ffi::c_int;

use rustpython_vm::{PyResult, VirtualMachine};

/// Sets Python's initial handlers in the thread state of a program that is about to start: SIGINT
/// raises KeyboardInterrupt, other signals keep the disposition of the process. Does nothing if the
/// embedder has disabled signal handlers.
pub(crate) fn set_handlers(vm: &VirtualMachine) {
    if !vm.state.config.settings.install_signal_handlers {
        return;
    }
    // The program can run without the handlers.
    if let Err(error) = set_each(vm) {
        vm.run_unraisable(error, None, vm.ctx.none());
    }
}

fn set_each(vm: &VirtualMachine) -> PyResult<()> {
    let signal = vm.import("_signal", 0)?;
    let interrupt: c_int = signal.get_attr("SIGINT", vm)?.try_into_value(vm)?;
    let valid = vm.call_method(&signal, "valid_signals", ())?;
    for number in valid.try_to_value::<Vec<c_int>>(vm)? {
        let known = vm.call_method(&signal, "getsignal", (number,))?;
        let handler = match disposition(number) {
            _ if !vm.is_none(&known) => continue,
            _ if number == interrupt => signal.get_attr("default_int_handler", vm)?,
            Some(disposition) => vm.ctx.new_int(disposition).into(),
            None => continue,
        };
        vm.call_method(&signal, "signal", (number, handler))?;
    }
    Ok(())
}

/// The disposition of a signal in the process, SIG_DFL or SIG_IGN; `None` if it has a handler or
/// cannot be caught.
#[cfg(unix)]
fn disposition(signal: c_int) -> Option<libc::sighandler_t> {
    if [libc::SIGKILL, libc::SIGSTOP].contains(&signal) {
        return None;
    }
    let mut action = core::mem::MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: with a null action it changes nothing; it writes the old action to `action`.
    let status = unsafe { libc::sigaction(signal, core::ptr::null(), action.as_mut_ptr()) };
    if status != 0 {
        return None;
    }
    // SAFETY: `sigaction` succeeded, so it has written the action.
    let handler = unsafe { action.assume_init() }.sa_sigaction;
    [libc::SIG_DFL, libc::SIG_IGN]
        .contains(&handler)
        .then_some(handler)
}

#[cfg(not(unix))]
fn disposition(_signal: c_int) -> Option<usize> {
    None
}
