//! `methodobject.h`: C functions as Python functions.

use core::ffi::{c_int, c_void};
use core::ptr::null_mut;

use rustpython_capi::methodobject::PyMethodDef as CMethodDef;
use rustpython_capi::object::PyTypeObject;
use rustpython_vm::builtins::{PyModule, PyStr, PyType};
use rustpython_vm::function::{PyMethodDef, PyMethodFlags};
use rustpython_vm::{
    Context, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine,
};

use crate::boundary::{argument, bad_internal_call, borrowed, enter, new_reference};
use crate::function_definitions::{Key, Receiver, key_of};
use crate::method_definition::Method;
use crate::vtable::keep;

/// A function object for a C function, bound to `zelf`. With METH_METHOD, the C function gets
/// `class`, which the function object keeps.
///
/// # Errors
/// SystemError if the definition has no name or NULL for a function, or if its flags are not valid;
/// UnicodeDecodeError for a name or docstring that is not UTF-8.
///
/// # Safety
/// The strings of the definition are NULL or NUL-terminated, and its function is NULL or takes its
/// arguments as the flags say, whenever it is called.
pub(crate) unsafe fn new_function(
    definition: &CMethodDef,
    zelf: Option<PyObjectRef>,
    module: Option<PyObjectRef>,
    class: Option<&Py<PyType>>,
    vm: &VirtualMachine,
) -> PyResult {
    let flags = PyMethodFlags::from_bits_retain(definition.ml_flags.cast_unsigned());
    let zelf = zelf.filter(|_| !flags.contains(PyMethodFlags::STATIC));
    let receiver = if zelf.is_some() {
        Receiver::Bound
    } else {
        Receiver::Nothing
    };
    // SAFETY: the caller makes the same promises, and the function object keeps the class.
    let mut method = unsafe { Method::read(definition, receiver, class, vm) }?;
    method.full_name = full_name(method.name, zelf.as_deref(), module.as_deref(), vm);
    let definition = method.definition();
    let function: PyObjectRef = match zelf {
        Some(zelf) => definition.build_bound_function(&vm.ctx, zelf).into(),
        None => definition.build_function(&vm.ctx).into(),
    };
    if let Some(class) = class {
        keep(&function, class.to_owned().into(), vm)?;
    }
    if let Some(module) = module {
        function.set_attr("__module__", module, vm)?;
    }
    Ok(function)
}

/// The name of a function in error messages: its module, its class and its own name. The class is
/// that of the object that the function is bound to, or that object if it is a class itself.
fn full_name(
    name: &str,
    zelf: Option<&PyObject>,
    module: Option<&PyObject>,
    vm: &VirtualMachine,
) -> &'static str {
    let owner = zelf.filter(|zelf| zelf.downcast_ref::<PyModule>().is_none());
    let class = owner.map(|owner| owner.downcast_ref::<PyType>().unwrap_or(owner.class()));
    let module = module.and_then(|module| module.downcast_ref::<PyStr>());
    let mut full = String::new();
    if let Some(module) = module {
        full += &format!("{module}.");
    }
    if let Some(class) = class {
        full += &format!("{}.", class.name());
    }
    vm.ctx.intern_str(full + name).as_str()
}

