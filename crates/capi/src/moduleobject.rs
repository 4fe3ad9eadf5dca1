//! `moduleobject.h`: making a module from an array of slots, and the functions that read a module.
//! The payload of such modules is in `extension_module`.

use core::ffi::{c_char, c_int, c_void};
use core::ptr::{null, null_mut};

use rustpython_capi::methodobject::PyMethodDef;
use rustpython_vm::builtins::{PyModule, PyStr};
use rustpython_vm::function::PyMethodFlags;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine};

use crate::boundary::{
    bad_internal_call, borrowed, call_c, checked_result, enter, new_reference, owned,
};
use crate::extension_module::ExtensionModule;
use crate::methodobject::new_function;
use crate::modsupport::check_abi;
use crate::slots::{ModuleSlots, PySlot};
use crate::unicodeobject::PyUnicode_AsUTF8;

/// Makes the module that an array of slots describes. Of the functions in the slots only `create`
/// is called.
///
/// # Errors
/// Those of [`ModuleSlots::read`]; ImportError if the module is not compatible with this
/// interpreter; the exception of `create`; AttributeError if the spec has no name.
///
/// # Safety
/// As for [`ModuleSlots::read`].
pub(crate) unsafe fn from_slots_and_spec(
    slots: *const PySlot,
    spec: &PyObject,
    vm: &VirtualMachine,
) -> PyResult<FromSlots> {
    let name = spec.get_attr("name", vm)?;
    let name: PyRef<PyStr> = name.try_into_value(vm)?;
    // SAFETY: the caller promises what `ModuleSlots::read` demands of `slots`.
    let slots = unsafe { ModuleSlots::read(slots, vm) }?;
    let shown = name.to_string_lossy().into_owned();
    for abi in &slots.abi {
        check_abi(*abi, Some(&shown), vm)?;
    }
    if slots.main_interpreter_only && !vm.state.is_main {
        let text = format!("module {shown} does not support loading in subinterpreters");
        return Err(vm.new_import_error(text, name));
    }
    let module = match slots.create {
        None => ExtensionModule::new(&name, vm)?.into(),
        Some(create) => {
            // SAFETY: by the contract of `slots` it is a function of this type; the spec is alive
            // for the call.
            let (module, raised) = call_c(vm, || unsafe { create(borrowed(spec), null_mut()) });
            let contradiction = |what| format!("creation of module {shown} {what}");
            // SAFETY: `create` returns a new reference or NULL.
            checked_result(unsafe { owned(module) }, raised, contradiction, vm)?
        }
    };
    if let Some(methods) = slots.methods {
        // SAFETY: `methods` is an array of definitions, by the contract of `slots`.
        unsafe { add_functions(&module, &name, methods, vm) }?;
    }
    if let Some(doc) = &slots.doc {
        module.set_attr("__doc__", vm.ctx.new_str(doc.as_str()), vm)?;
    }
    let needs_gil = !slots.no_gil;
    set_module_data(&module, slots, &shown, vm)?;
    Ok(FromSlots { module, needs_gil })
}

/// A module that was made from an array of slots.
pub(crate) struct FromSlots {
    pub(crate) module: PyObjectRef,
    /// Whether the module has not declared that it can run without a GIL.
    pub(crate) needs_gil: bool,
}

/// Stores in the module the data that only an [`ExtensionModule`] can hold.
///
/// # Errors
/// SystemError if there is such data and `create` returned another kind of object.
fn set_module_data(
    module: &PyObject,
    slots: ModuleSlots,
    name: &str,
    vm: &VirtualMachine,
) -> PyResult<()> {
    if let Some(module) = module.downcast_ref::<ExtensionModule>() {
        return module.set_data(slots, vm);
    }
    if !slots.exec.is_empty() {
        return Err(vm.new_system_error(format!(
            "module {name} specifies execution slots, but did not create a ModuleType instance \
             with PyModule_NewObject"
        )));
    }
    let has_state = slots.state_size > 0
        || slots.state_traverse.is_some()
        || slots.state_clear.is_some()
        || slots.state_free.is_some()
        || slots.token.is_some();
    if has_state {
        return Err(vm.new_system_error(format!(
            "module {name} is not a module object made with PyModule_NewObject, but requests \
             module state"
        )));
    }
    Ok(())
}

