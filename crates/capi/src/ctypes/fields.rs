//! Fields of structures that are functions, arrays or texts. The VM reads functions as 0 and arrays
//! as copies, sets functions from anything, and points to a copy of a text.

use rustpython_vm::builtins::{PyBytes, PyInt, PyTypeRef};
use rustpython_vm::function::PySetterValue;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::arguments::type_code;
use super::memory::{view, write_pointer};
use super::original::original;
use super::text::c_string_of_bytes;

/// What a field of an object is.
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
    if let Some(int) = value.downcast_ref::<PyInt>()
        && u8::try_from(int.as_bigint()) == Ok(0)
        && let Some(class) = function_class(field, vm)?
    {
        return view(&class, object, offset(field, vm)?, vm);
    }
    Ok(value)
}

/// Sets a field of an object.
///
/// # Errors
/// TypeError for a field that is a function and a value that is no such function; else as the VM.
pub(super) fn set(
    field: &PyObject,
    object: PyObjectRef,
    value: PySetterValue,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let PySetterValue::Assign(assigned) = value.clone() else {
        return (original().set_field)(field, object, value, vm);
    };
    if let Some(class) = function_class(field, vm)?
        && !assigned.fast_isinstance(&class)
    {
        let given = assigned.class().name().to_string();
        let text = format!("expected {} instance, got {given}", class.name());
        return Err(vm.new_type_error(text));
    }
    (original().set_field)(field, object.clone(), value, vm)?;
    if let Some(bytes) = assigned.downcast_ref::<PyBytes>()
        && type_code(&*class_of(field, vm)?, vm) == Some('z')
    {
        let text = c_string_of_bytes(bytes, vm)?;
        write_pointer(&object, offset(field, vm)?, text, vm)?;
    }
    Ok(())
}

fn class_of(field: &PyObject, vm: &VirtualMachine) -> PyResult<PyTypeRef> {
    field.get_attr("type", vm)?.try_into_value(vm)
}

/// The class of a field that is a function.
fn function_class(field: &PyObject, vm: &VirtualMachine) -> PyResult<Option<PyTypeRef>> {
    let class = class_of(field, vm)?;
    Ok(class.fast_issubclass(original().function).then_some(class))
}

fn offset(field: &PyObject, vm: &VirtualMachine) -> PyResult<usize> {
    field.get_attr("offset", vm)?.try_into_value(vm)
}
