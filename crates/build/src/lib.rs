//! Linker arguments for programs that contain the C API of `rustpython-capsule-capi`, from one line
//! in a build script. Every package whose programs, tests, examples or benchmarks link that crate
//! needs them.
//!
//! ```toml
//! [build-dependencies]
//! rustpython-capsule-build = "0.1"
//! ```
//!
//! ```no_run
//! // build.rs
//! fn main() {
//!     rustpython_capsule_build::link_args();
//! }
//! ```
//!
//! # What the arguments do
//!
//! | argument | why |
//! | --- | --- |
//! | `--export-dynamic-symbol=Py*`, `--export-dynamic-symbol=_Py*` | Extension modules and `ctypes.pythonapi` find the functions of the C API in the program. |
//! | `-z muldefs` | `rustpython-capsule-capi` and `rustpython-capi` both define some functions. The linker keeps the first definition. rustc puts a crate before its dependencies, so the first is that of `rustpython-capsule-capi`. |
//!
//! A program without them fails to link, with `duplicate symbol: PyCapsule_New` (LLD, mold) or
//! ``multiple definition of `PyCapsule_New'`` (GNU ld). Unit tests and doctests of the package get
//! them too.
//!
//! # When it fails
//!
//! [`link_args`] makes the build fail, with a sentence that names the reason, if the arguments
//! cannot work:
//!
//! - The target is not Linux.
//! - Link-time optimization is on. With `lto = true` or `"fat"`, rustc fails after minutes with
//!   `Linking globals named 'PyCapsule_New': symbol multiply defined!`. With `"thin"` the program
//!   builds, but no rule says which definition is inlined. `lto = false` and `"off"` work.
//! - The linker rejects the arguments or ignores them, as GNU gold does. The build script links a
//!   small program to find out. GNU ld, LLD and mold work.
//!
//! # What it cannot see
//!
//! Cargo does not pass the settings of the profile to a build script. `link_args` reads them from the
//! places that Cargo reads: the variables `CARGO_PROFILE_…_LTO`, `.cargo/config.toml` in the folders
//! above the package and in Cargo's home, the workspace's `Cargo.toml`, and the flags of rustc.
//! It does not see `cargo --config`, nor `[profile.test]` and `[profile.bench]`, which share a folder
//! with `dev` and `release`. Link-time optimization that is set there is reported by rustc (fat) or
//! not at all (thin).
//!
//! If the small program does not link even without the arguments, or the target has no standard
//! library, nothing is known about the linker. The build continues with a warning.

#![expect(
    clippy::needless_doctest_main,
    reason = "the example is a whole build script"
)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod environment;
mod lto;
mod trial;

use environment::Environment;
use trial::ARGUMENTS;

/// Adds the linker arguments to all programs, tests, examples, benchmarks and C libraries of the
/// package whose build script calls it.
///
/// It prints instructions for Cargo, among them `rerun-if-changed` for `build.rs` and for the files
/// that it reads. A build script that reads other files must print `rerun-if-changed` for these.
///
/// # Errors
///
/// If the arguments cannot work, it prints `cargo::error`, which ends the build with a sentence
/// that says why; see the [crate's documentation](crate).
pub fn link_args() {
    for line in instructions(&Environment::of_process()) {
        println!("cargo::{line}");
    }
}

/// The instructions for Cargo, without their prefix.
fn instructions(environment: &Environment) -> Vec<String> {
    let mut lines = vec!["rerun-if-changed=build.rs".to_owned()];
    let system = environment.text("CARGO_CFG_TARGET_OS");
    if system != "linux" {
        lines.push(format!(
            "error=programs with the C API of rustpython-capsule-capi can be linked for Linux \
             only, and this target's system is {system}"
        ));
        return lines;
    }
    let lto = lto::find(environment);
    lines.extend(lto.rerun);
    if let Some(setting) = lto.setting {
        lines.push(format!(
            "error=link-time optimization is on ({setting}), and it cannot handle the functions of \
             the C API, some of which two crates define: set `lto = false` or `lto = \"off\"` in \
             the profile of programs that use rustpython-capsule-capi"
        ));
        return lines;
    }
    match trial::run(environment, ARGUMENTS) {
        trial::Outcome::Works => {}
        trial::Outcome::Unknown(reason) => lines.push(format!(
            "warning=could not find out whether the linker can be used with \
             rustpython-capsule-capi: {reason}"
        )),
        trial::Outcome::Fails(reason) => {
            lines.push(format!(
                "error=this linker cannot be used for programs with the C API of \
                 rustpython-capsule-capi (GNU ld, LLD and mold can): {reason}"
            ));
            return lines;
        }
    }
    lines.push(format!("rustc-link-arg={ARGUMENTS}"));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_system_is_an_error_and_gets_no_arguments() {
        for system in ["macos", "windows", "wasi", ""] {
            let environment = Environment::with(&[("CARGO_CFG_TARGET_OS", system)]);
            let lines = instructions(&environment);
            let [_, error] = lines.as_slice() else {
                panic!("{lines:?}");
            };
            assert!(error.starts_with("error="), "{error}");
            assert!(error.ends_with(&format!("system is {system}")), "{error}");
        }
    }

    #[test]
    fn link_time_optimization_is_an_error_that_says_where_it_is_set() {
        let environment = Environment::with(&[
            ("CARGO_CFG_TARGET_OS", "linux"),
            ("CARGO_ENCODED_RUSTFLAGS", "-Clto=thin"),
        ]);
        let lines = instructions(&environment);
        let error = lines.last().expect("there are instructions");
        assert!(
            error.starts_with("error=link-time optimization is on (`-Clto=thin` in the flags"),
            "{error}"
        );
        assert!(
            !lines.iter().any(|line| line.contains("link-arg")),
            "{lines:?}"
        );
    }

    #[test]
    fn a_compiler_that_cannot_be_started_is_a_warning_and_the_arguments_are_set() {
        let environment = Environment::with(&[
            ("CARGO_CFG_TARGET_OS", "linux"),
            ("RUSTC", "/there/is/no/rustc"),
        ]);
        let lines = instructions(&environment);
        let [.., warning, arguments] = lines.as_slice() else {
            panic!("{lines:?}");
        };
        assert!(
            warning.starts_with("warning=could not find out"),
            "{warning}"
        );
        assert_eq!(*arguments, format!("rustc-link-arg={ARGUMENTS}"));
    }
}
