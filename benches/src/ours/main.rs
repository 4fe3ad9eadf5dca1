//! `speed-ours`: an interpreter like that of `crates/host`, with the rows in Rust and a class of
//! the VM as builtin modules.

mod native_class;
mod rows;

use std::process::ExitCode;

use rustpython::{InterpreterBuilder, InterpreterBuilderExt};
use rustpython_capsule_capi::ExtensionModulesExt;
use rustpython_capsule_glue::{Access, CapsuleBuilderExt};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    capsule_benches::link_empty_function();
    let builder = InterpreterBuilder::new();
    let rows = rows::module_def(&builder.ctx);
    let native_class = native_class::module_def(&builder.ctx);
    rustpython::run(
        builder
            .init_stdlib()
            .add_native_module(rows)
            .add_native_module(native_class)
            .with_capsules(Access::Open)
            .with_extension_modules(),
    )
}
