//! The C functions that stand for the VM's slots, one generic function for each signature, named as
//! in CPython. Each is compiled for every slot with that signature and for every [`Owner`].
//!
//! All take objects that the caller keeps alive during the call. They return a new reference or a
//! number, or NULL or -1 with an exception; NULL for an object that must not be NULL is a
//! SystemError.

use core::ffi::{c_int, c_void};
use core::ptr::{NonNull, null_mut};

use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::asynchronous::Sent;
use super::owner::{OWNERS, Owner};
use super::{asynchronous, buffers, containers, numbers, objects};
use crate::boundary::{Failure, argument, enter, new_reference};
use crate::buffer_view::{PyBufferView, flags_of};
use crate::slot_ids::*;

/// The function of a slot for an owner; NULL if there is none for the slot.
pub(super) fn function(owner: Owner, id: u16) -> *mut c_void {
    const { assert!(OWNERS == 15) };
    match owner {
        0 => of::<0>(id),
        1 => of::<1>(id),
        2 => of::<2>(id),
        3 => of::<3>(id),
        4 => of::<4>(id),
        5 => of::<5>(id),
        6 => of::<6>(id),
        7 => of::<7>(id),
        8 => of::<8>(id),
        9 => of::<9>(id),
        10 => of::<10>(id),
        11 => of::<11>(id),
        12 => of::<12>(id),
        13 => of::<13>(id),
        14 => of::<14>(id),
        _ => null_mut(),
    }
}

/// Chooses the instance of a generic function by the number of a slot.
macro_rules! choose {
    ($id:expr, $owner:ident, { $($function:ident: $($slot:ident)+;)+ }) => {
        match $id {
            $($($slot => $function::<$owner, $slot> as *const () as *mut c_void,)+)+
            _ => null_mut(),
        }
    };
}

fn of<const OWNER: Owner>(id: u16) -> *mut c_void {
    choose!(id, OWNER, {
        unaryfunc: NB_ABSOLUTE NB_FLOAT NB_INDEX NB_INT NB_INVERT NB_NEGATIVE NB_POSITIVE TP_REPR
            TP_STR TP_ITER TP_ITERNEXT AM_AWAIT AM_AITER AM_ANEXT;
        binaryfunc: NB_ADD NB_AND NB_DIVMOD NB_FLOOR_DIVIDE NB_LSHIFT NB_MATRIX_MULTIPLY NB_MULTIPLY
            NB_OR NB_REMAINDER NB_RSHIFT NB_SUBTRACT NB_TRUE_DIVIDE NB_XOR NB_INPLACE_ADD
            NB_INPLACE_AND NB_INPLACE_FLOOR_DIVIDE NB_INPLACE_LSHIFT NB_INPLACE_MATRIX_MULTIPLY
            NB_INPLACE_MULTIPLY NB_INPLACE_OR NB_INPLACE_REMAINDER NB_INPLACE_RSHIFT
            NB_INPLACE_SUBTRACT NB_INPLACE_TRUE_DIVIDE NB_INPLACE_XOR SQ_CONCAT SQ_INPLACE_CONCAT
            MP_SUBSCRIPT TP_GETATTRO;
        ternaryfunc: NB_POWER NB_INPLACE_POWER TP_CALL TP_NEW TP_DESCR_GET;
        ssizeargfunc: SQ_ITEM SQ_REPEAT SQ_INPLACE_REPEAT;
        inquiry: NB_BOOL TP_IS_GC;
        lenfunc: SQ_LENGTH MP_LENGTH TP_HASH;
        objobjproc: SQ_CONTAINS;
        ssizeobjargproc: SQ_ASS_ITEM;
        objobjargproc: MP_ASS_SUBSCRIPT TP_SETATTRO TP_DESCR_SET TP_INIT;
        richcmpfunc: TP_RICHCOMPARE;
        sendfunc: AM_SEND;
        destructor: TP_FINALIZE;
        getbufferproc: BF_GETBUFFER;
        releasebufferproc: BF_RELEASEBUFFER;
    })
}

