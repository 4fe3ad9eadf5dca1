//! `ctypes` in several interpreters of one process: sealed ones, which refuse to import it, and
//! ones that were made without extension modules.

use libtest_mimic::{Failed, Trial};
use rustpython::{InterpreterBuilder, InterpreterBuilderExt};
use rustpython_capsule_capi::ExtensionModulesExt;
use rustpython_capsule_glue::{Access, CapsuleBuilderExt};
use rustpython_vm::scope::Scope;
use rustpython_vm::{Interpreter, Settings, VirtualMachine};

use crate::interpreter::{exec, shown, trial};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("ctypes::sealed-interpreters-refuse-it-in-any-order", sealed),
        trial("ctypes::older-and-newer-interpreters-of-a-process", older),
    ]
}

fn interpreter(with: impl FnOnce(InterpreterBuilder) -> InterpreterBuilder) -> Interpreter {
    let mut settings = Settings::default();
    settings.install_signal_handlers = false;
    with(InterpreterBuilder::new().settings(settings).init_stdlib()).interpreter()
}

fn run(interpreter: &Interpreter, scope: &mut Option<Scope>, source: &str) -> Result<(), Failed> {
    let run = |vm: &VirtualMachine| {
        let scope = scope.get_or_insert_with(|| vm.new_scope_with_builtins());
        exec(source, scope, vm).map_err(|error| shown(&error, vm))
    };
    interpreter.enter(run)?;
    Ok(())
}

fn sealed() -> Result<(), Failed> {
    let source = "
for name in 'ctypes', '_ctypes':
    try: __import__(name)
    except ImportError as error: assert 'sealed' in str(error), error
    else: raise AssertionError(name)
";
    let before = interpreter(|builder| {
        builder
            .with_extension_modules()
            .with_capsules(Access::Sealed)
    });
    let after = interpreter(|builder| {
        builder
            .with_capsules(Access::Sealed)
            .with_extension_modules()
    });
    for interpreter in [before, after] {
        run(&interpreter, &mut None, source)?;
        interpreter.finalize(None);
    }
    Ok(())
}

/// The interpreters of a process share the classes of `_ctypes`, and what one of them changes
/// there. Functions that another interpreter made before the change keep working.
fn older() -> Result<(), Failed> {
    let plain = interpreter(|builder| builder.with_capsules(Access::Open));
    let ours = interpreter(|builder| builder.with_capsules(Access::Open).with_extension_modules());
    let mut scope = None;
    let before = "
import ctypes
labs, strlen = ctypes.CDLL(None).labs, ctypes.CDLL(None).strlen
labs.restype, labs.argtypes = ctypes.c_long, [ctypes.c_long]
twice = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda x: 2 * x)
assert (labs(-1 << 40), twice(4)) == (1 << 40, 8)
";
    run(&plain, &mut scope, before)?;
    let refused = "
import ctypes
get = ctypes.pythonapi.PyCapsule_GetPointer
get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
try: get([], b'x')
except ValueError: pass
else: raise AssertionError('not refused')
class Table(ctypes.Structure): _fields_ = [('f', ctypes.CFUNCTYPE(ctypes.c_int))]
assert Table(ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 5)).f() == 5
";
    run(&ours, &mut None, refused)?;
    let after = "
assert (labs(-1 << 40), twice(4)) == (1 << 40, 8)
strlen.restype, strlen.argtypes = ctypes.c_size_t, [ctypes.c_char_p]
assert strlen(b'four') == 4
labs.restype = lambda number: [number]
assert labs(-3) == [3]
numbers = (ctypes.c_int * 3)(1, 2, 3)
assert numbers[1:] == [2, 3]
";
    run(&plain, &mut scope, after)?;
    drop(scope);
    run(&ours, &mut None, refused)?;
    for interpreter in [plain, ours] {
        interpreter.finalize(None);
    }
    Ok(())
}
