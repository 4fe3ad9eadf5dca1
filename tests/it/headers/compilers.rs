//! The compilers and CPythons of this machine. Compiles C code with our headers or those of a
//! CPython. Warnings are errors.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use libtest_mimic::{Failed, Trial};
use tempfile::TempDir;

use crate::c_code::{self, skipped, starts};
use crate::interpreter::{Ended, child, trial};

/// A compiler, and the version of the language that the headers support.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compiler {
    pub(super) program: &'static str,
    pub(super) language: Language,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    C,
    Cpp,
}

impl Language {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::C => "c11",
            Self::Cpp => "c++17",
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Self::C => "c",
            Self::Cpp => "cpp",
        }
    }

    /// The default compiler, and others that may be installed.
    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::C => &["cc", "clang"],
            Self::Cpp => &["c++", "clang++"],
        }
    }

    /// The first compiler of this language.
    pub(super) fn compiler(self) -> Option<Compiler> {
        let mut all = COMPILERS.iter().copied();
        all.find(|compiler| compiler.language == self)
    }
}

/// Every compiler that can be started.
pub(super) static COMPILERS: LazyLock<Vec<Compiler>> = LazyLock::new(|| {
    let languages = [Language::C, Language::Cpp].into_iter();
    let all = languages.flat_map(|language| {
        let programs = language.programs().iter();
        programs.map(move |program| Compiler { program, language })
    });
    all.filter(|compiler| starts(compiler.program, "--version"))
        .collect()
});

/// The headers to compile with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Headers {
    Ours,
    Of(&'static CPython),
}

/// A CPython whose headers are installed.
#[derive(Clone, Debug)]
pub(super) struct CPython {
    pub(super) program: &'static str,
    pub(super) include: PathBuf,
}

/// Every CPython on the path that has its headers, each once.
pub(super) static CPYTHONS: LazyLock<Vec<CPython>> = LazyLock::new(|| {
    let ask = "import sysconfig; print(sysconfig.get_path('include'), end='')";
    let mut found: Vec<CPython> = Vec::new();
    for program in ["python3.14", "python3.13", "python3"] {
        let Ok(output) = Command::new(program).args(["-c", ask]).output() else {
            continue;
        };
        let include = PathBuf::from(String::from_utf8_lossy(&output.stdout).as_ref());
        let known = found.iter().any(|other| other.include == include);
        if output.status.success() && include.join("Python.h").is_file() && !known {
            found.push(CPython { program, include });
        }
    }
    found
});

/// A test that needs a compiler of this language, or an ignored one if there is none.
pub(super) fn trial_in(
    language: Language,
    name: impl Into<String>,
    test: impl FnOnce(Compiler) -> Result<(), Failed> + Send + 'static,
) -> Trial {
    let name = name.into();
    match language.compiler() {
        Some(compiler) => trial(name, move || test(compiler)),
        None => {
            let what = language.name();
            skipped(format!("{name}::skipped, no compiler for {what} here"))
        }
    }
}

/// The text of a file in `tests/c/headers`.
pub(super) fn source(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/headers");
    fs::read_to_string(folder.join(name)).expect("the file exists")
}

/// A temporary folder for compiled files.
pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder can be made"))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Compiles a text, with these additional arguments, to the file `output` in this folder.
    ///
    /// # Errors
    /// The compiler's output, if it fails.
    pub(super) fn compile(
        &self,
        compiler: Compiler,
        headers: Headers,
        text: &str,
        arguments: &[&str],
        output: &str,
    ) -> Result<PathBuf, Failed> {
        let input = self.path(&format!("{output}.{}", compiler.language.suffix()));
        fs::write(&input, text)?;
        let output = self.path(output);
        let mut command = Command::new(compiler.program);
        command
            .arg(format!("-std={}", compiler.language.name()))
            .args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-O1", "-fPIC"])
            .args(arguments)
            .args([OsStr::new("-o"), output.as_os_str(), input.as_os_str()]);
        match headers {
            Headers::Ours => command.arg("-I").arg(c_code::headers()),
            // Of our headers only pycapsule.h, and no warnings for CPython's.
            Headers::Of(cpython) => {
                fs::copy(
                    c_code::headers().join("pycapsule.h"),
                    self.path("pycapsule.h"),
                )?;
                command.arg("-isystem").arg(&cpython.include)
            }
        };
        run(&mut command)?;
        Ok(output)
    }

    /// Compiles a text to the extension module `name`. It exports only what is marked as exported.
    ///
    /// # Errors
    /// The compiler's output, if it fails.
    pub(super) fn module(&self, compiler: Compiler, text: &str, name: &str) -> Result<(), Failed> {
        let arguments = ["-shared", "-fvisibility=hidden"];
        let library = format!("{name}.so");
        self.compile(compiler, Headers::Ours, text, &arguments, &library)
            .map(drop)
    }

    /// Runs Python code in a child interpreter that can import the modules.
    pub(super) fn run(&self, python: &str) -> Ended {
        let folder = self.0.path().to_string_lossy();
        let arguments = ["-c", python].map(OsStr::new);
        child(&arguments, &[("PYTHONPATH", &folder)])
    }

    /// Runs Python code in a CPython that can import the modules. Returns its output.
    ///
    /// # Errors
    /// The standard error, if it fails.
    pub(super) fn run_in(&self, cpython: &CPython, python: &str) -> Result<String, Failed> {
        let mut command = Command::new(cpython.program);
        run(command
            .args(["-c", python])
            .env("PYTHONPATH", self.0.path()))
    }
}

/// Runs a program. Returns its output.
///
/// # Errors
/// The standard error, if it fails.
pub(super) fn run(command: &mut Command) -> Result<String, Failed> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?}\n{}\n{stderr}", output.status).into())
}

/// Checks that a child succeeded and printed this.
pub(super) fn check(ended: &Ended, expected: &str) -> Result<(), Failed> {
    if ended.code == Some(0) && ended.stdout.trim_end() == expected && ended.stderr.is_empty() {
        return Ok(());
    }
    Err(format!("{ended:?}\nexpected:\n{expected}").into())
}