/// Runs a slot function in the VM, unless calls are nested too deeply.
fn run<R: Failure>(f: impl FnOnce(&VirtualMachine) -> PyResult<R>) -> R {
    enter(|vm| vm.with_recursion("while calling a Python object", || f(vm)))
}

/// An argument that may be NULL.
///
/// # Safety
/// `object` is NULL, or an object that lives for `'a`.
unsafe fn optional<'a>(object: *mut PyObject) -> Option<&'a PyObject> {
    // SAFETY: by the contract of this function.
    unsafe { object.as_ref() }
}

/// # Safety
/// As the module says.
unsafe extern "C" fn unaryfunc<const OWNER: Owner, const ID: u16>(
    zelf: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: by the contract of this function.
    unsafe { unary(OWNER, ID, zelf) }
}

/// # Safety
/// As the module says.
unsafe fn unary(owner: Owner, id: u16, zelf: *mut PyObject) -> *mut PyObject {
    run(|vm| {
        // SAFETY: by the contract of this function.
        let zelf = unsafe { argument(zelf, vm) }?;
        let result = match id {
            TP_REPR => objects::repr(owner, zelf, vm),
            TP_STR => objects::text(owner, zelf, vm),
            TP_ITER => objects::iterator(owner, zelf, vm),
            AM_AWAIT | AM_AITER | AM_ANEXT => asynchronous::call(id, zelf, vm),
            TP_ITERNEXT => {
                let item = objects::next_item(owner, zelf, vm)?;
                return Ok(item.map_or(null_mut(), new_reference));
            }
            _ => numbers::unary(owner, id, zelf, vm),
        };
        result.map(new_reference)
    })
}

/// # Safety
/// As the module says.
unsafe extern "C" fn binaryfunc<const OWNER: Owner, const ID: u16>(
    left: *mut PyObject,
    right: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: by the contract of this function.
    unsafe { binary(OWNER, ID, left, right) }
}

/// # Safety
/// As the module says.
unsafe fn binary(
    owner: Owner,
    id: u16,
    left: *mut PyObject,
    right: *mut PyObject,
) -> *mut PyObject {
    run(|vm| {
        // SAFETY: by the contract of this function.
        let left = unsafe { argument(left, vm) }?;
        // SAFETY: by the contract of this function.
        let right = unsafe { argument(right, vm) }?;
        let result = match id {
            SQ_CONCAT | SQ_INPLACE_CONCAT => containers::concatenation(owner, id, left, right, vm),
            MP_SUBSCRIPT => containers::subscript(owner, left, right, vm),
            TP_GETATTRO => objects::attribute(owner, left, right, vm),
            _ => numbers::binary(owner, id, left, right, vm),
        };
        result.map(new_reference)
    })
}

/// The last argument of `tp_call` and `tp_new` is NULL or a dict. The last two of `tp_descr_get` may
/// be NULL.
///
/// # Safety
/// As the module says.
unsafe extern "C" fn ternaryfunc<const OWNER: Owner, const ID: u16>(
    first: *mut PyObject,
    second: *mut PyObject,
    third: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: by the contract of this function.
    unsafe { ternary(OWNER, ID, [first, second, third]) }
}

/// # Safety
/// As the module says.
unsafe fn ternary(owner: Owner, id: u16, arguments: [*mut PyObject; 3]) -> *mut PyObject {
    run(|vm| {
        let [first, second, third] = arguments;
        // SAFETY: by the contract of this function.
        let zelf = unsafe { argument(first, vm) }?;
        if id == TP_DESCR_GET {
            // SAFETY: by the contract of this function.
            let object = unsafe { optional(second) };
            // SAFETY: by the contract of this function.
            let class = unsafe { optional(third) };
            return objects::bound(owner, zelf, object, class, vm).map(new_reference);
        }
        // SAFETY: by the contract of this function.
        let second = unsafe { argument(second, vm) }?;
        let result = if matches!(id, TP_CALL | TP_NEW) {
            // SAFETY: by the contract of this function.
            let keywords = unsafe { optional(third) };
            let args = objects::arguments(second, keywords, vm)?;
            if id == TP_CALL {
                objects::call(owner, zelf, args, vm)
            } else {
                objects::new(owner, zelf, args, vm)
            }
        } else {
            // SAFETY: by the contract of this function.
            let third = unsafe { argument(third, vm) }?;
            numbers::power(owner, id, [zelf, second, third], vm)
        };
        result.map(new_reference)
    })
}

