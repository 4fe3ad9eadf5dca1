//! Where capsule objects come from and where they go: memory that is asked for here, so that there
//! may be none, and a few dead objects that each thread keeps for new ones. The VM frees the rest.
//!
//! All objects of a class begin alike, with the VM's head. That of a capsule refers to nothing but
//! the class, which is immortal, so it is copied from a capsule that the VM made.

use core::alloc::Layout;
use core::cell::Cell;
use core::ffi::c_void;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::alloc::{alloc, dealloc, handle_alloc_error};

use rustpython_vm::builtins::PyType;
use rustpython_vm::object::payload_offset;
use rustpython_vm::types::PyTypeFlags;
use rustpython_vm::{AsObject, Context, Py, PyObject, PyObjectRef, PyPayload, PyRef};

use crate::error::CapsuleError;
use crate::last_rites;
use crate::object::PyCapsule;

/// A capsule that the VM made and nobody sees; NULL until there is a class.
static MODEL: AtomicPtr<Py<PyCapsule>> = AtomicPtr::new(null_mut());

/// Where the model's head says what type the payload has; NULL until there is a model.
///
/// The VM keeps a table for each type of payload and asks it for the type's number. There may be two
/// for one type, but all capsules have this, since their heads are copies. The class tells less:
/// safe code may make an object of any class with any payload.
static TABLE: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

const LAYOUT: Layout = Layout::new::<Py<PyCapsule>>();

/// How many dead objects a thread keeps.
const MOST: usize = 64;

/// Memory of dead objects, each of which begins with the address of the next.
struct Spare {
    first: Cell<*mut Py<PyCapsule>>,
    count: Cell<usize>,
}

thread_local! {
    static SPARE: Spare = const {
        Spare {
            first: Cell::new(null_mut()),
            count: Cell::new(0),
        }
    };
}

impl Spare {
    #[inline]
    fn pop(&self) -> Option<NonNull<Py<PyCapsule>>> {
        let first = NonNull::new(self.first.get())?;
        // SAFETY: `push` wrote it there, and the memory is ours since then.
        self.first.set(unsafe { first.cast().read() });
        self.count.set(self.count.get() - 1);
        Some(first)
    }

    #[inline]
    fn push(&self, memory: NonNull<Py<PyCapsule>>) -> bool {
        let fits = self.count.get() < MOST;
        if fits {
            // SAFETY: it has room for an object, and is ours by now.
            unsafe { memory.cast().write(self.first.get()) };
            self.first.set(memory.as_ptr());
            self.count.set(self.count.get() + 1);
        }
        fits
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        while let Some(memory) = self.pop() {
            // SAFETY: from `alloc` with this layout, be it ours or the VM's, and nothing in it
            // needs to be dropped.
            unsafe { dealloc(memory.as_ptr().cast(), LAYOUT) };
        }
    }
}

/// Called once, with the class and any capsule to be.
pub(crate) fn prepare(any: PyCapsule, class: &Py<PyType>) {
    // Either would put something before the head.
    assert!(!class.slots.flags.has_feature(PyTypeFlags::HAS_DICT));
    assert!(!class.slots.flags.has_feature(PyTypeFlags::HAS_WEAKREF));
    assert!(class.as_object().is_immortal());
    let model = PyRef::leak(PyRef::new_ref(any, class.to_owned(), None));
    TABLE.store(table_of(model.as_object()), Ordering::Release);
    MODEL.store(core::ptr::from_ref(model).cast_mut(), Ordering::Release);
}

/// The second word of an object: the VM's table for the type of its payload.
#[inline]
fn table_of(object: &PyObject) -> *mut c_void {
    let words = core::ptr::from_ref(object).cast::<*mut c_void>();
    // SAFETY: an object begins with its count, one word, and this; it never changes.
    unsafe { words.wrapping_add(1).read() }
}

/// Whether the payload of an object is a `PyCapsule`.
#[inline]
pub(crate) fn is_like_model(object: &PyObject) -> bool {
    core::ptr::eq(table_of(object), TABLE.load(Ordering::Relaxed))
}

/// A new object, whose payload is made once there is memory for it.
///
/// # Errors
/// [`CapsuleError::OutOfMemory`].
#[inline]
pub(crate) fn make(payload: impl FnOnce() -> PyCapsule) -> Result<PyRef<PyCapsule>, CapsuleError> {
    let mut model = MODEL.load(Ordering::Acquire);
    if model.is_null() {
        model = make_model();
    }
    let spare = SPARE.try_with(Spare::pop).ok().flatten();
    let Some(object) = spare.or_else(allocate) else {
        return Err(CapsuleError::OutOfMemory);
    };
    let head = payload_offset::<PyCapsule>();
    // SAFETY:
    // - readable and writable: both are of the layout of an object, of which this is the first part.
    // - unchanging: nobody knows the model.
    // - a copy is as good: the head refers to the class alone, which is immortal.
    unsafe {
        model
            .cast::<u8>()
            .copy_to_nonoverlapping(object.cast().as_ptr(), head)
    };
    // SAFETY: this is where the payload of an object is.
    let place = unsafe { object.byte_add(head) };
    // SAFETY: as above, and what is there needs not be dropped.
    unsafe { place.cast().write(payload()) };
    // `PyCapsule::object` finds its way back to the whole.
    let _ = object.as_ptr().expose_provenance();
    // SAFETY: complete by now; as in the model, there is one reference, which is this.
    Ok(unsafe { PyRef::from_raw(object.as_ptr()) })
}

