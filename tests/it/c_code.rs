//! C code for tests: whether the machine has a compiler, and libraries that are made with it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use libtest_mimic::Trial;

use crate::interpreter::trial;

/// Whether there is a C compiler.
pub(crate) static HAS_COMPILER: LazyLock<bool> = LazyLock::new(|| starts("cc", "--version"));

/// Whether a program is there.
pub(crate) fn starts(program: &str, argument: &str) -> bool {
    let mut command = Command::new(program);
    command
        .arg(argument)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Stands for tests that this machine cannot run; the name says why.
pub(crate) fn left_out(name: String) -> Trial {
    trial(name, || Ok(())).with_ignored_flag(true)
}

/// The folder of our headers.
pub(crate) fn headers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/capi/include")
}

/// Makes a shared library of C files, against the headers in a folder. Warnings are errors.
///
/// # Errors
/// What the compiler says.
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
