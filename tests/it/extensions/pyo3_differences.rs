//! Where the transcripts of classes that are made with PyO3 differ from CPython's.

use libtest_mimic::Failed;

/// What a script must print here, given what it prints in CPython.
pub(super) fn expected(_script: &str, theirs: &str) -> Result<String, Failed> {
    Ok(theirs.to_owned())
}
