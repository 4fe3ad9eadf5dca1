//! `examples/extensions`: built by its script, run by the interpreter and by the embedder's
//! program, and compared with its transcript.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{env, fs};

use libtest_mimic::{Failed, Trial};

use super::building::{cargo, masked, pyo3_target, root, same, succeed, with_pyo3};
use crate::interpreter::{CHILD, Ended, child};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        with_pyo3("c-rust-and-python-call-one-another", transcript),
        with_pyo3("the-modules-of-an-embedder-take-part", embedder),
    ]
}

fn folder() -> PathBuf {
    root().join("examples/extensions")
}

/// Builds the modules, once for all tests. Returns their folder.
fn built() -> Result<&'static Path, Failed> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("extensions");
        let script = self::folder().join("build.py");
        let mut build = Command::new(env::current_exe().map_err(|error| error.to_string())?);
        build.arg(script).arg(&folder).env(CHILD, "1");
        build.env("CARGO_TARGET_DIR", pyo3_target());
        match succeed(&mut build) {
            Ok(_) => Ok(folder),
            Err(failed) => Err(failed.message().unwrap_or_default().to_owned()),
        }
    });
    Ok(built.as_ref()?)
}

fn expect(ended: &Ended, expected: &str) -> Result<(), Failed> {
    if (ended.code, ended.stderr.as_str()) != (Some(0), "") {
        return Err(format!("{ended:?}").into());
    }
    same(&masked(&ended.stdout), expected)
}

fn transcript() -> Result<(), Failed> {
    let demo = folder().join("demo.py");
    let modules = built()?.to_string_lossy();
    let ended = child(&[demo.as_os_str()], &[("PYTHONPATH", &modules)]);
    expect(
        &ended,
        &fs::read_to_string(folder().join("transcript.txt"))?,
    )
}

/// The lines that differ in the embedder's program.
const EMBEDDER: [(&str, &str); 2] = [
    (
        "# The modules of examples/embedding are not part of this program\n",
        "# C calls the program's own Rust, and that calls C\n\
         bytesearch: bytesearch._C_API -> 0x… in embedding-python, destructor None\n\
         textreport: 7\n\
         scanner:    6.0 18.0 102.0 59.7 40.7\n",
    ),
    ("after 7 calls", "after 8 calls"),
];

fn embedder() -> Result<(), Failed> {
    let program = embedder_program()?;
    let mut run = Command::new(program);
    run.arg(folder().join("demo.py"));
    let output = succeed(run.env("PYTHONPATH", built()?))?;
    let mut expected = fs::read_to_string(folder().join("transcript.txt"))?;
    for (ours, theirs) in EMBEDDER {
        if !expected.contains(ours) {
            return Err(format!("the transcript has no {ours:?}").into());
        }
        expected = expected.replace(ours, theirs);
    }
    same(&masked(&String::from_utf8_lossy(&output.stdout)), &expected)
}

/// Builds the program in the target folder of the tests, with the same features and profile, so
/// that no dependency is compiled again.
fn embedder_program() -> Result<PathBuf, Failed> {
    let tests = env::current_exe()?;
    let profile_folder = tests.parent().and_then(Path::parent);
    let profile_folder = profile_folder.ok_or("the tests are in no target folder")?;
    let profile = match profile_folder.file_name().and_then(OsStr::to_str) {
        Some("debug") => "dev",
        Some(other) => other,
        None => return Err("the profile's folder has no name".into()),
    };
    let target = profile_folder.parent().ok_or("no target folder")?;
    let mut build = cargo();
    build
        .args(["build", "--quiet", "--locked", "--ignore-rust-version"])
        .args(["--workspace", "--bin", "embedding-python"])
        .args(["--profile", profile, "--target-dir"])
        .arg(target)
        .current_dir(root());
    succeed(&mut build)?;
    Ok(profile_folder.join("embedding-python"))
}
