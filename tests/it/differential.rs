//! Differential tests against CPython: one C module makes the same calls in both interpreters, and
//! the transcripts must be equal except for intended differences, which are counted by name.

mod buffers;
mod classes;
mod dates;
mod descriptors;
mod differences;
mod functions;
mod imports;
pub(crate) mod interpreters;
mod steps;
mod type_slots;

use std::fs;
use std::sync::Arc;

use libtest_mimic::{Failed, Trial};

use crate::c_code::{self, HAS_COMPILER};
use crate::interpreter::trial;
use differences::{Difference, Tally};
use interpreters::{CPython, Driver, Interpreters, Run};

/// The seeds of the random program, and how many steps each makes.
const SEEDS: [&str; 4] = ["1", "2", "3", "4"];
const STEPS: &str = "75000";

type Test = fn(&Interpreters) -> Result<(), Failed>;

/// A module that is built for both interpreters, and the tests that run its scripts.
type Suite = (Driver, &'static [(&'static str, Test)]);

const SUITES: [Suite; 6] = [
    (
        Driver {
            module: "capsule_driver",
            sources: "differential",
            scripts: "differential",
        },
        &[
            ("random-calls-match-cpython", random_calls),
            ("imports-match-cpython", imports),
            ("capsules-destroyed-at-shutdown-match-cpython", shutdown),
        ],
    ),
    (
        Driver {
            module: "dates",
            sources: "loader/dates.c",
            scripts: "differential",
        },
        &[("dates-match-cpython", dates::compare)],
    ),
    (
        Driver {
            module: "buffer_driver",
            sources: "buffers",
            scripts: "buffers",
        },
        &[("buffers-match-cpython", buffers::compare)],
    ),
    (
        Driver {
            module: "descriptor_driver",
            sources: "descriptors",
            scripts: "descriptors",
        },
        &[("descriptors-match-cpython", descriptors::compare)],
    ),
    (
        Driver {
            module: "function_driver",
            sources: "functions",
            scripts: "functions",
        },
        &[("functions-match-cpython", functions)],
    ),
    (
        type_slots::DRIVER,
        &[("slots-of-types-match-cpython", type_slots::compare)],
    ),
    (
        Driver {
            module: "class_driver",
            sources: "classes",
            scripts: "classes",
        },
        &[
            ("classes-match-cpython", classes::rows),
            (
                "random-operations-on-classes-match-cpython",
                classes::random_operations,
            ),
        ],
    ),
];

pub(crate) fn trials() -> Vec<Trial> {
    let cpython = match CPython::find() {
        _ if !cfg!(target_os = "linux") => Err("no Linux"),
        _ if !*HAS_COMPILER => Err("no C compiler"),
        None => Err("no CPython 3.13 or 3.14 with headers"),
        Some(cpython) => Ok(cpython),
    };
    let mut trials = Vec::new();
    for (driver, tests) in SUITES {
        let interpreters = cpython
            .as_ref()
            .map(|cpython| Arc::new(Interpreters::new(cpython.clone(), driver)));
        trials.extend(tests.iter().map(|(name, test)| match &interpreters {
            Ok(interpreters) => {
                let interpreters = interpreters.clone();
                trial(format!("differential::{name}"), move || test(&interpreters))
            }
            Err(why) => c_code::skipped(format!("differential::{name}::skipped, {why} here")),
        }));
    }
    trials.extend(functions::without_cpython());
    trials.push(type_slots::without_cpython());
    trials.push(descriptors::without_cpython());
    trials.push(trial(
        "differential::an-unlisted-difference-is-reported",
        unlisted,
    ));
    trials
}

fn random_calls(interpreters: &Interpreters) -> Result<(), Failed> {
    let arguments: Vec<&str> = [STEPS].into_iter().chain(SEEDS).collect();
    let (theirs, ours) = interpreters.run("random_calls.py", &arguments)?;
    let mut tally = Tally::default();
    for seed in SEEDS {
        let transcript = |ran: &Run| fs::read_to_string(ran.folder.join(format!("{seed}.txt")));
        add_steps(&mut tally, &transcript(&theirs)?, &transcript(&ours)?);
    }
    eprintln!("random calls in CPython and here: {tally}");
    if tally.lines() < 200_000 {
        return Err(format!("only {} lines were compared", tally.lines()).into());
    }
    tally.check(&[
        Difference::RefusalClass,
        Difference::PendingHidden,
        Difference::PendingRestored,
        Difference::LeftIsUnraisable,
        Difference::Touched,
        Difference::Kept,
        Difference::NullArgument,
        Difference::ImportCause,
        Difference::ImportNote,
        Difference::HandledUnseen,
        Difference::SystemErrorContext,
        Difference::CodecNote,
    ])?;
    Ok(())
}

fn add_steps(tally: &mut Tally, theirs: &str, ours: &str) {
    tally.add_lengths(theirs, ours);
    for (theirs, ours) in theirs.lines().zip(ours.lines()) {
        let (expected, listed) = steps::expected(theirs);
        tally.add(theirs, &expected, &listed, ours);
    }
}

