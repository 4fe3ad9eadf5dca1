//! The libraries' own tests, from their source distributions, under pytest.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::command::{Failure, output};
use crate::list::{List, Suite, Wheel};
use crate::probe::folders;
use crate::python::{Python, Pythons};
use crate::report::Table;
use crate::store::Store;

/// Runs the suite of each wheel that has one. Returns the report, and whether every test that fails is
/// explained in the list.
pub(crate) fn run_all(
    list: &List,
    store: &Store,
    pythons: &Pythons,
) -> Result<(String, bool), Failure> {
    let mut rates = Table::new(&[
        "suite",
        "interpreter",
        "passed",
        "failed",
        "skipped",
        "rate",
    ]);
    let mut failures = Table::new(&["suite", "test", "reason"]);
    let mut explained = true;
    for wheel in &list.wheels {
        let Some(suite) = &wheel.suite else { continue };
        let sources = store.sources(&wheel.name, &wheel.version)?;
        for python in pythons.all() {
            let is_ours = std::ptr::eq(python, &pythons.ours);
            let label = if is_ours {
                "capsule-python"
            } else {
                "CPython 3.13"
            };
            store.announce(&format!("the tests of {} in {label}", wheel.name));
            let mut path = folders(wheel, store, python)?;
            for requirement in suite.with.iter().chain(&list.pytest) {
                path.push(store.unpacked(requirement, python.target)?);
            }
            path.push(sources.clone());
            let counts = run(suite, &sources, python, &path)?;
            let [passed, failed, skipped] = [counts.passed, counts.failed.len(), counts.skipped];
            #[expect(clippy::cast_precision_loss, reason = "there are few tests")]
            let rate = 100.0 * passed as f64 / (passed + failed).max(1) as f64;
            rates.add(&[
                format!("{} {}", wheel.name, wheel.version),
                label.to_owned(),
                passed.to_string(),
                failed.to_string(),
                skipped.to_string(),
                format!("{rate:.1} %"),
            ]);
            if is_ours {
                explained &= explain(wheel, suite, &counts.failed, &mut failures);
            }
        }
    }
    let text = format!(
        "{}\n## Tests that fail here\n\n{}",
        rates.markdown(),
        failures.markdown()
    );
    Ok((text, explained))
}

/// Adds a row for each reason. Returns whether each failure has one.
fn explain(wheel: &Wheel, suite: &Suite, failed: &[String], table: &mut Table) -> bool {
    let mut explained = true;
    let mut rows: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for test in failed {
        let known = suite.failures.iter().find(|(part, _)| test.contains(part));
        let row = match known {
            Some((part, why)) => (part.as_str(), why.as_str()),
            None => {
                explained = false;
                (test.as_str(), "not explained yet")
            }
        };
        *rows.entry(row).or_default() += 1;
    }
    for ((test, why), count) in rows {
        let count = if count == 1 {
            String::new()
        } else {
            format!(" ({count})")
        };
        table.add(&[
            wheel.name.clone(),
            format!("`{test}`{count}"),
            why.to_owned(),
        ]);
    }
    explained
}

#[derive(Debug, Default, PartialEq)]
struct Counts {
    passed: usize,
    skipped: usize,
    failed: Vec<String>,
}

/// Runs each file of tests in an interpreter of its own, so that a crash ends only that file.
fn run(
    suite: &Suite,
    sources: &Path,
    python: &Python,
    path: &[PathBuf],
) -> Result<Counts, Failure> {
    let mut counts = Counts::default();
    for tests in &suite.tests {
        for file in files(&sources.join(tests))? {
            let mut command = python.command(path)?;
            let name = file.strip_prefix(sources).unwrap_or(&file);
            command.args([
                "-m",
                "pytest",
                "-q",
                "-rfE",
                "--tb=no",
                "-p",
                "no:cacheprovider",
            ]);
            // The library's own settings may need plugins.
            command.args(["-c", "/dev/null", "--rootdir", "."]);
            let output = output(command.arg(name).current_dir(sources))?;
            let name = name.display().to_string();
            if !counts.add(&output.stdout) {
                counts
                    .failed
                    .push(format!("{name}: {}, {}", output.status, output.last_line()));
            }
        }
    }
    Ok(counts)
}

/// The file itself, or all files of tests in the folder and the folders in it, sorted.
fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if name.starts_with("test_") && name.ends_with(".py") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

impl Counts {
    /// Adds what pytest has printed. Returns false if its last line is missing.
    fn add(&mut self, printed: &str) -> bool {
        let failed = |line: &str| {
            let test = line
                .strip_prefix("FAILED ")
                .or(line.strip_prefix("ERROR "))?;
            Some(test.split(" - ").next().unwrap_or(test).to_owned())
        };
        self.failed.extend(printed.lines().filter_map(failed));
        let Some(last) = printed.lines().rev().find(|line| line.contains(" in ")) else {
            return false;
        };
        let last = last.trim_matches(['=', ' ']);
        let (parts, _) = last.rsplit_once(" in ").unwrap_or((last, ""));
        let count = |word: &str| -> usize {
            let mut parts = parts.split(", ").filter_map(|part| part.split_once(' '));
            let part = parts.find(|(_, name)| *name == word);
            part.and_then(|(number, _)| number.parse().ok())
                .unwrap_or_default()
        };
        self.passed += count("passed") + count("xfailed");
        self.skipped += count("skipped");
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pytest_prints_is_counted() {
        let mut counts = Counts::default();
        let first = "..F [100%]\nFAILED tests/test_a.py::test_b[x] - assert 1 == 2\n1 failed, 2 passed, 3 skipped in 0.10s\n";
        assert!(counts.add(first));
        assert!(counts.add("5 passed, 1 xfailed, 1 warning in 61.00s (0:01:01)\n"));
        assert!(counts.add("no tests ran in 0.01s\n"));
        assert!(!counts.add(""));
        let expected = Counts {
            passed: 8,
            skipped: 3,
            failed: vec!["tests/test_a.py::test_b[x]".to_owned()],
        };
        assert_eq!(counts, expected);
    }
}
