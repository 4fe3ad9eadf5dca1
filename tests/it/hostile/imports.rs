//! Imports with arbitrary bytes as the name. Both import functions must give the same result: the
//! capsule of that name, or an exception of a listed class.

use std::ffi::CString;

use rustpython_vm::VirtualMachine;
use rustpython_vm::compiler::Mode;
use rustpython_vm::scope::Scope;
use rustpython_vm::vm::thread::with_current_vm;

use super::c_api::{
    Py_DecRef, PyCapsule_GetPointer, PyCapsule_Import, PyCapsule_IsValid, PyCapsule_New,
    PyCapsuleRs_ImportCapsule,
};
use super::raised::{self, Raised};
use super::{forget_files, module};

/// The classes of exceptions that imports raise, and that attributes of `SOURCE` raise.
const CLASSES: [&str; 5] = [
    "AttributeError",
    "ImportError",
    "KeyboardInterrupt",
    "UnicodeDecodeError",
    "ZeroDivisionError",
];

/// An object that has itself as every attribute, except for some names that raise.
const SOURCE: &str = "
class Endless:
    def __getattr__(self, name):
        if name == 'zero':
            raise ZeroDivisionError
        if name == 'interrupt':
            raise KeyboardInterrupt
        if name.startswith('__'):
            raise AttributeError(name)
        return self

endless = Endless()
";

/// Makes the modules that names can refer to. The interpreter can be used for imports only after
/// that.
pub(crate) fn prepare(vm: &VirtualMachine) {
    forget_files(vm);
    let api = module("hostile_api", vm);
    for (attribute, name) in [("capsule", c"hostile_api.capsule"), ("other", c"another")] {
        // SAFETY: no code reads through the pointer, and the name is static.
        let capsule = unsafe { PyCapsule_New(8 as *mut _, name.as_ptr(), None) };
        // SAFETY: `PyCapsule_New` returns a new reference, and does not fail here.
        let capsule = unsafe { raised::owned(capsule) };
        api.set_attr(attribute, capsule, vm)
            .expect("a module takes it");
    }
    let code = vm.compile(SOURCE, Mode::Exec, "<hostile>");
    let code = code.expect("the source is Python");
    let scope = Scope::with_builtins(None, api.dict(), vm);
    assert!(vm.run_code_obj(code, scope).is_ok());
    let package = module("hostile_package", vm);
    let nowhere = vm.ctx.new_list(Vec::new());
    package
        .set_attr("__path__", nowhere, vm)
        .expect("a module takes it");
}

/// Imports the bytes up to the first NUL. Returns whether a capsule was found.
///
/// # Errors
/// The property that does not hold.
pub(crate) fn execute(bytes: &[u8]) -> Result<bool, String> {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    let name = CString::new(text).expect("it ends before the first NUL");
    // SAFETY: the thread is attached, and the name is a C string.
    let pointer = unsafe { PyCapsule_Import(name.as_ptr(), 0) };
    let raised = take_raised()?;
    if pointer.is_null() != raised.is_some() {
        return Err(format!(
            "the pointer is {pointer:p}, and raised is {raised:?}"
        ));
    }
    // SAFETY: the thread is attached, and the name is a C string.
    let capsule = unsafe { PyCapsuleRs_ImportCapsule(name.as_ptr()) };
    let raised_again = take_raised()?;
    if capsule.is_null() != raised_again.is_some() || raised != raised_again {
        return Err(format!(
            "first {raised:?}, then {raised_again:?} and {capsule:p}"
        ));
    }
    if capsule.is_null() {
        return Ok(false);
    }
    // SAFETY: the capsule was just returned as a new reference.
    let is_named = unsafe { PyCapsule_IsValid(capsule, name.as_ptr()) };
    // SAFETY: the reference is still owned here, and the name is a C string.
    let own = unsafe { PyCapsule_GetPointer(capsule, name.as_ptr()) };
    // SAFETY: the new reference is dropped once.
    unsafe { Py_DecRef(capsule) };
    if is_named != 1 || own != pointer {
        return Err(format!(
            "the capsule of {name:?} has another name or pointer"
        ));
    }
    Ok(true)
}

fn take_raised() -> Result<Option<Raised>, String> {
    let Some(exception) = raised::take_pending() else {
        return Ok(None);
    };
    let raised = with_current_vm(|vm| Raised::of(&exception, vm));
    if CLASSES.contains(&raised.class.as_str()) {
        Ok(Some(raised))
    } else {
        Err(format!("raised: {raised:?}"))
    }
}
