//! Destructors: taken once, by whoever comes first, and after everybody has finished reading.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use loom::thread::spawn;

use crate::fields::Fields;
use crate::model::{FREE, capsule, explore, pointer, seen};

#[test]
fn of_two_that_finalize_one_has_the_destructor() {
    explore("finalizer against finalizer", || {
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

/// A capsule with the count of its references, as the VM keeps it.
struct Counted {
    fields: Arc<Fields>,
    references: AtomicUsize,
    destructors: AtomicUsize,
}

/// Gives up a reference, as the VM does; the last one begins to finalize.
fn release(counted: &Counted) {
    if counted.references.fetch_sub(1, Ordering::Release) == 1 {
        fence(Ordering::Acquire);
        if counted.fields.begin_finalizing().is_some() {
            let (name, last, _) = seen(&counted.fields);
            // What the other thread stored before it let go.
            assert_eq!((name, last), (FREE.as_ptr(), 2));
            counted.destructors.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// One thread reads and drops, another stores and drops, a third (the collector, which has a
/// reference while it works) finalizes: the destructor runs once.
#[test]
fn drops_reads_and_the_collector() {
    for collector in [false, true] {
        explore("drop against read", move || {
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

/// A capsule that lives on: what somebody stores while its last rites end is seen by him or by
/// those who end them.
#[test]
fn nothing_is_missed_when_the_last_rites_end() {
    explore("end of the last rites against a store", || {
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
