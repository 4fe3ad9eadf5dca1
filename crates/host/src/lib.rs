//! The program `capsule-python`, for it and for tests that start it.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use rustpython::{InterpreterBuilder, InterpreterBuilderExt};
use rustpython_capsule_capi::ExtensionModulesExt;
use rustpython_capsule_glue::{Access, CapsuleBuilderExt};

/// Runs a Python command line: the arguments and environment of this process, the standard
/// library, extension modules, and capsules, which are sealed where the environment has
/// `CAPSULE_PYTHON_SEALED=1`; then no extension modules are loaded.
#[must_use]
pub fn main() -> ExitCode {
    let sealed = std::env::var_os("CAPSULE_PYTHON_SEALED").is_some_and(|value| value == "1");
    let access = if sealed { Access::Sealed } else { Access::Open };
    rustpython::run(
        InterpreterBuilder::new()
            .init_stdlib()
            .with_capsules(access)
            .with_extension_modules(),
    )
}
