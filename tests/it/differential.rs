//! CPython and ours, side by side: one C module makes the same calls in both, and the transcripts
//! must be equal but for the differences that are meant, each of which is counted by name.

mod dates;
mod functions;
mod imports;
pub(crate) mod interpreters;
mod listed;
mod steps;

use std::fs;
use std::sync::Arc;

use libtest_mimic::{Failed, Trial};

use crate::c_code::{self, HAS_COMPILER};
use crate::interpreter::trial;
use interpreters::{CPython, Driver, Laboratory, Ran};
use listed::{Account, Listed};

/// The seeds of the random program, and how many steps each makes.
const SEEDS: [&str; 4] = ["1", "2", "3", "4"];
const STEPS: &str = "75000";

type Test = fn(&Laboratory) -> Result<(), Failed>;

/// A module that is built for both, and the tests that run its scripts.
type Experiment = (Driver, &'static [(&'static str, Test)]);

const EXPERIMENTS: [Experiment; 3] = [
    (
        Driver {
            module: "capsule_driver",
            sources: "differential",
            scripts: "differential",
        },
        &[
            ("random-calls-do-as-in-cpython", random_calls),
            ("imports-answer-as-in-cpython", imports),
            ("capsules-end-with-the-interpreter-as-in-cpython", ends),
        ],
    ),
    (
        Driver {
            module: "dates",
            sources: "loader/dates.c",
            scripts: "differential",
        },
        &[dates::TEST],
    ),
    (
        Driver {
            module: "function_driver",
            sources: "functions",
            scripts: "functions",
        },
        &[("functions-answer-as-in-cpython", functions)],
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
    for (driver, tests) in EXPERIMENTS {
        let laboratory = cpython
            .as_ref()
            .map(|cpython| Arc::new(Laboratory::new(cpython.clone(), driver)));
        trials.extend(tests.iter().map(|(name, test)| match &laboratory {
            Ok(laboratory) => {
                let laboratory = laboratory.clone();
                trial(format!("differential::{name}"), move || test(&laboratory))
            }
            Err(why) => c_code::left_out(format!("differential::{name}::left out, {why} here")),
        }));
    }
    trials.extend(functions::alone());
    trials.push(trial(
        "differential::an-unlisted-difference-is-told",
        unlisted,
    ));
    trials
}

fn random_calls(laboratory: &Laboratory) -> Result<(), Failed> {
    let arguments: Vec<&str> = [STEPS].into_iter().chain(SEEDS).collect();
    let (theirs, ours) = laboratory.run("drive.py", &arguments)?;
    let mut account = Account::default();
    for seed in SEEDS {
        let transcript = |ran: &Ran| fs::read_to_string(ran.folder.join(format!("{seed}.txt")));
        enter_steps(&mut account, &transcript(&theirs)?, &transcript(&ours)?);
    }
    eprintln!("random calls in CPython and ours: {account}");
    if account.lines() < 200_000 {
        return Err(format!("only {} lines were compared", account.lines()).into());
    }
    account.judge(&[
        Listed::RefusalClass,
        Listed::PendingHidden,
        Listed::PendingRestored,
        Listed::LeftIsUnraisable,
        Listed::Touched,
        Listed::Kept,
        Listed::NullArgument,
        Listed::ImportCause,
        Listed::ImportNote,
        Listed::HandledUnseen,
        Listed::SystemErrorContext,
        Listed::CodecNote,
    ])?;
    Ok(())
}

fn enter_steps(account: &mut Account, theirs: &str, ours: &str) {
    account.enter_lengths(theirs, ours);
    for (theirs, ours) in theirs.lines().zip(ours.lines()) {
        let (expected, listed) = steps::expected(theirs);
        account.enter(theirs, &expected, &listed, ours);
    }
}

fn imports(laboratory: &Laboratory) -> Result<(), Failed> {
    let (theirs, ours) = laboratory.run("import_rows.py", &[])?;
    let account = imports::compare(&theirs.stdout, &ours.stdout);
    eprintln!("imports in CPython and ours: {account}");
    account.judge(&[
        Listed::ImportCause,
        Listed::ImportNote,
        Listed::PassesThrough,
        Listed::Submodule,
        Listed::LiveModules,
        Listed::HandledUnseen,
        Listed::CodecNote,
    ])?;
    Ok(())
}

fn functions(laboratory: &Laboratory) -> Result<(), Failed> {
    let (theirs, ours) = laboratory.run("rows.py", &[])?;
    let account = functions::compare(&theirs.stdout, &ours.stdout);
    eprintln!("calls of functions in CPython and ours: {account}");
    if account.lines() < 1_100 {
        return Err(format!("only {} lines were compared", account.lines()).into());
    }
    account.judge(&[
        Listed::NativeClass,
        Listed::NothingPending,
        Listed::BasesOfTypes,
    ])?;
    Ok(())
}

fn ends(laboratory: &Laboratory) -> Result<(), Failed> {
    let (theirs, ours) = laboratory.run("ends.py", &[])?;
    // The order is nobody's promise.
    let sorted = |ran: &Ran| -> Result<Vec<String>, Failed> {
        let text = fs::read_to_string(ran.folder.join("ends.txt"))?;
        let mut names: Vec<String> = text.lines().map(str::to_owned).collect();
        names.sort();
        Ok(names)
    };
    let (theirs, ours) = (sorted(&theirs)?, sorted(&ours)?);
    eprintln!("capsules that ended in CPython and ours: {}", theirs.len());
    if theirs == ours && !theirs.is_empty() {
        Ok(())
    } else {
        Err(format!("CPython: {theirs:?}\nours: {ours:?}").into())
    }
}

/// Pairs of lines, and whether they are what they should be.
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
    let mut account = Account::default();
    enter_steps(&mut account, "1\tdirect\tedit\t\tnone\n", "");
    if account.judge(&[]).is_ok() {
        return Err("a transcript that stops early is not told".into());
    }
    if Account::default().judge(&[Listed::Kept]).is_ok() {
        return Err("a listed difference that never shows is not told".into());
    }
    Ok(())
}
