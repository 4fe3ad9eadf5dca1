//! NUL-terminated text that belongs to an object of the VM. It is made when C code first requests
//! it, keeps its address as long as the object lives, and is freed with the object (I8). The C
//! functions that use it are elsewhere. `docs/design/strings.md` explains the design.
//!
//! The text is behind a [`vtable`] header of the object, and is freed with it.

use core::alloc::Layout;
use core::ffi::c_char;
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::alloc::{alloc, dealloc};

use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{PyObject, VirtualMachine};

use super::vtable::{self, Header, Hooks, UnknownVtable};

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
            Self::UnknownVtable => UnknownVtable.into_exception(vm),
        }
    }
}

/// A header, followed by the text and a NUL in the same allocation.
#[repr(C, align(16))]
struct Record {
    header: MaybeUninit<Header>,
    /// The length of the text in bytes, without the NUL.
    length: AtomicUsize,
    layout: Layout,
}

/// A record stays while a cycle is broken: finalizers of other objects may still use the text.
static HOOKS: Hooks = Hooks {
    trace: None,
    clear: None,
    dealloc: None,
    free: Record::free,
    interpreter: None,
};

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
    let current = vtable::current(object);
    match vtable::find(object, &HOOKS).map(NonNull::cast) {
        Some(record) if Record::length(record) == text.len() => Ok(Record::text(record)),
        found => add_text(object, current, found, text),
    }
}

#[cold]
fn add_text(
    object: &PyObject,
    current: *mut (),
    last: Option<NonNull<Record>>,
    text: &[u8],
) -> Result<NonNull<c_char>, CStringError> {
    if let Some(last) = last
        && Record::extend(last, text)
    {
        return Ok(Record::text(last));
    }
    let record = Record::new(last.is_some(), text).ok_or(CStringError::OutOfMemory)?;
    // SAFETY: `current` is a vtable of this object; the record is new, and its text is initialized.
    let installed = unsafe { vtable::install(object, current, record.cast(), &HOOKS) };
    if installed == Ok(true) {
        return Ok(Record::text(record));
    }
    // SAFETY: `new` made it, and it was never installed, so no other thread knows it.
    unsafe { Record::free(record.cast()) };
    // Another thread installed a header first. It stays until the object is deallocated.
    match installed {
        Ok(_) => c_string_of(object, text),
        Err(UnknownVtable) => Err(CStringError::UnknownVtable),
    }
}

impl Record {
    /// Makes a record whose header is not initialized. `None` if there is no memory.
    fn new(has_grown: bool, text: &[u8]) -> Option<NonNull<Self>> {
        // A text that has grown may grow again. With twice the room each time, all records of an
        // object together take about twice the memory of the last one.
        let room = if has_grown {
            text.len().checked_mul(2)?
        } else {
            text.len().checked_add(1)?
        };
        let bytes = Layout::array::<u8>(room).ok()?;
        let (layout, offset) = Layout::new::<Self>().extend(bytes).ok()?;
        debug_assert_eq!(offset, size_of::<Self>());
        // SAFETY: the size of the layout is not zero, since a `Self` has a size.
        let record = NonNull::new(unsafe { alloc(layout) })?.cast::<Self>();
        let content = Self {
            header: MaybeUninit::uninit(),
            length: AtomicUsize::new(text.len()),
            layout,
        };
        // SAFETY: the memory is new, and its layout begins with that of a `Self`.
        unsafe { record.write(content) };
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

    /// Frees a record.
    ///
    /// # Safety
    /// `new` made it, and it is not used any more.
    unsafe fn free(header: NonNull<Header>) {
        let record = header.cast::<Self>();
        // SAFETY: `new` made it, and it is not freed yet.
        let layout = unsafe { record.as_ref() }.layout;
        // SAFETY: `new` allocated it with this layout, and the caller does not use it any more.
        unsafe { dealloc(record.as_ptr().cast(), layout) };
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use core::ffi::{CStr, c_char};
    use core::ptr::NonNull;

    use rustpython_vm::builtins::PyBytes;
    use rustpython_vm::{AsObject, Context, PyRef};

    use super::vtable::{current, find};
    use super::{HOOKS, c_string_of, empty};

    fn object() -> PyRef<PyBytes> {
        Context::genesis().new_bytes(vec![0])
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
        assert!(find(one.as_object(), &HOOKS).is_none());
        assert_eq!(read(empty()), b"");
    }

    pub(crate) fn breaking_a_cycle_keeps_the_text() {
        let object = object();
        let address = c_string_of(object.as_object(), b"text").unwrap();
        // SAFETY: no other thread knows the object.
        let edges = unsafe { object.as_object().gc_clear() };
        assert!(edges.is_empty());
        assert_eq!(read(address), b"text");
        assert_eq!(c_string_of(object.as_object(), b"text"), Ok(address));
    }

    pub(crate) fn deallocation_restores_the_vtable() {
        let (object, plain) = (object(), object());
        let of_vm = current(plain.as_object());
        c_string_of(object.as_object(), b"text").unwrap();
        assert_ne!(current(object.as_object()), of_vm);
        // The VM reuses the memory of an object only with a vtable of its own.
        drop(object);
        let next = self::object();
        assert_eq!(current(next.as_object()), of_vm);
    }
}
