//! Capsules that keep one another alive. Chains of any length are destroyed without overflowing the
//! stack, cycles are collected, and every destructor runs exactly once.

use core::ptr::NonNull;
use std::thread;

use libtest_mimic::Trial;
use rustpython_capsule::{CapsuleBuilder, Destructor, PyCapsule};
use rustpython_vm::{PyObject, PyObjectRef, PyRef, VirtualMachine};

use crate::interpreter::{child_source, exec, shown, trial};
use crate::ledger::{Ledger, Token, collect, in_shared_interpreter, python};

/// The number of capsules in a chain.
const LENGTH: usize = 200_000;

/// Smaller than the stack of any thread that the VM starts.
const SMALL_STACK: usize = 512 << 10;

/// Makes the link `entry` in front of the rest of the chain.
type Link = fn(&Ledger, usize, Option<PyObjectRef>, &VirtualMachine) -> CapsuleBuilder;

const LINKS: &[(&str, Link)] = &[
    ("context", by_context),
    ("owner", by_owner),
    ("owned-list", by_owned_list),
    ("rust-closure", by_rust_closure),
    ("python-callable", by_python_callable),
    ("typed-value", by_typed_value),
    ("all-in-turn", by_all_in_turn),
];

pub(crate) fn trials() -> Vec<Trial> {
    let chains = LINKS.iter().flat_map(|&(name, link)| {
        [
            trial(format!("chains::by-{name}"), move || {
                in_shared_interpreter(move |vm| chain(link, vm, drop));
                Ok(())
            }),
            trial(format!("chains::by-{name}-on-a-small-stack"), move || {
                in_shared_interpreter(move |vm| {
                    chain(link, vm, |first| drop_in_a_small_vm_thread(first, vm))
                });
                Ok(())
            }),
            trial(
                format!("chains::by-{name}-with-no-interpreter"),
                move || {
                    in_shared_interpreter(move |vm| {
                        chain(link, vm, |first| drop_in_a_small_thread(first, vm))
                    });
                    Ok(())
                },
            ),
        ]
    });
    let cycles = CYCLES.iter().map(|&(name, source)| {
        trial(format!("cycles::{name}"), move || {
            let ended = child_source(&format!("{CYCLE_PROLOGUE}{source}"));
            assert_eq!(
                (ended.code, ended.stderr.as_str()),
                (Some(0), ""),
                "{ended:?}"
            );
            Ok(())
        })
    });
    chains
        .chain(cycles)
        .chain([
            trial("chains::made-by-python", || {
                in_shared_interpreter(|vm| run(PYTHON_CHAIN, vm));
                Ok(())
            }),
            trial("chains::of-attributes-of-classes", || {
                in_shared_interpreter(|vm| run(PUBLISHED_CHAIN, vm));
                Ok(())
            }),
            trial("cycles::through-rust-made-capsules", || {
                in_shared_interpreter(rust_made_cycles);
                Ok(())
            }),
        ])
        .collect()
}

fn run(source: &str, vm: &VirtualMachine) {
    if let Err(error) = exec(source, &vm.new_scope_with_builtins(), vm) {
        panic!("{}", shown(&error, vm));
    }
}

fn chain(link: Link, vm: &VirtualMachine, end: impl FnOnce(PyObjectRef)) {
    let ledger = Ledger::of(LENGTH);
    let mut next = None;
    for entry in 0..LENGTH {
        next = Some(link(&ledger, entry, next, vm).build(&vm.ctx).into());
    }
    ledger.assert_all_zero();
    end(next.expect("the chain has links"));
    ledger.assert_all_once();
}

fn drop_in_a_small_vm_thread(object: PyObjectRef, vm: &VirtualMachine) {
    let thread = vm.new_thread().make_spawn_func(move |_| drop(object));
    let thread = thread::Builder::new().stack_size(SMALL_STACK).spawn(thread);
    let joined = vm.allow_threads(|| thread.expect("a thread can be started").join());
    assert!(joined.is_ok());
}

fn drop_in_a_small_thread(object: PyObjectRef, vm: &VirtualMachine) {
    let thread = thread::Builder::new().stack_size(SMALL_STACK);
    let thread = thread.spawn(move || drop(object));
    let joined = vm.allow_threads(|| thread.expect("a thread can be started").join());
    assert!(joined.is_ok());
}

/// What the context of a capsule of C code points to.
struct Held {
    _token: Token,
    _next: Option<PyObjectRef>,
}

