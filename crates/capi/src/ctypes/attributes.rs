//! `argtypes`, `restype` and `errcheck` of functions. A value that Python code sets takes
//! precedence over that of the class. Their effect on a call is in `functions`.

use rustpython_vm::builtins::PyDictRef;
use rustpython_vm::function::PySetterValue;
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::original::{Attribute, original};

const ARGUMENTS: &str = "argtypes";
const RESULT: &str = "restype";
pub(super) const CHECK: &str = "errcheck";

/// Reads an attribute.
pub(super) type Get = fn(PyObjectRef, &VirtualMachine) -> PyResult;
/// Sets an attribute.
pub(super) type Set = fn(PyObjectRef, PySetterValue, &VirtualMachine) -> PyResult<()>;

/// The attributes with their getters and setters.
pub(super) const ATTRIBUTES: [(&str, Get, Set); 3] = [
    (ARGUMENTS, get_argument_types, set_argument_types),
    (RESULT, get_result_type, set_result_type),
    (CHECK, get_check, set_check),
];

/// The value that was set on the function itself; `None` if there is none.
pub(super) fn own(
    function: &PyObject,
    name: &str,
    vm: &VirtualMachine,
) -> PyResult<Option<PyObjectRef>> {
    namespace(function, vm)?.get_item_opt(name, vm)
}

fn namespace(function: &PyObject, vm: &VirtualMachine) -> PyResult<PyDictRef> {
    let error = || vm.new_type_error("a class of functions cannot have __slots__");
    function.dict().ok_or_else(error)
}

fn of_class(function: &PyObject, name: &str, vm: &VirtualMachine) -> Option<PyObjectRef> {
    function.class().get_attr(vm.ctx.intern_str(name))
}

/// The flags in the class of a function, which say how it is called.
pub(super) fn flags(function: &PyObject, vm: &VirtualMachine) -> u32 {
    let flags = of_class(function, "_flags_", vm);
    let flags = flags.and_then(|flags| flags.try_to_value(vm).ok());
    flags.unwrap_or(0)
}

/// The types of the arguments; empty if none are declared.
pub(super) fn argument_types(
    function: &PyObject,
    vm: &VirtualMachine,
) -> PyResult<Vec<PyObjectRef>> {
    match either(function, ARGUMENTS, "_argtypes_", vm)? {
        Some(types) if !vm.is_none(&types) => types.try_to_value(vm),
        _ => Ok(Vec::new()),
    }
}

/// The type of the result; `None` if none is declared.
pub(super) fn result_type(
    function: &PyObject,
    vm: &VirtualMachine,
) -> PyResult<Option<PyObjectRef>> {
    either(function, RESULT, "_restype_", vm)
}

fn either(
    function: &PyObject,
    own_name: &str,
    name_in_class: &str,
    vm: &VirtualMachine,
) -> PyResult<Option<PyObjectRef>> {
    let found = own(function, own_name, vm)?;
    Ok(found.or_else(|| of_class(function, name_in_class, vm)))
}

fn get_argument_types(function: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let types = either(&function, ARGUMENTS, "_argtypes_", vm)?;
    Ok(vm.unwrap_or_none(types))
}

fn get_result_type(function: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let class = result_type(&function, vm)?;
    Ok(vm.unwrap_or_none(class))
}

fn get_check(function: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let check = own(&function, CHECK, vm)?;
    Ok(vm.unwrap_or_none(check))
}

/// # Errors
/// TypeError for a value that is neither a sequence of types nor None.
fn set_argument_types(
    function: PyObjectRef,
    value: PySetterValue,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let value = unless_deleted(value).filter(|types| !vm.is_none(types));
    if let Some(types) = &value {
        let types: Vec<PyObjectRef> = types.try_to_value(vm)?;
        for (index, class) in types.into_iter().enumerate() {
            if vm.get_attribute_opt(&class, "from_param")?.is_none() {
                let number = index + 1;
                let text = format!("item {number} in _argtypes_ has no from_param method");
                return Err(vm.new_type_error(text));
            }
        }
    }
    set(&function, (ARGUMENTS, &original().argtypes), value, vm)
}

/// # Errors
/// TypeError for a value that is neither a type, nor a callable, nor None.
fn set_result_type(
    function: PyObjectRef,
    value: PySetterValue,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let value = unless_deleted(value);
    if let Some(value) = &value
        && !vm.is_none(value)
        && !value.is_callable()
    {
        return Err(vm.new_type_error("restype must be a type, a callable, or None"));
    }
    set(&function, (RESULT, &original().restype), value, vm)
}

/// # Errors
/// TypeError for a value that is not callable.
fn set_check(function: PyObjectRef, value: PySetterValue, vm: &VirtualMachine) -> PyResult<()> {
    let value = unless_deleted(value);
    if value.as_ref().is_some_and(|check| !check.is_callable()) {
        return Err(vm.new_type_error("the errcheck attribute must be callable"));
    }
    set(&function, (CHECK, &original().errcheck), value, vm)
}

fn unless_deleted(value: PySetterValue) -> Option<PyObjectRef> {
    match value {
        PySetterValue::Assign(value) => Some(value),
        PySetterValue::Delete => None,
    }
}

fn set(
    function: &PyObject,
    (name, attribute): (&str, &Attribute),
    value: Option<PyObjectRef>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let namespace = namespace(function, vm)?;
    // The VM calls functions of classes that existed before the change of `_ctypes`, so its own
    // attribute is set too.
    let of_the_vm = PySetterValue::Assign(vm.unwrap_or_none(value.clone()));
    attribute.set(function, of_the_vm, vm)?;
    match value {
        Some(value) => namespace.set_item(name, value, vm),
        None => {
            if namespace.contains_key(name, vm) {
                namespace.del_item(name, vm)?;
            }
            Ok(())
        }
    }
}
