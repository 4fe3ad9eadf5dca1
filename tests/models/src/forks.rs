//! A fork while another thread is in the middle of a change: that thread does not exist in the
//! child. The threads of the child can take its lock, and read a consistent state.

use std::panic::{AssertUnwindSafe, catch_unwind};

use loom::sync::Arc;
use loom::thread::spawn;

use crate::lock::Locked;
use crate::model::{FREE, TAKEN, capsule, claim, explore, seen};
use crate::sync::FORK_EPOCH;

#[test]
fn a_writer_that_does_not_exist_in_the_child_is_not_waited_for() {
    explore("claim and read in the child", || {
        FORK_EPOCH.set(1);
        let fields = capsule();
        // Stops at a point where a fork may find a thread: it holds the lock, and the version is
        // odd.
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

/// If a thread was changing the value at the fork, the child replaces the value by the default,
/// once. If the thread was only reading, the value stays.
#[test]
fn a_half_changed_value_is_replaced_by_the_default() {
    for (changed, initial) in [(true, 0), (false, 7)] {
        explore("change and change in the child", move || {
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
            assert_eq!(locked.read(|value| *value), initial + 2);
        });
    }
}
