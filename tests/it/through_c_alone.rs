//! Tests that are written in C, for what only C can do: `c/alone` has them. And what Rust makes of
//! capsules that C code made.

use core::ffi::{CStr, c_char};
use core::ptr::null;

use libtest_mimic::{Failed, Trial};
use rustpython_vm::VirtualMachine;

use crate::interpreter::trial;
use crate::ledger::shared;

#[link(name = "capsule_tests_c", kind = "static")]
unsafe extern "C" {
    /// Arrays of tests, each of which ends with one without a name; and NULL.
    fn all_tests() -> *const *const Test;
    /// NULL, or what did not hold.
    fn run_test(test: *const Test) -> *const c_char;
}

#[derive(Clone, Copy)]
#[repr(C)]
struct Test {
    name: *const c_char,
    run: Option<unsafe extern "C" fn()>,
}

const TOPICS: [&str; 6] = [
    "accessors",
    "exceptions",
    "destructors",
    "imports",
    "collector",
    "threads",
];

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (position, topic) in TOPICS.into_iter().enumerate() {
        // SAFETY: it only tells an address.
        let all = unsafe { all_tests() };
        // SAFETY: there are as many arrays as topics.
        let array = unsafe { all.add(position) };
        // SAFETY: as above.
        let array = unsafe { array.read() };
        for test in tests(array) {
            trials.push(one(topic, test));
        }
    }
    trials
}

/// The tests of an array.
fn tests(array: *const Test) -> Vec<&'static Test> {
    let test = |position| {
        // SAFETY: it is asked up to the last.
        let test = unsafe { array.add(position) };
        // SAFETY: C code has them for ever, and changes none.
        let test = unsafe { &*test };
        (!test.name.is_null()).then_some(test)
    };
    (0..).map_while(test).collect()
}

// SAFETY: a name and a function, which nobody changes.
unsafe impl Sync for Test {}

fn one(topic: &str, test: &'static Test) -> Trial {
    // SAFETY: a name is a string.
    let name = unsafe { CStr::from_ptr(test.name) };
    let name = name.to_string_lossy().replace('_', "-");
    trial(format!("c::{topic}::{name}"), move || {
        match shared(move |vm| run(test, vm)) {
            None => Ok(()),
            Some(failure) => Err(failure.into()),
        }
    })
}

/// What did not hold.
fn run(test: &'static Test, _: &VirtualMachine) -> Option<String> {
    // SAFETY: in an interpreter, and no other test runs.
    let failure = unsafe { run_test(test) };
    if failure == null() {
        return None;
    }
    // SAFETY: a string that stays until the next test.
    let failure = unsafe { CStr::from_ptr(failure) };
    Some(failure.to_string_lossy().into_owned())
}

#[expect(dead_code, reason = "the tests of Rust over capsules of C's come here")]
fn later() -> Result<(), Failed> {
    Ok(())
}
