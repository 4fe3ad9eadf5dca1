//! `unicodeobject.h`, as far as it is ours: a `str` from text in UTF-8, interned ones, and the text of a
//! `str`, behind which is a NUL. The rest is `rustpython-capi`'s.

use core::ffi::c_char;
use core::ptr::{NonNull, null_mut};

use rustpython_vm::builtins::{PyBaseExceptionRef, PyStr};
use rustpython_vm::common::wtf8::CodePoint;
use rustpython_vm::{AsObject, Py, PyObject, VirtualMachine};

use crate::boundary::{decode_utf8, enter, new_reference, owned, utf8_argument};
use crate::c_string::c_string_of;

/// A new `str` of `size` bytes in UTF-8. UnicodeDecodeError where they are not; SystemError for a
/// negative size, and for NULL with another size than 0.
///
/// # Safety
/// `text` is NULL or has `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyUnicode_FromStringAndSize(
    text: *const c_char,
    size: isize,
) -> *mut PyObject {
    enter(|vm| {
        let size = usize::try_from(size).map_err(|_| {
            vm.new_system_error("Negative size passed to PyUnicode_FromStringAndSize")
        })?;
        let bytes = match NonNull::new(text.cast_mut()) {
            // SAFETY: passed on from the caller.
            Some(text) => unsafe { NonNull::slice_from_raw_parts(text.cast(), size).as_ref() },
            None if size == 0 => &[],
            None => {
                let text = "NULL string with positive size with NULL passed to \
                            PyUnicode_FromStringAndSize";
                return Err(vm.new_system_error(text));
            }
        };
        decode_utf8(bytes, vm).map(|text| new_reference(vm.ctx.new_str(text)))
    })
}

/// A new `str` of the bytes up to the NUL, as [`PyUnicode_FromStringAndSize`] makes it.
///
/// # Safety
/// `text` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyUnicode_FromString(text: *const c_char) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: passed on from the caller.
        let text = unsafe { utf8_argument(text, vm) }?;
        Ok(new_reference(vm.ctx.new_str(text)))
    })
}

/// The interned `str` of the bytes up to the NUL.
///
/// # Safety
/// `text` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyUnicode_InternFromString(text: *const c_char) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: passed on from the caller.
        let text = unsafe { utf8_argument(text, vm) }?;
        Ok(new_reference(vm.ctx.intern_str(text).to_owned()))
    })
}

/// Puts the interned `str` with the same text in the place of a reference, which is given up. Leaves
/// NULL, and what is not exactly a `str`, as it is.
///
/// # Safety
/// `string` is NULL or a variable of C with a reference or NULL in it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyUnicode_InternInPlace(string: *mut *mut PyObject) {
    enter(|vm| {
        // SAFETY: passed on from the caller.
        let Some(place) = (unsafe { string.as_mut() }) else {
            return Ok(());
        };
        // SAFETY: passed on from the caller.
        let object = unsafe { place.as_ref() }.map(ToOwned::to_owned);
        let string = object.and_then(|object| object.downcast_exact::<PyStr>(vm).ok());
        if let Some(string) = string {
            let interned = new_reference(vm.ctx.intern_str(string).to_owned());
            // SAFETY: the reference that the variable had, which another takes the place of.
            drop(unsafe { owned(core::mem::replace(place, interned)) });
        }
        Ok(())
    })
}

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
        .map(|(string, text)| c_string_of(string.as_object(), text.as_bytes()));
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
