//! `dictobject.h`: dicts that C code reads and changes. Their contents are used directly, even in a
//! subclass with methods of its own. The other functions of the header come from `rustpython-capi`.

use core::ffi::c_int;
use core::ptr::{NonNull, null_mut};

use rustpython_vm::builtins::PyDict;
use rustpython_vm::{PyObject, PyPayload, PyResult, VirtualMachine};

use crate::boundary::{argument, borrowed, enter, instance, new_reference};

/// Stores borrowed references to the key and the value at a position, which starts at 0, and
/// advances the position. Returns 1; or 0 if there are no more entries, or if the object is not a
/// dict.
///
/// # Safety
/// `dict` is NULL or an object. `position` can be read and written to. `key` and `value` are NULL
/// or can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyDict_Next(
    dict: *mut PyObject,
    position: *mut isize,
    key: *mut *mut PyObject,
    value: *mut *mut PyObject,
) -> c_int {
    enter(|_| {
        // SAFETY: `dict` is NULL or an object, which the caller keeps alive.
        let dict = unsafe { dict.as_ref() }.and_then(PyObject::downcast_ref::<PyDict>);
        // SAFETY: the caller promises that `position` can be read.
        let start = usize::try_from(unsafe { position.read() }).ok();
        let entry = dict
            .zip(start)
            .and_then(|(dict, start)| dict.next_entry(start));
        let Some((next, found_key, found_value)) = entry else {
            return Ok(0);
        };
        // SAFETY: the caller promises that `position` can be written to.
        unsafe { position.write(next.cast_signed()) };
        for (place, found) in [(key, found_key), (value, found_value)] {
            if let Some(place) = NonNull::new(place) {
                // SAFETY: the caller promises that `place` can be written to.
                unsafe { place.write(borrowed(&found)) };
            }
        }
        Ok(1)
    })
}

/// The number of entries; -1 with SystemError if it is not a dict.
///
/// # Safety
/// `dict` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyDict_Size(dict: *mut PyObject) -> isize {
    enter(|vm| {
        // SAFETY: `dict` is NULL or an object, which the caller keeps alive.
        let dict = unsafe { instance::<PyDict>(dict, vm) }?;
        Ok(dict.__len__().cast_signed())
    })
}

/// A new dict with the same entries; NULL with SystemError if it is not a dict.
///
/// # Safety
/// `dict` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyDict_Copy(dict: *mut PyObject) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `dict` is NULL or an object, which the caller keeps alive.
        let dict = unsafe { instance::<PyDict>(dict, vm) }?;
        let copy: PyDict = (**dict).copy();
        Ok(new_reference(copy.into_ref(&vm.ctx)))
    })
}

/// A new list of the keys; NULL with SystemError if it is not a dict.
///
/// # Safety
/// `dict` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyDict_Keys(dict: *mut PyObject) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `dict` is NULL or an object, which the caller keeps alive.
        let dict = unsafe { instance::<PyDict>(dict, vm) }?;
        Ok(new_reference(vm.ctx.new_list(dict.keys_vec())))
    })
}

/// A new list of the values; NULL with SystemError if it is not a dict.
///
/// # Safety
/// `dict` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyDict_Values(dict: *mut PyObject) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `dict` is NULL or an object, which the caller keeps alive.
        let dict = unsafe { instance::<PyDict>(dict, vm) }?;
        Ok(new_reference(vm.ctx.new_list(dict.values_vec())))
    })
}

/// Stores a new reference to a value and returns 1. Without such a key it stores NULL and returns 0; if
/// it fails, it stores NULL and returns -1 with an exception.
///
/// # Safety
/// `dict` and `key` are NULL or objects, and `result` can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyDict_GetItemRef(
    dict: *mut PyObject,
    key: *mut PyObject,
    result: *mut *mut PyObject,
) -> c_int {
    // SAFETY: the caller promises that `result` can be written to.
    unsafe { result.write(null_mut()) };
    enter(|vm| {
        // SAFETY: `dict` is NULL or an object, which the caller keeps alive.
        let dict = unsafe { instance::<PyDict>(dict, vm) }?;
        // SAFETY: `key` is NULL or an object, which the caller keeps alive.
        let key = unsafe { argument(key, vm) }?;
        let Some(found) = dict.inner_getitem_opt(key, vm)? else {
            return Ok(0);
        };
        // SAFETY: the caller promises that `result` can be written to.
        unsafe { result.write(new_reference(found)) };
        Ok(1)
    })
}

/// A borrowed reference to a value; NULL without an exception if there is no such key, or with an
/// exception.
///
/// # Safety
/// Both arguments are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyDict_GetItemWithError(
    dict: *mut PyObject,
    key: *mut PyObject,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `dict` is NULL or an object, which the caller keeps alive.
        let dict = unsafe { instance::<PyDict>(dict, vm) }?;
        // SAFETY: `key` is NULL or an object, which the caller keeps alive.
        let found = dict.inner_getitem_opt(unsafe { argument(key, vm) }?, vm)?;
        // The dict keeps the value.
        Ok(found.map_or(null_mut(), |value| borrowed(&value)))
    })
}

/// Sets an entry. Returns 0, or -1 with an exception.
///
/// # Safety
/// The arguments are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyDict_SetItem(
    dict: *mut PyObject,
    key: *mut PyObject,
    value: *mut PyObject,
) -> c_int {
    enter(|vm| {
        // SAFETY: `dict` is NULL or an object, which the caller keeps alive.
        let dict = unsafe { instance::<PyDict>(dict, vm) }?;
        // SAFETY: `key` is NULL or an object, which the caller keeps alive.
        let key = unsafe { argument(key, vm) }?;
        // SAFETY: `value` is NULL or an object, which the caller keeps alive.
        let value = unsafe { argument(value, vm) }?.to_owned();
        dict.inner_setitem(key, value, vm)?;
        Ok(0)
    })
}

/// Deletes an entry. Returns 0; or -1 with KeyError if there is none, or with another exception.
///
/// # Safety
/// Both arguments are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyDict_DelItem(dict: *mut PyObject, key: *mut PyObject) -> c_int {
    enter(|vm| {
        // SAFETY: `dict` is NULL or an object, which the caller keeps alive.
        let dict = unsafe { instance::<PyDict>(dict, vm) }?;
        // SAFETY: `key` is NULL or an object, which the caller keeps alive.
        let key = unsafe { argument(key, vm) }?;
        if dict.pop_item(key, vm)?.is_none() {
            return Err(vm.new_key_error(key.to_owned()));
        }
        Ok(0)
    })
}

/// Sets the entries of another mapping, which has the method `keys`. Returns 0, or -1 with an exception.
///
/// # Safety
/// Both arguments are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyDict_Update(dict: *mut PyObject, other: *mut PyObject) -> c_int {
    enter(|vm| {
        // SAFETY: `dict` is NULL or an object, which the caller keeps alive.
        let dict = unsafe { instance::<PyDict>(dict, vm) }?;
        // SAFETY: `other` is NULL or an object, which the caller keeps alive.
        let other = unsafe { argument(other, vm) }?;
        if other.downcast_ref_if_exact::<PyDict>(vm).is_none() {
            require_keys(other, vm)?;
        }
        dict.merge_object(other.to_owned(), vm)?;
        Ok(0)
    })
}

/// # Errors
/// AttributeError if an object has no `keys`. The VM would take it for a sequence of entries.
fn require_keys(object: &PyObject, vm: &VirtualMachine) -> PyResult<()> {
    object.get_attr("keys", vm).map(|_| ())
}
