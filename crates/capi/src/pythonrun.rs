//! `pythonrun.h`, the part of it that prints exceptions, and ends the process for a SystemExit.
//! What raises them is in `pyerrors`.

use core::ffi::c_int;
use core::sync::atomic::Ordering;

use rustpython_capi::get_main_interpreter;
use rustpython_vm::builtins::{PyBaseException, PyBaseExceptionRef};
use rustpython_vm::stdlib::_thread::get_ident;
use rustpython_vm::stdlib::atexit::_run_exitfuncs;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, VirtualMachine};

use crate::boundary::{argument, enter};

/// Prints the pending exception as [`PyErr_PrintEx`] does, and keeps it in `sys`.
#[unsafe(no_mangle)]
pub extern "C" fn PyErr_Print() {
    PyErr_PrintEx(1);
}

/// Gives the pending exception to `sys.excepthook`; nothing happens where none is pending. Of a
/// SystemExit the process ends.
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

/// Writes an exception to `sys.stderr`.
///
/// # Safety
/// `exception` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyErr_DisplayException(exception: *mut PyObject) {
    enter(|vm| {
        // SAFETY: passed on from the caller.
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

/// What there is in the interpreter's prompt of the exception that was printed last.
fn set_sys_last(exception: &Py<PyBaseException>, vm: &VirtualMachine) {
    let (class, value, traceback) = vm.split_exception(exception.to_owned());
    let names = ["last_exc", "last_type", "last_value", "last_traceback"];
    for (name, value) in names
        .into_iter()
        .zip([value.clone(), class, value, traceback])
    {
        // The exception is printed all the same.
        let _ = vm.sys_module.set_attr(name, value, vm);
    }
}

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
    // There is nowhere to say that this has failed.
    let _ = hook.and_then(|hook| hook.call(vm.split_exception(exception.to_owned()), vm));
}

fn write(text: &str, vm: &VirtualMachine) {
    let stderr = vm.sys_module.get_attr("stderr", vm);
    // There is nowhere to say that this has failed.
    let _ = stderr.and_then(|stderr: PyObjectRef| vm.call_method(&stderr, "write", (text,)));
}

/// Ends the process as a program ends that leaves a SystemExit, unless it was started to go on with
/// a prompt then (`-i`). Any other exception is given back.
fn exit_on_system_exit(exception: PyBaseExceptionRef, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let is_exit = exception.fast_isinstance(vm.ctx.exceptions.system_exit);
    if !is_exit || vm.state.config.settings.inspect {
        return exception;
    }
    exit(exception, vm)
}

/// Ends the process. Only the thread that the main interpreter was started on can finalise it,
/// since the VM measures the stack by that one's; on another, the exit functions run, and no more.
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
                // There is nowhere to say that this has failed.
                let _ = stream.and_then(|stream| vm.call_method(&stream, "flush", ()));
            }
            code
        }
    };
    std::process::exit(code.cast_signed())
}

/// Whether this thread is the one that the interpreter was started on, and does not finalise it
/// already. The thread that finalises it holds the lock of the main interpreter to the end, and waits
/// for other threads; so neither it nor these can ask for the lock then.
fn can_finalize(vm: &VirtualMachine) -> bool {
    let on_its_thread = vm.state.main_thread_ident.load() == get_ident();
    if !on_its_thread || vm.state.finalizing.load(Ordering::Acquire) {
        return false;
    }
    // The first thing that is done in finalising is a call of `threading._shutdown`.
    let threading = vm.import("threading", 0);
    let begun = threading.and_then(|threading| threading.get_attr("_SHUTTING_DOWN", vm));
    !begun.is_ok_and(|begun| begun.is(&vm.ctx.true_value))
}
