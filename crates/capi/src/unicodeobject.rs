//! `unicodeobject.h`, as far as it is ours: the text of a `str` in UTF-8, behind which is a NUL. The
//! rest is `rustpython-capi`'s.

use core::ffi::c_char;
use core::ptr::{NonNull, null_mut};

use rustpython_vm::builtins::{PyBaseExceptionRef, PyStr};
use rustpython_vm::common::wtf8::CodePoint;
use rustpython_vm::{AsObject, Py, PyObject, VirtualMachine};

use crate::boundary::enter;
use crate::c_string::text_of;

/// The text of a `str` in UTF-8, with a NUL behind it; the same address at each call, and good as
/// long as the object lives. NULL with TypeError where it is not a `str`, with UnicodeEncodeError
/// where it has a surrogate.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyUnicode_AsUTF8(object: *mut PyObject) -> *const c_char {
    // SAFETY: passed on from the caller.
    unsafe { PyUnicode_AsUTF8AndSize(object, null_mut()) }
}

/// [`PyUnicode_AsUTF8`], and the number of bytes: -1 where it fails.
///
/// # Safety
/// `object` is NULL or an object, `size` is NULL or can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyUnicode_AsUTF8AndSize(
    object: *mut PyObject,
    size: *mut isize,
) -> *const c_char {
    // SAFETY: passed on from the caller.
    let string = unsafe { object.as_ref() }.and_then(PyObject::downcast_ref::<PyStr>);
    let text = string.and_then(|string| string.to_str());
    let address = string
        .zip(text)
        .map(|(string, text)| text_of(string.as_object(), text.as_bytes()));
    if let Some(size) = NonNull::new(size) {
        let length = match (text, address) {
            (Some(text), Some(Ok(_))) => text.len().cast_signed(),
            _ => -1,
        };
        // SAFETY: passed on from the caller.
        unsafe { size.write(length) };
    }
    match address {
        Some(Ok(address)) => address.as_ptr(),
        Some(Err(why)) => enter(|vm| Err(why.into_exception(vm))),
        None => enter(|vm| Err(refusal(string, vm))),
    }
}

#[cold]
fn refusal(string: Option<&Py<PyStr>>, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let Some(string) = string else {
        return vm.new_type_error("bad argument type for built-in operation");
    };
    let is_surrogate = |point: &CodePoint| point.to_char().is_none();
    let points = string.as_wtf8().code_points();
    let start = points
        .clone()
        .take_while(|point| !is_surrogate(point))
        .count();
    let length = points.skip(start).take_while(is_surrogate).count();
    vm.new_unicode_encode_error(
        vm.ctx.new_str("utf-8"),
        string.to_owned(),
        start,
        start + length,
        vm.ctx.new_str("surrogates not allowed"),
    )
}
