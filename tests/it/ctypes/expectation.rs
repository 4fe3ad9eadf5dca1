//! A program with its expected output, and the comparison with what a process printed.

use libtest_mimic::Failed;

/// A behaviour, a program that shows it, and its output.
pub(super) type Row = (&'static str, &'static str, &'static str);

/// Fails unless the process succeeded and printed what is expected.
pub(super) fn same(
    code: Option<i32>,
    stdout: &str,
    stderr: &str,
    expected: &str,
) -> Result<(), Failed> {
    if code == Some(0) && stdout.trim() == expected.trim() {
        return Ok(());
    }
    Err(format!("exit code {code:?}\nprinted\n{stdout}\nexpected\n{expected}\n{stderr}").into())
}
