//! Stress tests that are written in C and use C threads: `c/suite/stress.c`.

use core::ffi::{CStr, c_char, c_long};

use libtest_mimic::{Failed, Trial};

use super::fixture::count;
use crate::interpreter::trial;
use crate::ledger::in_shared_interpreter;

#[link(name = "capsule_tests_c", kind = "static")]
unsafe extern "C" {
    /// Each of these returns NULL, or the text of a failed check.
    fn stress_one_capsule(operations: c_long) -> *const c_char;
    fn stress_interrupted_readers(times: c_long) -> *const c_char;
    fn stress_claims(capsules: c_long) -> *const c_char;
    fn stress_last_references(capsules: c_long) -> *const c_char;
}

type Test = unsafe extern "C" fn(c_long) -> *const c_char;

/// Each test with its count for an ordinary and for a full run.
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
        "one-of-four-concurrent-claims-succeeds",
        stress_claims,
        100_000,
        1_000_000,
    ),
    (
        "last-references-dropped-on-native-threads",
        stress_last_references,
        100_000,
        1_000_000,
    ),
];

pub(super) fn trials() -> Vec<Trial> {
    let one = |(name, test, small, full)| {
        trial(format!("stress::c::{name}"), move || {
            // The tests share static counters, so only one may run at a time.
            in_shared_interpreter(move |vm| vm.allow_threads(|| run(test, count(small, full))))
        })
    };
    TESTS.into_iter().map(one).collect()
}

fn run(test: Test, count: usize) -> Result<(), Failed> {
    let count = c_long::try_from(count).expect("the count fits");
    // SAFETY: the test takes any count, an interpreter exists, and `shared` runs one test at a
    // time.
    let failure = unsafe { test(count) };
    if failure.is_null() {
        return Ok(());
    }
    // SAFETY: a result that is not NULL is a string literal of the C code.
    let failure = unsafe { CStr::from_ptr(failure) };
    Err(failure.to_string_lossy().into_owned().into())
}
