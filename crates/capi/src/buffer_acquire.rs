//! How a view of an object's memory is acquired, whoever exports it, and released again.

use core::ffi::{c_int, c_void};
use core::ptr::{NonNull, null_mut};

use rustpython_vm::builtins::PyBytes;
use rustpython_vm::protocol::{BufferFlags, PyBuffer};
use rustpython_vm::{AsObject, Py, PyObject, PyResult, VirtualMachine};

use crate::boundary::{bad_internal_call, borrowed};
use crate::buffer_export::export;
use crate::buffer_view::PyBufferView;
use crate::c_exporter::release;
use crate::c_string;
use crate::foreign_buffer::direct_exporter_of;

/// Fills a view, as `PyObject_GetBuffer` does.
///
/// # Errors
/// Those of `PyObject_GetBuffer`.
///
/// # Safety
/// `view` can be written to until it is released.
pub(crate) unsafe fn get_buffer(
    object: &PyObject,
    view: NonNull<PyBufferView>,
    flags: BufferFlags,
    vm: &VirtualMachine,
) -> PyResult<()> {
    if flags.is_memory_access_mode() {
        return Err(bad_internal_call(vm));
    }
    if let Some(exporter) = direct_exporter_of(object) {
        // SAFETY: these are the functions of the object; the caller passes a view.
        return unsafe { exporter.fill(object, view, flags, vm) };
    }
    if object.class().is(vm.ctx.types.bytes_type)
        && let Some(bytes) = object.downcast_ref::<PyBytes>()
    {
        // SAFETY: the caller passes a view.
        return unsafe { fill_bytes(bytes, view, flags, vm) };
    }
    let filled = export(PyBuffer::from_object(vm, object, flags)?, flags, vm)?;
    // SAFETY: the caller passes a view.
    unsafe { view.write(filled) };
    Ok(())
}

/// Fills a view with the bytes of an object. They never move, so nothing has to be kept but the
/// object.
///
/// # Errors
/// As for `PyBuffer_FillInfo`.
///
/// # Safety
/// `view` can be written to.
pub(crate) unsafe fn fill_bytes(
    bytes: &Py<PyBytes>,
    view: NonNull<PyBufferView>,
    flags: BufferFlags,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let memory = Memory {
        address: address_of(bytes.as_bytes()),
        len: bytes.len().cast_signed(),
        readonly: 1,
    };
    // SAFETY: the caller passes a view, and this is an object.
    unsafe { fill_info(view, borrowed(bytes.as_object()), memory, flags, vm) }
}

/// The address of bytes. The VM has none for no bytes.
fn address_of(bytes: &[u8]) -> *mut c_void {
    if bytes.is_empty() {
        c_string::empty().as_ptr().cast()
    } else {
        bytes.as_ptr().cast_mut().cast()
    }
}

/// Plain bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) address: *mut c_void,
    pub(crate) len: isize,
    pub(crate) readonly: c_int,
}

/// Fills a view with plain bytes. It gets a new reference to `exporter`.
///
/// # Errors
/// As for `PyBuffer_FillInfo`.
///
/// # Safety
/// `view` can be written to; `exporter` is NULL or an object.
pub(crate) unsafe fn fill_info(
    view: NonNull<PyBufferView>,
    exporter: *mut PyObject,
    memory: Memory,
    flags: BufferFlags,
    vm: &VirtualMachine,
) -> PyResult<()> {
    flags.fill_info_check(memory.readonly == 1, vm)?;
    // SAFETY: `exporter` is NULL or an object, by the contract of this function.
    let exporter = unsafe { exporter.as_ref() }.map(ToOwned::to_owned);
    let start = view.as_ptr();
    // The shape is the length, and the stride the size of an item.
    // SAFETY: the caller passes a view.
    let len = unsafe { &raw mut (*start).len };
    // SAFETY: as above.
    let itemsize = unsafe { &raw mut (*start).itemsize };
    let or_null = |wanted, field| {
        if flags.contains(wanted) {
            field
        } else {
            null_mut()
        }
    };
    let filled = PyBufferView {
        buf: memory.address,
        obj: exporter.map_or(null_mut(), |object| object.into_raw().as_ptr()),
        len: memory.len,
        itemsize: 1,
        readonly: memory.readonly,
        ndim: 1,
        format: if flags.contains(BufferFlags::FORMAT) {
            c"B".as_ptr().cast_mut()
        } else {
            null_mut()
        },
        shape: or_null(BufferFlags::ND, len),
        strides: or_null(BufferFlags::STRIDES, itemsize),
        suboffsets: null_mut(),
        internal: null_mut(),
    };
    // SAFETY: the caller passes a view.
    unsafe { view.write(filled) };
    Ok(())
}

/// A view that is released when this is dropped.
#[derive(Debug)]
pub(crate) struct Acquired(pub(crate) Box<PyBufferView>);

impl Acquired {
    /// # Errors
    /// Those of `PyObject_GetBuffer`.
    pub(crate) fn of(object: &PyObject, flags: BufferFlags, vm: &VirtualMachine) -> PyResult<Self> {
        let mut acquired = Self(Box::new(PyBufferView::empty()));
        // SAFETY: the box keeps the view until it is released.
        unsafe { get_buffer(object, NonNull::from(&mut *acquired.0), flags, vm) }?;
        Ok(acquired)
    }
}

impl Drop for Acquired {
    fn drop(&mut self) {
        // SAFETY: `of` had it filled, or its `obj` is NULL, and it is released only here.
        unsafe { release(NonNull::from(&mut *self.0)) };
    }
}
