//! PyO3's functions for capsules. Each function of `pyo3.py` is a test in a process of its own, for
//! each build.

use std::ffi::OsStr;

use libtest_mimic::{Failed, Trial};

use super::building::{root, with_pyo3};
use super::pyo3_builds::Build;
use crate::interpreter::child;

const SCRIPT: &str = include_str!("pyo3.py");

/// The one function with output, which a destructor prints after the function has returned.
const PRINTS: (&str, &str) = ("a_capsule_in_a_module_is_destroyed_at_exit", "last words\n");

pub(crate) fn trials() -> Vec<Trial> {
    let functions = SCRIPT
        .lines()
        .filter_map(|line| line.strip_prefix("def ")?.strip_suffix("():"));
    let builds = [Build::RustPython, Build::Wheel];
    builds
        .into_iter()
        .flat_map(|build| functions.clone().map(move |function| (function, build)))
        .map(|(function, build)| {
            let test = function.replace('_', "-");
            let name = format!("pyo3::capsules::{test}-{}", build.name());
            with_pyo3(&name, move || run(function, build))
        })
        .collect()
}

fn run(function: &str, build: Build) -> Result<(), Failed> {
    let script = root().join("tests/it/extensions/pyo3.py");
    let modules = build.build("", "pyo3_capsules")?;
    let modules = modules.to_string_lossy();
    let arguments = [script.as_os_str(), OsStr::new(function)];
    let ended = child(&arguments, &[("PYTHONPATH", &modules)]);
    let (printing, text) = PRINTS;
    let expected = if function == printing { text } else { "" };
    match (
        ended.code,
        ended.stdout == expected,
        ended.stderr.is_empty(),
    ) {
        (Some(0), true, true) => Ok(()),
        _ => Err(format!("{ended:?}").into()),
    }
}
