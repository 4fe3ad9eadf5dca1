//! `abstract.h`: the functions that `rustpython-capi` lacks, a call with one argument and the old
//! functions for buffers. The other functions of the header come from that crate.

use core::ffi::{c_char, c_int, c_void};
use core::ptr::NonNull;

use rustpython_vm::protocol::BufferFlags;
use rustpython_vm::{PyObject, PyResult, VirtualMachine};

use crate::boundary::{argument, enter, new_reference};
use crate::buffer_acquire::Acquired;

/// Calls an object with one argument. Returns a new reference, or NULL with an exception.
///
/// # Safety
/// Both arguments are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_CallOneArg(
    callable: *mut PyObject,
    arg: *mut PyObject,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `callable` is NULL or an object, which the caller keeps alive.
        let callable = unsafe { argument(callable, vm) }?;
        // SAFETY: `arg` is NULL or an object, which the caller keeps alive.
        let arg = unsafe { argument(arg, vm) }?;
        callable.call((arg.to_owned(),), vm).map(new_reference)
    })
}

/// 1 if the object exports contiguous memory, otherwise 0. Never fails. CPython's headers do not
/// declare this function any more, but the stable ABI has it.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_CheckReadBuffer(object: *mut PyObject) -> c_int {
    let found = enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let object = unsafe { object.as_ref() };
        Ok(object.map_or(0, |object| {
            c_int::from(Acquired::of(object, BufferFlags::SIMPLE, vm).is_ok())
        }))
    });
    found.max(0)
}

/// Stores the address and the number of the bytes of an object. Nothing keeps the bytes in place, so
/// they must not be used after other code could run. Returns 0, or -1 with an exception. CPython's
/// headers do not declare this function any more, but the stable ABI has it.
///
/// # Safety
/// `object` is NULL or an object; `buffer` and `length` are NULL or can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_AsReadBuffer(
    object: *mut PyObject,
    buffer: *mut *const c_void,
    length: *mut isize,
) -> c_int {
    enter(|vm| {
        // SAFETY: by the contract of this function.
        unsafe { store_bytes(object, buffer.cast(), length, BufferFlags::SIMPLE, vm) }
    })
}

/// The same as [`PyObject_AsReadBuffer`].
///
/// # Safety
/// As for `PyObject_AsReadBuffer`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_AsCharBuffer(
    object: *mut PyObject,
    buffer: *mut *const c_char,
    length: *mut isize,
) -> c_int {
    // SAFETY: by the contract of this function.
    unsafe { PyObject_AsReadBuffer(object, buffer.cast(), length) }
}

/// As [`PyObject_AsReadBuffer`], for bytes that can be changed. -1 with TypeError if the object has
/// none.
///
/// # Safety
/// As for `PyObject_AsReadBuffer`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_AsWriteBuffer(
    object: *mut PyObject,
    buffer: *mut *mut c_void,
    length: *mut isize,
) -> c_int {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        unsafe { argument(object, vm) }?;
        // SAFETY: by the contract of this function.
        let stored = unsafe { store_bytes(object, buffer, length, BufferFlags::WRITABLE, vm) };
        stored.map_err(|_| vm.new_type_error("expected a writable bytes-like object"))
    })
}

/// # Safety
/// As for [`PyObject_AsReadBuffer`].
unsafe fn store_bytes(
    object: *mut PyObject,
    buffer: *mut *mut c_void,
    length: *mut isize,
    flags: BufferFlags,
    vm: &VirtualMachine,
) -> PyResult<c_int> {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    let object = unsafe { argument(object, vm) }?;
    let (Some(buffer), Some(length)) = (NonNull::new(buffer), NonNull::new(length)) else {
        return Err(vm.new_system_error("null argument to internal routine"));
    };
    let view = Acquired::of(object, flags, vm)?;
    // SAFETY: it is not NULL, so it can be written to.
    unsafe { buffer.write(view.0.buf) };
    // SAFETY: it is not NULL, so it can be written to.
    unsafe { length.write(view.0.len) };
    Ok(0)
}