#[cold]
#[inline(never)]
fn make_model() -> *mut Py<PyCapsule> {
    // The class is there only when the model is.
    let _class = PyCapsule::class(Context::genesis());
    MODEL.load(Ordering::Acquire)
}

#[cold]
fn allocate() -> Option<NonNull<Py<PyCapsule>>> {
    // SAFETY: the layout is not of size zero.
    NonNull::new(unsafe { alloc(LAYOUT) }.cast())
}

/// A box, if there is memory for it.
///
/// # Errors
/// [`CapsuleError::OutOfMemory`], and `value` is dropped.
pub(crate) fn try_box<T>(value: T) -> Result<Box<T>, CapsuleError> {
    if size_of::<T>() == 0 {
        // It needs none.
        return Ok(Box::new(value));
    }
    // SAFETY: the layout is not of size zero.
    let memory = NonNull::new(unsafe { alloc(Layout::new::<T>()) }.cast::<T>());
    let memory = memory.ok_or(CapsuleError::OutOfMemory)?;
    // SAFETY: new memory with room for a `T`.
    unsafe { memory.write(value) };
    // SAFETY: allocated as boxes are, and complete.
    Ok(unsafe { Box::from_raw(memory.as_ptr()) })
}

/// For callers that cannot be told that there is no memory: ends the process, as Rust's collections
/// do.
pub(crate) fn or_end<T>(made: Result<T, CapsuleError>) -> T {
    made.unwrap_or_else(|_| handle_alloc_error(LAYOUT))
}

/// Keeps the memory of a dead object, or does not, in which case the VM has to free it.
///
/// # Safety
/// Nobody uses the object any more, or will if the answer is yes. Its payload needs no drop.
#[inline]
pub(crate) unsafe fn keep(object: NonNull<PyObject>) -> bool {
    SPARE
        .try_with(|spare| spare.push(object.cast()))
        .unwrap_or(false)
}

/// Makes a dead object lead to another, or to NULL, until it is [`unlink`]ed. Needs no memory.
///
/// # Safety
/// The object has a count of zero, and nobody else knows it.
pub(crate) unsafe fn link(object: NonNull<PyObject>, other: *mut PyObject) {
    let other = other.expose_provenance();
    // SAFETY: passed on from the caller.
    unsafe { count(object) }.store(other, Ordering::Relaxed);
}

/// What the object leads to. It has a count of one again.
///
/// # Safety
/// It was [`link`]ed, and nobody else knows it.
pub(crate) unsafe fn unlink(object: NonNull<PyObject>) -> *mut PyObject {
    // SAFETY: passed on from the caller.
    let other = unsafe { count(object) }.swap(1, Ordering::Relaxed);
    core::ptr::with_exposed_provenance_mut(other)
}

/// The reference count of an object, with the VM's flags in the upper bits.
///
/// # Safety
/// The object is alive for `'a`, or dead and not freed.
unsafe fn count<'a>(object: NonNull<PyObject>) -> &'a AtomicUsize {
    // SAFETY: it is the first word of every object; the rest is passed on from the caller.
    unsafe { object.cast().as_ref() }
}

/// The flag of an object that the VM has published to its lock-free caches. Readers of those may
/// still look at its count when it is dead, so that its memory must not be freed or used at once.
const PUBLISHED: usize = 1 << (usize::BITS - 2);

/// Takes the flag off a dead object, so that the VM, which else would free it, lets the last rites
/// have it. The answer is whether it was there. Whoever does this calls [`republish`] before the
/// object is freed or lives on.
///
/// # Safety
/// The object has a count of zero.
pub(crate) unsafe fn unpublish(object: NonNull<PyObject>) -> bool {
    // SAFETY: passed on from the caller.
    let count = unsafe { count(object) };
    let published = count.load(Ordering::Relaxed) & PUBLISHED != 0;
    if published {
        count.fetch_and(!PUBLISHED, Ordering::Relaxed);
    }
    published
}

/// Puts the flag back.
///
/// # Safety
/// The object is not freed.
pub(crate) unsafe fn republish(object: NonNull<PyObject>) {
    // SAFETY: passed on from the caller.
    unsafe { count(object) }.fetch_or(PUBLISHED, Ordering::Release);
}

/// Gives up a reference, as dropping a `PyRef` does. For the last one, which C code drops, it is a
/// shorter way to the same end.
///
/// # Safety
/// The reference is the caller's, who gives it up.
#[inline]
pub unsafe fn release(object: NonNull<Py<PyCapsule>>) {
    // SAFETY: alive until the end of this function at least.
    let count = unsafe { count(object.cast()) };
    // SAFETY: the caller's reference keeps it alive.
    let capsule = unsafe { object.as_ref() };
    // One reference, no flags: nobody else knows the object, so nobody can make another.
    if count.load(Ordering::Acquire) == 1 && capsule.belongings.get().is_none() {
        count.store(0, Ordering::Relaxed);
        // SAFETY: dead, whole, and left alone if the answer is yes.
        if unsafe { last_rites::perform(object.cast()) } {
            return;
        }
        count.store(1, Ordering::Relaxed);
    }
    // SAFETY: passed on from the caller.
    drop(unsafe { PyObjectRef::from_raw(object.cast()) });
}
