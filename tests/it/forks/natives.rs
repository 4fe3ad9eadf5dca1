//! Bare forks beside native threads that are giving a capsule names, destructors and hooks of its own.
//! No interpreter is entered, so that nothing can hang in the child but capsules.

use core::ffi::{c_int, c_uint, c_void};
use core::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use libtest_mimic::Trial;
use rustpython_capsule::__private::ffi::{self, CVisit};
use rustpython_capsule::{Destructor, DestructorKind, PyCapsule};
use rustpython_vm::{Context, Py, PyObject, PyRef};

use crate::ledger::{Ledger, alone};

unsafe extern "C" {
    fn fork() -> c_int;
    fn waitpid(child: c_int, status: *mut c_int, options: c_int) -> c_int;
    fn alarm(seconds: c_uint) -> c_uint;
    fn _exit(status: c_int) -> !;
}

pub(crate) fn trial() -> Trial {
    alone(
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
                let ended: Vec<_> = (0..300).map(|_| in_child(&capsule, &ledger)).collect();
                going.store(false, Ordering::Relaxed);
                assert!(ended.iter().all(|status| *status == 0), "{ended:?}");
            });
            ledger.assert_untouched();
            drop(capsule);
            ledger.assert_settled();
        },
    )
}

unsafe extern "C" fn shows_nothing(_: *mut PyObject, _: CVisit, _: *mut c_void) -> c_int {
    0
}

unsafe extern "C" fn gives_up_nothing(_: *mut PyObject) -> c_int {
    0
}

/// Writes whatever a capsule may own.
fn change(capsule: &Py<PyCapsule>, name: &str) {
    let name = std::ffi::CString::new(name).expect("no NUL inside");
    capsule.set_name(Some(name.into()));
    let held = vec![7; 100];
    capsule.set_destructor(Destructor::rust(move |_| drop(held)));
    // SAFETY: they show, and give up, what C code owns, which is nothing.
    let set = unsafe { ffi::set_traverse(capsule, shows_nothing, gives_up_nothing) };
    assert!(set.is_ok());
}

/// The status of a child that changes the capsule, looks at it and drops it.
fn in_child(capsule: &PyRef<PyCapsule>, ledger: &Ledger) -> c_int {
    // SAFETY: the child uses nothing but memory and capsules, and leaves without coming back.
    let child = unsafe { fork() };
    if child == 0 {
        // SAFETY: it ends the process if that waits for ever.
        unsafe { alarm(20) };
        let whole = capsule.value::<u8>(capsule.name().as_deref()) == Ok(&7);
        change(capsule, "of the child");
        let changed = capsule.is_valid(Some(c"of the child"))
            && capsule.destructor_kind() == DestructorKind::Rust
            && capsule.owner().is_some()
            && ledger.counts() == [0];
        // SAFETY: the threads that had references are not here, and this is the last.
        drop(unsafe { core::ptr::read(capsule) });
        let ended = ledger.counts() == [1];
        // SAFETY: it is what children do.
        unsafe { _exit(c_int::from(!(whole && changed && ended))) };
    }
    let mut status = -1;
    // SAFETY: a child of ours, and a number that can be written to.
    unsafe { waitpid(child, &raw mut status, 0) };
    status
}
