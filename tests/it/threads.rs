//! Capsules shared between threads: what a reader can see, which claim succeeds, and that every
//! capsule is destroyed once. `stress` says how to run the large counts.

use core::ffi::{CStr, c_void};
use core::ptr::{NonNull, without_provenance_mut};
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::borrow::Cow;
use std::ffi::CString;
use std::sync::mpsc::channel;
use std::sync::{Barrier, Mutex};
use std::thread;

use libtest_mimic::Trial;
use rustpython_capsule::{Destructor, DestructorKind, PyCapsule};
use rustpython_vm::{Context, Py, PyRef, VirtualMachine};

use crate::interpreter::{child_source, exec, shown, trial};
use crate::ledger::{Kind, Ledger, in_shared_interpreter, native_run, python, with_destructor};
use crate::stress::fixture::count;

const THREADS: usize = 4;

const TESTS: &[(&str, fn())] = &[
    ("a-reader-never-mixes-two-states", readers),
    ("a-claim-excludes-all-others", exclusion),
    ("one-of-many-concurrent-claims-succeeds", claimants),
    ("a-name-can-be-read-while-it-changes", names),
    ("the-address-of-a-name-stays-valid", addresses),
    (
        "each-destructor-of-concurrent-setters-is-dropped-once",
        destructor_races,
    ),
    (
        "capsules-are-destroyed-once-on-native-threads",
        native_threads,
    ),
];

type Row = (&'static str, fn(&VirtualMachine, Kind));

const IN_VM: &[Row] = &[
    ("created-and-dropped-on-every-thread", created_everywhere),
    ("made-here-and-dropped-on-another-thread", dropped_elsewhere),
    ("the-last-of-many-references-destroys", last_of_many),
    ("replaced-while-read", replaced_while_read),
];

/// Python programs, which raise if a check fails.
const PYTHON: &[(&str, &str)] = &[
    (
        "claims",
        "wins = []
capsules = [_capsule.new(i + 1, 'free') for i in range(500)]
def work():
    for i, c in enumerate(capsules):
        try: wins.append((i, _capsule.claim(c, 'free', 'taken')))
        except _capsule.PyCapsuleError: pass
run(work)
assert sorted(wins) == [(i, i + 1) for i in range(500)]",
    ),
    (
        "creation-during-collections",
        "dead = []
def work():
    for i in range(300):
        owner = []
        owner.append(_capsule.new(1, 'x', dead.append, owner=owner))
        del owner
        c = _capsule.new(1, 'x', lambda c: dead.append(c))
        del c
        if i % 50 == 0: gc.collect()
run(work)
dead.clear()
gc.collect()",
    ),
    (
        "every-setter-on-one-capsule",
        "dead = []
c = _capsule.new(1, 'a', lambda c: None, owner=[])
def work():
    for i in range(500):
        _capsule.set_name(c, 'abcd'[i % 4])
        _capsule.set_pointer(c, i + 1)
        _capsule.set_context(c, i)
        _capsule.set_destructor(c, lambda c: dead.append(1))
        assert _capsule.get_name(c) in 'abcd'
        assert callable(_capsule.get_destructor(c))
        repr(c); _capsule.describe(c)
run(work)
del c
assert dead == [1]",
    ),
];

const PYTHON_PROLOGUE: &str = "
import _capsule, gc, threading
def run(work):
    failed = []
    def guarded():
        try: work()
        except BaseException as error: failed.append(error)
    threads = [threading.Thread(target=guarded) for _ in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    if failed: raise failed[0]
";

pub(crate) fn trials() -> Vec<Trial> {
    let tests = TESTS.iter().map(|&(name, test)| {
        trial(format!("threads::{name}"), move || {
            test();
            Ok(())
        })
    });
    let in_vm = IN_VM.iter().flat_map(|&(name, test)| {
        Kind::ALL.map(|kind| {
            trial(format!("threads::{kind:?}::{name}"), move || {
                in_shared_interpreter(move |vm| test(vm, kind));
                Ok(())
            })
        })
    });
    let python = PYTHON.iter().map(|&(name, source)| {
        trial(format!("threads::python::{name}"), move || {
            let ended = child_source(&format!("{PYTHON_PROLOGUE}{source}"));
            assert_eq!(
                (ended.code, ended.stderr.as_str()),
                (Some(0), ""),
                "{ended:?}"
            );
            Ok(())
        })
    });
    tests.chain(in_vm).chain(python).collect()
}

/// Runs `work` on `THREADS` native threads at once, each with its number.
fn on_threads(work: impl Fn(usize) + Sync) {
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (work, barrier) = (&work, &barrier);
            scope.spawn(move || {
                barrier.wait();
                work(number);
            });
        }
    });
}

/// Runs `work` on `THREADS` threads of the interpreter at once, each with its number.
fn on_vm_threads(vm: &VirtualMachine, work: impl Fn(usize, &VirtualMachine) + Sync) {
    let vm_threads: Vec<_> = (0..THREADS).map(|_| vm.new_thread()).collect();
    vm.allow_threads(|| {
        thread::scope(|scope| {
            for (number, vm_thread) in vm_threads.into_iter().enumerate() {
                let work = &work;
                scope.spawn(move || vm_thread.run(|vm| work(number, vm)));
            }
        });
    });
}

