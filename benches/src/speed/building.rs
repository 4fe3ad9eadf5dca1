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
        if programs.ends_with("release") {
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

/// Builds the rows for PyO3, with the CPython that they are for, into a folder: which PyO3 it is.
pub(crate) fn build_pyo3(python: &Path, folder: &Path) -> Result<String, Failure> {
    let package = root().join("benches/pyo3");
    let own = std::env::current_exe()?;
    // Kept for the next run.
    let programs = own.parent().ok_or("this program lies in no folder")?;
    let target = programs.join("speed-pyo3");
    let mut build = cargo();
    build.args(["build", "--quiet", "--locked", "--release", "--target-dir"]);
    build.arg(&target).env("PYO3_PYTHON", python);
    build.env_remove("PYO3_CONFIG_FILE");
    succeed(build.current_dir(&package))?;
    std::fs::create_dir(folder)?;
    let library = target.join("release/libspeed_rows.so");
    std::fs::copy(library, folder.join("speed_rows.so"))?;
    let lock = std::fs::read_to_string(package.join("Cargo.lock"))?;
    let version = lock.split_once("name = \"pyo3\"\nversion = \"");
    let version = version.and_then(|(_, rest)| rest.split('"').next());
    Ok(format!("PyO3 {}", version.unwrap_or_default()))
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
