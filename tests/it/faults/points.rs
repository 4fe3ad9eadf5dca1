//! Where in its life an interpreter lets a capsule of the matrix go, on every sort of thread.

use core::cell::RefCell;
use core::ffi::{c_int, c_void};
use core::ptr::{NonNull, null, null_mut};
use std::thread;

use rustpython_capsule::PyCapsule;
use rustpython_vm::{AsObject, PyObjectRef, PyRef, VirtualMachine};

use super::scene::{Surroundings, run, set};
use crate::ledger::{Kind, collect, dying};

/// One place, and what its thread has of the interpreter.
pub(super) struct Point {
    pub(super) name: &'static str,
    pub(super) surroundings: Surroundings,
    /// Gives up the last reference, and comes back when the destructor has run.
    pub(super) lets_go: fn(PyRef<PyCapsule>, &VirtualMachine),
    pub(super) kinds: &'static [Kind],
}

const ALL: &[Kind] = &Kind::ALL;

const fn inside(name: &'static str, lets_go: fn(PyRef<PyCapsule>, &VirtualMachine)) -> Point {
    Point {
        name,
        surroundings: Surroundings::Inside,
        lets_go,
        kinds: ALL,
    }
}

const fn outside(
    name: &'static str,
    kinds: &'static [Kind],
    lets_go: fn(PyRef<PyCapsule>, &VirtualMachine),
) -> Point {
    Point {
        name,
        surroundings: Surroundings::Outside,
        lets_go,
        kinds,
    }
}

pub(super) const POINTS: &[Point] = &[
    inside("ordinary-code", |capsule, _| drop(capsule)),
    inside("a-local-of-a-function", |capsule, vm| {
        python(capsule, "def f(c): pass\nf(cell.pop())", vm);
    }),
    inside("an-attribute-of-a-class", |capsule, vm| {
        // The VM has published it to its caches by then, so that an heir of it dies.
        let source = "class A: pass\nA.c = cell.pop()\nfor _ in range(2000): A.c\ndel A.c";
        python(capsule, source, vm);
    }),
    inside("a-cycle", |capsule, vm| {
        python(capsule, "cell.append(cell)\ndel cell", vm);
        collect(vm);
    }),
    inside("a-cycle-through-its-owner", |capsule, vm| {
        let list = vm.ctx.new_list(Vec::new());
        let owner = PyCapsule::builder(NonNull::dangling())
            .owner(list.clone().into())
            .build(&vm.ctx);
        list.borrow_vec_mut().extend([owner.into(), capsule.into()]);
        drop(list);
        collect(vm);
    }),
    inside("an-exception-is-handled", |capsule, vm| {
        let source = "import sys\n\
            try: raise KeyError(1)\n\
            except KeyError as error:\n cell.clear()\n assert sys.exception() is error\n\
            \x20assert error.args == (1,) and error.__context__ is None";
        python(capsule, source, vm);
    }),
    inside("an-exception-passes", |capsule, vm| {
        let source = "def f(c): raise KeyError(1)\n\
            try: f(cell.pop())\n\
            except KeyError as error: assert error.args == (1,) and not error.__context__";
        python(capsule, source, vm);
    }),
    inside("an-exception-is-pending", |capsule, vm| {
        let pending = vm.new_key_error(vm.ctx.new_str("pending").into());
        vm.set_exception(Some(pending.clone()));
        drop(capsule);
        let after = vm.take_raised_exception();
        assert!(after.is_some_and(|after| after.is(&pending)));
        assert!(pending.__context__().is_none());
    }),
    inside("another-destructor", |capsule, vm| {
        let cell = std::sync::Mutex::new(Some(capsule));
        let outer = dying(Kind::C, vm, move |_| {
            drop(cell.lock().map(|mut cell| cell.take()))
        });
        drop(outer.build(&vm.ctx));
    }),
    inside("another-python-destructor", |capsule, vm| {
        let source = "import _capsule\n_capsule.new(1, None, lambda _, cell=cell: cell.clear())";
        python(capsule, source, vm);
    }),
    inside("a-thread-of-python", |capsule, vm| {
        let source = "import threading\ndef f(): c = cell.pop()\n\
            thread = threading.Thread(target=f)\nthread.start()\nthread.join()";
        python(capsule, source, vm);
    }),
    inside("a-thread-local-of-python", |capsule, vm| {
        let source = "import threading\nlocal = threading.local()\n\
            def f(): local.c = cell.pop()\n\
            thread = threading.Thread(target=f)\nthread.start()\nthread.join()";
        python(capsule, source, vm);
    }),
    inside("a-native-thread-that-is-inside", |capsule, vm| {
        let thread = vm.start_thread(move |_| drop(capsule));
        wait(thread, vm);
    }),
    outside(
        "the-end-of-a-native-thread-that-is-inside",
        ALL,
        |capsule, vm| {
            // Thread-locals end in the reverse order of their first use: this one before the VM's.
            let thread = vm.start_thread(move |_| leave_to_the_end(capsule));
            wait(thread, vm);
        },
    ),
    // The wall attaches a detached thread for the time of the call, as C code expects.
    inside("a-section-without-the-interpreter", |capsule, vm| {
        vm.allow_threads(|| drop(capsule));
    }),
    outside(
        "a-native-thread-that-never-was-inside",
        ALL,
        |capsule, vm| {
            wait(thread::spawn(move || drop(capsule)), vm);
        },
    ),
    outside("a-native-thread-that-was-inside", ALL, |capsule, vm| {
        let visitor = vm.new_thread();
        let thread = thread::spawn(move || {
            visitor.run(|vm| drop(vm.ctx.new_list(Vec::new())));
            drop(capsule);
        });
        wait(thread, vm);
    }),
    outside("a-thread-that-panics", ALL, |capsule, vm| {
        let thread = thread::spawn(move || {
            let _held = capsule;
            std::panic::resume_unwind(Box::new("a thread, on purpose"));
        });
        assert!(vm.allow_threads(|| thread.join()).is_err());
    }),
    outside(
        "the-end-of-a-thread-that-never-was-inside",
        ALL,
        |capsule, vm| {
            wait(thread::spawn(move || leave_to_the_end(capsule)), vm);
        },
    ),
    outside("the-end-of-a-c-thread", ALL, |capsule, vm| {
        let leave = move || leave_to_c_s_end(capsule);
        vm.allow_threads(|| on_a_c_thread(leave));
    }),
];

