//! Bare forks, while native threads set names, destructors and hooks of a capsule, or claim values. No
//! thread is attached to an interpreter, so only a capsule can make the child hang.

use core::ffi::{c_int, c_uint, c_void};
use core::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use libtest_mimic::Trial;
use rustpython_capsule::__private::ffi::{self, CVisit};
use rustpython_capsule::{CapsuleError, Destructor, DestructorKind, PyCapsule};
use rustpython_vm::{Context, Py, PyObject, PyRef};

use crate::ledger::{Ledger, Token, in_own_process};

unsafe extern "C" {
    fn fork() -> c_int;
    fn waitpid(child: c_int, status: *mut c_int, options: c_int) -> c_int;
    fn alarm(seconds: c_uint) -> c_uint;
    fn _exit(status: c_int) -> !;
}

pub(crate) fn trials() -> [Trial; 2] {
    let claims = in_own_process(
        "forks::a-value-is-claimed-in-the-child-at-most-once",
        values_are_claimed,
    );
    [owned_things_are_changed(), claims]
}

fn owned_things_are_changed() -> Trial {
    in_own_process(
        "forks::what-a-capsule-owns-can-be-changed-in-the-child",
        || {
            let ledger = Ledger::of(1);
            let owner = PyCapsule::from_value(ledger.token(0)).build(Context::genesis());
            let builder = PyCapsule::from_value(7_u8).owner(owner.into());
            let capsule = builder.name(c"first").build(Context::genesis());
            let going = AtomicBool::new(true);
            thread::scope(|scope| {
                for thread in 0..2 {
                    let (capsule, going) = (&capsule, &going);
                    scope.spawn(move || {
                        for number in 0_u32.. {
                            change(capsule, &format!("{thread} {}", number % 50_000));
                            if !going.load(Ordering::Relaxed) {
                                break;
                            }
                        }
                    });
                }
                let statuses: Vec<_> = (0..300).map(|_| in_child(&capsule, &ledger)).collect();
                going.store(false, Ordering::Relaxed);
                assert!(statuses.iter().all(|status| *status == 0), "{statuses:?}");
            });
            ledger.assert_all_zero();
            drop(capsule);
            ledger.assert_all_once();
        },
    )
}

unsafe extern "C" fn visits_nothing(_: *mut PyObject, _: CVisit, _: *mut c_void) -> c_int {
    0
}

unsafe extern "C" fn clears_nothing(_: *mut PyObject) -> c_int {
    0
}

/// Replaces everything that a capsule owns and that can be replaced.
fn change(capsule: &Py<PyCapsule>, name: &str) {
    let name = std::ffi::CString::new(name).expect("it has no NUL");
    capsule.set_name(Some(name.into()));
    let held = vec![7; 100];
    capsule.set_destructor(Destructor::rust(move |_| drop(held)));
    // SAFETY: the C code owns no objects, so there is nothing to visit or to clear.
    let set = unsafe { ffi::set_traverse(capsule, visits_nothing, clears_nothing) };
    assert!(set.is_ok());
}

/// The status of a child that changes the capsule, checks it and drops it.
fn in_child(capsule: &PyRef<PyCapsule>, ledger: &Ledger) -> c_int {
    status_of(|| {
        let whole = capsule.value::<u8>(capsule.name().as_deref()) == Ok(&7);
        change(capsule, "of the child");
        let changed = capsule.is_valid(Some(c"of the child"))
            && capsule.destructor_kind() == DestructorKind::Rust
            && capsule.owner().is_some()
            && ledger.counts() == [0];
        // SAFETY: the child exits below, so it drops this reference only once. The threads that
        // used the capsule do not exist in the child.
        drop(unsafe { core::ptr::read(capsule) });
        let destroyed = ledger.counts() == [1];
        whole && changed && destroyed
    })
}

/// Two threads claim the values of capsules, in opposite directions, and a child does.
fn values_are_claimed() {
    const CAPSULES: usize = 2000;
    let statuses = Vec::from_iter((0..100).map(|_| {
        let ledger = Ledger::of(CAPSULES);
        let make = |entry| PyCapsule::from_claimable(ledger.token(entry)).name(c"new");
        let capsules =
            Vec::from_iter((0..CAPSULES).map(|entry| make(entry).build(Context::genesis())));
        let status = thread::scope(|scope| {
            scope.spawn(|| capsules.iter().for_each(|capsule| drop(claim(capsule))));
            scope.spawn(|| {
                capsules
                    .iter()
                    .rev()
                    .for_each(|capsule| drop(claim(capsule)))
            });
            status_of(|| claims_in_child(&capsules, &ledger))
        });
        drop(capsules);
        ledger.assert_all_once();
        status
    }));
    assert!(statuses.iter().all(|status| *status == 0), "{statuses:?}");
}

/// The new name is an owned one, so a fork may also find a thread that is keeping it.
fn claim(capsule: &PyCapsule) -> Result<Token, CapsuleError> {
    capsule.claim_value(Some(c"new"), Some(c"used".to_owned().into()))
}

/// A value that a thread was claiming during the fork is lost: it is not claimed here, nor dropped.
fn claims_in_child(capsules: &Vec<PyRef<PyCapsule>>, ledger: &Ledger) -> bool {
    let claimed = capsules.iter().all(|capsule| match claim(capsule) {
        Ok(token) => {
            drop(token);
            claim(capsule).is_err() && capsule.is_valid(Some(c"used"))
        }
        Err(CapsuleError::WrongName(_)) => capsule.is_valid(Some(c"used")),
        Err(CapsuleError::ValueClaimed) => capsule.is_valid(Some(c"new")),
        Err(_) => false,
    });
    // SAFETY: the child exits without another use of them, and the threads that used them do not
    // exist there.
    drop(unsafe { core::ptr::read(capsules) });
    let counts = ledger.counts();
    let lost = counts.iter().filter(|count| **count == 0).count();
    // Each of the two threads was claiming one value, or had claimed and not yet dropped it.
    claimed && lost <= 2 && counts.iter().all(|count| *count <= 1)
}

/// The status of a child: 0 if `check` returns true there.
fn status_of(check: impl FnOnce() -> bool) -> c_int {
    // SAFETY: the child only allocates, uses capsules, and exits without returning from this
    // function.
    let child = unsafe { fork() };
    if child == 0 {
        // SAFETY: it has no preconditions; it kills the child if that hangs.
        unsafe { alarm(20) };
        let status = c_int::from(!check());
        // SAFETY: it has no preconditions, and skips the exit handlers, which belong to the parent.
        unsafe { _exit(status) };
    }
    let mut status = -1;
    // SAFETY: `status` is writable.
    unsafe { waitpid(child, &raw mut status, 0) };
    status
}
