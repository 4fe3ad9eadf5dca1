//! Capsules whose last reference is dropped by a thread that is not attached to an interpreter: a
//! native thread, a thread that is exiting, a thread that has detached for a while.

use std::cell::RefCell;
use std::thread;

use libtest_mimic::Trial;
use rustpython_capsule::{Destructor, PyCapsule};
use rustpython_vm::vm::thread::{current_vm_is_set, with_current_vm};
use rustpython_vm::{Py, PyRef, VirtualMachine};

use crate::interpreter::{in_interpreter, trial};
use crate::ledger::{Kind, Ledger, Log, Token, in_shared_interpreter, python, with_destructor};

/// Drops a reference elsewhere, and returns when that is done.
type Away = fn(PyRef<PyCapsule>, &VirtualMachine);

const AWAY: &[(&str, Away)] = &[
    ("on-a-plain-thread", on_a_plain_thread),
    ("on-a-vm-thread", on_a_vm_thread),
    (
        "on-a-thread-that-was-attached-before",
        on_a_thread_that_was_attached_before,
    ),
    ("when-a-plain-thread-exits", when_a_plain_thread_exits),
    ("when-a-vm-thread-exits", when_a_vm_thread_exits),
    ("on-a-detached-thread", on_a_detached_thread),
    ("in-another-interpreter", in_another_interpreter),
    ("while-a-thread-panics", while_a_thread_panics),
];

pub(crate) fn trials() -> Vec<Trial> {
    let of_each_kind = AWAY.iter().flat_map(|&(name, away)| {
        Kind::ALL.map(|kind| {
            trial(format!("detached::{kind:?}::{name}"), move || {
                in_shared_interpreter(move |vm| destructor_runs(kind, away, vm));
                Ok(())
            })
        })
    });
    let values = AWAY.iter().map(|&(name, away)| {
        trial(format!("detached::value::{name}"), move || {
            in_shared_interpreter(move |vm| value_is_dropped(away, vm));
            Ok(())
        })
    });
    let late = trial("detached::after-the-thread-locals-of-the-vm", || {
        in_shared_interpreter(after_the_vms_thread_locals);
        Ok(())
    });
    let first = trial("detached::between-the-thread-locals-of-the-vm", || {
        in_shared_interpreter(between_the_vms_thread_locals);
        Ok(())
    });
    of_each_kind.chain(values).chain([late, first]).collect()
}

/// The destructor runs once, with the capsule still whole, and a Python destructor runs in its own
/// interpreter. It may keep a reference for a while. The owner is dropped after it.
fn destructor_runs(kind: Kind, away: Away, vm: &VirtualMachine) {
    let ledger = Ledger::of(2);
    let log = Log::default();
    let (entries, seen) = (ledger.clone(), log.clone());
    let own = vm.state.interpreter_id;
    let owner = PyCapsule::from_value(ledger.token(0)).build(&vm.ctx);
    let capsule = with_destructor(kind, vm, move |capsule| {
        entries.record(1);
        if entries.counts() != [0, 1] {
            seen.write("the owner was dropped first");
        }
        if !capsule.is_valid(Some(c"away")) || capsule.owner().is_none() {
            seen.write("the capsule is not whole");
        }
        drop(capsule.to_owned());
        let in_own = kind != Kind::Python || with_current_vm(|vm| vm.state.interpreter_id) == own;
        if !in_own {
            seen.write("in another interpreter");
        }
    })
    .name(c"away".to_owned())
    .owner(owner.into())
    .build(&vm.ctx);
    away(capsule, vm);
    assert!(log.lines().is_empty(), "{log:?}");
    ledger.assert_all_once();
}

fn value_is_dropped(away: Away, vm: &VirtualMachine) {
    let ledger = Ledger::of(3);
    let entries = ledger.clone();
    let read = move |capsule: &Py<PyCapsule>| {
        if capsule.value::<Token>(None).is_ok() {
            entries.record(0);
        }
    };
    let capsule = PyCapsule::from_value(ledger.token(1)).build(&vm.ctx);
    capsule.set_destructor(Destructor::rust(read.clone()));
    away(capsule, vm);
    assert_eq!(ledger.counts(), [1, 1, 0]);

    let capsule = PyCapsule::from_value(ledger.token(2)).build(&vm.ctx);
    capsule.set_destructor(python(vm, read));
    away(capsule, vm);
    assert_eq!(ledger.counts(), [2, 1, 1]);
}

