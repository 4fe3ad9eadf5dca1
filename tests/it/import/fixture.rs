//! The Python prelude of imports, and answers as text.

use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{AsObject, PyResult, TryFromObject, VirtualMachine};

use crate::interpreter::shown;

/// Helpers for the setups of rows and for the `scripts`. `reset` undoes their changes.
pub(super) const PRELUDE: &str = "
import builtins, gc, importlib, sys, types, _capsule
sys.dont_write_bytecode = True
sys.path.insert(0, '')
ORIGINAL_IMPORT, MODULES, KNOWN = builtins.__import__, sys.modules, set(sys.modules)

def capsule(name, pointer=0x7e57):
    return _capsule.new(pointer, name)

def module(name, **attributes):
    made = sys.modules[name] = types.ModuleType(name)
    vars(made).update(attributes)
    return made

def reset(directory):
    builtins.__import__, sys.modules, sys.path[0] = ORIGINAL_IMPORT, MODULES, directory
    for name in MODULES.keys() - KNOWN:
        del MODULES[name]

def ask_import(name):
    return _capsule.import_(name.decode('utf-8', 'surrogateescape'))

def ask_load(name):
    return _capsule.describe(_capsule.import_capsule(name)).pointer
";

/// An answer as text: the pointer, or the exception with its cause and notes on further lines.
pub(super) fn text_of(answer: PyResult<usize>, vm: &VirtualMachine) -> String {
    match answer {
        Ok(pointer) => format!("{pointer:#x}"),
        Err(error) => {
            let mut text = shown(&error, vm);
            if let Some(cause) = error.__cause__() {
                text += &format!("\ncause {}", shown(&cause, vm));
            }
            for note in notes(&error, vm) {
                text += &format!("\nnote {note}");
            }
            text
        }
    }
}

fn notes(error: &PyBaseExceptionRef, vm: &VirtualMachine) -> Vec<String> {
    error
        .as_object()
        .get_attr("__notes__", vm)
        .and_then(|notes| Vec::<String>::try_from_object(vm, notes))
        .unwrap_or_default()
}

/// The result of a setup step, which must succeed.
pub(super) fn must<T>(result: PyResult<T>, vm: &VirtualMachine) -> T {
    result.unwrap_or_else(|error| {
        let mut text = String::new();
        let _ = vm.write_exception(&mut text, &error);
        panic!("{text}")
    })
}
