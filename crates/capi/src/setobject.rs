//! `setobject.h`: sets and frozensets that C code makes and reads. The VM has no method that adds to a
//! frozenset; this file states the conditions under which one may be changed nevertheless.

use core::ffi::c_int;
use core::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use rustpython_vm::builtins::{PyFrozenSet, PySet};
use rustpython_vm::function::ArgIterable;
use rustpython_vm::{
    AsObject, Context, Py, PyObject, PyPayload, PyResult, TryFromObject, VirtualMachine,
};

use crate::boundary::{argument, bad_internal_call, enter, new_reference};

/// 1 for a set, a frozenset, and instances of their subclasses; else 0. Raises nothing.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyAnySet_Check(object: *mut PyObject) -> c_int {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    let object = unsafe { object.as_ref() };
    object
        .is_some_and(|object| {
            let set = object.downcast_ref::<PySet>().is_some();
            set || object.downcast_ref::<PyFrozenSet>().is_some()
        })
        .into()
}

/// 1 for a set that is no instance of a subclass, else 0. Raises nothing.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PySet_CheckExact(object: *mut PyObject) -> c_int {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    let object = unsafe { object.as_ref() };
    object
        .is_some_and(|object| object.class().is(Context::genesis().types.set_type))
        .into()
}

/// A new frozenset of the items of an iterable, or an empty one for NULL. NULL with an exception.
///
/// # Safety
/// `iterable` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyFrozenSet_New(iterable: *mut PyObject) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `iterable` is NULL or an object, which the caller keeps alive.
        let items = match unsafe { iterable.as_ref() } {
            // Not the one empty frozenset of the VM, since C code may add to this one.
            None => Vec::new(),
            Some(iterable) => {
                let iterable = ArgIterable::try_from_object(vm, iterable.to_owned())?;
                iterable.iter(vm)?.collect::<PyResult<Vec<_>>>()?
            }
        };
        let set = PyFrozenSet::from_iter(vm, items)?;
        Ok(new_reference(set.into_ref(&vm.ctx)))
    })
}

/// Adds a value to a set, or to a frozenset to which the caller has the only reference. Returns 0; or
/// -1 with SystemError if it is neither, or with another exception.
///
/// # Safety
/// `set` and `value` are NULL or objects. No other thread uses a frozenset meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PySet_Add(set: *mut PyObject, value: *mut PyObject) -> c_int {
    enter(|vm| {
        // SAFETY: `set` is NULL or an object, which the caller keeps alive.
        let set = unsafe { set.as_ref() }.ok_or_else(|| bad_internal_call(vm))?;
        // SAFETY: `value` is NULL or an object, which the caller keeps alive.
        let value = unsafe { argument(value, vm) }?.to_owned();
        let frozen = set
            .downcast_ref::<PyFrozenSet>()
            .filter(|set| set.as_object().strong_count() == 1);
        match (set.downcast_ref::<PySet>(), frozen) {
            (Some(set), _) => set.add(value, vm)?,
            (None, Some(set)) => {
                let parts = Parts::of(set, vm).ok_or_else(|| {
                    vm.new_system_error("this interpreter cannot add to a frozenset")
                })?;
                parts.items.add(value, vm)?;
                parts.hash.store(NO_HASH, Ordering::Relaxed);
            }
            (None, None) => return Err(bad_internal_call(vm)),
        }
        Ok(0)
    })
}

/// Whether a set or frozenset has a value: 1 or 0; -1 with SystemError if it is neither, or with
/// another exception.
///
/// # Safety
/// Both arguments are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PySet_Contains(set: *mut PyObject, value: *mut PyObject) -> c_int {
    enter(|vm| {
        // SAFETY: `set` is NULL or an object, which the caller keeps alive.
        let set = unsafe { any_set(set, vm) }?;
        // SAFETY: `value` is NULL or an object, which the caller keeps alive.
        let value = unsafe { argument(value, vm) }?;
        let found = match set {
            Ok(set) => set.contains(value, vm)?,
            Err(set) => set.contains(value, vm)?,
        };
        Ok(c_int::from(found))
    })
}

