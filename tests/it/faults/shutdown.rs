//! The places of the matrix that need a process of their own: capsules that are destroyed while
//! their interpreter is finalized, and on threads whose thread-locals are gone. The reports are
//! read from standard error.

use std::process::Command;
use std::thread;

use libtest_mimic::{Failed, Trial};
use rustpython_capsule::PyCapsule;
use rustpython_vm::{PyObjectRef, PyRef, VirtualMachine};

use super::actions::ACTIONS;
use super::fixture::{Action, Attachment, Fixture, run, set};
use super::points::{drop_at_pthread_exit, drop_at_thread_exit, on_a_c_thread};
use crate::interpreter::{in_interpreter, trial};
use crate::ledger::Kind;

/// Where capsules are when the interpreter is finalized: statements that use the list `cells` of
/// them.
#[rustfmt::skip]
const ENDS: &[(&str, &str)] = &[
    ("a-module", "other.cells = cells"),
    ("a-cycle-of-a-module", "other.cells = cells; cells.append(other)"),
    ("an-unreachable-cycle", "cells.append(cells); gc.disable()"),
    ("an-exit-function", "atexit.register(cells.clear)"),
    ("a-default-of-a-function", "def f(cells=cells): pass\nother.f = f"),
    ("a-class", "other.A = type('A', (), {f'c{i}': c for i, c in enumerate(cells)})\n\
                 for name in vars(other.A):\n for _ in range(100): getattr(other.A, name)\ndel name"),
    ("a-thread-local", "other.local = threading.local(); other.local.cells = cells"),
    ("a-thread-that-is-joined", "def f(cells): time.sleep(0.05); cells.clear()\n\
                                     threading.Thread(target=f, args=(cells,)).start()\ndel f"),
];

const PRELUDE: &str = "
import atexit, builtins, gc, sys, threading, time, types
other = sys.modules['other'] = types.ModuleType('other')
";

/// Drops the last reference on a thread whose thread-locals of the VM are destroyed.
type Late = fn(PyRef<PyCapsule>, &VirtualMachine);

const LATE: &[(&str, Late)] = &[
    ("the-exit-of-a-thread-that-was-attached", |capsule, vm| {
        let visitor = vm.new_thread();
        let thread = thread::spawn(move || {
            drop_at_thread_exit(capsule);
            visitor.run(|vm| drop(vm.ctx.new_list(Vec::new())));
        });
        assert!(vm.allow_threads(|| thread.join()).is_ok());
    }),
    ("the-exit-of-a-c-thread-that-was-attached", |capsule, vm| {
        let visitor = vm.new_thread();
        let f = move || {
            visitor.run(|vm| drop(vm.ctx.new_list(Vec::new())));
            drop_at_pthread_exit(capsule);
        };
        vm.allow_threads(|| on_a_c_thread(f));
    }),
];

pub(super) fn trials() -> Vec<Trial> {
    let ends = ENDS.iter().map(|&(name, source)| {
        let name = format!("faults::finalization::{name}");
        process(
            name,
            move || in_finalization(source),
            |ended| reported(ended, &Kind::ALL),
        )
    });
    // When these two are cleared, `sys.stderr` is gone, so nothing is reported, as in CPython.
    let last = ["sys", "builtins"].map(|module| {
        let test = move || in_finalization(&format!("{module}.cells = cells"));
        process(format!("faults::finalization::{module}"), test, |ended| {
            reported(ended, &[])
        })
    });
    let later = process(
        "faults::after-finalization".to_owned(),
        after_the_interpreter,
        |ended| reported(ended, &[]),
    );
    let late = LATE.iter().map(|&(name, drop_last)| {
        process(
            format!("faults::in-{name}"),
            move || dropped_late(&[Kind::C, Kind::Rust], drop_last),
            |ended| reported(ended, &[]),
        )
    });
    // Rust's thread-locals are destroyed and the VM's never existed, so another thread calls the
    // destructor.
    let of_rust = process(
        "faults::in-the-pthread-exit-of-a-rust-thread".to_owned(),
        || {
            dropped_late(&Kind::ALL, |capsule, vm| {
                let thread = thread::spawn(move || drop_at_pthread_exit(capsule));
                assert!(vm.allow_threads(|| thread.join()).is_ok());
            });
        },
        |ended| reported(ended, &[Kind::Python]),
    );
    // There the VM aborts when it frees an object that its collector tracks, such as a Python
    // destructor.
    let limit = LATE.iter().map(|&(name, drop_last)| {
        process(
            format!("faults::in-{name}::the-vm-aborts-for-a-python-destructor"),
            move || dropped_late(&[Kind::Python], drop_last),
            |ended| match ended.aborted {
                true => Ok(()),
                false => Err(
                    "the limitation is gone: remove it from the docs, and remove this row".into(),
                ),
            },
        )
    });
    ends.chain(last)
        .chain([later, of_rust])
        .chain(late)
        .chain(limit)
        .collect()
}

