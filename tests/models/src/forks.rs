//! A writer that is left behind in the parent of a fork with its work half done: those in the child
//! take over, and see a state that may be.

use core::sync::atomic::Ordering;
use std::panic::{AssertUnwindSafe, catch_unwind};

use loom::thread::spawn;

use crate::model::{FREE, TAKEN, capsule, claim, explore, seen};
use crate::sync::GENERATION;

#[test]
fn a_writer_that_vanished_is_not_waited_for() {
    explore("two in the child", || {
        GENERATION.store(1, Ordering::Relaxed);
        let fields = capsule();
        // Stops where a fork may stop a thread of the parent: with the lock, the version odd.
        let stopped = catch_unwind(AssertUnwindSafe(|| {
            fields.claim(TAKEN.as_ptr(), |_| std::panic::resume_unwind(Box::new(())))
        }));
        assert!(stopped.is_err());
        GENERATION.store(2, Ordering::Relaxed);
        let other = spawn({
            let fields = fields.clone();
            move || claim(&fields)
        });
        let (name, pointer, vouched) = seen(&fields);
        assert_eq!(pointer, 1);
        assert_eq!(vouched, name == FREE.as_ptr());
        assert_eq!(other.join().unwrap(), Some(1));
        assert_eq!(seen(&fields), (TAKEN.as_ptr(), 1, false));
    });
}
