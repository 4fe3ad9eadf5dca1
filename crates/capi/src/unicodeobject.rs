//! `unicodeobject.h`: making a `str` from UTF-8, interning, encoding, and the UTF-8 text of a `str`,
//! which is followed by a NUL. The other functions of the header come from `rustpython-capi`.

use core::ffi::c_char;
use core::ptr::{NonNull, null_mut};

use rustpython_vm::builtins::{PyBaseExceptionRef, PyStr, PyUtf8StrRef};
use rustpython_vm::common::wtf8::CodePoint;
use rustpython_vm::{AsObject, Py, PyObject, PyResult, VirtualMachine};

use crate::boundary::{decode_utf8, enter, new_reference, owned, utf8_argument};
use crate::c_string::c_string_of;

/// A new `str` of the `size` bytes of UTF-8 at `text`. NULL with UnicodeDecodeError if they are not
/// UTF-8; with SystemError if the size is negative, or if `text` is NULL and the size is not 0.
///
/// # Safety
/// `text` is NULL or points to `size` bytes.
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
            // SAFETY: it is not NULL, so it points to `size` bytes, which the caller keeps.
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

/// A new `str` of the UTF-8 before the NUL. It fails as [`PyUnicode_FromStringAndSize`] does.
///
/// # Safety
/// `text` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyUnicode_FromString(text: *const c_char) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `text` is NULL or a NUL-terminated string.
        let text = unsafe { utf8_argument(text, vm) }?;
        Ok(new_reference(vm.ctx.new_str(text)))
    })
}

/// A new reference to the interned `str` of the UTF-8 before the NUL. It fails as
/// [`PyUnicode_FromStringAndSize`] does.
///
/// # Safety
/// `text` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyUnicode_InternFromString(text: *const c_char) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `text` is NULL or a NUL-terminated string.
        let text = unsafe { utf8_argument(text, vm) }?;
        Ok(new_reference(vm.ctx.intern_str(text).to_owned()))
    })
}

/// Replaces the reference in a variable by one to the interned `str` of the same text. Does nothing
/// if the variable holds NULL or an object whose class is not exactly `str`.
///
/// # Safety
/// `string` is NULL, or the address of a variable that holds NULL or a reference.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyUnicode_InternInPlace(string: *mut *mut PyObject) {
    enter(|vm| {
        // SAFETY: `string` is NULL or the address of a variable that only this thread uses.
        let Some(place) = (unsafe { string.as_mut() }) else {
            return Ok(());
        };
        // SAFETY: the variable holds NULL or a reference, which keeps its object alive.
        let object = unsafe { place.as_ref() }.map(ToOwned::to_owned);
        let string = object.and_then(|object| object.downcast_exact::<PyStr>(vm).ok());
        if let Some(string) = string {
            let interned = new_reference(vm.ctx.intern_str(string).to_owned());
            // SAFETY: the variable owned this reference until `interned` replaced it.
            drop(unsafe { owned(core::mem::replace(place, interned)) });
        }
        Ok(())
    })
}

/// The text of a `str` in UTF-8, followed by a NUL. The address is the same at each call, and valid
/// as long as the object lives. NULL with TypeError if the object is not a `str`; with
/// UnicodeEncodeError if it has a surrogate.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyUnicode_AsUTF8(object: *mut PyObject) -> *const c_char {
    // SAFETY: `object` is NULL or an object, by the contract of this function.
    unsafe { PyUnicode_AsUTF8AndSize(object, null_mut()) }
}

/// As [`PyUnicode_AsUTF8`]; also stores the number of bytes, or -1 if it fails, unless `size` is
/// NULL.
///
/// # Safety
/// `object` is NULL or an object; `size` is NULL or can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyUnicode_AsUTF8AndSize(
    object: *mut PyObject,
    size: *mut isize,
) -> *const c_char {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
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
        // SAFETY: the caller promises that `size` can be written to.
        unsafe { size.write(length) };
    }
    match address {
        Some(Ok(address)) => address.as_ptr(),
        Some(Err(why)) => enter(|vm| Err(why.into_exception(vm))),
        None => enter(|vm| Err(no_text_error(string, vm))),
    }
}

/// The number of characters; -1 with TypeError if it is not a `str`.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyUnicode_GetLength(object: *mut PyObject) -> isize {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let string = unsafe { string(object, vm) }?;
        Ok(string.char_len().cast_signed())
    })
}

/// The bytes of a `str` in an encoding, which is UTF-8 for NULL. `errors` is the name of an error
/// handler, or NULL for `strict`. Returns a new reference, or NULL with an exception.
///
/// # Safety
/// `object` is NULL or an object; both strings are NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyUnicode_AsEncodedString(
    object: *mut PyObject,
    encoding: *const c_char,
    errors: *const c_char,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let string = unsafe { string(object, vm) }?;
        let encoding = if encoding.is_null() {
            "utf-8".to_owned()
        } else {
            // SAFETY: `encoding` is a NUL-terminated string.
            unsafe { utf8_argument(encoding, vm) }?
        };
        let errors = if errors.is_null() {
            None
        } else {
            // SAFETY: `errors` is a NUL-terminated string.
            Some(vm.ctx.new_utf8_str(unsafe { utf8_argument(errors, vm) }?))
        };
        encoded(string, &encoding, errors, vm)
    })
}

/// The bytes of a `str` in UTF-8. Returns a new reference, or NULL with an exception.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyUnicode_AsUTF8String(object: *mut PyObject) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        encoded(unsafe { string(object, vm) }?, "utf-8", None, vm)
    })
}

/// The bytes of a `str` in the encoding and with the error handler of file names. Returns a new
/// reference, or NULL with an exception.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyUnicode_EncodeFSDefault(object: *mut PyObject) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let string = unsafe { string(object, vm) }?;
        let errors = vm.fs_encode_errors().to_owned();
        encoded(string, vm.fs_encoding().as_str(), Some(errors), vm)
    })
}

fn encoded(
    string: &Py<PyStr>,
    encoding: &str,
    errors: Option<PyUtf8StrRef>,
    vm: &VirtualMachine,
) -> PyResult<*mut PyObject> {
    let registry = &vm.state.codec_registry;
    let bytes = registry.encode_text(string.to_owned(), encoding, errors, vm)?;
    Ok(new_reference(bytes))
}

/// The `str` behind an argument.
///
/// # Errors
/// TypeError if it is no `str`, or NULL.
///
/// # Safety
/// `object` is NULL, or an object that lives for `'a`.
unsafe fn string<'a>(object: *mut PyObject, vm: &VirtualMachine) -> PyResult<&'a Py<PyStr>> {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    let string = unsafe { object.as_ref() }.and_then(PyObject::downcast_ref::<PyStr>);
    string.ok_or_else(|| no_text_error(None, vm))
}

/// The exception for an object that is not a `str`, or that has a surrogate.
#[cold]
fn no_text_error(string: Option<&Py<PyStr>>, vm: &VirtualMachine) -> PyBaseExceptionRef {
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
