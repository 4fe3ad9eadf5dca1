//! Runs the C code of the tests, and the interpreters that load it, under valgrind: no invalid
//! access, and no leak of memory that this project allocated (the VM itself leaks some when it is
//! finalized). These tests take a minute or two, so they run on request: `cargo verify -- --ignored
//! valgrind`.

use std::ffi::OsStr;
use std::fs;
use std::process::{Command, Stdio};

use libtest_mimic::{Failed, Trial};
use tempfile::NamedTempFile;

use super::fixture::Suite;
use crate::c_code::HAS_COMPILER;
use crate::interpreter::{CHILD, Ended, trial};

/// The given suites, and the tests that are written in C, under valgrind.
pub(super) fn trials<const N: usize>(suites: [Suite; N]) -> Vec<Trial> {
    if !*HAS_COMPILER || !is_here() {
        let skipped = trial("valgrind::skipped, no valgrind here", || Ok(()));
        return vec![skipped.with_ignored_flag(true)];
    }
    let suites = suites.map(|suite| {
        trial(format!("valgrind::loader::{}", suite.topic), move || {
            let mut log = String::new();
            suite.check(|arguments| {
                let ended = under_valgrind(arguments, &[(CHILD, "1")], &mut log);
                ended.expect("valgrind starts")
            })?;
            check(&log)
        })
    });
    let c_tests = trial("valgrind::c", || {
        let mut log = String::new();
        let ended = under_valgrind(&[OsStr::new("c::")], &[], &mut log)?;
        if ended.code != Some(0) {
            return Err(format!("{ended:?}").into());
        }
        check(&log)
    });
    let all = suites.into_iter().chain([c_tests]);
    all.map(|trial| trial.with_ignored_flag(true)).collect()
}

pub(crate) fn is_here() -> bool {
    let mut version = Command::new("valgrind");
    version.arg("--version").stdout(Stdio::null());
    version.status().is_ok_and(|status| status.success())
}

/// Runs this program under valgrind and stores valgrind's output in `log`.
pub(crate) fn under_valgrind(
    arguments: &[&OsStr],
    environment: &[(&str, &str)],
    log: &mut String,
) -> Result<Ended, std::io::Error> {
    let file = NamedTempFile::new()?;
    let mut command = Command::new("valgrind");
    command
        .args([
            "--leak-check=full",
            "--show-leak-kinds=definite",
            "--num-callers=40",
            // Optimized Rust code computes with undefined bits and discards the result.
            "--undef-value-errors=no",
        ])
        .arg(format!("--log-file={}", file.path().display()))
        .arg(std::env::current_exe()?)
        .args(arguments)
        .envs(environment.iter().copied())
        .stdin(Stdio::null());
    let output = command.output()?;
    *log = fs::read_to_string(file.path())?;
    Ok(Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Fails if the log has a report that is ours.
pub(crate) fn check(log: &str) -> Result<(), Failed> {
    if !log.contains("LEAK SUMMARY") {
        return Err(format!("valgrind did not finish:\n{log}").into());
    }
    let lines: Vec<&str> = log.lines().map(without_process).collect();
    let reports = lines.split(|line| line.trim().is_empty());
    let ours: Vec<String> = reports
        .filter(|lines| is_ours(lines))
        .map(|lines| lines.join("\n"))
        .collect();
    if ours.is_empty() {
        Ok(())
    } else {
        Err(ours.join("\n\n").into())
    }
}

/// A line without the process id at its start.
fn without_process(line: &str) -> &str {
    line.splitn(3, "==").nth(2).unwrap_or(line)
}

/// Whether a report is about an invalid access by any code, or about a leak of memory that our
/// crates or a library of these tests allocated: then one of them is among the innermost frames.
fn is_ours(report: &[&str]) -> bool {
    const ACCESSES: [&str; 3] = ["Invalid", "Mismatched free", "Source and destination"];
    const INNERMOST: usize = 6;
    let Some((first, rest)) = report.split_first() else {
        return false;
    };
    let is_access = ACCESSES
        .iter()
        .any(|access| first.trim().starts_with(access));
    let ours = |frame: &&str| {
        let library = frame.contains(".so)") && !frame.contains("vgpreload");
        frame.contains("rustpython_capsule") || library && !frame.contains("/lib/")
    };
    is_access || first.contains("definitely lost") && rest.iter().take(INNERMOST).any(ours)
}
