//! Builds the two programs of this package, and the rows in C for each interpreter.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::failure::Failure;

/// The programs, and a temporary folder for what one run builds.
pub(crate) struct Build {
    pub(crate) ours: PathBuf,
    pub(crate) plain: PathBuf,
    /// The headers of our C API.
    pub(crate) headers: PathBuf,
    pub(crate) folder: TempDir,
}

impl Build {
    /// Builds the programs into the folder of this one, with the same profile.
    pub(crate) fn new() -> Result<Self, Failure> {
        let own = std::env::current_exe()?;
        let programs = own
            .parent()
            .ok_or("the path of this program has no folder")?;
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

/// The root folder of the checkout.
pub(crate) fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().unwrap_or(root)
}

/// The `cargo` that started this program.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Compiles a folder of `benches` with C files into a library for the interpreter of these headers.
pub(crate) fn compile(
    sources: &str,
    headers: &Path,
    flags: &[&str],
    library: &Path,
) -> Result<(), Failure> {
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
    let entries = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(sources))?;
    let mut sources: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    sources.retain(|path| path.extension().is_some_and(|extension| extension == "c"));
    let mut compiler = Command::new("cc");
    compiler.args(FLAGS).args(flags).arg("-I").arg(headers);
    succeed(compiler.args(sources).arg("-o").arg(library)).map(drop)
}

/// Builds the rows in Rust with PyO3 for a CPython, into a folder. Returns the version of PyO3.
pub(crate) fn build_pyo3(python: &Path, folder: &Path) -> Result<String, Failure> {
    let package = root().join("benches/pyo3");
    let own = std::env::current_exe()?;
    // Beside this program, so that the next run can use it again.
    let programs = own
        .parent()
        .ok_or("the path of this program has no folder")?;
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

/// Runs a command and returns what it printed.
///
/// # Errors
/// The command cannot be started or fails.
pub(crate) fn succeed(command: &mut Command) -> Result<String, Failure> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(printed);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?}: {}\n{printed}{stderr}", output.status).into())
}
