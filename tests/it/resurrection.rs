//! Resurrection: if a destructor takes a new reference to its capsule, the capsule stays alive with
//! all its fields, and no destructor runs for it again. This also holds for capsules that the VM
//! has published to its inline caches.

use std::sync::{Arc, Mutex};
use std::thread;

use libtest_mimic::Trial;
use rustpython_capsule::{Destructor, DestructorKind, PyCapsule};
use rustpython_vm::scope::Scope;
use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{AsObject, Py, PyObjectRef, PyRef, VirtualMachine};

use crate::interpreter::{exec, shown, trial};
use crate::ledger::{Kind, Ledger, collect, in_shared_interpreter, python, with_destructor};

type Row = (&'static str, fn(&VirtualMachine, Kind));

const ROWS: &[Row] = &[
    ("a-reference-can-be-taken-and-dropped", taken_and_dropped),
    ("python-code-can-be-passed-the-capsule", passed_to_python),
    ("a-stored-capsule-stays-alive", stored),
    ("a-stored-capsule-keeps-what-it-owns", keeps_owned),
    ("a-stored-capsule-runs-no-second-destructor", no_second_run),
    ("a-stored-capsule-is-collected-in-a-cycle", collected_later),
    (
        "another-thread-can-drop-it-during-the-destructor",
        dropped_elsewhere,
    ),
    ("the-destructor-runs-once-for-each-place", kept_by_python),
    (
        "the-destructor-gets-the-same-object-for-each-place",
        gets_the_same_object,
    ),
    (
        "the-destructor-can-store-the-capsule-for-each-place",
        stored_from_python,
    ),
];

pub(crate) fn trials() -> Vec<Trial> {
    let of_each_kind = ROWS.iter().flat_map(|&(name, row)| {
        Kind::ALL.map(|kind| {
            trial(format!("resurrection::{kind:?}::{name}"), move || {
                in_shared_interpreter(move |vm| row(vm, kind));
                Ok(())
            })
        })
    });
    let mut trials: Vec<_> = of_each_kind.collect();
    trials.push(trial(
        "resurrection::by-unraisablehook-after-a-panic-keeps-the-name",
        || {
            in_shared_interpreter(kept_by_unraisablehook);
            Ok(())
        },
    ));
    trials
}

/// `sys.unraisablehook` keeps a capsule with an owned name when its value's `Drop` panics.
fn kept_by_unraisablehook(vm: &VirtualMachine) {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("on purpose");
        }
    }
    let name = std::ffi::CString::new("a name that is not static").expect("no NUL inside");
    let scope = vm.new_scope_with_builtins();
    let run = |source| {
        exec(source, &scope, vm).unwrap_or_else(|error| panic!("{}", shown(&error, vm)));
    };
    run("import sys, _capsule\nkept = []\n\
         sys.unraisablehook = lambda unraisable: kept.append(unraisable.object)");
    let capsule = PyCapsule::from_value(Bomb)
        .name(name.clone())
        .build(&vm.ctx);
    drop(capsule);
    run("sys.unraisablehook = sys.__unraisablehook__");
    // They would take the place of the name if it had been freed.
    let others = Vec::from_iter((0..100).map(|_| vec![b'X'; name.as_bytes_with_nul().len()]));
    run("[capsule] = kept\nassert _capsule.get_name(capsule) == 'a name that is not static'");
    run(
        "assert _capsule.is_valid(capsule, 'a name that is not static')\ndel capsule\nkept.clear()",
    );
    drop(others);
}

fn taken_and_dropped(vm: &VirtualMachine, kind: Kind) {
    let ledger = Ledger::of(1);
    let entry = ledger.clone();
    let capsule = with_destructor(kind, vm, move |capsule| {
        entry.record(0);
        for _ in 0..3 {
            let first = capsule.to_owned();
            let second = first.clone();
            drop(first);
            assert!(second.is_valid(Some(c"taken")));
        }
    });
    drop(capsule.name(c"taken".to_owned()).build(&vm.ctx));
    ledger.assert_all_once();
}

