//! NUL-terminated text that belongs to an object of the VM. It is made when C code first requests
//! it, keeps its address as long as the object lives, and is freed with the object (I8). The C
//! functions that use it are elsewhere. `docs/design/strings.md` explains the design.
//!
//! An object of the VM begins with its reference count and the address of a vtable, which all
//! objects with the same type of payload share. An object whose text C code requested gets a vtable
//! of its own, a [`Record`]: a copy of the VM's vtable with another `clear`, followed by the text.
//! The VM calls `clear` when it deallocates the object, after everything that can resurrect the
//! object.

use core::alloc::Layout;
use core::ffi::c_char;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicPtr, AtomicU8, AtomicUsize, Ordering};
use std::alloc::{alloc, dealloc};

use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{AsObject, Context, PyObject, PyObjectRef, VirtualMachine};

/// The VM's vtable: a type id and four function pointers, some of which may be null. The compiler
/// chooses their order.
type Vtable = [*mut (); WORDS];

const WORDS: usize = size_of::<core::any::TypeId>() / size_of::<usize>() + 4;

/// The type of `clear` in a vtable. It moves the references out of an object. The VM calls it to
/// break a cycle, and with a reference count of zero to deallocate the object.
type Clear = unsafe fn(*mut PyObject, &mut Vec<PyObjectRef>);

/// The address by which records are recognized. A `static`, because the address of a function may
/// differ between the places where it is taken.
static CLEAR: Clear = clear;

/// Why there is no C string for an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CStringError {
    OutOfMemory,
    /// The VM's vtable does not have the layout that this file expects.
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

/// The vtable of one object, followed by the text and a NUL in the same allocation.
#[repr(C, align(16))]
struct Record {
    table: Vtable,
    /// The VM's vtable, which the object had at first.
    original: NonNull<Vtable>,
    /// The length of the text in bytes, without the NUL.
    length: AtomicUsize,
    /// The record that this one replaced because it had no room for a longer text.
    previous: Option<NonNull<Self>>,
    layout: Layout,
}

/// The empty text of all objects. It is writable: C code may write the NUL again.
static EMPTY: AtomicU8 = AtomicU8::new(0);

/// The address of the empty text, the same for all objects.
pub(crate) fn empty() -> NonNull<c_char> {
    NonNull::from(&EMPTY).cast()
}

/// The text of `object`, followed by a NUL. The first call copies the text; later calls return the
/// same address. The copy is valid and unchanged as long as the object lives.
///
/// `text` must be the same at each call with one object, or extend the earlier text. The VM appends
/// in place to a `str` that only a local variable refers to; no C code uses the shorter text then.
/// The thread need not be attached to an interpreter.
///
/// # Errors
/// See [`CStringError`]. The object is unchanged then.
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
    // SAFETY: `new` made it, and it was never installed, so no other thread knows it.
    unsafe { Record::free(record) };
    // Another thread installed a record first. It stays: only `clear` removes records.
    record_at(current, slot)
        .map(Record::text)
        .ok_or(CStringError::UnknownVtable)
}

/// The second word of an object, which holds the address of its vtable.
#[inline]
fn vtable_of(object: &PyObject) -> &AtomicPtr<Vtable> {
    let words = core::ptr::from_ref(object).cast::<AtomicPtr<Vtable>>();
    // SAFETY:
    // - offset: an object begins with its count, which is one word, and this word.
    // - type: it is an address, and aligned as one.
    // - other accesses: the VM writes the word only before the object is shared. It reads the word
    //   on any thread, without atomics. An aligned word is read as a whole, and both vtables that a
    //   read can return are right for the object (see `docs/design/strings.md`).
    unsafe { &*words.wrapping_add(1) }
}

/// The record that a vtable is the beginning of; `None` for a vtable of the VM.
#[inline]
fn record_at(table: *mut Vtable, slot: usize) -> Option<NonNull<Record>> {
    let entry = table.cast::<*mut ()>().wrapping_add(slot);
    // SAFETY: it is the vtable of a live object, and has `WORDS` words, of which `slot` is one.
    let entry = unsafe { entry.read() };
    (entry == CLEAR as *mut ())
        .then(|| NonNull::new(table.cast()))
        .flatten()
}

