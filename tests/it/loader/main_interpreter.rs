//! Which interpreters of a process can load extension modules: all while the C API has a main
//! interpreter, none before it starts or after it is finalized.

use std::process::ExitCode;

use libtest_mimic::Trial;
use rustpython::{InterpreterBuilder, InterpreterBuilderExt};
use rustpython_capsule_capi::{ExtensionModulesExt, run_main, run_program};
use rustpython_capsule_glue::{Access, CapsuleBuilderExt};
use rustpython_vm::{Interpreter, PyResult, Settings, VirtualMachine};

use super::fixture::{Fixture, skipped};
use crate::c_code::HAS_COMPILER;
use crate::interpreter::{exec, shown};
use crate::ledger::in_own_process;

pub(super) fn trials() -> Vec<Trial> {
    if !*HAS_COMPILER {
        return vec![skipped("main-interpreter")];
    }
    vec![in_own_process(
        "loader::main-interpreter::others-can-load-only-while-it-exists",
        others_can_load_only_while_it_exists,
    )]
}

fn interpreter() -> Interpreter {
    let mut settings = Settings::default();
    settings.install_signal_handlers = false;
    InterpreterBuilder::new()
        .settings(settings)
        .init_stdlib()
        .with_capsules(Access::Open)
        .with_extension_modules()
        .build()
}

/// Imports `shutdown`, makes a capsule and drops it. Returns `loaded`, or the text of the
/// exception.
fn load(folder: &str, vm: &VirtualMachine) -> String {
    let source = format!(
        "import sys\nsys.path[:0] = [{folder:?}]\nimport shutdown\nshutdown.make('made and destroyed')"
    );
    let answer: PyResult = exec(&source, &vm.new_scope_with_builtins(), vm);
    answer.map_or_else(|error| shown(&error, vm), |_| "loaded".to_owned())
}

fn others_can_load_only_while_it_exists() {
    const REFUSED: &str =
        "ImportError: extension modules need a main interpreter that the C API knows";
    let fixture = Fixture::new(&["shutdown.c"]).expect("the C file compiles");
    let folder = fixture.path().to_str().expect("the path is UTF-8");
    let elsewhere = || {
        let interpreter = interpreter();
        let answer = interpreter.enter(|vm| load(folder, vm));
        interpreter.finalize(None);
        answer
    };
    assert_eq!(elsewhere(), REFUSED);
    for _ in 0..2 {
        let code = run_main(interpreter(), |vm| {
            assert_eq!(load(folder, vm), "loaded");
            assert_eq!(
                vm.allow_threads(|| std::thread::scope(|scope| {
                    scope
                        .spawn(elsewhere)
                        .join()
                        .expect("the thread does not panic")
                })),
                "loaded"
            );
            // While its atexit callbacks run, it is still the main interpreter.
            let source = "import atexit, sys\ndef last():\n del sys.modules['shutdown']\n import shutdown\n\
                          \x20print('loaded at the end')\natexit.register(last)";
            exec(source, &vm.new_scope_with_builtins(), vm).map(drop)
        });
        assert_eq!(code, 0);
        assert_eq!(elsewhere(), REFUSED);
    }
    let code = run_program(interpreter(), |vm| {
        exec("raise SystemExit(3)", &vm.new_scope_with_builtins(), vm).map(drop)
    });
    assert_eq!(code, ExitCode::from(3));
}
