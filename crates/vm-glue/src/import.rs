//! Import by a dotted name: `a.b.c` is attribute `c` of `a.b`. The first part is a module, from
//! `sys.modules` or imported; the others are attributes, and one that a package lacks is imported
//! as a submodule. Nothing is cached: each import looks at the modules as they are.

use core::cell::Cell;
use core::ffi::CStr;

use rustpython_capsule::__private::add_note;
use rustpython_capsule::{CapsuleError, CapsuleHandle, Operation, PyCapsule, TypedCapsule};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyDict, PyDictRef, PyStr, PyStrInterned};
use rustpython_vm::common::lock::LazyLock;
use rustpython_vm::frame::current_globals;
use rustpython_vm::import::remove_importlib_frames;
use rustpython_vm::{
    AsObject, Context, Py, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine, identifier,
};

use crate::dotted_name::{DottedName, Part};

/// Imports the capsule `name` and returns its pointer in a handle that keeps the capsule alive.
///
/// # Errors
/// As `PyCapsule_Import` in CPython 3.14, with the real cause as `__cause__`: ImportError if the
/// module cannot be imported, AttributeError if an attribute is missing or is not a capsule of that
/// name. KeyboardInterrupt, SystemExit and MemoryError pass through.
pub fn import(name: &CStr, vm: &VirtualMachine) -> PyResult<CapsuleHandle> {
    let capsule = import_capsule(name, vm)?;
    // Another thread may have renamed it since; then the import fails, as it would if it began now.
    CapsuleHandle::new(capsule, Some(name)).map_err(|error| not_valid(name, &error, vm))
}

/// Imports the capsule `name` and returns its Rust value in a handle that keeps the capsule alive.
///
/// # Errors
/// As for [`import`], and PyCapsuleError if the capsule does not hold a `T`.
///
/// # Example
/// ```no_run
/// use core::ffi::CStr;
/// use rustpython_capsule_glue::prelude::*;
/// use rustpython_vm::{PyResult, VirtualMachine};
///
/// struct Index(Vec<u64>);
///
/// impl CapsuleName for Index {
///     // The attribute `INDEX` of the module `shop`.
///     const NAME: &'static CStr = c"shop.INDEX";
/// }
///
/// fn size(vm: &VirtualMachine) -> PyResult<usize> {
///     Ok(import_value::<Index>(Index::NAME, vm)?.0.len())
/// }
/// ```
pub fn import_value<T: Send + Sync + 'static>(
    name: &CStr,
    vm: &VirtualMachine,
) -> PyResult<TypedCapsule<T>> {
    TypedCapsule::new(import_capsule(name, vm)?, Some(name))
        .map_err(|error| error.to_exception(Operation::GetValue, vm))
}

/// Imports the capsule `name` and returns the capsule itself.
///
/// # Errors
/// As for [`import`].
pub fn import_capsule(name: &CStr, vm: &VirtualMachine) -> PyResult<PyRef<PyCapsule>> {
    let dotted = DottedName::of(name, vm);
    let found = find(&dotted, vm).inspect_err(|error| note_what_is_missing(name, error, vm))?;
    let capsule = PyCapsule::of(&found)
        .and_then(|capsule| capsule.pointer(Some(dotted.name())).map(|_| capsule))
        .map_err(|error| not_valid(name, &error, vm))?;
    Ok(capsule.to_owned())
}

/// The object that a name leads to.
fn find(dotted: &DottedName, vm: &VirtualMachine) -> PyResult {
    let mut found = module(dotted, vm)?;
    let attributes = dotted.attributes();
    for (position, part) in attributes.iter().enumerate() {
        let is_last = position + 1 == attributes.len();
        found = attribute(&found, dotted, part, is_last, vm)?;
    }
    Ok(found)
}

/// The capsules of CPython's standard library that this interpreter does not have, and why.
const NOT_HERE: [(&CStr, &str); 4] = [
    (
        c"unicodedata._ucnhash_CAPI",
        "its functions read CPython's own table of character names",
    ),
    (
        c"pyexpat.expat_CAPI",
        "its functions are those of the C library Expat, which this interpreter is made without",
    ),
    (
        c"_socket.CAPI",
        "it leads to the C struct of CPython's sockets",
    ),
    (
        c"_curses._C_API",
        "its functions are over the C library curses, which this interpreter is made without",
    ),
];

