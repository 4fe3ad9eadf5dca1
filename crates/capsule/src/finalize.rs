//! How a capsule is destroyed. In the VM's words: the object has died (its count is zero) and is
//! deallocated; on the way it may be resurrected. The VM calls [`finalize`] as the last thing before
//! it frees the object, on whatever thread, attached or not. When C code drops the last reference,
//! [`release`] may call it instead.
//!
//! # A worked trace
//!
//! A capsule with a destructor, an owner and a Rust value. `rc` is the reference count.
//!
//! ```text
//! rc 1   the last reference is dropped
//! rc 0   the VM calls `class::del_needed`     a published object is unpublished here (see below)
//! rc 0   the VM calls `finalize`
//!          nothing owned, no destructor?      -> recycle the memory, done
//!          24 capsules on this stack already? -> postpone: linked through rc, destroyed by the
//!                                                outermost one; or, if published, leave it to `Drop`
//! rc 0     begin_finalizing                   takes the destructor: it runs at most once (I3)
//!          forget the C hooks                 the destructor may free what they read
//!          run_isolated(destructor)
//!             it only looks at the capsule       rc 0
//!             it makes and drops a reference     rc 0 -> 2 -> 1: the VM counts a new reference to a
//!                                                dead object twice, so that dropping it does not
//!                                                free the object under the destructor
//!             it stores a reference              rc 2
//! rc 0     drop the value, then the closure   each may panic; the report may store a reference
//! rc 0     drop the owner, then the names     nothing depends on them any more
//! rc 0     recycle the memory, or let the VM free it; done
//!
//! rc > 0   resurrected, or touched:
//! rc n     end_finalizing                     it stays alive without a destructor
//! rc n     track_if_needed                    the VM had taken it off the collector's lists
//! rc n-1   drop the reference that the VM kept back. If that was the last one (the touched case), the
//!          object dies again right here, and takes the short path above: the destructor was taken.
//! ```
//!
//! **Published objects.** The VM does not call the hook for an object that it has published to its
//! lock-free caches (one that was an attribute of a class, say). [`prepare_published`] clears the
//! flag of such objects, so that the VM calls `finalize`. That sets the flag again and leaves the
//! memory to the VM, because readers of the caches may still look at the count.

use core::cell::Cell;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::Ordering;

use rustpython_vm::gc_state::{current_owner, gc_state};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyRef};

use crate::alloc::or_abort;
use crate::callback_guard::{catch_panic, report_unraisable, run_isolated};
use crate::ffi_types::{CDestructor, from_address};
use crate::object_header::{count, link, republish, unlink, unpublish};
use crate::owned::{Closure, OwnedSlot};
use crate::payload::{PyCapsule, as_capsule, header_template, make, recycle};
use crate::thread::with_interpreter;

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
    let object = capsule.as_object();
    run_isolated(Some(object), || {
        // SAFETY:
        // - callable: `Destructor::c` and the C API require it of their callers; `run_closure`
        //   takes any object.
        // - once: `take_destructor` and `begin_finalizing` return it to one caller (I3).
        unsafe { destructor(core::ptr::from_ref(object).cast_mut()) };
    });
}

/// The one address that means "the capsule owns a closure". A `static`, because the address of a
/// function need not be the same everywhere it is taken.
pub(crate) static RUN_CLOSURE: CDestructor = run_closure;

/// C code may read this destructor from one capsule, keep it, and set it on another. On a capsule
/// that owns no closure it does nothing.
unsafe extern "C" fn run_closure(capsule: *mut PyObject) {
    // SAFETY: a destructor is called with an object that lives for the call.
    let Some(capsule) = unsafe { capsule.as_ref() }.and_then(as_capsule) else {
        return;
    };
    let object = capsule.as_object();
    match closure_to_run(capsule) {
        None => {}
        Some(Closure::Rust(closure)) => catch_panic(Some(object), || {
            if let Some(closure) = closure {
                closure(object);
            }
        }),
        Some(Closure::Python {
            callable,
            interpreter_id,
        }) => catch_panic(Some(object), move || {
            with_interpreter(interpreter_id, |vm| {
                catch_panic(Some(object), || {
                    if let Err(exception) = callable.call((capsule.to_owned(),), vm) {
                        report_unraisable(exception, Some(object), vm);
                    }
                });
            });
            drop(callable);
        }),
    }
}

/// Which kind of [`Destructor`](crate::Destructor) a capsule has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DestructorKind {
    /// No destructor.
    None,
    /// A C function.
    C,
    /// A Rust closure.
    Rust,
    /// A Python callable.
    Python,
}

