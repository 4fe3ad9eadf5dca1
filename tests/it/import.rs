//! Import by dotted name. Every row of the tables runs through six functions, which must all give
//! the same answer: those that import the pointer and those that import the capsule, in Rust,
//! Python and C.

mod fixture;
mod rows;
mod scripts;
mod sequences;

use std::ffi::CString;
use std::sync::LazyLock;

use libtest_mimic::Trial;
use rustpython_capsule_glue::{import, import_capsule};
use rustpython_vm::scope::Scope;
use rustpython_vm::{PyResult, TryFromObject, VirtualMachine};

use crate::interpreter::{exec, in_interpreter, trial};
#[cfg(c_compiler)]
use crate::through_c;
use fixture::{PRELUDE, must, text_of};
use rows::{Answer, POINTER, Row};

type Ask = fn(&[u8], &Scope, &VirtualMachine) -> PyResult<usize>;

const FUNCTIONS: &[(&str, Ask)] = &[
    ("import in Rust", |name, _, vm| {
        import(&c_string(name), vm).map(|handle| handle.pointer().addr().get())
    }),
    ("import_capsule in Rust", |name, _, vm| {
        import_capsule(&c_string(name), vm).map(|capsule| capsule.any_pointer().addr().get())
    }),
    ("import_ with str in Python", |name, scope, vm| {
        ask_python("ask_import", name, scope, vm)
    }),
    ("import_capsule with bytes in Python", |name, scope, vm| {
        ask_python("ask_load", name, scope, vm)
    }),
    #[cfg(c_compiler)]
    ("PyCapsule_Import in C", |name, _, vm| {
        through_c::import(&c_string(name), vm)
    }),
    #[cfg(c_compiler)]
    ("PyCapsuleRs_ImportCapsule in C", |name, _, vm| {
        through_c::import_capsule(&c_string(name), vm)
    }),
];

fn c_string(name: &[u8]) -> CString {
    CString::new(name).expect("no row has a name with a NUL")
}

fn ask_python(function: &str, name: &[u8], scope: &Scope, vm: &VirtualMachine) -> PyResult<usize> {
    let name = vm.ctx.new_bytes(name.to_vec());
    let answer = scope.globals.get_item(function, vm)?.call((name,), vm)?;
    usize::try_from_object(vm, answer)
}

fn expected(row: &Row, directory: &str) -> String {
    match row.answer {
        Answer::Pointer => format!("{POINTER:#x}"),
        Answer::Raises(text) => text.to_owned(),
        Answer::Wrapped(module, cause) => format!(
            "ImportError: PyCapsule_Import could not import module \"{module}\"\ncause {}",
            cause.replace("{directory}", directory)
        ),
        Answer::Noted(text, note) => format!("{text}\nnote {note}"),
        Answer::NotValid(note) => format!(
            "AttributeError: PyCapsule_Import \"{}\" is not valid\nnote {note}",
            String::from_utf8_lossy(&row.request)
        ),
    }
}

/// The tables, each with the topic of its rows.
fn tables() -> [(&'static str, Vec<Row>); 5] {
    [
        ("found", rows::found()),
        ("no-module", rows::no_module()),
        ("no-attribute", rows::no_attribute()),
        ("vm", rows::errors_with_notes_of_the_vm()),
        ("not-available", rows::not_available()),
    ]
}

/// For every row, in the order of the tables, the answers that differ from the expected one.
static DIFFERENCES: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| {
    in_interpreter(|vm| {
        let scope = vm.new_scope_with_builtins();
        must(exec(PRELUDE, &scope, vm), vm);
        tables()
            .iter()
            .flat_map(|(_, rows)| rows)
            .map(|row| differences(row, &scope, vm))
            .collect()
    })
});

fn differences(row: &Row, scope: &Scope, vm: &VirtualMachine) -> Vec<String> {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    for (path, text) in row.files {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().expect("it is in the directory"))
            .expect("a directory can be made");
        std::fs::write(path, text).expect("a file can be written");
    }
    let directory = directory.path().to_str().expect("the path is UTF-8");
    let expected = expected(row, directory);
    let reset = format!("reset({directory:?})");
    let mut different = Vec::new();
    for (function, ask) in FUNCTIONS {
        must(exec(&reset, scope, vm), vm);
        must(exec(row.setup, scope, vm), vm);
        let found = text_of(ask(&row.request, scope, vm), vm);
        if found != expected {
            different.push(format!("{function}:\n{found}\nexpected:\n{expected}"));
        }
    }
    must(exec(&reset, scope, vm), vm);
    different
}

pub(crate) fn trials() -> Vec<Trial> {
    let tables = tables();
    let rows = tables
        .iter()
        .flat_map(|(topic, rows)| rows.iter().map(move |row| (topic, row.name)))
        .enumerate()
        .map(|(position, (topic, name))| {
            trial(format!("import::{topic}::{name}"), move || {
                let different = &DIFFERENCES[position];
                if different.is_empty() {
                    Ok(())
                } else {
                    Err(different.join("\n\n").into())
                }
            })
        });
    rows.chain(sequences::trials()).collect()
}
