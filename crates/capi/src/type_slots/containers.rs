//! Calls of the sequence and mapping slots.

use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::owner::{CLASS, Owner, class_for};
use crate::slot_ids::*;

/// The number of items.
///
/// # Errors
/// TypeError if the slot is empty; what the slot raises.
pub(super) fn length(
    owner: Owner,
    id: u16,
    zelf: &PyObject,
    vm: &VirtualMachine,
) -> PyResult<isize> {
    let slots = class_for(owner, zelf, vm)?.slots();
    let length = if id == SQ_LENGTH {
        let function = slots.as_sequence.length.load();
        function.map(|function| function(zelf.sequence_unchecked(), vm))
    } else {
        let function = slots.as_mapping.length.load();
        function.map(|function| function(zelf.mapping_unchecked(), vm))
    };
    match length {
        Some(length) => isize::try_from(length?)
            .map_err(|_| vm.new_overflow_error("the length does not fit into Py_ssize_t")),
        None => Err(vm.new_type_error(format!(
            "object of type '{}' has no len()",
            zelf.class().slot_name()
        ))),
    }
}

/// The item at an index, or a repetition.
///
/// # Errors
/// TypeError if the slot is empty; what the slot raises.
pub(super) fn item(
    owner: Owner,
    id: u16,
    zelf: &PyObject,
    count: isize,
    vm: &VirtualMachine,
) -> PyResult {
    let slots = class_for(owner, zelf, vm)?.slots();
    if id == SQ_ITEM
        && owner != CLASS
        && let Some(subscript) = slots.as_mapping.subscript.load()
    {
        // Some sequence slots of the VM are wrong: that of `bytes` gives `bytes`.
        let index = vm.ctx.new_int(index(owner, count));
        return subscript(zelf.mapping_unchecked(), index.as_object(), vm);
    }
    let (function, count) = match id {
        SQ_REPEAT => (slots.as_sequence.repeat.load(), count),
        SQ_INPLACE_REPEAT => (slots.as_sequence.inplace_repeat.load(), count),
        _ => (slots.as_sequence.item.load(), index(owner, count)),
    };
    match function {
        Some(function) => function(zelf.sequence_unchecked(), count, vm),
        None => Err(vm.new_type_error("the object is not a sequence")),
    }
}

/// Sets an item, or deletes it if there is no value.
///
/// # Errors
/// TypeError if the slot is empty; what the slot raises.
pub(super) fn set_item(
    owner: Owner,
    zelf: &PyObject,
    position: isize,
    value: Option<PyObjectRef>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let slots = &class_for(owner, zelf, vm)?.slots().as_sequence;
    match slots.ass_item.load() {
        Some(function) => function(zelf.sequence_unchecked(), index(owner, position), value, vm),
        None => Err(vm.new_type_error("the object does not support item assignment")),
    }
}

/// The index for the VM's slot. In C, the caller of a slot has added the length to a negative index,
/// so one that is still negative is out of range. The VM's slots add the length themselves.
fn index(owner: Owner, index: isize) -> isize {
    if index < 0 && owner != CLASS {
        isize::MAX
    } else {
        index
    }
}

/// Whether an object is in a container.
///
/// # Errors
/// TypeError if the slot is empty; what the slot raises.
pub(super) fn contains(
    owner: Owner,
    zelf: &PyObject,
    item: &PyObject,
    vm: &VirtualMachine,
) -> PyResult<bool> {
    let slots = &class_for(owner, zelf, vm)?.slots().as_sequence;
    match slots.contains.load() {
        Some(function) => function(zelf.sequence_unchecked(), item, vm),
        None => Err(vm.new_type_error("the object is not a container")),
    }
}

/// A concatenation, or its in-place form.
///
/// # Errors
/// TypeError if the slot is empty; what the slot raises.
pub(super) fn concatenation(
    owner: Owner,
    id: u16,
    zelf: &PyObject,
    other: &PyObject,
    vm: &VirtualMachine,
) -> PyResult {
    let slots = &class_for(owner, zelf, vm)?.slots().as_sequence;
    let function = if id == SQ_CONCAT {
        slots.concat.load()
    } else {
        slots.inplace_concat.load()
    };
    match function {
        Some(function) => function(zelf.sequence_unchecked(), other, vm),
        None => Err(vm.new_type_error("the object cannot be concatenated")),
    }
}

/// The value of a key.
///
/// # Errors
/// TypeError if the slot is empty; what the slot raises.
pub(super) fn subscript(
    owner: Owner,
    zelf: &PyObject,
    key: &PyObject,
    vm: &VirtualMachine,
) -> PyResult {
    let slots = &class_for(owner, zelf, vm)?.slots().as_mapping;
    match slots.subscript.load() {
        Some(function) => function(zelf.mapping_unchecked(), key, vm),
        None => Err(vm.new_type_error("the object is not subscriptable")),
    }
}

/// Sets the value of a key, or deletes the key if there is no value.
///
/// # Errors
/// TypeError if the slot is empty; what the slot raises.
pub(super) fn set_subscript(
    owner: Owner,
    zelf: &PyObject,
    key: &PyObject,
    value: Option<PyObjectRef>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let slots = &class_for(owner, zelf, vm)?.slots().as_mapping;
    match slots.ass_subscript.load() {
        Some(function) => function(zelf.mapping_unchecked(), key, value, vm),
        None => Err(vm.new_type_error("the object does not support item assignment")),
    }
}
