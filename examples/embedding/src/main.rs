//! An embedder's program. It finds a word in a file twice: with a native module that calls another
//! through a capsule, and with calls from Python. It prints the first matching lines and both times.
//!
//! Run: `cargo run --ignore-rust-version --bin embedding -- FILE WORD`

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use rustpython::{InterpreterBuilder, InterpreterBuilderExt};
use rustpython_capsule_glue::{Access, CapsuleBuilderExt};
use rustpython_vm::compiler::Mode;
use rustpython_vm::{PyResult, VirtualMachine};

const SCRIPT: &str = include_str!("scan.py");

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let [file, word] = arguments.as_slice() else {
        eprintln!("usage: embedding FILE WORD");
        return ExitCode::from(2);
    };
    let haystack = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) => {
            eprintln!("embedding: cannot read {}: {error}", file.display());
            return ExitCode::FAILURE;
        }
    };
    let builder = InterpreterBuilder::new()
        .init_stdlib()
        .with_capsules(Access::Sealed);
    let interpreter = embedding::with_modules(builder).interpreter();
    let code = interpreter.run(|vm| scan(haystack, word, vm));
    u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
}

fn scan(haystack: Vec<u8>, word: &OsStr, vm: &VirtualMachine) -> PyResult<()> {
    let scope = vm.new_scope_with_builtins();
    let haystack = vm.ctx.new_bytes(haystack).into();
    scope.globals.set_item("haystack", haystack, vm)?;
    let needle = vm.ctx.new_bytes(word.as_encoded_bytes().to_vec()).into();
    scope.globals.set_item("needle", needle, vm)?;
    let code = vm
        .compile(SCRIPT, Mode::Exec, "scan.py")
        .map_err(|error| error.into_pyexception(vm, Some(SCRIPT)))?;
    vm.run_code_obj(code, scope).map(drop)
}
