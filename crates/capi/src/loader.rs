//! Extension modules for `import`: the functions of `_imp` that importlib calls to load shared
//! libraries that export `PyModExport_<name>` (PEP 793).

use core::ffi::c_void;
use core::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use libloading::Error as LibraryError;
use rustpython_capsule_glue::__private::sealed_libraries;
use rustpython_capsule_glue::{Access, Replacement, access, replace_functions};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyModule, PyStr, PyUtf8StrRef};
use rustpython_vm::function::{FsPath, OptionalArg, static_func};
use rustpython_vm::warn::warn;
use rustpython_vm::{
    AsObject, InterpreterBuilder, Py, PyObjectRef, PyRef, PyResult, VirtualMachine,
};

use crate::boundary::{call_c, checked_result};
use crate::class_assignment;
use crate::class_layout;
use crate::datetime;
use crate::export_hook::hook_name;
use crate::extension_module::ExtensionModule;
use crate::foreign_files;
use crate::main_interpreter;
use crate::method_vectorcall;
use crate::moduleobject::from_slots_and_spec;
#[cfg(unix)]
use crate::second_python;
use crate::slots::PySlot;
use crate::type_symbols;

#[cfg(unix)]
use libloading::os::unix::Library;
#[cfg(windows)]
use libloading::os::windows::Library;

/// Adds the import of extension modules to an interpreter builder.
pub trait ExtensionModulesExt {
    /// Lets `import` load shared libraries, in the interpreter and in all sub-interpreters that it
    /// creates, and changes `ctypes` as `docs/ctypes.md` describes. If capsules are sealed it does
    /// neither, because the code of a library can do anything. In both cases `datetime` gets
    /// `datetime_CAPI`, its capsule for C code.
    ///
    /// On Unix, file names of extension modules end in `.rustpython313-MULTIARCH.so`,
    /// `.abi3t-MULTIARCH.so`, `.abi3t.so` or `.so`. The first of them is `EXT_SUFFIX` of
    /// `sysconfig`. RustPython 0.6.0 still has `313` in it, although its language level is Python
    /// 3.14; the number has no other meaning.
    ///
    /// The process must have a main interpreter of the C API; see [`run_main`](crate::run_main).
    /// While it has one, all its interpreters can load libraries. After that one is finalized, none
    /// can.
    #[must_use]
    fn with_extension_modules(self) -> Self;
}

impl ExtensionModulesExt for InterpreterBuilder {
    fn with_extension_modules(self) -> Self {
        class_layout::install(&self.ctx);
        class_assignment::install(&self.ctx);
        method_vectorcall::install(&self.ctx);
        let builder = match IMP.changed(&self.ctx) {
            Some(definition) => self.add_native_module(definition),
            None => self,
        };
        #[cfg(unix)]
        let builder = {
            let definition = crate::wheelcheck::module(&builder.ctx);
            builder.add_native_module(definition)
        };
        let builder = builder.init_hook(|vm| datetime::MODULE.install(vm));
        #[cfg(not(target_env = "musl"))]
        let builder = builder.init_hook(crate::ctypes::replace);
        builder
    }
}

/// `_imp`, from which importlib gets the suffixes of file names, and which loads a file.
static IMP: Replacement = Replacement::new("_imp", |definition| {
    replace_functions(
        definition,
        &[
            ("extension_suffixes", static_func(extension_suffixes)),
            ("create_dynamic", static_func(create_dynamic)),
            ("exec_dynamic", static_func(exec_dynamic)),
            ("is_builtin", static_func(is_builtin)),
        ],
    );
    definition.slots.exec = Some(exec_imp);
});

/// importlib has been read when it imports `_imp`, but it has not started.
fn exec_imp(vm: &VirtualMachine, module: &Py<PyModule>) -> PyResult<()> {
    if let Some(original) = IMP.original() {
        original.exec_module(vm, module)?;
    }
    foreign_files::install(vm)
}

/// `_imp.is_builtin`. importlib calls it for each module that is not imported yet. So it is called
/// before the program of `rustpython::run` starts, in the program's thread state.
fn is_builtin(name: PyUtf8StrRef, vm: &VirtualMachine) -> bool {
    main_interpreter::start_program(vm);
    vm.state.module_defs.contains_key(name.as_str())
}

