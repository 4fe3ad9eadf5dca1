//! The rows of `slots.py`: what types have in their slots, calls of the functions in them, and
//! classes in C whose functions call those of a native base.

use std::path::Path;

use libtest_mimic::{Failed, Trial};

use super::differences::{Difference, Tally};
use super::interpreters::{Driver, Interpreters};
use crate::c_code::{self, HAS_COMPILER};
use crate::interpreter::{child, trial};

pub(super) const DRIVER: Driver = Driver {
    module: "type_slots_driver",
    sources: "type_slots",
    scripts: "type_slots",
};

/// Slots that are empty in every class of the VM and in Python classes.
const NEVER: [&str; 5] = [
    "tp_methods",
    "tp_members",
    "tp_getset",
    "tp_traverse",
    "tp_clear",
];

/// Classes with a docstring in CPython only.
const UNDOCUMENTED: &str = "int str dict bytes bytearray type Exception BaseException OSError module \
                            function slice range";

/// Python classes that are no iterators, for which CPython has a function that says so.
const NO_ITERATORS: &str = "Plain MyInt MyList OwnNew Reflected";

/// The calls of functions that have no counterpart in CPython.
pub(super) fn without_cpython() -> Trial {
    let name = "differential::slots-of-types-refuse-wrong-arguments";
    if *HAS_COMPILER {
        trial(name, refusals)
    } else {
        c_code::skipped(format!("{name}::skipped, no C compiler here"))
    }
}

fn refusals() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/type_slots");
    let files = ["type_slots_driver.c", "delegating.c"].map(|name| sources.join(name));
    let library = folder.path().join("type_slots_driver.so");
    c_code::compile(&files, &c_code::headers(), &[""; 0], &library)?;
    let script = sources.join("here.py");
    let ended = child(&[script.as_os_str(), folder.path().as_os_str()], &[]);
    if ended.code == Some(0) && ended.stdout == "done\n" {
        Ok(())
    } else {
        Err(format!("{ended:?}").into())
    }
}

pub(super) fn compare(interpreters: &Interpreters) -> Result<(), Failed> {
    let (theirs, ours) = interpreters.run("slots.py", &[])?;
    let (theirs, ours) = (theirs.stdout, ours.stdout);
    let tally = Tally::of(&theirs, &ours, expected);
    eprintln!("slots of types in CPython and here: {tally}");
    if tally.lines() < 8_000 {
        return Err(format!("only {} lines were compared", tally.lines()).into());
    }
    tally.check(&[Difference::VmSlot, Difference::SetOperator])?;
    Ok(())
}

/// The line expected of this interpreter for a line of CPython's, and the difference, if any.
fn expected(theirs: &str) -> (String, Option<Difference>) {
    if let Some((class, rest)) = theirs.split_once(" has ")
        && let Some((slot, has)) = rest.split_once('\t')
    {
        let is_one_of = |names: &str| names.split_whitespace().any(|name| name == class);
        let ours = match slot {
            "tp_doc" if is_one_of(UNDOCUMENTED) => "False",
            "tp_iternext" if is_one_of(NO_ITERATORS) => "False",
            "nb_inplace_add" if class == "MyList" => "False",
            "nb_bool" if class == "tuple" => "True",
            slot if NEVER.contains(&slot) => "False",
            _ => has,
        };
        let differs = (ours != has).then_some(Difference::VmSlot);
        return (format!("{class} has {slot}\t{ours}"), differs);
    }
    if theirs.starts_with("nb_inplace_") && theirs.contains(" of set ") {
        let ours = theirs.replace("[NotImplemented, NULL", "[NULL, TypeError");
        let differs = (ours != theirs).then_some(Difference::SetOperator);
        return (ours, differs);
    }
    (theirs.to_owned(), None)
}
