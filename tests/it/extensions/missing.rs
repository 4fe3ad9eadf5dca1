//! The table of missing functions in `docs/extensions.md`: those functions are missing, and the
//! functions that it offers instead are declared and exported.

use std::fs;

use libtest_mimic::{Failed, Trial};

use super::building::{compile_x, same, with_compiler};
use super::documented::document;
use crate::interpreter::child_source;

pub(crate) fn trials() -> Vec<Trial> {
    vec![with_compiler(
        "the-table-of-missing-functions-is-right",
        missing,
    )]
}

/// The names of the C API in the given column of the table.
fn names(document: &str, column: usize) -> Vec<&str> {
    let (_, table) = document
        .split_once("\n## What is missing\n")
        .unwrap_or_default();
    let table = table.split("\n## ").next().unwrap_or_default();
    let rows = table.lines().filter(|line| line.starts_with("| "));
    let cells = rows.filter_map(|row| row.split('|').nth(column));
    let quoted = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    quoted
        .filter(|name| name.starts_with("Py") && !name.contains(' '))
        .collect()
}

const MODULE: &str = "
PyABIInfo_VAR(abi_info);
static PySlot slots[] = {
    PySlot_STATIC_DATA(Py_mod_abi, &abi_info),
    PySlot_DATA(Py_mod_gil, Py_MOD_GIL_NOT_USED),
    PySlot_FUNC(Py_mod_exec, check),
    PySlot_END,
};
PyMODEXPORT_FUNC PyModExport_x(void) { return slots; }
";

fn missing() -> Result<(), Failed> {
    let document = document()?;
    let (absent, present) = (names(&document, 2), names(&document, 3));
    if absent.len() < 50 || present.len() < 30 {
        return Err(format!("the table cannot be read: {absent:?} {present:?}").into());
    }
    let folder = tempfile::tempdir()?;
    // This file does not include our header, so that it may declare the names itself.
    let mut text = "#include <stdio.h>\nvoid print_present(void);\n".to_owned();
    for name in &absent {
        text.push_str(&format!(
            "extern char {name} __attribute__((weak));\nstatic char *const volatile p_{name} = &{name};\n"
        ));
    }
    text.push_str("void print_present(void)\n{\n");
    for name in &absent {
        text.push_str(&format!(
            "    if (p_{name} != NULL) {{ puts(\"{name} exists\"); }}\n"
        ));
    }
    text.push_str("}\n");
    let absent = folder.path().join("absent.c");
    fs::write(&absent, text)?;

    let mut text = "#include <Python.h>\nvoid print_present(void);\n".to_owned();
    text.push_str("static void (*const volatile present[])(void) = {\n");
    for name in present {
        text.push_str(&format!("    (void (*)(void)){name},\n"));
    }
    text.push_str(
        "};\nstatic int check(PyObject *module)\n{\n    (void)module;\n    print_present();\n",
    );
    text.push_str("    return present[0] == NULL;\n}\n");
    text.push_str(MODULE);
    let x = folder.path().join("x.c");
    fs::write(&x, text)?;
    compile_x(&[&absent, &x], &[], folder.path())?;
    let ended = child_source(&format!(
        "import sys; sys.path.insert(0, {:?}); import x",
        folder.path()
    ));
    same(&format!("{}{}", ended.stdout, ended.stderr), "")
}
