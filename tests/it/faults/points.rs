//! The places of the matrix where the last reference to a capsule is dropped, on threads of every
//! kind.

use core::cell::RefCell;
use core::ffi::{c_int, c_void};
use core::ptr::{NonNull, null, null_mut};
use std::thread;

use rustpython_capsule::PyCapsule;
use rustpython_vm::{AsObject, PyObjectRef, PyRef, VirtualMachine};

use super::fixture::{Attachment, run, set};
use crate::ledger::{Kind, collect, with_destructor};

/// One place, and whether its thread is attached.
pub(super) struct Point {
    pub(super) name: &'static str,
    pub(super) attachment: Attachment,
    /// Drops the last reference, and returns when the destructor has run.
    pub(super) drop_last: fn(PyRef<PyCapsule>, &VirtualMachine),
    pub(super) kinds: &'static [Kind],
}

const ALL: &[Kind] = &Kind::ALL;

const fn attached(name: &'static str, drop_last: fn(PyRef<PyCapsule>, &VirtualMachine)) -> Point {
    Point {
        name,
        attachment: Attachment::Attached,
        drop_last,
        kinds: ALL,
    }
}

const fn detached(
    name: &'static str,
    kinds: &'static [Kind],
    drop_last: fn(PyRef<PyCapsule>, &VirtualMachine),
) -> Point {
    Point {
        name,
        attachment: Attachment::Detached,
        drop_last,
        kinds,
    }
}

pub(super) const POINTS: &[Point] = &[
    attached("ordinary-code", |capsule, _| drop(capsule)),
    attached("a-local-of-a-function", |capsule, vm| {
        python(capsule, "def f(c): pass\nf(cell.pop())", vm);
    }),
    attached("an-attribute-of-a-class", |capsule, vm| {
        // By then the VM has published the attribute to its caches, so its contents move to a new
        // object.
        let source = "class A: pass\nA.c = cell.pop()\nfor _ in range(2000): A.c\ndel A.c";
        python(capsule, source, vm);
    }),
    attached("a-cycle", |capsule, vm| {
        python(capsule, "cell.append(cell)\ndel cell", vm);
        collect(vm);
    }),
    attached("a-cycle-through-its-owner", |capsule, vm| {
        let list = vm.ctx.new_list(Vec::new());
        let owner = PyCapsule::builder(NonNull::dangling())
            .owner(list.clone().into())
            .build(&vm.ctx);
        list.borrow_vec_mut().extend([owner.into(), capsule.into()]);
        drop(list);
        collect(vm);
    }),
    attached("an-except-block", |capsule, vm| {
        let source = "import sys\n\
            try: raise KeyError(1)\n\
            except KeyError as error:\n cell.clear()\n assert sys.exception() is error\n\
            \x20assert error.args == (1,) and error.__context__ is None";
        python(capsule, source, vm);
    }),
    attached("an-exception-that-propagates", |capsule, vm| {
        let source = "def f(c): raise KeyError(1)\n\
            try: f(cell.pop())\n\
            except KeyError as error: assert error.args == (1,) and not error.__context__";
        python(capsule, source, vm);
    }),
    attached("a-pending-exception", |capsule, vm| {
        let pending = vm.new_key_error(vm.ctx.new_str("pending").into());
        vm.set_exception(Some(pending.clone()));
        drop(capsule);
        let after = vm.take_raised_exception();
        assert!(after.is_some_and(|after| after.is(&pending)));
        assert!(pending.__context__().is_none());
    }),
    attached("another-destructor", |capsule, vm| {
        let cell = std::sync::Mutex::new(Some(capsule));
        let outer = with_destructor(Kind::C, vm, move |_| {
            drop(cell.lock().map(|mut cell| cell.take()))
        });
        drop(outer.build(&vm.ctx));
    }),
    attached("another-python-destructor", |capsule, vm| {
        let source = "import _capsule\n_capsule.new(1, None, lambda _, cell=cell: cell.clear())";
        python(capsule, source, vm);
    }),
    attached("a-thread-of-python", |capsule, vm| {
        let source = "import threading\ndef f(): c = cell.pop()\n\
            thread = threading.Thread(target=f)\nthread.start()\nthread.join()";
        python(capsule, source, vm);
    }),
    attached("a-thread-local-of-python", |capsule, vm| {
        let source = "import threading\nlocal = threading.local()\n\
            def f(): local.c = cell.pop()\n\
            thread = threading.Thread(target=f)\nthread.start()\nthread.join()";
        python(capsule, source, vm);
    }),
    attached("an-attached-native-thread", |capsule, vm| {
        let thread = vm.start_thread(move |_| drop(capsule));
        wait(thread, vm);
    }),
    detached(
        "the-exit-of-an-attached-native-thread",
        ALL,
        |capsule, vm| {
            // Thread-locals are destroyed in the reverse order of their first use: this one before
            // the VM's.
            let thread = vm.start_thread(move |_| drop_at_thread_exit(capsule));
            wait(thread, vm);
        },
    ),
    // The callback guard attaches a detached thread for the call, as C code expects.
    attached("a-detached-section", |capsule, vm| {
        vm.allow_threads(|| drop(capsule));
    }),
    detached(
        "a-native-thread-that-was-never-attached",
        ALL,
        |capsule, vm| {
            wait(thread::spawn(move || drop(capsule)), vm);
        },
    ),
    detached(
        "a-native-thread-that-was-attached-before",
        ALL,
        |capsule, vm| {
            let visitor = vm.new_thread();
            let thread = thread::spawn(move || {
                visitor.run(|vm| drop(vm.ctx.new_list(Vec::new())));
                drop(capsule);
            });
            wait(thread, vm);
        },
    ),
    detached("a-thread-that-panics", ALL, |capsule, vm| {
        let thread = thread::spawn(move || {
            let _held = capsule;
            std::panic::resume_unwind(Box::new("a thread, on purpose"));
        });
        assert!(vm.allow_threads(|| thread.join()).is_err());
    }),
    detached(
        "the-exit-of-a-thread-that-was-never-attached",
        ALL,
        |capsule, vm| {
            wait(thread::spawn(move || drop_at_thread_exit(capsule)), vm);
        },
    ),
    detached("the-exit-of-a-c-thread", ALL, |capsule, vm| {
        let leave = move || drop_at_pthread_exit(capsule);
        vm.allow_threads(|| on_a_c_thread(leave));
    }),
];

