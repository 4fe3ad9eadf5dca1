//! Builtin modules of the VM with something changed: a definition of the same name that runs the
//! original and then our part. It holds in every interpreter, sub-interpreters included, and needs
//! no Python.

use std::sync::OnceLock;

use rustpython_vm::builtins::PyModuleSlots;
use rustpython_vm::builtins::{PyModule, PyModuleDef, PyType};
use rustpython_vm::stdlib::builtin_module_defs;
use rustpython_vm::{Context, Py, PyPayload, PyResult, VirtualMachine};

use rustpython_capsule::PyCapsule;

type Exec = fn(&VirtualMachine, &Py<PyModule>) -> PyResult<()>;

/// A builtin module whose execution is replaced.
struct Replacement {
    name: &'static str,
    exec: Exec,
    original: OnceLock<Option<&'static PyModuleDef>>,
    definition: OnceLock<PyModuleDef>,
}

impl Replacement {
    const fn new(name: &'static str, exec: Exec) -> Self {
        Self {
            name,
            exec,
            original: OnceLock::new(),
            definition: OnceLock::new(),
        }
    }

    /// The VM's own definition; `None` where this build of it has no such module.
    fn original(&self, ctx: &Context) -> Option<&'static PyModuleDef> {
        *self.original.get_or_init(|| {
            builtin_module_defs(ctx)
                .into_iter()
                .find(|def| def.name.as_str() == self.name)
        })
    }

    fn definition(&'static self, ctx: &Context) -> Option<&'static PyModuleDef> {
        let original = self.original(ctx)?;
        Some(self.definition.get_or_init(|| PyModuleDef {
            name: original.name,
            doc: original.doc,
            methods: original.methods,
            slots: PyModuleSlots {
                create: original.slots.create,
                exec: Some(self.exec),
            },
        }))
    }
}

static TYPES: Replacement = Replacement::new("_types", exec_types);
static CTYPES: Replacement = Replacement::new("_ctypes", exec_ctypes);

/// `_types` with our class as `CapsuleType`, which `types` takes from there.
pub(crate) fn types(ctx: &Context) -> Option<&'static PyModuleDef> {
    TYPES.definition(ctx)
}

fn exec_types(vm: &VirtualMachine, module: &Py<PyModule>) -> PyResult<()> {
    if let Some(original) = TYPES.original(&vm.ctx) {
        original.exec_module(vm, module)?;
    }
    let class: &'static Py<PyType> = PyCapsule::class(&vm.ctx);
    module.set_attr("CapsuleType", class.to_owned(), vm)
}

/// A `_ctypes` that cannot be imported: it reads and writes any memory.
pub(crate) fn no_ctypes(ctx: &Context) -> Option<&'static PyModuleDef> {
    CTYPES.definition(ctx)
}

fn exec_ctypes(vm: &VirtualMachine, _module: &Py<PyModule>) -> PyResult<()> {
    Err(vm.new_import_error(
        "ctypes is not available in an interpreter whose capsules are sealed",
        vm.ctx.new_str("_ctypes"),
    ))
}
