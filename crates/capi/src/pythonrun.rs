//! `pythonrun.h`: the functions that print exceptions and end the process for a SystemExit. Raising
//! is in `pyerrors`. The other functions of the header come from `rustpython-capi`.

use core::ffi::c_int;
use core::sync::atomic::Ordering;

use rustpython_capi::get_main_interpreter;
use rustpython_vm::builtins::{PyBaseException, PyBaseExceptionRef};
use rustpython_vm::stdlib::_thread::get_ident;
use rustpython_vm::stdlib::atexit::_run_exitfuncs;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, VirtualMachine};

use crate::boundary::{argument, enter};

/// Prints the pending exception as [`PyErr_PrintEx`] does, and stores it in `sys`.
#[unsafe(no_mangle)]
pub extern "C" fn PyErr_Print() {
    PyErr_PrintEx(1);
}

/// Passes the pending exception to `sys.excepthook`, and stores it in `sys` as the last exception
/// if `set_sys_last_vars` is not 0. Does nothing if none is pending. A SystemExit ends the process.
#[unsafe(no_mangle)]
pub extern "C" fn PyErr_PrintEx(set_sys_last_vars: c_int) {
    enter(|vm| {
        if let Some(exception) = vm.take_raised_exception() {
            let exception = exit_on_system_exit(exception, vm);
            if set_sys_last_vars != 0 {
                set_sys_last(&exception, vm);
            }
            call_excepthook(exception, vm);
        }
        Ok(())
    })
}

/// Writes an exception and its traceback to `sys.stderr`.
///
/// # Safety
/// `exception` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyErr_DisplayException(exception: *mut PyObject) {
    enter(|vm| {
        // SAFETY: `exception` is NULL or an object, which the caller keeps alive.
        let exception = unsafe { argument(exception, vm) }?;
        match exception.downcast_ref::<PyBaseException>() {
            Some(exception) => display(exception, vm),
            None => {
                let class = exception.class().name().to_string();
                let text = "TypeError: print_exception(): Exception expected for value, ";
                write(&format!("{text}{class} found\n"), vm);
            }
        }
        Ok(())
    })
}

/// Sets `sys.last_exc` and its older companions, which the interactive prompt offers.
fn set_sys_last(exception: &Py<PyBaseException>, vm: &VirtualMachine) {
    let (class, value, traceback) = vm.split_exception(exception.to_owned());
    let names = ["last_exc", "last_type", "last_value", "last_traceback"];
    for (name, value) in names
        .into_iter()
        .zip([value.clone(), class, value, traceback])
    {
        // The exception is printed even if this fails.
        let _ = vm.sys_module.set_attr(name, value, vm);
    }
}

/// Calls `sys.excepthook`. If the hook raises, prints both exceptions.
fn call_excepthook(exception: PyBaseExceptionRef, vm: &VirtualMachine) {
    let Ok(hook) = vm.sys_module.get_attr("excepthook", vm) else {
        write("sys.excepthook is missing\n", vm);
        return display(&exception, vm);
    };
    if let Err(raised) = hook.call(vm.split_exception(exception.clone()), vm) {
        let raised = exit_on_system_exit(raised, vm);
        write("Error in sys.excepthook:\n", vm);
        display(&raised, vm);
        write("\nOriginal exception was:\n", vm);
        display(&exception, vm);
    }
}

fn display(exception: &Py<PyBaseException>, vm: &VirtualMachine) {
    let stderr = vm.sys_module.get_attr("stderr", vm);
    if stderr.is_ok_and(|stderr| vm.is_none(&stderr)) {
        return;
    }
    let hook = vm.sys_module.get_attr("__excepthook__", vm);
    // There is no other place to report a failure.
    let _ = hook.and_then(|hook| hook.call(vm.split_exception(exception.to_owned()), vm));
}

fn write(text: &str, vm: &VirtualMachine) {
    let stderr = vm.sys_module.get_attr("stderr", vm);
    // There is no other place to report a failure.
    let _ = stderr.and_then(|stderr: PyObjectRef| vm.call_method(&stderr, "write", (text,)));
}

/// Ends the process for a SystemExit, unless the program was started with `-i`, which continues
/// with a prompt. Returns any other exception.
fn exit_on_system_exit(exception: PyBaseExceptionRef, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let is_exit = exception.fast_isinstance(vm.ctx.exceptions.system_exit);
    if !is_exit || vm.state.config.settings.inspect {
        return exception;
    }
    exit(exception, vm)
}

/// Ends the process. Only the thread that started the main interpreter can finalize it, because the
/// VM's stack limits are those of that thread. On another thread only the exit functions run.
fn exit(exception: PyBaseExceptionRef, vm: &VirtualMachine) -> ! {
    let interpreter = can_finalize(vm).then(|| {
        let mut main = get_main_interpreter();
        let thread = main
            .as_ref()
            .map(|main| main.enter(|vm| vm.state.main_thread_ident.load()));
        main.take_if(|_| thread == Some(get_ident()))
    });
    let code = match interpreter.flatten() {
        Some(interpreter) => interpreter.finalize(Some(exception)),
        None => {
            let code = vm.handle_exit_exception(exception);
            _run_exitfuncs(vm);
            for name in ["stdout", "stderr"] {
                let stream = vm.sys_module.get_attr(name, vm);
                // There is no other place to report a failure.
                let _ = stream.and_then(|stream| vm.call_method(&stream, "flush", ()));
            }
            code
        }
    };
    std::process::exit(code.cast_signed())
}

/// Whether this thread started the interpreter and is not finalizing it already. The finalizing
/// thread holds the lock of the main interpreter while it waits for other threads, so neither it
/// nor they may take the lock then.
fn can_finalize(vm: &VirtualMachine) -> bool {
    let on_its_thread = vm.state.main_thread_ident.load() == get_ident();
    if !on_its_thread || vm.state.finalizing.load(Ordering::Acquire) {
        return false;
    }
    // Finalizing begins with a call of `threading._shutdown`.
    let threading = vm.import("threading", 0);
    let begun = threading.and_then(|threading| threading.get_attr("_SHUTTING_DOWN", vm));
    !begun.is_ok_and(|begun| begun.is(&vm.ctx.true_value))
}
