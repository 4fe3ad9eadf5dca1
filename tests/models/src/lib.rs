//! Models of the field protocol of capsules. `fields.rs` and `lock.rs` of the capsule crate are
//! compiled here with the atomics of loom, which runs each model in every interleaving that the
//! memory model allows.

#![cfg(test)]

#[path = "../../../crates/capsule/src/fields.rs"]
#[expect(
    dead_code,
    reason = "independent fields such as the context have no interleavings to explore"
)]
mod fields;
#[path = "../../../crates/capsule/src/lock.rs"]
#[expect(dead_code, reason = "taking a value is a change like any other")]
mod lock;

mod changes;
mod destructors;
mod forks;
mod model;

/// Replaces `sync.rs` of the capsule crate, on which `fields` and `lock` are built.
mod sync {
    use std::cell::Cell;

    pub(crate) use loom::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU8, AtomicU32, Ordering, fence,
    };

    thread_local! {
        /// The number of forks so far, plus 1. It is no loom variable: no thread can see it change,
        /// since the child of a fork has a single thread. Loom runs all threads of a model on one
        /// OS thread.
        pub(crate) static FORK_EPOCH: Cell<u8> = const { Cell::new(1) };
    }

    pub(crate) fn fork_epoch() -> u8 {
        FORK_EPOCH.get()
    }

    pub(crate) fn pause(_waited: &mut u32) {
        loom::thread::yield_now();
    }

    pub(crate) fn is_single_threaded() -> bool {
        false
    }
}
