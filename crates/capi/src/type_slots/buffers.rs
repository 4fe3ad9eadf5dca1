//! The buffer slots: memory that the VM exports, for a class from C that extends the exporter.

use core::ptr::{NonNull, null_mut};

use rustpython_vm::builtins::PyBytes;
use rustpython_vm::protocol::BufferFlags;
use rustpython_vm::{PyObject, PyResult, VirtualMachine};

use super::owner::{CLASS, Owner, class_for};
use crate::buffer_acquire::{fill_bytes, get_buffer};
use crate::buffer_export::{end, export};
use crate::buffer_view::PyBufferView;

/// Fills a view.
///
/// # Errors
/// TypeError if the slot is empty; BufferError if the flags demand what the object does not have.
///
/// # Safety
/// `view` can be written to until it is released.
pub(super) unsafe fn fill(
    owner: Owner,
    zelf: &PyObject,
    view: NonNull<PyBufferView>,
    flags: BufferFlags,
    vm: &VirtualMachine,
) -> PyResult<()> {
    if owner == CLASS {
        // SAFETY: the caller passes a view.
        return unsafe { get_buffer(zelf, view, flags, vm) };
    }
    if let Some(bytes) = zelf.downcast_ref::<PyBytes>() {
        // SAFETY: the caller passes a view.
        return unsafe { fill_bytes(bytes, view, flags, vm) };
    }
    let Some(function) = class_for(owner, zelf, vm)?.slots().as_buffer.load() else {
        return Err(vm.new_type_error("the object exports no buffers"));
    };
    let filled = export(function(zelf, flags, vm)?, flags, vm)?;
    // SAFETY: the caller passes a view.
    unsafe { view.write(filled) };
    Ok(())
}

/// Frees what belongs to a view that [`fill`] filled.
///
/// # Safety
/// The view is valid, and C code does not use it meanwhile.
pub(super) unsafe fn release(zelf: &PyObject, view: NonNull<PyBufferView>) {
    // SAFETY: the view is valid.
    let field = unsafe { &raw mut (*view.as_ptr()).internal };
    // SAFETY: as above.
    if let Some(internal) = NonNull::new(unsafe { field.replace(null_mut()) }) {
        // SAFETY: `export` set the field, which is NULL now.
        unsafe { end(internal.cast(), zelf) };
    }
}
