//! Builds extension modules for tests, and skips tests on machines that lack the tools.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use libtest_mimic::{Completion, Failed, Trial};

use crate::c_code::{HAS_COMPILER, compile, headers};
use crate::interpreter::trial;

/// The root of the repository as a canonical path: Cargo builds PyO3 again if the path of its
/// configuration file is spelled differently.
pub(crate) fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize()
        .expect("the source tree of the tests exists")
}

/// The target folder of the PyO3 crates, shared by all tests and kept between runs.
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
        trial(format!("{name}, skipped, no C compiler here"), test).with_ignored_flag(true)
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

/// Whether PyO3 and its dependencies are available.
fn pyo3() -> Result<(), &'static str> {
    static FOUND: OnceLock<bool> = OnceLock::new();
    FOUND
        .get_or_init(|| is_available("tests/pyo3"))
        .then_some(())
        .ok_or("skipped, PyO3 is not available")
}

/// Whether the dependencies of the crate in a folder are on this machine or can be downloaded.
pub(crate) fn is_available(folder: &str) -> bool {
    let fetch = |offline: &[&str]| {
        let mut fetch = cargo();
        fetch.args(["fetch", "--quiet", "--locked"]).args(offline);
        fetch.current_dir(root().join(folder));
        fetch.output().is_ok_and(|output| output.status.success())
    };
    fetch(&["--offline"]) || fetch(&[])
}

/// Builds C files as the module `x` in a folder, with these macros defined.
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

/// Compares output with the expected output.
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