/// A scope with `_capsule`, the function `make`, which makes a capsule named `kept`, and the list
/// `stored`.
struct Fixture {
    scope: Scope,
    ledger: Ledger,
}

impl Fixture {
    /// A fixture whose capsules have a destructor that counts in the only entry and then runs
    /// `action`.
    fn new(
        vm: &VirtualMachine,
        kind: Kind,
        action: impl Fn(&Py<PyCapsule>, &VirtualMachine) + Clone + Send + Sync + 'static,
    ) -> Self {
        let ledger = Ledger::of(1);
        let entry = ledger.clone();
        let make = vm.new_function("make", move |vm: &VirtualMachine| {
            let (entry, action) = (entry.clone(), action.clone());
            with_destructor(kind, vm, move |capsule| {
                entry.record(0);
                with_current_vm(|vm| action(capsule, vm));
            })
            .name(c"kept".to_owned())
            .build(&vm.ctx)
        });
        let scope = vm.new_scope_with_builtins();
        let collect = vm.new_function("collect", collect);
        for (name, function) in [("make", make), ("collect", collect)] {
            let set = scope.globals.set_item(name, function.into(), vm);
            set.expect("a scope can be written");
        }
        let fixture = Self { scope, ledger };
        fixture.run("import _capsule, gc\nstored = []", vm);
        fixture
    }

    /// A fixture whose capsules have a destructor that appends them to `stored`.
    fn storing(vm: &VirtualMachine, kind: Kind) -> Self {
        let list = vm.ctx.new_list(Vec::new());
        let target = list.clone();
        let fixture = Self::new(vm, kind, move |capsule, _| {
            target.borrow_vec_mut().push(capsule.as_object().to_owned());
        });
        let set = fixture.scope.globals.set_item("stored", list.into(), vm);
        set.expect("a scope can be written");
        fixture
    }

    #[track_caller]
    fn run(&self, source: &str, vm: &VirtualMachine) {
        if let Err(error) = exec(source, &self.scope, vm) {
            panic!("{source}: {}", shown(&error, vm));
        }
    }
}

fn passed_to_python(vm: &VirtualMachine, kind: Kind) {
    let scope = vm.new_scope_with_builtins();
    exec(
        "seen = []\ndef look(c): seen.append(repr(c)[:22])",
        &scope,
        vm,
    )
    .unwrap_or_else(|error| panic!("{}", shown(&error, vm)));
    let look = scope.globals.get_item("look", vm).expect("it is set");
    let fixture = Fixture::new(vm, kind, move |capsule, vm| {
        let looked = look.call((capsule.to_owned(),), vm);
        assert!(looked.is_ok());
    });
    fixture.run("c = make()\ndel c", vm);
    fixture.ledger.assert_all_once();
    exec("assert seen == ['<capsule object \"kept\"']", &scope, vm)
        .unwrap_or_else(|error| panic!("{}", shown(&error, vm)));
}

/// Checks that the stored capsule is valid and can be used, and drops it.
const IS_ALIVE: &str = "
c = stored.pop()
assert _capsule.is_valid(c, 'kept') and repr(c).startswith('<capsule object \"kept\" at 0x')
_capsule.set_name(c, 'again')
_capsule.set_context(c, 5)
assert _capsule.get_name(c) == 'again' and _capsule.get_context(c) == 5
assert {c: 1}[c] == 1
del c
assert not stored
";

fn stored(vm: &VirtualMachine, kind: Kind) {
    let fixture = Fixture::storing(vm, kind);
    fixture.run("c = make()\ndel c\nassert len(stored) == 1", vm);
    fixture.ledger.assert_all_once();
    fixture.run(IS_ALIVE, vm);
    fixture.ledger.assert_all_once();
}

/// A place in which a destructor stores its capsule.
type Shelf = Arc<Mutex<Option<PyRef<PyCapsule>>>>;

fn put(shelf: &Shelf, capsule: &Py<PyCapsule>) {
    let before = shelf
        .lock()
        .expect("no thread panics while it holds the lock")
        .replace(capsule.to_owned());
    assert!(before.is_none());
}