/// # Safety
/// As the module says.
unsafe extern "C" fn ssizeargfunc<const OWNER: Owner, const ID: u16>(
    zelf: *mut PyObject,
    count: isize,
) -> *mut PyObject {
    run(|vm| {
        // SAFETY: by the contract of this function.
        let zelf = unsafe { argument(zelf, vm) }?;
        containers::item(OWNER, ID, zelf, count, vm).map(new_reference)
    })
}

/// # Safety
/// As the module says.
unsafe extern "C" fn inquiry<const OWNER: Owner, const ID: u16>(zelf: *mut PyObject) -> c_int {
    run(|vm| {
        // SAFETY: by the contract of this function.
        let zelf = unsafe { argument(zelf, vm) }?;
        if ID == TP_IS_GC {
            return objects::is_collected(OWNER, zelf, vm).map(c_int::from);
        }
        numbers::truth(OWNER, zelf, vm).map(c_int::from)
    })
}

/// # Safety
/// As the module says.
unsafe extern "C" fn lenfunc<const OWNER: Owner, const ID: u16>(zelf: *mut PyObject) -> isize {
    run(|vm| {
        // SAFETY: by the contract of this function.
        let zelf = unsafe { argument(zelf, vm) }?;
        if ID == TP_HASH {
            return objects::hash(OWNER, zelf, vm);
        }
        containers::length(OWNER, ID, zelf, vm)
    })
}

/// # Safety
/// As the module says.
unsafe extern "C" fn objobjproc<const OWNER: Owner, const ID: u16>(
    zelf: *mut PyObject,
    item: *mut PyObject,
) -> c_int {
    run(|vm| {
        // SAFETY: by the contract of this function.
        let zelf = unsafe { argument(zelf, vm) }?;
        // SAFETY: by the contract of this function.
        let item = unsafe { argument(item, vm) }?;
        containers::contains(OWNER, zelf, item, vm).map(c_int::from)
    })
}

/// A value of NULL deletes the item.
///
/// # Safety
/// As the module says.
unsafe extern "C" fn ssizeobjargproc<const OWNER: Owner, const ID: u16>(
    zelf: *mut PyObject,
    index: isize,
    value: *mut PyObject,
) -> c_int {
    run(|vm| {
        // SAFETY: by the contract of this function.
        let zelf = unsafe { argument(zelf, vm) }?;
        // SAFETY: by the contract of this function.
        let value = unsafe { optional(value) }.map(ToOwned::to_owned);
        containers::set_item(OWNER, zelf, index, value, vm).map(|()| 0)
    })
}

/// A value of NULL deletes; for `tp_init` it stands for no keywords.
///
/// # Safety
/// As the module says.
unsafe extern "C" fn objobjargproc<const OWNER: Owner, const ID: u16>(
    zelf: *mut PyObject,
    key: *mut PyObject,
    value: *mut PyObject,
) -> c_int {
    // SAFETY: by the contract of this function.
    unsafe { assign(OWNER, ID, zelf, key, value) }
}

