//! An owner outlives everything of its capsule that may depend on it, however the capsule is
//! destroyed. Cycles through an owner are collected.

use core::ffi::{c_int, c_void};
use std::thread;

use libtest_mimic::Trial;
use rustpython_capsule::__private::ffi::{self, CVisit};
use rustpython_capsule::{CapsuleBuilder, Destructor, PyCapsule};
use rustpython_vm::builtins::{PyBoundMethod, PyList};
use rustpython_vm::{PyObject, PyPayload, PyRef, VirtualMachine};

use crate::interpreter::{exec, in_interpreter, shown, trial};
use crate::ledger::{
    Kind, Ledger, Log, collect, in_own_process, in_shared_interpreter, with_destructor,
};

/// A way to drop the last references to a capsule and to its owner.
type Drops = fn(PyRef<PyCapsule>, PyRef<PyCapsule>, &VirtualMachine);

const WAYS: &[(&str, Drops)] = &[
    ("dropped", |capsule, owner, _| {
        drop(owner);
        drop(capsule);
    }),
    ("dropped-on-an-unattached-thread", |capsule, owner, vm| {
        drop(owner);
        let thread = thread::spawn(move || drop(capsule));
        assert!(vm.allow_threads(|| thread.join()).is_ok());
    }),
    ("reachable-from-a-cycle", |capsule, owner, vm| {
        drop(owner);
        let list = vm.ctx.new_list(vec![capsule.into()]);
        list.borrow_vec_mut().push(list.clone().into());
        drop(list);
        collect(vm);
    }),
    ("in-a-cycle-through-its-owner", |capsule, owner, vm| {
        let list = vm.ctx.new_list(vec![capsule.into()]);
        // The destructor of the owner refers to the list.
        let end = vm.new_function("end", |_: PyRef<PyList>, _: PyRef<PyCapsule>| {});
        let end = PyBoundMethod::new(list.into(), end.into()).into_ref(&vm.ctx);
        owner.set_destructor(Destructor::python(end.into(), vm));
        drop(owner);
        collect(vm);
    }),
    ("an-attribute-of-a-class", |capsule, owner, vm| {
        drop(owner);
        run(
            "class A: pass\nA.x = c\ndel c\nfor _ in range(2000): A.x\ndel A.x",
            capsule,
            vm,
        );
    }),
    (
        "an-attribute-of-a-class-in-a-cycle",
        |capsule, owner, vm| {
            drop(owner);
            run(
                "class A: pass\nA.x = c\ndel c\nA.me = A\nfor _ in range(2000): A.x\ndel A",
                capsule,
                vm,
            );
            collect(vm);
        },
    ),
];

/// Runs Python code with the capsule as `c`, which is the only reference to it.
fn run(source: &str, capsule: PyRef<PyCapsule>, vm: &VirtualMachine) {
    let scope = vm.new_scope_with_builtins();
    let ran = scope
        .globals
        .set_item("c", capsule.into(), vm)
        .and_then(|()| exec(source, &scope, vm));
    if let Err(error) = ran {
        panic!("{}", shown(&error, vm));
    }
}

/// A part of the capsule that may depend on the owner.
#[derive(Clone, Copy, Debug)]
enum Dependant {
    Value,
    Destructor(Kind),
    /// A destructor of a capsule that also has collector hooks of C code.
    WithHooks(Kind),
    /// The value of a capsule that also has collector hooks of C code.
    ValueWithHooks,
}

const DEPENDANTS: [Dependant; 8] = [
    Dependant::Value,
    Dependant::Destructor(Kind::C),
    Dependant::Destructor(Kind::Rust),
    Dependant::Destructor(Kind::Python),
    Dependant::WithHooks(Kind::C),
    Dependant::WithHooks(Kind::Rust),
    Dependant::WithHooks(Kind::Python),
    Dependant::ValueWithHooks,
];

/// Checks, when dropped, that the owner is alive.
struct OwnerCheck(Ledger, Log);

impl OwnerCheck {
    /// Counts entry 1. Writes a line if entry 0, the owner, is already counted.
    fn check(&self) {
        if self.0.counts()[0] != 0 {
            self.1.write("the owner was destroyed first");
        }
        self.0.record(1);
    }
}

impl Drop for OwnerCheck {
    fn drop(&mut self) {
        self.check();
    }
}

unsafe extern "C" fn traverse_nothing(_: *mut PyObject, _: CVisit, _: *mut c_void) -> c_int {
    0
}

unsafe extern "C" fn clear_nothing(_: *mut PyObject) -> c_int {
    0
}

