//! The headers compile alone, in any order, twice, in several translation units of one program, as
//! C and as C++. `pycapsule.h` also compiles after the Python.h of every CPython on this machine.

use std::process::Command;

use libtest_mimic::{Failed, Trial};

use super::compilers::{
    COMPILERS, CPYTHONS, Compiler, Folder, Headers, Language, run, source, trial_in,
};
use super::declarations::declared_by;
use crate::c_code::skipped;
use crate::interpreter::trial;

/// Headers in the order of inclusion, and the name of the test.
const ORDERS: [(&str, &[&str]); 7] = [
    ("pycapsule.h-alone", &["\"pycapsule.h\""]),
    ("Python.h-alone", &["<Python.h>"]),
    ("pycapsule.h-after", &["<Python.h>", "\"pycapsule.h\""]),
    ("pycapsule.h-before", &["\"pycapsule.h\"", "<Python.h>"]),
    ("datetime.h-alone", &["<datetime.h>"]),
    ("datetime.h-after", &["<Python.h>", "<datetime.h>"]),
    ("structmember.h-alone", &["<structmember.h>"]),
];

/// The full C API of CPython, and the stable ABI.
const APIS: [(&str, &[&str]); 2] = [
    ("all-of", &[]),
    ("the-stable-abi-of", &["-DPy_LIMITED_API=0x030a0000"]),
];

pub(super) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for language in [Language::C, Language::Cpp] {
        if language.compiler().is_none() {
            trials.push(trial_in(language, "headers::compile", |_| Ok(())));
        }
    }
    for &compiler in COMPILERS.iter() {
        let what = format!("{}::{}", compiler.language.name(), compiler.program);
        trials.extend(ORDERS.map(|(name, order)| {
            trial(format!("headers::compile::{what}::{name}"), move || {
                two_units(compiler, Headers::Ours, order, &[])
            })
        }));
        for cpython in CPYTHONS.iter() {
            for (name, flags) in APIS {
                let name = format!("headers::compile::{what}::after-{name}-{}", cpython.program);
                trials.push(trial(name, move || {
                    let order = ["<Python.h>", "\"pycapsule.h\""];
                    two_units(compiler, Headers::Of(cpython), &order, flags)
                }));
            }
        }
    }
    trials.extend(signatures());
    trials
}

/// Links a library from two translation units that include these headers twice each. If a header
/// defined a function or variable with external linkage, linking would fail.
fn two_units(
    compiler: Compiler,
    headers: Headers,
    order: &[&str],
    arguments: &[&str],
) -> Result<(), Failed> {
    let folder = Folder::new();
    let mut command = Command::new(compiler.program);
    command
        .args(["-shared", "-o"])
        .arg(folder.path("library.so"));
    for unit in ["1", "2"] {
        let mut text = String::new();
        for header in order.iter().chain(order) {
            text += &format!("#include {header}\n");
        }
        text += &format!("#define UNIT {unit}\n");
        text += &source("unit.c");
        let arguments: Vec<_> = arguments.iter().copied().chain(["-c"]).collect();
        command.arg(folder.compile(
            compiler,
            headers,
            &text,
            &arguments,
            &format!("unit{unit}.o"),
        )?);
    }
    run(&mut command).map(drop)
}

/// Compiles our declarations of functions together with CPython's. If the types differed, the
/// compiler would report conflicting declarations.
fn signatures() -> Vec<Trial> {
    let name = "headers::signatures-are-those-of-cpython";
    if CPYTHONS.is_empty() {
        return vec![skipped(format!(
            "{name}::skipped, no Python.h of CPython here"
        ))];
    }
    let trials = CPYTHONS.iter().map(|cpython| {
        trial_in(
            Language::C,
            format!("{name}::{}", cpython.program),
            move |compiler| {
                let mut text = "#include <Python.h>\n".to_owned();
                for declaration in declared_by("Python.h", compiler)?.functions {
                    // Types that only newer versions of CPython have.
                    let new = ["PySlot", "PyABIInfo", "PySendResult"];
                    if !new.iter().any(|name| declaration.text.contains(name)) {
                        let (name, ours) = (&declaration.name, &declaration.text);
                        let before_3_13 = before_3_13(name, ours);
                        text += &format!(
                            "#undef {name}\n#if PY_VERSION_HEX < 0x030d0000\n{before_3_13};\n\
                             #else\n{ours};\n#endif\n"
                        );
                    }
                }
                let folder = Folder::new();
                let headers = Headers::Of(cpython);
                let object =
                    folder.compile(compiler, headers, &text, &["-w", "-c"], "signatures.o");
                object.map(drop)
            },
        )
    });
    trials.collect()
}

/// A declaration as CPython had it before 3.13: the names of keywords were a `char **`.
fn before_3_13(name: &str, declaration: &str) -> String {
    if name.ends_with("ParseTupleAndKeywords") {
        declaration.replace("*const *", "**")
    } else {
        declaration.to_owned()
    }
}
