//! `listobject.h`: lists, which C code may create with a size and fill item by item. No reference
//! is dropped while a list is locked, because a finalizer may use the list.

use core::ffi::c_int;

use rustpython_vm::builtins::PyList;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::boundary::{bad_internal_call, enter, new_reference, owned};
use crate::tupleobject::{clamped_range, filled_with_none};

/// The list behind an argument.
///
/// # Errors
/// SystemError if it is not a list, or NULL.
///
/// # Safety
/// `list` is NULL, or an object that lives for `'a`.
unsafe fn checked<'a>(list: *mut PyObject, vm: &VirtualMachine) -> PyResult<&'a Py<PyList>> {
    // SAFETY: `list` is NULL or an object, which the caller keeps alive.
    let list = unsafe { list.as_ref() };
    list.and_then(PyObject::downcast_ref::<PyList>)
        .ok_or_else(|| bad_internal_call(vm))
}

/// A new list of `size` items, all None, which `PyList_SetItem` replaces in any order.
#[unsafe(no_mangle)]
pub extern "C" fn PyList_New(size: isize) -> *mut PyObject {
    enter(|vm| Ok(new_reference(vm.ctx.new_list(filled_with_none(size, vm)?))))
}

/// The number of items; -1 with SystemError if it is not a list.
///
/// # Safety
/// `list` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyList_Size(list: *mut PyObject) -> isize {
    enter(|vm| {
        // SAFETY: `list` is NULL or an object, which the caller keeps alive.
        let list = unsafe { checked(list, vm) }?;
        Ok(list.borrow_vec().len().cast_signed())
    })
}

/// A new reference to an item; NULL with TypeError if it is not a list, or IndexError.
///
/// # Safety
/// `list` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyList_GetItemRef(list: *mut PyObject, index: isize) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `list` is NULL or an object, which the caller keeps alive.
        let Ok(list) = (unsafe { checked(list, vm) }) else {
            return Err(vm.new_type_error("expected a list"));
        };
        let index = usize::try_from(index).ok();
        let item = index.and_then(|index| list.borrow_vec().get(index).cloned());
        item.map(new_reference)
            .ok_or_else(|| vm.new_index_error("list index out of range"))
    })
}

/// Replaces an item. Steals the reference to `item`, even if it fails; NULL stands for None.
///
/// # Safety
/// `list` is NULL or an object. `item` is NULL or a reference that the caller owns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyList_SetItem(
    list: *mut PyObject,
    index: isize,
    item: *mut PyObject,
) -> c_int {
    enter(|vm| {
        // SAFETY: `item` is NULL or a reference that the caller owns; this function steals it.
        let item = unsafe { owned(item) }.unwrap_or_else(|| vm.ctx.none());
        // SAFETY: `list` is NULL or an object, which the caller keeps alive.
        let list = unsafe { checked(list, vm) }?;
        let replaced = usize::try_from(index).ok().and_then(|index| {
            let mut items = list.borrow_vec_mut();
            let place = items.get_mut(index)?;
            Some(core::mem::replace(place, item))
        });
        replaced
            .map(|_| 0)
            .ok_or_else(|| vm.new_index_error("list assignment index out of range"))
    })
}

/// Appends an item.
///
/// # Safety
/// Both arguments are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyList_Append(list: *mut PyObject, item: *mut PyObject) -> c_int {
    // SAFETY: `PyList_Insert` makes the same demands as this function.
    unsafe { PyList_Insert(list, isize::MAX, item) }
}

/// Inserts an item before the one at `index`. A negative index counts from the end; an index out of
/// range means the start or the end.
///
/// # Safety
/// `list` and `item` are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyList_Insert(
    list: *mut PyObject,
    index: isize,
    item: *mut PyObject,
) -> c_int {
    enter(|vm| {
        // SAFETY: `list` is NULL or an object, which the caller keeps alive.
        let list = unsafe { checked(list, vm) }?;
        // SAFETY: `item` is NULL or an object, which the caller keeps alive.
        let item = unsafe { item.as_ref() }.ok_or_else(|| bad_internal_call(vm))?;
        let mut items = list.borrow_vec_mut();
        let length = items.len().cast_signed();
        let index = if index < 0 { index + length } else { index };
        items.insert(index.clamp(0, length).cast_unsigned(), item.to_owned());
        Ok(0)
    })
}

/// Reverses the list in place.
///
/// # Safety
/// `list` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyList_Reverse(list: *mut PyObject) -> c_int {
    enter(|vm| {
        // SAFETY: `list` is NULL or an object, which the caller keeps alive.
        let list = unsafe { checked(list, vm) }?;
        list.borrow_vec_mut().reverse();
        Ok(0)
    })
}

/// Sorts the list in place, with `list.sort`.
///
/// # Safety
/// `list` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyList_Sort(list: *mut PyObject) -> c_int {
    enter(|vm| {
        // SAFETY: `list` is NULL or an object, which the caller keeps alive.
        let list = unsafe { checked(list, vm) }?;
        // The method of `list`, even if a subclass overrides it.
        let sort = vm.ctx.types.list_type.as_object().get_attr("sort", vm)?;
        sort.call((list.to_owned(),), vm)?;
        Ok(0)
    })
}

/// A new tuple of the items.
///
/// # Safety
/// `list` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyList_AsTuple(list: *mut PyObject) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `list` is NULL or an object, which the caller keeps alive.
        let list = unsafe { checked(list, vm) }?;
        let items = list.borrow_vec().to_vec();
        Ok(new_reference(vm.ctx.new_tuple(items)))
    })
}

/// A new list of the items from `low` up to `high`. Both are limited to the length of the list.
///
/// # Safety
/// `list` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyList_GetSlice(
    list: *mut PyObject,
    low: isize,
    high: isize,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `list` is NULL or an object, which the caller keeps alive.
        let list = unsafe { checked(list, vm) }?;
        let items = {
            let items = list.borrow_vec();
            items[clamped_range(low, high, items.len())].to_vec()
        };
        Ok(new_reference(vm.ctx.new_list(items)))
    })
}

/// Replaces the items from `low` up to `high` by those of an iterable; NULL deletes them.
///
/// # Safety
/// `list` and `items` are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyList_SetSlice(
    list: *mut PyObject,
    low: isize,
    high: isize,
    items: *mut PyObject,
) -> c_int {
    enter(|vm| {
        // SAFETY: `list` is NULL or an object, which the caller keeps alive.
        let list = unsafe { checked(list, vm) }?;
        // SAFETY: `items` is NULL or an object, which the caller keeps alive.
        let items: Vec<PyObjectRef> = match unsafe { items.as_ref() } {
            None => Vec::new(),
            Some(items) if items.class().slots.iter.load().is_none() => {
                return Err(vm.new_type_error("can only assign an iterable"));
            }
            Some(items) => items.try_to_value(vm)?,
        };
        let replaced: Vec<PyObjectRef> = {
            let mut all = list.borrow_vec_mut();
            let clamped_range = clamped_range(low, high, all.len());
            all.splice(clamped_range, items).collect()
        };
        drop(replaced);
        Ok(0)
    })
}
