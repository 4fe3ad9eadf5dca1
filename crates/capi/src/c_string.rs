//! NUL-terminated text that belongs to an object of the VM: made when C first asks for it, at one
//! address as long as the object lives, and freed with the object (I8). Which functions ask is in the
//! files of their headers; why it is done this way is in `docs/design/strings.md`.
//!
//! An object of the VM begins with its reference count and the address of a table of functions,
//! which all objects with the same type of payload share. An object that C has asked for text gets
//! a table of its own: a copy of the VM's with another `clear`, and the text behind it. The VM calls
//! `clear` when it deallocates the object, after everything that can bring the object back.

use core::alloc::Layout;
use core::ffi::c_char;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicPtr, AtomicU8, AtomicUsize, Ordering};
use std::alloc::{alloc, dealloc};

use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{AsObject, Context, PyObject, PyObjectRef, VirtualMachine};

/// The VM's table: a type id, and four functions of which some may be missing. The compiler chooses
/// their order.
type Vtable = [*mut (); WORDS];

const WORDS: usize = size_of::<core::any::TypeId>() / size_of::<usize>() + 4;

/// `clear` in a table: takes references out of an object. The VM calls it to break a cycle, and with
/// a count of zero to deallocate.
type Clear = unsafe fn(*mut PyObject, &mut Vec<PyObjectRef>);

/// The one address of our `clear`. A `static`, because a function's own address need not be the same
/// everywhere it is taken.
static CLEAR: Clear = clear;

/// Why there is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CStringError {
    OutOfMemory,
    /// The VM's table has not the form that this file knows.
    UnknownVtable,
}

impl CStringError {
    #[cold]
    pub(crate) fn into_exception(self, vm: &VirtualMachine) -> PyBaseExceptionRef {
        match self {
            Self::OutOfMemory => vm.no_memory_error(),
            Self::UnknownVtable => vm.new_system_error("this interpreter cannot lend text to C"),
        }
    }
}

/// The table of one object. The text is behind it.
#[repr(C, align(16))]
struct Record {
    table: Vtable,
    /// The VM's.
    original: NonNull<Vtable>,
    /// The text has this many bytes, without the NUL.
    length: AtomicUsize,
    /// What the object had before, which has no room for the text.
    previous: Option<NonNull<Self>>,
    layout: Layout,
}

/// What an empty text is. Nobody frees it, and a NUL may be written to it.
static EMPTY: AtomicU8 = AtomicU8::new(0);

/// The address of an empty text, which is the same for all objects.
pub(crate) fn empty() -> NonNull<c_char> {
    NonNull::from(&EMPTY).cast()
}

/// The text of `object` with a NUL behind it. It is copied at the first call; later calls give the
/// same address. It is valid, and stays as it is, as long as the object lives.
///
/// `text` is the same at each call with one object, or begins with what it was: the VM appends in
/// place to a `str` that only a local variable refers to. Nobody uses the shorter text then. The
/// thread may be in no interpreter.
///
/// # Errors
/// See [`CStringError`]; nothing has changed.
#[inline]
pub(crate) fn c_string_of(object: &PyObject, text: &[u8]) -> Result<NonNull<c_char>, CStringError> {
    if text.is_empty() {
        return Ok(empty());
    }
    let slot = clear_slot().ok_or(CStringError::UnknownVtable)?;
    let table = vtable_of(object).load(Ordering::Acquire);
    match record_at(table, slot) {
        Some(record) if Record::length(record) == text.len() => Ok(Record::text(record)),
        found => add_text(object, table, found, slot, text),
    }
}

#[cold]
fn add_text(
    object: &PyObject,
    table: *mut Vtable,
    previous: Option<NonNull<Record>>,
    slot: usize,
    text: &[u8],
) -> Result<NonNull<c_char>, CStringError> {
    if let Some(previous) = previous
        && Record::extend(previous, text)
    {
        return Ok(Record::text(previous));
    }
    let current = NonNull::new(table).ok_or(CStringError::UnknownVtable)?;
    let record = Record::new(current, previous, slot, text).ok_or(CStringError::OutOfMemory)?;
    let installed = vtable_of(object).compare_exchange(
        table,
        record.as_ptr().cast(),
        Ordering::AcqRel,
        Ordering::Acquire,
    );
    let Err(current) = installed else {
        return Ok(Record::text(record));
    };
    // SAFETY: `new` made it, and nobody has seen it.
    unsafe { Record::free(record) };
    // Another thread was first. Nobody but `clear` takes a record away.
    record_at(current, slot)
        .map(Record::text)
        .ok_or(CStringError::UnknownVtable)
}