/// A new function object for a C function, bound to `zelf` unless it is NULL; `module` becomes its
/// `__module__`. With `METH_METHOD` the C function gets `class` as its defining class, and the
/// function object keeps it; without that flag `class` must be NULL. A new reference, or NULL with
/// an exception.
///
/// # Safety
/// `definition` is NULL or a valid definition; `zelf` is NULL or an object; `module` is NULL or the
/// name of a module; `class` is NULL or a class.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCMethod_New(
    definition: *mut CMethodDef,
    zelf: *mut PyObject,
    module: *mut PyObject,
    class: *mut PyTypeObject,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `definition` is NULL or a definition, which the caller keeps for the call.
        let Some(definition) = (unsafe { definition.as_ref() }) else {
            return Err(vm.new_system_error("PyCFunction_NewEx: NULL instead of a definition"));
        };
        let takes_class = definition.ml_flags.cast_unsigned() & PyMethodFlags::METHOD.bits() != 0;
        if takes_class == class.is_null() {
            return Err(vm.new_system_error(if takes_class {
                "attempting to create PyCMethod with a METH_METHOD flag but no class"
            } else {
                "attempting to create PyCFunction with class but no METH_METHOD flag"
            }));
        }
        // SAFETY: `zelf` is NULL or an object, which the caller keeps alive.
        let zelf = unsafe { zelf.as_ref() }.map(ToOwned::to_owned);
        // SAFETY: `module` is NULL or an object, which the caller keeps alive.
        let module = unsafe { module.as_ref() }.map(ToOwned::to_owned);
        // SAFETY: `class` is NULL or a class, which the caller keeps alive.
        let class = unsafe { class.as_ref() };
        // SAFETY: the caller promises a valid definition.
        unsafe { new_function(definition, zelf, module, class, vm) }.map(new_reference)
    })
}

/// A new function object without a class; see [`PyCMethod_New`].
///
/// # Safety
/// As for [`PyCMethod_New`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCFunction_NewEx(
    definition: *mut CMethodDef,
    zelf: *mut PyObject,
    module: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: it makes the same demands as this function, and takes NULL for `class`.
    unsafe { PyCMethod_New(definition, zelf, module, null_mut()) }
}

/// A new function object without a module and a class; see [`PyCMethod_New`].
///
/// # Safety
/// As for [`PyCMethod_New`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCFunction_New(
    definition: *mut CMethodDef,
    zelf: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: it makes the same demands as this function, and takes NULL for the others.
    unsafe { PyCMethod_New(definition, zelf, null_mut(), null_mut()) }
}

/// The payload of a function object. Its type has no public name, so it is inferred from a function
/// that makes such objects.
fn function_of<T: PyPayload>(
    _maker: fn(&'static PyMethodDef, &Context) -> PyRef<T>,
    object: &PyObject,
) -> Option<&Py<T>> {
    object.downcast_ref()
}

/// The definition that C code gave a function object.
///
/// # Errors
/// SystemError for other objects, and for functions of the VM.
///
/// # Safety
/// `function` is NULL or an object.
unsafe fn key(function: *mut PyObject, vm: &VirtualMachine) -> PyResult<Key> {
    // SAFETY: `function` is NULL or an object, which the caller keeps alive.
    let function = unsafe { argument(function, vm) }?;
    function_of(PyMethodDef::build_function, function)
        .and_then(|function| key_of(function.as_func()))
        .ok_or_else(|| bad_internal_call(vm))
}

/// The C function of a function object; NULL with SystemError for other objects and for functions
/// of the interpreter, which have no C function.
///
/// # Safety
/// `function` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCFunction_GetFunction(function: *mut PyObject) -> *mut c_void {
    enter(|vm| {
        // SAFETY: the caller makes the same promise.
        let key = unsafe { key(function, vm) }?;
        Ok(core::ptr::with_exposed_provenance_mut(key.address))
    })
}

/// The flags of the definition of a function object; -1 with SystemError for other objects and for
/// functions of the interpreter.
///
/// # Safety
/// `function` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCFunction_GetFlags(function: *mut PyObject) -> c_int {
    // SAFETY: the caller makes the same promise.
    enter(|vm| unsafe { key(function, vm) }.map(|key| key.flags))
}

/// The object that a function object is bound to, as a borrowed reference; NULL without an
/// exception if there is none or if the function is static; NULL with SystemError for an object
/// that is not a function object.
///
/// # Safety
/// `function` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyCFunction_GetSelf(function: *mut PyObject) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `function` is NULL or an object, which the caller keeps alive.
        let function = unsafe { argument(function, vm) }?;
        let function = function_of(PyMethodDef::build_function, function)
            .ok_or_else(|| bad_internal_call(vm))?;
        Ok(function.get_self().map_or(null_mut(), borrowed))
    })
}
