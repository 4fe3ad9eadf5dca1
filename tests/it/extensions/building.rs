//! What tests need to build extension modules, and how they say that they had to be left out
//! because it is not here.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use libtest_mimic::{Completion, Failed, Trial};

use crate::c_code::{HAS_COMPILER, compile, headers};
use crate::interpreter::trial;

/// The checkout, with no symbolic links or dots in it: Cargo builds PyO3 anew when the path of its
/// configuration looks different.
pub(crate) fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize()
        .expect("the tests run where they were built")
}

/// Where Cargo builds the PyO3 crates of the checkout, for all tests and all runs.
pub(crate) fn pyo3_target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("pyo3")
}

/// The Cargo that runs the tests.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// A test that needs a C compiler.
pub(crate) fn with_compiler(
    name: &str,
    test: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    let name = format!("extensions::{name}");
    if *HAS_COMPILER {
        trial(name, test)
    } else {
        trial(format!("{name}, left out, no C compiler here"), test).with_ignored_flag(true)
    }
}

/// A test that needs PyO3.
pub(crate) fn with_pyo3(
    name: &str,
    test: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    if !*HAS_COMPILER {
        return with_compiler(name, test);
    }
    Trial::ignorable_test(format!("extensions::{name}"), || match pyo3() {
        Ok(()) => test().map(|()| Completion::Completed),
        Err(why) => Ok(Completion::ignored_with(why)),
    })
}

/// Looks for PyO3 and all that it is built from.
fn pyo3() -> Result<(), &'static str> {
    static FOUND: OnceLock<bool> = OnceLock::new();
    FOUND
        .get_or_init(|| can_be_had("tests/pyo3"))
        .then_some(())
        .ok_or("left out, PyO3 is not here and cannot be had")
}

/// Whether what the crate in a folder is built from is on this machine, or else in the registry.
pub(crate) fn can_be_had(folder: &str) -> bool {
    let fetch = |offline: &[&str]| {
        let mut fetch = cargo();
        fetch.args(["fetch", "--quiet", "--locked"]).args(offline);
        fetch.current_dir(root().join(folder));
        fetch.output().is_ok_and(|output| output.status.success())
    };
    fetch(&["--offline"]) || fetch(&[])
}

/// Builds C files, with these macros defined, as the module `x` in a folder.
pub(crate) fn compile_x(
    sources: &[&Path],
    definitions: &[&str],
    folder: &Path,
) -> Result<(), Failed> {
    let flags: Vec<String> = definitions.iter().map(|text| format!("-D{text}")).collect();
    compile(sources, &headers(), &flags, &folder.join("x.so"))?;
    Ok(())
}

/// Runs a command that must succeed.
pub(crate) fn succeed(command: &mut Command) -> Result<Output, Failed> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(output);
    }
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    Err(format!("{command:?}\n{}\n{out}{err}", output.status).into())
}

/// The text with every address in it as `0x…`.
pub(crate) fn masked(text: &str) -> String {
    let mut parts = text.split("0x");
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        masked.push_str("0x…");
        masked.push_str(part.trim_start_matches(|digit: char| digit.is_ascii_hexdigit()));
    }
    masked
}

/// Compares what was printed with what should have been.
pub(crate) fn same(printed: &str, expected: &str) -> Result<(), Failed> {
    if printed == expected {
        return Ok(());
    }
    let differs = printed
        .lines()
        .zip(expected.lines())
        .position(|(printed, expected)| printed != expected);
    Err(format!("line {differs:?} differs:\n{printed}\n--- expected:\n{expected}").into())
}