/// The second word of an object, which is the address of its table.
#[inline]
fn vtable_of(object: &PyObject) -> &AtomicPtr<Vtable> {
    let words = core::ptr::from_ref(object).cast::<AtomicPtr<Vtable>>();
    // SAFETY:
    // - place: an object begins with its count, one word, and this.
    // - type: an address, aligned as one.
    // - other accesses: the VM writes the word only where nobody else knows the object. It reads the
    //   word plainly and on any thread; an aligned word is read as a whole, and either table that it
    //   can find serves the object (see `docs/design/strings.md`).
    unsafe { &*words.wrapping_add(1) }
}

/// The record that a table begins, if it is one of ours.
#[inline]
fn record_at(table: *mut Vtable, slot: usize) -> Option<NonNull<Record>> {
    let entry = table.cast::<*mut ()>().wrapping_add(slot);
    // SAFETY: the tables of objects that live have this many words.
    let entry = unsafe { entry.read() };
    (entry == CLEAR as *mut ())
        .then(|| NonNull::new(table.cast()))
        .flatten()
}

impl Record {
    /// `table` is the one that the object has, of `previous` if there is one. `None` without memory.
    fn new(
        table: NonNull<Vtable>,
        previous: Option<NonNull<Self>>,
        slot: usize,
        text: &[u8],
    ) -> Option<NonNull<Self>> {
        // A text that has grown may grow again: with twice the room each time, all records of an
        // object are not much more than the last.
        let room = match previous {
            None => text.len().checked_add(1)?,
            Some(_) => text.len().checked_mul(2)?,
        };
        let original = match previous {
            None => table,
            // SAFETY: a record that lives as long as the object.
            Some(previous) => unsafe { previous.as_ref() }.original,
        };
        let bytes = Layout::array::<u8>(room).ok()?;
        let (layout, offset) = Layout::new::<Self>().extend(bytes).ok()?;
        debug_assert_eq!(offset, size_of::<Self>());
        // SAFETY: the layout is not of size zero.
        let record = NonNull::new(unsafe { alloc(layout) })?.cast::<Self>();
        // SAFETY: a table of the VM, which lives for ever.
        let mut table = unsafe { original.read() };
        table[slot] = CLEAR as *mut ();
        // SAFETY: new memory with room for it.
        unsafe {
            record.write(Self {
                table,
                original,
                length: AtomicUsize::new(text.len()),
                previous,
                layout,
            })
        };
        let copy = Self::text(record).cast::<u8>();
        // SAFETY: there is room for the text behind the record, and it is new memory.
        unsafe { copy.copy_from_nonoverlapping(NonNull::from(text).cast(), text.len()) };
        // SAFETY: there is room for one byte more.
        let end = unsafe { copy.add(text.len()) };
        // SAFETY: as above.
        unsafe { end.write(0) };
        Some(record)
    }

    /// Appends what `text` has more than the record, if there is room. Several threads may do so at
    /// once with the same text.
    fn extend(record: NonNull<Self>, text: &[u8]) -> bool {
        // SAFETY: a record that lives as long as the object.
        let room = unsafe { record.as_ref() }.layout.size() - size_of::<Self>();
        if text.len() >= room {
            return false;
        }
        let copy = Self::text(record).cast::<u8>().as_ptr();
        // The NUL that is there is replaced last, so that there always is one.
        for position in (Self::length(record)..=text.len()).rev() {
            let byte = text.get(position).copied().unwrap_or(0);
            // SAFETY: there is room. Others that write here write the same, atomically as here.
            unsafe { AtomicU8::from_ptr(copy.wrapping_add(position)) }
                .store(byte, Ordering::Release);
        }
        // SAFETY: as above.
        let length = &unsafe { record.as_ref() }.length;
        length.store(text.len(), Ordering::Release);
        true
    }

