//! Capsules whose destructor passes them to another thread. That thread sets collector hooks on
//! them at the moment when their finalization ends on the first thread. Only one of the two threads
//! may add the capsule to the objects that the collector tracks.

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

use super::fixture::{Random, count};
use crate::ledger::in_own_process;

pub(crate) fn trial() -> Trial {
    in_own_process("stress::a-resurrected-capsule-is-tracked-once", || {
        crate::ledger::in_shared_interpreter(|vm| hand_over(vm, count(20_000, 4_000_000)));
    })
}

/// The capsule that is passed to the other thread. The pointer owns a reference.
static PASSED: AtomicPtr<PyObject> = AtomicPtr::new(null_mut());

/// How many capsules the other thread has received and dropped.
static RECEIVED: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" fn traverse(_: *mut PyObject, _: CVisit, _: *mut c_void) -> c_int {
    0
}

unsafe extern "C" fn clear(_: *mut PyObject) -> c_int {
    0
}

unsafe extern "C" fn pass_on(capsule: *mut PyObject) {
    // SAFETY: a destructor is called with a pointer to an object that stays valid for the call.
    forget(unsafe { &*capsule }.to_owned());
    PASSED.store(capsule, Ordering::Release);
}

fn hand_over(_: &VirtualMachine, count: usize) {
    thread::scope(|scope| {
        let receiver = scope.spawn(|| {
            let mut random = Random::of_thread(0);
            for _ in 0..count {
                receive(random.below(256));
            }
        });
        for number in 0..count {
            let pointer = NonNull::<u8>::dangling().as_ptr().cast();
            // SAFETY: the name is static, no code dereferences the pointer, and `pass_on` accepts
            // any capsule on any thread.
            let made = unsafe { ffi::new(pointer, c"x".as_ptr(), Some(pass_on)) };
            drop(made);
            while RECEIVED.load(Ordering::Acquire) == number {
                assert!(!receiver.is_finished(), "the other thread has panicked");
                spin_loop();
            }
        }
    });
}

fn receive(delay: usize) {
    let object = loop {
        if let Some(passed) = NonNull::new(PASSED.swap(null_mut(), Ordering::Acquire)) {
            break passed;
        }
        spin_loop();
    };
    (0..delay).for_each(|_| spin_loop());
    // SAFETY: `pass_on` took a reference and forgot it. Only this thread takes the pointer out of
    // `PASSED`, so the reference is released once.
    let object = unsafe { PyObjectRef::from_raw(object) };
    let capsule = PyCapsule::of(&object).expect("the object is a capsule");
    // SAFETY: the hooks must visit and drop the references that C code owns, and it owns none.
    let set = unsafe { ffi::set_traverse(capsule, traverse, clear) };
    set.expect("there is memory");
    drop(object);
    RECEIVED.fetch_add(1, Ordering::Release);
}
