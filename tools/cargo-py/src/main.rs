//! The program behind `cargo py`: builds `capsule-python` if needed, with Cargo's progress, and then
//! becomes it.
//!
//! `cargo run` cannot do both: with `--quiet` the first build prints nothing for many minutes, and
//! without it every later run begins with two lines of Cargo's output.

#![forbid(unsafe_code)]

mod check;

use std::env;
use std::io::{self, Error};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::SystemTime;

use check::{Check, State};

const PROGRAM: &str = "capsule-python";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("cargo py: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns only if the program could not be built or started.
fn run() -> io::Result<ExitCode> {
    let launcher = env::current_exe()?;
    let program = launcher.with_file_name(PROGRAM);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let check = Check::new(&program, launcher, &workspace);
    let start = SystemTime::now();
    let build = match check.state() {
        State::Checked => None,
        State::Unchecked => Some(build(&workspace, &["--quiet"])?),
        State::Stale => Some(build(&workspace, &[])?),
    };
    match build {
        Some(0) => check.mark(start)?,
        Some(code) => return Ok(ExitCode::from(code)),
        None => {}
    }
    let error = Command::new(&program).args(env::args_os().skip(1)).exec();
    let text = format!("cannot start {}: {error}", program.display());
    Err(Error::new(error.kind(), text))
}

/// Builds the program with the Cargo that runs this one. Returns Cargo's exit code.
fn build(workspace: &Path, options: &[&str]) -> io::Result<u8> {
    let cargo = env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    let status = Command::new(cargo)
        .args([
            "build",
            "--locked",
            "--ignore-rust-version",
            "--bin",
            PROGRAM,
        ])
        .arg("--manifest-path")
        .arg(workspace.join("Cargo.toml"))
        .args(options)
        .stdin(Stdio::null())
        .status()?;
    // Cargo has no exit code if a signal ended it.
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.unwrap_or(1))
}