/// Runs Python code. The list `cell` in its scope has the only reference to the capsule.
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

/// Drops the capsule when Rust's thread-locals of this thread are destroyed.
pub(super) fn drop_at_thread_exit(capsule: PyRef<PyCapsule>) {
    LAST.with_borrow_mut(|last| *last = Some(capsule));
}

/// `pthread_t` and `pthread_key_t`.
type Number = core::ffi::c_ulong;
type Key = core::ffi::c_uint;
type Start = extern "C" fn(*mut c_void) -> *mut c_void;
type AtExit = extern "C" fn(*mut c_void);

unsafe extern "C" {
    fn pthread_create(id: *mut Number, how: *const c_void, f: Start, value: *mut c_void) -> c_int;
    fn pthread_join(id: Number, answer: *mut *mut c_void) -> c_int;
    fn pthread_key_create(key: *mut Key, at_exit: Option<AtExit>) -> c_int;
    fn pthread_setspecific(key: Key, value: *const c_void) -> c_int;
}

/// Drops the capsule with the thread-specific data of pthreads, after Rust's thread-locals.
pub(super) fn drop_at_pthread_exit(capsule: PyRef<PyCapsule>) {
    extern "C" fn drop_it(object: *mut c_void) {
        let object = NonNull::new(object).expect("pthreads passes the value that was set");
        // SAFETY: the value is the address that `into_raw` returned below, and is passed here once.
        drop(unsafe { PyObjectRef::from_raw(object.cast()) });
    }
    let object: PyObjectRef = capsule.into();
    let mut key = 0;
    // SAFETY: `key` is writable, and `drop_it` accepts the only value that is set for the key.
    let created = unsafe { pthread_key_create(&raw mut key, Some(drop_it)) };
    assert_eq!(created, 0);
    // SAFETY: the key was just made.
    let set = unsafe { pthread_setspecific(key, object.into_raw().as_ptr().cast()) };
    assert_eq!(set, 0);
}

/// Runs `f` on a thread that pthreads starts, and joins it.
pub(super) fn on_a_c_thread<F: FnOnce() + Send>(f: F) {
    extern "C" fn start<F: FnOnce()>(f: *mut c_void) -> *mut c_void {
        // SAFETY: the argument is the box that `into_raw` returned below, and is passed here once.
        let f = unsafe { Box::from_raw(f.cast::<F>()) };
        f();
        null_mut()
    }
    let mut id = 0;
    let f = Box::into_raw(Box::new(f)).cast();
    // SAFETY: `id` is writable, and `start::<F>` expects such a box. The thread is joined below, so
    // `f` may borrow.
    let created = unsafe { pthread_create(&raw mut id, null(), start::<F>, f) };
    assert_eq!(created, 0);
    // SAFETY: the thread was just started, and is joined once.
    assert_eq!(unsafe { pthread_join(id, null_mut()) }, 0);
}
