//! Capsules and the collector: C hooks that use their capsule, capsules that are resurrected during
//! a collection, and destructors that are set or released meanwhile.

use core::ffi::{c_int, c_void};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, Ordering};
use std::sync::Mutex;
use std::thread;

use libtest_mimic::Trial;
use rustpython_capsule::__private::ffi::{self, CVisit};
use rustpython_capsule::{Destructor, PyCapsule};
use rustpython_vm::builtins::{PyBoundMethod, PyList};
use rustpython_vm::vm::thread::{ThreadState, current_thread_slot, with_current_vm};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, VirtualMachine};

use crate::interpreter::{in_interpreter, trial};
use crate::ledger::{Ledger, Log, collect, in_own_process, in_shared_interpreter};

pub(crate) fn trials() -> Vec<Trial> {
    let row = |(name, test): (&'static str, fn(&VirtualMachine))| {
        trial(format!("collector::{name}"), move || {
            in_shared_interpreter(test);
            Ok(())
        })
    };
    [
        (
            "a-resurrected-capsule-is-tracked",
            resurrected as fn(&VirtualMachine),
        ),
        ("a-resurrected-cycle-is-collected", resurrected_cycle),
        ("a-destructor-set-during-a-collection-runs", set_meanwhile),
        (
            "a-callable-is-released-inside-an-interpreter",
            released_inside,
        ),
    ]
    .map(row)
    .into_iter()
    // In a process of its own: a deadlock would block all tests of the shared interpreter.
    .chain([in_own_process(
        "collector::hooks-may-use-their-capsule",
        || {
            in_interpreter(hooks_use_it);
        },
    )])
    .collect()
}

/// The capsule that a hook is called with.
///
/// # Safety
/// `object` is a capsule, and stays alive for `'a`.
unsafe fn capsule<'a>(object: *mut PyObject) -> &'a Py<PyCapsule> {
    // SAFETY: the caller passes an object that stays alive for `'a`.
    let object = unsafe { &*object };
    PyCapsule::of(object).expect("hooks are called with their capsule")
}

unsafe extern "C" fn visits_nothing(_: *mut PyObject, _: CVisit, _: *mut c_void) -> c_int {
    0
}

unsafe extern "C" fn clears_nothing(_: *mut PyObject) -> c_int {
    0
}

unsafe extern "C" fn changes_then_visits_nothing(
    object: *mut PyObject,
    _: CVisit,
    _: *mut c_void,
) -> c_int {
    // SAFETY: the collector calls a hook with its capsule, which it keeps alive for the call.
    change(unsafe { capsule(object) });
    0
}

unsafe extern "C" fn changes_then_clears_nothing(object: *mut PyObject) -> c_int {
    // SAFETY: the collector calls a hook with its capsule, which it keeps alive for the call.
    change(unsafe { capsule(object) });
    0
}

/// Changes everything that may be changed of a capsule.
fn change(capsule: &Py<PyCapsule>) {
    capsule.set_name(Some(c"changed".to_owned().into()));
    capsule.set_destructor(Destructor::rust(|_| {}));
    capsule.set_context(core::ptr::null_mut());
    assert!(
        capsule
            .claim(Some(c"changed"), Some(c"claimed".to_owned().into()))
            .is_ok()
    );
    // SAFETY: the C code owns no objects, so there is nothing to visit or to clear.
    let set = unsafe {
        ffi::set_traverse(
            capsule,
            changes_then_visits_nothing,
            changes_then_clears_nothing,
        )
    };
    assert!(set.is_ok() && capsule.owner().is_some());
}

fn hooks_use_it(vm: &VirtualMachine) {
    let ledger = Ledger::of(1);
    let list = vm.ctx.new_list(Vec::new());
    let capsule = PyCapsule::from_value(ledger.token(0))
        .owner(list.clone().into())
        .build(&vm.ctx);
    // SAFETY: the C code owns no objects, so there is nothing to visit or to clear.
    let set = unsafe {
        ffi::set_traverse(
            &capsule,
            changes_then_visits_nothing,
            changes_then_clears_nothing,
        )
    };
    assert!(set.is_ok());
    assert_eq!(capsule.as_object().gc_get_referents().len(), 1);
    assert!(capsule.is_valid(Some(c"claimed")));
    list.borrow_vec_mut().push(capsule.into());
    drop(list);
    ledger.assert_all_zero();
    collect(vm);
    ledger.assert_all_once();
}

static KEPT: Mutex<Option<PyRef<PyCapsule>>> = Mutex::new(None);

/// Keeps the capsule that it is called with, which may happen once.
unsafe extern "C" fn keeps_it(object: *mut PyObject) -> c_int {
    // SAFETY: the collector calls a hook with its capsule, which it keeps alive for the call.
    let capsule = unsafe { capsule(object) };
    // SAFETY: the C code owns no objects, so there is nothing to visit or to clear.
    let set = unsafe { ffi::set_traverse(capsule, visits_nothing, clears_nothing) };
    assert!(set.is_ok());
    let before = KEPT
        .lock()
        .expect("no thread panics with the lock")
        .replace(capsule.to_owned());
    assert!(before.is_none());
    0
}

