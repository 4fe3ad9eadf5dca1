//! The errors that `docs/extensions.md` explains: each happens, in these words, to a module that is
//! wrong in that way.

use std::fs;

use libtest_mimic::{Failed, Trial};

use super::building::{compile_x, with_compiler};
use super::documented::document;
use crate::interpreter::child_source;

pub(crate) fn trials() -> Vec<Trial> {
    let row = |row: &'static Row| with_compiler(&format!("errors::{}", row.what), || happens(row));
    ROWS.iter().map(row).collect()
}

/// A module with nothing wrong, unless something is defined.
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

int PyArg_ParseTuple(PyObject *arguments, const char *format, ...);
PyMODEXPORT_FUNC HOOK(void);

static int fill(PyObject *module) { return FILL; }
static PyABIInfo abi_info = {1, 0, ABI, 0x030f0000, ABI_VERSION};
PyABIInfo *const used = &abi_info;
static PySlot slots[] = {
    ABI_SLOT, GIL_SLOT, ANOTHER_SLOT, PySlot_FUNC(Py_mod_exec, fill), PySlot_END,
};
PySlot *HOOK(void) { return slots; }
";

/// A way to be wrong.
struct Row {
    what: &'static str,
    /// What the module has that is wrong.
    definition: &'static str,
    class: &'static str,
    /// What the document quotes of the exception and its notes.
    quoted: &'static [&'static str],
}

const ROWS: [Row; 11] = [
    Row {
        what: "a-function-that-is-missing",
        definition: "FILL=PyArg_ParseTuple(module, \"\")",
        class: "ImportError",
        quoted: &[
            "undefined symbol: PyArg_ParseTuple",
            "the C API of this interpreter has no PyArg_ParseTuple",
        ],
    },
    Row {
        what: "no-hook-of-that-name",
        definition: "HOOK=PyModExport_y",
        class: "ImportError",
        quoted: &["dynamic module does not define module export function (PyModExport_x)"],
    },
    Row {
        what: "the-older-hook-only",
        definition: "HOOK=PyInit_x",
        class: "ImportError",
        quoted: &[
            "; it defines PyInit_x, as modules for CPython up to 3.14 do: it must be built for the \
             stable ABI without a GIL (abi3t) of Python 3.15",
        ],
    },
    Row {
        what: "an-abi-with-a-gil",
        definition: "ABI=PyABIInfo_STABLE | PyABIInfo_GIL",
        class: "ImportError",
        quoted: &[
            "module x is not compatible with this interpreter: it is built for interpreters with a \
             GIL (abi3), and this one has none; build it for abi3t",
        ],
    },
    Row {
        what: "the-abi-of-one-cpython",
        definition: "ABI=PyABIInfo_INTERNAL | PyABIInfo_GIL",
        class: "ImportError",
        quoted: &["it is built for one version of CPython; build it for the stable ABI (abi3t)"],
    },
    Row {
        what: "an-abi-that-is-too-new",
        definition: "ABI_VERSION=0x03100000",
        class: "ImportError",
        quoted: &[
            "it is built for the stable ABI of Python 3.16, and the newest here is that of 3.15",
        ],
    },
    Row {
        what: "no-abi",
        definition: "ABI_SLOT=NONE",
        class: "SystemError",
        quoted: &["the array of slots has no Py_mod_abi"],
    },
    Row {
        what: "an-unknown-slot",
        definition: "ANOTHER_SLOT={.sl_id = 999}",
        class: "SystemError",
        quoted: &["invalid module slot ID 999"],
    },
    Row {
        what: "no-word-on-the-gil",
        definition: "GIL_SLOT=NONE",
        class: "RuntimeWarning",
        quoted: &[
            "module x has not declared that it can run without the GIL (Py_MOD_GIL_NOT_USED), and \
             this interpreter has none",
        ],
    },
    Row {
        what: "a-failure-without-an-exception",
        definition: "FILL=module == NULL ? 0 : -1",
        class: "SystemError",
        quoted: &["execution of module x failed without setting an exception"],
    },
    Row {
        what: "not-for-sub-interpreters",
        definition: "ANOTHER_SLOT=PySlot_DATA(Py_mod_multiple_interpreters, \
                     Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED)",
        class: "ImportError",
        quoted: &["module x does not support loading in subinterpreters"],
    },
];

/// Imports `x` in a sub-interpreter, where every one of the modules is wrong.
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

fn happens(row: &Row) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let source = folder.path().join("x.c");
    fs::write(&source, MODULE)?;
    compile_x(&[&source], &[row.definition], folder.path())?;
    let ended = child_source(&IMPORT.replace("FOLDER", &format!("{:?}", folder.path())));
    let said = ended.stdout.strip_prefix(row.class);
    let said = said.and_then(|said| said.strip_prefix('|'));
    let document = document()?;
    for quoted in row.quoted {
        if !said.is_some_and(|said| said.contains(quoted)) {
            return Err(format!("{quoted:?} was not said: {ended:?}").into());
        }
        if !document.contains(&format!("`{quoted}`")) {
            return Err(format!("the document does not quote {quoted:?}").into());
        }
    }
    Ok(())
}
