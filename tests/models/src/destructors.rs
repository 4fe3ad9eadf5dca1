//! Destructors: the first thread to take one runs it, no other does, and it runs after all reads.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use loom::thread::spawn;

use crate::fields::Fields;
use crate::model::{FREE, capsule, explore, pointer, seen};

#[test]
fn one_of_two_finalizing_threads_takes_the_destructor() {
    explore("finalize and finalize", || {
        let fields = capsule();
        let other = spawn({
            let fields = fields.clone();
            move || fields.take_destructor().is_some()
        });
        let mine = fields.take_destructor().is_some();
        assert!(mine != other.join().unwrap());
        assert!(fields.begin_finalizing().is_none());
    });
}

/// A capsule with a reference count like the VM's.
struct Counted {
    fields: Arc<Fields>,
    references: AtomicUsize,
    destructors: AtomicUsize,
}

/// Drops a reference as the VM does. Dropping the last one begins finalization.
fn release(counted: &Counted) {
    if counted.references.fetch_sub(1, Ordering::Release) == 1 {
        fence(Ordering::Acquire);
        if counted.fields.begin_finalizing().is_some() {
            let (name, last, _) = seen(&counted.fields);
            // What the other thread stored before it dropped its reference is visible.
            assert_eq!((name, last), (FREE.as_ptr(), 2));
            counted.destructors.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// One thread reads and drops its reference, another stores a pointer and drops its own. With
/// `collector`, the first also finalizes before it drops, as the collector does. The destructor
/// runs once.
#[test]
fn the_destructor_runs_once_after_all_reads() {
    for collector in [false, true] {
        explore("drop and read", move || {
            let counted = Arc::new(Counted {
                fields: capsule(),
                references: AtomicUsize::new(2),
                destructors: AtomicUsize::new(0),
            });
            let reader = spawn({
                let counted = counted.clone();
                move || {
                    let (_, pointer, _) = seen(&counted.fields);
                    assert!([1, 2].contains(&pointer));
                    if collector && counted.fields.take_destructor().is_some() {
                        counted.destructors.fetch_add(1, Ordering::Relaxed);
                    }
                    release(&counted);
                }
            });
            counted.fields.set_pointer(pointer(2), true);
            release(&counted);
            reader.join().unwrap();
            assert_eq!(counted.destructors.load(Ordering::Relaxed), 1);
        });
    }
}

/// A thread stores while the finalization of a resurrected capsule ends on another thread. Then the
/// storing thread sees the end of finalization, or the finalizing thread sees the store.
#[test]
fn no_store_is_missed_when_finalization_ends() {
    explore("store while finalization ends", || {
        let fields = capsule();
        fields.begin_finalizing();
        let stored = Arc::new(AtomicBool::new(false));
        let storer = spawn({
            let (fields, stored) = (fields.clone(), stored.clone());
            move || {
                stored.store(true, Ordering::Release);
                !fields.is_finalizing()
            }
        });
        fields.end_finalizing();
        let seen_here = stored.load(Ordering::Acquire);
        assert!(storer.join().unwrap() || seen_here);
    });
}
