//! Capsules whose destructor hands them to another thread, which gives them hooks of the collector
//! at the very moment when the last rites end: whoever comes second must not tell the collector anew.

use core::ffi::{c_int, c_void};
use core::hint::spin_loop;
use core::mem::forget;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::thread;

use libtest_mimic::Trial;
use rustpython_capsule::__private::ffi::{self, CVisit};
use rustpython_capsule::PyCapsule;
use rustpython_vm::{PyObject, PyObjectRef, VirtualMachine};

use super::{Random, count};
use crate::ledger::alone;

pub(crate) fn trial() -> Trial {
    alone("stress::what-comes-back-is-tracked-once", || {
        crate::ledger::shared(|vm| hand_over(vm, count(20_000, 4_000_000)));
    })
}

/// The capsule on its way to the other thread, with the reference that goes with it.
static GIVEN: AtomicPtr<PyObject> = AtomicPtr::new(null_mut());

/// How many have arrived.
static ARRIVED: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" fn traverse(_: *mut PyObject, _: CVisit, _: *mut c_void) -> c_int {
    0
}

unsafe extern "C" fn clear(_: *mut PyObject) -> c_int {
    0
}

unsafe extern "C" fn give_away(capsule: *mut PyObject) {
    // SAFETY: a destructor is called with an object that lives for the call.
    forget(unsafe { &*capsule }.to_owned());
    GIVEN.store(capsule, Ordering::Release);
}

fn hand_over(_: &VirtualMachine, count: usize) {
    thread::scope(|scope| {
        let taker = scope.spawn(|| {
            let mut random = Random::of_thread(0);
            for _ in 0..count {
                take_over(random.below(256));
            }
        });
        for number in 0..count {
            let pointer = NonNull::<u8>::dangling().as_ptr().cast();
            // SAFETY: a static name; nobody reads the pointer; `give_away` may run anywhere.
            let made = unsafe { ffi::new(pointer, c"x".as_ptr(), Some(give_away)) };
            drop(made);
            while ARRIVED.load(Ordering::Acquire) == number {
                assert!(!taker.is_finished(), "the other thread has panicked");
                spin_loop();
            }
        }
    });
}

fn take_over(delay: usize) {
    let object = loop {
        if let Some(given) = NonNull::new(GIVEN.swap(null_mut(), Ordering::Acquire)) {
            break given;
        }
        spin_loop();
    };
    (0..delay).for_each(|_| spin_loop());
    // SAFETY: `give_away` left it one reference, which is ours.
    let object = unsafe { PyObjectRef::from_raw(object) };
    let capsule = PyCapsule::of(&object).expect("a capsule was given");
    // SAFETY: it owns nothing, and that is what they say.
    let told = unsafe { ffi::set_traverse(capsule, traverse, clear) };
    told.expect("there is memory");
    drop(object);
    ARRIVED.fetch_add(1, Ordering::Release);
}
