//! Stub.
use core::ffi::c_void;
use rustpython_vm::builtins::{PyType, PyTypeRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{Py, PyObject, PyResult, VirtualMachine};

pub(crate) fn new_over_vm_base(class: PyTypeRef, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    let new = class
        .iter_base_chain()
        .find(|b| {
            !b.slots
                .flags
                .has_feature(rustpython_vm::types::PyTypeFlags::HEAPTYPE)
        })
        .and_then(|b| b.slots.new.load());
    match new {
        Some(new) => new(class, args, vm),
        None => Err(vm.new_type_error("cannot create instances")),
    }
}

pub(crate) unsafe extern "C" fn object_free(_object: *mut c_void) {}

#[expect(non_snake_case, reason = "stub")]
pub(crate) unsafe extern "C" fn PyType_GenericAlloc(
    _class: *mut Py<PyType>,
    _n: isize,
) -> *mut PyObject {
    core::ptr::null_mut()
}

/// Stub
///
/// # Safety
/// stub
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GetSlot(
    class: *mut Py<PyType>,
    id: core::ffi::c_int,
) -> *mut c_void {
    // SAFETY: stub
    let class = unsafe { &*class };
    crate::type_slots::slot_of_vm_type(class, id as u16)
}