/// The file name suffixes of extension modules, in the order of preference: the one that build
/// tools read from `sysconfig`, those of the stable ABI on this platform and on any, and the plain
/// one.
fn extension_suffixes(vm: &VirtualMachine) -> PyResult<Vec<PyObjectRef>> {
    if access(vm) == Some(Access::Sealed) {
        return Ok(Vec::new());
    }
    if cfg!(windows) {
        return Ok(vec![vm.ctx.new_str(".pyd").into()]);
    }
    let implementation = vm.sys_module.get_attr("implementation", vm)?;
    let multiarch = implementation.get_attr("_multiarch", vm)?.str(vm)?;
    // `EXT_SUFFIX` of the VM's `sysconfig`, which cannot be imported yet when importlib asks for the
    // suffixes. Build tools name files after it, so it must be the same text, `313` included.
    let own = format!(".rustpython313-{multiarch}.so");
    let stable = format!(".abi3t-{multiarch}.so");
    let suffixes = [&own, &stable, ".abi3t.so", ".so"];
    Ok(suffixes.map(|suffix| vm.ctx.new_str(suffix).into()).into())
}

fn create_dynamic(
    spec: PyObjectRef,
    _file: OptionalArg<PyObjectRef>,
    vm: &VirtualMachine,
) -> PyResult {
    if access(vm) == Some(Access::Sealed) {
        return Err(sealed_libraries(vm));
    }
    let name: PyRef<PyStr> = spec.get_attr("name", vm)?.try_into_value(vm)?;
    let origin = spec.get_attr("origin", vm)?;
    let import = Import {
        name: &name,
        origin: origin.clone(),
        vm,
    };
    if !main_interpreter::exists() {
        let text = "extension modules need a main interpreter that the C API knows";
        return Err(import.error(text));
    }
    let path = FsPath::try_from_path_like(origin, true, vm)?.to_path_buf(vm)?;
    let export = import.open(&path)?;
    // SAFETY: a library that exports this name promises that the function has this type.
    let (slots, raised) = call_c(vm, || unsafe { export() });
    let contradiction = |what| format!("export hook of module {name} {what}");
    let slots = checked_result(
        (!slots.is_null()).then_some(slots),
        raised,
        contradiction,
        vm,
    )?;
    // SAFETY: the array is as PEP 793 demands, by the promise of the export hook.
    let made = unsafe { from_slots_and_spec(slots, &spec, vm) }?;
    if made.needs_gil {
        import.warn_of_gil()?;
    }
    Ok(made.module)
}

fn exec_dynamic(module: PyObjectRef, vm: &VirtualMachine) -> PyResult<i32> {
    if let Some(module) = module.downcast_ref::<ExtensionModule>() {
        module.execute_once(vm)?;
    }
    Ok(0)
}

type Export = unsafe extern "C" fn() -> *mut PySlot;

/// The import of one module.
struct Import<'a> {
    name: &'a Py<PyStr>,
    origin: PyObjectRef,
    vm: &'a VirtualMachine,
}

