//! `bytearrayobject.h`: making a `bytearray` that C code fills, and the address of its bytes, which
//! are followed by a NUL. The other functions of the header come from `rustpython-capi`.

use core::ffi::{c_char, c_int};

use rustpython_vm::builtins::PyByteArray;
use rustpython_vm::protocol::BufferResizeGuard;
use rustpython_vm::{AsObject, Context, PyObject};

use crate::boundary::{enter, new_reference};
use crate::bytesobject::bytes_from_c;
use crate::c_string;

/// 1 for a bytearray that is no instance of a subclass, else 0. Raises nothing.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyByteArray_CheckExact(object: *mut PyObject) -> c_int {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    let object = unsafe { object.as_ref() };
    object
        .is_some_and(|object| object.class().is(Context::genesis().types.bytearray_type))
        .into()
}

/// A new `bytearray` with a copy of the `len` bytes at `bytes`; of `len` zeros if `bytes` is NULL.
///
/// # Safety
/// `bytes` is NULL or points to `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyByteArray_FromStringAndSize(
    bytes: *const c_char,
    len: isize,
) -> *mut PyObject {
    enter(|vm| {
        let words = ("PyByteArray_FromStringAndSize", "byte array");
        // SAFETY: `bytes` is NULL or points to `len` bytes, by the contract of this function.
        let data = unsafe { bytes_from_c(bytes, len, words, vm) }?;
        Ok(new_reference(vm.ctx.new_bytearray(data)))
    })
}

/// The address of the bytes, which C code may change. A NUL follows them. The address is the same
/// at each call, and valid until the length of the `bytearray` changes.
///
/// NULL with TypeError if the object is not a `bytearray`. NULL with BufferError if there is no
/// room for the NUL and the bytes cannot be moved because a buffer of them is exported.
///
/// # Safety
/// `bytearray` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyByteArray_AsString(bytearray: *mut PyObject) -> *mut c_char {
    enter(|vm| {
        // SAFETY: `bytearray` is NULL or an object, which the caller keeps alive.
        let Some(object) = (unsafe { bytearray.as_ref() }) else {
            return Err(vm.new_system_error("bad argument to internal function"));
        };
        let Some(array) = object.downcast_ref::<PyByteArray>() else {
            let found = object.class().name().to_string();
            return Err(vm.new_type_error(format!("expected bytearray, {found} found")));
        };
        if let Some(address) = with_nul(&mut array.borrow_buf_mut()) {
            return Ok(address);
        }
        if array.borrow_buf().is_empty() {
            return Ok(c_string::empty().as_ptr());
        }
        // Fails if a buffer is exported; then the bytes must not move.
        drop(array.try_resizable(vm)?);
        let mut data = array.borrow_buf_mut();
        data.try_reserve(1).map_err(|_| vm.no_memory_error())?;
        with_nul(&mut data).ok_or_else(|| vm.no_memory_error())
    })
}

/// Writes a NUL after the bytes and returns their address; `None` if there is no room for the NUL.
fn with_nul(data: &mut Vec<u8>) -> Option<*mut c_char> {
    data.spare_capacity_mut().first_mut()?.write(0);
    Some(data.as_mut_ptr().cast())
}
