//! At the end of an interpreter: the matrix goes on with where a capsule is then.

use libtest_mimic::Trial;

pub(super) fn trials() -> Vec<Trial> {
    Vec::new()
}
