//! Fields of structures that are functions, arrays, objects or strings. The VM reads functions as
//! 0, arrays as copies and objects as None. It sets functions from any value, and stores the
//! address of a copy of a string.

use rustpython_vm::builtins::{PyBytes, PyInt, PyTypeRef};
use rustpython_vm::function::PySetterValue;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::arguments::type_code;
use super::memory::{address_of, address_of_bytes, pointer_at, write_pointer};
use super::original::original;
use super::values::object_at;
use super::views::{is_view, keep_in_root, view};

/// Reads a field of an object.
pub(super) fn get(
    field: &PyObject,
    object: Option<&PyObject>,
    class: Option<&PyObject>,
    vm: &VirtualMachine,
) -> PyResult {
    let value = (original().get_field)(field, object, class, vm)?;
    let Some(object) = object else {
        return Ok(value);
    };
    if value.fast_isinstance(original().array) {
        return view(value.class(), object, offset(field, vm)?, vm);
    }
    match value.downcast_ref::<PyInt>() {
        Some(int) if u8::try_from(int.as_bigint()) == Ok(0) => match function_class(field, vm)? {
            Some(class) => view(&class, object, offset(field, vm)?, vm),
            None => Ok(value),
        },
        None if vm.is_none(&value) && type_code(&*class_of(field, vm)?, vm) == Some('O') => {
            let address = address_of(object, vm)? + offset(field, vm)?;
            object_at(pointer_at(address), vm)
        }
        _ => Ok(value),
    }
}

/// Sets a field of an object.
///
/// # Errors
/// TypeError if the field is a function and the value is not an instance of its class; else the
/// VM's.
pub(super) fn set(
    field: &PyObject,
    object: PyObjectRef,
    value: PySetterValue,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let set = original().set_field;
    let PySetterValue::Assign(assigned) = &value else {
        return set(field, object, value, vm);
    };
    let class = class_of(field, vm)?;
    if class.fast_issubclass(original().function) && !assigned.fast_isinstance(&class) {
        let (wanted, given) = (class.name(), assigned.class().name());
        return Err(
            vm.new_type_error(if assigned.fast_isinstance(original().data) {
                format!("incompatible types, {given} instance instead of {wanted} instance")
            } else {
                format!("expected {wanted} instance, got {given}")
            }),
        );
    }
    let code = type_code(&class, vm);
    let mut assigned = assigned.clone();
    if matches!(code, Some('O' | 'Z')) && !assigned.fast_isinstance(original().data) {
        assigned = class.as_object().call((assigned,), vm)?;
    }
    set(
        field,
        object.clone(),
        PySetterValue::Assign(assigned.clone()),
        vm,
    )?;
    let offset = offset(field, vm)?;
    if let (Some('z'), Some(bytes)) = (code, assigned.downcast_ref::<PyBytes>()) {
        write_pointer(&object, offset, address_of_bytes(bytes, vm)?, vm)?;
    }
    let number = assigned.downcast_ref::<PyInt>().is_some();
    if !number && is_view(&object, vm)? {
        return keep_in_root(&object, address_of(&object, vm)? + offset, assigned, vm);
    }
    Ok(())
}

fn class_of(field: &PyObject, vm: &VirtualMachine) -> PyResult<PyTypeRef> {
    field.get_attr("type", vm)?.try_into_value(vm)
}

/// The class of a field, if it is a function class.
fn function_class(field: &PyObject, vm: &VirtualMachine) -> PyResult<Option<PyTypeRef>> {
    let class = class_of(field, vm)?;
    Ok(class.fast_issubclass(original().function).then_some(class))
}

fn offset(field: &PyObject, vm: &VirtualMachine) -> PyResult<usize> {
    field.get_attr("offset", vm)?.try_into_value(vm)
}