/// Which kind of destructor is set, whether or not it has run.
pub(crate) fn destructor_kind(capsule: &PyCapsule) -> DestructorKind {
    // SAFETY: only `as_address` makes what is stored there.
    match unsafe { from_address(capsule.fields.destructor()) } {
        None => DestructorKind::None,
        Some(function) if !is_run_closure(function) => DestructorKind::C,
        Some(_) => {
            let owned = capsule.owned.get();
            owned.map_or(DestructorKind::None, |owned| {
                owned.gc_refs.read(|refs| match &refs.closure {
                    None => DestructorKind::None,
                    Some(Closure::Rust(_)) => DestructorKind::Rust,
                    Some(Closure::Python { .. }) => DestructorKind::Python,
                })
            })
        }
    }
}

pub(crate) fn is_run_closure(function: CDestructor) -> bool {
    core::ptr::fn_addr_eq(function, RUN_CLOSURE)
}

/// The closure, for one run of it. The capsule keeps the kind of the closure.
fn closure_to_run(capsule: &PyCapsule) -> Option<Closure> {
    capsule.owned.get()?.gc_refs.change(|refs| {
        Some(match refs.closure.as_mut()? {
            Closure::Rust(closure) => Closure::Rust(closure.take()),
            Closure::Python {
                callable,
                interpreter_id,
            } => Closure::Python {
                callable: callable.clone(),
                interpreter_id: *interpreter_id,
            },
        })
    })
}

/// Makes the collector track a capsule that now owns Python objects.
pub(crate) fn track_if_needed(capsule: &Py<PyCapsule>) {
    let Some(owned) = capsule.owned.get() else {
        return;
    };
    if owned.holds_objects()
        && !capsule.fields.is_finalizing()
        && !owned.tracked.swap(true, Ordering::Relaxed)
    {
        // SAFETY: the object is alive, and not in the collector's lists: only this function puts it
        // there, and `tracked` lets one thread do so.
        unsafe { gc_state().track_object(NonNull::from(capsule.as_object()), current_owner()) };
    }
}

/// Destroys a dead capsule. Returns whether the VM must leave the memory alone, because the capsule
/// was resurrected, is postponed, or is in the free list.
///
/// # Safety
/// `object` is a `Py<PyCapsule>` with a count of zero, whole, and the caller does not use it again
/// if the result is true.
#[inline]
pub(crate) unsafe fn finalize(object: NonNull<PyObject>) -> bool {
    // SAFETY: a capsule that has not been freed, as the caller promises.
    let capsule = unsafe { object.cast::<Py<PyCapsule>>().as_ref() };
    if !capsule.fields.destructor_pending() && capsule.owned.get().is_none() {
        // SAFETY: dead, so there is no reference to it, and it owns nothing.
        return unsafe { recycle(object) };
    }
    // SAFETY: the caller's promises are those of `finalize_whole`.
    unsafe { finalize_whole(object) }
}

/// [`finalize`] for a capsule with a destructor to run, or one that owns something.
///
/// # Safety
/// As for `finalize`.
#[inline(never)]
unsafe fn finalize_whole(object: NonNull<PyObject>) -> bool {
    // SAFETY: a capsule that has not been freed, as the caller promises.
    let capsule = unsafe { object.cast::<Py<PyCapsule>>().as_ref() };
    let Some(_nesting) = Nesting::enter() else {
        if capsule.fields.is_published() {
            // Readers of the VM's caches may look at the count, so it cannot hold a link.
            // SAFETY: not freed yet.
            unsafe { republish(object) };
            return false;
        }
        // SAFETY: dead and not published, so only the caller refers to it, and does not use it again.
        unsafe { postpone(object) };
        return true;
    };
    let destructor = capsule.fields.begin_finalizing();
    // SAFETY: a count of zero means that there is no reference, and the destructor has not run yet.
    if let Some(owned) = unsafe { capsule.owned.get_mut() } {
        // The destructor may free what they read, and resurrect the capsule.
        owned.gc_refs.get_mut().hooks = None;
        // The VM took the dead object off the collector's lists.
        *owned.tracked.get_mut() = false;
    }
    run(capsule, destructor);
    if capsule.as_object().strong_count() == 0 {
        // SAFETY: a count of zero means that there is no reference.
        unsafe { capsule.owned.drop_dependents(Some(capsule.as_object())) };
    }
    let published = capsule.fields.is_published();
    if published {
        // SAFETY: not freed yet.
        unsafe { republish(object) };
    }
    if capsule.as_object().strong_count() == 0 {
        capsule.owned.drop_rest();
        // SAFETY: dead, so there is no reference to it, and it owns nothing any more.
        return !published && unsafe { recycle(object) };
    }
    capsule.fields.end_finalizing();
    track_if_needed(capsule);
    // SAFETY: the reference that the VM kept back is dropped only here. If it is the last one, the
    // object is deallocated here, and the caller does not use it.
    drop(unsafe { PyObjectRef::from_raw(object) });
    true
}

