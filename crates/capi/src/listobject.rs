//! `listobject.h`: lists, which C code may also make of a size and fill item by item. No reference
//! is given up while a list is locked, since what ends with it may use the list.

use core::ffi::c_int;

use rustpython_vm::builtins::PyList;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::boundary::{bad_internal_call, enter, new_reference, owned};
use crate::tupleobject::{clamped_range, filled_with_none};

/// The list that an argument is.
///
/// # Errors
/// SystemError for anything else.
///
/// # Safety
/// `list` is NULL, or an object that lives for `'a`.
unsafe fn checked<'a>(list: *mut PyObject, vm: &VirtualMachine) -> PyResult<&'a Py<PyList>> {
    // SAFETY: passed on from the caller.
    let list = unsafe { list.as_ref() };
    list.and_then(PyObject::downcast_ref::<PyList>)
        .ok_or_else(|| bad_internal_call(vm))
}

/// A list for `PyList_SetItem` to fill, in any order. What is not filled is None.
#[unsafe(no_mangle)]
pub extern "C" fn PyList_New(size: isize) -> *mut PyObject {
    enter(|vm| Ok(new_reference(vm.ctx.new_list(filled_with_none(size, vm)?))))
}

/// # Safety
/// `list` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyList_Size(list: *mut PyObject) -> isize {
    enter(|vm| {
        // SAFETY: passed on from the caller.
        let list = unsafe { checked(list, vm) }?;
        Ok(list.borrow_vec().len().cast_signed())
    })
}

/// # Safety
/// `list` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyList_GetItemRef(list: *mut PyObject, index: isize) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: passed on from the caller.
        let Ok(list) = (unsafe { checked(list, vm) }) else {
            return Err(vm.new_type_error("expected a list"));
        };
        let index = usize::try_from(index).ok();
        let item = index.and_then(|index| list.borrow_vec().get(index).cloned());
        item.map(new_reference)
            .ok_or_else(|| vm.new_index_error("list index out of range"))
    })
}

/// Puts an item in the place of another. It takes over the reference to the item, whatever comes of
/// it; for NULL the item is None.
///
/// # Safety
/// `list` is NULL or an object. `item` is NULL, or the reference is the caller's, who gives it up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyList_SetItem(
    list: *mut PyObject,
    index: isize,
    item: *mut PyObject,
) -> c_int {
    enter(|vm| {
        // SAFETY: passed on from the caller.
        let item = unsafe { owned(item) }.unwrap_or_else(|| vm.ctx.none());
        // SAFETY: passed on from the caller.
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

/// # Safety
/// Both are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyList_Append(list: *mut PyObject, item: *mut PyObject) -> c_int {
    // SAFETY: passed on from the caller.
    unsafe { PyList_Insert(list, isize::MAX, item) }
}

/// Puts an item before the one at `index`, which counts from the end where it is negative and is
/// cut to what there is.
///
/// # Safety
/// Both are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyList_Insert(
    list: *mut PyObject,
    index: isize,
    item: *mut PyObject,
) -> c_int {
    enter(|vm| {
        // SAFETY: passed on from the caller.
        let list = unsafe { checked(list, vm) }?;
        // SAFETY: passed on from the caller.
        let item = unsafe { item.as_ref() }.ok_or_else(|| bad_internal_call(vm))?;
        let mut items = list.borrow_vec_mut();
        let length = items.len().cast_signed();
        let index = if index < 0 { index + length } else { index };
        items.insert(index.clamp(0, length).cast_unsigned(), item.to_owned());
        Ok(0)
    })
}

/// # Safety
/// `list` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyList_Reverse(list: *mut PyObject) -> c_int {
    enter(|vm| {
        // SAFETY: passed on from the caller.
        let list = unsafe { checked(list, vm) }?;
        list.borrow_vec_mut().reverse();
        Ok(0)
    })
}

/// # Safety
/// `list` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyList_Sort(list: *mut PyObject) -> c_int {
    enter(|vm| {
        // SAFETY: passed on from the caller.
        let list = unsafe { checked(list, vm) }?;
        // Not that of a subclass.
        let sort = vm.ctx.types.list_type.as_object().get_attr("sort", vm)?;
        sort.call((list.to_owned(),), vm)?;
        Ok(0)
    })
}

/// # Safety
/// `list` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyList_AsTuple(list: *mut PyObject) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: passed on from the caller.
        let list = unsafe { checked(list, vm) }?;
        let items = list.borrow_vec().to_vec();
        Ok(new_reference(vm.ctx.new_tuple(items)))
    })
}

/// The items from `low` to `high`, which are cut to what there is.
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
        // SAFETY: passed on from the caller.
        let list = unsafe { checked(list, vm) }?;
        let items = {
            let items = list.borrow_vec();
            items[clamped_range(low, high, items.len())].to_vec()
        };
        Ok(new_reference(vm.ctx.new_list(items)))
    })
}

/// Puts the items of an iterable, none for NULL, in the place of those from `low` to `high`.
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
        // SAFETY: passed on from the caller.
        let list = unsafe { checked(list, vm) }?;
        // SAFETY: passed on from the caller.
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
