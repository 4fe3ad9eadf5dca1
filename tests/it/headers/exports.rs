//! The interpreter exports what the headers declare, and of functions that two crates define it
//! exports those of `crates/capi`. This binary is linked in the same way as the interpreter.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use libtest_mimic::{Failed, Trial};

use super::compilers::{Compiler, Folder, Language, check, run, trial_in};
use super::declarations::{Declarations, declared_by, declared_in};
use crate::c_code::{skipped, starts};
use crate::interpreter::trial;

pub(super) fn trials() -> Vec<Trial> {
    let language = Language::C;
    let mut trials = vec![
        trial_in(
            language,
            "headers::pycapsule.h-declares-what-is-exported",
            |compiler| loads(compiler, "pycapsule.h"),
        ),
        trial_in(
            language,
            "headers::Python.h-declares-what-is-exported",
            |compiler| loads(compiler, "Python.h"),
        ),
        trial_in(
            language,
            "headers::datetime.h-declares-what-is-exported",
            |compiler| loads(compiler, "datetime.h"),
        ),
        trial_in(
            language,
            "headers::a-module-with-a-missing-function-does-not-load",
            missing_does_not_load,
        ),
    ];
    // Both are usually installed together with the linker.
    let tools = starts("nm", "--version") && starts("addr2line", "--version");
    if cfg!(target_os = "linux") && tools {
        trials.push(trial_in(
            language,
            "headers::exported-capsule-functions-are-those-of-pycapsule.h",
            exported_are_declared,
        ));
        trials.push(trial_in(
            language,
            "headers::inline-functions-and-macros-are-exported-too",
            inline_are_exported,
        ));
        trials.push(trial(
            "headers::exported-functions-are-ours",
            exported_are_ours,
        ));
    } else {
        let what = "headers::exported-functions::skipped, no nm and addr2line here";
        trials.push(skipped(what.to_owned()));
    }
    trials
}

/// A module with a table of the addresses of all functions and variables. It is not linked with any
/// library, so the dynamic linker must find each of them in the interpreter.
fn module_with(header: &str, declared: &Declarations) -> String {
    let functions = declared.functions.iter().map(|function| &function.name);
    let functions = functions.map(|name| format!("    (void (*)(void)){name},\n"));
    let variables = declared.variables.iter().map(|variable| &variable.name);
    let variables = variables.map(|name| format!("    &{name},\n"));
    format!(
        r#"#include "{header}"
#include <Python.h>
typedef void (*Function)(void);
const Function functions[] = {{
{}    NULL
}};
const void *const variables[] = {{
{}    NULL
}};
static PyObject *count(PyObject *module, PyObject *none)
{{
    (void)module;
    (void)none;
    long found = 0;
    for (const Function *function = functions; *function != NULL; function++) {{
        found++;
    }}
    for (const void *const *variable = variables; *variable != NULL; variable++) {{
        found++;
    }}
    return PyLong_FromLong(found);
}}
static PyMethodDef methods[] = {{{{"count", count, METH_NOARGS, NULL}}, {{NULL, NULL, 0, NULL}}}};
PyABIInfo_VAR(abi);
static PySlot slots[] = {{
    PySlot_STATIC_DATA(Py_mod_abi, &abi),
    PySlot_STATIC_DATA(Py_mod_methods, methods),
    PySlot_DATA(Py_mod_gil, Py_MOD_GIL_NOT_USED),
    PySlot_END
}};
PyMODEXPORT_FUNC PyModExport_everything(void)
{{
    return slots;
}}
"#,
        functions.collect::<String>(),
        variables.collect::<String>(),
    )
}

fn loads(compiler: Compiler, header: &str) -> Result<(), Failed> {
    let declared = declared_by(header, compiler)?;
    let count = declared.functions.len() + declared.variables.len();
    assert!(count > 10, "{declared:?}");
    let folder = Folder::new();
    folder.module(compiler, &module_with(header, &declared), "everything")?;
    let ended = folder.run("import everything; print(everything.count())");
    check(&ended, &count.to_string())
}

/// Shows that the test above can fail.
fn missing_does_not_load(compiler: Compiler) -> Result<(), Failed> {
    let declared = declared_by("pycapsule.h", compiler)?;
    let text = module_with("pycapsule.h", &declared);
    let text = text.replace("typedef void", "void PyCapsule_Forget(void);\ntypedef void");
    let text = text.replacen("    NULL\n", "    PyCapsule_Forget, NULL\n", 1);
    let folder = Folder::new();
    folder.module(compiler, &text, "everything")?;
    let ended = folder.run(
        "try: import everything
except ImportError as error: print(error.__notes__[0])",
    );
    check(
        &ended,
        "the C API of this interpreter has no PyCapsule_Forget",
    )
}

/// The symbols that this binary exports, and their addresses in it.
fn exported() -> Result<BTreeMap<String, String>, Failed> {
    let program = std::env::current_exe()?;
    let listed = run(Command::new("nm")
        .args(["-D", "--defined-only"])
        .arg(program))?;
    let symbols = listed.lines().filter_map(|line| {
        let mut fields = line.split_whitespace();
        let (address, _, name) = (fields.next()?, fields.next()?, fields.next()?);
        Some((name.to_owned(), format!("0x{address}")))
    });
    Ok(symbols.collect())
}

