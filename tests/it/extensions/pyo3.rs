//! PyO3's functions for capsules. Each function of `pyo3.py` is a test in a process of its own.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{ffi::OsStr, fs};

use libtest_mimic::{Failed, Trial};

use super::building::{cargo, pyo3_target, root, succeed, with_pyo3};
use crate::interpreter::child;

const SCRIPT: &str = include_str!("pyo3.py");

/// The one function with output, which a destructor prints after the function has returned.
const PRINTS: (&str, &str) = ("a_capsule_in_a_module_is_destroyed_at_exit", "last words\n");

pub(crate) fn trials() -> Vec<Trial> {
    let functions = SCRIPT
        .lines()
        .filter_map(|line| line.strip_prefix("def ")?.strip_suffix("():"));
    functions
        .map(|function| {
            let name = format!("pyo3::{}", function.replace('_', "-"));
            with_pyo3(&name, || run(function))
        })
        .collect()
}

fn run(function: &str) -> Result<(), Failed> {
    let script = root().join("tests/it/extensions/pyo3.py");
    let modules = built()?.to_string_lossy();
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

/// Builds the module, once for all tests. Returns its folder.
fn built() -> Result<&'static Path, Failed> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| build().map_err(|failed| format!("{failed:?}")));
    Ok(built.as_ref()?)
}

fn build() -> Result<PathBuf, Failed> {
    let mut build = cargo();
    // The configuration of the example, so that PyO3 is built once for both.
    let config = root().join("examples/extensions/pyo3_module/rustpython.pyo3");
    build
        .args(["build", "--quiet", "--locked", "--target-dir"])
        .arg(pyo3_target())
        .env("PYO3_CONFIG_FILE", config)
        .current_dir(root().join("tests/pyo3"));
    succeed(&mut build)?;
    let folder = pyo3_target().join("modules");
    fs::create_dir_all(&folder)?;
    let library = pyo3_target().join("debug/libpyo3_capsules.so");
    fs::copy(library, folder.join("pyo3_capsules.abi3t.so"))?;
    Ok(folder)
}
