//! When Python code drops the last reference to a capsule, its destructor runs at once, whatever
//! its kind.

use libtest_mimic::Trial;
use rustpython_vm::VirtualMachine;

use crate::interpreter::{exec, shown, trial};
use crate::ledger::{Kind, Ledger, collect, in_shared_interpreter, with_destructor};

pub(crate) fn trials() -> Vec<Trial> {
    let tables = [("dropped", DROPPED), ("exceptions", EXCEPTIONS)];
    let trials = tables.iter().flat_map(|&(table, rows)| {
        Kind::ALL.map(|kind| {
            trial(format!("lifetimes::{kind:?}::{table}"), move || {
                in_shared_interpreter(move |vm| {
                    for &(made, source) in rows {
                        assert_eq!(destructor_runs(source, vm, kind), vec![1; made], "{source}");
                    }
                });
                Ok(())
            })
        })
    });
    trials.collect()
}

/// How many capsules the source makes with `make()`. When it returns, none is alive.
type Row = (usize, &'static str);

const DROPPED: &[Row] = &[
    (1, "c = make(); del c"),
    (1, "c = make(); c = None"),
    (1, "def f(): c = make()\nf()"),
    (1, "def f(c): pass\nf(make())"),
    (3, "cs = [make(), make(), make()]; cs.clear()"),
    (2, "d = {make(): make()}; del d"),
    (1, "class A: pass\na = A(); a.x = make(); del a"),
    (1, "g = (c for c in [make()]); next(g); del g"),
    (1, "f = lambda c=make(): c\ndel f"),
    (
        1,
        "def f():\n c = make()\n return lambda: c\ng = f(); g(); del g",
    ),
    (1, "l = [make()]; l.append(l); del l; collect()"),
];

/// In each row an exception drops a capsule and is caught. A failed check raises another one.
const EXCEPTIONS: &[Row] = &[
    (
        1,
        "try:\n f = lambda *a: None; f(make(), 1/0)\nexcept ZeroDivisionError: pass",
    ),
    (
        1,
        "def f():\n c = make()\n raise KeyError(1)\ntry: f()\nexcept KeyError as e: assert e.args == (1,)",
    ),
    (
        1,
        "try:\n try:\n  c = make(); raise KeyError(1)\n finally: del c\nexcept KeyError: pass",
    ),
    (
        1,
        "try: raise KeyError(1)\nexcept KeyError as e:\n c = make(); del c\n \
     import sys; assert sys.exc_info()[1] is e",
    ),
    (
        1,
        "try:\n try: raise KeyError(1)\n except KeyError:\n  c = make(); del c; raise\n\
     except KeyError as e: assert e.args == (1,)",
    ),
    (
        1,
        "def g():\n c = make()\n yield\ni = g(); next(i)\ntry: i.throw(KeyError(1))\nexcept KeyError: pass",
    ),
];

/// How often the destructor of each capsule that `source` makes has run.
fn destructor_runs(source: &str, vm: &VirtualMachine, kind: Kind) -> Vec<u32> {
    let ledger = Ledger::of(8);
    let made = Ledger::of(1);
    let (entries, next) = (ledger.clone(), made.clone());
    let make = vm.new_function("make", move |vm: &VirtualMachine| {
        let entry = next.counts()[0] as usize;
        next.record(0);
        let entries = entries.clone();
        with_destructor(kind, vm, move |_| entries.record(entry)).build(&vm.ctx)
    });
    let scope = vm.new_scope_with_builtins();
    let ran = scope
        .globals
        .set_item("make", make.into(), vm)
        .and_then(|()| {
            let collect = vm.new_function("collect", collect);
            scope.globals.set_item("collect", collect.into(), vm)
        })
        .and_then(|()| exec(source, &scope, vm));
    if let Err(error) = ran {
        panic!("{source}: {}", shown(&error, vm));
    }
    let mut counts = ledger.counts();
    counts.truncate(made.counts()[0] as usize);
    counts
}
