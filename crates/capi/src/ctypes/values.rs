//! `py_object` and `c_char_p`: reading and setting their `value`. Also `from_buffer`, which makes
//! an object in the memory of another.

use core::mem::ManuallyDrop;
use core::ptr::{NonNull, with_exposed_provenance_mut};

use rustpython_vm::builtins::{PyBytes, PyTypeRef};
use rustpython_vm::function::{FuncArgs, OptionalArg, PySetterValue};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::memory::{address_of_bytes, keep, length_of, pointer_in, write_pointer};
use super::original::original;
use super::views::view;

/// The object that a `py_object` points to.
///
/// # Errors
/// ValueError for NULL.
pub(super) fn object_value(holder: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    object_at(pointer_in(&holder, vm)?, vm)
}

/// The object at an address.
///
/// # Errors
/// ValueError for NULL.
pub(super) fn object_at(address: usize, vm: &VirtualMachine) -> PyResult {
    let object = NonNull::new(with_exposed_provenance_mut::<PyObject>(address));
    let object = object.ok_or_else(|| vm.new_value_error("PyObject is NULL"))?;
    // SAFETY: code that makes a `py_object` of an address promises that an object is there.
    let object = ManuallyDrop::new(unsafe { PyObjectRef::from_raw(object) });
    Ok(PyObjectRef::clone(&object))
}

/// Sets the object that a `py_object` points to.
pub(super) fn set_object(
    holder: PyObjectRef,
    value: PySetterValue,
    vm: &VirtualMachine,
) -> PyResult<()> {
    original().value.set(&holder, value, vm)
}

/// The bytes that a `c_char_p` points to.
pub(super) fn text_value(holder: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    original().value.get(&holder, vm)
}

/// Makes a `c_char_p` point to the data of a `bytes` object, not to a copy.
///
/// # Errors
/// TypeError for a value that is neither bytes, nor an address, nor None.
pub(super) fn set_text(
    holder: PyObjectRef,
    value: PySetterValue,
    vm: &VirtualMachine,
) -> PyResult<()> {
    if let PySetterValue::Assign(object) = &value
        && let Some(bytes) = object.downcast_ref::<PyBytes>()
    {
        write_pointer(&holder, 0, address_of_bytes(bytes, vm)?, vm)?;
        return keep(&holder, "0", object.clone(), vm);
    }
    original().value.set(&holder, value, vm)
}

/// `__init__` of `py_object`. Without an argument the pointer is NULL.
pub(super) fn init_object(holder: &PyObject, args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
    if args.is_empty() {
        return write_pointer(holder, 0, 0, vm);
    }
    (original().init_simple)(holder, args, vm)
}

/// `__init__` of `c_char_p`.
pub(super) fn init_text(holder: &PyObject, args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
    match args.args.as_slice() {
        [value] if args.kwargs.is_empty() => {
            let value = PySetterValue::Assign(value.clone());
            set_text(holder.to_owned(), value, vm)
        }
        _ => (original().init_simple)(holder, args, vm),
    }
}

/// `Py_INCREF`. The VM's function does nothing.
pub(super) fn new_reference(object: PyObjectRef) -> PyObjectRef {
    core::mem::forget(object.clone());
    object
}

/// `Py_DECREF`. The VM's function does nothing.
pub(super) fn give_up_reference(object: PyObjectRef) -> PyObjectRef {
    let given_up = NonNull::from(&*object);
    // SAFETY: the caller of `Py_DECREF` promises that it owns a reference.
    drop(unsafe { PyObjectRef::from_raw(given_up) });
    object
}

/// `from_buffer` of all classes. The VM shares the memory of objects whose buffer format it can
/// read, which those of ctypes objects are not.
///
/// # Errors
/// ValueError if the memory is too small; else the VM's.
pub(super) fn from_buffer(
    class: PyTypeRef,
    source: PyObjectRef,
    offset: OptionalArg<isize>,
    vm: &VirtualMachine,
) -> PyResult {
    let original = original();
    if !source.fast_isinstance(original.data) {
        let from_buffer = original.from_buffer.of_class(&class, vm)?;
        return from_buffer.call((source, offset.unwrap_or(0)), vm);
    }
    let Ok(offset) = usize::try_from(offset.unwrap_or(0)) else {
        return Err(vm.new_value_error("offset cannot be negative"));
    };
    let size: usize = original
        .sizeof
        .call((class.clone(),), vm)?
        .try_into_value(vm)?;
    let (length, needed) = (length_of(&source, vm)?, offset.saturating_add(size));
    if length < needed {
        return Err(vm.new_value_error(format!(
            "Buffer size too small ({length} instead of at least {needed} bytes)"
        )));
    }
    view(&class, &source, offset, vm)
}
