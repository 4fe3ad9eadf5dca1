//! Where rows over extension modules run: a C file of `tests/c/loader` is compiled into a temporary
//! folder, and all rows of a topic run in one child interpreter over it (see `driver.py`).

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock, OnceLock};

use libtest_mimic::Trial;
use tempfile::TempDir;

use crate::interpreter::{Ended, child, trial};
use crate::table::Group;

/// Rows over the modules of one C file. A row is a source text and the `repr` of its value, or the
/// exception with its cause and notes; the value of statements is that of the variable `answer`.
#[derive(Clone, Copy)]
pub(super) struct Suite {
    pub(super) topic: &'static str,
    /// Files of `tests/c/loader`. Rows place the library of the first if they name no other.
    pub(super) sources: &'static [&'static str],
    /// What runs before each row.
    pub(super) prelude: &'static str,
    pub(super) groups: &'static [Group],
}

impl Suite {
    pub(super) fn trials(self) -> Vec<Trial> {
        if COMPILER.is_none() {
            return vec![left_out(self.topic)];
        }
        let run = Arc::new(OnceLock::new());
        let group = |(position, (holds, rows)): (usize, &'static Group)| {
            let run = Arc::clone(&run);
            trial(format!("loader::{}::{holds}", self.topic), move || {
                let outcomes: &Vec<Vec<String>> = run.get_or_init(|| self.run());
                let mut wrong = String::new();
                for ((source, expected), found) in rows.iter().zip(&outcomes[position]) {
                    if found != expected {
                        wrong += &format!("{source}\n  expected {expected}\n  found    {found}\n");
                    }
                }
                if wrong.is_empty() {
                    Ok(())
                } else {
                    Err(wrong.into())
                }
            })
        };
        self.groups.iter().enumerate().map(group).collect()
    }

    /// What every row came to, in groups.
    fn run(&self) -> Vec<Vec<String>> {
        let stage = Stage::new(self.sources);
        let rows = self.groups.iter().flat_map(|(_, rows)| rows.iter());
        let rows: Vec<_> = rows.map(|(source, _)| source).collect();
        stage.write("prelude", self.prelude);
        for (number, source) in rows.iter().enumerate() {
            stage.write(&format!("row-{number}"), source);
        }
        let count = rows.len().to_string();
        let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/loader/driver.py");
        let folder = stage.path().as_os_str();
        let arguments = [&count, stem(self.sources[0])].map(OsStr::new);
        let ended = child(&[&[driver.as_os_str(), folder], &arguments[..]].concat(), &[]);
        let mut end = Some(ended);
        let mut outcomes = (0..rows.len()).map(|number| {
            let outcome = fs::read_to_string(stage.path().join(format!("outcome-{number}")));
            outcome.unwrap_or_else(|_| match end.take() {
                Some(ended) => format!("the end of the interpreter: {ended:?}"),
                None => "the interpreter had ended".to_owned(),
            })
        });
        let mut group = |rows: &[_]| outcomes.by_ref().take(rows.len()).collect();
        self.groups.iter().map(|(_, rows)| group(rows)).collect()
    }
}

/// A folder with compiled libraries in it.
pub(super) struct Stage(TempDir);

impl Stage {
    /// # Panics
    /// If a C file does not compile.
    pub(super) fn new(sources: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let stage = Self(folder);
        for source in sources {
            compile(source, &stage.library(stem(source)));
        }
        stage
    }

    fn library(&self, stem: &str) -> PathBuf {
        self.path().join(format!("{stem}.so"))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).expect("a file can be written");
    }

    /// Runs a Python source text where the modules can be imported.
    pub(super) fn run(&self, source: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
        self.write("script.py", source);
        let script = self.path().join("script.py");
        let arguments = arguments.iter().map(OsStr::new);
        let arguments: Vec<_> = arguments.chain([script.as_os_str()]).collect();
        child(&arguments, environment)
    }
}

fn stem(source: &str) -> &str {
    source.trim_end_matches(".c")
}

fn compile(source: &str, library: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let include = |folder: PathBuf| format!("-I{}", folder.display());
    let output = Command::new(COMPILER.unwrap_or_default())
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-pthread"])
        .arg(include(root.join("../crates/capi/include")))
        .arg(include(root.join("c")))
        .arg("-o")
        .arg(library)
        .arg(root.join("c/loader").join(source))
        .output()
        .expect("the compiler starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}

/// A C compiler of this machine.
pub(super) static COMPILER: LazyLock<Option<&'static str>> = LazyLock::new(|| {
    ["cc", "gcc", "clang"].into_iter().find(|name| {
        let mut command = Command::new(name);
        command.arg("--version");
        let silent = command.stdout(Stdio::null()).stderr(Stdio::null());
        silent.status().is_ok_and(|status| status.success())
    })
});

/// Stands for the tests of a topic that need a compiler where there is none.
pub(super) fn left_out(topic: &str) -> Trial {
    let name = format!("loader::{topic}::left out, no C compiler here");
    trial(name, || Ok(())).with_ignored_flag(true)
}
