//! `tupleobject.h`: tuples, which C code may create with a size and fill item by item. For the VM a
//! tuple is immutable; this file states the conditions under which it may be changed nevertheless.

use core::cell::UnsafeCell;
use core::ffi::c_int;
use core::ptr::NonNull;

use rustpython_vm::builtins::PyTuple;
use rustpython_vm::gc_state::{current_owner, gc_state};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::boundary::{argument, bad_internal_call, borrowed, enter, new_reference, owned};
use crate::varargs::Arguments;

/// A vector of `size` references to None.
///
/// # Errors
/// SystemError if the size is negative; MemoryError.
pub(crate) fn filled_with_none(size: isize, vm: &VirtualMachine) -> PyResult<Vec<PyObjectRef>> {
    let size = usize::try_from(size).map_err(|_| bad_internal_call(vm))?;
    let mut items = Vec::new();
    items
        .try_reserve_exact(size)
        .map_err(|_| vm.no_memory_error())?;
    items.resize(size, vm.ctx.none());
    Ok(items)
}

/// A new tuple of `size` items, all None, which `PyTuple_SetItem` replaces.
#[unsafe(no_mangle)]
pub extern "C" fn PyTuple_New(size: isize) -> *mut PyObject {
    enter(|vm| {
        let tuple = vm.ctx.new_tuple(filled_with_none(size, vm)?);
        if !tuple.is_empty() {
            untrack(&tuple);
        }
        Ok(new_reference(tuple))
    })
}

/// Replaces an item of a tuple that is not shared yet. Steals the reference to `item`, even if it
/// fails; NULL stands for None.
///
/// # Safety
/// `tuple` is NULL, or an object that other threads can reach only through the collector. `item` is
/// NULL or a reference that the caller owns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyTuple_SetItem(
    tuple: *mut PyObject,
    index: isize,
    item: *mut PyObject,
) -> c_int {
    enter(|vm| {
        // SAFETY: `item` is NULL or a reference that the caller owns.
        let item = unsafe { owned(item) }.unwrap_or_else(|| vm.ctx.none());
        // SAFETY: `tuple` is NULL or an object, which the caller keeps alive.
        let tuple = unsafe { tuple.as_ref() }
            .and_then(|tuple| tuple.downcast_ref_if_exact::<PyTuple>(vm))
            .filter(|tuple| tuple.as_object().strong_count() == 1)
            .ok_or_else(|| bad_internal_call(vm))?;
        let index = usize::try_from(index).ok();
        let index = index
            .filter(|index| *index < tuple.len())
            .ok_or_else(|| vm.new_index_error("tuple assignment index out of range"))?;
        // The old item is dropped last, because its finalizer may run any code.
        replace(tuple, index, item)
            .map(|_| 0)
            .ok_or_else(|| bad_internal_call(vm))
    })
}

/// Replaces an item and returns the old one; `None` if the tuple is shared.
///
/// The collector tracks the tuple once its last item is set; otherwise cycles through it would
/// never be freed. Until then the tuple is untracked, so that setting the items in order takes no
/// lock of the collector.
fn replace(tuple: &Py<PyTuple>, index: usize, item: PyObjectRef) -> Option<PyObjectRef> {
    const { assert!(size_of::<PyTuple>() == size_of::<Box<[PyObjectRef]>>()) };
    const { assert!(align_of::<PyTuple>() == align_of::<Box<[PyObjectRef]>>()) };
    let tracked = untrack(tuple);
    let unshared = tuple.as_object().strong_count() == 1;
    let replaced = unshared.then(|| {
        let payload: *const PyTuple = &**tuple;
        // SAFETY: the only field of a `PyTuple` is an `UnsafeCell` of the box, as the sizes show,
        // so this is the address of that cell.
        let items = unsafe { &*payload.cast::<UnsafeCell<Box<[PyObjectRef]>>>() };
        // SAFETY: no other thread reads or writes the items at this time.
        // - The caller has the only reference. Other threads could get one only through the
        //   collector's lists (`gc.get_objects`), and the tuple is not in them. An exact tuple has
        //   no weak references.
        // - A collection reads only objects that are in a list, and reads their contents only while
        //   all threads are stopped. This thread has no stopping point in here.
        // - The VM caches nothing that depends on the items, such as a hash.
        let items = unsafe { &mut *items.get() };
        core::mem::replace(&mut items[index], item)
    });
    if tracked || index + 1 == tuple.len() {
        // SAFETY: the tuple is alive and in no list: either `untrack` removed it, or it was in
        // none.
        unsafe { gc_state().track_object(NonNull::from(tuple.as_object()), current_owner()) };
    }
    replaced
}

