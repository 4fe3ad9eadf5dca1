//! The memory of a ctypes object, and the objects that it keeps alive. The types of the values in
//! the memory do not matter here.

use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};

use rustpython_vm::builtins::{PyBytes, PyDict};
use rustpython_vm::protocol::PyBuffer;
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyResult, TryFromBorrowedObject, VirtualMachine,
};

use super::original::original;
use crate::bytesobject::c_string_of_bytes;

/// The address of the memory of a ctypes object.
///
/// # Errors
/// TypeError for an object without a buffer.
pub(super) fn address_of(object: &PyObject, vm: &VirtualMachine) -> PyResult<usize> {
    let buffer = PyBuffer::try_from_borrowed_object(vm, object)?;
    let bytes = buffer.as_contiguous();
    Ok(bytes.map_or(0, |bytes| bytes.as_ptr().expose_provenance()))
}

/// The size of the memory of a ctypes object in bytes.
///
/// # Errors
/// TypeError for an object without a buffer.
pub(super) fn length_of(object: &PyObject, vm: &VirtualMachine) -> PyResult<usize> {
    Ok(PyBuffer::try_from_borrowed_object(vm, object)?.desc.len)
}

/// A copy of the memory of a ctypes object.
///
/// # Errors
/// TypeError for an object without a buffer.
pub(super) fn bytes_of(object: &PyObject, vm: &VirtualMachine) -> PyResult<Vec<u8>> {
    let buffer = PyBuffer::try_from_borrowed_object(vm, object)?;
    Ok(buffer
        .as_contiguous()
        .map_or_else(Vec::new, |bytes| bytes.to_vec()))
}

/// The address of the data of a `bytes` object, followed by a NUL. It is the same at each call, and
/// valid as long as the object lives.
///
/// # Errors
/// MemoryError.
pub(super) fn address_of_bytes(bytes: &Py<PyBytes>, vm: &VirtualMachine) -> PyResult<usize> {
    let text = c_string_of_bytes(bytes).map_err(|error| error.into_exception(vm))?;
    Ok(text.as_ptr().expose_provenance())
}

/// The pointer at an address in the memory of a ctypes object.
pub(super) fn pointer_at(address: usize) -> usize {
    // SAFETY: a pointer is at the address, aligned or not: the callers take it from a ctypes object
    // or from Python code, which is responsible for the addresses that it passes to ctypes.
    unsafe { with_exposed_provenance::<usize>(address).read_unaligned() }
}

/// The pointer in the memory of a function, a `c_void_p`, a `py_object` or a similar object.
///
/// # Errors
/// TypeError for an object without a buffer.
pub(super) fn pointer_in(object: &PyObject, vm: &VirtualMachine) -> PyResult<usize> {
    Ok(pointer_at(address_of(object, vm)?))
}

/// Writes a pointer into the memory of a ctypes object, `offset` bytes after its start.
///
/// # Errors
/// TypeError for an object without a buffer.
pub(super) fn write_pointer(
    object: &PyObject,
    offset: usize,
    pointer: usize,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let address = address_of(object, vm)? + offset;
    // SAFETY: the memory of a ctypes object may be written at any time, as C code and `memmove` do.
    // The offset is that of an element or field that is a pointer, so the memory has room for it.
    unsafe { with_exposed_provenance_mut::<usize>(address).write_unaligned(pointer) };
    Ok(())
}

/// Makes a ctypes object keep another object alive, in its `_objects`. It replaces the object under
/// the same key.
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
    // The only way to make `_objects` a dictionary is a cast. It also stores the object itself and
    // the earlier `_objects` there, each under its id.
    let void_p = original.void_p.as_object().to_owned();
    original.cast.call((0, object.to_owned(), void_p), vm)?;
    let objects = original.objects.get(object, vm)?;
    let Some(objects) = objects.downcast_ref::<PyDict>() else {
        return Err(vm.new_system_error("_objects is no dictionary"));
    };
    for unneeded in [object, &kept] {
        let id = vm.ctx.new_int(unneeded.get_id());
        // It may be missing, or another thread may remove it.
        let _ = objects.del_item(id.as_object(), vm);
    }
    objects.set_item(key, kept, vm)
}

/// `_objects` for Python code. As in CPython, it is the object itself if only one is kept.
pub(super) fn only_object(object: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let objects = original().objects.get(&object, vm)?;
    let only = match objects.downcast_ref::<PyDict>() {
        Some(objects) if objects.__len__() == 1 => objects.get_item_opt("0", vm)?,
        _ => None,
    };
    Ok(only.unwrap_or(objects))
}
