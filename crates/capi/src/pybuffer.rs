//! `pybuffer.h`: the memory of objects for C code. `docs/design/buffers.md` says which file has which
//! part of it.

use core::ffi::{c_char, c_int, c_void};
use core::ptr::{NonNull, null_mut};

use rustpython_vm::protocol::BufferFlags;
use rustpython_vm::{PyObject, PyResult, VirtualMachine};

use crate::boundary::{argument, bad_internal_call, enter, utf8_argument};
use crate::buffer_acquire::{Acquired, Memory, fill_info, get_buffer};
use crate::buffer_copy::{Direction, copy_contiguous, copy_items};
use crate::buffer_view::{Order, contiguous_strides, flags_of};
use crate::c_exporter::release;

pub use crate::buffer_view::PyBufferView;

/// 1 if the object exports buffers, otherwise 0; also 0 for NULL. Never fails.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_CheckBuffer(object: *mut PyObject) -> c_int {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    let exports = unsafe { object.as_ref() }.is_some_and(PyObject::check_buffer);
    c_int::from(exports)
}

/// Fills `view` with the memory of an object, for a request with these flags (`PyBUF_…`). The view
/// owns a reference to the exporter, and the memory stays where it is until [`PyBuffer_Release`].
/// The struct may be copied, and one copy released.
///
/// Returns 0, or -1 with an exception and `view->obj` NULL: TypeError if the object exports no
/// buffers, BufferError if it cannot export what the flags demand, SystemError for the flags
/// `PyBUF_READ` and `PyBUF_WRITE`.
///
/// # Safety
/// `object` is NULL or an object; `view` is NULL or can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_GetBuffer(
    object: *mut PyObject,
    view: *mut PyBufferView,
    flags: c_int,
) -> c_int {
    enter(|vm| {
        let Some(view) = NonNull::new(view) else {
            let text = "PyObject_GetBuffer: view==NULL argument is obsolete";
            return Err(vm.new_buffer_error(text));
        };
        // SAFETY: it is not NULL, so it can be written to.
        let obj = unsafe { &raw mut (*view.as_ptr()).obj };
        // SAFETY: as above.
        unsafe { obj.write(null_mut()) };
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let object = unsafe { argument(object, vm) }?;
        // SAFETY: the view can be written to.
        unsafe { get_buffer(object, view, flags_of(flags), vm) }?;
        Ok(0)
    })
}

/// Releases a view and sets `view->obj` to NULL. Does nothing for NULL and for a view whose `obj` is
/// NULL, such as one that was released. Keeps a pending exception. Any thread may call this.
///
/// # Safety
/// `view` is NULL, or a view whose `obj` is NULL or that [`PyObject_GetBuffer`] or
/// [`PyBuffer_FillInfo`] filled. No copy of it was released.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyBuffer_Release(view: *mut PyBufferView) {
    if let Some(view) = NonNull::new(view) {
        // SAFETY: it is as `release` demands, by the contract of this function.
        unsafe { release(view) };
    }
}

/// Fills `view` with `len` bytes at `memory`, for a request with these flags. This is for exporters
/// of plain bytes, in their `bf_getbuffer`. The view gets a new reference to `exporter`, which may
/// be NULL.
///
/// Returns 0, or -1 with an exception: BufferError if the flags ask for memory that can be changed
/// and `readonly` is 1, SystemError for the flags `PyBUF_READ` and `PyBUF_WRITE`.
///
/// # Safety
/// `view` is NULL or can be written to; `exporter` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyBuffer_FillInfo(
    view: *mut PyBufferView,
    exporter: *mut PyObject,
    memory: *mut c_void,
    len: isize,
    readonly: c_int,
    flags: c_int,
) -> c_int {
    enter(|vm| {
        let Some(view) = NonNull::new(view) else {
            let text = "PyBuffer_FillInfo: view==NULL argument is obsolete";
            return Err(vm.new_buffer_error(text));
        };
        let memory = Memory {
            address: memory,
            len,
            readonly,
        };
        // SAFETY: the caller passes a view, and NULL or an object.
        unsafe { fill_info(view, exporter, memory, flags_of(flags), vm) }?;
        Ok(0)
    })
}

