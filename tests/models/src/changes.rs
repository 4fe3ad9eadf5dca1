//! Names and pointers: what a reader can see while they change, and which claim succeeds.

use loom::thread::spawn;

use crate::model::{FREE, TAKEN, capsule, claim, explore, explore_bounded, pointer, seen};

const BOTH: [*const core::ffi::c_char; 2] = [FREE.as_ptr(), TAKEN.as_ptr()];

#[test]
fn a_reader_never_mixes_two_states() {
    explore("read while renamed", || {
        let fields = capsule();
        let writer = spawn({
            let fields = fields.clone();
            move || {
                fields.rename(TAKEN.as_ptr(), true);
                fields.set_pointer(pointer(2), true);
            }
        });
        let [free, taken] = BOTH;
        let states = [(free, 1, true), (taken, 1, true), (taken, 2, true)];
        let state = seen(&fields);
        assert!(states.contains(&state), "{state:?}");
        writer.join().unwrap();
        assert_eq!(seen(&fields), (taken, 2, true));
    });
}

/// The capsule has the pointer 2 only while it has another name. No reader may see that pointer
/// under the name that the capsule has before and after.
#[test]
fn a_reader_notices_that_a_name_changed_and_changed_back() {
    explore_bounded("read while renamed and renamed back", 2, || {
        let fields = capsule();
        let reader = spawn({
            let fields = fields.clone();
            move || seen(&fields)
        });
        let [free, taken] = BOTH;
        fields.rename(taken, true);
        fields.set_pointer(pointer(2), true);
        fields.set_pointer(pointer(1), true);
        fields.rename(free, true);
        let state = reader.join().unwrap();
        let states = [(free, 1, true), (taken, 1, true), (taken, 2, true)];
        assert!(states.contains(&state), "{state:?}");
    });
}

/// Python's `set_pointer` clears the vouched mark before any thread can read the number that it
/// stores.
#[test]
fn a_pointer_from_python_is_never_vouched() {
    explore_bounded("read while Python sets the pointer", 3, || {
        let fields = capsule();
        let writer = spawn({
            let fields = fields.clone();
            move || {
                fields.set_pointer(pointer(2), false);
                fields.set_pointer(pointer(3), true);
            }
        });
        let (_, pointer, vouched) = seen(&fields);
        assert!(
            [(1, true), (2, false), (3, true)].contains(&(pointer, vouched)),
            "{pointer} {vouched}"
        );
        writer.join().unwrap();
    });
}

/// C code stores a pointer without the lock while Python code stores one with it. Whichever store
/// is the last, the number from Python is never vouched.
#[test]
fn c_and_python_set_pointers_at_the_same_time() {
    explore("set_pointer and set_pointer", || {
        let fields = capsule();
        let python = spawn({
            let fields = fields.clone();
            move || fields.set_pointer(pointer(2), false)
        });
        fields.set_pointer(pointer(3), true);
        let (_, now, vouched) = seen(&fields);
        assert!(now != 2 || !vouched);
        python.join().unwrap();
        let (_, last, vouched) = seen(&fields);
        assert!(matches!((last, vouched), (2, false) | (3, _)));
    });
}

#[test]
fn one_of_two_concurrent_claims_succeeds() {
    explore("claim and claim", || {
        let fields = capsule();
        let other = spawn({
            let fields = fields.clone();
            move || claim(&fields)
        });
        let mine = claim(&fields);
        let theirs = other.join().unwrap();
        assert!(matches!((mine, theirs), (Some(1), None) | (None, Some(1))));
        assert_eq!(seen(&fields), (TAKEN.as_ptr(), 1, false));
    });
}

/// A claim returns the old pointer or the new one. The capsule has the new one afterwards.
#[test]
fn a_claim_while_the_pointer_is_set() {
    for vouched in [true, false] {
        explore("claim and set_pointer", move || {
            let fields = capsule();
            let setter = spawn({
                let fields = fields.clone();
                move || fields.set_pointer(pointer(2), vouched)
            });
            let claimed = claim(&fields).expect("no other thread claims");
            setter.join().unwrap();
            assert!([1, 2].contains(&claimed));
            let (name, last, _) = seen(&fields);
            assert_eq!((name, last), (TAKEN.as_ptr(), 2));
        });
    }
}

/// Two threads claim, and one of them sets the name back afterwards. So at least one claim
/// succeeds, and the final name shows which was the last operation.
#[test]
fn a_renamed_capsule_can_be_claimed_again() {
    explore("claim, rename, claim", || {
        let fields = capsule();
        let other = spawn({
            let fields = fields.clone();
            move || {
                let claimed = claim(&fields);
                if claimed.is_some() {
                    fields.rename(FREE.as_ptr(), false);
                }
                claimed
            }
        });
        let mine = claim(&fields);
        let theirs = other.join().unwrap();
        assert!(mine.is_some() || theirs.is_some());
        let (name, ..) = seen(&fields);
        let is_free = name == FREE.as_ptr();
        assert_eq!(is_free, theirs.is_some() && mine.is_none());
    });
}
