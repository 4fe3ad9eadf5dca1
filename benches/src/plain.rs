//! `speed-plain`: RustPython 0.6 by itself, with the C API of `rustpython-capi`. No crate of ours
//! is linked into it but the one function of this package.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use rustpython::{InterpreterBuilder, InterpreterBuilderExt};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    capsule_benches::link_floor();
    rustpython::run(InterpreterBuilder::new().init_stdlib())
}