/// Removes a tuple from the collector's lists. Returns whether it was in one.
fn untrack(tuple: &Py<PyTuple>) -> bool {
    let object = tuple.as_object();
    let tracked = object.is_gc_tracked();
    if tracked {
        // SAFETY: the tuple is alive and tracked, so it is in a list.
        unsafe { gc_state().untrack_object(NonNull::from(object)) };
    }
    tracked
}

/// The tuple behind an argument.
///
/// # Errors
/// SystemError if it is not a tuple, or NULL.
///
/// # Safety
/// `tuple` is NULL, or an object that lives for `'a`.
unsafe fn checked<'a>(tuple: *mut PyObject, vm: &VirtualMachine) -> PyResult<&'a Py<PyTuple>> {
    // SAFETY: `tuple` is NULL or an object, which the caller keeps alive.
    let tuple = unsafe { tuple.as_ref() };
    tuple
        .and_then(PyObject::downcast_ref::<PyTuple>)
        .ok_or_else(|| bad_internal_call(vm))
}

/// The number of items; -1 with SystemError if it is not a tuple.
///
/// # Safety
/// `tuple` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyTuple_Size(tuple: *mut PyObject) -> isize {
    enter(|vm| {
        // SAFETY: `tuple` is NULL or an object, which the caller keeps alive.
        let tuple = unsafe { checked(tuple, vm) }?;
        Ok(tuple.len().cast_signed())
    })
}

/// A borrowed reference to an item; NULL with SystemError if it is not a tuple, or IndexError.
///
/// # Safety
/// `tuple` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyTuple_GetItem(tuple: *mut PyObject, index: isize) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `tuple` is NULL or an object, which the caller keeps alive.
        let tuple = unsafe { checked(tuple, vm) }?;
        let index = usize::try_from(index).ok();
        index
            .and_then(|index| tuple.get(index))
            .map(|item| borrowed(item))
            .ok_or_else(|| vm.new_index_error("tuple index out of range"))
    })
}

/// A new tuple of the items from `low` up to `high`. Both are limited to the length of the tuple.
///
/// # Safety
/// `tuple` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyTuple_GetSlice(
    tuple: *mut PyObject,
    low: isize,
    high: isize,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `tuple` is NULL or an object, which the caller keeps alive.
        let tuple = unsafe { checked(tuple, vm) }?;
        let items = &tuple[clamped_range(low, high, tuple.len())];
        Ok(new_reference(vm.ctx.new_tuple(items.to_vec())))
    })
}

/// The range from `low` up to `high`, limited to a sequence of this length.
pub(crate) fn clamped_range(low: isize, high: isize, length: usize) -> core::ops::Range<usize> {
    let length = length.cast_signed();
    let low = low.clamp(0, length);
    let high = high.clamp(low, length);
    low.cast_unsigned()..high.cast_unsigned()
}

/// `PyTuple_Pack`: a new tuple of `count` objects. NULL with SystemError if the count is negative, or
/// if an object is NULL.
///
/// # Safety
/// The arguments are `count` objects, each of which may be NULL.
#[unsafe(no_mangle)]
unsafe extern "C" fn rustpython_capsule_pack(
    count: isize,
    mut arguments: Arguments,
) -> *mut PyObject {
    enter(|vm| {
        let mut items = filled_with_none(count, vm)?;
        for item in &mut items {
            // SAFETY: the caller promises `count` objects.
            let object = unsafe { arguments.object() };
            // SAFETY: it is NULL or an object, which the caller keeps alive.
            *item = unsafe { argument(object, vm) }?.to_owned();
        }
        Ok(new_reference(vm.ctx.new_tuple(items)))
    })
}