fn wait<T>(thread: thread::JoinHandle<T>, vm: &VirtualMachine) -> thread::Result<T> {
    vm.allow_threads(|| thread.join())
}

fn on_a_plain_thread(capsule: PyRef<PyCapsule>, vm: &VirtualMachine) {
    let thread = thread::spawn(move || {
        drop(capsule);
        assert!(!current_vm_is_set());
    });
    assert!(wait(thread, vm).is_ok());
}

fn on_a_vm_thread(capsule: PyRef<PyCapsule>, vm: &VirtualMachine) {
    let thread = vm.start_thread(move |_| drop(capsule));
    assert!(wait(thread, vm).is_ok());
}

fn on_a_thread_that_was_attached_before(capsule: PyRef<PyCapsule>, vm: &VirtualMachine) {
    let visitor = vm.new_thread();
    let thread = thread::spawn(move || {
        visitor.run(|vm| drop(vm.ctx.new_list(Vec::new())));
        drop(capsule);
    });
    assert!(wait(thread, vm).is_ok());
}

thread_local! {
    static LAST: RefCell<Option<PyRef<PyCapsule>>> = const { RefCell::new(None) };
}

fn drop_at_thread_exit(capsule: PyRef<PyCapsule>) {
    LAST.with_borrow_mut(|last| *last = Some(capsule));
}

fn when_a_plain_thread_exits(capsule: PyRef<PyCapsule>, vm: &VirtualMachine) {
    let thread = thread::spawn(move || drop_at_thread_exit(capsule));
    assert!(wait(thread, vm).is_ok());
}

/// Thread-locals are destroyed in the reverse order of their first use: this one before the VM's.
fn when_a_vm_thread_exits(capsule: PyRef<PyCapsule>, vm: &VirtualMachine) {
    let thread = vm.start_thread(move |_| drop_at_thread_exit(capsule));
    assert!(wait(thread, vm).is_ok());
}

/// Here the capsule is dropped after the VM's thread-locals are destroyed. If an object that the
/// collector tracks, such as a list, is dropped then, the VM aborts the process. So these capsules
/// own no Python object.
fn after_the_vms_thread_locals(vm: &VirtualMachine) {
    let ledger = Ledger::of(3);
    let value = PyCapsule::from_value(ledger.token(0)).build(&vm.ctx);
    let [c, rust] = [(1, Kind::C), (2, Kind::Rust)].map(|(entry, kind)| {
        let entries = ledger.clone();
        with_destructor(kind, vm, move |_| entries.record(entry)).build(&vm.ctx)
    });
    for capsule in [value, c, rust] {
        let visitor = vm.new_thread();
        let thread = thread::spawn(move || {
            drop_at_thread_exit(capsule);
            visitor.run(|vm| drop(vm.ctx.new_list(Vec::new())));
        });
        assert!(wait(thread, vm).is_ok());
    }
    ledger.assert_all_once();
}

/// The thread drops one capsule, which looks for an interpreter and finds none. It leaves another
/// capsule to its exit, and then attaches for a while. So some of the VM's thread-locals are
/// destroyed before the second capsule, and some after it.
fn between_the_vms_thread_locals(vm: &VirtualMachine) {
    for kind in Kind::ALL {
        let ledger = Ledger::of(2);
        let [early, last] = [0, 1].map(|entry| {
            let entries = ledger.clone();
            with_destructor(kind, vm, move |_| entries.record(entry)).build(&vm.ctx)
        });
        let visitor = vm.new_thread();
        let thread = thread::spawn(move || {
            drop(early);
            drop_at_thread_exit(last);
            visitor.run(|_| ());
        });
        assert!(wait(thread, vm).is_ok());
        ledger.assert_all_once();
    }
}

fn on_a_detached_thread(capsule: PyRef<PyCapsule>, vm: &VirtualMachine) {
    vm.allow_threads(|| drop(capsule));
}

fn in_another_interpreter(capsule: PyRef<PyCapsule>, vm: &VirtualMachine) {
    let thread = thread::spawn(move || in_interpreter(|_| drop(capsule)));
    assert!(wait(thread, vm).is_ok());
}

fn while_a_thread_panics(capsule: PyRef<PyCapsule>, vm: &VirtualMachine) {
    let thread = thread::spawn(move || {
        let _held = capsule;
        std::panic::resume_unwind(Box::new("on purpose"));
    });
    assert!(wait(thread, vm).is_err());
}
