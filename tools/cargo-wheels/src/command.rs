//! Running programs, and the reasons why this program stops.

use std::fmt::Display;
use std::process::Command;

/// Why there is nothing to report.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A wheel must be downloaded, and PyPI does not answer.
    NoAnswer,
    Other(String),
}

impl<T: Display> From<T> for Failure {
    fn from(error: T) -> Self {
        Self::Other(error.to_string())
    }
}

/// What a program has printed, and whether it has succeeded.
pub(crate) struct Output {
    pub(crate) succeeded: bool,
    /// The exit code, or the signal that ended it.
    pub(crate) status: String,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    /// The last line that says something: of the errors, or else of the output.
    pub(crate) fn last_line(&self) -> &str {
        let last = |text: &'_ str| -> Option<usize> {
            let line = text.lines().rev().find(|line| !line.trim().is_empty())?;
            Some(line.as_ptr() as usize - text.as_ptr() as usize)
        };
        let text = if self.stderr.trim().is_empty() {
            &self.stdout
        } else {
            &self.stderr
        };
        last(text).map_or("", |start| text[start..].lines().next().unwrap_or_default())
    }
}

/// Runs a program to its end.
///
/// # Errors
/// If it cannot be started.
pub(crate) fn output(command: &mut Command) -> Result<Output, Failure> {
    let output = command
        .output()
        .map_err(|error| format!("cannot start {:?}: {error}", command.get_program()))?;
    Ok(Output {
        succeeded: output.status.success(),
        status: output.status.to_string(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Runs a program that must succeed. Returns what it has printed.
///
/// # Errors
/// If it cannot be started or fails.
pub(crate) fn succeed(command: &mut Command) -> Result<String, Failure> {
    let output = output(command)?;
    if output.succeeded {
        return Ok(output.stdout);
    }
    let (status, text) = (&output.status, output.stderr.trim_end());
    Err(format!("{command:?} failed ({status}):\n{text}").into())
}
