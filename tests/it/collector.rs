//! Capsules and the collector: hooks of C code that use their capsule, capsules that come back while
//! garbage is collected, and destructors that are set, or given up, at such moments.

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
use crate::ledger::{Ledger, Log, alone, collect, shared};

pub(crate) fn trials() -> Vec<Trial> {
    let row = |(name, test): (&'static str, fn(&VirtualMachine))| {
        trial(format!("collector::{name}"), move || {
            shared(test);
            Ok(())
        })
    };
    [
        (
            "a-capsule-that-comes-back-is-tracked",
            comes_back as fn(&VirtualMachine),
        ),
        ("a-cycle-that-came-back-is-collected", cycle_comes_back),
        ("a-destructor-that-is-set-meanwhile-runs", set_meanwhile),
        (
            "a-callable-is-given-up-inside-an-interpreter",
            given_up_inside,
        ),
    ]
    .map(row)
    .into_iter()
    // One that waits for itself would have all others wait.
    .chain([alone("collector::hooks-may-use-their-capsule", || {
        in_interpreter(hooks_use_it);
    })])
    .collect()
}

/// The capsule that a hook is called with.
///
/// # Safety
/// It is one.
unsafe fn capsule<'a>(object: *mut PyObject) -> &'a Py<PyCapsule> {
    // SAFETY: passed on from the caller.
    let object = unsafe { &*object };
    PyCapsule::of(object).expect("hooks are called with their capsule")
}

unsafe extern "C" fn shows_nothing(_: *mut PyObject, _: CVisit, _: *mut c_void) -> c_int {
    0
}

unsafe extern "C" fn gives_up_nothing(_: *mut PyObject) -> c_int {
    0
}

unsafe extern "C" fn changes_and_shows(object: *mut PyObject, _: CVisit, _: *mut c_void) -> c_int {
    // SAFETY: called with its capsule.
    change(unsafe { capsule(object) });
    0
}

unsafe extern "C" fn changes_and_gives_up(object: *mut PyObject) -> c_int {
    // SAFETY: called with its capsule.
    change(unsafe { capsule(object) });
    0
}

/// Whatever may be changed of a capsule.
fn change(capsule: &Py<PyCapsule>) {
    capsule.set_name(Some(c"changed".to_owned().into()));
    capsule.set_destructor(Destructor::rust(|_| {}));
    capsule.set_context(core::ptr::null_mut());
    assert!(
        capsule
            .claim(Some(c"changed"), Some(c"claimed".to_owned().into()))
            .is_ok()
    );
    // SAFETY: they show, and give up, what C code owns, which is nothing.
    let set = unsafe { ffi::set_traverse(capsule, changes_and_shows, changes_and_gives_up) };
    assert!(set.is_ok() && capsule.owner().is_some());
}

fn hooks_use_it(vm: &VirtualMachine) {
    let ledger = Ledger::of(1);
    let list = vm.ctx.new_list(Vec::new());
    let capsule = PyCapsule::from_value(ledger.token(0))
        .owner(list.clone().into())
        .build(&vm.ctx);
    // SAFETY: as in `change`.
    let set = unsafe { ffi::set_traverse(&capsule, changes_and_shows, changes_and_gives_up) };
    assert!(set.is_ok());
    assert_eq!(capsule.as_object().gc_get_referents().len(), 1);
    assert!(capsule.is_valid(Some(c"claimed")));
    list.borrow_vec_mut().push(capsule.into());
    drop(list);
    ledger.assert_untouched();
    collect(vm);
    ledger.assert_settled();
}

static KEPT: Mutex<Option<PyRef<PyCapsule>>> = Mutex::new(None);

/// Keeps the first that it is called with.
unsafe extern "C" fn keeps_it(object: *mut PyObject) -> c_int {
    // SAFETY: called with its capsule.
    let capsule = unsafe { capsule(object) };
    // SAFETY: this shows, and gives up, what C code owns, which is nothing.
    let set = unsafe { ffi::set_traverse(capsule, shows_nothing, gives_up_nothing) };
    assert!(set.is_ok());
    let before = KEPT
        .lock()
        .expect("nobody panics")
        .replace(capsule.to_owned());
    assert!(before.is_none());
    0
}

/// A capsule that a hook has taken out of the garbage, when the collector had made up its mind, and
/// the list that it owns.
fn taken_out(ledger: &Ledger, vm: &VirtualMachine) -> (PyRef<PyCapsule>, PyRef<PyList>) {
    let list = vm.ctx.new_list(Vec::new());
    let capsule = PyCapsule::from_value(ledger.token(0))
        .owner(list.clone().into())
        .build(&vm.ctx);
    // SAFETY: as in `keeps_it`.
    let set = unsafe { ffi::set_traverse(&capsule, shows_nothing, keeps_it) };
    assert!(set.is_ok());
    let cycle = vm.ctx.new_list(vec![capsule.into()]);
    cycle.borrow_vec_mut().push(cycle.clone().into());
    drop(cycle);
    collect(vm);
    let kept = KEPT.lock().expect("nobody panics").take();
    (kept.expect("the hook has kept it"), list)
}

fn comes_back(vm: &VirtualMachine) {
    let ledger = Ledger::of(1);
    let (capsule, _list) = taken_out(&ledger, vm);
    assert!(capsule.as_object().is_gc_tracked());
    ledger.assert_untouched();
    drop(capsule);
    ledger.assert_settled();
}

fn cycle_comes_back(vm: &VirtualMachine) {
    let ledger = Ledger::of(1);
    let (capsule, list) = taken_out(&ledger, vm);
    list.borrow_vec_mut().push(capsule.into());
    drop(list);
    ledger.assert_untouched();
    collect(vm);
    ledger.assert_settled();
}

static RUNS: AtomicU32 = AtomicU32::new(0);

/// Sets a destructor that has a reference to the capsule, so that only the capsule can end it.
unsafe extern "C" fn sets_destructor(object: *mut PyObject) -> c_int {
    // SAFETY: called with its capsule.
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
    // SAFETY: they show, and give up, what C code owns, which is nothing.
    let set = unsafe { ffi::set_traverse(&capsule, shows_nothing, sets_destructor) };
    assert!(set.is_ok());
    let cycle = vm.ctx.new_list(vec![capsule.into()]);
    cycle.borrow_vec_mut().push(cycle.clone().into());
    drop(cycle);
    collect(vm);
    ledger.assert_settled();
    assert_eq!(RUNS.load(Ordering::Relaxed), 1);
}

/// Notes where it is dropped.
struct Witness(Log);

impl Drop for Witness {
    fn drop(&mut self) {
        let attached = current_thread_slot()
            .is_some_and(|slot| slot.state.load(Ordering::Relaxed) == ThreadState::Attached as i32);
        self.0.write(if attached { "inside" } else { "outside" });
    }
}

/// A capsule whose destructor is a callable that nobody else has.
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

/// The collector may be looking at what a capsule had a moment ago. It does so while nobody is inside.
fn given_up_inside(vm: &VirtualMachine) {
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
