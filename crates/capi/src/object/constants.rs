//! `object.h`: objects that exist once, by number.

use core::ffi::c_uint;

use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::boundary::{bad_internal_call, borrowed, enter, new_reference};

/// A new reference to the constant with a number (`Py_CONSTANT_…`); NULL with SystemError if there is
/// none.
#[unsafe(no_mangle)]
pub extern "C" fn Py_GetConstant(constant: c_uint) -> *mut PyObject {
    enter(|vm| find(constant, vm).map(new_reference))
}

/// A borrowed reference to the constant with a number, as [`Py_GetConstant`] returns it. All of them
/// live as long as the process.
#[unsafe(no_mangle)]
pub extern "C" fn Py_GetConstantBorrowed(constant: c_uint) -> *mut PyObject {
    enter(|vm| find(constant, vm).map(|object| borrowed(&object)))
}

fn find(constant: c_uint, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
    let ctx = &vm.ctx;
    Ok(match constant {
        0 => ctx.none(),
        1 => ctx.false_value.clone().into(),
        2 => ctx.true_value.clone().into(),
        3 => ctx.ellipsis.clone().into(),
        4 => ctx.not_implemented.clone().into(),
        // The VM keeps small integers for all time.
        5 => ctx.new_int(0).into(),
        6 => ctx.new_int(1).into(),
        7 => ctx.empty_str.as_object().to_owned(),
        8 => ctx.empty_bytes.clone().into(),
        9 => ctx.empty_tuple.clone().into(),
        _ => return Err(bad_internal_call(vm)),
    })
}
