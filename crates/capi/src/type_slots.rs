//! Slots of the VM's own classes, for C code.

use core::ffi::c_void;
use core::ptr::null_mut;

use rustpython_vm::Py;
use rustpython_vm::builtins::PyType;

use crate::slot_ids::SlotId;

/// A function of a class that is not from C.
pub(crate) fn slot_of_vm_type(_class: &Py<PyType>, _id: SlotId) -> *mut c_void {
    null_mut()
}
