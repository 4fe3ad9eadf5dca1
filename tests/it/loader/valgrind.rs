//! The C code of the tests, and the interpreters that load it, under valgrind: no access to memory
//! that is not theirs, and none lost that we asked for. The VM itself loses some at its end. This
//! takes a minute or two, so it must be asked for: `cargo verify -- --ignored valgrind`.

use std::ffi::OsStr;
use std::fs;
use std::process::{Command, Stdio};

use libtest_mimic::{Failed, Trial};
use tempfile::NamedTempFile;

use super::SUITES;
use crate::c_code::HAS_COMPILER;
use crate::interpreter::{CHILD, Ended, trial};

pub(super) fn trials() -> Vec<Trial> {
    let mut version = Command::new("valgrind");
    version.arg("--version").stdout(Stdio::null());
    if !*HAS_COMPILER || !version.status().is_ok_and(|status| status.success()) {
        let left_out = trial("valgrind::left out, no valgrind here", || Ok(()));
        return vec![left_out.with_ignored_flag(true)];
    }
    let suites = SUITES.map(|suite| {
        trial(format!("valgrind::loader::{}", suite.topic), move || {
            let mut log = String::new();
            suite.check(|arguments| {
                let ended = under_valgrind(arguments, Some(CHILD), &mut log);
                ended.expect("valgrind starts")
            })?;
            judge(&log)
        })
    });
    let here = trial("valgrind::c", || {
        let mut log = String::new();
        let ended = under_valgrind(&[OsStr::new("c::")], None, &mut log)?;
        if ended.code != Some(0) {
            return Err(format!("{ended:?}").into());
        }
        judge(&log)
    });
    let all = suites.into_iter().chain([here]);
    all.map(|trial| trial.with_ignored_flag(true)).collect()
}

/// Starts this program under valgrind.
fn under_valgrind(
    arguments: &[&OsStr],
    variable: Option<&str>,
    log: &mut String,
) -> Result<Ended, std::io::Error> {
    let file = NamedTempFile::new()?;
    let mut command = Command::new("valgrind");
    command
        .args([
            "--leak-check=full",
            "--show-leak-kinds=definite",
            "--num-callers=40",
            // Optimised Rust code computes with undefined bits, and throws the result away.
            "--undef-value-errors=no",
        ])
        .arg(format!("--log-file={}", file.path().display()))
        .arg(std::env::current_exe()?)
        .args(arguments)
        .envs(variable.map(|name| (name, "1")))
        .stdin(Stdio::null());
    let output = command.output()?;
    *log = fs::read_to_string(file.path())?;
    Ok(Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

fn judge(log: &str) -> Result<(), Failed> {
    if !log.contains("LEAK SUMMARY") {
        return Err(format!("valgrind did not come to its end:\n{log}").into());
    }
    let lines: Vec<&str> = log.lines().map(without_process).collect();
    let complaints = lines.split(|line| line.trim().is_empty());
    let ours: Vec<String> = complaints
        .filter(|lines| concerns_us(lines))
        .map(|lines| lines.join("\n"))
        .collect();
    if ours.is_empty() {
        Ok(())
    } else {
        Err(ours.join("\n\n").into())
    }
}

/// A line without the number of the process that it begins with.
fn without_process(line: &str) -> &str {
    line.splitn(3, "==").nth(2).unwrap_or(line)
}

/// Whether a complaint is about an access, whoever makes it, or about lost memory that our crates
/// or a library of these tests asked for: one of them is near the allocation.
fn concerns_us(complaint: &[&str]) -> bool {
    const ACCESSES: [&str; 3] = ["Invalid", "Mismatched free", "Source and destination"];
    const NEAR: usize = 6;
    let Some((first, rest)) = complaint.split_first() else {
        return false;
    };
    let is_access = ACCESSES
        .iter()
        .any(|access| first.trim().starts_with(access));
    let ours = |frame: &&str| {
        let library = frame.contains(".so)") && !frame.contains("vgpreload");
        frame.contains("rustpython_capsule") || library && !frame.contains("/lib/")
    };
    is_access || first.contains("definitely lost") && rest.iter().take(NEAR).any(ours)
}