unsafe extern "C" fn free_context(capsule: *mut PyObject) {
    // SAFETY: a destructor is called with an object that lives for the call.
    let capsule = unsafe { &*capsule };
    if let Ok(capsule) = PyCapsule::of(capsule) {
        // SAFETY: `by_context` made it from a box, and a destructor runs once.
        drop(unsafe { Box::from_raw(capsule.context().cast::<Held>()) });
    }
}

fn plain() -> CapsuleBuilder {
    PyCapsule::builder(NonNull::dangling())
}

fn by_context(
    ledger: &Ledger,
    entry: usize,
    next: Option<PyObjectRef>,
    _vm: &VirtualMachine,
) -> CapsuleBuilder {
    let held = Box::new(Held {
        _token: ledger.token(entry),
        _next: next,
    });
    plain()
        .context(Box::into_raw(held).cast())
        // SAFETY: `free_context` frees a box of `Held`, which the context is.
        .destructor(unsafe { Destructor::c(free_context) })
}

fn by_owner(
    ledger: &Ledger,
    entry: usize,
    next: Option<PyObjectRef>,
    _vm: &VirtualMachine,
) -> CapsuleBuilder {
    let capsule = PyCapsule::from_value(ledger.token(entry));
    match next {
        Some(next) => capsule.owner(next),
        None => capsule,
    }
}

fn by_owned_list(
    ledger: &Ledger,
    entry: usize,
    next: Option<PyObjectRef>,
    vm: &VirtualMachine,
) -> CapsuleBuilder {
    let list = vm.ctx.new_list(next.into_iter().collect());
    by_owner(ledger, entry, Some(list.into()), vm)
}

fn by_rust_closure(
    ledger: &Ledger,
    entry: usize,
    next: Option<PyObjectRef>,
    _vm: &VirtualMachine,
) -> CapsuleBuilder {
    let token = ledger.token(entry);
    plain().destructor(Destructor::rust(move |_| drop((token, next))))
}

fn by_python_callable(
    ledger: &Ledger,
    entry: usize,
    next: Option<PyObjectRef>,
    vm: &VirtualMachine,
) -> CapsuleBuilder {
    let held = (ledger.token(entry), next);
    plain().destructor(python(vm, move |_| {
        let _held = &held;
    }))
}

fn by_typed_value(
    ledger: &Ledger,
    entry: usize,
    next: Option<PyObjectRef>,
    _vm: &VirtualMachine,
) -> CapsuleBuilder {
    let next: Option<PyRef<PyCapsule>> = next.and_then(|next| next.downcast().ok());
    PyCapsule::from_value((ledger.token(entry), next))
}

fn by_all_in_turn(
    ledger: &Ledger,
    entry: usize,
    next: Option<PyObjectRef>,
    vm: &VirtualMachine,
) -> CapsuleBuilder {
    const IN_TURN: [Link; 6] = [
        by_context,
        by_owner,
        by_owned_list,
        by_rust_closure,
        by_python_callable,
        by_typed_value,
    ];
    IN_TURN[entry % IN_TURN.len()](ledger, entry, next, vm)
}

const PYTHON_CHAIN: &str = "
import _capsule
dead = 0
def destructor(rest):
    def run(capsule):
        global dead
        dead += 1
        assert rest is None or _capsule.is_valid(rest, 'link')
    return run
rest = None
for _ in range(50_000):
    rest = _capsule.new(1, 'link', destructor(rest), owner=[rest])
    rest = _capsule.new(1, 'link', destructor(None), owner={1: rest})
del rest
assert dead == 100_000, dead
";

/// The VM puts attributes that are read from a class into caches, which publishes them.
const PUBLISHED_CHAIN: &str = "
import _capsule
dead = 0
def destructor(owner):
    def run(capsule):
        global dead
        dead += 1
        assert _capsule.is_valid(capsule, 'link')
        if owner: del owner.capsule
    return run
last = None
for _ in range(5_000):
    class Owner: capsule = _capsule.new(1, 'link', destructor(last))
    for _ in range(20): Owner.capsule
    last = Owner
del last.capsule
assert dead == 5_000, dead
";

const CYCLE_PROLOGUE: &str = "
import _capsule, gc
gc.collect()
dead = []
class Node: pass
";