    #[inline]
    fn length(record: NonNull<Self>) -> usize {
        // SAFETY: a record that lives as long as the object.
        let length = &unsafe { record.as_ref() }.length;
        length.load(Ordering::Acquire)
    }

    #[inline]
    fn text(record: NonNull<Self>) -> NonNull<c_char> {
        // SAFETY: the text is behind the record, in the same memory.
        unsafe { record.add(1) }.cast()
    }

    /// Leaves the previous one.
    ///
    /// # Safety
    /// `new` made it, and nobody uses it any more.
    unsafe fn free(record: NonNull<Self>) {
        // SAFETY: passed on from the caller.
        let layout = unsafe { record.as_ref() }.layout;
        // SAFETY: it was allocated with this layout.
        unsafe { dealloc(record.as_ptr().cast(), layout) };
    }
}

/// What the VM calls in the place of its own `clear`, which it does nevertheless.
///
/// # Safety
/// `object` has a record, and the caller alone knows it.
unsafe fn clear(object: *mut PyObject, edges: &mut Vec<PyObjectRef>) {
    // SAFETY: passed on from the caller.
    let alive = unsafe { &*object };
    let mut record = NonNull::new(vtable_of(alive).load(Ordering::Acquire).cast::<Record>());
    let Some(last) = record else { return };
    // SAFETY: passed on from the caller.
    let original = unsafe { last.as_ref() }.original;
    // Where the count is not zero, the collector breaks a cycle, and objects that end after this one
    // may still use the text.
    let dead = alive.strong_count() == 0;
    if dead {
        vtable_of(alive).store(original.as_ptr(), Ordering::Release);
    }
    if let Some(slot) = clear_slot() {
        // SAFETY: a table of the VM.
        let vm_clear = unsafe { original.as_ref() }[slot];
        // SAFETY: in this place of a table is a `Clear` or nothing, of the size of an address.
        let vm_clear = unsafe { core::mem::transmute::<*mut (), Option<Clear>>(vm_clear) };
        if let Some(vm_clear) = vm_clear {
            // SAFETY: passed on from the caller.
            unsafe { vm_clear(object, edges) };
        }
    }
    while dead && let Some(last) = record {
        // SAFETY: it was made by `new`.
        record = unsafe { last.as_ref() }.previous;
        // SAFETY: the object was the last that knew it, and the VM asks no table after `clear`.
        unsafe { Record::free(last) };
    }
}

/// Where `clear` is in a table. `None` where the VM never called what was put there.
#[inline]
fn clear_slot() -> Option<usize> {
    match CLEAR_SLOT.load(Ordering::Relaxed) {
        UNKNOWN => find_clear_slot(),
        NOWHERE => None,
        slot => Some(slot),
    }
}

static CLEAR_SLOT: AtomicUsize = AtomicUsize::new(UNKNOWN);
const UNKNOWN: usize = usize::MAX;
const NOWHERE: usize = usize::MAX - 1;

/// Finds out by experiment: a `bytes` object has neither `clear` nor `trace`, and of the two the VM
/// calls only `clear` when it deallocates one. Several threads may do so at once, and find the same.
#[cold]
fn find_clear_slot() -> Option<usize> {
    let found = (0..WORDS).find(|slot| is_called_on_deallocation(*slot));
    CLEAR_SLOT.store(found.unwrap_or(NOWHERE), Ordering::Relaxed);
    found
}

thread_local! {
    static CALLED: core::cell::Cell<bool> = const { core::cell::Cell::new(false) };
}

fn is_called_on_deallocation(slot: usize) -> bool {
    let bytes = Context::genesis().new_bytes(vec![0]);
    let place = vtable_of(bytes.as_object());
    // SAFETY: the table of an object that lives.
    let mut table = unsafe { place.load(Ordering::Acquire).read() };
    if !table[slot].is_null() {
        return false;
    }
    let note: Clear = note_call;
    table[slot] = note as *mut ();
    CALLED.set(false);
    place.store(&raw mut table, Ordering::Release);
    drop(bytes);
    CALLED.get()
}

/// # Safety
/// None is asked.
unsafe fn note_call(_object: *mut PyObject, _edges: &mut Vec<PyObjectRef>) {
    CALLED.set(true);
}
