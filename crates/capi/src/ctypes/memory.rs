//! The memory of a ctypes object, and what it keeps alive. What the memory means is not known here.

use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};

use rustpython_vm::builtins::{PyBytes, PyDict};
use rustpython_vm::protocol::PyBuffer;
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyResult, TryFromBorrowedObject, VirtualMachine,
};

use super::original::original;
use crate::bytesobject::c_string_of_bytes;

/// Where the memory of a ctypes object is.
///
/// # Errors
/// TypeError for another object.
pub(super) fn address_of(object: &PyObject, vm: &VirtualMachine) -> PyResult<usize> {
    let buffer = PyBuffer::try_from_borrowed_object(vm, object)?;
    let bytes = buffer.as_contiguous();
    Ok(bytes.map_or(0, |bytes| bytes.as_ptr().expose_provenance()))
}

/// How many bytes the memory of a ctypes object has.
///
/// # Errors
/// TypeError for another object.
pub(super) fn length_of(object: &PyObject, vm: &VirtualMachine) -> PyResult<usize> {
    Ok(PyBuffer::try_from_borrowed_object(vm, object)?.desc.len)
}

/// What is in the memory of a ctypes object.
///
/// # Errors
/// TypeError for another object.
pub(super) fn bytes_of(object: &PyObject, vm: &VirtualMachine) -> PyResult<Vec<u8>> {
    let buffer = PyBuffer::try_from_borrowed_object(vm, object)?;
    Ok(buffer
        .as_contiguous()
        .map_or_else(Vec::new, |bytes| bytes.to_vec()))
}

/// Where the data of bytes are, with a NUL behind them: the same each time, as long as the object
/// lives.
///
/// # Errors
/// MemoryError.
pub(super) fn address_of_bytes(bytes: &Py<PyBytes>, vm: &VirtualMachine) -> PyResult<usize> {
    let text = c_string_of_bytes(bytes).map_err(|error| error.into_exception(vm))?;
    Ok(text.as_ptr().expose_provenance())
}

/// The pointer at an address in the memory of a ctypes object.
pub(super) fn pointer_at(address: usize) -> usize {
    // SAFETY: the caller's address has a pointer behind it, aligned or not.
    unsafe { with_exposed_provenance::<usize>(address).read_unaligned() }
}

/// The pointer that a ctypes object is: a function, a `c_void_p`, a `py_object`.
///
/// # Errors
/// TypeError for another object.
pub(super) fn pointer_in(object: &PyObject, vm: &VirtualMachine) -> PyResult<usize> {
    Ok(pointer_at(address_of(object, vm)?))
}

/// Writes a pointer into the memory of a ctypes object.
///
/// # Errors
/// TypeError for another object.
pub(super) fn write_pointer(
    object: &PyObject,
    offset: usize,
    pointer: usize,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let address = address_of(object, vm)? + offset;
    // SAFETY: the memory of a ctypes object may be written, as C code and `memmove` do it, and the
    // caller's offset has room for a pointer behind it.
    unsafe { with_exposed_provenance_mut::<usize>(address).write_unaligned(pointer) };
    Ok(())
}

/// Has a ctypes object keep another object, in its `_objects`, instead of what it kept under that
/// key.
///
/// # Errors
/// MemoryError.
pub(super) fn keep(
    object: &PyObject,
    key: &str,
    kept: PyObjectRef,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let original = original();
    // Of all that the VM lets us call, a cast makes `_objects` a dictionary. It puts the object
    // itself there too, and what was there before, each under its id.
    let void_p = original.void_p.as_object().to_owned();
    original.cast.call((0, object.to_owned(), void_p), vm)?;
    let objects = original.objects.get(object, vm)?;
    let Some(objects) = objects.downcast_ref::<PyDict>() else {
        return Err(vm.new_system_error("_objects is no dictionary"));
    };
    for unneeded in [object, &kept] {
        let id = vm.ctx.new_int(unneeded.get_id());
        // It need not be there, and another thread may take it out.
        let _ = objects.del_item(id.as_object(), vm);
    }
    objects.set_item(key, kept, vm)
}

/// `_objects` of an object that keeps one: that, as in CPython.
pub(super) fn only_object(object: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let objects = original().objects.get(&object, vm)?;
    let only = match objects.downcast_ref::<PyDict>() {
        Some(objects) if objects.__len__() == 1 => objects.get_item_opt("0", vm)?,
        _ => None,
    };
    Ok(only.unwrap_or(objects))
}
