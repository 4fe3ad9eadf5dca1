//! Members of each type, getters and setters, and methods of each calling convention: the scripts in
//! `tests/c/descriptors`. What CPython does not survive or does differently is in
//! `without_cpython.py`.

use std::path::Path;

use libtest_mimic::{Failed, Trial};

use super::differences::{Difference, Tally};
use super::interpreters::Interpreters;
use crate::c_code::{self, HAS_COMPILER};
use crate::interpreter::{child, trial};

pub(super) fn compare(interpreters: &Interpreters) -> Result<(), Failed> {
    let (theirs, ours) = interpreters.run("rows.py", &[])?;
    let tally = Tally::of(&theirs.stdout, &ours.stdout, expected);
    eprintln!("descriptors in CPython and here: {tally}");
    if tally.lines() < 10_000 {
        return Err(format!("only {} lines were compared", tally.lines()).into());
    }
    tally.check(&[Difference::ClassWithoutModule])?;
    Ok(())
}

/// The beginnings of answers that the VM makes. Refusals are among them, but for the attributes with
/// getters, which check the object themselves.
const OF_THE_VM: [&str; 6] = [
    "<method '",
    "<attribute '",
    "<built-in method ",
    "<slot wrapper '",
    "ValueError: no signature found for builtin <",
    "TypeError: descriptor '",
];
const WITH_GETTER: [&str; 5] = ["both", "read_only", "write_only", "neither", "raising"];

/// The line expected of this interpreter for a line of CPython's, and the difference, if any.
fn expected(theirs: &str) -> (String, Option<Difference>) {
    let (label, answer) = theirs.split_once('\t').unwrap_or_default();
    let is_of_the_vm = OF_THE_VM.iter().any(|text| answer.starts_with(text))
        && !WITH_GETTER
            .iter()
            .any(|name| answer.starts_with(&format!("TypeError: descriptor '{name}'")));
    if is_of_the_vm && answer.contains("descriptor_driver.Methods") {
        let answer = answer.replace("descriptor_driver.Methods", "Methods");
        return (
            format!("{label}\t{answer}"),
            Some(Difference::ClassWithoutModule),
        );
    }
    (theirs.to_owned(), None)
}

pub(super) fn without_cpython() -> Trial {
    let name = "differential::descriptors-check-results-and-may-be-shared-by-threads";
    if *HAS_COMPILER {
        trial(name, run_without_cpython)
    } else {
        c_code::skipped(format!("{name}::skipped, no C compiler here"))
    }
}

fn run_without_cpython() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/descriptors");
    let library = folder.path().join("descriptor_driver.so");
    let source = sources.join("descriptor_driver.c");
    c_code::compile(&[source], &c_code::headers(), &[""; 0], &library)?;
    let script = sources.join("without_cpython.py");
    let ended = child(&[script.as_os_str(), folder.path().as_os_str()], &[]);
    if ended.code == Some(0) && ended.stdout == "done\n" {
        Ok(())
    } else {
        Err(format!("{ended:?}").into())
    }
}
