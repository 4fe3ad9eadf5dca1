//! `modsupport.h`: the functions behind `PyArg_ParseTuple` and its relatives of `varargs.c`.

mod keywords;
mod number_units;
mod parser;
mod positional;
mod text_units;
mod units;

use core::ffi::{c_char, c_int};

use rustpython_vm::builtins::{PyDict, PyStr, PyTuple};
use rustpython_vm::{PyObject, PyResult};

use crate::boundary::{bad_internal_call, enter, instance, string_argument};
use crate::varargs::Arguments;

/// `PyArg_ParseTuple`: converts the items of a tuple by the units of a format, and stores them in
/// variables whose addresses are the arguments. Returns 1, or 0 with an exception.
///
/// # Safety
/// `tuple` is NULL or an object, `format` NULL or a NUL-terminated string, and the arguments fit the
/// format.
#[unsafe(no_mangle)]
unsafe extern "C" fn rustpython_capsule_parse_tuple(
    tuple: *mut PyObject,
    format: *const c_char,
    arguments: Arguments,
) -> c_int {
    let parsed = enter(|vm| {
        // SAFETY: `format` is NULL or a NUL-terminated string.
        let format = unsafe { string_argument(format, vm) }?.to_bytes();
        // SAFETY: `tuple` is NULL or an object, which the caller keeps alive.
        let tuple = unsafe { tuple.as_ref() }.ok_or_else(|| bad_internal_call(vm))?;
        // SAFETY: the caller promises arguments that fit.
        unsafe { positional::parse_tuple(tuple, format, arguments, vm) }.map(Some)
    });
    c_int::from(parsed.is_some())
}

/// `PyArg_Parse`: converts one object by the unit of a format. Returns 1, or 0 with an exception.
///
/// # Safety
/// As for [`rustpython_capsule_parse_tuple`].
#[unsafe(no_mangle)]
unsafe extern "C" fn rustpython_capsule_parse(
    object: *mut PyObject,
    format: *const c_char,
    arguments: Arguments,
) -> c_int {
    let parsed = enter(|vm| {
        // SAFETY: `format` is NULL or a NUL-terminated string.
        let format = unsafe { string_argument(format, vm) }?.to_bytes();
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let object = unsafe { object.as_ref() };
        // SAFETY: the caller promises arguments that fit.
        unsafe { positional::parse_one(object, format, arguments, vm) }.map(Some)
    });
    c_int::from(parsed.is_some())
}

/// `PyArg_ParseTupleAndKeywords`: converts the items of a tuple and the values of a dict, or of none for
/// NULL. `names` ends with NULL; an empty name is that of an argument by position only. Returns 1, or 0
/// with an exception.
///
/// # Safety
/// As for [`rustpython_capsule_parse_tuple`]. `dict` is NULL or an object; `names` is NULL or an array of
/// NUL-terminated strings with a NULL after the last.
#[unsafe(no_mangle)]
unsafe extern "C" fn rustpython_capsule_parse_keywords(
    tuple: *mut PyObject,
    dict: *mut PyObject,
    format: *const c_char,
    names: *const *const c_char,
    arguments: Arguments,
) -> c_int {
    let parsed = enter(|vm| {
        // SAFETY: `tuple` is NULL or an object, which the caller keeps alive.
        let tuple = unsafe { instance::<PyTuple>(tuple, vm) }?;
        let dict = if dict.is_null() {
            None
        } else {
            // SAFETY: `dict` is an object, which the caller keeps alive.
            Some(unsafe { instance::<PyDict>(dict, vm) }?)
        };
        if format.is_null() || names.is_null() {
            return Err(bad_internal_call(vm));
        }
        // SAFETY: `format` is a NUL-terminated string.
        let format = unsafe { string_argument(format, vm) }?.to_bytes();
        let mut texts = Vec::new();
        loop {
            // SAFETY: no name before it is NULL, so it is in the array.
            let place = unsafe { names.add(texts.len()) };
            // SAFETY: as above.
            let name = unsafe { place.read() };
            if name.is_null() {
                break;
            }
            // SAFETY: it is a NUL-terminated string, which the caller keeps.
            let name = unsafe { string_argument(name, vm) }?.to_str();
            texts.push(name.map_err(|_| vm.new_system_error("a keyword is not UTF-8"))?);
        }
        let names = texts.as_slice();
        let call = keywords::Call { tuple, dict, names };
        // SAFETY: the caller promises arguments that fit.
        unsafe { keywords::parse(&call, format, arguments, vm) }.map(Some)
    });
    c_int::from(parsed.is_some())
}

/// Checks that the keys of a dict are strings. Returns 1; or 0 with TypeError, or with SystemError if it
/// is not a dict.
///
/// # Safety
/// `dict` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyArg_ValidateKeywordArguments(dict: *mut PyObject) -> c_int {
    let valid = enter(|vm| -> PyResult<Option<()>> {
        // SAFETY: `dict` is NULL or an object, which the caller keeps alive.
        let keys = unsafe { instance::<PyDict>(dict, vm) }?.keys_vec();
        if keys.iter().all(|key| key.downcast_ref::<PyStr>().is_some()) {
            Ok(Some(()))
        } else {
            Err(vm.new_type_error("keywords must be strings"))
        }
    });
    c_int::from(valid.is_some())
}
