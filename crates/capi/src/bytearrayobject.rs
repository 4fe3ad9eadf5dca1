//! `bytearrayobject.h`, as far as it is ours: making a `bytearray` that C fills, and the address of
//! its bytes, behind which is a NUL. The rest is `rustpython-capi`'s.

use core::ffi::c_char;

use rustpython_vm::PyObject;
use rustpython_vm::builtins::PyByteArray;
use rustpython_vm::protocol::BufferResizeGuard;

use crate::boundary::{enter, new_reference};
use crate::bytesobject::bytes_from_c;
use crate::c_string;

/// A new `bytearray` of `len` bytes, copied from `bytes`; or of as many zeros where `bytes` is NULL.
///
/// # Safety
/// `bytes` is NULL or has `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyByteArray_FromStringAndSize(
    bytes: *const c_char,
    len: isize,
) -> *mut PyObject {
    enter(|vm| {
        let words = ("PyByteArray_FromStringAndSize", "byte array");
        // SAFETY: passed on from the caller.
        let data = unsafe { bytes_from_c(bytes, len, words, vm) }?;
        Ok(new_reference(vm.ctx.new_bytearray(data)))
    })
}

/// The address of the bytes, which C may change, with a NUL behind them; the same at each call, and
/// good until the `bytearray` gets another length. NULL with TypeError where it is not one; with
/// BufferError where there is no room for the NUL and an exported buffer keeps the bytes where they
/// are.
///
/// # Safety
/// `bytearray` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyByteArray_AsString(bytearray: *mut PyObject) -> *mut c_char {
    enter(|vm| {
        // SAFETY: passed on from the caller.
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
        // The bytes may move if nobody has exported them, which the VM itself finds out like this.
        drop(array.try_resizable(vm)?);
        let mut data = array.borrow_buf_mut();
        data.try_reserve(1).map_err(|_| vm.no_memory_error())?;
        with_nul(&mut data).ok_or_else(|| vm.no_memory_error())
    })
}

/// The address of the bytes, if there is room for a NUL behind them, which is there then.
fn with_nul(data: &mut Vec<u8>) -> Option<*mut c_char> {
    data.spare_capacity_mut().first_mut()?.write(0);
    Some(data.as_mut_ptr().cast())
}