impl Import<'_> {
    /// Opens the library and finds its export hook. The library is never closed, because its
    /// functions, capsules and threads may outlive every module.
    fn open(&self, path: &Path) -> PyResult<Export> {
        let hook = self.hook_name("PyModExport")?;
        let path = in_this_folder(path);
        #[cfg(unix)]
        if let Some(other) = second_python::needed_by(&path) {
            return Err(self.second_python(&other));
        }
        let types = type_symbols::provide();
        // SAFETY: the code that imports the library is responsible for what its initializers do.
        let library = unsafe { open_library(&path) };
        let library = library.map_err(|error| self.not_opened(&error, types.err()))?;
        let library = ManuallyDrop::new(library);
        #[cfg(unix)]
        if let Some(other) = second_python::linked_with(&library) {
            return Err(self.second_python(&other));
        }
        // SAFETY: by PEP 793, this name is that of a function of this type.
        let export = unsafe { library.get::<Export>(hook.as_bytes()) };
        match export {
            Ok(export) => Ok(*export),
            Err(_) => Err(self.no_hook(&library, &hook)),
        }
    }

    /// The name of a function that the library exports for the module; see [`hook_name`].
    fn hook_name(&self, prefix: &str) -> PyResult<String> {
        let punycode = |last: &str| {
            let codecs = &self.vm.state.codec_registry;
            let encoded =
                codecs.encode_text(self.vm.ctx.new_str(last), "punycode", None, self.vm)?;
            Ok(String::from_utf8_lossy(encoded.as_bytes()).into_owned())
        };
        hook_name(prefix, &self.name.to_string_lossy(), punycode)
    }

    /// The exception for a library that cannot be opened. `no_types` is why there are no type
    /// symbols.
    fn not_opened(&self, error: &LibraryError, no_types: Option<String>) -> PyBaseExceptionRef {
        let message = core::error::Error::source(error)
            .map_or_else(|| error.to_string(), ToString::to_string);
        if let Some(reason) = no_types
            && let Some(symbol) = type_symbols::named_in(&message)
        {
            return self.error(&format!(
                "module {} needs {symbol}, which the interpreter cannot define here: {reason}",
                self.name
            ));
        }
        let exception = self.error(&message);
        if let Some(note) = note_on(&message) {
            // If the note cannot be added, the exception is right without it.
            let _ = exception.add_note(self.vm.ctx.new_str(note), self.vm);
        }
        exception
    }

    #[cfg(unix)]
    fn second_python(&self, other: &str) -> PyBaseExceptionRef {
        self.error(&format!(
            "module {} is linked with another Python, {other}: link it without libpython, since the \
             interpreter has the functions of the C API",
            self.name
        ))
    }

    fn no_hook(&self, library: &Library, hook: &str) -> PyBaseExceptionRef {
        let mut text = format!("dynamic module does not define module export function ({hook})");
        if let Ok(older) = self.hook_name("PyInit") {
            // SAFETY: the symbol is only searched for; its value is not used.
            let found = unsafe { library.get::<*const c_void>(older.as_bytes()) };
            if found.is_ok() {
                text += &format!(
                    "; it defines {older}, as modules for CPython up to 3.14 do: it must be built \
                     for the stable ABI without a GIL (abi3t) of Python 3.15"
                );
            }
        }
        self.error(&text)
    }

    fn error(&self, text: &str) -> PyBaseExceptionRef {
        let error = self.vm.new_import_error(text, self.name.to_owned());
        // This cannot fail: an ImportError has settable attributes.
        let _ = error
            .as_object()
            .set_attr("path", self.origin.clone(), self.vm);
        error
    }

    fn warn_of_gil(&self) -> PyResult<()> {
        let text = format!(
            "module {} has not declared that it can run without the GIL (Py_MOD_GIL_NOT_USED), and \
             this interpreter has none",
            self.name
        );
        let category = self.vm.ctx.exceptions.runtime_warning.to_owned();
        warn(
            self.vm.ctx.new_str(text).into(),
            Some(category),
            1,
            None,
            self.vm,
        )
    }
}

/// Advice that the message of the dynamic loader lacks.
fn note_on(message: &str) -> Option<String> {
    let (_, symbol) = message.split_once("undefined symbol: ")?;
    let symbol = symbol.split([',', ' ', '\n']).next()?;
    let is_ours = symbol.starts_with("Py") || symbol.starts_with("_Py");
    is_ours.then(|| format!("the C API of this interpreter has no {symbol}"))
}

/// A path with a directory part, for which the dynamic loader does not search its folders.
fn in_this_folder(path: &Path) -> PathBuf {
    if path.components().count() == 1 {
        Path::new(".").join(path)
    } else {
        path.to_owned()
    }
}

/// # Safety
/// The initializers of the library are sound.
#[cfg(unix)]
unsafe fn open_library(path: &Path) -> Result<Library, LibraryError> {
    use libloading::os::unix::{RTLD_LOCAL, RTLD_NOW};
    // SAFETY: the initializers of the library are sound, by the contract of this function.
    unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }
}

/// # Safety
/// The initializers of the library are sound.
#[cfg(windows)]
unsafe fn open_library(path: &Path) -> Result<Library, LibraryError> {
    // SAFETY: the initializers of the library are sound, by the contract of this function.
    unsafe { Library::new(path) }
}
