//! The field protocol of capsules under a model checker: `fields.rs` and `lock.rs` of the capsule crate,
//! compiled here with loom's atomics, which run each model in every order that the memory model allows.

#![cfg(test)]

#[path = "../../../crates/capsule/src/fields.rs"]
#[expect(
    dead_code,
    reason = "what stands alone, the context for example, has no orders to explore"
)]
mod fields;
#[path = "../../../crates/capsule/src/lock.rs"]
#[expect(dead_code, reason = "to take a value is to change it")]
mod lock;

mod changes;
mod destructors;
mod forks;
mod model;

/// What `fields` is built on.
mod sync {
    use std::cell::Cell;

    pub(crate) use loom::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU8, AtomicU32, Ordering, fence,
    };

    thread_local! {
        /// Which process of a chain of forks it is. Not part of what is modelled: no thread sees it
        /// change, since only one comes out of a fork. All threads of a model have it in common.
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