/// 1 if the items are contiguous in the order `'C'`, `'F'` or `'A'` (one of the two), otherwise 0.
/// Never fails.
///
/// # Safety
/// `view` is a view that was filled and not released.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyBuffer_IsContiguous(view: *const PyBufferView, order: c_char) -> c_int {
    // SAFETY: the caller passes a view.
    let view = unsafe { view.as_ref() };
    let (Some(view), Some(order)) = (view, Order::of(order)) else {
        return 0;
    };
    // SAFETY: the arrays of a view that was filled are complete.
    c_int::from(unsafe { view.is_contiguous(order) })
}

/// The address of the item with these indices. They are not checked. Never fails.
///
/// # Safety
/// `view` was filled for a request with `PyBUF_STRIDES`, and not released. `indices` has an index for
/// each dimension, less than the number in `shape`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyBuffer_GetPointer(
    view: *const PyBufferView,
    indices: *const isize,
) -> *mut c_void {
    // SAFETY: the caller passes a view.
    let Some(view) = (unsafe { view.as_ref() }) else {
        return null_mut();
    };
    // SAFETY: the arrays of a view that was filled are complete.
    let strides = unsafe { view.strides() }.unwrap_or_default();
    let indices = NonNull::new(indices.cast_mut()).unwrap_or(NonNull::dangling());
    let indices = NonNull::slice_from_raw_parts(indices, strides.len());
    // SAFETY: the caller passes an index for each dimension.
    let indices = unsafe { indices.as_ref() };
    // SAFETY: the strides are those of the view, and the item exists.
    unsafe { view.item(strides, indices) }.cast()
}

/// The size in bytes of an item with this format, as `struct.calcsize` returns it. Returns -1 with an
/// exception if the format is not valid.
///
/// # Safety
/// `format` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyBuffer_SizeFromFormat(format: *const c_char) -> isize {
    enter(|vm| {
        // SAFETY: by the contract of this function.
        let format = unsafe { utf8_argument(format, vm) }?;
        let calcsize = vm.import("struct", 0)?.get_attr("calcsize", vm)?;
        calcsize.call((format,), vm)?.try_into_value(vm)
    })
}

/// Writes to `strides` the strides of contiguous items of this size, in Fortran order if `order` is
/// `'F'`, otherwise in C order. Never fails.
///
/// # Safety
/// `shape` has `dimensions` elements, and `strides` has room for as many.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyBuffer_FillContiguousStrides(
    dimensions: c_int,
    shape: *mut isize,
    strides: *mut isize,
    itemsize: c_int,
    order: c_char,
) {
    let count = usize::try_from(dimensions).unwrap_or(0);
    let (Some(shape), Some(strides)) = (NonNull::new(shape), NonNull::new(strides)) else {
        return;
    };
    // SAFETY: the caller passes an array of this length.
    let shape = unsafe { NonNull::slice_from_raw_parts(shape, count).as_ref() };
    // SAFETY: the caller passes an array of this length, and no other code uses it meanwhile.
    let strides = unsafe { NonNull::slice_from_raw_parts(strides, count).as_mut() };
    let order = Order::of(order).unwrap_or(Order::C);
    // A `c_int` is never wider.
    contiguous_strides(shape, strides, itemsize as isize, order);
}

/// Copies all items of a view to `memory`, in the order `'C'`, `'F'` or `'A'`. Returns 0, or -1 with
/// an exception: ValueError if `len` is not the length of the view.
///
/// # Safety
/// `view` is a view that was filled and not released, and `memory` has room for `len` bytes, which
/// are no part of the view.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyBuffer_ToContiguous(
    memory: *mut c_void,
    view: *const PyBufferView,
    len: isize,
    order: c_char,
) -> c_int {
    enter(|vm| {
        // SAFETY: the caller passes a view.
        let Some(view) = (unsafe { view.as_ref() }) else {
            return Err(bad_internal_call(vm));
        };
        if len != view.len {
            return Err(vm.new_value_error("PyBuffer_ToContiguous: len != view->len"));
        }
        // SAFETY: the memory has room for as many bytes as the view has.
        unsafe { copy_with(view, memory, len, order, Direction::OutOfView, vm) }
    })
}

