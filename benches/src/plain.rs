//! `speed-plain`: RustPython 0.6 with the C API of `rustpython-capi`. Of this project it contains
//! only the empty function of this package.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use rustpython::{InterpreterBuilder, InterpreterBuilderExt};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    capsule_benches::link_empty_function();
    rustpython::run(InterpreterBuilder::new().init_stdlib())
}
