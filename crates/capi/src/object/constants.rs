//! `object.h`: objects that exist once, by number.

use core::ffi::c_uint;

use rustpython_vm::{AsObject, Context, PyObject};

use crate::boundary::{bad_internal_call, borrowed, enter, new_reference};

/// Where zero is among the small integers that the VM keeps.
const ZERO: usize = Context::INT_CACHE_POOL_RANGE.start().unsigned_abs() as usize;

/// A new reference to the constant with a number (`Py_CONSTANT_…`); NULL with SystemError if there is
/// none.
#[unsafe(no_mangle)]
pub extern "C" fn Py_GetConstant(constant: c_uint) -> *mut PyObject {
    match find(constant) {
        Some(object) => new_reference(object.to_owned()),
        None => unknown(),
    }
}

/// A borrowed reference to the constant with a number, as [`Py_GetConstant`] returns it. All of them
/// live as long as the process.
#[unsafe(no_mangle)]
pub extern "C" fn Py_GetConstantBorrowed(constant: c_uint) -> *mut PyObject {
    find(constant).map_or_else(unknown, borrowed)
}

#[cold]
fn unknown() -> *mut PyObject {
    enter(|vm| Err(bad_internal_call(vm)))
}

/// All interpreters share these objects, so this does not enter the VM.
fn find(constant: c_uint) -> Option<&'static PyObject> {
    let ctx = Context::genesis();
    Some(match constant {
        0 => ctx.none.as_object(),
        1 => ctx.false_value.as_object(),
        2 => ctx.true_value.as_object(),
        3 => ctx.ellipsis.as_object(),
        4 => ctx.not_implemented.as_object(),
        5 => ctx.int_cache_pool.get(ZERO)?.as_object(),
        6 => ctx.int_cache_pool.get(ZERO + 1)?.as_object(),
        7 => ctx.empty_str.as_object(),
        8 => ctx.empty_bytes.as_object(),
        9 => ctx.empty_tuple.as_object(),
        _ => return None,
    })
}
