//! Runs rows over extension modules: compiles C files of `tests/c/loader` into a temporary folder
//! and runs all rows of a topic there in one child interpreter (see `driver.py`).

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Failed, Trial};
use tempfile::TempDir;

use crate::c_code::{self, HAS_COMPILER};
use crate::interpreter::{Ended, child, trial};
use crate::table::Group;

/// Rows over the modules of C files. A row is a source text and its expected outcome: the `repr` of
/// its value, or the exception with its cause and notes. The value of statements is that of the
/// variable `answer`.
#[derive(Clone, Copy)]
pub(super) struct Suite {
    pub(super) topic: &'static str,
    /// Files of `tests/c/loader`. A row that names no library uses that of the first file.
    pub(super) sources: &'static [&'static str],
    /// Statements that run before each row.
    pub(super) prelude: &'static str,
    pub(super) groups: &'static [Group],
}

/// The outcome of every row of a suite, by group; or why no row could be run.
type Outcomes = Result<Vec<Vec<String>>, String>;

impl Suite {
    pub(super) fn trials(self) -> Vec<Trial> {
        if !*HAS_COMPILER {
            return vec![skipped(self.topic)];
        }
        let run = Arc::new(OnceLock::new());
        let group = |(position, (behaviour, rows)): (usize, &'static Group)| {
            let run = Arc::clone(&run);
            trial(format!("loader::{}::{behaviour}", self.topic), move || {
                let outcomes: &Outcomes =
                    run.get_or_init(|| self.run(|arguments| child(arguments, &[])));
                compare(rows, &outcomes.as_ref()?[position])
            })
        };
        self.groups.iter().enumerate().map(group).collect()
    }

    /// Runs all rows in the interpreter that `start` starts with the given arguments.
    ///
    /// # Errors
    /// The first group with an unexpected outcome.
    pub(super) fn check(&self, start: impl FnOnce(&[&OsStr]) -> Ended) -> Result<(), Failed> {
        let outcomes = self.run(start)?;
        let groups = self.groups.iter().zip(&outcomes);
        groups
            .into_iter()
            .try_for_each(|((_, rows), outcomes)| compare(rows, outcomes))
    }

    fn run(&self, start: impl FnOnce(&[&OsStr]) -> Ended) -> Outcomes {
        let fixture = Fixture::new(self.sources)?;
        let rows = self.groups.iter().flat_map(|(_, rows)| rows.iter());
        let rows: Vec<_> = rows.map(|(source, _)| source).collect();
        fixture.write("prelude", self.prelude);
        for (number, source) in rows.iter().enumerate() {
            fixture.write(&format!("row-{number}"), source);
        }
        let count = rows.len().to_string();
        let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/loader/driver.py");
        let folder = fixture.path().as_os_str();
        let rest = [&count, stem(self.sources[0])].map(OsStr::new);
        let mut ended = Some(start(&[driver.as_os_str(), folder, rest[0], rest[1]]));
        let mut outcomes = (0..rows.len()).map(|number| {
            let outcome = fs::read_to_string(fixture.path().join(format!("outcome-{number}")));
            outcome.unwrap_or_else(|_| match ended.take() {
                Some(ended) => format!("the interpreter exited: {ended:?}"),
                None => "the interpreter had exited before".to_owned(),
            })
        });
        let mut group = |rows: &[_]| outcomes.by_ref().take(rows.len()).collect();
        Ok(self.groups.iter().map(|(_, rows)| group(rows)).collect())
    }
}

fn compare(rows: &[(&str, &str)], outcomes: &[String]) -> Result<(), Failed> {
    let mut wrong = String::new();
    for ((source, expected), found) in rows.iter().zip(outcomes) {
        if found != expected {
            wrong += &format!("{source}\n  expected {expected}\n  found    {found}\n");
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.into())
    }
}

/// A folder with compiled libraries in it.
pub(super) struct Fixture(TempDir);

impl Fixture {
    /// Compiles each file into a library of the same name.
    ///
    /// # Errors
    /// The messages of the compiler.
    pub(super) fn new(sources: &[&str]) -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let fixture = Self(folder);
        for source in sources {
            let source_file = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("c/loader")
                .join(source);
            let (headers, none) = (c_code::headers(), [""; 0]);
            c_code::compile(
                &[source_file],
                &headers,
                &none,
                &fixture.library(stem(source)),
            )?;
        }
        Ok(fixture)
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    fn library(&self, stem: &str) -> PathBuf {
        self.path().join(format!("{stem}.so"))
    }

    /// Makes a library importable under another name.
    pub(super) fn place(&self, stem: &str, module: &str) {
        fs::copy(self.library(stem), self.library(module)).expect("a file can be copied");
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).expect("a file can be written");
    }

    /// Runs a Python source text in a child interpreter that can import the libraries.
    pub(super) fn run(
        &self,
        source: &str,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Ended {
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

/// An ignored test in place of the tests of a topic, for a machine without a C compiler.
pub(super) fn skipped(topic: &str) -> Trial {
    c_code::skipped(format!("loader::{topic}::skipped, no C compiler here"))
}