fn take(shelf: &Shelf) -> PyRef<PyCapsule> {
    let taken = shelf
        .lock()
        .expect("no thread panics while it holds the lock")
        .take();
    taken.expect("the destructor has stored it")
}

fn keeps_owned(vm: &VirtualMachine, kind: Kind) {
    let shelf = Shelf::default();
    let target = shelf.clone();
    let ledger = Ledger::of(2);
    let owner = PyCapsule::from_value(ledger.token(0)).build(&vm.ctx);
    let capsule = with_destructor(kind, vm, move |capsule| put(&target, capsule))
        .owner(owner.into())
        .build(&vm.ctx);
    drop(capsule);
    let capsule = take(&shelf);
    let owner = capsule.owner().expect("it is kept");
    assert!(PyCapsule::of(&owner).is_ok_and(|owner| owner.is_valid(None)));
    drop(owner);
    assert_eq!(ledger.counts(), [0, 0]);
    drop(capsule);
    assert_eq!(ledger.counts(), [1, 0]);

    let target = shelf.clone();
    let keep = move |capsule: &Py<PyCapsule>| put(&target, capsule);
    let capsule = PyCapsule::from_value(ledger.token(1)).build(&vm.ctx);
    capsule.set_destructor(match kind {
        Kind::C => return,
        Kind::Rust => Destructor::rust(keep),
        Kind::Python => python(vm, keep),
    });
    drop(capsule);
    assert_eq!(ledger.counts(), [1, 0]);
    drop(take(&shelf));
    ledger.assert_all_once();
}

fn no_second_run(vm: &VirtualMachine, kind: Kind) {
    let shelf = Shelf::default();
    let target = shelf.clone();
    let ledger = Ledger::of(2);
    let entry = ledger.clone();
    let capsule = with_destructor(kind, vm, move |capsule| {
        entry.record(0);
        put(&target, capsule);
    });
    drop(capsule.build(&vm.ctx));
    let capsule = take(&shelf);
    let token = ledger.token(1);
    capsule.set_destructor(python(vm, move |_| {
        let _held = &token;
        std::process::abort();
    }));
    assert_eq!(capsule.destructor_kind(), DestructorKind::Python);
    drop(capsule);
    ledger.assert_all_once();
}

fn collected_later(vm: &VirtualMachine, kind: Kind) {
    let shelf = Shelf::default();
    let target = shelf.clone();
    let ledger = Ledger::of(2);
    let entry = ledger.clone();
    let list = vm.ctx.new_list(Vec::new());
    let token = PyCapsule::from_value(ledger.token(1)).build(&vm.ctx);
    list.borrow_vec_mut().push(token.into());
    let capsule = with_destructor(kind, vm, move |capsule| {
        entry.record(0);
        put(&target, capsule);
    })
    .owner(list.clone().into())
    .build(&vm.ctx);
    drop(capsule);
    let capsule: PyObjectRef = take(&shelf).into();
    list.borrow_vec_mut().push(capsule);
    drop(list);
    assert_eq!(ledger.counts(), [1, 0]);
    collect(vm);
    ledger.assert_all_once();
}

fn dropped_elsewhere(vm: &VirtualMachine, kind: Kind) {
    let ledger = Ledger::of(40);
    for round in 0..20 {
        let entries = ledger.clone();
        let (thread, target) = (Arc::new(Mutex::new(None)), Arc::new(Mutex::new(None)));
        let started = thread.clone();
        let owner = PyCapsule::from_value(ledger.token(20 + round)).build(&vm.ctx);
        let capsule = with_destructor(kind, vm, move |capsule| {
            entries.record(round);
            let reference = capsule.to_owned();
            let handle = thread::spawn(move || drop(reference));
            // In even rounds the destructor joins the thread. In odd ones the thread may still run
            // when the destructor returns.
            let handles = if round % 2 == 0 { &target } else { &started };
            *handles
                .lock()
                .expect("no thread panics while it holds the lock") = Some(handle);
            if let Some(handle) = target
                .lock()
                .expect("no thread panics while it holds the lock")
                .take()
            {
                assert!(handle.join().is_ok());
            }
        })
        .owner(owner.into())
        .build(&vm.ctx);
        drop(capsule);
        if let Some(handle) = thread
            .lock()
            .expect("no thread panics while it holds the lock")
            .take()
        {
            assert!(handle.join().is_ok());
        }
    }
    ledger.assert_all_once();
}

