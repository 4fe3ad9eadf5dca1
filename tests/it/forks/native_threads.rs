//! Bare forks, while native threads set names, destructors and hooks of a capsule. No thread is
//! attached to an interpreter, so only a capsule can make the child hang.

use core::ffi::{c_int, c_uint, c_void};
use core::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use libtest_mimic::Trial;
use rustpython_capsule::__private::ffi::{self, CVisit};
use rustpython_capsule::{Destructor, DestructorKind, PyCapsule};
use rustpython_vm::{Context, Py, PyObject, PyRef};

use crate::ledger::{Ledger, in_own_process};

unsafe extern "C" {
    fn fork() -> c_int;
    fn waitpid(child: c_int, status: *mut c_int, options: c_int) -> c_int;
    fn alarm(seconds: c_uint) -> c_uint;
    fn _exit(status: c_int) -> !;
}

pub(crate) fn trial() -> Trial {
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
    // SAFETY: the child only allocates, uses capsules, and exits without returning from this
    // function.
    let child = unsafe { fork() };
    if child == 0 {
        // SAFETY: it has no preconditions; it kills the child if that hangs.
        unsafe { alarm(20) };
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
        // SAFETY: it has no preconditions, and skips the exit handlers, which belong to the parent.
        unsafe { _exit(c_int::from(!(whole && changed && destroyed))) };
    }
    let mut status = -1;
    // SAFETY: `status` is writable.
    unsafe { waitpid(child, &raw mut status, 0) };
    status
}
