//! The main function of the program `capsule-python`. It is a library so that tests can run the
//! same program in a process of their own.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

use std::process::ExitCode;

use rustpython::{InterpreterBuilder, InterpreterBuilderExt};
use rustpython_capsule_capi::ExtensionModulesExt;
use rustpython_capsule_glue::{Access, CapsuleBuilderExt};
use rustpython_vm::frozen::FrozenLib;
use rustpython_vm::py_freeze;

/// Runs the Python command line of this process, with the standard library, capsules and extension
/// modules. Returns the exit code of the Python program.
///
/// If the environment has `CAPSULE_PYTHON_SEALED=1`, capsules are sealed and no extension module
/// can be loaded.
#[must_use]
pub fn main() -> ExitCode {
    let sealed = std::env::var_os("CAPSULE_PYTHON_SEALED").is_some_and(|value| value == "1");
    let access = if sealed { Access::Sealed } else { Access::Open };
    rustpython::run(
        InterpreterBuilder::new()
            .init_stdlib()
            .with_capsules(access)
            .with_extension_modules()
            .add_frozen_modules(WHEELCHECK)
            .add_frozen_modules(PACKAGING_TAGS)
            .add_frozen_modules(PIP_TAGS),
    )
}

/// Tells whether wheels can work here.
const WHEELCHECK: &FrozenLib =
    py_freeze!(file = "python/wheelcheck.py", module_name = "wheelcheck");

/// Modules with the tags of the wheels that can be installed. Frozen modules are found before those in
/// folders, so these run in place of the installed ones; and they run the installed ones.
const PACKAGING_TAGS: &FrozenLib = py_freeze!(
    file = "python/packaging_tags.py",
    module_name = "packaging.tags"
);
const PIP_TAGS: &FrozenLib = py_freeze!(
    file = "python/packaging_tags.py",
    module_name = "pip._vendor.packaging.tags"
);