/// Adds a note to the exception for a missing capsule, if CPython has a capsule of that name.
fn note_what_is_missing(name: &CStr, error: &PyBaseExceptionRef, vm: &VirtualMachine) {
    let exceptions = &vm.ctx.exceptions;
    let is_absence = error.fast_isinstance(exceptions.attribute_error)
        || error.fast_isinstance(exceptions.import_error);
    let known = NOT_HERE.iter().find(|(known, _)| *known == name);
    if let Some((_, why)) = known.filter(|_| is_absence) {
        let name = name.to_string_lossy();
        let note = format!("CPython's {name} is not here: {why}");
        // Without the note, the exception is still the right one.
        let _ = error.add_note(vm.ctx.new_str(note), vm);
    }
}

/// The exception for an import that cannot begin because of `cause`: what [`import_capsule`] raises
/// if the first module fails to import.
pub fn refuse_import(
    name: &CStr,
    cause: PyBaseExceptionRef,
    vm: &VirtualMachine,
) -> PyBaseExceptionRef {
    let dotted = DottedName::of(name, vm);
    cannot_import(&dotted.shown(dotted.module()), cause, vm)
}

/// The module that the first part names.
fn module(dotted: &DottedName, vm: &VirtualMachine) -> PyResult {
    let part = dotted.module();
    let imported = dotted.part(part, vm).and_then(|name| {
        if import_is_pristine(vm)
            && let Some(module) = ready_module(&name, vm)?
        {
            return Ok(module);
        }
        import_module(&name, vm)
    });
    imported.map_err(|cause| cannot_import(&dotted.shown(part), cause, vm))
}

/// Imports a module by its full name, with the `__import__` that the calling code sees, and reads
/// it from `sys.modules`.
fn import_module(name: &Py<PyStr>, vm: &VirtualMachine) -> PyResult {
    let hook = vm.eval_get_builtin(identifier!(vm, __import__));
    let hook = hook.map_err(|error| {
        if error.fast_isinstance(vm.ctx.exceptions.attribute_error) {
            vm.new_import_error("__import__ not found", name.to_owned())
        } else {
            error
        }
    })?;
    let globals = globals_of_caller(vm)?;
    let from_list = vm.ctx.new_list(Vec::new());
    hook.call(
        (name.to_owned(), globals.clone(), globals, from_list, 0),
        vm,
    )
    .inspect_err(|error| remove_importlib_frames(vm, error))?;
    sys_modules(vm)?.get_item(name, vm)
}

fn globals_of_caller(vm: &VirtualMachine) -> PyResult<PyDictRef> {
    if let Some(globals) = current_globals() {
        return Ok(globals);
    }
    let globals = vm.ctx.new_dict();
    globals.set_item("__builtins__", vm.builtins.clone().into(), vm)?;
    Ok(globals)
}

/// The current `sys.modules`. It is read from the dict of `sys`: if it has been deleted, an attribute
/// access would make the VM overflow the stack while it creates the AttributeError.
fn sys_modules(vm: &VirtualMachine) -> PyResult {
    vm.sys_module
        .dict()
        .get_item_opt(KEYS.modules, vm)?
        .ok_or_else(|| vm.new_runtime_error("sys.modules was deleted"))
}

/// Interned strings for the lookups of every import.
struct Keys {
    modules: &'static PyStrInterned,
    spec: &'static PyStrInterned,
    initializing: &'static PyStrInterned,
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let intern = |text: &'static str| Context::genesis().intern_str(text);
    Keys {
        modules: intern("modules"),
        spec: intern("__spec__"),
        initializing: intern("_initializing"),
    }
});

/// The module, if it is in `sys.modules` and no thread is initializing it.
fn ready_module(name: &Py<PyStr>, vm: &VirtualMachine) -> PyResult<Option<PyObjectRef>> {
    let modules = sys_modules(vm)?;
    let found = match modules.downcast_ref::<PyDict>() {
        Some(modules) => modules.get_item_opt(name, vm)?,
        None => match modules.get_item(name, vm) {
            Err(error) if error.fast_isinstance(vm.ctx.exceptions.key_error) => None,
            found => Some(found?),
        },
    };
    let Some(module) = found.filter(|module| !vm.is_none(module)) else {
        return Ok(None);
    };
    let spec = match own_attribute(&module, KEYS.spec, vm)? {
        Some(spec) => Some(spec),
        None => vm.get_attribute_opt(&module, KEYS.spec)?,
    };
    let initializing = match spec {
        Some(spec) => vm.get_attribute_opt(&spec, KEYS.initializing)?,
        None => None,
    };
    let initializing = match initializing {
        Some(flag) => flag.try_to_bool(vm)?,
        None => false,
    };
    Ok((!initializing).then_some(module))
}