/// Called for a dead capsule with a destructor to run, before the VM decides how to deallocate it:
/// makes the VM call [`finalize`] for a published object too.
pub(crate) fn prepare_published(capsule: &Py<PyCapsule>) {
    // SAFETY: it has a count of zero and is not freed.
    if unsafe { unpublish(NonNull::from(capsule.as_object())) } {
        capsule.fields.set_published();
    }
}

/// Drops a reference, as dropping a `PyRef` does. It takes less time if the reference is the last one
/// to an object that owns nothing.
///
/// # Safety
/// The caller owns the reference and does not use it again.
#[inline]
pub unsafe fn release(object: NonNull<Py<PyCapsule>>) {
    // SAFETY: the caller's reference keeps the object alive until it is dropped below.
    let count = unsafe { count(object.cast()) };
    // SAFETY: as for the count.
    let capsule = unsafe { object.as_ref() };
    // One reference and no flags: no other thread refers to the object, so none can make a reference.
    if count.load(Ordering::Acquire) == 1 && capsule.owned.get().is_none() {
        count.store(0, Ordering::Relaxed);
        // SAFETY: dead and whole, and not used again if the result is true.
        if unsafe { finalize(object.cast()) } {
            return;
        }
        count.store(1, Ordering::Relaxed);
    }
    // SAFETY: the caller owns this reference, and does not use it again.
    drop(unsafe { PyObjectRef::from_raw(object.cast()) });
}

/// Runs when the VM frees an object. What a published capsule without a destructor owns is dropped
/// here. A published capsule that would nest too deeply arrives with its destructor still to run; its
/// contents move to a new object, which is then destroyed in the ordinary way.
impl Drop for PyCapsule {
    fn drop(&mut self) {
        if self.fields.destructor_pending() {
            drop(move_to_new_object(self));
        } else {
            // SAFETY: the object is being freed, so there is no reference to it.
            unsafe { self.owned.drop_dependents(None) };
            self.owned.drop_rest();
        }
    }
}

fn move_to_new_object(dying: &PyCapsule) -> PyRef<PyCapsule> {
    let template = header_template().expect("the template exists, since a capsule does");
    or_abort(make(template, || {
        let taken = dying.fields.take_destructor();
        PyCapsule::new(
            dying.fields.read(),
            dying.fields.context(),
            // SAFETY: only `as_address` makes what is stored there.
            taken.and_then(|taken| unsafe { from_address(taken.as_ptr()) }),
            OwnedSlot::new(dying.owned.take()),
        )
    }))
}

/// How many capsules may be finalized inside one another on one stack. Each takes some hundred bytes
/// of stack here, and what its destructor needs; a Python destructor needs most.
const MAX_NESTING: usize = 24;

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// The capsule that was postponed last. Each is linked to the one before it.
    static POSTPONED: Cell<*mut PyObject> = const { Cell::new(null_mut()) };
}

/// One capsule that is being finalized on this thread. When the outermost one is done, the postponed
/// ones are destroyed.
struct Nesting;

impl Nesting {
    /// `None` if [`MAX_NESTING`] is reached.
    fn enter() -> Option<Self> {
        let depth = DEPTH.get();
        (depth < MAX_NESTING).then(|| {
            DEPTH.set(depth + 1);
            Self
        })
    }
}

impl Drop for Nesting {
    fn drop(&mut self) {
        while DEPTH.get() == 1
            && let Some(object) = NonNull::new(POSTPONED.get())
        {
            // SAFETY: `postpone` linked it, and only this list refers to it.
            POSTPONED.set(unsafe { unlink(object) });
            // SAFETY: `unlink` gave it one reference, which is dropped here, so that the VM
            // deallocates it again.
            drop(unsafe { PyObjectRef::from_raw(object) });
        }
        DEPTH.set(DEPTH.get() - 1);
    }
}

/// # Safety
/// The object has a count of zero, and no other code refers to it. The VM does not free it.
unsafe fn postpone(object: NonNull<PyObject>) {
    // SAFETY: the caller's promises are those of `link`.
    unsafe { link(object, POSTPONED.get()) };
    POSTPONED.set(object.as_ptr());
}
