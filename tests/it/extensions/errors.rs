//! The errors that `docs/extensions.md` explains: a module with each mistake, and the error in the
//! words of the document.

use std::fs;

use libtest_mimic::{Failed, Trial};

use super::building::{compile_x, with_compiler};
use super::documented::document;
use crate::interpreter::child_source;

pub(crate) fn trials() -> Vec<Trial> {
    let row = |row: &'static Row| with_compiler(&format!("errors::{}", row.name), || check(row));
    ROWS.iter().map(row).collect()
}

/// A correct module. Each macro that is defined makes one mistake.
const MODULE: &str = "
#include <Python.h>

#ifndef HOOK
#define HOOK PyModExport_x
#endif
#ifndef FILL
#define FILL module == NULL
#endif
#ifndef ABI
#define ABI PyABIInfo_STABLE | PyABIInfo_FREETHREADING_AGNOSTIC
#endif
#ifndef ABI_VERSION
#define ABI_VERSION 0x030f0000
#endif
#ifndef ABI_SLOT
#define ABI_SLOT PySlot_STATIC_DATA(Py_mod_abi, &abi_info)
#endif
#ifndef GIL_SLOT
#define GIL_SLOT PySlot_DATA(Py_mod_gil, Py_MOD_GIL_NOT_USED)
#endif
#ifndef ANOTHER_SLOT
#define ANOTHER_SLOT PySlot_STATIC_DATA(Py_mod_doc, \"A module.\")
#endif
#define NONE PySlot_DATA(Py_slot_subslots, NULL)

int PyRun_SimpleString(const char *text);
PyMODEXPORT_FUNC HOOK(void);

static int fill(PyObject *module) { return FILL; }
static PyABIInfo abi_info = {1, 0, ABI, 0x030f0000, ABI_VERSION};
PyABIInfo *const used = &abi_info;
static PySlot slots[] = {
    ABI_SLOT, GIL_SLOT, ANOTHER_SLOT, PySlot_FUNC(Py_mod_exec, fill), PySlot_END,
};
PySlot *HOOK(void) { return slots; }
";

/// A mistake.
struct Row {
    name: &'static str,
    /// The macro that makes the mistake.
    definition: &'static str,
    class: &'static str,
    /// The parts of the exception and its notes that the document quotes.
    quoted: &'static [&'static str],
}

const ROWS: [Row; 11] = [
    Row {
        name: "a-missing-function",
        definition: "FILL=(module == NULL) + PyRun_SimpleString(\"\")",
        class: "ImportError",
        quoted: &[
            "undefined symbol: PyRun_SimpleString",
            "the C API of this interpreter has no PyRun_SimpleString",
        ],
    },
    Row {
        name: "an-export-function-of-another-name",
        definition: "HOOK=PyModExport_y",
        class: "ImportError",
        quoted: &["dynamic module does not define module export function (PyModExport_x)"],
    },
    Row {
        name: "the-older-export-function-only",
        definition: "HOOK=PyInit_x",
        class: "ImportError",
        quoted: &[
            "; it defines PyInit_x, as modules for CPython up to 3.14 do: it must be built for the \
             stable ABI without a GIL (abi3t) of Python 3.15",
        ],
    },
    Row {
        name: "an-abi-with-a-gil",
        definition: "ABI=PyABIInfo_STABLE | PyABIInfo_GIL",
        class: "ImportError",
        quoted: &[
            "module x is not compatible with this interpreter: it is built for interpreters with a \
             GIL (abi3), and this one has none; build it for abi3t",
        ],
    },
    Row {
        name: "the-abi-of-one-cpython",
        definition: "ABI=PyABIInfo_INTERNAL | PyABIInfo_GIL",
        class: "ImportError",
        quoted: &["it is built for one version of CPython; build it for the stable ABI (abi3t)"],
    },
    Row {
        name: "a-newer-abi",
        definition: "ABI_VERSION=0x03100000",
        class: "ImportError",
        quoted: &[
            "it is built for the stable ABI of Python 3.16, and the newest here is that of 3.15",
        ],
    },
    Row {
        name: "no-abi",
        definition: "ABI_SLOT=NONE",
        class: "SystemError",
        quoted: &["the array of slots has no Py_mod_abi"],
    },
    Row {
        name: "an-unknown-slot",
        definition: "ANOTHER_SLOT={.sl_id = 999}",
        class: "SystemError",
        quoted: &["invalid module slot ID 999"],
    },
    Row {
        name: "no-gil-slot",
        definition: "GIL_SLOT=NONE",
        class: "RuntimeWarning",
        quoted: &[
            "module x has not declared that it can run without the GIL (Py_MOD_GIL_NOT_USED), and \
             this interpreter has none",
        ],
    },
    Row {
        name: "a-failure-without-an-exception",
        definition: "FILL=module == NULL ? 0 : -1",
        class: "SystemError",
        quoted: &["execution of module x failed without setting an exception"],
    },
    Row {
        name: "not-for-sub-interpreters",
        definition: "ANOTHER_SLOT=PySlot_DATA(Py_mod_multiple_interpreters, \
                     Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED)",
        class: "ImportError",
        quoted: &["module x does not support loading in subinterpreters"],
    },
];

/// Imports `x` in a sub-interpreter, since one mistake has an effect only there.
const IMPORT: &str = "
import _interpreters
_interpreters.exec(_interpreters.create(), '''
import sys, warnings
sys.path.insert(0, FOLDER)
warnings.simplefilter('error')
try:
    import x
except Exception as error:
    print(type(error).__name__, error, *getattr(error, '__notes__', ()), sep='|')
''')
";

fn check(row: &Row) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let source = folder.path().join("x.c");
    fs::write(&source, MODULE)?;
    compile_x(&[&source], &[row.definition], folder.path())?;
    let ended = child_source(&IMPORT.replace("FOLDER", &format!("{:?}", folder.path())));
    let printed = ended.stdout.strip_prefix(row.class);
    let printed = printed.and_then(|printed| printed.strip_prefix('|'));
    let document = document()?;
    for quoted in row.quoted {
        if !printed.is_some_and(|printed| printed.contains(quoted)) {
            return Err(format!("{quoted:?} is not in {ended:?}").into());
        }
        if !document.contains(&format!("`{quoted}`")) {
            return Err(format!("the document does not quote {quoted:?}").into());
        }
    }
    Ok(())
}
