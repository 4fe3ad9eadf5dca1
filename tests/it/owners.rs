//! An owner lives as long as its capsule: whatever of the capsule may depend on it, and however the
//! capsule ends. And cycles through an owner are collected.

use core::ffi::{c_int, c_void};
use std::thread;

use libtest_mimic::Trial;
use rustpython_capsule::__private::ffi::{self, CVisit};
use rustpython_capsule::{CapsuleBuilder, Destructor, PyCapsule};
use rustpython_vm::builtins::{PyBoundMethod, PyList};
use rustpython_vm::{PyObject, PyPayload, PyRef, VirtualMachine};

use crate::interpreter::{exec, in_interpreter, shown, trial};
use crate::ledger::{Kind, Ledger, Log, alone, collect, dying, shared};

/// How the last reference to the capsule goes, which is dropped here, as that to its owner is.
type End = fn(PyRef<PyCapsule>, PyRef<PyCapsule>, &VirtualMachine);

const ENDS: &[(&str, End)] = &[
    ("dropped", |capsule, owner, _| {
        drop(owner);
        drop(capsule);
    }),
    ("dropped-where-no-interpreter-is", |capsule, owner, vm| {
        drop(owner);
        let thread = thread::spawn(move || drop(capsule));
        assert!(vm.allow_threads(|| thread.join()).is_ok());
    }),
    ("hanging-on-a-cycle", |capsule, owner, vm| {
        drop(owner);
        let list = vm.ctx.new_list(vec![capsule.into()]);
        list.borrow_vec_mut().push(list.clone().into());
        drop(list);
        collect(vm);
    }),
    ("in-a-cycle-through-its-owner", |capsule, owner, vm| {
        let list = vm.ctx.new_list(vec![capsule.into()]);
        // What the owner calls at its end leads to the list.
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

/// Runs Python code that has the capsule as `c`, and no other reference to it is left.
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

/// What may depend on the owner.
#[derive(Clone, Copy, Debug)]
enum Dependant {
    Value,
    Destructor(Kind),
    /// A destructor, beside hooks of C code for the collector.
    WithHooks(Kind),
    /// The same, with no destructor but the value's.
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

/// Looks, when dropped, whether the owner is there.
struct Looks(Ledger, Log);

impl Looks {
    /// Strikes entry 1, and notes it if entry 0, the owner, was struck before.
    fn look(&self) {
        if self.0.counts()[0] != 0 {
            self.1.write("the owner went before");
        }
        self.0.strike(1);
    }
}

impl Drop for Looks {
    fn drop(&mut self) {
        self.look();
    }
}

unsafe extern "C" fn shows_nothing(_: *mut PyObject, _: CVisit, _: *mut c_void) -> c_int {
    0
}

unsafe extern "C" fn gives_up_nothing(_: *mut PyObject) -> c_int {
    0
}

impl Dependant {
    fn builder(self, ledger: &Ledger, log: &Log, vm: &VirtualMachine) -> CapsuleBuilder {
        let looks = Looks(ledger.clone(), log.clone());
        match self {
            Self::Value | Self::ValueWithHooks => PyCapsule::from_value(looks),
            Self::Destructor(kind) | Self::WithHooks(kind) => {
                let looks = core::mem::ManuallyDrop::new(looks);
                dying(kind, vm, move |dead| {
                    looks.look();
                    if dead.owner().is_none() {
                        looks.1.write("the owner is not shown");
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
            // SAFETY: they show, and give up, what C code owns, which is nothing.
            let set = unsafe { ffi::set_traverse(&capsule, shows_nothing, gives_up_nothing) };
            assert!(set.is_ok());
        }
        capsule
    }
}

pub(crate) fn trials() -> Vec<Trial> {
    let ends = ENDS.iter().flat_map(|&(name, end)| {
        DEPENDANTS.map(|dependant| {
            trial(format!("owners::{name}::{dependant:?}"), move || {
                shared(move |vm| outlives(dependant, end, vm));
                Ok(())
            })
        })
    });
    // The collector does nothing while it is at work for another interpreter of the process.
    let finalisation = alone("owners::at-the-end-of-the-interpreter", || {
        DEPENDANTS.into_iter().for_each(at_the_end);
    });
    let report = trial("owners::the-report-of-a-panic-keeps-the-capsule", || {
        shared(kept_by_a_report);
        Ok(())
    });
    ends.chain([finalisation, report]).collect()
}

fn outlives(dependant: Dependant, end: End, vm: &VirtualMachine) {
    let (ledger, log) = (Ledger::of(2), Log::default());
    let owner = PyCapsule::from_value(ledger.token(0)).build(&vm.ctx);
    let capsule = dependant.capsule(&owner, &ledger, &log, vm);
    ledger.assert_untouched();
    end(capsule, owner, vm);
    assert!(log.lines().is_empty(), "{log:?}");
    ledger.assert_settled();
}

/// In a module, and in a cycle that is found at the end.
fn at_the_end(dependant: Dependant) {
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
        ledger.assert_settled();
    }
}

/// The hook that is told of a panic in a value's `Drop` keeps the capsule. It has its owner still.
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
                  sys.unraisablehook = lambda left: kept.append(left.object)\ndel c\n\
                  sys.unraisablehook = sys.__unraisablehook__\n\
                  [c] = kept\nassert _capsule.describe(c).owner is not None\n\
                  assert gc.is_tracked(c)";
    let scope = vm.new_scope_with_builtins();
    let set = scope.globals.set_item("c", capsule.into(), vm);
    assert!(set.is_ok());
    let run =
        |source| exec(source, &scope, vm).unwrap_or_else(|error| panic!("{}", shown(&error, vm)));
    run(source);
    ledger.assert_untouched();
    run("kept.clear()\ndel c");
    ledger.assert_settled();
}
