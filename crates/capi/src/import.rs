//! `import.h`: importing a module by its full name. The import of capsules is in `pycapsule`, and
//! `loader` loads extension modules. The other functions come from `rustpython-capi`.

use core::ffi::c_char;

use rustpython_vm::builtins::PyStr;
use rustpython_vm::{Py, PyObject, PyResult, VirtualMachine};

use crate::boundary::{argument, enter, new_reference, utf8_argument};

/// Imports a module with the `__import__` of the running code's builtins. For a dotted name it
/// returns the last module of the name. Returns a new reference, or NULL with an exception.
///
/// # Safety
/// `name` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyImport_Import(name: *mut PyObject) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `name` is NULL or an object, which the caller keeps alive.
        let name = unsafe { argument(name, vm) }?;
        let Some(name) = name.downcast_ref::<PyStr>() else {
            return Err(vm.new_type_error("module name must be a string"));
        };
        import(name, vm).map(new_reference)
    })
}

/// Imports a module as [`PyImport_Import`] does.
///
/// # Safety
/// `name` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyImport_ImportModule(name: *const c_char) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `name` is NULL or a NUL-terminated string.
        let name = unsafe { utf8_argument(name, vm) }?;
        import(&vm.ctx.new_str(name), vm).map(new_reference)
    })
}

fn import(name: &Py<PyStr>, vm: &VirtualMachine) -> PyResult {
    vm.import(name, 0)?;
    vm.sys_module.get_attr("modules", vm)?.get_item(name, vm)
}
