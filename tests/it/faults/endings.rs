//! The rest of the matrix: where a capsule is when its interpreter ends, and when a thread is past
//! its thread-locals. Each place has a process of its own, whose standard error is read.

use std::process::Command;
use std::thread;

use libtest_mimic::{Failed, Trial};
use rustpython_capsule::PyCapsule;
use rustpython_vm::{PyObjectRef, PyRef, VirtualMachine};

use super::actions::{ACTIONS, Action};
use super::points::{leave_to_c_s_end, leave_to_the_end, on_a_c_thread};
use super::scene::{Scene, Surroundings, run, set};
use crate::interpreter::{in_interpreter, trial};
use crate::ledger::Kind;

/// Where capsules are at the end of the interpreter, as a statement about the list `cells` of them.
#[rustfmt::skip]
const ENDS: &[(&str, &str)] = &[
    ("a-module", "other.cells = cells"),
    ("a-cycle-of-a-module", "other.cells = cells; cells.append(other)"),
    ("a-cycle-that-nobody-has", "cells.append(cells); gc.disable()"),
    ("an-exit-function", "atexit.register(cells.clear)"),
    ("a-default-of-a-function", "def f(cells=cells): pass\nother.f = f"),
    ("a-class", "other.A = type('A', (), {f'c{i}': c for i, c in enumerate(cells)})\n\
                 for name in vars(other.A):\n for _ in range(100): getattr(other.A, name)\ndel name"),
    ("a-thread-local", "other.local = threading.local(); other.local.cells = cells"),
    ("a-thread-that-is-waited-for", "def f(cells): time.sleep(0.05); cells.clear()\n\
                                     threading.Thread(target=f, args=(cells,)).start()\ndel f"),
];

const PRELUDE: &str = "
import atexit, builtins, gc, sys, threading, time, types
other = sys.modules['other'] = types.ModuleType('other')
";

/// How the last reference goes on a thread that has lost the VM's thread-locals.
type Late = fn(PyRef<PyCapsule>, &VirtualMachine);

const LATE: &[(&str, Late)] = &[
    ("the-end-of-a-thread-that-was-inside", |capsule, vm| {
        let visitor = vm.new_thread();
        let thread = thread::spawn(move || {
            leave_to_the_end(capsule);
            visitor.run(|vm| drop(vm.ctx.new_list(Vec::new())));
        });
        assert!(vm.allow_threads(|| thread.join()).is_ok());
    }),
    ("the-end-of-a-c-thread-that-was-inside", |capsule, vm| {
        let visitor = vm.new_thread();
        let f = move || {
            visitor.run(|vm| drop(vm.ctx.new_list(Vec::new())));
            leave_to_c_s_end(capsule);
        };
        vm.allow_threads(|| on_a_c_thread(f));
    }),
];

pub(super) fn trials() -> Vec<Trial> {
    let ends = ENDS.iter().map(|&(name, source)| {
        let name = format!("faults::at-the-end-in-{name}");
        process(
            name,
            move || at_the_end(source),
            |ended| told(ended, &Kind::ALL),
        )
    });
    // When these two are cleared there is no standard error any more, so nothing is told, neither
    // here nor in CPython.
    let last = ["sys", "builtins"].map(|module| {
        let leaves = move || at_the_end(&format!("{module}.cells = cells"));
        process(format!("faults::at-the-end-in-{module}"), leaves, |ended| {
            told(ended, &[])
        })
    });
    let beyond = process(
        "faults::at-the-end-beyond-the-interpreter".to_owned(),
        beyond_the_interpreter,
        |ended| told(ended, &[]),
    );
    let late = LATE.iter().map(|&(name, lets_go)| {
        process(
            format!("faults::in-{name}"),
            move || ends_late(&[Kind::C, Kind::Rust], lets_go),
            |ended| told(ended, &[]),
        )
    });
    // Rust's own thread-locals are gone there, the VM's have never been; so another thread has to call.
    let of_rust = process(
        "faults::in-c-s-end-of-a-thread-of-rust".to_owned(),
        || {
            ends_late(&Kind::ALL, |capsule, vm| {
                let thread = thread::spawn(move || leave_to_c_s_end(capsule));
                assert!(vm.allow_threads(|| thread.join()).is_ok());
            });
        },
        |ended| told(ended, &[Kind::Python]),
    );
    // There the VM cannot free what its collector knows of, as it does a Python destructor.
    let limit = LATE.iter().map(|&(name, lets_go)| {
        process(
            format!("faults::in-{name}::the-vm-aborts-for-a-python-destructor"),
            move || ends_late(&[Kind::Python], lets_go),
            |ended| match ended.aborted {
                true => Ok(()),
                false => Err("the limit is gone: the README and this row can go too".into()),
            },
        )
    });
    ends.chain(last)
        .chain([beyond, of_rust])
        .chain(late)
        .chain(limit)
        .collect()
}

