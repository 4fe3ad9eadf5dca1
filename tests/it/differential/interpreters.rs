//! One module in both interpreters: finds a CPython of a version that this interpreter follows,
//! builds the module for both, and runs the same script in both at the same time.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::c_code;
use crate::interpreter::child;

/// A CPython to compare with.
#[derive(Clone, Debug)]
pub(crate) struct CPython {
    program: PathBuf,
    headers: PathBuf,
}

/// Prints the folder of the headers, if this is CPython 3.13 or 3.14 with a GIL and not a debug
/// build. Debug builds abort if a destructor changes the pending exception.
const ASK: &str = "
import os, sys, sysconfig
headers = sysconfig.get_path('include')
fit = sys.implementation.name == 'cpython' and sys.version_info[:2] in ((3, 13), (3, 14))
fit = fit and not hasattr(sys, 'gettotalrefcount') and not sysconfig.get_config_var('Py_GIL_DISABLED')
if fit and os.path.exists(os.path.join(headers, 'Python.h')):
    print(headers)
";

impl CPython {
    /// The newest one on the path, or among the versions of pyenv. The commands that pyenv has on
    /// the path start selected versions only.
    pub(crate) fn find() -> Option<Self> {
        let names = ["python3.14", "python3.13", "python3"].map(PathBuf::from);
        names.into_iter().chain(of_pyenv()).find_map(Self::at)
    }

    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    fn at(program: PathBuf) -> Option<Self> {
        let output = Command::new(&program)
            .args(["-I", "-c", ASK])
            .stdin(Stdio::null())
            .output()
            .ok()?;
        let headers = String::from_utf8(output.stdout).ok()?;
        let headers = PathBuf::from(headers.trim_end());
        headers.is_absolute().then_some(Self { program, headers })
    }
}

fn of_pyenv() -> Vec<PathBuf> {
    let root = std::env::var_os("PYENV_ROOT").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".pyenv"));
    let Some(entries) = root
        .or(home)
        .and_then(|root| std::fs::read_dir(root.join("versions")).ok())
    else {
        return Vec::new();
    };
    let mut versions: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    versions.retain(|version| {
        let name = version.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("3.13.") || name.starts_with("3.14.")
    });
    versions.sort();
    versions.reverse();
    versions
        .into_iter()
        .map(|version| version.join("bin/python3"))
        .collect()
}

/// A time zone with daylight saving time, for both interpreters.
const ZONE: (&str, &str) = ("TZ", "CET-1CEST,M3.5.0,M10.5.0/3");

/// A C module for both interpreters. Paths are relative to `tests/c`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Driver {
    pub(super) module: &'static str,
    /// A C file, or a folder of them.
    pub(super) sources: &'static str,
    /// The folder of the scripts.
    pub(super) scripts: &'static str,
}

/// Both interpreters, each with a folder that has its build of the module.
#[derive(Debug)]
pub(super) struct Interpreters {
    cpython: CPython,
    driver: Driver,
    folder: OnceLock<Result<TempDir, String>>,
}

/// A run of a script in one of them.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) folder: PathBuf,
    pub(super) stdout: String,
}

impl Interpreters {
    pub(super) fn new(cpython: CPython, driver: Driver) -> Self {
        Self {
            cpython,
            driver,
            folder: OnceLock::new(),
        }
    }

    /// Runs a script of the driver in both interpreters: the run in CPython, then the one here.
    ///
    /// # Errors
    /// The module cannot be built, or the script fails.
    pub(super) fn run(&self, script: &str, arguments: &[&str]) -> Result<(Run, Run), String> {
        let folder = self.folder.get_or_init(|| self.build());
        let folder = folder.as_ref().map_err(Clone::clone)?.path();
        let (theirs, ours) = (folder.join("cpython"), folder.join("ours"));
        let script = tests_c().join(self.driver.scripts).join(script);
        std::thread::scope(|scope| {
            let cpython = scope.spawn(|| self.run_cpython(&script, &theirs, arguments));
            let ours = run_ours(&script, &ours, arguments);
            let theirs = cpython.join().expect("a process can be waited for");
            Ok((theirs?, ours?))
        })
    }

    fn build(&self) -> Result<TempDir, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let own_headers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/capi/include");
        self.compile(&self.cpython.headers, &folder.path().join("cpython"))?;
        self.compile(&own_headers, &folder.path().join("ours"))?;
        Ok(folder)
    }

    fn compile(&self, headers: &Path, folder: &Path) -> Result<(), String> {
        std::fs::create_dir(folder).map_err(|error| error.to_string())?;
        let sources = tests_c().join(self.driver.sources);
        let sources = match std::fs::read_dir(&sources) {
            Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
            Err(_) => vec![sources],
        };
        let sources: Vec<PathBuf> = sources
            .into_iter()
            .filter(|path| path.extension() == Some(OsStr::new("c")))
            .collect();
        let flags = ["-O1", "-fvisibility=hidden"];
        let library = folder.join(format!("{}.so", self.driver.module));
        c_code::compile(&sources, headers, &flags, &library)
    }

    fn run_cpython(&self, script: &Path, folder: &Path, arguments: &[&str]) -> Result<Run, String> {
        let output = Command::new(&self.cpython.program)
            .args(["-I", "-X", "utf8"])
            .arg(script)
            .arg(folder)
            .args(arguments)
            .envs([ZONE])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&output.stderr);
        ran("CPython", output.status.code(), folder, stdout, &stderr)
    }
}

fn run_ours(script: &Path, folder: &Path, arguments: &[&str]) -> Result<Run, String> {
    let mut all = vec![script.as_os_str(), folder.as_os_str()];
    all.extend(arguments.iter().map(OsStr::new));
    let ended = child(&all, &[ZONE]);
    ran("ours", ended.code, folder, ended.stdout, &ended.stderr)
}

fn ran(
    who: &str,
    code: Option<i32>,
    folder: &Path,
    stdout: String,
    stderr: &str,
) -> Result<Run, String> {
    if code != Some(0) || !stderr.is_empty() {
        let last = last_line(folder).unwrap_or_default();
        return Err(format!(
            "{who}: exit code {code:?}\n{stderr}\nthe transcript ends in: {last}"
        ));
    }
    Ok(Run {
        folder: folder.to_owned(),
        stdout,
    })
}

/// The last line of the transcript that was written last.
fn last_line(folder: &Path) -> Option<String> {
    let texts = std::fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path());
    let newest = texts
        .filter(|path| path.extension() == Some(OsStr::new("txt")))
        .max_by_key(|path| path.metadata().and_then(|data| data.modified()).ok())?;
    let text = std::fs::read_to_string(newest).ok()?;
    text.lines().last().map(str::to_owned)
}

fn tests_c() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("c")
}