/// Each makes cycles that only the collector can free, and counts destructor calls.
const CYCLES: &[(&str, &str)] = &[
    (
        "through-the-owner",
        "for i in range(1000):
    node = Node()
    node.capsule = _capsule.new(1, None, lambda c, i=i: dead.append(i), owner=node)
del node
gc.collect()
assert sorted(dead) == list(range(1000)), len(dead)",
    ),
    (
        "through-a-destructor's-closure",
        "def make(i):
    node = Node()
    def destructor(c):
        assert node.capsule is c
        dead.append(i)
    node.capsule = _capsule.new(1, None, destructor)
for i in range(1000): make(i)
gc.collect()
assert sorted(dead) == list(range(1000)), len(dead)",
    ),
    (
        "of-many-capsules",
        "for i in range(100):
    first = last = Node()
    for j in range(10):
        node = Node()
        node.capsule = _capsule.new(1, None, lambda c, n=10 * i + j: dead.append(n), owner=last)
        last = node
    first.last = last
del first, last, node
gc.collect()
assert sorted(dead) == list(range(1000)), len(dead)",
    ),
    (
        "with-a-capsule-outside-the-cycle",
        "for i in range(1000):
    cycle = []
    cycle += [cycle, _capsule.new(1, None, lambda c, i=i: dead.append(i))]
del cycle
gc.collect()
assert sorted(dead) == list(range(1000)), len(dead)",
    ),
    (
        "with-no-destructor",
        "class Witness:
    def __del__(self): dead.append(1)
for i in range(1000):
    cycle = [Witness()]
    cycle.append(_capsule.new(1, None, owner=cycle))
del cycle
gc.collect()
assert len(dead) == 1000, len(dead)",
    ),
    (
        "made-by-a-later-destructor",
        "for i in range(1000):
    node = Node()
    node.capsule = _capsule.new(1)
    _capsule.set_destructor(node.capsule, lambda c, node=node, i=i: dead.append(i))
del node
gc.collect()
assert sorted(dead) == list(range(1000)), len(dead)",
    ),
    (
        "with-a-destructor-that-collects",
        "found = []
for i in range(100):
    node = Node()
    def destructor(c, i=i):
        dead.append(i)
        found.append(gc.collect())
    node.capsule = _capsule.new(1, None, destructor, owner=node)
del node, destructor
gc.collect()
assert sorted(dead) == list(range(100)), len(dead)
assert found == [0] * 100, found",
    ),
    (
        "with-a-destructor-that-resurrects",
        "kept = []
def destructor(c):
    dead.append(1)
    kept.append(c)
for i in range(100):
    node = Node()
    node.capsule = _capsule.new(7, 'kept', destructor, owner=node)
del node
gc.collect()
assert len(dead) == len(kept) == 100
assert all(_capsule.get_pointer(c, 'kept') == 7 for c in kept)
assert all(_capsule.describe(c).owner.capsule is c for c in kept)
kept.clear()
gc.collect()
assert len(dead) == 100 and not kept
assert not [o for o in gc.get_objects() if type(o) is Node]",
    ),
    (
        "are-left-alone-while-reachable",
        "node = Node()
node.capsule = _capsule.new(1, None, dead.append, owner=node)
gc.collect()
assert dead == [] and node.capsule
node.capsule = None
assert len(dead) == 1
dead.clear()
gc.collect()",
    ),
    (
        "are-visible-to-the-collector",
        "owner, destructor = [], lambda c: None
c = _capsule.new(1, None, destructor, owner=owner)
assert gc.is_tracked(c) and set(map(id, gc.get_referents(c))) >= {id(owner), id(destructor)}
plain = _capsule.new(1, 'plain')
assert not gc.is_tracked(plain) and gc.get_referents(plain) == []
assert not any(o is plain for o in gc.get_objects())",
    ),
];

fn rust_made_cycles(vm: &VirtualMachine) {
    const CYCLES: usize = 1000;
    let ledger = Ledger::of(2 * CYCLES);
    for cycle in 0..CYCLES {
        let list = vm.ctx.new_list(Vec::new());
        let token = ledger.token(CYCLES + cycle);
        let entries = ledger.clone();
        let capsule = PyCapsule::from_value(token)
            .destructor(Destructor::rust(move |_| entries.record(cycle)))
            .owner(list.clone().into())
            .build(&vm.ctx);
        list.borrow_vec_mut().push(capsule.into());
    }
    collect(vm);
    ledger.assert_all_once();
}
