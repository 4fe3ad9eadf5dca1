//! Every file in `snippets` is a test: it must exit with code 0 in our interpreter, and if it does
//! not use `_capsule`, in CPython too.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use libtest_mimic::{Failed, Trial};

use crate::interpreter::{child, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../snippets");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the workspace has a folder of snippets")
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(|path| path.extension() == Some(OsStr::new("py")))
        .collect();
    files.sort();
    let cpython = cpython();
    let mut trials: Vec<Trial> = files
        .iter()
        .flat_map(|file| trials_of(file, cpython))
        .collect();
    trials.extend([
        trial("snippets::the-docs-show-what-the-tour-prints", || {
            shows("docs/tour.md", "tour.py", |printed| printed)
        }),
        trial("snippets::the-readme-shows-what-share-prints", || {
            // The README shows the first of two exchanges.
            shows("README.md", "share.py", |printed| {
                printed.rsplit_once('\n').unwrap_or_default().0
            })
        }),
        trial("snippets::the-readme-quotes-share", quotes),
    ]);
    trials
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A page has a block with what a snippet prints, or with the part of it that `shown` returns.
fn shows(page: &str, snippet: &str, shown: fn(&str) -> &str) -> Result<(), Failed> {
    let snippet = root().join("snippets").join(snippet);
    let printed = child(&[snippet.as_os_str()], &[]).stdout;
    let text = fs::read_to_string(root().join(page))?;
    let block = format!("```text\n{}\n```", shown(printed.trim_matches('\n')));
    if text.contains(&block) {
        Ok(())
    } else {
        Err(format!("{page} has no such block:\n{block}").into())
    }
}

/// The Python code in the README is part of the snippet.
fn quotes() -> Result<(), Failed> {
    let readme = fs::read_to_string(root().join("README.md"))?;
    let share = fs::read_to_string(root().join("snippets/share.py"))?;
    let (_, block) = readme.split_once("\n```python\n").ok_or("no such block")?;
    let block = block.split("```").next().unwrap_or_default();
    if share.contains(block) {
        Ok(())
    } else {
        Err(format!("snippets/share.py does not have\n{block}").into())
    }
}

fn trials_of(file: &Path, cpython: Option<&'static str>) -> Vec<Trial> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let source = fs::read_to_string(file).expect("a snippet can be read");
    let ours = file.to_owned();
    let mut trials = vec![trial(format!("snippets::{stem}"), move || {
        let ended = child(&[ours.as_os_str()], &[]);
        check(ended.code, &ended.stderr)
    })];
    if !source.contains("_capsule") {
        let theirs = file.to_owned();
        let name = format!(
            "snippets::{stem}::{}",
            cpython.unwrap_or("skipped, no CPython here")
        );
        trials.push(
            trial(name, move || {
                in_cpython(cpython.unwrap_or_default(), &theirs)
            })
            .with_ignored_flag(cpython.is_none()),
        );
    }
    trials
}

/// The newest CPython on `PATH` that starts.
fn cpython() -> Option<&'static str> {
    ["python3.14", "python3.13", "python3"]
        .into_iter()
        .find(|name| {
            Command::new(name)
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
        })
}

fn in_cpython(program: &str, file: &Path) -> Result<(), Failed> {
    let output = Command::new(program).arg(file).output()?;
    check(
        output.status.code(),
        &String::from_utf8_lossy(&output.stderr),
    )
}

fn check(code: Option<i32>, stderr: &str) -> Result<(), Failed> {
    match code {
        Some(0) => Ok(()),
        code => Err(format!("exit code {code:?}\n{stderr}").into()),
    }
}