/// How a process exited.
pub(super) struct Ended {
    pub(super) succeeded: bool,
    aborted: bool,
    stderr: String,
}

/// A test that runs in a process of its own. `check` decides by the exit and the output.
pub(super) fn process(
    name: String,
    test: impl FnOnce() + Send + 'static,
    check: fn(&Ended) -> Result<(), Failed>,
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
        check(&ended).map_err(|failed| {
            let why = failed.message().unwrap_or_default();
            format!("{why}: {}\n{}", output.status, ended.stderr).into()
        })
    })
}

/// The process succeeded, and everything that destructors of these kinds left was reported once.
fn reported(ended: &Ended, kinds: &[Kind]) -> Result<(), Failed> {
    if !ended.succeeded {
        return Err("the process failed".into());
    }
    for action in ACTIONS {
        let text = action.left.text();
        let expected = kinds.iter().filter(|kind| action.is_for(**kind)).count();
        let found = text.map_or(expected, |text| ended.stderr.matches(text).count());
        if found != expected {
            return Err(format!("{text:?} is reported {found} times, not {expected}").into());
        }
    }
    Ok(())
}

/// Every cell of these kinds with its capsule.
fn cells(
    kinds: &[Kind],
    attachment: Attachment,
    vm: &VirtualMachine,
) -> Vec<(PyRef<PyCapsule>, Cell)> {
    let cells = kinds.iter().flat_map(|&kind| {
        ACTIONS
            .iter()
            .filter(move |action| action.is_for(kind))
            .map(move |action| {
                let fixture = Fixture::new(attachment);
                let capsule = fixture.capsule(action, kind, vm);
                (
                    capsule,
                    Cell {
                        kind,
                        action,
                        fixture,
                    },
                )
            })
    });
    cells.collect()
}

struct Cell {
    kind: Kind,
    action: &'static Action,
    fixture: Fixture,
}

impl Cell {
    fn check(&self, ran: bool) {
        let others = if ran { self.action.others } else { 0 };
        eprintln!("checking {:?} destructor, {}", self.kind, self.action.name);
        self.fixture.check(ran.into(), others);
    }
}

fn in_finalization(source: &str) {
    let cells = in_interpreter(|vm| {
        let (capsules, cells): (Vec<_>, Vec<_>) = cells(&Kind::ALL, Attachment::Finalizing, vm)
            .into_iter()
            .unzip();
        let capsules: Vec<PyObjectRef> = capsules.into_iter().map(Into::into).collect();
        let scope = vm.new_scope_with_builtins();
        set(&scope, "cells", vm.ctx.new_list(capsules).into(), vm);
        run(&format!("{PRELUDE}{source}"), &scope, vm);
        cells
    });
    cells.iter().for_each(|cell| cell.check(true));
}

/// A native destructor runs. A Python destructor can no longer run, and is dropped.
fn after_the_interpreter() {
    let cells = in_interpreter(|vm| cells(&Kind::ALL, Attachment::Detached, vm));
    for (capsule, cell) in cells {
        drop(capsule);
        cell.check(cell.kind != Kind::Python);
    }
}

fn dropped_late(kinds: &[Kind], drop_last: Late) {
    in_interpreter(|vm| {
        for (capsule, cell) in cells(kinds, Attachment::Detached, vm) {
            drop_last(capsule, vm);
            cell.check(true);
        }
    });
}