fn plain() -> PyRef<PyCapsule> {
    PyCapsule::builder(NonNull::<c_void>::dangling()).build(Context::genesis())
}

const NAMES: [&CStr; 4] = [c"state 0", c"state 1", c"state 2", c"state 3"];

static PLACES: [u8; 4] = [0; 4];

fn place(state: usize) -> NonNull<c_void> {
    NonNull::from(&PLACES[state]).cast()
}

/// The capsule has the name of a state only while it has the pointer of that state: a writer claims
/// it, which removes the name, before it changes the pointer.
fn readers() {
    let rounds = count(20_000, 1_000_000);
    let capsule = plain();
    capsule.set_pointer(place(0));
    capsule.set_name(Some(NAMES[0].into()));
    let writing = AtomicBool::new(true);
    thread::scope(|scope| {
        let writers: Vec<_> = (0..2)
            .map(|writer: usize| {
                let capsule = &capsule;
                scope.spawn(move || {
                    for round in 0..rounds {
                        let name = NAMES[(round + writer) % NAMES.len()];
                        let next = (round + 2 * writer + 1) % NAMES.len();
                        if capsule.claim(Some(name), None).is_ok() {
                            capsule.set_pointer(place(next));
                            let owned = Cow::Owned(NAMES[next].to_owned());
                            capsule.set_name(Some(owned));
                        }
                    }
                })
            })
            .collect();
        for _ in 0..2 {
            scope.spawn(|| {
                let mut seen = 0_u32;
                loop {
                    let last = !writing.load(Ordering::Relaxed);
                    for (state, name) in NAMES.iter().enumerate() {
                        if let Ok(pointer) = capsule.pointer(Some(name)) {
                            assert_eq!(pointer, place(state));
                            seen += 1;
                        }
                    }
                    if last {
                        break;
                    }
                }
                assert!(seen > 0);
            });
        }
        for writer in writers {
            writer.join().expect("a writer does not panic");
        }
        writing.store(false, Ordering::Relaxed);
    });
}

/// A thread that has claimed a capsule has exclusive use of it until it sets the name again.
fn exclusion() {
    let capsule = plain();
    capsule.set_name(Some(c"free".into()));
    let (inside, entered) = (AtomicU32::new(0), AtomicU32::new(0));
    on_threads(|_| {
        for _ in 0..count(20_000, 2_500_000) {
            if capsule.claim(Some(c"free"), Some(c"taken".into())).is_ok() {
                assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0);
                entered.fetch_add(1, Ordering::Relaxed);
                inside.fetch_sub(1, Ordering::Relaxed);
                capsule.set_name(Some(c"free".into()));
            }
        }
    });
    assert!(entered.into_inner() > 0);
}

/// Each pointer is claimed by one thread. The threads try the same capsules at the same time.
fn claimants() {
    let capsules = count(50_000, 1_000_000);
    let runs = Ledger::of(capsules);
    let make = |entry: usize| {
        let pointer = NonNull::new(without_provenance_mut(entry + 1)).expect("it is not 0");
        let runs = runs.clone();
        let destructor = Destructor::rust(move |_| runs.record(entry));
        let capsule = PyCapsule::builder(pointer).destructor(destructor);
        capsule.build(Context::genesis())
    };
    let all: Vec<_> = (0..capsules).map(make).collect();
    let claimed = Mutex::new(Vec::new());
    let together = Barrier::new(THREADS);
    on_threads(|number| {
        let mut mine = Vec::new();
        for (entry, capsule) in all.iter().enumerate() {
            if entry % 16 == 0 {
                together.wait();
            }
            match capsule.claim(None, Some(NAMES[number].into())) {
                Ok(pointer) => {
                    mine.push(pointer.addr().get());
                    assert!(capsule.is_valid(Some(NAMES[number])));
                }
                Err(_) => assert!(!capsule.is_valid(Some(NAMES[number]))),
            }
        }
        claimed
            .lock()
            .expect("no thread panics while it holds the lock")
            .extend(mine);
    });
    let mut claimed = claimed
        .into_inner()
        .expect("no thread panics while it holds the lock");
    claimed.sort_unstable();
    assert!(claimed.into_iter().eq(1..=capsules));
    runs.assert_all_zero();
    drop(all);
    runs.assert_all_once();
}

fn names() {
    let capsule = plain();
    capsule.set_name(Some(NAMES[0].into()));
    on_threads(|number| {
        for round in 0..5000 {
            let text = NAMES[(number + round) % NAMES.len()];
            capsule.set_name(Some(Cow::Owned(text.to_owned())));
            let name = capsule.name().expect("it always has one");
            assert!(NAMES.contains(&name.as_c_str()));
        }
    });
}

