//! `memoryobject.h`: memoryviews of objects and of memory of C code. `PyMemoryView_Check` comes from
//! `rustpython-capi`.

use core::ffi::{CStr, c_char, c_int};
use core::ptr::{NonNull, null_mut};
use std::borrow::Cow;

use rustpython_vm::builtins::{PyBytes, PyMemoryView};
use rustpython_vm::protocol::{BufferDescriptor, BufferFlags, BufferMethods, PyBuffer};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine};

use crate::boundary::{argument, enter, new_reference};
use crate::buffer_acquire::{Acquired, Memory, fill_info};
use crate::buffer_check::check;
use crate::buffer_copy::{Direction, Layout, copy_contiguous};
use crate::buffer_view::{Order, PyBufferView, contiguous_strides};
use crate::foreign_memory::{View, lend};

/// For `PyMemoryView_FromMemory` and `PyMemoryView_GetContiguous`: memory that can be changed
/// (`PyBUF_WRITE`). The other value, `PyBUF_READ`, is 0x100.
const WRITE: c_int = 0x200;

/// A new memoryview of an object. NULL with TypeError if the object exports no buffers, or with what
/// its exporter raises.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyMemoryView_FromObject(object: *mut PyObject) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let object = unsafe { argument(object, vm) }?;
        let view = PyMemoryView::from_object(object, vm)?;
        Ok(new_reference(view.into_ref(&vm.ctx)))
    })
}

/// A new memoryview of the `size` bytes at `memory`. They can be changed through it if `flags` is
/// `PyBUF_WRITE`, and not if it is `PyBUF_READ`. Its `obj` is None. NULL with BufferError if `size` is
/// negative, or `memory` is NULL and `size` is not 0.
///
/// # Safety
/// The memory stays valid as long as the memoryview and everything that was made of it, and can be
/// changed if `flags` says so.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyMemoryView_FromMemory(
    memory: *mut c_char,
    size: isize,
    flags: c_int,
) -> *mut PyObject {
    enter(|vm| {
        let memory = Memory {
            address: memory.cast(),
            len: size,
            readonly: c_int::from(flags != WRITE),
        };
        // SAFETY: the caller keeps the memory.
        let view = unsafe { View::new(PyBufferView::empty()) };
        // SAFETY: `view` keeps the fields; there is no exporter.
        unsafe { fill_info(view.address(), null_mut(), memory, BufferFlags::FULL_RO, vm) }?;
        // SAFETY: `fill_info` filled it.
        unsafe { memoryview_of(view, "PyMemoryView_FromMemory", vm) }
    })
}

/// A new memoryview of the memory that `info` describes. Its `obj` is None, and it does not release
/// `info`. NULL with ValueError if `info->buf` is NULL or there are more than 64 dimensions, or with
/// BufferError if the fields contradict each other or there are suboffsets.
///
/// # Safety
/// `info` is NULL or is filled as by an exporter. The memory stays valid as long as the memoryview
/// and everything that was made of it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyMemoryView_FromBuffer(info: *const PyBufferView) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: NULL, or a view that the caller keeps.
        let Some(info) = (unsafe { info.as_ref() }).filter(|info| !info.buf.is_null()) else {
            let text = "PyMemoryView_FromBuffer(): info->buf must not be NULL";
            return Err(vm.new_value_error(text));
        };
        let copy = PyBufferView {
            obj: null_mut(),
            ..*info
        };
        // SAFETY: the caller keeps the memory.
        let view = unsafe { View::new(copy) };
        // SAFETY: the caller filled it, and its arrays are still those of `info`.
        unsafe { memoryview_of(view, "PyMemoryView_FromBuffer", vm) }
    })
}

/// # Safety
/// As for [`check`].
unsafe fn memoryview_of(
    view: View,
    function: &str,
    vm: &VirtualMachine,
) -> PyResult<*mut PyObject> {
    // SAFETY: by the contract of this function.
    let checked = unsafe { check(view.fields(), || format!("{function} got"), vm) }?;
    let view = PyMemoryView::from_buffer(lend(view, checked, None, vm), vm)?;
    Ok(new_reference(view.into_ref(&vm.ctx)))
}

