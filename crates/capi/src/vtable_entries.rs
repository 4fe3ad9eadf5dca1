//! The entries of the VM's vtables. The compiler chooses their order, so it is found by experiment
//! with objects of this file.

use core::cell::Cell;
use core::sync::atomic::{AtomicU32, Ordering};

use rustpython_vm::object::TraverseFn;
use rustpython_vm::{AsObject, Context, PyObject, PyObjectRef};

/// The VM's vtable: a type id and four function pointers, some of which may be null.
pub(crate) type VtableWords = [*mut (); WORDS];

const WORDS: usize = size_of::<core::any::TypeId>() / size_of::<usize>() + 4;

/// Moves the references out of an object. The VM calls it to break a cycle, and with a reference
/// count of zero to deallocate the object.
pub(crate) type Clear = unsafe fn(*mut PyObject, &mut Vec<PyObjectRef>);
/// Visits the references that an object holds.
pub(crate) type Trace = unsafe fn(&PyObject, &mut TraverseFn<'_>);
/// Called when the last reference to an object is gone.
pub(crate) type Dealloc = unsafe fn(*mut PyObject);

/// The positions of three entries in a vtable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entries {
    pub(crate) clear: usize,
    pub(crate) trace: usize,
    pub(crate) dealloc: usize,
}

/// The positions, a byte for each; 0 if they are not known yet.
static FOUND: AtomicU32 = AtomicU32::new(0);
const NOWHERE: u32 = u32::MAX;

/// The positions of the entries; `None` if no entries behave like these.
#[inline]
pub(crate) fn entries() -> Option<Entries> {
    match FOUND.load(Ordering::Relaxed) {
        0 => find(),
        NOWHERE => None,
        found => Some(unpack(found)),
    }
}

/// The positions of the entries if they are known already.
#[inline]
pub(crate) fn known_entries() -> Option<Entries> {
    match FOUND.load(Ordering::Relaxed) {
        0 | NOWHERE => None,
        found => Some(unpack(found)),
    }
}

#[inline]
fn unpack(found: u32) -> Entries {
    let [clear, trace, dealloc, _] = found.to_le_bytes();
    Entries {
        clear: clear.into(),
        trace: trace.into(),
        dealloc: dealloc.into(),
    }
}

/// Several threads may do this at once, with the same result.
#[cold]
fn find() -> Option<Entries> {
    let found = try_each();
    let packed = found.and_then(|found| {
        let byte = |position| u8::try_from(position).ok();
        Some(u32::from_le_bytes([
            byte(found.clear)?,
            byte(found.trace)?,
            byte(found.dealloc)?,
            // So that the number is not 0.
            1,
        ]))
    });
    FOUND.store(packed.unwrap_or(NOWHERE), Ordering::Relaxed);
    found
}

fn try_each() -> Option<Entries> {
    let is_called = |note, is_null, operation: fn(&PyObject)| {
        (0..WORDS).find(|position| calls(*position, note, is_null, operation))
    };
    let (clear, trace, dealloc): (Clear, Trace, Dealloc) = (note_clear, note_trace, note_dealloc);
    // A `bytes` object has neither `clear` nor `trace`, and the VM calls only `clear` when it
    // deallocates the object.
    Some(Entries {
        clear: is_called(clear as *mut (), true, |_| {})?,
        trace: is_called(trace as *mut (), true, |bytes| {
            let _none = bytes.gc_get_referents();
        })?,
        dealloc: is_called(dealloc as *mut (), false, |_| {})?,
    })
}

thread_local! {
    static CALLED: Cell<bool> = const { Cell::new(false) };
    /// The entry that `note_dealloc` replaced.
    static REPLACED: Cell<*mut ()> = const { Cell::new(core::ptr::null_mut()) };
}

/// Whether the VM calls the function at this position when it does `operation` with a `bytes`
/// object and then deallocates it.
fn calls(position: usize, note: *mut (), is_null: bool, operation: fn(&PyObject)) -> bool {
    let bytes = Context::genesis().new_bytes(vec![0]);
    let word = core::ptr::from_ref(bytes.as_object())
        .cast::<*mut VtableWords>()
        .wrapping_add(1)
        .cast_mut();
    // SAFETY: the second word of an object is the address of its vtable.
    let original = unsafe { word.read() };
    // SAFETY: it is the vtable of a live object.
    let mut table = unsafe { original.read() };
    if table[position].is_null() != is_null {
        return false;
    }
    REPLACED.set(table[position]);
    table[position] = note;
    CALLED.set(false);
    // SAFETY: no other code knows the object, and the table outlives it.
    unsafe { word.write(&raw mut table) };
    operation(bytes.as_object());
    let called = CALLED.get();
    drop(bytes);
    called || CALLED.get()
}

/// # Safety
/// It has no conditions. It is `unsafe` to have the type `Clear`.
unsafe fn note_clear(_object: *mut PyObject, _edges: &mut Vec<PyObjectRef>) {
    CALLED.set(true);
}

/// # Safety
/// It has no conditions. It is `unsafe` to have the type `Trace`.
unsafe fn note_trace(_object: &PyObject, _visit: &mut TraverseFn<'_>) {
    CALLED.set(true);
}

/// # Safety
/// As for the VM's function.
unsafe fn note_dealloc(object: *mut PyObject) {
    CALLED.set(true);
    // SAFETY: the VM called this function in the place of that one, so it has the same type.
    let replaced = unsafe { core::mem::transmute::<*mut (), Dealloc>(REPLACED.get()) };
    // SAFETY: the caller promises what it demands.
    unsafe { replaced(object) };
}
