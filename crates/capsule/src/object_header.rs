//! The first two words of every object of the VM: its reference count and its vtable. The VM keeps
//! both private; what this crate needs of them is here and nowhere else.
//!
//! The count shares its word with flags of the VM in the upper bits.

use core::ffi::c_void;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

use rustpython_vm::PyObject;

/// The flag of an object that the VM has published to its lock-free caches. Readers of those
/// caches may still look at the count of such an object after it is dead, so its memory must
/// neither be freed nor reused at once.
const PUBLISHED: usize = 1 << (usize::BITS - 2);

/// The reference count of an object, with the VM's flags in the upper bits.
///
/// # Safety
/// The object has not been freed, and is not during `'a`.
#[inline]
pub(crate) unsafe fn count<'a>(object: NonNull<PyObject>) -> &'a AtomicUsize {
    // SAFETY: the count is the first word of every object, which the caller keeps allocated.
    unsafe { object.cast().as_ref() }
}

/// The address of the vtable that the VM keeps for the payload's Rust type.
#[inline]
pub(crate) fn vtable(object: &PyObject) -> *mut c_void {
    let words = core::ptr::from_ref(object).cast::<*mut c_void>();
    // SAFETY: an object begins with its count, one word, and this; it never changes.
    unsafe { words.wrapping_add(1).read() }
}

/// Stores the address of another object, or NULL, in the count of a dead object, until it is
/// [`unlink`]ed. Makes linked lists of dead objects without allocating.
///
/// # Safety
/// The object has a count of zero, and no other code refers to it.
pub(crate) unsafe fn link(object: NonNull<PyObject>, other: *mut PyObject) {
    let other = other.expose_provenance();
    // SAFETY: dead and not freed, since only the caller refers to it.
    unsafe { count(object) }.store(other, Ordering::Relaxed);
}

/// Sets the count to one and returns the address that [`link`] stored.
///
/// # Safety
/// The object is linked, and no other code refers to it.
pub(crate) unsafe fn unlink(object: NonNull<PyObject>) -> *mut PyObject {
    // SAFETY: linked objects are dead and not freed.
    let other = unsafe { count(object) }.swap(1, Ordering::Relaxed);
    core::ptr::with_exposed_provenance_mut(other)
}

/// Clears the published flag of a dead object, so that the VM passes it to the payload's
/// deallocation hook instead of freeing it. Returns whether the flag was set. If it was, the caller
/// calls [`republish`] before the object is freed or resurrected.
///
/// # Safety
/// The object has a count of zero and is not freed.
pub(crate) unsafe fn unpublish(object: NonNull<PyObject>) -> bool {
    // SAFETY: not freed, as the caller promises.
    let count = unsafe { count(object) };
    let published = count.load(Ordering::Relaxed) & PUBLISHED != 0;
    if published {
        count.fetch_and(!PUBLISHED, Ordering::Relaxed);
    }
    published
}

/// Sets the published flag again.
///
/// # Safety
/// The object is not freed.
pub(crate) unsafe fn republish(object: NonNull<PyObject>) {
    // SAFETY: not freed, as the caller promises.
    unsafe { count(object) }.fetch_or(PUBLISHED, Ordering::Release);
}
