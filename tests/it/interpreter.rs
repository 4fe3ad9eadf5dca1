//! Interpreters for tests: new ones in this process, and child processes.

use std::ffi::OsStr;
use std::process::{Command, Output, Stdio};

use libtest_mimic::{Failed, Trial};
use rustpython::{InterpreterBuilder, InterpreterBuilderExt};
use rustpython_capsule_glue::{Access, CapsuleBuilderExt};
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::compiler::Mode;
use rustpython_vm::scope::Scope;
use rustpython_vm::{AsObject, Interpreter, PyResult, Settings, VirtualMachine};

/// The environment variable that makes this binary run as an interpreter.
pub(crate) const CHILD: &str = "CAPSULE_TESTS_CHILD";

/// A test with this name.
pub(crate) fn trial(
    name: impl Into<String>,
    test: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    Trial::test(name, test)
}

/// A new interpreter in this process, with the standard library and capsules. It installs no signal
/// handlers.
pub(crate) fn interpreter(access: Access) -> Interpreter {
    let mut settings = Settings::default();
    settings.install_signal_handlers = false;
    InterpreterBuilder::new()
        .settings(settings)
        .init_stdlib()
        .with_capsules(access)
        .interpreter()
}

/// Runs `test` in a new open interpreter, which is finalized afterwards.
pub(crate) fn in_interpreter<R>(test: impl FnOnce(&VirtualMachine) -> R) -> R {
    let interpreter = interpreter(Access::Open);
    let result = interpreter.enter(test);
    interpreter.finalize(None);
    result
}

/// Runs Python statements in a scope.
pub(crate) fn exec(source: &str, scope: &Scope, vm: &VirtualMachine) -> PyResult {
    let code = vm
        .compile(source, Mode::Exec, "<test>")
        .map_err(|error| error.into_pyexception(vm, Some(source)))?;
    vm.run_code_obj(code, scope.clone())
}

/// An exception as `Type: text`.
pub(crate) fn shown(exception: &PyBaseExceptionRef, vm: &VirtualMachine) -> String {
    let text = exception
        .as_object()
        .str(vm)
        .map_or_else(|_| "<no text>".to_owned(), |text| text.to_string());
    format!("{}: {text}", exception.class().name())
}

/// The exit code and the output of a child process.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the interpreter of `crates/host` in a process of its own.
pub(crate) fn child(arguments: &[&OsStr], environment: &[(&str, &str)]) -> Ended {
    let program = std::env::current_exe().expect("the path of the test binary is known");
    let output: Output = Command::new(program)
        .args(arguments)
        .env(CHILD, "1")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("the test binary starts");
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Runs Python code in a child process with open capsules.
pub(crate) fn child_source(source: &str) -> Ended {
    child(&[OsStr::new("-c"), OsStr::new(source)], &[])
}

/// Fails if the values differ.
pub(crate) fn same<T: core::fmt::Debug + PartialEq>(found: T, expected: T) -> Result<(), Failed> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{found:?}\nexpected:\n{expected:?}").into())
    }
}