fn imports(interpreters: &Interpreters) -> Result<(), Failed> {
    let (theirs, ours) = interpreters.run("import_rows.py", &[])?;
    let tally = imports::compare(&theirs.stdout, &ours.stdout);
    eprintln!("imports in CPython and here: {tally}");
    tally.check(&[
        Difference::ImportCause,
        Difference::ImportNote,
        Difference::PassesThrough,
        Difference::Submodule,
        Difference::LiveModules,
        Difference::HandledUnseen,
        Difference::CodecNote,
    ])?;
    Ok(())
}

fn functions(interpreters: &Interpreters) -> Result<(), Failed> {
    let (theirs, ours) = interpreters.run("rows.py", &[])?;
    let tally = functions::compare(&theirs.stdout, &ours.stdout);
    eprintln!("calls of functions in CPython and here: {tally}");
    if tally.lines() < 46_000 {
        return Err(format!("only {} lines were compared", tally.lines()).into());
    }
    tally.check(&[
        Difference::NativeClass,
        Difference::NothingPending,
        Difference::BasesOfTypes,
    ])?;
    Ok(())
}

fn shutdown(interpreters: &Interpreters) -> Result<(), Failed> {
    let (theirs, ours) = interpreters.run("shutdown.py", &[])?;
    // Neither interpreter specifies the order.
    let sorted = |ran: &Run| -> Result<Vec<String>, Failed> {
        let text = fs::read_to_string(ran.folder.join("destroyed.txt"))?;
        let mut names: Vec<String> = text.lines().map(str::to_owned).collect();
        names.sort();
        Ok(names)
    };
    let (theirs, ours) = (sorted(&theirs)?, sorted(&ours)?);
    eprintln!("capsules destroyed in CPython and here: {}", theirs.len());
    if theirs == ours && !theirs.is_empty() {
        Ok(())
    } else {
        Err(format!("in CPython: {theirs:?}\nhere: {ours:?}").into())
    }
}

/// A line of CPython's transcript, a line of ours, and whether ours is right.
const PAIRS: [(&str, &str, bool); 9] = [
    (
        "1\tdirect\tIsValid c1 n2\t1\tnone",
        "1\tdirect\tIsValid c1 n2\t1\tnone",
        true,
    ),
    (
        "1\tdirect\tIsValid c1 n2\t1\tnone",
        "1\tdirect\tIsValid c1 n2\t0\tnone",
        false,
    ),
    (
        "1\tdirect\tGetName int\tn0\tValueError: PyCapsule_GetName called with invalid PyCapsule object",
        "1\tdirect\tGetName int\tn0\tPyCapsuleError/ValueError: PyCapsule_GetName called with invalid PyCapsule object [note]",
        true,
    ),
    (
        "1\tdirect\tGetName int\tn0\tValueError: PyCapsule_GetName called with invalid PyCapsule object",
        "1\tdirect\tGetName int\tn0\tPyCapsuleError/ValueError: PyCapsule_GetPointer called with invalid PyCapsule object [note]",
        false,
    ),
    (
        "1\tdirect\tdrop c1\tdone\tX: y\t+raise c1 none\traises X: y\t-raise c1 X: y",
        "1\tdirect\tdrop c1\tdone\tnone\t+raise c1 none\traises X: y\t-raise c1 X: y\t! X: y",
        true,
    ),
    (
        "1\tdirect\tdrop c1\tdone\tX: y\t+raise c1 none\traises X: y\t-raise c1 X: y",
        "1\tdirect\tdrop c1\tdone\tX: y\t+raise c1 none\traises X: y\t-raise c1 X: y",
        false,
    ),
    (
        "1\tdirect+pending\tdrop c1\tdone\tnone\t+clear c1 same\tclears\t-clear c1 none",
        "1\tdirect+pending\tdrop c1\tdone\tsame\t+clear c1 none\tclears\t-clear c1 none",
        true,
    ),
    (
        "1\tdirect\tdrop c1\tdone\tnone\t+count c1 none\t-count c1 none",
        "1\tdirect\tdrop c1\tdone\tnone",
        false,
    ),
    (
        "1\tdirect\tdrop c1\tdone\tnone\t+count c1 none\t-count c1 none",
        "1\tdirect\tdrop c1\tdone\tnone\t+count c1 none\t-count c1 none\t+count c1 none\t-count c1 none",
        false,
    ),
];

fn unlisted() -> Result<(), Failed> {
    for (theirs, ours, right) in PAIRS {
        let (expected, _) = steps::expected(theirs);
        if (expected == ours) != right {
            return Err(format!("{theirs}\n{expected}\n{ours}\nis right: {right}").into());
        }
    }
    let mut tally = Tally::default();
    add_steps(&mut tally, "1\tdirect\tedit\t\tnone\n", "");
    if tally.check(&[]).is_ok() {
        return Err("a transcript that stops early is not reported".into());
    }
    if Tally::default().check(&[Difference::Kept]).is_ok() {
        return Err("a listed difference that never occurs is not reported".into());
    }
    Ok(())
}
