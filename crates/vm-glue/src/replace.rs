//! Builtin modules of the VM with something changed: another definition under the same name, which
//! holds in every interpreter of a builder, sub-interpreters included, and needs no Python.

use std::sync::OnceLock;

use rustpython_capsule::PyCapsule;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyModule, PyModuleDef, PyModuleSlots};
use rustpython_vm::common::rc::PyRc;
use rustpython_vm::function::{FuncArgs, PyNativeFn, static_func};
use rustpython_vm::stdlib::builtin_module_defs;
use rustpython_vm::{Context, Py, PyObject, PyPayload, PyRef, PyResult, VirtualMachine};

/// A builtin module of the VM with a changed definition, for
/// [`InterpreterBuilder::add_native_module`](rustpython_vm::InterpreterBuilder::add_native_module):
/// the later definition of a name counts, in the interpreter and its sub-interpreters.
#[derive(Debug)]
pub struct Replacement {
    name: &'static str,
    change: fn(&mut PyModuleDef),
    definitions: OnceLock<(&'static PyModuleDef, PyModuleDef)>,
}

impl Replacement {
    /// The module `name`, with what `change` does to a copy of its definition.
    #[must_use]
    pub const fn new(name: &'static str, change: fn(&mut PyModuleDef)) -> Self {
        Self {
            name,
            change,
            definitions: OnceLock::new(),
        }
    }

    /// The changed definition; nothing where this build of the VM has no such module.
    pub fn changed(&'static self, ctx: &Context) -> Option<&'static PyModuleDef> {
        let mut own = builtin_module_defs(ctx).into_iter();
        let original = own.find(|definition| definition.name.as_str() == self.name)?;
        Some(self.changed_of(original))
    }

    /// For a module that is not among the VM's own, in an
    /// [`init_hook`](rustpython_vm::InterpreterBuilder::init_hook): puts the changed definition in
    /// its place, if the interpreter has it.
    ///
    /// # Panics
    /// Where the interpreter has started.
    pub fn install(&'static self, vm: &mut VirtualMachine) {
        let state =
            PyRc::get_mut(&mut vm.state).expect("nobody has the state before the VM starts");
        if let Some(definition) = state.module_defs.get_mut(self.name) {
            *definition = self.changed_of(definition);
        }
    }

    /// The definition that was changed, for what the changed one runs.
    pub fn original(&self) -> Option<&'static PyModuleDef> {
        self.definitions.get().map(|(original, _)| *original)
    }

    /// The changed definition, which is made once.
    fn changed_of(&self, original: &'static PyModuleDef) -> &PyModuleDef {
        let make = || (original, changed(original, self.change));
        &self.definitions.get_or_init(make).1
    }
}

fn changed(original: &PyModuleDef, change: fn(&mut PyModuleDef)) -> PyModuleDef {
    let mut definition = PyModuleDef {
        name: original.name,
        doc: original.doc,
        methods: original.methods,
        slots: PyModuleSlots {
            create: original.slots.create,
            exec: original.slots.exec,
        },
    };
    change(&mut definition);
    definition
}

/// `_types` with our class as `CapsuleType`, which `types` takes from there.
static TYPES: Replacement = Replacement::new("_types", |definition| {
    definition.slots.exec = Some(exec_types);
});

/// A `_ctypes` that cannot be made: it reads and writes any memory.
static NO_CTYPES: Replacement = Replacement::new("_ctypes", refuse_to_make);

/// The same for what the tests of the VM use to break its rules.
static NO_INTERNALS: Replacement = Replacement::new("_testinternalcapi", refuse_to_make);

/// An `_imp` that loads no shared libraries: each brings code that can do anything.
static NO_LIBRARIES: Replacement = Replacement::new("_imp", |definition| {
    replace_functions(
        definition,
        &[("create_dynamic", static_func(refuse_library))],
    );
});

/// For a [`Replacement`]: puts others in the place of functions of the module.
pub fn replace_functions(
    definition: &mut PyModuleDef,
    replacements: &[(&str, &'static dyn PyNativeFn)],
) {
    let mut methods = definition.methods.to_vec();
    for method in &mut methods {
        let replacement = replacements.iter().find(|(name, _)| *name == method.name);
        if let Some((_, function)) = replacement {
            method.func = *function;
        }
    }
    definition.methods = methods.leak();
}

/// What is replaced wherever there are capsules.
pub(crate) fn always(ctx: &Context) -> impl Iterator<Item = &'static PyModuleDef> {
    TYPES.changed(ctx).into_iter()
}

/// What is replaced besides where they are sealed.
pub(crate) fn when_sealed(ctx: &Context) -> impl Iterator<Item = &'static PyModuleDef> {
    [&NO_CTYPES, &NO_INTERNALS, &NO_LIBRARIES]
        .into_iter()
        .filter_map(|replacement| replacement.changed(ctx))
}

/// For an interpreter that is about to start and whose capsules are sealed: `fcntl` without `ioctl`,
/// by which the kernel writes wherever the bytes that it is given say, and beyond their end. The
/// module is not among the VM's own.
pub(crate) fn seal(vm: &mut VirtualMachine) {
    static NO_IOCTL: Replacement = Replacement::new("fcntl", |definition| {
        replace_functions(definition, &[("ioctl", static_func(refuse_ioctl))]);
    });
    NO_IOCTL.install(vm);
}

fn exec_types(vm: &VirtualMachine, module: &Py<PyModule>) -> PyResult<()> {
    if let Some(original) = TYPES.original() {
        original.exec_module(vm, module)?;
    }
    module.set_attr("CapsuleType", PyCapsule::class(&vm.ctx).to_owned(), vm)
}

fn refuse_to_make(definition: &mut PyModuleDef) {
    definition.methods = &[];
    definition.slots.create = Some(refuse_module);
}

fn refuse_module(
    vm: &VirtualMachine,
    _spec: &PyObject,
    definition: &'static PyModuleDef,
) -> PyResult<PyRef<PyModule>> {
    let name = definition.name.as_str().trim_start_matches('_');
    let text = format!("{name} is not available in an interpreter whose capsules are sealed");
    Err(vm.new_import_error(text, definition.name.to_owned()))
}

fn refuse_ioctl(_args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
    let text = "fcntl.ioctl is not available in an interpreter whose capsules are sealed";
    let class = vm.ctx.exceptions.permission_error.to_owned();
    Err(vm.new_exception_msg(class, text.into()))
}

fn refuse_library(_args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
    Err(sealed_libraries(vm))
}

/// The ImportError for a shared library in an interpreter whose capsules are sealed.
pub fn sealed_libraries(vm: &VirtualMachine) -> PyBaseExceptionRef {
    let text = "shared libraries cannot be loaded in an interpreter whose capsules are sealed";
    vm.new_exception_msg(vm.ctx.exceptions.import_error.to_owned(), text.into())
}
