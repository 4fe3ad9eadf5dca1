//! `speed-ours`: the interpreter of `crates/host`, with the rows in Rust as a builtin module.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use rustpython::{InterpreterBuilder, InterpreterBuilderExt};
use rustpython_capsule_capi::ExtensionModulesExt;
use rustpython_capsule_glue::{Access, CapsuleBuilderExt};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    capsule_benches::link_floor();
    rustpython::run(
        InterpreterBuilder::new()
            .init_stdlib()
            .with_capsules(Access::Open)
            .with_extension_modules(),
    )
}
