//! `bytesobject.h`, as far as it is ours: making `bytes` that C fills, and the address of their
//! bytes, behind which is a NUL. The rest is `rustpython-capi`'s.

use core::ffi::{CStr, c_char, c_int};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU8, Ordering};

use rustpython_vm::builtins::PyBytes;
use rustpython_vm::{AsObject, Py, PyObject, PyRef, PyResult, VirtualMachine};

use crate::boundary::{enter, new_reference};
use crate::c_string::{CStringError, c_string_of};

/// The address of the bytes, with a NUL behind them: the object's own where it has room for one, as
/// those have that the constructors here make, or of a copy that lives as long as the object.
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
    // slice of the data reaches it. Others that write to it write the same, atomically as here.
    unsafe { AtomicU8::from_ptr(end) }.store(0, Ordering::Relaxed);
    NonNull::new(start.cast()).ok_or(CStringError::OutOfMemory)
}

/// The vector that a `bytes` object is made of. It never changes.
fn data_of(bytes: &PyBytes) -> &Vec<u8> {
    const {
        assert!(size_of::<PyBytes>() == size_of::<Vec<u8>>());
        assert!(align_of::<PyBytes>() == align_of::<Vec<u8>>());
    }
    // SAFETY: `PyBytes` is made of one vector and nothing else. Since both have one size, the vector
    // begins where the whole does.
    unsafe { &*core::ptr::from_ref(bytes).cast() }
}

/// Room for `length` bytes and a NUL, which is not part of what it holds.
///
/// # Errors
/// OverflowError or MemoryError.
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

/// What C gives a constructor: `length` bytes, or NULL for as many that C will fill; they are 0 until
/// then.
///
/// # Errors
/// SystemError where the length is negative, OverflowError, MemoryError.
///
/// # Safety
/// `bytes` is NULL or has `length` bytes.
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
            // SAFETY: passed on from the caller.
            let bytes = unsafe { NonNull::slice_from_raw_parts(bytes.cast(), length).as_ref() };
            data.extend_from_slice(bytes);
        }
    }
    Ok(data)
}

/// A new `bytes` object of `len` bytes, copied from `bytes`; or of as many zeros where `bytes` is
/// NULL, which C may overwrite through [`PyBytes_AsString`] before anybody else sees the object.
///
/// # Safety
/// `bytes` is NULL or has `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyBytes_FromStringAndSize(
    bytes: *const c_char,
    len: isize,
) -> *mut PyObject {
    enter(|vm| {
        let words = ("PyBytes_FromStringAndSize", "byte string");
        // SAFETY: passed on from the caller.
        let data = unsafe { bytes_from_c(bytes, len, words, vm) }?;
        Ok(new_reference(vm.ctx.new_bytes(data)))
    })
}

/// A new `bytes` object of the bytes up to the NUL.
///
/// # Safety
/// `text` is a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyBytes_FromString(text: *const c_char) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: passed on from the caller.
        let text = unsafe { CStr::from_ptr(text) }.to_bytes();
        let mut data = bytes_with_room_for_nul(text.len(), "byte string", vm)?;
        data.extend_from_slice(text);
        Ok(new_reference(vm.ctx.new_bytes(data)))
    })
}

/// The address of the bytes, with a NUL behind them; the same at each call, and good as long as the
/// object lives. NULL with TypeError where it is not a `bytes` object.
///
/// # Safety
/// `bytes` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyBytes_AsString(bytes: *mut PyObject) -> *mut c_char {
    // SAFETY: passed on from the caller.
    let found = unsafe { bytes.as_ref() }.and_then(PyObject::downcast_ref::<PyBytes>);
    if let Some(Ok(address)) = found.map(c_string_of_bytes) {
        return address.as_ptr();
    }
    enter(|vm| {
        // SAFETY: passed on from the caller.
        let bytes = unsafe { expect_bytes(bytes, vm) }?;
        let address = c_string_of_bytes(&bytes).map_err(|why| why.into_exception(vm))?;
        Ok(address.as_ptr())
    })
}

/// The address of the bytes, as [`PyBytes_AsString`] gives it, and their number. Without a place for
/// the number, bytes with a NUL among them are a ValueError.
///
/// # Safety
/// `object` is NULL or an object, `buffer` and `length` are NULL or can be written to.
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
        // SAFETY: passed on from the caller.
        let bytes = unsafe { expect_bytes(object, vm) }?;
        match NonNull::new(length) {
            // SAFETY: passed on from the caller.
            Some(length) => unsafe { length.write(bytes.len().cast_signed()) },
            None if bytes.contains(&0) => return Err(vm.new_value_error("embedded null byte")),
            None => {}
        }
        let address = c_string_of_bytes(&bytes).map_err(|why| why.into_exception(vm))?;
        // SAFETY: passed on from the caller.
        unsafe { buffer.write(address.as_ptr()) };
        Ok(0)
    })
}

/// # Safety
/// `object` is NULL or an object.
unsafe fn expect_bytes(object: *mut PyObject, vm: &VirtualMachine) -> PyResult<PyRef<PyBytes>> {
    // SAFETY: passed on from the caller.
    let Some(object) = (unsafe { object.as_ref() }) else {
        return Err(vm.new_system_error("bad argument to internal function"));
    };
    let bytes = object.downcast_ref::<PyBytes>().map(ToOwned::to_owned);
    bytes.ok_or_else(|| {
        let found = object.class().name().to_string();
        vm.new_type_error(format!("expected bytes, {found} found"))
    })
}
