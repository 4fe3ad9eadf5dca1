//! `bytesobject.h`: making a `bytes` object that C code fills, and the address of its bytes, which
//! are followed by a NUL. The other functions of the header come from `rustpython-capi`.

use core::ffi::{CStr, c_char, c_int};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU8, Ordering};

use rustpython_vm::builtins::PyBytes;
use rustpython_vm::{AsObject, Py, PyObject, PyRef, PyResult, VirtualMachine};

use crate::boundary::{enter, new_reference};
use crate::c_string::{CStringError, c_string_of};

/// The address of the bytes, followed by a NUL. It is the address of the object's own bytes if
/// there is room for a NUL after them, which the constructors in this file reserve. Otherwise it is
/// that of a copy that lives as long as the object.
///
/// # Errors
/// See [`CStringError`].
pub(crate) fn c_string_of_bytes(bytes: &Py<PyBytes>) -> Result<NonNull<c_char>, CStringError> {
    let data = data_of(bytes);
    if data.capacity() == data.len() {
        return c_string_of(bytes.as_object(), data);
    }
    let start = data.as_ptr().cast_mut();
    let end = start.wrapping_add(data.len());
    // SAFETY: the capacity is greater than the length, so this byte is part of the allocation. No
    // slice of the data covers it. Other threads that write it write the same value, atomically
    // too.
    unsafe { AtomicU8::from_ptr(end) }.store(0, Ordering::Relaxed);
    NonNull::new(start.cast()).ok_or(CStringError::OutOfMemory)
}

/// The vector inside a `bytes` object. It never changes.
fn data_of(bytes: &PyBytes) -> &Vec<u8> {
    const {
        assert!(size_of::<PyBytes>() == size_of::<Vec<u8>>());
        assert!(align_of::<PyBytes>() == align_of::<Vec<u8>>());
    }
    // SAFETY: the only field of `PyBytes` is a vector. Both have the same size, so the field has
    // offset 0.
    unsafe { &*core::ptr::from_ref(bytes).cast() }
}

/// An empty vector with room for `length` bytes and a NUL after them.
///
/// # Errors
/// OverflowError if the length is too large, and MemoryError.
pub(crate) fn bytes_with_room_for_nul(
    length: usize,
    what: &str,
    vm: &VirtualMachine,
) -> PyResult<Vec<u8>> {
    let mut data = Vec::new();
    let room = length
        .checked_add(1)
        .filter(|room| *room < isize::MAX.cast_unsigned())
        .ok_or_else(|| vm.new_overflow_error(format!("{what} is too large")))?;
    data.try_reserve_exact(room)
        .map_err(|_| vm.no_memory_error())?;
    Ok(data)
}

/// The bytes for a constructor that gets an address and a length: a copy of the `length` bytes at
/// `bytes`, or `length` zeros if `bytes` is NULL.
///
/// # Errors
/// SystemError if the length is negative; OverflowError; MemoryError.
///
/// # Safety
/// `bytes` is NULL or points to `length` bytes.
pub(crate) unsafe fn bytes_from_c(
    bytes: *const c_char,
    length: isize,
    (function, what): (&str, &str),
    vm: &VirtualMachine,
) -> PyResult<Vec<u8>> {
    let negative = || vm.new_system_error(format!("Negative size passed to {function}"));
    let length = usize::try_from(length).map_err(|_| negative())?;
    let mut data = bytes_with_room_for_nul(length, what, vm)?;
    match NonNull::new(bytes.cast_mut()) {
        None => data.resize(length, 0),
        Some(bytes) => {
            // SAFETY: it is not NULL, so it points to `length` bytes, and the caller keeps them.
            let bytes = unsafe { NonNull::slice_from_raw_parts(bytes.cast(), length).as_ref() };
            data.extend_from_slice(bytes);
        }
    }
    Ok(data)
}

