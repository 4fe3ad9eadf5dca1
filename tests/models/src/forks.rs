//! A thread that is left behind in the parent of a fork with its work half done: those in the child
//! take over, and see a state that may be.

use std::panic::{AssertUnwindSafe, catch_unwind};

use loom::sync::Arc;
use loom::thread::spawn;

use crate::lock::Locked;
use crate::model::{FREE, TAKEN, capsule, claim, explore, seen};
use crate::sync::FORK_EPOCH;

#[test]
fn a_writer_that_vanished_is_not_waited_for() {
    explore("two in the child", || {
        FORK_EPOCH.set(1);
        let fields = capsule();
        // Stops where a fork may stop a thread of the parent: with the lock, the version odd.
        let stopped = catch_unwind(AssertUnwindSafe(|| {
            fields.claim(TAKEN.as_ptr(), |_| std::panic::resume_unwind(Box::new(())))
        }));
        assert!(stopped.is_err());
        FORK_EPOCH.set(2);
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

/// What is left behind half changed is given up, once; what was only read stays.
#[test]
fn a_value_that_was_being_changed_is_given_up() {
    for (changed, whole) in [(true, 0), (false, 7)] {
        explore("two that change a value in the child", move || {
            FORK_EPOCH.set(1);
            let locked = Arc::new(Locked::new(7));
            let stopped = catch_unwind(AssertUnwindSafe(|| {
                let stop = || std::panic::resume_unwind(Box::new(()));
                if changed {
                    locked.change(|value| {
                        *value = -1;
                        stop()
                    })
                } else {
                    locked.read(|_| stop())
                }
            }));
            assert!(stopped.is_err());
            FORK_EPOCH.set(2);
            let other = spawn({
                let locked = locked.clone();
                move || locked.change(|value| *value += 1)
            });
            locked.change(|value| *value += 1);
            other.join().unwrap();
            assert_eq!(locked.read(|value| *value), whole + 2);
        });
    }
}
