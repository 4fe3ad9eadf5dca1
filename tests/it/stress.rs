//! Stress tests: millions of operations on one capsule and on many, from several threads at once.
//! The counts are small unless `CAPSULE_TESTS_FULL=1` is in the environment; then they are those
//! that `docs/safety.md` names, and a run takes minutes.

pub(crate) mod fixture;
mod resurrection;
mod shutdown;
#[cfg(c_compiler)]
mod through_c;

use core::ffi::{CStr, c_void};
use core::ptr::{NonNull, without_provenance_mut};
use core::sync::atomic::{AtomicU64, Ordering};
use std::borrow::Cow;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use libtest_mimic::Trial;
use rustpython_capsule::{Destructor, DestructorKind, PyCapsule};
use rustpython_vm::{Context, PyRef, VirtualMachine};

use crate::interpreter::trial;
use crate::ledger::{Kind, Ledger, in_shared_interpreter, native_run, with_destructor};
use fixture::{Random, STATES, THREADS, count, pointer_of};

type Row = (&'static str, fn(&VirtualMachine, Kind));

const OF_EACH_KIND: &[Row] = &[
    ("a-pipeline-of-native-threads", pipeline),
    (
        "last-references-dropped-on-native-threads",
        last_on_native_threads,
    ),
];

pub(crate) fn trials() -> Vec<Trial> {
    let one = trial("stress::every-operation-on-one-capsule", || {
        every_operation();
        Ok(())
    });
    let of_each_kind = OF_EACH_KIND.iter().flat_map(|&(name, test)| {
        Kind::ALL.map(|kind| {
            trial(format!("stress::{kind:?}::{name}"), move || {
                in_shared_interpreter(move |vm| test(vm, kind));
                Ok(())
            })
        })
    });
    let trials = [one, resurrection::trial()].into_iter().chain(of_each_kind);
    #[cfg(c_compiler)]
    let trials = trials.chain(through_c::trials());
    trials.chain(shutdown::trials()).collect()
}

const HELD: [&CStr; THREADS] = [c"held 0", c"held 1", c"held 2", c"held 3"];

fn is_of(state: usize, pointer: NonNull<c_void>) -> bool {
    pointer.addr().get() % STATES.len() == state
}

/// A name that is borrowed or owned at random.
fn name(text: &'static CStr, random: &mut Random) -> Option<Cow<'static, CStr>> {
    Some(match random.below(2) {
        0 => Cow::Borrowed(text),
        _ => Cow::Owned(text.to_owned()),
    })
}

/// Counts of the closures that were made as destructors, were dropped, and have run.
#[derive(Default)]
struct Closures {
    made: AtomicU64,
    dropped: AtomicU64,
    run: AtomicU64,
}

/// Counts a dropped closure that holds it.
struct Held(Arc<Closures>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

fn closure(closures: &Arc<Closures>) -> Destructor {
    closures.made.fetch_add(1, Ordering::Relaxed);
    let held = Held(closures.clone());
    Destructor::rust(move |_| {
        held.0.run.fetch_add(1, Ordering::Relaxed);
    })
}

fn every_operation() {
    let operations = count(2_000_000, 10_000_000);
    let closures = Arc::new(Closures::default());
    let capsule = PyCapsule::builder(pointer_of(0, 0))
        .name(STATES[0][0])
        .build(Context::genesis());
    let seen: u64 = thread::scope(|scope| {
        let threads = [0, 1, 2, 3].map(|number| {
            let (capsule, closures) = (&capsule, &closures);
            scope.spawn(move || operate(capsule, number, operations / THREADS, closures))
        });
        let seen = threads.map(|thread| thread.join().expect("no operation fails"));
        seen.iter().sum()
    });
    assert!(seen > operations as u64 / 100, "{seen} pointers were read");
    // So far no destructor has run. The last one that is set runs once.
    capsule.set_destructor(closure(&closures));
    assert_eq!(closures.run.load(Ordering::Relaxed), 0);
    drop(capsule);
    assert_eq!(closures.run.load(Ordering::Relaxed), 1);
    let counts = [&closures.made, &closures.dropped];
    let [made, dropped] = counts.map(|count| count.load(Ordering::Relaxed));
    assert_eq!(made, dropped);
}

/// Performs random operations. Returns how often it read a pointer under one of its names.
fn operate(capsule: &PyCapsule, number: usize, times: usize, closures: &Arc<Closures>) -> u64 {
    let mut random = Random::of_thread(number);
    let mut seen = 0;
    for turn in 0..times {
        let state = random.below(STATES.len());
        let [first, alias] = STATES[state];
        match random.below(10) {
            0 => claim_and_release(capsule, number, state, turn, &mut random),
            1 => {
                for (from, to) in [(first, alias), (alias, first)] {
                    if let Ok(pointer) = capsule.claim(Some(from), name(to, &mut random)) {
                        assert!(is_of(state, pointer));
                    }
                }
            }
            2 => capsule.set_context(without_provenance_mut(random.below(1000) * 1001)),
            3 => {
                let context = capsule.context().addr();
                assert_eq!(context % 1000, context / 1000 % 1000);
            }
            4 => set_some_destructor(capsule, closures, &mut random),
            5 => {
                let _: DestructorKind = capsule.destructor_kind();
                assert!(capsule.python_destructor().is_none());
            }
            6 => {
                let found = capsule.name().expect("it always has one");
                let all = STATES.as_flattened().iter().chain(&HELD);
                assert!(all.into_iter().any(|name| **name == *found));
            }
            7 => {
                let _: bool = capsule.is_valid(Some(first)) || capsule.is_valid(Some(alias));
            }
            _ => {
                for name in [first, alias] {
                    if let Ok(pointer) = capsule.pointer(Some(name)) {
                        assert!(is_of(state, pointer));
                        seen += 1;
                    }
                }
            }
        }
    }
    seen
}

/// A thread that has claimed the capsule has exclusive use of the pointer until it sets a name of a
/// state again.
fn claim_and_release(
    capsule: &PyCapsule,
    number: usize,
    state: usize,
    turn: usize,
    random: &mut Random,
) {
    let mine = HELD[number];
    let Ok(claimed) = capsule.claim(Some(STATES[state][0]), name(mine, random)) else {
        return;
    };
    assert!(is_of(state, claimed));
    let next = random.below(STATES.len());
    capsule.set_pointer(pointer_of(next, turn));
    assert_eq!(capsule.pointer(Some(mine)), Ok(pointer_of(next, turn)));
    capsule.set_name(name(STATES[next][0], random));
}

fn set_some_destructor(capsule: &PyCapsule, closures: &Arc<Closures>, random: &mut Random) {
    capsule.set_destructor(match random.below(3) {
        0 => Destructor::none(),
        // SAFETY: the function accepts any capsule on any thread.
        1 => unsafe { Destructor::c(native_run) },
        _ => closure(closures),
    });
}

/// Capsules are made on a thread of the interpreter, claimed on one native thread and dropped on
/// another.
fn pipeline(vm: &VirtualMachine, kind: Kind) {
    let capsules = count(4000, 250_000);
    let ledger = Ledger::of(capsules);
    let (to_claim, claims) = sync_channel(100);
    let (to_drop, drops) = sync_channel(100);
    let claiming = thread::spawn(move || {
        let claims: Receiver<PyRef<PyCapsule>> = claims;
        for capsule in claims {
            assert!(
                capsule
                    .claim(Some(c"made"), Some(c"claimed".into()))
                    .is_ok()
            );
            to_drop
                .send(capsule)
                .expect("the other thread receives until the end");
        }
    });
    let dropping = thread::spawn(move || {
        for capsule in drops {
            assert!(capsule.is_valid(Some(c"claimed")));
            drop(capsule);
        }
    });
    for entry in 0..capsules {
        let entries = ledger.clone();
        let capsule = with_destructor(kind, vm, move |_| entries.record(entry))
            .name(c"made")
            .build(&vm.ctx);
        let sent = vm.allow_threads(|| to_claim.send(capsule));
        sent.expect("the other thread receives until the end");
    }
    drop(to_claim);
    for thread in [claiming, dropping] {
        assert!(vm.allow_threads(|| thread.join()).is_ok());
    }
    ledger.assert_all_once();
}

/// Threads that were never attached to an interpreter drop references to the same capsules at the
/// same time.
fn last_on_native_threads(vm: &VirtualMachine, kind: Kind) {
    let capsules = count(2000, 250_000);
    let ledger = Ledger::of(capsules);
    let all: Vec<_> = (0..capsules)
        .map(|entry| {
            let entries = ledger.clone();
            with_destructor(kind, vm, move |_| entries.record(entry)).build(&vm.ctx)
        })
        .collect();
    let mut shares: Vec<_> = (1..THREADS).map(|_| Mutex::new(all.clone())).collect();
    shares.push(Mutex::new(all));
    vm.allow_threads(|| {
        thread::scope(|scope| {
            for share in shares {
                scope.spawn(move || drop(share));
            }
        });
    });
    ledger.assert_all_once();
}
