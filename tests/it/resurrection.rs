//! A destructor that takes a new reference to its capsule: the capsule lives on, whole, and its
//! destructor never runs again. Also where the VM has published the capsule to its caches.

use std::sync::{Arc, Mutex};
use std::thread;

use libtest_mimic::Trial;
use rustpython_capsule::{Destructor, DestructorKind, PyCapsule};
use rustpython_vm::scope::Scope;
use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{AsObject, Py, PyObjectRef, PyRef, VirtualMachine};

use crate::interpreter::{exec, shown, trial};
use crate::ledger::{Kind, Ledger, collect, dying, python, shared};

type Row = (&'static str, fn(&VirtualMachine, Kind));

const ROWS: &[Row] = &[
    (
        "a-reference-taken-and-dropped-is-harmless",
        taken_and_dropped,
    ),
    ("python-can-be-given-the-capsule", given_to_python),
    ("a-stored-capsule-lives-on", stored),
    ("a-stored-capsule-keeps-what-it-owns", keeps_belongings),
    ("a-stored-capsule-never-runs-another", never_another),
    ("a-stored-capsule-is-collected-in-a-cycle", collected_later),
    ("another-thread-can-drop-it-meanwhile", dropped_elsewhere),
    ("it-runs-once-wherever-python-kept-it", kept_by_python),
    ("it-sees-the-very-capsule-that-died", sees_the_capsule),
    (
        "it-can-be-stored-wherever-python-kept-it",
        stored_from_python,
    ),
];

pub(crate) fn trials() -> Vec<Trial> {
    let of_each_kind = ROWS.iter().flat_map(|&(name, row)| {
        Kind::ALL.map(|kind| {
            trial(format!("resurrection::{kind:?}::{name}"), move || {
                shared(move |vm| row(vm, kind));
                Ok(())
            })
        })
    });
    let mut trials: Vec<_> = of_each_kind.collect();
    trials.push(trial(
        "resurrection::by-the-report-of-a-panic-keeps-the-name",
        || {
            shared(kept_by_the_report);
            Ok(())
        },
    ));
    trials
}

/// The hook that is told of a panic in a value's `Drop` keeps the capsule, whose name was its own.
fn kept_by_the_report(vm: &VirtualMachine) {
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
    run(
        "import sys, _capsule\nkept = []\nsys.unraisablehook = lambda left: kept.append(left.object)",
    );
    let capsule = PyCapsule::from_value(Bomb)
        .name(name.clone())
        .build(&vm.ctx);
    drop(capsule);
    run("sys.unraisablehook = sys.__unraisablehook__");
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
    let capsule = dying(kind, vm, move |dead| {
        entry.strike(0);
        for _ in 0..3 {
            let first = dead.to_owned();
            let second = first.clone();
            drop(first);
            assert!(second.is_valid(Some(c"taken")));
        }
    });
    drop(capsule.name(c"taken".to_owned()).build(&vm.ctx));
    ledger.assert_settled();
}

/// A scope with `_capsule`, `make` (a capsule named `kept`) and the list `stored` in it.
struct Stage {
    scope: Scope,
    ledger: Ledger,
}

impl Stage {
    /// A stage whose capsules strike the only entry and then do `action`.
    fn new(
        vm: &VirtualMachine,
        kind: Kind,
        action: impl Fn(&Py<PyCapsule>, &VirtualMachine) + Clone + Send + Sync + 'static,
    ) -> Self {
        let ledger = Ledger::of(1);
        let entry = ledger.clone();
        let make = vm.new_function("make", move |vm: &VirtualMachine| {
            let (entry, action) = (entry.clone(), action.clone());
            dying(kind, vm, move |dead| {
                entry.strike(0);
                with_current_vm(|vm| action(dead, vm));
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
        let stage = Self { scope, ledger };
        stage.run("import _capsule, gc\nstored = []", vm);
        stage
    }

    /// A stage whose capsules are appended to `stored` when they die.
    fn storing(vm: &VirtualMachine, kind: Kind) -> Self {
        let list = vm.ctx.new_list(Vec::new());
        let target = list.clone();
        let stage = Self::new(vm, kind, move |dead, _| {
            target.borrow_vec_mut().push(dead.as_object().to_owned());
        });
        let set = stage.scope.globals.set_item("stored", list.into(), vm);
        set.expect("a scope can be written");
        stage
    }

    #[track_caller]
    fn run(&self, source: &str, vm: &VirtualMachine) {
        if let Err(error) = exec(source, &self.scope, vm) {
            panic!("{source}: {}", shown(&error, vm));
        }
    }
}

fn given_to_python(vm: &VirtualMachine, kind: Kind) {
    let scope = vm.new_scope_with_builtins();
    exec(
        "seen = []\ndef look(c): seen.append(repr(c)[:22])",
        &scope,
        vm,
    )
    .unwrap_or_else(|error| panic!("{}", shown(&error, vm)));
    let look = scope.globals.get_item("look", vm).expect("it is set");
    let stage = Stage::new(vm, kind, move |dead, vm| {
        let looked = look.call((dead.to_owned(),), vm);
        assert!(looked.is_ok());
    });
    stage.run("c = make()\ndel c", vm);
    stage.ledger.assert_settled();
    exec("assert seen == ['<capsule object \"kept\"']", &scope, vm)
        .unwrap_or_else(|error| panic!("{}", shown(&error, vm)));
}

const LIVES: &str = "
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
    let stage = Stage::storing(vm, kind);
    stage.run("c = make()\ndel c\nassert len(stored) == 1", vm);
    stage.ledger.assert_settled();
    stage.run(LIVES, vm);
    stage.ledger.assert_settled();
}

/// Where a destructor puts its capsule.
type Shelf = Arc<Mutex<Option<PyRef<PyCapsule>>>>;

fn put(shelf: &Shelf, capsule: &Py<PyCapsule>) {
    let before = shelf
        .lock()
        .expect("nobody panics")
        .replace(capsule.to_owned());
    assert!(before.is_none());
}

fn take(shelf: &Shelf) -> PyRef<PyCapsule> {
    let taken = shelf.lock().expect("nobody panics").take();
    taken.expect("the destructor has put it there")
}

fn keeps_belongings(vm: &VirtualMachine, kind: Kind) {
    let shelf = Shelf::default();
    let target = shelf.clone();
    let ledger = Ledger::of(2);
    let owner = PyCapsule::from_value(ledger.token(0)).build(&vm.ctx);
    let capsule = dying(kind, vm, move |dead| put(&target, dead))
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
    let keep = move |dead: &Py<PyCapsule>| put(&target, dead);
    let capsule = PyCapsule::from_value(ledger.token(1)).build(&vm.ctx);
    capsule.set_destructor(match kind {
        Kind::C => return,
        Kind::Rust => Destructor::rust(keep),
        Kind::Python => python(vm, keep),
    });
    drop(capsule);
    assert_eq!(ledger.counts(), [1, 0]);
    drop(take(&shelf));
    ledger.assert_settled();
}

fn never_another(vm: &VirtualMachine, kind: Kind) {
    let shelf = Shelf::default();
    let target = shelf.clone();
    let ledger = Ledger::of(2);
    let entry = ledger.clone();
    let capsule = dying(kind, vm, move |dead| {
        entry.strike(0);
        put(&target, dead);
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
    ledger.assert_settled();
}

fn collected_later(vm: &VirtualMachine, kind: Kind) {
    let shelf = Shelf::default();
    let target = shelf.clone();
    let ledger = Ledger::of(2);
    let entry = ledger.clone();
    let list = vm.ctx.new_list(Vec::new());
    let token = PyCapsule::from_value(ledger.token(1)).build(&vm.ctx);
    list.borrow_vec_mut().push(token.into());
    let capsule = dying(kind, vm, move |dead| {
        entry.strike(0);
        put(&target, dead);
    })
    .owner(list.clone().into())
    .build(&vm.ctx);
    drop(capsule);
    let capsule: PyObjectRef = take(&shelf).into();
    list.borrow_vec_mut().push(capsule);
    drop(list);
    assert_eq!(ledger.counts(), [1, 0]);
    collect(vm);
    ledger.assert_settled();
}

fn dropped_elsewhere(vm: &VirtualMachine, kind: Kind) {
    let ledger = Ledger::of(40);
    for round in 0..20 {
        let entries = ledger.clone();
        let (thread, target) = (Arc::new(Mutex::new(None)), Arc::new(Mutex::new(None)));
        let started = thread.clone();
        let owner = PyCapsule::from_value(ledger.token(20 + round)).build(&vm.ctx);
        let capsule = dying(kind, vm, move |dead| {
            entries.strike(round);
            let reference = dead.to_owned();
            let handle = thread::spawn(move || drop(reference));
            // Joined inside the destructor, or still at work when it is over.
            let handles = if round % 2 == 0 { &target } else { &started };
            *handles.lock().expect("nobody panics") = Some(handle);
            if let Some(handle) = target.lock().expect("nobody panics").take() {
                assert!(handle.join().is_ok());
            }
        })
        .owner(owner.into())
        .build(&vm.ctx);
        drop(capsule);
        if let Some(handle) = thread.lock().expect("nobody panics").take() {
            assert!(handle.join().is_ok());
        }
    }
    ledger.assert_settled();
}

/// Where Python code keeps the capsule `c`, reads it often, and lets it go. What the VM reads
/// through a class it publishes to caches that are read without a lock.
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
        let stage = Stage::new(vm, kind, |_, _| {});
        stage.run(source, vm);
        assert_eq!(stage.ledger.counts(), [1], "{place}");
    }
}

fn sees_the_capsule(vm: &VirtualMachine, kind: Kind) {
    for (place, source) in PLACES {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let target = seen.clone();
        let stage = Stage::new(vm, kind, move |dead, _| {
            target.lock().expect("nobody panics").push(dead.get_id());
        });
        stage.run(
            "make_one, made = make, []\ndef make(): made.append(make_one()); return made[0]",
            vm,
        );
        stage.run(source, vm);
        let last = "address = id(made[0])\nmade.clear()\ncollect()";
        stage.run(last, vm);
        let seen = seen.lock().expect("nobody panics");
        stage.run(&format!("assert {seen:?} == [address], '{place}'"), vm);
    }
}

fn stored_from_python(vm: &VirtualMachine, kind: Kind) {
    for (place, source) in PLACES {
        let stage = Stage::storing(vm, kind);
        stage.run(source, vm);
        assert_eq!(stage.ledger.counts(), [1], "{place}");
        stage.run(LIVES, vm);
        // What the VM freed late is freed by now, and other objects have its place.
        stage.run("gc.collect(); [[] for _ in range(1000)]; gc.collect()", vm);
        assert_eq!(stage.ledger.counts(), [1], "{place}");
    }
}