/// A new memoryview of an object, whose items are contiguous in the order `'C'`, `'F'` or `'A'` (one
/// of the two). If those of the object are not, it is a memoryview of a copy, for `buffertype`
/// `PyBUF_READ`. For `PyBUF_WRITE` the memory of the object itself is demanded.
///
/// NULL with BufferError if that memory is read-only or not contiguous, or with what
/// [`PyMemoryView_FromObject`] raises.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyMemoryView_GetContiguous(
    object: *mut PyObject,
    buffertype: c_int,
    order: c_char,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let object = unsafe { argument(object, vm) }?;
        let Some(order) = Order::of(order) else {
            return Err(vm.new_value_error("order must be 'C', 'F' or 'A'"));
        };
        let memory = PyMemoryView::from_object(object, vm)?.into_ref(&vm.ctx);
        let view = Acquired::of(memory.as_object(), BufferFlags::FULL_RO, vm)?;
        if buffertype == WRITE && view.0.readonly != 0 {
            return Err(vm.new_buffer_error("underlying buffer is not writable"));
        }
        // SAFETY: the arrays of a view that was filled are complete.
        if unsafe { view.0.is_contiguous(order) } {
            drop(view);
            return Ok(new_reference(memory));
        }
        if buffertype == WRITE {
            let text = "writable contiguous buffer requested for a non-contiguous object.";
            return Err(vm.new_buffer_error(text));
        }
        let copy = PyMemoryView::from_buffer(contiguous_copy(&view.0, order, vm)?, vm)?;
        Ok(new_reference(copy.into_ref(&vm.ctx)))
    })
}

/// A buffer over a `bytes` object with the items of a view in this order.
fn contiguous_copy(view: &PyBufferView, order: Order, vm: &VirtualMachine) -> PyResult<PyBuffer> {
    let len = view.len.unsigned_abs();
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(len)
        .map_err(|_| vm.no_memory_error())?;
    bytes.resize(len, 0);
    let target = NonNull::from(bytes.as_mut_slice()).cast();
    // SAFETY: the view was filled by its exporter, and both sides have that many bytes.
    let copied = unsafe { copy_contiguous(view, target, len, order, Direction::OutOfView) };
    // SAFETY: the arrays of a view that was filled are complete.
    let layout = unsafe { Layout::of(view) }.filter(|_| copied.is_some());
    let mut layout = layout.ok_or_else(|| vm.new_buffer_error("a buffer has no shape"))?;
    contiguous_strides(&layout.shape, &mut layout.strides, view.itemsize, order);
    // SAFETY: the format of a view that was filled is NULL or a NUL-terminated string.
    let format = NonNull::new(view.format).map(|format| unsafe { CStr::from_ptr(format.as_ptr()) });
    let format = format.map(|format| format.to_string_lossy().into_owned());
    let counts = layout.shape.iter().map(|count| count.unsigned_abs());
    let dimensions = counts.zip(layout.strides);
    let description = BufferDescriptor {
        len,
        offset: 0,
        readonly: true,
        itemsize: view.itemsize.unsigned_abs(),
        format: format.map_or(Cow::Borrowed("B"), Cow::Owned),
        dim_desc: dimensions
            .map(|(count, stride)| (count, stride, 0))
            .collect(),
    };
    let bytes: PyObjectRef = vm.ctx.new_bytes(bytes).into();
    Ok(PyBuffer::new(bytes, description, &OF_BYTES))
}

/// The methods of a buffer over a `bytes` object with any description.
static OF_BYTES: BufferMethods = BufferMethods {
    obj_bytes: |buffer| buffer.obj_as::<PyBytes>().as_bytes().into(),
    // The description says that the bytes are read-only, so the VM does not call this.
    obj_bytes_mut: |_| unreachable!("bytes are read-only"),
    retain: |_| {},
    release: |_| {},
};
