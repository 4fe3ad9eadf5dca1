//! Runs models, and has what they share: capsules with one of two names and small numbers as
//! pointers.

use core::ffi::{CStr, c_char, c_void};
use core::ptr::{NonNull, null_mut, without_provenance_mut};
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc as PlainArc;

use loom::model::Builder;
use loom::sync::Arc;

use crate::fields::{Fields, Flags, NamedPointer};

pub(crate) const FREE: &CStr = c"free";
pub(crate) const TAKEN: &CStr = c"taken";

/// Runs `model` in every interleaving of its threads, and prints how many there were.
pub(crate) fn explore(name: &str, model: impl Fn() + Send + Sync + 'static) {
    run(Builder::new(), name, model);
}

/// Like `explore`, but only interleavings with at most `preemptions` preemptions of a thread.
pub(crate) fn explore_bounded(
    name: &str,
    preemptions: usize,
    model: impl Fn() + Send + Sync + 'static,
) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions);
    run(builder, name, model);
}

fn run(mut builder: Builder, name: &str, model: impl Fn() + Send + Sync + 'static) {
    let interleavings = PlainArc::new(AtomicUsize::new(0));
    let counted = interleavings.clone();
    builder.max_branches = 10_000;
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        model();
    });
    let count = interleavings.load(Ordering::Relaxed);
    println!("{name}: {count} interleavings");
}

pub(crate) fn pointer(number: usize) -> NonNull<c_void> {
    NonNull::new(without_provenance_mut(number)).expect("the number is not 0")
}

/// A capsule with the name `FREE`, the vouched pointer 1, and a destructor.
pub(crate) fn capsule() -> Arc<Fields> {
    let state = NamedPointer {
        pointer: pointer(1),
        name: FREE.as_ptr(),
        flags: Flags::VOUCHED,
    };
    let destructor = without_provenance_mut(8);
    Arc::new(Fields::new(state, null_mut(), destructor))
}

/// What a reader sees: the name, the pointer as a number, and whether it is vouched.
pub(crate) fn seen(fields: &Fields) -> (*const c_char, usize, bool) {
    let state = fields.read();
    let (pointer, vouched) = state.vouched_pointer();
    (state.name, pointer.addr().get(), vouched)
}

/// Claims the capsule under the name `FREE`. Returns the pointer as a number if that succeeds.
pub(crate) fn claim(fields: &Fields) -> Option<usize> {
    let claimed = fields.claim(TAKEN.as_ptr(), |name| name == FREE.as_ptr());
    claimed.ok().map(|pointer| pointer.addr().get())
}
