//! An embedder's Python: the command line of `python`, with modules of the embedder's own built in
//! and with extension modules, which can use them.
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
    // It makes the interpreter the main one of the C API, as extension modules need.
    rustpython::run(embedding::with_modules(builder))
}