fn exported_are_declared(compiler: Compiler) -> Result<(), Failed> {
    let of_capsules = |name: &String| name.trim_start_matches('_').starts_with("PyCapsule");
    let exported: Vec<_> = exported()?.into_keys().filter(of_capsules).collect();
    let declared = declared_by("pycapsule.h", compiler)?.functions;
    let declared = declared.into_iter().map(|function| function.name);
    let mut declared: Vec<_> = declared.filter(of_capsules).collect();
    declared.sort();
    if exported == declared {
        Ok(())
    } else {
        Err(format!("exported: {exported:#?}\ndeclared: {declared:#?}").into())
    }
}

/// Macros with parameters that are macros in CPython too.
const MACROS: [&str; 25] = [
    "PyABIInfo_VAR",
    "PyCapsuleApi_ALIGNOF_",
    "PyCapsuleApi_DEFINE",
    "PyCapsuleApi_HAS",
    "PyCapsuleApi_HEADER_INIT",
    "PyObject_GC_New",
    "PyObject_GC_NewVar",
    "PyObject_New",
    "PyObject_NewVar",
    "PySlot_DATA",
    "PySlot_FUNC",
    "PySlot_INT64",
    "PySlot_PTR",
    "PySlot_PTR_STATIC",
    "PySlot_SIZE",
    "PySlot_STATIC_DATA",
    "PySlot_UINT64",
    "PyType_IS_GC",
    "Py_CLEAR",
    "Py_DECREF",
    "Py_INCREF",
    "Py_RETURN_RICHCOMPARE",
    "Py_VISIT",
    "Py_XDECREF",
    "Py_XINCREF",
];

/// The names of the macros with parameters that a header file defines.
fn macros_in(text: &str) -> impl Iterator<Item = &str> {
    let defined = text
        .lines()
        .filter_map(|line| line.strip_prefix("#define "));
    let names = defined.filter_map(|rest| Some(rest.split_once('(')?.0));
    names.filter(|name| !name.contains(' '))
}

/// Code that does not include our headers, such as code in another language, can call these
/// functions too.
fn inline_are_exported(compiler: Compiler) -> Result<(), Failed> {
    let exported = exported()?;
    let folder = crate::c_code::headers();
    let mut texts = vec![fs::read_to_string(folder.join("pycapsule.h"))?];
    for entry in fs::read_dir(folder.join("rustpython"))? {
        texts.push(fs::read_to_string(entry?.path())?);
    }
    let macros = texts.iter().flat_map(|text| macros_in(text));
    let macros = macros.filter(|name| !MACROS.contains(name));
    let inline = declared_by("Python.h", compiler)?.inline;
    let provided = macros.map(str::to_owned).chain(inline);
    let missing: Vec<_> = provided
        .filter(|name| !exported.contains_key(name))
        .collect();
    // Shows that the test can fail.
    let sample = declared_in("static inline int PyNew_Function(int a)\n{\n    return a;\n}\n");
    assert_eq!(sample.inline, ["PyNew_Function"]);
    assert_eq!(
        macros_in("#define PyNew_Macro(a) a").next(),
        Some("PyNew_Macro")
    );
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("not exported: {missing:?}").into())
    }
}

fn is_of_the_api(name: &str) -> bool {
    name.trim_start_matches('_').starts_with("Py")
}

/// The names of the functions of the API that a C file defines, each on the line before a brace.
fn defined_in_c(text: &str) -> impl Iterator<Item = String> {
    let heads = text
        .split("\n{\n")
        .filter_map(|part| part.rsplit("\n\n").next());
    heads.filter_map(|head| {
        let before = head.split_once('(')?.0;
        let name = before.rsplit([' ', '*']).next()?;
        is_of_the_api(name).then(|| name.to_owned())
    })
}

/// The names of the functions that `crates/capi` defines.
fn defined_by_us() -> Result<Vec<String>, Failed> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/capi/src")];
    let mut names = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path)?;
            if path.extension().is_some_and(|extension| extension == "c") {
                names.extend(defined_in_c(&text));
                continue;
            }
            let exports = text.split("#[unsafe(no_mangle)]").skip(1);
            let exports = exports.filter_map(|export| {
                let (_, rest) = export.split_once("extern \"C\" fn ")?;
                Some(rest.split_once('(')?.0.to_owned())
            });
            // The others are for C code of the crate.
            names.extend(exports.filter(|name| is_of_the_api(name)));
        }
    }
    Ok(names)
}

/// The debug information has the source file of each function. Dependencies, such as the crate with
/// `PyDict_New`, are built without it.
fn exported_are_ours() -> Result<(), Failed> {
    let exported = exported()?;
    let ours = defined_by_us()?;
    assert!(ours.len() > 20, "{ours:?}");
    assert!(ours.iter().any(|name| name == "Py_BuildValue"), "{ours:?}");
    let names = ours.iter().map(String::as_str).chain(["PyDict_New"]);
    let mut command = Command::new("addr2line");
    command.args(["--addresses", "--inlines", "--exe"]);
    command.arg(std::env::current_exe()?);
    for name in names.clone() {
        let address = exported.get(name);
        command.arg(address.ok_or_else(|| format!("{name} is not exported"))?);
    }
    let output = run(&mut command)?;
    // For each function: its address, a line for each function inlined there, and a line for
    // itself.
    let places = output.split("0x").skip(1);
    let places = places.map(|place| place.lines().last().unwrap_or_default());
    let others = names.zip(places);
    let others = others.filter(|(_, place)| !place.contains("crates/capi/src/"));
    let others: Vec<_> = others.map(|(name, _)| name).collect();
    if others == ["PyDict_New"] {
        Ok(())
    } else {
        Err(format!("not from crates/capi: {others:?}\n{output}").into())
    }
}