impl Dependant {
    fn builder(self, ledger: &Ledger, log: &Log, vm: &VirtualMachine) -> CapsuleBuilder {
        let owner = OwnerCheck(ledger.clone(), log.clone());
        match self {
            Self::Value | Self::ValueWithHooks => PyCapsule::from_value(owner),
            Self::Destructor(kind) | Self::WithHooks(kind) => {
                let owner = core::mem::ManuallyDrop::new(owner);
                with_destructor(kind, vm, move |capsule| {
                    owner.check();
                    if capsule.owner().is_none() {
                        owner.1.write("the capsule has no owner");
                    }
                })
            }
        }
    }

    fn capsule(
        self,
        owner: &PyRef<PyCapsule>,
        ledger: &Ledger,
        log: &Log,
        vm: &VirtualMachine,
    ) -> PyRef<PyCapsule> {
        let builder = self.builder(ledger, log, vm).owner(owner.clone().into());
        let capsule = builder.build(&vm.ctx);
        if let Self::WithHooks(_) | Self::ValueWithHooks = self {
            // SAFETY: the hooks must visit and drop the references that C code owns, and it owns
            // none.
            let set = unsafe { ffi::set_traverse(&capsule, traverse_nothing, clear_nothing) };
            assert!(set.is_ok());
        }
        capsule
    }
}

pub(crate) fn trials() -> Vec<Trial> {
    let ways = WAYS.iter().flat_map(|&(name, drops)| {
        DEPENDANTS.map(|dependant| {
            trial(format!("owners::{name}::{dependant:?}"), move || {
                in_shared_interpreter(move |vm| outlives(dependant, drops, vm));
                Ok(())
            })
        })
    });
    // The collector does nothing while it runs for another interpreter of the process.
    let finalization = in_own_process("owners::when-the-interpreter-is-finalized", || {
        DEPENDANTS.into_iter().for_each(during_finalization);
    });
    let report = trial("owners::the-report-of-a-panic-can-keep-the-capsule", || {
        in_shared_interpreter(kept_by_a_report);
        Ok(())
    });
    ways.chain([finalization, report]).collect()
}

fn outlives(dependant: Dependant, drops: Drops, vm: &VirtualMachine) {
    let (ledger, log) = (Ledger::of(2), Log::default());
    let owner = PyCapsule::from_value(ledger.token(0)).build(&vm.ctx);
    let capsule = dependant.capsule(&owner, &ledger, &log, vm);
    ledger.assert_all_zero();
    drops(capsule, owner, vm);
    assert!(log.lines().is_empty(), "{log:?}");
    ledger.assert_all_once();
}

/// The capsule is an attribute of a module, or in a cycle that only finalization collects.
fn during_finalization(dependant: Dependant) {
    for source in [
        "import os\nos.c = c",
        "import gc\ngc.disable()\ncycle = [c]\ncycle.append(cycle)\ndel cycle, c",
    ] {
        let (ledger, log) = (Ledger::of(2), Log::default());
        in_interpreter(|vm| {
            let owner = PyCapsule::from_value(ledger.token(0)).build(&vm.ctx);
            run(source, dependant.capsule(&owner, &ledger, &log, vm), vm);
        });
        assert!(log.lines().is_empty(), "{dependant:?}: {source}: {log:?}");
        ledger.assert_all_once();
    }
}

/// `sys.unraisablehook` keeps the capsule when a value's `Drop` panics. The capsule keeps its
/// owner.
fn kept_by_a_report(vm: &VirtualMachine) {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            std::panic::resume_unwind(Box::new("on purpose"));
        }
    }
    let ledger = Ledger::of(1);
    let owner = PyCapsule::from_value(ledger.token(0)).build(&vm.ctx);
    let builder = PyCapsule::from_value(Bomb).owner(owner.into());
    let capsule = builder.name(c"kept").build(&vm.ctx);
    let source = "import sys, _capsule, gc\nkept = []\n\
                  sys.unraisablehook = lambda unraisable: kept.append(unraisable.object)\ndel c\n\
                  sys.unraisablehook = sys.__unraisablehook__\n\
                  [c] = kept\nassert _capsule.describe(c).owner is not None\n\
                  assert gc.is_tracked(c)";
    let scope = vm.new_scope_with_builtins();
    let set = scope.globals.set_item("c", capsule.into(), vm);
    assert!(set.is_ok());
    let run =
        |source| exec(source, &scope, vm).unwrap_or_else(|error| panic!("{}", shown(&error, vm)));
    run(source);
    ledger.assert_all_zero();
    run("kept.clear()\ndel c");
    ledger.assert_all_once();
}
