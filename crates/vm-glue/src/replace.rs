//! Builtin modules of the VM with changed definitions, and the changes of the two access levels. A
//! changed definition applies to every interpreter of a builder, sub-interpreters included.

use std::sync::OnceLock;

use rustpython_capsule::PyCapsule;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyModule, PyModuleDef, PyModuleSlots};
use rustpython_vm::common::rc::PyRc;
use rustpython_vm::function::{FuncArgs, PyNativeFn, static_func};
use rustpython_vm::stdlib::builtin_module_defs;
use rustpython_vm::{Context, Py, PyObject, PyPayload, PyRef, PyResult, VirtualMachine};

/// A builtin module of the VM with a changed definition.
///
/// [`changed`](Self::changed) makes it, for
/// [`InterpreterBuilder::add_native_module`](rustpython_vm::InterpreterBuilder::add_native_module):
/// of two definitions with one name the later is used, in the interpreter and its sub-interpreters.
///
/// # Example
/// ```
/// use rustpython_capsule_glue::{Replacement, replace_functions};
/// use rustpython_vm::function::{FuncArgs, static_func};
/// use rustpython_vm::{InterpreterBuilder, PyResult, VirtualMachine};
///
/// static QUIET: Replacement = Replacement::new("time", |definition| {
///     replace_functions(definition, &[("sleep", static_func(refuse))]);
/// });
///
/// fn refuse(_arguments: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
///     Err(vm.new_runtime_error("this program does not sleep"))
/// }
///
/// let builder = InterpreterBuilder::new();
/// let time = QUIET.changed(&builder.ctx).expect("the VM has such a module");
/// builder.add_native_module(time).build().enter(|vm| {
///     let time = vm.import("time", 0).unwrap();
///     assert!(vm.call_method(&time, "sleep", (1,)).is_err());
/// });
/// ```
#[derive(Debug)]
pub struct Replacement {
    name: &'static str,
    change: fn(&mut PyModuleDef),
    definitions: OnceLock<(&'static PyModuleDef, PyModuleDef)>,
}

impl Replacement {
    /// The module `name`, with a copy of its definition that `change` changes. `change` runs once, in
    /// the first call of [`changed`](Self::changed) or [`install`](Self::install) that finds the
    /// module.
    #[must_use]
    pub const fn new(name: &'static str, change: fn(&mut PyModuleDef)) -> Self {
        Self {
            name,
            change,
            definitions: OnceLock::new(),
        }
    }

    /// The changed definition, or `None` if this build of the VM has no such module.
    pub fn changed(&'static self, ctx: &Context) -> Option<&'static PyModuleDef> {
        let mut own = builtin_module_defs(ctx).into_iter();
        let original = own.find(|definition| definition.name.as_str() == self.name)?;
        Some(self.changed_of(original))
    }

    /// Installs the changed definition in an interpreter, for a module that is not among the VM's own,
    /// such as one of the standard library. An interpreter without the module is unchanged.
    ///
    /// Must be called in an [`init_hook`](rustpython_vm::InterpreterBuilder::init_hook).
    ///
    /// # Panics
    /// If the interpreter has started.
    pub fn install(&'static self, vm: &mut VirtualMachine) {
        let state =
            PyRc::get_mut(&mut vm.state).expect("the state is not shared before the VM starts");
        if let Some(definition) = state.module_defs.get_mut(self.name) {
            *definition = self.changed_of(definition);
        }
    }

    /// The definition before the change, for functions of the changed one that call it; `None` before
    /// the change.
    pub fn original(&self) -> Option<&'static PyModuleDef> {
        self.definitions.get().map(|(original, _)| *original)
    }

