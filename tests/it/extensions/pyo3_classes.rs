//! Classes that are made with PyO3. Each script in `classes` runs with the module as a wheel has it
//! and with the one that is built for RustPython. The scripts have asserts; what they print is
//! compared with CPython's output, where there is one.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Failed, Trial};

use super::building::{masked, root, succeed, with_pyo3};
use super::pyo3_builds::{Build, cpython};
use super::pyo3_differences::compare;
use crate::c_code::skipped;
use crate::differential::interpreters::CPython;
use crate::interpreter::{CHILD, child, trial};
use crate::loader::valgrind;

const CRATE: &str = "classes";
const MODULE: &str = "pyo3_classes";

/// What the scripts import.
const KIT: &str = "kit";

/// Scripts that run under valgrind: what objects own, and how it is given up.
const UNDER_VALGRIND: [&str; 4] = ["attributes", "bases", "buffers", "cycles"];

/// The script whose functions each need a process of their own, since they look at its end.
const EXITS: &str = "exits";

pub(crate) fn trials() -> Vec<Trial> {
    let has_cpython = CPython::find().is_some();
    let mut trials = Vec::new();
    for script in scripts() {
        for build in [Build::Wheel, Build::RustPython] {
            let name = format!("pyo3::classes::{script}-{}", build.name());
            let script = script.clone();
            trials.push(with_pyo3(&name, move || {
                let printed = transcript(&script, |arguments| ours(arguments, build))?;
                if !has_cpython {
                    return Ok(());
                }
                compare(&script, &printed, &transcript(&script, theirs)?)
            }));
        }
    }
    trials.push(with_pyo3(
        "pyo3::the-stable-abi-refuses-what-is-documented",
        refused_for_the_stable_abi,
    ));
    if valgrind::is_here() {
        for script in UNDER_VALGRIND {
            let name = format!("valgrind::pyo3-classes::{script}");
            let test = move || under_valgrind(script);
            trials.push(trial(name, test).with_ignored_flag(true));
        }
    }
    if !has_cpython {
        let name = "transcripts::skipped, no CPython 3.13 or 3.14 with headers here";
        trials.push(skipped(format!("extensions::pyo3::classes::{name}")));
    }
    trials
}

fn folder() -> PathBuf {
    root().join("tests/it/extensions/classes")
}

/// The names of the scripts, in order.
fn scripts() -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("the folder of the scripts exists");
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let script = path.extension() == Some(OsStr::new("py"));
            let name = path.file_stem()?.to_str()?;
            (script && name != KIT).then(|| name.to_owned())
        })
        .collect();
    names.sort();
    names
}

/// What a script prints. `run` takes the arguments of the interpreter.
fn transcript(
    script: &str,
    run: impl Fn(&[&OsStr]) -> Result<String, Failed>,
) -> Result<String, Failed> {
    let path = folder().join(script).with_extension("py");
    if script != EXITS {
        return Ok(masked(&run(&[path.as_os_str()])?));
    }
    let text = fs::read_to_string(&path)?;
    let functions = text.lines().filter_map(|line| {
        let name = line.strip_prefix("def ")?.strip_suffix("():")?;
        (!name.starts_with('_')).then_some(name)
    });
    let printed = functions.map(|function| run(&[path.as_os_str(), OsStr::new(function)]));
    Ok(masked(&printed.collect::<Result<String, Failed>>()?))
}

/// Panics of Rust code print to the standard error stream, so only the exit code and the output
/// count.
fn ours(arguments: &[&OsStr], build: Build) -> Result<String, Failed> {
    let modules = build.build(CRATE, MODULE)?;
    let ended = child(arguments, &environment(&modules));
    match ended.code {
        Some(0) => Ok(ended.stdout),
        _ => Err(format!("{arguments:?}: {ended:#?}").into()),
    }
}

fn under_valgrind(script: &str) -> Result<(), Failed> {
    let modules = Build::Wheel.build(CRATE, MODULE)?;
    let path = folder().join(script).with_extension("py");
    let mut variables = environment(&modules).to_vec();
    variables.push((CHILD, "1"));
    let mut log = String::new();
    let ended = valgrind::under_valgrind(&[path.as_os_str()], &variables, &mut log)?;
    match ended.code {
        Some(0) => valgrind::check(&log),
        _ => Err(format!("{ended:#?}").into()),
    }
}

fn theirs(arguments: &[&OsStr]) -> Result<String, Failed> {
    let modules = Build::CPython.build(CRATE, MODULE)?;
    let mut run = Command::new(cpython()?.program());
    run.args(arguments).envs(environment(&modules));
    Ok(String::from_utf8_lossy(&succeed(&mut run)?.stdout).into_owned())
}

/// What PyO3 does not offer for the stable ABI. `docs/extensions.md` names these things.
const REFUSED: [&str; 5] = [
    "pyo3::marshal",
    "PyContext",
    "PyFrame",
    "`PyWeakrefReference` cannot be subclassed",
    "no method named `data`",
];

/// Everything in the example is refused for the stable ABI, and nothing for CPython's version.
fn refused_for_the_stable_abi() -> Result<(), Failed> {
    let example = ["--example", "version_specific"];
    let Err(refused) = Build::Wheel.run_cargo(CRATE, &example) else {
        return Err("PyO3 refuses nothing".into());
    };
    let text = refused.message().unwrap_or_default();
    for what in REFUSED {
        if !text.contains(what) {
            return Err(format!("does not refuse {what}:\n{text}").into());
        }
    }
    match CPython::find() {
        Some(_) => Build::CPython.run_cargo(CRATE, &example).map(drop),
        None => Ok(()),
    }
}

fn environment(modules: &Path) -> [(&'static str, &str); 3] {
    let modules = modules.to_str().expect("target folders are valid UTF-8");
    [
        ("PYTHONPATH", modules),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("RUST_BACKTRACE", "0"),
    ]
}