/// Copies `len` bytes from `memory` into the items of a view, which has room for more or as many; the
/// items in `memory` have the order `'C'`, `'F'` or `'A'`. If `len` is greater than the length of
/// the view, that many bytes are copied. Returns 0, or -1 with an exception.
///
/// # Safety
/// `view` is a view of memory that can be changed, was filled and not released; `memory` has `len`
/// bytes, which are no part of the view.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyBuffer_FromContiguous(
    view: *const PyBufferView,
    memory: *const c_void,
    len: isize,
    order: c_char,
) -> c_int {
    enter(|vm| {
        // SAFETY: the caller passes a view.
        let Some(view) = (unsafe { view.as_ref() }) else {
            return Err(bad_internal_call(vm));
        };
        let (memory, len) = (memory.cast_mut(), len.min(view.len));
        // SAFETY: the memory and the view have that many bytes.
        unsafe { copy_with(view, memory, len, order, Direction::IntoView, vm) }
    })
}

/// # Safety
/// As for [`copy_contiguous`].
unsafe fn copy_with(
    view: &PyBufferView,
    memory: *mut c_void,
    len: isize,
    order: c_char,
    direction: Direction,
    vm: &VirtualMachine,
) -> PyResult<c_int> {
    let (Some(order), Ok(len)) = (Order::of(order), usize::try_from(len)) else {
        return Err(bad_internal_call(vm));
    };
    let Some(memory) = NonNull::new(memory.cast()).filter(|_| len > 0) else {
        return Ok(0);
    };
    // SAFETY: by the contract of this function.
    let copied = unsafe { copy_contiguous(view, memory, len, order, direction) };
    copied.map(|()| 0).ok_or_else(|| bad_internal_call(vm))
}

/// Copies the items of `source` to those of `target`, which has the same shape, or is contiguous as
/// `source` is and at least as long.
///
/// Returns 0, or -1 with an exception: TypeError if one of them exports no buffers; BufferError if
/// `target` cannot be changed, is too short or has another shape.
///
/// # Safety
/// Both are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_CopyData(target: *mut PyObject, source: *mut PyObject) -> c_int {
    enter(|vm| {
        // SAFETY: NULL or an object, which the caller keeps alive.
        let target = unsafe { argument(target, vm) }?;
        // SAFETY: NULL or an object, which the caller keeps alive.
        let source = unsafe { argument(source, vm) }?;
        if !target.check_buffer() || !source.check_buffer() {
            let text = "both destination and source must be bytes-like objects";
            return Err(vm.new_type_error(text));
        }
        let to = Acquired::of(target, BufferFlags::FULL, vm)?;
        let from = Acquired::of(source, BufferFlags::FULL_RO, vm)?;
        let (to, from) = (&*to.0, &*from.0);
        if to.len < from.len {
            let text = "destination is too small to receive data from source";
            return Err(vm.new_buffer_error(text));
        }
        // SAFETY: the arrays of a view that was filled are complete.
        let is = |view: &PyBufferView, order| unsafe { view.is_contiguous(order) };
        let both = |order| is(to, order) && is(from, order);
        if both(Order::C) || both(Order::Fortran) {
            let (from, to, len) = (from.buf.cast::<u8>(), to.buf.cast(), from.len);
            // SAFETY: both have that many bytes, and they may overlap.
            unsafe { core::ptr::copy(from.cast_const(), to, len.unsigned_abs()) };
            return Ok(0);
        }
        // SAFETY: both were filled by their exporters, and `to` can be changed.
        let copied = unsafe { copy_items(from, to) };
        let refuse = || vm.new_buffer_error("destination and source have different structures");
        copied.map(|()| 0).ok_or_else(refuse)
    })
}