/// Runs Python code that has the capsule, and nobody else, in the list `cell`.
fn python(capsule: PyRef<PyCapsule>, source: &str, vm: &VirtualMachine) {
    let scope = vm.new_scope_with_builtins();
    let cell: PyObjectRef = vm.ctx.new_list(vec![capsule.into()]).into();
    set(&scope, "cell", cell, vm);
    run(source, &scope, vm);
}

fn wait(thread: thread::JoinHandle<()>, vm: &VirtualMachine) {
    assert!(vm.allow_threads(|| thread.join()).is_ok());
}

thread_local! {
    static LAST: RefCell<Option<PyRef<PyCapsule>>> = const { RefCell::new(None) };
}

/// Rust's thread-locals.
pub(super) fn leave_to_the_end(capsule: PyRef<PyCapsule>) {
    LAST.with_borrow_mut(|last| *last = Some(capsule));
}

/// A number by which C's threads library knows a thread, or a key.
type Number = core::ffi::c_ulong;
type Key = core::ffi::c_uint;
type Start = extern "C" fn(*mut c_void) -> *mut c_void;
type AtEnd = extern "C" fn(*mut c_void);

unsafe extern "C" {
    fn pthread_create(id: *mut Number, how: *const c_void, f: Start, value: *mut c_void) -> c_int;
    fn pthread_join(id: Number, answer: *mut *mut c_void) -> c_int;
    fn pthread_key_create(key: *mut Key, at_end: Option<AtEnd>) -> c_int;
    fn pthread_setspecific(key: Key, value: *const c_void) -> c_int;
}

/// C's thread-locals, which end after all of Rust's.
pub(super) fn leave_to_c_s_end(capsule: PyRef<PyCapsule>) {
    extern "C" fn drop_it(object: *mut c_void) {
        let object = NonNull::new(object).expect("C calls with what was set");
        // SAFETY: below it was made into an address.
        drop(unsafe { PyObjectRef::from_raw(object.cast()) });
    }
    let object: PyObjectRef = capsule.into();
    let mut key = 0;
    // SAFETY: `key` can be written to, and the function takes what is set.
    let created = unsafe { pthread_key_create(&raw mut key, Some(drop_it)) };
    assert_eq!(created, 0);
    // SAFETY: a key that was just made.
    let set = unsafe { pthread_setspecific(key, object.into_raw().as_ptr().cast()) };
    assert_eq!(set, 0);
}

/// Runs `f` on a thread that Rust has not started, and waits for its end.
pub(super) fn on_a_c_thread<F: FnOnce() + Send>(f: F) {
    extern "C" fn start<F: FnOnce()>(f: *mut c_void) -> *mut c_void {
        // SAFETY: below it was made from a box.
        let f = unsafe { Box::from_raw(f.cast::<F>()) };
        f();
        null_mut()
    }
    let mut id = 0;
    let f = Box::into_raw(Box::new(f)).cast();
    // SAFETY: `id` can be written to, `start` takes such a box, and the thread is waited for.
    let created = unsafe { pthread_create(&raw mut id, null(), start::<F>, f) };
    assert_eq!(created, 0);
    // SAFETY: a thread that was just made.
    assert_eq!(unsafe { pthread_join(id, null_mut()) }, 0);
}