impl Record {
    /// Makes a record for an object whose vtable is `table`, which is that of `previous` if the
    /// object has a record. `None` if there is no memory.
    fn new(
        table: NonNull<Vtable>,
        previous: Option<NonNull<Self>>,
        slot: usize,
        text: &[u8],
    ) -> Option<NonNull<Self>> {
        // A text that has grown may grow again. With twice the room each time, all records of an
        // object together take about twice the memory of the last one.
        let room = match previous {
            None => text.len().checked_add(1)?,
            Some(_) => text.len().checked_mul(2)?,
        };
        let original = match previous {
            None => table,
            // SAFETY: the object still has this record, and the caller keeps the object alive.
            Some(previous) => unsafe { previous.as_ref() }.original,
        };
        let bytes = Layout::array::<u8>(room).ok()?;
        let (layout, offset) = Layout::new::<Self>().extend(bytes).ok()?;
        debug_assert_eq!(offset, size_of::<Self>());
        // SAFETY: the size of the layout is not zero, since a `Self` has a size.
        let record = NonNull::new(unsafe { alloc(layout) })?.cast::<Self>();
        // SAFETY: it is a vtable of the VM, which is a constant of the program.
        let mut table = unsafe { original.read() };
        table[slot] = CLEAR as *mut ();
        // SAFETY: the memory is new, and its layout begins with that of a `Self`.
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
        // SAFETY: the allocation has room for the text after the record, and no other code knows
        // it.
        unsafe { copy.copy_from_nonoverlapping(NonNull::from(text).cast(), text.len()) };
        // SAFETY: `room` is greater than the length of the text.
        let end = unsafe { copy.add(text.len()) };
        // SAFETY: this byte is part of the new memory.
        unsafe { end.write(0) };
        Some(record)
    }

    /// Extends the text of the record to `text`; false if there is no room. Several threads may do
    /// this at once with the same text.
    fn extend(record: NonNull<Self>, text: &[u8]) -> bool {
        // SAFETY: the object has this record, and the caller keeps the object alive.
        let room = unsafe { record.as_ref() }.layout.size() - size_of::<Self>();
        if text.len() >= room {
            return false;
        }
        let copy = Self::text(record).cast::<u8>().as_ptr();
        // From the end: the old NUL is replaced last, so that the text always has a NUL after it.
        for position in (Self::length(record)..=text.len()).rev() {
            let byte = text.get(position).copied().unwrap_or(0);
            // SAFETY: the position is less than `room`. Other threads that write it write the same
            // value, atomically too.
            unsafe { AtomicU8::from_ptr(copy.wrapping_add(position)) }
                .store(byte, Ordering::Release);
        }
        // SAFETY: the object has this record, and the caller keeps the object alive.
        let length = &unsafe { record.as_ref() }.length;
        length.store(text.len(), Ordering::Release);
        true
    }

    #[inline]
    fn length(record: NonNull<Self>) -> usize {
        // SAFETY: the object has this record, and the caller keeps the object alive.
        let length = &unsafe { record.as_ref() }.length;
        length.load(Ordering::Acquire)
    }

    #[inline]
    fn text(record: NonNull<Self>) -> NonNull<c_char> {
        // SAFETY: the text follows the record in the same allocation.
        unsafe { record.add(1) }.cast()
    }

    /// Frees one record, but not the one that it replaced.
    ///
    /// # Safety
    /// `new` made it, and it is not used any more.
    unsafe fn free(record: NonNull<Self>) {
        // SAFETY: `new` made it, and it is not freed yet.
        let layout = unsafe { record.as_ref() }.layout;
        // SAFETY: `new` allocated it with this layout, and the caller does not use it any more.
        unsafe { dealloc(record.as_ptr().cast(), layout) };
    }
}

/// The `clear` of records. It calls the VM's `clear`, and frees the records of an object that is
/// being deallocated.
///
/// # Safety
/// `object` has a record, and no other thread uses the object.
unsafe fn clear(object: *mut PyObject, edges: &mut Vec<PyObjectRef>) {
    // SAFETY: the caller passes an object that is not freed yet.
    let alive = unsafe { &*object };
    let mut record = NonNull::new(vtable_of(alive).load(Ordering::Acquire).cast::<Record>());
    let Some(last) = record else { return };
    // SAFETY: `new` made it, and only this function frees it.
    let original = unsafe { last.as_ref() }.original;
    // If the count is not zero, the collector is breaking a cycle. Finalizers of other objects may
    // still use the text of this one.
    let dead = alive.strong_count() == 0;
    if dead {
        vtable_of(alive).store(original.as_ptr(), Ordering::Release);
    }
    if let Some(slot) = clear_slot() {
        // SAFETY: it is a vtable of the VM, which is a constant of the program.
        let vm_clear = unsafe { original.as_ref() }[slot];
        // SAFETY: this slot of a vtable holds a `Clear` or null, which is `None`.
        let vm_clear = unsafe { core::mem::transmute::<*mut (), Option<Clear>>(vm_clear) };
        if let Some(vm_clear) = vm_clear {
            // SAFETY: it is the VM's `clear` for this object, and the caller promises what it
            // demands.
            unsafe { vm_clear(object, edges) };
        }
    }
    while dead && let Some(last) = record {
        // SAFETY: `new` made it, and it is freed only below.
        record = unsafe { last.as_ref() }.previous;
        // SAFETY: only the object used it, and the VM reads no vtable of the object after `clear`.
        unsafe { Record::free(last) };
    }
}

