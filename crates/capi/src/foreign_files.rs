//! Files of a module that was not found, built for another interpreter. importlib ignores them; the
//! exception gets a note for each.

use std::fs;
use std::path::{Path, PathBuf};

use rustpython_capsule_glue::{Access, access};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyFunction, PyStr};
use rustpython_vm::function::{FsPath, FuncArgs, ItemDoc, PyMethodDef, PyMethodFlags};
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

/// The function of importlib that raises ModuleNotFoundError, unless `sys.modules` has the module.
const FIND: &str = "_find_and_load_unlocked";

/// Replaces the function of importlib that raises ModuleNotFoundError by one that calls it and adds
/// the notes. importlib must have been read, but it need not have started. Without importlib this
/// function does nothing.
pub(crate) fn install(vm: &VirtualMachine) -> PyResult<()> {
    static NOTING: PyMethodDef =
        PyMethodDef::new_const(FIND, find_and_load, PyMethodFlags::empty(), ItemDoc::NONE);
    let modules = vm.sys_module.get_attr("modules", vm)?;
    let Ok(importlib) = modules.get_item("_frozen_importlib", vm) else {
        return Ok(());
    };
    let original = importlib.get_attr(FIND, vm)?;
    // Not a second time, if `_imp` is imported again.
    if original.downcast_ref::<PyFunction>().is_some() {
        let noting = NOTING.build_bound_function(&vm.ctx, original);
        importlib.set_attr(FIND, noting, vm)?;
    }
    Ok(())
}

fn find_and_load(original: PyObjectRef, arguments: FuncArgs, vm: &VirtualMachine) -> PyResult {
    let name = arguments.args.first().cloned();
    original.call(arguments, vm).inspect_err(|error| {
        if let Some(name) = name
            && error.fast_isinstance(vm.ctx.exceptions.module_not_found_error)
            && access(vm) != Some(Access::Sealed)
        {
            // Without its notes the exception is right too.
            let _ = add_notes(error, &name, vm);
        }
    })
}

fn add_notes(error: &PyBaseExceptionRef, name: &PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
    // importlib itself has raised it, and not the import of a package or the code of a module.
    let is_own = error
        .traceback()
        .is_some_and(|innermost| innermost.next.lock().is_none());
    let modules = vm.sys_module.get_attr("modules", vm)?;
    let Some(text) = name.downcast_ref::<PyStr>().filter(|_| is_own) else {
        return Ok(());
    };
    // With None there, the import of a module is forbidden.
    if modules.get_item(&**name, vm).is_ok() {
        return Ok(());
    }
    let text = text.to_string_lossy();
    let (folders, module) = match text.rsplit_once('.') {
        Some((package, module)) => (
            modules.get_item(package, vm)?.get_attr("__path__", vm)?,
            module,
        ),
        None => (vm.sys_module.get_attr("path", vm)?, &*text),
    };
    for folder in folders.try_to_value::<Vec<PyObjectRef>>(vm)? {
        let Ok(folder) = FsPath::try_from_path_like(folder, false, vm) else {
            continue;
        };
        for (file, reason) in files_in(&folder.to_path_buf(vm)?, module) {
            let note = format!("{} is not imported: {reason}", file.display());
            error.add_note(vm.ctx.new_str(note), vm)?;
        }
    }
    Ok(())
}

/// The files of a folder that are this module for another interpreter, and for which one.
fn files_in(folder: &Path, module: &str) -> Vec<(PathBuf, String)> {
    // In `sys.path` the current folder is the empty text.
    let listed = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let entries = fs::read_dir(listed).into_iter().flatten().flatten();
    let files = entries.filter_map(|entry| {
        let name = entry.file_name();
        let suffix = name.to_str()?.strip_prefix(module)?.strip_prefix('.')?;
        let reason = built_for(suffix.strip_suffix(".so")?)?;
        Some((folder.join(name), reason))
    });
    let mut files: Vec<_> = files.collect();
    files.sort();
    files
}

/// What the file of a module is built for, by the tag in its name; `None` if it is not known.
fn built_for(tag: &str) -> Option<String> {
    const WANTED: &str = "build it for the stable ABI without a GIL (abi3t)";
    let (kind, rest) = tag.split_once('-').unwrap_or((tag, ""));
    let built = match kind {
        "abi3" => "the stable ABI of interpreters with a GIL (abi3)".to_owned(),
        "abi3t" => return Some(format!("it is built for another platform, {rest}")),
        "cpython" => match rest.split('-').next()?.split_at_checked(1)? {
            (major, minor) if minor.starts_with(|first: char| first.is_ascii_digit()) => {
                format!("CPython {major}.{minor} only")
            }
            _ => return None,
        },
        _ if kind.starts_with("pypy") => "PyPy".to_owned(),
        _ if kind.starts_with("graalpy") => "GraalPy".to_owned(),
        _ if kind.starts_with("rustpython") => "RustPython on another platform".to_owned(),
        _ => return None,
    };
    Some(format!("it is built for {built}; {WANTED}"))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::built_for;

    const TAGS: [(&str, Option<&str>); 12] = [
        (
            "abi3",
            Some("the stable ABI of interpreters with a GIL (abi3); "),
        ),
        ("cpython-313-x86_64-linux-gnu", Some("CPython 3.13 only; ")),
        ("cpython-314t-darwin", Some("CPython 3.14t only; ")),
        ("cpython-38", Some("CPython 3.8 only; ")),
        ("pypy311-pp73-x86_64-linux-gnu", Some("PyPy; ")),
        ("graalpy242-311-native-x86_64-linux", Some("GraalPy; ")),
        (
            "rustpython313-aarch64-linux-gnu",
            Some("RustPython on another platform; "),
        ),
        (
            "abi3t-aarch64-linux-gnu",
            Some("another platform, aarch64-linux-gnu"),
        ),
        ("cpython-", None),
        ("cpython-é", None),
        ("plugin", None),
        ("", None),
    ];

    pub(crate) fn a_tag_says_for_what_a_file_is_built() {
        for (tag, expected) in TAGS {
            let found = built_for(tag);
            let matches = match (&found, expected) {
                (Some(found), Some(expected)) => found
                    .strip_prefix("it is built for ")
                    .is_some_and(|rest| rest.starts_with(expected)),
                (None, None) => true,
                _ => false,
            };
            assert!(matches, "{tag}: {found:?}");
        }
    }
}