fn addresses() {
    let capsule = plain();
    on_threads(|number| {
        for round in 0..2000 {
            let text = format!("{number} {round}");
            let name = CString::new(text).expect("it has no NUL");
            capsule.set_name(Some(Cow::Owned(name)));
            let address = capsule.name_address();
            // SAFETY: every name of this capsule was set as an owned `CString`, and the capsule
            // keeps those alive as long as it lives itself.
            let name = unsafe { CStr::from_ptr(address) };
            assert!(name.to_bytes().contains(&b' '));
        }
    });
}

/// For each thread a reference to each capsule. There are no other references.
fn shares_of(capsules: Vec<PyRef<PyCapsule>>) -> Vec<Mutex<Vec<PyRef<PyCapsule>>>> {
    (0..THREADS).map(|_| Mutex::new(capsules.clone())).collect()
}

fn take(share: &Mutex<Vec<PyRef<PyCapsule>>>) -> Vec<PyRef<PyCapsule>> {
    core::mem::take(
        &mut *share
            .lock()
            .expect("no thread panics while it holds the lock"),
    )
}

fn destructor_races() {
    let count = count(2000, 100_000);
    let (runs, dropped) = (Ledger::of(count), Ledger::of(count * THREADS));
    let capsules: Vec<_> = (0..count).map(|_| plain()).collect();
    let shares = shares_of(capsules);
    on_threads(|number| {
        for (entry, capsule) in take(&shares[number]).into_iter().enumerate() {
            let runs = runs.clone();
            let token = dropped.token(number * count + entry);
            // SAFETY: the function accepts any capsule on any thread.
            capsule.set_destructor(unsafe { Destructor::c(native_run) });
            capsule.set_destructor(Destructor::none());
            capsule.set_destructor(Destructor::rust(move |_| {
                let _held = &token;
                runs.record(entry);
            }));
        }
    });
    dropped.assert_all_once();
    // The last destructor that each thread sets is a closure, so one of them runs.
    runs.assert_all_once();
}

fn native_threads() {
    let each = count(5000, 250_000);
    let ledger = Ledger::of(each * THREADS);
    on_threads(|number| {
        for entry in 0..each {
            let token = ledger.token(number * each + entry);
            let capsule = PyCapsule::from_value(token).name(c"x".to_owned());
            drop(capsule.build(Context::genesis()));
        }
    });
    ledger.assert_all_once();
}

fn created_everywhere(vm: &VirtualMachine, kind: Kind) {
    let each = count(2000, 250_000);
    let ledger = Ledger::of(each * THREADS);
    on_vm_threads(vm, |number, vm| {
        for entry in 0..each {
            let entries = ledger.clone();
            let record = move |_: &Py<PyCapsule>| entries.record(number * each + entry);
            drop(with_destructor(kind, vm, record).build(&vm.ctx));
        }
    });
    ledger.assert_all_once();
}

fn dropped_elsewhere(vm: &VirtualMachine, kind: Kind) {
    let capsules = count(4000, 250_000);
    let ledger = Ledger::of(capsules);
    let (sender, receiver) = channel::<PyRef<PyCapsule>>();
    let thread = vm.start_thread(move |_| receiver.into_iter().for_each(drop));
    for entry in 0..capsules {
        let entries = ledger.clone();
        let capsule = with_destructor(kind, vm, move |_| entries.record(entry)).build(&vm.ctx);
        let sent = sender.send(capsule);
        sent.expect("the other thread receives until the end");
    }
    drop(sender);
    assert!(vm.allow_threads(|| thread.join()).is_ok());
    ledger.assert_all_once();
}

fn last_of_many(vm: &VirtualMachine, kind: Kind) {
    let capsules = count(1000, 250_000);
    let ledger = Ledger::of(capsules);
    let capsules: Vec<_> = (0..capsules)
        .map(|entry| {
            let entries = ledger.clone();
            with_destructor(kind, vm, move |_| entries.record(entry)).build(&vm.ctx)
        })
        .collect();
    let shares = shares_of(capsules);
    on_vm_threads(vm, |number, _| {
        take(&shares[number]).into_iter().for_each(drop)
    });
    ledger.assert_all_once();
}

fn replaced_while_read(vm: &VirtualMachine, kind: Kind) {
    let capsule = plain();
    on_vm_threads(vm, |number, vm| {
        for _ in 0..2000 {
            if number == 0 {
                capsule.set_destructor(match kind {
                    // SAFETY: the function accepts any capsule on any thread.
                    Kind::C => unsafe { Destructor::c(native_run) },
                    Kind::Rust => Destructor::rust(|_| {}),
                    Kind::Python => python(vm, |_| {}),
                });
                capsule.set_destructor(Destructor::none());
            } else {
                if let Some(callable) = capsule.python_destructor() {
                    assert!(callable.is_callable());
                }
                let possible = match kind {
                    Kind::C => DestructorKind::C,
                    Kind::Rust => DestructorKind::Rust,
                    Kind::Python => DestructorKind::Python,
                };
                let found = capsule.destructor_kind();
                assert!(found == DestructorKind::None || found == possible);
            }
        }
    });
    let scope = vm.new_scope_with_builtins();
    if let Err(error) = exec("import gc; gc.collect()", &scope, vm) {
        panic!("{}", shown(&error, vm));
    }
}