/// The index of `clear` in a vtable; `None` if no slot of a vtable behaves like `clear`.
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

/// Finds the slot by experiment. A `bytes` object has neither `clear` nor `trace`, and the VM calls
/// only `clear` when it deallocates the object. Several threads may do this at once, with the same
/// result.
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
    // SAFETY: it is the vtable of a live object.
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

/// Notes that it was called.
///
/// # Safety
/// It has no conditions. It is `unsafe` to have the type `Clear`.
unsafe fn note_call(_object: *mut PyObject, _edges: &mut Vec<PyObjectRef>) {
    CALLED.set(true);
}

#[cfg(test)]
pub(crate) mod tests {
    use core::ffi::{CStr, c_char};
    use core::ptr::NonNull;
    use core::sync::atomic::Ordering;

    use rustpython_vm::builtins::PyBytes;
    use rustpython_vm::{AsObject, Context, PyRef};

    use super::{Record, c_string_of, clear, clear_slot, empty, record_at, vtable_of};

    fn object() -> PyRef<PyBytes> {
        Context::genesis().new_bytes(vec![0])
    }

    fn record_of(object: &PyRef<PyBytes>) -> Option<NonNull<Record>> {
        let vtable = vtable_of(object.as_object()).load(Ordering::Acquire);
        record_at(vtable, clear_slot()?)
    }

    fn read(address: NonNull<c_char>) -> Vec<u8> {
        // SAFETY: it is a text with a NUL, of an object that is alive.
        unsafe { CStr::from_ptr(address.as_ptr()) }
            .to_bytes()
            .to_vec()
    }

    pub(crate) fn the_text_of_an_object_keeps_its_address() {
        let (one, other) = (object(), object());
        let first = c_string_of(one.as_object(), b"text").unwrap();
        assert_eq!(read(first), b"text");
        assert_eq!(c_string_of(one.as_object(), b"text"), Ok(first));
        assert_ne!(c_string_of(other.as_object(), b"text"), Ok(first));
    }

    /// The text after each step, and whether it is at another address than before.
    const STEPS: [(&[u8], bool); 6] = [
        (b"ab", true),
        (b"ab", false),
        (b"abc", true),
        (b"abcd", false),
        (b"abcde", false),
        (b"abcdef", true),
    ];

    pub(crate) fn a_text_that_grows_moves_rarely() {
        let object = object();
        let mut known: Vec<(NonNull<c_char>, &[u8])> = Vec::new();
        for (text, moves) in STEPS {
            let address = c_string_of(object.as_object(), text).unwrap();
            let last = known.last().map(|(address, _)| *address);
            assert_eq!(last != Some(address), moves, "{text:?}");
            known.push((address, text));
            for (address, text) in &known {
                let now = read(*address);
                assert!(now.starts_with(text), "{now:?} {text:?}");
            }
        }
    }

    pub(crate) fn the_empty_text_is_shared() {
        let (one, other) = (object(), object());
        assert_eq!(c_string_of(one.as_object(), b""), Ok(empty()));
        assert_eq!(c_string_of(other.as_object(), b""), Ok(empty()));
        assert!(record_of(&one).is_none());
        assert_eq!(read(empty()), b"");
    }

    pub(crate) fn breaking_a_cycle_keeps_the_text() {
        let object = object();
        let address = c_string_of(object.as_object(), b"text").unwrap();
        let raw = core::ptr::from_ref(object.as_object()).cast_mut();
        // SAFETY: the object has a record, and no other thread knows the object.
        unsafe { clear(raw, &mut Vec::new()) };
        assert_eq!(read(address), b"text");
        assert_eq!(c_string_of(object.as_object(), b"text"), Ok(address));
    }

    pub(crate) fn deallocation_restores_the_vtable() {
        let (object, plain) = (object(), object());
        let of_vm = vtable_of(plain.as_object()).load(Ordering::Acquire);
        c_string_of(object.as_object(), b"text").unwrap();
        let record = record_of(&object).expect("it has a record");
        // SAFETY: the object has the record, and is alive.
        assert_eq!(unsafe { record.as_ref() }.original.as_ptr(), of_vm);
        assert_ne!(vtable_of(object.as_object()).load(Ordering::Acquire), of_vm);
        // The VM reuses the memory of an object only with a vtable of its own.
        drop(object);
        let next = self::object();
        assert_eq!(vtable_of(next.as_object()).load(Ordering::Acquire), of_vm);
    }
}