/// The number of items of a set or frozenset; -1 with SystemError if it is neither.
///
/// # Safety
/// `set` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PySet_Size(set: *mut PyObject) -> isize {
    enter(|vm| {
        // SAFETY: `set` is NULL or an object, which the caller keeps alive.
        let count = match unsafe { any_set(set, vm) }? {
            Ok(set) => set.elements().len(),
            Err(set) => set.elements().len(),
        };
        Ok(count.cast_signed())
    })
}

/// The set or the frozenset behind an argument.
///
/// # Errors
/// SystemError if it is neither, or NULL.
///
/// # Safety
/// `set` is NULL, or an object that lives for `'a`.
unsafe fn any_set<'a>(
    set: *mut PyObject,
    vm: &VirtualMachine,
) -> PyResult<Result<&'a Py<PySet>, &'a Py<PyFrozenSet>>> {
    // SAFETY: `set` is NULL or an object, which the caller keeps alive.
    let set = unsafe { set.as_ref() }.ok_or_else(|| bad_internal_call(vm))?;
    match (
        set.downcast_ref::<PySet>(),
        set.downcast_ref::<PyFrozenSet>(),
    ) {
        (Some(set), _) => Ok(Ok(set)),
        (_, Some(set)) => Ok(Err(set)),
        _ => Err(bad_internal_call(vm)),
    }
}

/// The two fields of a frozenset: its items, which are those of a set, and the hash that it remembers.
struct Parts<'a> {
    items: &'a PySet,
    hash: &'a AtomicI64,
}

/// What a frozenset remembers before its hash was computed.
const NO_HASH: i64 = -1;

impl<'a> Parts<'a> {
    /// `None` if the fields are not where they are expected.
    fn of(set: &'a Py<PyFrozenSet>, vm: &VirtualMachine) -> Option<Self> {
        const { assert!(size_of::<PyFrozenSet>() == size_of::<PySet>() + size_of::<AtomicI64>()) };
        const { assert!(align_of::<PyFrozenSet>() == align_of::<AtomicI64>()) };
        const { assert!(size_of::<PySet>().is_multiple_of(align_of::<AtomicI64>())) };
        let offset = hash_offset(vm)?;
        let base: *const PyFrozenSet = &**set;
        let hash = base.cast::<AtomicI64>().wrapping_byte_add(offset);
        let items_offset = if offset == 0 {
            size_of::<AtomicI64>()
        } else {
            0
        };
        let items = base.cast::<PySet>().wrapping_byte_add(items_offset);
        Some(Self {
            // SAFETY: the only field of a `PySet` is of the type of the items, by the sizes, and this
            // is their address: the other field is the hash, whose place is known.
            items: unsafe { &*items },
            // SAFETY: the hash is an atomic of this type at this offset, as `hash_offset` has found.
            hash: unsafe { &*hash },
        })
    }
}

/// Where the hash is in a frozenset: at its beginning or at its end. `None` if it is in neither place.
fn hash_offset(vm: &VirtualMachine) -> Option<usize> {
    static FOUND: AtomicUsize = AtomicUsize::new(usize::MAX);
    let found = FOUND.load(Ordering::Relaxed);
    if found != usize::MAX {
        return Some(found);
    }
    let set = PyFrozenSet::from_iter(vm, [vm.ctx.new_int(1).into()]).ok()?;
    let set = set.into_ref(&vm.ctx);
    let hash = set.as_object().hash(vm).ok()?;
    let base: *const PyFrozenSet = &**set;
    let words = [0, size_of::<PyFrozenSet>() - size_of::<AtomicI64>()];
    let is_hash = |offset: &usize| {
        let word = base.cast::<AtomicUsize>().wrapping_byte_add(*offset);
        // SAFETY: it is a word of the frozenset, aligned as one; only this thread knows the object.
        unsafe { &*word }.load(Ordering::Relaxed) == hash as usize
    };
    let [first, last] = words;
    let offset = match (is_hash(&first), is_hash(&last)) {
        (true, false) => first,
        (false, true) => last,
        _ => return None,
    };
    FOUND.store(offset, Ordering::Relaxed);
    Some(offset)
}
