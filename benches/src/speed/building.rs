//! Builds what is compared: the two programs of this package, and the loops in C for each
//! interpreter.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::Failure;

/// The programs, and a folder for what is made for one run.
pub(crate) struct Workshop {
    pub(crate) ours: PathBuf,
    pub(crate) plain: PathBuf,
    /// Of our C API.
    pub(crate) headers: PathBuf,
    pub(crate) folder: TempDir,
}

impl Workshop {
    /// Builds the programs beside this one, with the profile that it was built with.
    pub(crate) fn open() -> Result<Self, Failure> {
        let own = std::env::current_exe()?;
        let programs = own.parent().ok_or("this program lies in no folder")?;
        let mut build = cargo();
        build.args(["build", "--quiet", "--locked", "--ignore-rust-version"]);
        build.args(["--bin", "speed-ours", "--bin", "speed-plain"]);
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        succeed(build.current_dir(root()))?;
        Ok(Self {
            ours: programs.join("speed-ours"),
            plain: programs.join("speed-plain"),
            headers: root().join("crates/capi/include"),
            folder: tempfile::tempdir()?,
        })
    }
}

/// The checkout.
pub(crate) fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().unwrap_or(root)
}

/// The Cargo that started this program.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Compiles the rows in C into a library for the interpreter that these headers are of.
pub(crate) fn compile_loops(headers: &Path, flags: &[&str], library: &Path) -> Result<(), Failure> {
    const FLAGS: [&str; 9] = [
        "-std=c11",
        "-D_GNU_SOURCE=1",
        "-O2",
        "-Wall",
        "-Wextra",
        "-shared",
        "-fPIC",
        "-fvisibility=hidden",
        "-pthread",
    ];
    let entries = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("c"))?;
    let mut sources: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    sources.retain(|path| path.extension().is_some_and(|extension| extension == "c"));
    let mut compiler = Command::new("cc");
    compiler.args(FLAGS).args(flags).arg("-I").arg(headers);
    succeed(compiler.args(sources).arg("-o").arg(library)).map(drop)
}

/// Runs a command that must succeed, and gives what it printed.
pub(crate) fn succeed(command: &mut Command) -> Result<String, Failure> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(printed);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?}: {}\n{printed}{complaint}", output.status).into())
}
