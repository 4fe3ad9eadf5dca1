//! Any bytes as the name of a capsule to import: what comes of it is the capsule of that name or an
//! exception of a listed class, from both functions the same.

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

/// What imports raise, and what the attributes of `SOURCE` do, as it is.
const CLASSES: [&str; 5] = [
    "AttributeError",
    "ImportError",
    "KeyboardInterrupt",
    "UnicodeDecodeError",
    "ZeroDivisionError",
];

/// What makes capsules of a module more than a module: attributes that are there for any name, and
/// such as raise; and a package with no files.
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

/// Makes what names can lead to. The interpreter is for imports from now on.
pub(crate) fn prepare(vm: &VirtualMachine) {
    forget_files(vm);
    let api = module("hostile_api", vm);
    for (attribute, name) in [("capsule", c"hostile_api.capsule"), ("other", c"another")] {
        // SAFETY: nobody uses the pointer, and the name lives for ever.
        let capsule = unsafe { PyCapsule_New(8 as *mut _, name.as_ptr(), None) };
        // SAFETY: it is a new reference.
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

/// Imports the bytes up to their first NUL. Whether there is such a capsule.
///
/// # Errors
/// What does not hold.
pub(crate) fn play(bytes: &[u8]) -> Result<bool, String> {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    let name = CString::new(text).expect("it ends before the first NUL");
    // SAFETY: in an interpreter, with a name.
    let pointer = unsafe { PyCapsule_Import(name.as_ptr(), 0) };
    let raised = refusal()?;
    if pointer.is_null() != raised.is_some() {
        return Err(format!(
            "the pointer is {pointer:p}, and raised is {raised:?}"
        ));
    }
    // SAFETY: as above.
    let capsule = unsafe { PyCapsuleRs_ImportCapsule(name.as_ptr()) };
    let raised_again = refusal()?;
    if capsule.is_null() != raised_again.is_some() || raised != raised_again {
        return Err(format!(
            "first {raised:?}, then {raised_again:?} and {capsule:p}"
        ));
    }
    if capsule.is_null() {
        return Ok(false);
    }
    // SAFETY: the capsule was just given.
    let is_named = unsafe { PyCapsule_IsValid(capsule, name.as_ptr()) };
    // SAFETY: as above.
    let own = unsafe { PyCapsule_GetPointer(capsule, name.as_ptr()) };
    // SAFETY: as above.
    unsafe { Py_DecRef(capsule) };
    if is_named != 1 || own != pointer {
        return Err(format!(
            "the capsule of {name:?} has another name or pointer"
        ));
    }
    Ok(true)
}

fn refusal() -> Result<Option<Raised>, String> {
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