    /// The changed definition. It is made in the first call.
    fn changed_of(&self, original: &'static PyModuleDef) -> &PyModuleDef {
        let make = || (original, changed(original, self.change));
        &self.definitions.get_or_init(make).1
    }
}

/// A copy of a definition, changed.
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

/// `_types` with the class of capsules as `CapsuleType`, which the module `types` imports.
static TYPES: Replacement = Replacement::new("_types", |definition| {
    definition.slots.exec = Some(exec_types);
});

/// A `_ctypes` that cannot be imported, since it reads and writes any memory.
static NO_CTYPES: Replacement = Replacement::new("_ctypes", refuse_to_make);

/// The same for `_testinternalcapi`, with which the tests of the VM break its rules.
static NO_INTERNALS: Replacement = Replacement::new("_testinternalcapi", refuse_to_make);

/// An `_imp` that loads no shared libraries, since their code can do anything.
static NO_LIBRARIES: Replacement = Replacement::new("_imp", |definition| {
    replace_functions(
        definition,
        &[("create_dynamic", static_func(refuse_library))],
    );
});

/// Replaces functions of a module by their names, in a [`Replacement`]. A name that the module does
/// not have is ignored.
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

/// The definitions that are replaced in every interpreter with capsules.
pub(crate) fn always(ctx: &Context) -> impl Iterator<Item = &'static PyModuleDef> {
    TYPES.changed(ctx).into_iter()
}

/// The definitions that are also replaced if capsules are sealed.
pub(crate) fn when_sealed(ctx: &Context) -> impl Iterator<Item = &'static PyModuleDef> {
    [&NO_CTYPES, &NO_INTERNALS, &NO_LIBRARIES]
        .into_iter()
        .filter_map(|replacement| replacement.changed(ctx))
}

/// Replaces `fcntl`, which is not among the VM's own modules, in an interpreter that is about to start
/// and whose capsules are sealed. Its `ioctl` refuses: with it the kernel writes to addresses in the
/// argument, and beyond the argument's end.
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

/// Changes a definition so that the module raises ImportError when it is created.
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

/// The ImportError for loading a shared library in an interpreter whose capsules are sealed.
pub fn sealed_libraries(vm: &VirtualMachine) -> PyBaseExceptionRef {
    let text = "shared libraries cannot be loaded in an interpreter whose capsules are sealed";
    vm.new_exception_msg(vm.ctx.exceptions.import_error.to_owned(), text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition of a module of the VM.
    fn definition(name: &str) -> &'static PyModuleDef {
        let mut own = builtin_module_defs(Context::genesis()).into_iter();
        own.find(|definition| definition.name.as_str() == name)
            .expect("the VM has it")
    }

    #[test]
    fn a_definition_is_changed_once() {
        static MODULE: Replacement = Replacement::new("time", |definition| {
            definition.methods = &definition.methods[1..];
        });
        let ctx = Context::genesis();
        assert!(MODULE.original().is_none());
        let changed = MODULE.changed(ctx).expect("the VM has it");
        assert!(core::ptr::eq(
            changed,
            MODULE.changed(ctx).expect("the VM has it")
        ));
        let original = MODULE.original().expect("it was changed");
        assert!(core::ptr::eq(original, definition("time")));
        assert_eq!(changed.methods.len() + 1, original.methods.len());
        assert!(core::ptr::eq(changed.name, original.name));
    }

    #[test]
    fn only_the_named_functions_are_replaced() {
        let original = definition("time");
        let mut copy = changed(original, |_| ());
        let function = static_func(refuse_library);
        replace_functions(
            &mut copy,
            &[("sleep", function), ("no_such_function", function)],
        );
        assert_eq!(copy.methods.len(), original.methods.len());
        for (new, old) in copy.methods.iter().zip(original.methods) {
            let expected = if old.name == "sleep" {
                function
            } else {
                old.func
            };
            assert!(core::ptr::eq(new.func, expected), "{}", old.name);
            assert_eq!((new.name, new.flags), (old.name, old.flags));
        }
    }

    #[test]
    fn a_module_that_does_not_exist_is_not_replaced() {
        static MODULE: Replacement =
            Replacement::new("no_such_module", |_| panic!("there is nothing to change"));
        assert!(MODULE.changed(Context::genesis()).is_none());
        assert!(MODULE.original().is_none());
    }

    #[test]
    fn sealing_replaces_modules_that_the_vm_has() {
        let ctx = Context::genesis();
        let always: Vec<_> = always(ctx)
            .map(|definition| definition.name.as_str())
            .collect();
        assert_eq!(always, ["_types"]);
        let sealed: Vec<_> = when_sealed(ctx)
            .map(|definition| definition.name.as_str())
            .collect();
        assert!(sealed.contains(&"_imp"), "{sealed:?}");
    }
}
