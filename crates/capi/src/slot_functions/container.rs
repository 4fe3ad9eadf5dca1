//! The slots of sequences and mappings.

use core::ffi::{c_int, c_void};
use core::mem::transmute;

use rustpython_vm::protocol::{PyMapping, PySequence};
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::call::{function_of, number_result, object_result, raw, raw_or_null, status_result};
use super::level::with_level;
use crate::instance::record_of;
use crate::slot_ids::*;
use crate::type_record::TypeRecord;

type Length = unsafe extern "C" fn(*mut PyObject) -> isize;
type Binary = unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject;
type WithIndex = unsafe extern "C" fn(*mut PyObject, isize) -> *mut PyObject;
type AssignIndex = unsafe extern "C" fn(*mut PyObject, isize, *mut PyObject) -> c_int;
type AssignKey = unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> c_int;
type Contains = unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> c_int;

fn length<const LEVEL: usize>(
    id: SlotId,
    object: &PyObject,
    vm: &VirtualMachine,
) -> PyResult<usize> {
    let function = function_of::<LEVEL>(object, id, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, Length>(function) };
    // SAFETY: as above; the argument is alive.
    let length = number_result(id, object, vm, || unsafe { function(raw(object)) })?;
    usize::try_from(length).map_err(|_| vm.new_value_error("__len__() should return >= 0"))
}

fn sequence_length<const LEVEL: usize>(
    sequence: PySequence<'_>,
    vm: &VirtualMachine,
) -> PyResult<usize> {
    length::<LEVEL>(SQ_LENGTH, sequence.obj, vm)
}

fn mapping_length<const LEVEL: usize>(
    mapping: PyMapping<'_>,
    vm: &VirtualMachine,
) -> PyResult<usize> {
    length::<LEVEL>(MP_LENGTH, mapping.obj, vm)
}

fn concat<const ID: SlotId, const LEVEL: usize>(
    sequence: PySequence<'_>,
    other: &PyObject,
    vm: &VirtualMachine,
) -> PyResult {
    let object = sequence.obj;
    let function = function_of::<LEVEL>(object, ID, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, Binary>(function) };
    // SAFETY: as above; the arguments are alive.
    object_result(ID, object, vm, || unsafe {
        function(raw(object), raw(other))
    })
}

fn repeat<const ID: SlotId, const LEVEL: usize>(
    sequence: PySequence<'_>,
    count: isize,
    vm: &VirtualMachine,
) -> PyResult {
    let object = sequence.obj;
    let function = function_of::<LEVEL>(object, ID, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, WithIndex>(function) };
    // SAFETY: as above; the argument is alive.
    object_result(ID, object, vm, || unsafe { function(raw(object), count) })
}

/// An index as `sq_item` expects it: a negative one counts from the end if there is a length.
fn from_start(object: &PyObject, index: isize, vm: &VirtualMachine) -> PyResult<isize> {
    let has_length = record_of(object).is_some_and(|record| !record.function(SQ_LENGTH).is_null());
    if index >= 0 || !has_length {
        return Ok(index);
    }
    let length = length::<{ usize::MAX }>(SQ_LENGTH, object, vm)?;
    Ok(index.saturating_add_unsigned(length))
}

fn item<const LEVEL: usize>(
    sequence: PySequence<'_>,
    index: isize,
    vm: &VirtualMachine,
) -> PyResult {
    let object = sequence.obj;
    let function = function_of::<LEVEL>(object, SQ_ITEM, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, WithIndex>(function) };
    let index = from_start(object, index, vm)?;
    // SAFETY: as above; the argument is alive.
    object_result(SQ_ITEM, object, vm, || unsafe {
        function(raw(object), index)
    })
}

fn assign_item<const LEVEL: usize>(
    sequence: PySequence<'_>,
    index: isize,
    value: Option<PyObjectRef>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let object = sequence.obj;
    let function = function_of::<LEVEL>(object, SQ_ASS_ITEM, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, AssignIndex>(function) };
    let index = from_start(object, index, vm)?;
    let value = raw_or_null(value.as_deref());
    // SAFETY: as above; the arguments are alive, or NULL to delete the item.
    status_result(SQ_ASS_ITEM, object, vm, || unsafe {
        function(raw(object), index, value)
    })
}

fn contains<const LEVEL: usize>(
    sequence: PySequence<'_>,
    item: &PyObject,
    vm: &VirtualMachine,
) -> PyResult<bool> {
    let object = sequence.obj;
    let function = function_of::<LEVEL>(object, SQ_CONTAINS, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, Contains>(function) };
    let found = number_result(SQ_CONTAINS, object, vm, || {
        // SAFETY: as above; the arguments are alive.
        let found = unsafe { function(raw(object), raw(item)) };
        found as isize
    });
    Ok(found? != 0)
}

fn subscript<const LEVEL: usize>(
    mapping: PyMapping<'_>,
    key: &PyObject,
    vm: &VirtualMachine,
) -> PyResult {
    let object = mapping.obj;
    let function = function_of::<LEVEL>(object, MP_SUBSCRIPT, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, Binary>(function) };
    // SAFETY: as above; the arguments are alive.
    object_result(MP_SUBSCRIPT, object, vm, || unsafe {
        function(raw(object), raw(key))
    })
}

fn assign_subscript<const LEVEL: usize>(
    mapping: PyMapping<'_>,
    key: &PyObject,
    value: Option<PyObjectRef>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let object = mapping.obj;
    let function = function_of::<LEVEL>(object, MP_ASS_SUBSCRIPT, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, AssignKey>(function) };
    let value = raw_or_null(value.as_deref());
    status_result(MP_ASS_SUBSCRIPT, object, vm, || {
        // SAFETY: as above; the arguments are alive, or NULL to delete the item.
        unsafe { function(raw(object), raw(key), value) }
    })
}

/// Fills the slots of the class's own functions.
pub(super) fn fill(record: &TypeRecord) {
    let slots = &record.class().slots;
    let level = record.content.level;
    macro_rules! fill {
        ($($id:ident => $group:ident $field:ident $function:ident $([$parameter:ident])?;)*) => {$(
            if record.is_own($id) {
                slots.$group.$field.store(Some(with_level!(level, $function $(, $parameter)?)));
            }
        )*};
    }
    fill! {
        SQ_LENGTH => as_sequence length sequence_length;
        SQ_CONCAT => as_sequence concat concat[SQ_CONCAT];
        SQ_REPEAT => as_sequence repeat repeat[SQ_REPEAT];
        SQ_ITEM => as_sequence item item;
        SQ_ASS_ITEM => as_sequence ass_item assign_item;
        SQ_CONTAINS => as_sequence contains contains;
        SQ_INPLACE_CONCAT => as_sequence inplace_concat concat[SQ_INPLACE_CONCAT];
        SQ_INPLACE_REPEAT => as_sequence inplace_repeat repeat[SQ_INPLACE_REPEAT];
        MP_LENGTH => as_mapping length mapping_length;
        MP_SUBSCRIPT => as_mapping subscript subscript;
        MP_ASS_SUBSCRIPT => as_mapping ass_subscript assign_subscript;
    }
}