/// A new `bytes` object with a copy of the `len` bytes at `bytes`. If `bytes` is NULL it has `len`
/// zeros, which C code may overwrite through [`PyBytes_AsString`] before it shares the object.
///
/// # Safety
/// `bytes` is NULL or points to `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyBytes_FromStringAndSize(
    bytes: *const c_char,
    len: isize,
) -> *mut PyObject {
    enter(|vm| {
        let words = ("PyBytes_FromStringAndSize", "byte string");
        // SAFETY: `bytes` is NULL or points to `len` bytes, by the contract of this function.
        let data = unsafe { bytes_from_c(bytes, len, words, vm) }?;
        Ok(new_reference(vm.ctx.new_bytes(data)))
    })
}

/// A new `bytes` object with a copy of the bytes before the NUL.
///
/// # Safety
/// `text` is a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyBytes_FromString(text: *const c_char) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `text` is a NUL-terminated string, which the caller keeps.
        let text = unsafe { CStr::from_ptr(text) }.to_bytes();
        let mut data = bytes_with_room_for_nul(text.len(), "byte string", vm)?;
        data.extend_from_slice(text);
        Ok(new_reference(vm.ctx.new_bytes(data)))
    })
}

/// The address of the bytes, followed by a NUL. It is the same at each call, and valid as long as
/// the object lives. NULL with TypeError if the object is not a `bytes` object.
///
/// # Safety
/// `bytes` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyBytes_AsString(bytes: *mut PyObject) -> *mut c_char {
    // SAFETY: `bytes` is NULL or an object, which the caller keeps alive.
    let found = unsafe { bytes.as_ref() }.and_then(PyObject::downcast_ref::<PyBytes>);
    if let Some(Ok(address)) = found.map(c_string_of_bytes) {
        return address.as_ptr();
    }
    enter(|vm| {
        // SAFETY: `bytes` is NULL or an object, which the caller keeps alive.
        let bytes = unsafe { expect_bytes(bytes, vm) }?;
        let address = c_string_of_bytes(&bytes).map_err(|why| why.into_exception(vm))?;
        Ok(address.as_ptr())
    })
}

/// Stores the address of the bytes, as [`PyBytes_AsString`] returns it, and their number. If
/// `length` is NULL, bytes that contain a NUL are a ValueError. Returns 0, or -1 with an exception.
///
/// # Safety
/// `object` is NULL or an object; `buffer` and `length` are NULL or can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyBytes_AsStringAndSize(
    object: *mut PyObject,
    buffer: *mut *mut c_char,
    length: *mut isize,
) -> c_int {
    enter(|vm| {
        let Some(buffer) = NonNull::new(buffer) else {
            return Err(vm.new_system_error("bad argument to internal function"));
        };
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let bytes = unsafe { expect_bytes(object, vm) }?;
        match NonNull::new(length) {
            // SAFETY: the caller promises that `length` can be written to.
            Some(length) => unsafe { length.write(bytes.len().cast_signed()) },
            None if bytes.contains(&0) => return Err(vm.new_value_error("embedded null byte")),
            None => {}
        }
        let address = c_string_of_bytes(&bytes).map_err(|why| why.into_exception(vm))?;
        // SAFETY: the caller promises that `buffer` can be written to.
        unsafe { buffer.write(address.as_ptr()) };
        Ok(0)
    })
}

/// The number of bytes; -1 with TypeError if it is not a `bytes`.
///
/// # Safety
/// `bytes` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyBytes_Size(bytes: *mut PyObject) -> isize {
    enter(|vm| {
        // SAFETY: `bytes` is NULL or an object, which the caller keeps alive.
        let bytes = unsafe { expect_bytes(bytes, vm) }?;
        Ok(bytes.as_bytes().len().cast_signed())
    })
}

/// The `bytes` object behind an argument.
///
/// # Errors
/// TypeError for another object; SystemError for NULL.
///
/// # Safety
/// `object` is NULL or an object.
unsafe fn expect_bytes(object: *mut PyObject, vm: &VirtualMachine) -> PyResult<PyRef<PyBytes>> {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    let Some(object) = (unsafe { object.as_ref() }) else {
        return Err(vm.new_system_error("bad argument to internal function"));
    };
    let bytes = object.downcast_ref::<PyBytes>().map(ToOwned::to_owned);
    bytes.ok_or_else(|| {
        let found = object.class().slot_name().to_string();
        vm.new_type_error(format!("expected bytes, {found} found"))
    })
}
