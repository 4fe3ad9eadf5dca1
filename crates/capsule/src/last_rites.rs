//! How a capsule ends: the destructor once, then what it owned, then its memory; unless somebody
//! took a new reference meanwhile, in which case it lives on without a destructor.
//!
//! The VM calls `perform` as the last thing before it frees the object, on whatever thread, with
//! or without an interpreter; where C drops the last reference, `memory::release` may do so
//! instead. An object that the VM has published to its lock-free caches (one that was an attribute
//! of a class, say) would be freed without that call, and is reserved for it before (`reserve`).

use core::cell::Cell;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::Ordering;

use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyRef};

use crate::belongings::Belongings;
use crate::class::track_if_needed;
use crate::destructor::from_address;
use crate::memory::{keep, link, make, or_end, republish, unlink, unpublish};
use crate::{PyCapsule, firewall};

/// Runs the destructor, if one is set and none has run.
pub(crate) fn run_destructor(capsule: &Py<PyCapsule>) {
    run(capsule, capsule.fields.take_destructor());
}

#[inline]
fn run(capsule: &Py<PyCapsule>, taken: Option<NonNull<()>>) {
    // SAFETY: only `as_address` makes what is stored there.
    let Some(destructor) = taken.and_then(|taken| unsafe { from_address(taken.as_ptr()) }) else {
        return;
    };
    let shown = capsule.as_object();
    firewall::fence(Some(shown), || {
        let object = core::ptr::from_ref(shown).cast_mut();
        // SAFETY:
        // - callable: `Destructor::c` and the C ABI require it of their callers; `run_closure`
        //   takes any object.
        // - once: it was given to us alone (I3).
        unsafe { destructor(object) };
    });
}

/// What is left to do with a dead capsule. The answer is whether the VM must leave the memory
/// alone.
///
/// # Safety
/// `object` is a `Py<PyCapsule>` with a count of zero, whole, and the caller touches it no more
/// when the answer is yes.
#[inline]
pub(crate) unsafe fn perform(object: NonNull<PyObject>) -> bool {
    // SAFETY: passed on from the caller.
    let capsule = unsafe { object.cast::<Py<PyCapsule>>().as_ref() };
    if !capsule.fields.destructor_pending() && capsule.belongings.get().is_none() {
        // SAFETY: passed on from the caller, and nothing is left in it.
        return unsafe { keep(object) };
    }
    // SAFETY: passed on from the caller.
    unsafe { perform_all(object) }
}

/// # Safety
/// As for `perform`.
#[inline(never)]
unsafe fn perform_all(object: NonNull<PyObject>) -> bool {
    // SAFETY: passed on from the caller.
    let capsule = unsafe { object.cast::<Py<PyCapsule>>().as_ref() };
    let Some(_level) = Level::enter() else {
        if capsule.fields.is_noted_published() {
            // Readers of the caches may look at its count, so that it cannot be linked to others.
            // SAFETY: not freed.
            unsafe { republish(object) };
            return false;
        }
        // SAFETY: passed on from the caller.
        unsafe { postpone(object) };
        return true;
    };
    let destructor = capsule.fields.begin_dying();
    if let Some(contents) = capsule.belongings.get() {
        // The destructor may free what they read, and bring the capsule back.
        contents.objects.change(|objects| objects.hooks = None);
        // The VM took the dead object off the collector's lists.
        contents.tracked.store(false, Ordering::Relaxed);
    }
    run(capsule, destructor);
    // A count of zero that rises goes to two, not to one: the VM keeps one back, so that dropping
    // the new reference does not free the object under us. It is ours to give up.
    if capsule.as_object().strong_count() == 0 {
        // SAFETY: dead, and nobody has taken a reference.
        unsafe { capsule.belongings.end_dependants(Some(capsule.as_object())) };
    }
    let published = capsule.fields.is_noted_published();
    if published {
        // SAFETY: not freed.
        unsafe { republish(object) };
    }
    if capsule.as_object().strong_count() == 0 {
        capsule.belongings.end();
        // SAFETY: passed on from the caller, and nothing is left in it.
        return !published && unsafe { keep(object) };
    }
    capsule.fields.end_dying();
    track_if_needed(capsule);
    // SAFETY: the count that the VM kept back is a reference that nobody else gives up. If it is
    // the last one, the object ends here and now, and the caller does not touch it.
    drop(unsafe { PyObjectRef::from_raw(object) });
    true
}

/// Called for a dead capsule with a destructor to run, before the VM decides what becomes of it:
/// gets it a call of `perform` also where it is published.
pub(crate) fn reserve(capsule: &Py<PyCapsule>) {
    // SAFETY: it has a count of zero.
    if unsafe { unpublish(NonNull::from(capsule.as_object())) } {
        capsule.fields.note_published();
    }
}

/// What a published capsule without a destructor owns goes here. So does one too many on the stack:
/// it moves everything to an heir, which ends in the ordinary way.
impl Drop for PyCapsule {
    fn drop(&mut self) {
        if self.fields.destructor_pending() {
            drop(heir(self));
        } else {
            // SAFETY: the object is dead, and nobody can take a reference.
            unsafe { self.belongings.end_dependants(None) };
            self.belongings.end();
        }
    }
}

/// A new capsule with all that the dying one had.
fn heir(dying: &PyCapsule) -> PyRef<PyCapsule> {
    or_end(make(|| {
        let taken = dying.fields.take_destructor();
        PyCapsule::new(
            dying.fields.identity(),
            dying.fields.context(),
            // SAFETY: only `as_address` makes what is stored there.
            taken.and_then(|taken| unsafe { from_address(taken.as_ptr()) }),
            Belongings::holding(dying.belongings.take()),
        )
    }))
}

/// How deep capsules may end inside one another on one stack. Each level is some hundred bytes of
/// ours, and whatever the destructors need; those of a Python destructor are the largest.
const DEEPEST: usize = 24;

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// The last one that was postponed. Each leads to the one before it, see `memory::link`.
    static POSTPONED: Cell<*mut PyObject> = const { Cell::new(null_mut()) };
}

/// One capsule that is ending on this thread. The outermost one, when done, ends the postponed.
struct Level;

impl Level {
    /// `None` when it would be one too many.
    fn enter() -> Option<Self> {
        let depth = DEPTH.get();
        (depth < DEEPEST).then(|| {
            DEPTH.set(depth + 1);
            Self
        })
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        while DEPTH.get() == 1
            && let Some(object) = NonNull::new(POSTPONED.get())
        {
            // SAFETY: `postpone` linked it.
            POSTPONED.set(unsafe { unlink(object) });
            // SAFETY: `unlink` gave it one reference, and nobody else knows it. The VM deallocates
            // it anew.
            drop(unsafe { PyObjectRef::from_raw(object) });
        }
        DEPTH.set(DEPTH.get() - 1);
    }
}

/// # Safety
/// As for `perform`, which will answer that the object stays.
unsafe fn postpone(object: NonNull<PyObject>) {
    // SAFETY: passed on from the caller.
    unsafe { link(object, POSTPONED.get()) };
    POSTPONED.set(object.as_ptr());
}
