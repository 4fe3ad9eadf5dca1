//! `abstract.h`: sequences, mappings, iterators and numbers. `abstract` has the calls. The other
//! functions of the header come from `rustpython-capi`.

use core::ffi::{c_int, c_void};
use core::ptr::null_mut;

use rustpython_vm::builtins::{PyBaseExceptionRef, PyDict, PySlice, PyTuple};
use rustpython_vm::protocol::{PyIter, PyIterReturn};
use rustpython_vm::types::PyTypeFlags;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine};

use crate::boundary::{argument, borrowed, call_c, checked_result, enter, new_reference};
use crate::instance::record_of;
use crate::slot_ids::AM_SEND;

/// 1 if an object has items by number, like a list or a class with `__getitem__`, and is no dict; else 0.
///
/// # Safety
/// `object` is an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PySequence_Check(object: *mut PyObject) -> c_int {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    let object = unsafe { object.as_ref() };
    c_int::from(object.is_some_and(is_sequence))
}

fn is_sequence(object: &PyObject) -> bool {
    object.downcast_ref::<PyDict>().is_none() && object.sequence_unchecked().check()
}

/// The number of items of a sequence; -1 with an exception.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PySequence_Size(object: *mut PyObject) -> isize {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let object = unsafe { argument(object, vm) }?;
        let has_length = object.sequence_unchecked().slots().length.load().is_some();
        if !has_length && object.mapping_unchecked().slots().length.load().is_some() {
            return Err(not_a_sequence(object, vm));
        }
        object.length(vm).map(usize::cast_signed)
    })
}

/// The number of items of a sequence; -1 with an exception.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PySequence_Length(object: *mut PyObject) -> isize {
    // SAFETY: `object` is NULL or an object, by the contract of this function.
    unsafe { PySequence_Size(object) }
}

fn not_a_sequence(object: &PyObject, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let class = object.class().slot_name().to_string();
    vm.new_type_error(format!("{class} is not a sequence"))
}

/// A new reference to an item of a sequence; a negative number counts from the end. NULL with an
/// exception.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PySequence_GetItem(object: *mut PyObject, index: isize) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let object = unsafe { argument(object, vm) }?;
        if !object.sequence_unchecked().check() {
            if object.mapping_unchecked().check() {
                return Err(not_a_sequence(object, vm));
            }
            let class = object.class().slot_name().to_string();
            let text = format!("'{class}' object does not support indexing");
            return Err(vm.new_type_error(text));
        }
        let mut index = index;
        let in_python = object
            .class()
            .slots
            .flags
            .has_feature(PyTypeFlags::HEAPTYPE);
        let has_length = object.sequence_unchecked().slots().length.load().is_some();
        // A class of Python code gets the number counted from the beginning, even if it is still
        // negative. The VM's own classes count for themselves.
        if index < 0 && in_python && has_length {
            index = index.saturating_add(object.length(vm)?.cast_signed());
        }
        object
            .get_item(vm.ctx.new_int(index).as_object(), vm)
            .map(new_reference)
    })
}

/// A new reference to the items of a sequence from `low` up to `high`, as `object[low:high]`. NULL with an
/// exception.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PySequence_GetSlice(
    object: *mut PyObject,
    low: isize,
    high: isize,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let object = unsafe { argument(object, vm) }?;
        if !object.mapping_unchecked().check() {
            let class = object.class().slot_name().to_string();
            return Err(vm.new_type_error(format!("'{class}' object is unsliceable")));
        }
        let slice = PySlice {
            start: Some(vm.ctx.new_int(low).into()),
            stop: vm.ctx.new_int(high).into(),
            step: None,
        };
        object
            .get_item(slice.into_ref(&vm.ctx).as_object(), vm)
            .map(new_reference)
    })
}

/// A new list of the items of an iterable; NULL with an exception.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PySequence_List(object: *mut PyObject) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let object = unsafe { argument(object, vm) }?;
        list(object, vm).map(new_reference)
    })
}

fn list(object: &PyObject, vm: &VirtualMachine) -> PyResult {
    let class = vm.ctx.types.list_type.as_object();
    class.call((object.to_owned(),), vm)
}

/// A new reference to a tuple of the items of an iterable, which is `object` itself if its class is
/// exactly `tuple`. NULL with an exception.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PySequence_Tuple(object: *mut PyObject) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let object = unsafe { argument(object, vm) }?;
        if object.downcast_ref_if_exact::<PyTuple>(vm).is_some() {
            return Ok(new_reference(object.to_owned()));
        }
        let class = vm.ctx.types.tuple_type.as_object();
        class.call((object.to_owned(),), vm).map(new_reference)
    })
}

/// A new list of the keys of a mapping; NULL with an exception.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyMapping_Keys(object: *mut PyObject) -> *mut PyObject {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    enter(|vm| unsafe { listed(object, "keys", vm) })
}

/// A new list of the values of a mapping; NULL with an exception.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyMapping_Values(object: *mut PyObject) -> *mut PyObject {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    enter(|vm| unsafe { listed(object, "values", vm) })
}