/// How a process ended.
pub(super) struct Ended {
    pub(super) succeeded: bool,
    aborted: bool,
    stderr: String,
}

/// A test that runs in a process of its own and is judged by its end.
pub(super) fn process(
    name: String,
    test: impl FnOnce() + Send + 'static,
    judge: fn(&Ended) -> Result<(), Failed>,
) -> Trial {
    const ALONE: &str = "CAPSULE_TESTS_ALONE";
    let own = name.clone();
    trial(name, move || {
        if std::env::var_os(ALONE).is_some() {
            test();
            return Ok(());
        }
        let output = Command::new(std::env::current_exe()?)
            .args(["--exact", &own])
            .env(ALONE, "1")
            .env("RUST_BACKTRACE", "0")
            .output()?;
        let ended = Ended {
            succeeded: output.status.success(),
            aborted: std::os::unix::process::ExitStatusExt::signal(&output.status) == Some(6),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        judge(&ended).map_err(|failed| {
            let why = failed.message().unwrap_or_default();
            format!("{why}: {}\n{}", output.status, ended.stderr).into()
        })
    })
}

/// The process came to its end, and what destructors of these kinds left was told, each by itself.
fn told(ended: &Ended, kinds: &[Kind]) -> Result<(), Failed> {
    if !ended.succeeded {
        return Err("it failed".into());
    }
    for action in ACTIONS {
        let text = action.leaves.text();
        let expected = kinds.iter().filter(|kind| action.is_for(**kind)).count();
        let found = text.map_or(expected, |text| ended.stderr.matches(text).count());
        if found != expected {
            return Err(format!("{text:?} is told {found} times, not {expected}").into());
        }
    }
    Ok(())
}

/// Every cell of these kinds, for capsules that end in these surroundings.
fn cells(
    kinds: &[Kind],
    surroundings: Surroundings,
    vm: &VirtualMachine,
) -> Vec<(PyRef<PyCapsule>, Cell)> {
    let cells = kinds.iter().flat_map(|&kind| {
        ACTIONS
            .iter()
            .filter(move |action| action.is_for(kind))
            .map(move |action| {
                let scene = Scene::new(surroundings);
                let capsule = scene.capsule(action, kind, vm);
                (
                    capsule,
                    Cell {
                        kind,
                        action,
                        scene,
                    },
                )
            })
    });
    cells.collect()
}

struct Cell {
    kind: Kind,
    action: &'static Action,
    scene: Scene,
}

impl Cell {
    fn judge(&self, ran: bool) {
        let others = if ran { self.action.others } else { 0 };
        eprintln!("judging {:?} that {}", self.kind, self.action.name);
        self.scene.judge(ran.into(), others);
    }
}

fn at_the_end(source: &str) {
    let cells = in_interpreter(|vm| {
        let (capsules, cells): (Vec<_>, Vec<_>) = cells(&Kind::ALL, Surroundings::Ending, vm)
            .into_iter()
            .unzip();
        let capsules: Vec<PyObjectRef> = capsules.into_iter().map(Into::into).collect();
        let scope = vm.new_scope_with_builtins();
        set(&scope, "cells", vm.ctx.new_list(capsules).into(), vm);
        run(&format!("{PRELUDE}{source}"), &scope, vm);
        cells
    });
    cells.iter().for_each(|cell| cell.judge(true));
}

/// A native destructor runs. A Python one no longer can, and is dropped.
fn beyond_the_interpreter() {
    let cells = in_interpreter(|vm| cells(&Kind::ALL, Surroundings::Outside, vm));
    for (capsule, cell) in cells {
        drop(capsule);
        cell.judge(cell.kind != Kind::Python);
    }
}

fn ends_late(kinds: &[Kind], lets_go: Late) {
    in_interpreter(|vm| {
        for (capsule, cell) in cells(kinds, Surroundings::Outside, vm) {
            lets_go(capsule, vm);
            cell.judge(true);
        }
    });
}
