//! C code for tests: looks for a compiler, and builds shared libraries.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use libtest_mimic::Trial;

use crate::interpreter::trial;

/// Whether there is a C compiler.
pub(crate) static HAS_COMPILER: LazyLock<bool> = LazyLock::new(|| starts("cc", "--version"));

/// Whether a program can be started.
pub(crate) fn starts(program: &str, argument: &str) -> bool {
    let mut command = Command::new(program);
    command
        .arg(argument)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// An ignored test in place of tests that this machine cannot run. The name says why.
pub(crate) fn skipped(name: String) -> Trial {
    trial(name, || Ok(())).with_ignored_flag(true)
}

/// The folder of the project's headers.
pub(crate) fn headers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/capi/include")
}

/// Builds a shared library from C files with the headers in a folder. Warnings are errors.
///
/// # Errors
/// The compiler's output, if it fails.
pub(crate) fn compile(
    sources: &[impl AsRef<OsStr>],
    headers: &Path,
    flags: &[impl AsRef<OsStr>],
    library: &Path,
) -> Result<(), String> {
    const FLAGS: [&str; 7] = [
        "-std=c11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-pthread",
    ];
    let output = Command::new("cc")
        .args(FLAGS)
        .args(flags)
        .arg("-I")
        .arg(headers)
        .arg("-I")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("c"))
        .arg("-o")
        .arg(library)
        .args(sources)
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
