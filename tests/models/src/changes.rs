//! Names and pointers: what a reader can see while they change, and who wins a claim.

use loom::thread::spawn;

use crate::model::{FREE, TAKEN, capsule, claim, explore, explore_bounded, pointer, seen};

const BOTH: [*const core::ffi::c_char; 2] = [FREE.as_ptr(), TAKEN.as_ptr()];

#[test]
fn a_reader_never_mixes_two_states() {
    explore("reader against renamer", || {
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

/// The pointer 2 is there and gone again while the name is another: nobody may see it under the
/// name that was before and is again after.
#[test]
fn a_reader_notices_that_a_name_was_away() {
    explore_bounded("reader against renamer, to and fro", 2, || {
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

/// Python's setters take the promise of C back, before anybody can see the number that they store.
#[test]
fn nobody_vouches_for_what_python_stored() {
    explore_bounded("reader against a pointer from Python", 3, || {
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

/// C's short way of storing a pointer, while Python's long way is under way: whichever comes last,
/// a number of Python's is never vouched for.
#[test]
fn pointers_of_c_and_of_python_cross() {
    explore("set_pointer against set_pointer", || {
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
fn of_two_claimants_one_wins() {
    explore("claim against claim", || {
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

/// A claim gets the pointer that was, or the one that is set; the other is what stays.
#[test]
fn a_claim_and_a_new_pointer_cross() {
    for vouched in [true, false] {
        explore("claim against set_pointer", move || {
            let fields = capsule();
            let setter = spawn({
                let fields = fields.clone();
                move || fields.set_pointer(pointer(2), vouched)
            });
            let claimed = claim(&fields).expect("nobody else claims");
            setter.join().unwrap();
            assert!([1, 2].contains(&claimed));
            let (name, last, _) = seen(&fields);
            assert_eq!((name, last), (TAKEN.as_ptr(), 2));
        });
    }
}

/// Two claims of three threads, with a renamer between: each pointer is claimed as often as the
/// name was the wanted one.
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