/// # Safety
/// As the module says.
unsafe fn assign(
    owner: Owner,
    id: u16,
    zelf: *mut PyObject,
    key: *mut PyObject,
    value: *mut PyObject,
) -> c_int {
    run(|vm| {
        // SAFETY: by the contract of this function.
        let zelf = unsafe { argument(zelf, vm) }?;
        // SAFETY: by the contract of this function.
        let key = unsafe { argument(key, vm) }?;
        // SAFETY: by the contract of this function.
        let value = unsafe { optional(value) };
        let owned =
            |value: Option<&PyObject>| -> Option<PyObjectRef> { value.map(ToOwned::to_owned) };
        match id {
            TP_INIT => {
                let args = objects::arguments(key, value, vm)?;
                objects::initialize(owner, zelf, args, vm)
            }
            TP_SETATTRO => objects::set_attribute(owner, zelf, key, owned(value), vm),
            TP_DESCR_SET => objects::set_bound(owner, zelf, key, owned(value), vm),
            _ => containers::set_subscript(owner, zelf, key, owned(value), vm),
        }
        .map(|()| 0)
    })
}

/// # Safety
/// As the module says.
unsafe extern "C" fn richcmpfunc<const OWNER: Owner, const ID: u16>(
    zelf: *mut PyObject,
    other: *mut PyObject,
    operator: c_int,
) -> *mut PyObject {
    run(|vm| {
        // SAFETY: by the contract of this function.
        let zelf = unsafe { argument(zelf, vm) }?;
        // SAFETY: by the contract of this function.
        let other = unsafe { argument(other, vm) }?;
        objects::comparison(OWNER, zelf, other, operator, vm).map(new_reference)
    })
}

/// Stores a new reference in `result`, or NULL with an exception. Returns 1 if the iterator yielded,
/// 0 if it returned, -1 if it raised.
///
/// # Safety
/// As the module says; `result` can be written.
unsafe extern "C" fn sendfunc<const OWNER: Owner, const ID: u16>(
    zelf: *mut PyObject,
    value: *mut PyObject,
    result: *mut *mut PyObject,
) -> c_int {
    let mut sent = null_mut();
    let status = run(|vm| {
        // SAFETY: by the contract of this function.
        let zelf = unsafe { argument(zelf, vm) }?;
        // SAFETY: by the contract of this function.
        let value = unsafe { argument(value, vm) }?;
        let (status, object) = match asynchronous::send(zelf, value, vm)? {
            Sent::Yielded(object) => (1, object),
            Sent::Returned(object) => (0, object),
        };
        sent = new_reference(object);
        Ok(status)
    });
    // SAFETY: by the contract of this function.
    unsafe { result.write(sent) };
    status
}

/// # Safety
/// As the module says.
unsafe extern "C" fn destructor<const OWNER: Owner, const ID: u16>(zelf: *mut PyObject) {
    run(|vm| {
        // SAFETY: by the contract of this function.
        let zelf = unsafe { argument(zelf, vm) }?;
        objects::finalize(OWNER, zelf, vm)
    });
}

/// Sets `view->obj` to NULL if it fails.
///
/// # Safety
/// As the module says; `view` can be written to until it is released.
unsafe extern "C" fn getbufferproc<const OWNER: Owner, const ID: u16>(
    zelf: *mut PyObject,
    view: *mut PyBufferView,
    flags: c_int,
) -> c_int {
    run(|vm| {
        let Some(view) = NonNull::new(view) else {
            return Err(vm.new_buffer_error("NULL instead of a view"));
        };
        // SAFETY: it is not NULL, so it can be written to.
        let obj = unsafe { &raw mut (*view.as_ptr()).obj };
        // SAFETY: as above.
        unsafe { obj.write(null_mut()) };
        // SAFETY: by the contract of this function.
        let zelf = unsafe { argument(zelf, vm) }?;
        // SAFETY: the view can be written to until it is released.
        unsafe { buffers::fill(OWNER, zelf, view, flags_of(flags), vm) }.map(|()| 0)
    })
}

/// Any thread may call this.
///
/// # Safety
/// As the module says; `view` was filled by the object and not released.
unsafe extern "C" fn releasebufferproc<const OWNER: Owner, const ID: u16>(
    zelf: *mut PyObject,
    view: *mut PyBufferView,
) {
    // SAFETY: by the contract of this function.
    if let (Some(zelf), Some(view)) = (unsafe { zelf.as_ref() }, NonNull::new(view)) {
        // SAFETY: by the contract of this function.
        unsafe { buffers::release(zelf, view) };
    }
}