/// Adds the functions of an array of definitions to the module.
///
/// # Errors
/// ValueError for a function that is flagged as a method; the errors of [`new_function`].
///
/// # Safety
/// `methods` is an array of valid definitions that ends with one without a name.
unsafe fn add_functions(
    module: &PyObject,
    name: &Py<PyStr>,
    methods: *const PyMethodDef,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let name: PyObjectRef = name.to_owned().into();
    for position in 0.. {
        // SAFETY: the array ends with a definition without a name, which is not reached yet.
        let definition = unsafe { methods.add(position) };
        // SAFETY: it is an element of the array.
        let definition = unsafe { &*definition };
        if definition.ml_name.is_null() {
            break;
        }
        let flags = PyMethodFlags::from_bits_retain(definition.ml_flags.cast_unsigned());
        if flags.intersects(PyMethodFlags::CLASS | PyMethodFlags::STATIC) {
            let text = "module functions cannot set METH_CLASS or METH_STATIC";
            return Err(vm.new_value_error(text));
        }
        let zelf = Some(module.to_owned());
        // SAFETY: the definition is valid, by the contract of this function.
        let function = unsafe { new_function(definition, zelf, Some(name.clone()), None, vm) }?;
        let attribute = function.get_attr("__name__", vm)?;
        let attribute: PyRef<PyStr> = attribute.try_into_value(vm)?;
        module.set_attr(&*attribute, function, vm)?;
    }
    Ok(())
}

/// Makes the module that an array of slots describes, without running its `exec` functions. A new
/// reference, or NULL with an exception.
///
/// # Safety
/// `slots` is NULL or an array as PEP 793 demands; `spec` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_FromSlotsAndSpec(
    slots: *const PySlot,
    spec: *mut PyObject,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `spec` is NULL or an object, which the caller keeps alive.
        let Some(spec) = (unsafe { spec.as_ref() }) else {
            return Err(vm.new_system_error("PyModule_FromSlotsAndSpec: NULL instead of a spec"));
        };
        // SAFETY: the caller promises an array as PEP 793 demands.
        unsafe { from_slots_and_spec(slots, spec, vm) }.map(|made| new_reference(made.module))
    })
}

/// The module behind an argument; `None` if it is a module that was not made through the C API.
///
/// # Errors
/// TypeError if it is not a module; SystemError if it is NULL.
///
/// # Safety
/// `module` is NULL or an object that lives for `'a`.
unsafe fn checked<'a>(
    module: *mut PyObject,
    vm: &VirtualMachine,
) -> PyResult<Option<&'a Py<ExtensionModule>>> {
    // SAFETY: `module` is NULL or an object, which the caller keeps alive.
    match unsafe { module.as_ref() } {
        Some(module) if module.downcast_ref::<PyModule>().is_some() => Ok(module.downcast_ref()),
        Some(other) => {
            let class = other.class().name().to_string();
            Err(vm.new_type_error(format!("expected a module, got {class}")))
        }
        None => Err(vm.new_system_error("NULL instead of a module")),
    }
}

/// Runs the `exec` functions of a module. Returns 0, or -1 with an exception.
///
/// # Safety
/// `module` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_Exec(module: *mut PyObject) -> c_int {
    enter(|vm| {
        // SAFETY: `module` is NULL or an object, which the caller keeps alive.
        if let Some(module) = unsafe { checked(module, vm) }? {
            module.execute(vm)?;
        }
        Ok(0)
    })
}

/// The address of a module's state. NULL if it has none; NULL with an exception if it is not a
/// module.
///
/// # Safety
/// `module` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_GetState(module: *mut PyObject) -> *mut c_void {
    // SAFETY: `module` is NULL or an object, which the caller keeps alive.
    let module = unsafe { module.as_ref() };
    // This does not enter the VM, so that collector hooks can call it while all threads are
    // stopped.
    if let Some(module) = module.and_then(PyObject::downcast_ref::<ExtensionModule>) {
        return module.state();
    }
    let module = module.map_or(null(), core::ptr::from_ref).cast_mut();
    enter(|vm| {
        // SAFETY: `module` is NULL or an object, which the caller keeps alive.
        unsafe { checked(module, vm) }.map(|_| null_mut())
    })
}

