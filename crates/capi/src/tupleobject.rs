//! `tupleobject.h`: tuples that C code makes empty and fills item by item. To the VM a tuple never
//! changes, so this is where one is changed all the same, and under which conditions.

use core::cell::UnsafeCell;
use core::ffi::c_int;
use core::ptr::NonNull;

use rustpython_vm::builtins::PyTuple;
use rustpython_vm::gc_state::{current_owner, gc_state};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::boundary::{bad_internal_call, borrowed, enter, new_reference, owned};

/// As many references to None.
///
/// # Errors
/// SystemError for a negative number; MemoryError.
pub(crate) fn filled_with_none(size: isize, vm: &VirtualMachine) -> PyResult<Vec<PyObjectRef>> {
    let size = usize::try_from(size).map_err(|_| bad_internal_call(vm))?;
    let mut items = Vec::new();
    items
        .try_reserve_exact(size)
        .map_err(|_| vm.no_memory_error())?;
    items.resize(size, vm.ctx.none());
    Ok(items)
}

/// A tuple for `PyTuple_SetItem` to fill. What is not filled is None.
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

/// Puts an item into a tuple that nobody else has. It takes over the reference to the item,
/// whatever comes of it; for NULL the item is None.
///
/// # Safety
/// `tuple` is NULL, or an object that no other thread can reach but through the collector. `item`
/// is NULL, or the reference is the caller's, who gives it up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyTuple_SetItem(
    tuple: *mut PyObject,
    index: isize,
    item: *mut PyObject,
) -> c_int {
    enter(|vm| {
        // SAFETY: passed on from the caller.
        let item = unsafe { owned(item) }.unwrap_or_else(|| vm.ctx.none());
        // SAFETY: passed on from the caller.
        let tuple = unsafe { tuple.as_ref() }
            .and_then(|tuple| tuple.downcast_ref_if_exact::<PyTuple>(vm))
            .filter(|tuple| tuple.as_object().strong_count() == 1)
            .ok_or_else(|| bad_internal_call(vm))?;
        let index = usize::try_from(index).ok();
        let index = index
            .filter(|index| *index < tuple.len())
            .ok_or_else(|| vm.new_index_error("tuple assignment index out of range"))?;
        // The item that was there ends last: its finalizer may run anything.
        replace(tuple, index, item)
            .map(|_| 0)
            .ok_or_else(|| bad_internal_call(vm))
    })
}

/// Puts an item in the place of another, which is given back; `None` if the tuple is shared.
///
/// A tuple is tracked by the collector from the moment that its last item is set, or it would keep
/// cycles alive for ever. Until then the collector does not know of it, so that setting the items
/// in order takes no lock of the collector's.
fn replace(tuple: &Py<PyTuple>, index: usize, item: PyObjectRef) -> Option<PyObjectRef> {
    const { assert!(size_of::<PyTuple>() == size_of::<Box<[PyObjectRef]>>()) };
    const { assert!(align_of::<PyTuple>() == align_of::<Box<[PyObjectRef]>>()) };
    let tracked = untrack(tuple);
    let alone = tuple.as_object().strong_count() == 1;
    let replaced = alone.then(|| {
        let payload: *const PyTuple = &**tuple;
        // SAFETY: the only field of a `PyTuple` is an `UnsafeCell` of the box, or the sizes would
        // differ, so this is its address.
        let items = unsafe { &*payload.cast::<UnsafeCell<Box<[PyObjectRef]>>>() };
        // SAFETY: nobody else reads or writes the items meanwhile. There is one reference, the
        // caller's, who uses it here. Others could get one through the collector's lists only
        // (`gc.get_objects`), where the tuple is not any more; an exact tuple has no weak
        // references. A collection reads no object that is in no list, and reads through those that
        // are only while it has stopped all threads, this one too, which stops nowhere in here.
        // The VM keeps nothing that it has computed from the items, as their hash, with a tuple.
        let items = unsafe { &mut *items.get() };
        core::mem::replace(&mut items[index], item)
    });
    if tracked || index + 1 == tuple.len() {
        // SAFETY: the tuple is alive, and in no list: either it was taken out above, or it had not
        // been put into one.
        unsafe { gc_state().track_object(NonNull::from(tuple.as_object()), current_owner()) };
    }
    replaced
}

/// Takes a tuple out of the collector's lists, and tells whether it was in one.
fn untrack(tuple: &Py<PyTuple>) -> bool {
    let object = tuple.as_object();
    let tracked = object.is_gc_tracked();
    if tracked {
        // SAFETY: the tuple is alive, and in a list.
        unsafe { gc_state().untrack_object(NonNull::from(object)) };
    }
    tracked
}

/// The tuple that an argument is.
///
/// # Errors
/// SystemError for anything else.
///
/// # Safety
/// `tuple` is NULL, or an object that lives for `'a`.
unsafe fn checked<'a>(tuple: *mut PyObject, vm: &VirtualMachine) -> PyResult<&'a Py<PyTuple>> {
    // SAFETY: passed on from the caller.
    let tuple = unsafe { tuple.as_ref() };
    tuple
        .and_then(PyObject::downcast_ref::<PyTuple>)
        .ok_or_else(|| bad_internal_call(vm))
}

/// # Safety
/// `tuple` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyTuple_Size(tuple: *mut PyObject) -> isize {
    enter(|vm| {
        // SAFETY: passed on from the caller.
        let tuple = unsafe { checked(tuple, vm) }?;
        Ok(tuple.len().cast_signed())
    })
}

/// Lends an item.
///
/// # Safety
/// `tuple` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyTuple_GetItem(tuple: *mut PyObject, index: isize) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: passed on from the caller.
        let tuple = unsafe { checked(tuple, vm) }?;
        let index = usize::try_from(index).ok();
        index
            .and_then(|index| tuple.get(index))
            .map(|item| borrowed(item))
            .ok_or_else(|| vm.new_index_error("tuple index out of range"))
    })
}

/// The items from `low` to `high`, which are cut to what there is.
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
        // SAFETY: passed on from the caller.
        let tuple = unsafe { checked(tuple, vm) }?;
        let items = &tuple[clamped_range(low, high, tuple.len())];
        Ok(new_reference(vm.ctx.new_tuple(items.to_vec())))
    })
}

/// The positions from `low` to `high` that a sequence of this length has.
pub(crate) fn clamped_range(low: isize, high: isize, length: usize) -> core::ops::Range<usize> {
    let length = length.cast_signed();
    let low = low.clamp(0, length);
    let high = high.clamp(low, length);
    low.cast_unsigned()..high.cast_unsigned()
}
