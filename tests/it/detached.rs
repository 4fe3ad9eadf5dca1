//! Capsules whose last reference is dropped where no interpreter is: on a thread of its own, on a
//! thread at its end, in a section that has let the interpreter go.

use std::cell::RefCell;
use std::thread;

use libtest_mimic::Trial;
use rustpython_capsule::{Destructor, PyCapsule};
use rustpython_vm::vm::thread::{current_vm_is_set, with_current_vm};
use rustpython_vm::{Py, PyRef, VirtualMachine};

use crate::interpreter::{in_interpreter, trial};
use crate::ledger::{Kind, Ledger, Log, Token, dying, python, shared};

/// Gets rid of a reference somewhere else, and comes back when that is done.
type Away = fn(PyRef<PyCapsule>, &VirtualMachine);

const AWAY: &[(&str, Away)] = &[
    ("on-a-plain-thread", on_a_plain_thread),
    ("on-a-vm-thread", on_a_vm_thread),
    (
        "on-a-thread-that-was-in-the-vm",
        on_a_thread_that_was_in_the_vm,
    ),
    ("at-the-end-of-a-plain-thread", at_the_end_of_a_plain_thread),
    ("at-the-end-of-a-vm-thread", at_the_end_of_a_vm_thread),
    ("with-the-interpreter-let-go", with_the_interpreter_let_go),
    ("in-another-interpreter", in_another_interpreter),
    ("while-a-thread-panics", while_a_thread_panics),
];

pub(crate) fn trials() -> Vec<Trial> {
    let of_each_kind = AWAY.iter().flat_map(|&(name, away)| {
        Kind::ALL.map(|kind| {
            trial(format!("detached::{kind:?}::{name}"), move || {
                shared(move |vm| ends(kind, away, vm));
                Ok(())
            })
        })
    });
    let values = AWAY.iter().map(|&(name, away)| {
        trial(format!("detached::value::{name}"), move || {
            shared(move |vm| value_ends(away, vm));
            Ok(())
        })
    });
    let late = trial("detached::late-at-the-end-of-a-vm-thread", || {
        shared(late_at_the_end);
        Ok(())
    });
    let first = trial(
        "detached::at-the-end-of-a-thread-that-met-capsules-first",
        || {
            shared(met_capsules_first);
            Ok(())
        },
    );
    of_each_kind.chain(values).chain([late, first]).collect()
}

/// The destructor runs once, in the interpreter if it is a Python one, with the capsule whole; it
/// may keep the capsule for a while; and the owner goes after it.
fn ends(kind: Kind, away: Away, vm: &VirtualMachine) {
    let ledger = Ledger::of(2);
    let log = Log::default();
    let (entries, seen) = (ledger.clone(), log.clone());
    let home = vm.state.interpreter_id;
    let owner = PyCapsule::from_value(ledger.token(0)).build(&vm.ctx);
    let capsule = dying(kind, vm, move |dead| {
        entries.strike(1);
        if entries.counts() != [0, 1] {
            seen.write("the owner went before");
        }
        if !dead.is_valid(Some(c"away")) || dead.owner().is_none() {
            seen.write("the capsule is not whole");
        }
        drop(dead.to_owned());
        let is_home = kind != Kind::Python || with_current_vm(|vm| vm.state.interpreter_id) == home;
        if !is_home {
            seen.write("not at home");
        }
    })
    .name(c"away".to_owned())
    .owner(owner.into())
    .build(&vm.ctx);
    away(capsule, vm);
    assert!(log.lines().is_empty(), "{log:?}");
    ledger.assert_settled();
}

fn value_ends(away: Away, vm: &VirtualMachine) {
    let ledger = Ledger::of(3);
    let entries = ledger.clone();
    let read = move |dead: &Py<PyCapsule>| {
        if dead.value::<Token>(None).is_ok() {
            entries.strike(0);
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

fn on_a_thread_that_was_in_the_vm(capsule: PyRef<PyCapsule>, vm: &VirtualMachine) {
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

fn leave_to_the_end(capsule: PyRef<PyCapsule>) {
    LAST.with_borrow_mut(|last| *last = Some(capsule));
}

fn at_the_end_of_a_plain_thread(capsule: PyRef<PyCapsule>, vm: &VirtualMachine) {
    let thread = thread::spawn(move || leave_to_the_end(capsule));
    assert!(wait(thread, vm).is_ok());
}

/// Thread-locals end in the reverse order of their first use: this one before the VM's.
fn at_the_end_of_a_vm_thread(capsule: PyRef<PyCapsule>, vm: &VirtualMachine) {
    let thread = vm.start_thread(move |_| leave_to_the_end(capsule));
    assert!(wait(thread, vm).is_ok());
}

/// And this one after the VM's. There the VM aborts the process for every object that its collector
/// knows, a list for one, so the capsules here own no Python object.
fn late_at_the_end(vm: &VirtualMachine) {
    let ledger = Ledger::of(3);
    let value = PyCapsule::from_value(ledger.token(0)).build(&vm.ctx);
    let [c, rust] = [(1, Kind::C), (2, Kind::Rust)].map(|(entry, kind)| {
        let entries = ledger.clone();
        dying(kind, vm, move |_| entries.strike(entry)).build(&vm.ctx)
    });
    for capsule in [value, c, rust] {
        let visitor = vm.new_thread();
        let thread = thread::spawn(move || {
            leave_to_the_end(capsule);
            visitor.run(|vm| drop(vm.ctx.new_list(Vec::new())));
        });
        assert!(wait(thread, vm).is_ok());
    }
    ledger.assert_settled();
}

/// The thread asks for an interpreter, in which it is not, when it drops a capsule; then it leaves one
/// to its end; then it is inside for a while. So some of the VM's thread-locals end before the
/// capsule, and some after it.
fn met_capsules_first(vm: &VirtualMachine) {
    for kind in Kind::ALL {
        let ledger = Ledger::of(2);
        let [early, last] = [0, 1].map(|entry| {
            let entries = ledger.clone();
            dying(kind, vm, move |_| entries.strike(entry)).build(&vm.ctx)
        });
        let visitor = vm.new_thread();
        let thread = thread::spawn(move || {
            drop(early);
            leave_to_the_end(last);
            visitor.run(|_| ());
        });
        assert!(wait(thread, vm).is_ok());
        ledger.assert_settled();
    }
}

fn with_the_interpreter_let_go(capsule: PyRef<PyCapsule>, vm: &VirtualMachine) {
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