/// A capsule that a hook has resurrected after the collector had found it unreachable, and the list
/// that is its owner.
fn taken_out(ledger: &Ledger, vm: &VirtualMachine) -> (PyRef<PyCapsule>, PyRef<PyList>) {
    let list = vm.ctx.new_list(Vec::new());
    let capsule = PyCapsule::from_value(ledger.token(0))
        .owner(list.clone().into())
        .build(&vm.ctx);
    // SAFETY: the C code owns no objects, so there is nothing to visit or to clear.
    let set = unsafe { ffi::set_traverse(&capsule, visits_nothing, keeps_it) };
    assert!(set.is_ok());
    let cycle = vm.ctx.new_list(vec![capsule.into()]);
    cycle.borrow_vec_mut().push(cycle.clone().into());
    drop(cycle);
    collect(vm);
    let kept = KEPT.lock().expect("no thread panics with the lock").take();
    (kept.expect("the hook has kept it"), list)
}

fn resurrected(vm: &VirtualMachine) {
    let ledger = Ledger::of(1);
    let (capsule, _list) = taken_out(&ledger, vm);
    assert!(capsule.as_object().is_gc_tracked());
    ledger.assert_all_zero();
    drop(capsule);
    ledger.assert_all_once();
}

fn resurrected_cycle(vm: &VirtualMachine) {
    let ledger = Ledger::of(1);
    let (capsule, list) = taken_out(&ledger, vm);
    list.borrow_vec_mut().push(capsule.into());
    drop(list);
    ledger.assert_all_zero();
    collect(vm);
    ledger.assert_all_once();
}

static RUNS: AtomicU32 = AtomicU32::new(0);

/// Sets a destructor that refers to the capsule, a cycle that only a collection can free.
unsafe extern "C" fn sets_destructor(object: *mut PyObject) -> c_int {
    // SAFETY: the collector calls a hook with its capsule, which it keeps alive for the call.
    let capsule = unsafe { capsule(object) };
    with_current_vm(|vm| {
        let run = |_: PyObjectRef, _: PyObjectRef| {
            RUNS.fetch_add(1, Ordering::Relaxed);
        };
        let run = vm.new_function("run", run).into();
        let callable = PyBoundMethod::new(capsule.to_owned().into(), run).into_ref(&vm.ctx);
        capsule.set_destructor(Destructor::python(callable.into(), vm));
    });
    0
}

fn set_meanwhile(vm: &VirtualMachine) {
    let ledger = Ledger::of(1);
    let capsule = PyCapsule::from_value(ledger.token(0)).build(&vm.ctx);
    // SAFETY: the C code owns no objects, so there is nothing to visit or to clear.
    let set = unsafe { ffi::set_traverse(&capsule, visits_nothing, sets_destructor) };
    assert!(set.is_ok());
    let cycle = vm.ctx.new_list(vec![capsule.into()]);
    cycle.borrow_vec_mut().push(cycle.clone().into());
    drop(cycle);
    collect(vm);
    ledger.assert_all_once();
    assert_eq!(RUNS.load(Ordering::Relaxed), 1);
}

/// Logs whether the thread that drops it is attached.
struct Witness(Log);

impl Drop for Witness {
    fn drop(&mut self) {
        let attached = current_thread_slot()
            .is_some_and(|slot| slot.state.load(Ordering::Relaxed) == ThreadState::Attached as i32);
        self.0.write(if attached { "inside" } else { "outside" });
    }
}

/// A capsule that has the only reference to the callable that is its destructor.
fn with_a_witness(log: &Log, vm: &VirtualMachine) -> PyRef<PyCapsule> {
    let witness: PyObjectRef = PyCapsule::from_value(Witness(log.clone()))
        .build(&vm.ctx)
        .into();
    let call = vm
        .new_function("call", |_: PyObjectRef, _: PyObjectRef| {})
        .into();
    let callable = PyBoundMethod::new(witness, call).into_ref(&vm.ctx);
    let capsule = PyCapsule::builder(NonNull::dangling());
    capsule
        .destructor(Destructor::python(callable.into(), vm))
        .build(&vm.ctx)
}

/// The collector may still be reading a callable that was just replaced. It reads while no thread
/// is attached, so the reference must be released on an attached thread.
fn released_inside(vm: &VirtualMachine) {
    let log = Log::default();
    with_a_witness(&log, vm).set_destructor(Destructor::none());
    let capsule = with_a_witness(&log, vm);
    vm.allow_threads(|| capsule.set_destructor(Destructor::none()));
    let capsule = with_a_witness(&log, vm);
    let thread = thread::spawn(move || {
        capsule.set_destructor(Destructor::none());
        capsule
    });
    assert!(vm.allow_threads(|| thread.join()).is_ok());
    assert_eq!(log.lines(), ["inside"; 3]);
}