/// Places in which Python code keeps the capsule `c`, reads it often, and drops it. The VM
/// publishes attributes of classes to caches that it reads without a lock.
const PLACES: &[(&str, &str)] = &[
    (
        "class attribute deleted",
        "class A: c = make()\nfor _ in range(2000): A.c\ndel A.c",
    ),
    (
        "class attribute replaced",
        "class A: c = make()\nfor _ in range(2000): A.c\nA.c = None",
    ),
    (
        "class attribute read through instances",
        "class A: c = make()\na = A()\nfor _ in range(2000): a.c\ndel A.c",
    ),
    (
        "class attribute of a base",
        "class B: c = make()\nclass A(B): pass\nfor _ in range(2000): A.c; A().c\ndel B.c",
    ),
    (
        "class collected",
        "class A: c = make()\nfor _ in range(2000): A.c\ndel A\ncollect()",
    ),
    (
        "class attribute of a metaclass",
        "class M(type): c = make()\nclass A(metaclass=M): pass\n\
         for _ in range(2000): A.c\ndel M.c",
    ),
    (
        "slot",
        "class A: __slots__ = 'c',\na = A(); a.c = make()\nfor _ in range(2000): a.c\ndel a.c",
    ),
    (
        "slot of a dead instance",
        "class A: __slots__ = 'c',\na = A(); a.c = make()\nfor _ in range(2000): a.c\ndel a",
    ),
    (
        "instance dict",
        "class A: pass\na = A(); a.c = make()\nfor _ in range(2000): a.c\ndel a.c",
    ),
    (
        "instance dict of a dead instance",
        "class A: pass\na = A(); a.c = make()\nfor _ in range(2000): a.c\ndel a",
    ),
    (
        "module attribute",
        "import types\nm = types.ModuleType('m'); m.c = make()\n\
         for _ in range(2000): m.c\ndel m.c",
    ),
    ("global", "c = make()\nfor _ in range(2000): c\ndel c"),
    (
        "function default",
        "def f(c=make()): return c\nfor _ in range(2000): f()\ndel f",
    ),
];

fn kept_by_python(vm: &VirtualMachine, kind: Kind) {
    for (place, source) in PLACES {
        let fixture = Fixture::new(vm, kind, |_, _| {});
        fixture.run(source, vm);
        assert_eq!(fixture.ledger.counts(), [1], "{place}");
    }
}

fn gets_the_same_object(vm: &VirtualMachine, kind: Kind) {
    for (place, source) in PLACES {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let target = seen.clone();
        let fixture = Fixture::new(vm, kind, move |capsule, _| {
            target
                .lock()
                .expect("no thread panics while it holds the lock")
                .push(capsule.get_id());
        });
        fixture.run(
            "make_one, made = make, []\ndef make(): made.append(make_one()); return made[0]",
            vm,
        );
        fixture.run(source, vm);
        let last = "address = id(made[0])\nmade.clear()\ncollect()";
        fixture.run(last, vm);
        let seen = seen
            .lock()
            .expect("no thread panics while it holds the lock");
        fixture.run(&format!("assert {seen:?} == [address], '{place}'"), vm);
    }
}

fn stored_from_python(vm: &VirtualMachine, kind: Kind) {
    for (place, source) in PLACES {
        let fixture = Fixture::storing(vm, kind);
        fixture.run(source, vm);
        assert_eq!(fixture.ledger.counts(), [1], "{place}");
        fixture.run(IS_ALIVE, vm);
        // Memory whose release the VM delayed is freed now, and new objects reuse it.
        fixture.run("gc.collect(); [[] for _ in range(1000)]; gc.collect()", vm);
        assert_eq!(fixture.ledger.counts(), [1], "{place}");
    }
}