/// An entry in the dict of a plain module. It is the attribute of that name, unless the class
/// `module` has one too.
fn own_attribute(
    object: &PyObject,
    name: &Py<PyStr>,
    vm: &VirtualMachine,
) -> PyResult<Option<PyObjectRef>> {
    match object.dict() {
        Some(dict) if object.class().is(vm.ctx.types.module_type) => dict.get_item_opt(name, vm),
        _ => Ok(None),
    }
}

thread_local! {
    /// The interpreter in which the thread imported last, and the address of its original
    /// `__import__`, if that was in use. No reference is held, so if the function is deleted and
    /// another builtin function gets its address, this is not noticed.
    static PRISTINE: Cell<Option<(i64, usize)>> = const { Cell::new(None) };
}

/// Whether `__import__`, as the calling code sees it, is the interpreter's original one: the builtin
/// function of that name in the module `builtins`. Python code cannot make another.
fn import_is_pristine(vm: &VirtualMachine) -> bool {
    let name = identifier!(vm, __import__);
    let Ok(current) = vm.eval_get_builtin(name) else {
        return false;
    };
    let is_function = current
        .class()
        .is(vm.ctx.types.builtin_function_or_method_type);
    let known = Some((vm.state.interpreter_id, current.get_id()));
    if is_function && PRISTINE.get() == known {
        return true;
    }
    let is_pristine = is_function
        && current
            .get_attr("__self__", vm)
            .is_ok_and(|module| module.is(vm.builtins.as_object()))
        && current
            .get_attr(identifier!(vm, __name__), vm)
            .is_ok_and(|found| {
                found.downcast_ref::<PyStr>().and_then(|s| s.to_str()) == Some(name.as_str())
            });
    PRISTINE.set(known.filter(|_| is_pristine));
    is_pristine
}

/// The attribute of `object` that `part` names, or the submodule. The last part is never imported:
/// a capsule is not a module.
fn attribute(
    object: &PyObject,
    dotted: &DottedName,
    part: &Part,
    is_last: bool,
    vm: &VirtualMachine,
) -> PyResult {
    let name = dotted.part(part, vm)?;
    if !part.is_dunder
        && let Some(found) = own_attribute(object, &name, vm)?
    {
        return Ok(found);
    }
    let missing = match object.get_attr(&*name, vm) {
        Ok(found) => return Ok(found),
        Err(error) if is_last || !error.fast_isinstance(vm.ctx.exceptions.attribute_error) => {
            return Err(error);
        }
        Err(error) => error,
    };
    let path = vm.get_attribute_opt(object, "__path__")?;
    if path.is_none() {
        return Err(missing);
    }
    let prefix = dotted.prefix(part);
    import_module(&vm.ctx.new_str(prefix.as_str()), vm).map_err(|error| {
        if is_not_found(&error, &prefix, vm) {
            missing
        } else {
            cannot_import(&prefix, error, vm)
        }
    })
}

/// Whether an import failed because the module `name` or one of its parents does not exist, and not
/// because of an error inside a module.
fn is_not_found(error: &PyBaseExceptionRef, name: &str, vm: &VirtualMachine) -> bool {
    error.fast_isinstance(vm.ctx.exceptions.module_not_found_error)
        && error
            .as_object()
            .get_attr("name", vm)
            .ok()
            .and_then(|found| found.downcast::<PyStr>().ok())
            .and_then(|found| name.strip_prefix(found.to_str()?).map(str::to_owned))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn cannot_import(
    module: &str,
    cause: PyBaseExceptionRef,
    vm: &VirtualMachine,
) -> PyBaseExceptionRef {
    let exceptions = &vm.ctx.exceptions;
    let passes = [
        exceptions.keyboard_interrupt,
        exceptions.system_exit,
        exceptions.memory_error,
    ];
    if passes.iter().any(|class| cause.fast_isinstance(class)) {
        return cause;
    }
    let text = format!("PyCapsule_Import could not import module \"{module}\"");
    let error = vm.new_exception_msg(exceptions.import_error.to_owned(), text.into());
    error.set_cause(Some(cause));
    error
}

fn not_valid(name: &CStr, error: &CapsuleError, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let text = format!(
        "PyCapsule_Import \"{}\" is not valid",
        name.to_string_lossy()
    );
    let class = vm.ctx.exceptions.attribute_error.to_owned();
    let exception = vm.new_exception_msg(class, text.into());
    add_note(&exception, &error.to_string(), vm);
    exception
}
