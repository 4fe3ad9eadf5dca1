//! An embedder's Python: the command line of `python` with the embedder's own modules built in, and
//! with extension modules, which can use those.
//!
//! Run: `cargo run --ignore-rust-version --bin embedding-python -- FILE.py`

use std::process::ExitCode;

use rustpython::{InterpreterBuilder, InterpreterBuilderExt};
use rustpython_capsule_capi::ExtensionModulesExt;
use rustpython_capsule_glue::{Access, CapsuleBuilderExt};

fn main() -> ExitCode {
    let builder = InterpreterBuilder::new()
        .init_stdlib()
        .with_capsules(Access::Open)
        .with_extension_modules();
    // `run` makes the interpreter the main one of the C API, which extension modules need.
    rustpython::run(embedding::with_modules(builder))
}