/// Stores the size of a module's state in bytes, or -1 if it fails. Returns 0, or -1 with an
/// exception.
///
/// # Safety
/// `module` is NULL or an object; `result` can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_GetStateSize(module: *mut PyObject, result: *mut isize) -> c_int {
    // SAFETY: the caller promises that `result` can be written to.
    unsafe { result.write(-1) };
    enter(|vm| {
        // SAFETY: `module` is NULL or an object, which the caller keeps alive.
        let module = unsafe { checked(module, vm) }?;
        let size = module.map_or(0, |module| module.state_size());
        // SAFETY: the caller promises that `result` can be written to.
        unsafe { result.write(size.cast_signed()) };
        Ok(0)
    })
}

/// Stores a module's token, or NULL if it has none or if it fails. Returns 0, or -1 with an
/// exception.
///
/// # Safety
/// `module` is NULL or an object; `result` can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_GetToken(
    module: *mut PyObject,
    result: *mut *mut c_void,
) -> c_int {
    // SAFETY: the caller promises that `result` can be written to.
    unsafe { result.write(null_mut()) };
    enter(|vm| {
        // SAFETY: `module` is NULL or an object, which the caller keeps alive.
        let module = unsafe { checked(module, vm) }?;
        let token = module.map_or(null_mut(), |module| module.token());
        // SAFETY: the caller promises that `result` can be written to.
        unsafe { result.write(token) };
        Ok(0)
    })
}

/// A borrowed reference to the dict of a module; NULL with SystemError if the object is not a module.
///
/// # Safety
/// `module` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_GetDict(module: *mut PyObject) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `module` is NULL or an object, which the caller keeps alive.
        let module = unsafe { module.as_ref() }.and_then(PyObject::downcast_ref::<PyModule>);
        let module = module.ok_or_else(|| bad_internal_call(vm))?;
        // A module keeps its dict as long as it lives.
        Ok(borrowed(module.dict().as_object()))
    })
}

/// Raises SystemError and returns NULL. `definition` is a module's definition of the kind before
/// PEP 793, whose layout depends on that of CPython's objects. A library that exports
/// `PyModExport_<name>` may contain a call for interpreters that do not know it.
#[unsafe(no_mangle)]
pub extern "C" fn PyModuleDef_Init(_definition: *mut c_void) -> *mut PyObject {
    enter(|vm| {
        let text = "this interpreter has no module definitions of type PyModuleDef: a module must \
                    export the function PyModExport_<name> (PEP 793)";
        Err(vm.new_system_error(text))
    })
}

/// A new module with a name, as a new reference; NULL with an exception if the name is not a `str`.
///
/// # Safety
/// `name` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_NewObject(name: *mut PyObject) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `name` is NULL or an object, which the caller keeps alive.
        let Some(name) = (unsafe { name.as_ref() }) else {
            return Err(vm.new_system_error("PyModule_NewObject: NULL instead of a name"));
        };
        let name: PyRef<PyStr> = name.to_owned().try_into_value(vm)?;
        ExtensionModule::new(&name, vm).map(new_reference)
    })
}

/// The text of the module's `__name__`, as `PyUnicode_AsUTF8` returns it. It belongs to the string,
/// which the module keeps until the attribute is replaced. NULL with SystemError if there is none.
///
/// # Safety
/// `module` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_GetName(module: *mut PyObject) -> *const c_char {
    // SAFETY: `module` is NULL or an object, by the contract of this function.
    unsafe { attribute_text(module, "__name__", "nameless module") }
}

/// The text of the module's `__file__`, as [`PyModule_GetName`] returns the name.
///
/// # Safety
/// `module` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_GetFilename(module: *mut PyObject) -> *const c_char {
    // SAFETY: `module` is NULL or an object, by the contract of this function.
    unsafe { attribute_text(module, "__file__", "module filename missing") }
}

/// The text of a string in the module's dict.
///
/// # Safety
/// `module` is NULL or an object.
unsafe fn attribute_text(module: *mut PyObject, attribute: &str, missing: &str) -> *const c_char {
    enter(|vm| {
        // SAFETY: `module` is NULL or an object, which the caller keeps alive.
        let module = unsafe { module.as_ref() }.and_then(PyObject::downcast_ref::<PyModule>);
        let Some(module) = module else {
            return Err(vm.new_type_error("bad argument type for built-in operation"));
        };
        let text = module.dict().get_item_opt(attribute, vm)?;
        let text = text.and_then(|text| text.downcast::<PyStr>().ok());
        let text = text.ok_or_else(|| vm.new_system_error(missing.to_owned()))?;
        // SAFETY: it is a string, which the dict keeps alive.
        Ok(unsafe { PyUnicode_AsUTF8(borrowed(text.as_object())) })
    })
}