/// A new list of the entries of a mapping, which are tuples; NULL with an exception.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyMapping_Items(object: *mut PyObject) -> *mut PyObject {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    enter(|vm| unsafe { listed(object, "items", vm) })
}

/// A new list of what a method returns.
///
/// # Safety
/// `object` is NULL or an object.
unsafe fn listed(
    object: *mut PyObject,
    method: &'static str,
    vm: &VirtualMachine,
) -> PyResult<*mut PyObject> {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    let object = unsafe { argument(object, vm) }?;
    let found = vm.call_method(object, method, ())?;
    let items = found.get_iter(vm).map_err(|error| {
        if !error.class().is_subtype(vm.ctx.exceptions.type_error) {
            return error;
        }
        let (class, other) = (
            object.class().slot_name().to_string(),
            found.class().slot_name().to_string(),
        );
        let text = format!("{class}.{method}() returned a non-iterable (type {other})");
        vm.new_type_error(text)
    })?;
    list(&PyObjectRef::from(items), vm).map(new_reference)
}

/// Stores a new reference to the next item of an iterator and returns 1. At the end it stores NULL and
/// returns 0; if it fails, it stores NULL and returns -1 with an exception.
///
/// # Safety
/// `iterator` is NULL or an object, and `item` can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyIter_NextItem(
    iterator: *mut PyObject,
    item: *mut *mut PyObject,
) -> c_int {
    // SAFETY: the caller promises that `item` can be written to.
    unsafe { item.write(core::ptr::null_mut()) };
    enter(|vm| {
        // SAFETY: `iterator` is NULL or an object, which the caller keeps alive.
        let iterator = unsafe { argument(iterator, vm) }?;
        if !PyIter::check(iterator) {
            let class = iterator.class().slot_name().to_string();
            return Err(vm.new_type_error(format!("expected an iterator, got '{class}'")));
        }
        match PyIter::new(iterator).next(vm)? {
            PyIterReturn::Return(next) => {
                // SAFETY: the caller promises that `item` can be written to.
                unsafe { item.write(new_reference(next)) };
                Ok(1)
            }
            PyIterReturn::StopIteration(_) => Ok(0),
        }
    })
}

/// A new `int`, as `int(object)`; NULL with an exception.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyNumber_Long(object: *mut PyObject) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let object = unsafe { argument(object, vm) }?;
        let class = vm.ctx.types.int_type.as_object();
        class.call((object.to_owned(),), vm).map(new_reference)
    })
}

/// A new `float`, as `float(object)`; NULL with an exception.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyNumber_Float(object: *mut PyObject) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let object = unsafe { argument(object, vm) }?;
        let class = vm.ctx.types.float_type.as_object();
        class.call((object.to_owned(),), vm).map(new_reference)
    })
}

/// `sendfunc`: sends a value to an object and stores a new reference to what it answers, or NULL.
type Send = unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut *mut PyObject) -> c_int;

/// Sends a value to an iterator, and stores a new reference in `result`. Returns 1 if the iterator
/// yielded that object, 0 if it returned it; -1 with an exception and NULL. None is sent to an
/// iterator without a method `send` by asking for its next item.
///
/// # Safety
/// `iterator` and `value` are NULL or objects; `result` can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyIter_Send(
    iterator: *mut PyObject,
    value: *mut PyObject,
    result: *mut *mut PyObject,
) -> c_int {
    // SAFETY: the caller passes a place to write to.
    unsafe { result.write(null_mut()) };
    enter(|vm| {
        // SAFETY: `iterator` is NULL or an object, which the caller keeps alive.
        let iterator = unsafe { argument(iterator, vm) }?;
        // SAFETY: `value` is NULL or an object, which the caller keeps alive.
        let value = unsafe { argument(value, vm) }?;
        let record = record_of(iterator);
        let function = record.map_or(null_mut(), |record| record.function(AM_SEND));
        if !function.is_null() {
            // SAFETY: C code promised a function of this type for this slot.
            let send = unsafe { core::mem::transmute::<*mut c_void, Send>(function) };
            // SAFETY: as above; the arguments are alive, and the caller passes the place.
            let send = || unsafe { send(borrowed(iterator), borrowed(value), result) };
            let (status, raised) = call_c(vm, send);
            let sent = (status >= 0).then_some(status);
            return checked_result(sent, raised, |what| format!("am_send {what}"), vm);
        }
        let (status, object) = match sent(iterator, value, vm)? {
            PyIterReturn::Return(object) => (1, object),
            PyIterReturn::StopIteration(object) => (0, object.unwrap_or_else(|| vm.ctx.none())),
        };
        // SAFETY: the caller passes a place to write to.
        unsafe { result.write(new_reference(object)) };
        Ok(status)
    })
}

fn sent(iterator: &PyObject, value: &PyObject, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
    let next = iterator.class().slots.iternext.load();
    let sent = match next.filter(|_| vm.is_none(value)) {
        Some(next) => return next(iterator, vm),
        None => vm.call_method(iterator, "send", (value.to_owned(),)),
    };
    PyIterReturn::from_pyresult(sent, vm)
}
