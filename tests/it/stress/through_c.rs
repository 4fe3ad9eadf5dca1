//! The same through the C symbols, on the threads of C: `c/alone/stress.c`.

use core::ffi::{CStr, c_char, c_long};

use libtest_mimic::{Failed, Trial};

use super::count;
use crate::interpreter::trial;
use crate::ledger::shared;

#[link(name = "capsule_tests_c", kind = "static")]
unsafe extern "C" {
    /// NULL, or what did not hold; so do the others.
    fn stress_one_capsule(operations: c_long) -> *const c_char;
    fn stress_interrupted_readers(times: c_long) -> *const c_char;
    fn stress_claims(capsules: c_long) -> *const c_char;
    fn stress_last_references(capsules: c_long) -> *const c_char;
}

type Test = unsafe extern "C" fn(c_long) -> *const c_char;

/// Each with its count, and that of a full run.
const TESTS: [(&str, Test, usize, usize); 4] = [
    (
        "every-operation-on-one-capsule",
        stress_one_capsule,
        2_000_000,
        10_000_000,
    ),
    (
        "an-interrupted-reader-never-mixes-two-states",
        stress_interrupted_readers,
        2000,
        200_000,
    ),
    (
        "of-four-claimants-one-wins",
        stress_claims,
        100_000,
        1_000_000,
    ),
    (
        "the-last-of-many-on-plain-threads",
        stress_last_references,
        100_000,
        1_000_000,
    ),
];

pub(super) fn trials() -> Vec<Trial> {
    let one = |(name, test, small, full)| {
        trial(format!("stress::c::{name}"), move || {
            // One at a time: they share what they count.
            shared(move |vm| vm.allow_threads(|| run(test, count(small, full))))
        })
    };
    TESTS.into_iter().map(one).collect()
}

fn run(test: Test, count: usize) -> Result<(), Failed> {
    let count = c_long::try_from(count).expect("a count is small");
    // SAFETY: it takes any count, and no other of them runs.
    let broken = unsafe { test(count) };
    if broken.is_null() {
        return Ok(());
    }
    // SAFETY: a literal of C.
    let broken = unsafe { CStr::from_ptr(broken) };
    Err(broken.to_string_lossy().into_owned().into())
}
