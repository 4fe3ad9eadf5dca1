//! Threads that make, use and drop capsules while an interpreter is finalized, and after that. The
//! process must exit normally. As the safety contract says, native destructors run exactly once,
//! Python ones at most once, and what a destructor holds is always dropped.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use rustpython_capsule::{Destructor, PyCapsule};
use rustpython_capsule_glue::Access;
use rustpython_vm::{Context, PyRef};

use super::fixture::{Random, THREADS, count, pointer_of};
use crate::c_code::{self, HAS_COMPILER};
use crate::interpreter::{child, child_source, interpreter, trial};
use crate::ledger::{Kind, Ledger, in_own_process, with_destructor};

pub(super) fn trials() -> Vec<Trial> {
    let c_threads = if *HAS_COMPILER {
        trial("stress::c-threads-run-on-after-finalization", c_threads)
    } else {
        c_code::skipped("stress::c threads::skipped, no C compiler here".to_owned())
    };
    vec![
        in_own_process(
            "stress::native-threads-run-on-after-finalization",
            native_threads,
        ),
        trial("stress::daemon-threads-do-not-prevent-the-exit", daemons),
        c_threads,
    ]
}

/// What the threads of one round share.
struct Round {
    /// Runs of destructors, an entry for each capsule.
    runs: Ledger,
    /// Drops of what each destructor holds, an entry for each capsule.
    held: Ledger,
    /// A capsule that all threads use, and that outlives the interpreter.
    common: PyRef<PyCapsule>,
    is_finalized: AtomicBool,
    made: AtomicUsize,
    destroyed: AtomicUsize,
}

fn native_threads() {
    const EACH: usize = 600;
    for round in 0..count(4, 200) {
        let interpreter = interpreter(Access::Open);
        let kinds = Kind::ALL.len();
        let capsules = EACH * kinds * THREADS;
        let (runs, held) = (Ledger::of(capsules), Ledger::of(capsules));
        let (mut shares, common) = interpreter.enter(|vm| {
            let one = |entry: usize| {
                let (entries, token) = (runs.clone(), held.token(entry));
                let kind = Kind::ALL[entry % kinds];
                let built = match kind {
                    // A C function holds nothing that its capsule could drop.
                    Kind::C => {
                        drop(token);
                        with_destructor(kind, vm, move |_| entries.record(entry))
                    }
                    Kind::Rust => PyCapsule::builder(pointer_of(0, entry)).destructor(
                        Destructor::rust(move |_| {
                            let _held = &token;
                            entries.record(entry);
                        }),
                    ),
                    Kind::Python => PyCapsule::builder(pointer_of(0, entry)).destructor(
                        crate::ledger::python(vm, move |_| {
                            let _held = &token;
                            entries.record(entry);
                        }),
                    ),
                };
                built.build(&vm.ctx)
            };
            let all: Vec<_> = (0..capsules).map(one).collect();
            let shares: Vec<_> = all.chunks(EACH * kinds).map(<[_]>::to_vec).collect();
            let common = PyCapsule::builder(pointer_of(0, 0))
                .name(c"free")
                .owner(vm.ctx.new_list(Vec::new()).into())
                .build(&vm.ctx);
            (shares, common)
        });
        let shared = Arc::new(Round {
            runs,
            held,
            common,
            is_finalized: AtomicBool::new(false),
            made: AtomicUsize::new(0),
            destroyed: AtomicUsize::new(0),
        });
        let started = Arc::new(Barrier::new(THREADS + 1));
        let threads: Vec<_> = (0..THREADS)
            .map(|number| {
                let (share, shared) = (shares.remove(0), shared.clone());
                let started = started.clone();
                thread::spawn(move || {
                    started.wait();
                    shared.work(number, share);
                })
            })
            .collect();
        started.wait();
        // Finalization starts at a different moment in each round.
        thread::sleep(Duration::from_micros(100 * (round as u64 % 16)));
        interpreter.finalize(None);
        shared.is_finalized.store(true, Ordering::Relaxed);
        for thread in threads {
            thread.join().expect("no thread panics");
        }
        shared.check_counts();
    }
}

impl Round {
    /// Drops the capsules of `share` one by one, and makes and uses other capsules meanwhile, until
    /// the interpreter is finalized and the share is empty.
    fn work(self: &Arc<Self>, number: usize, share: Vec<PyRef<PyCapsule>>) {
        let mut random = Random::of_thread(number);
        let mut share = share.into_iter();
        loop {
            let last = self.is_finalized.load(Ordering::Relaxed);
            drop(share.next());
            self.make_and_drop();
            self.use_common(&mut random);
            if last && share.len() == 0 {
                break;
            }
        }
    }

    fn make_and_drop(self: &Arc<Self>) {
        let round = self.clone();
        self.made.fetch_add(1, Ordering::Relaxed);
        let destructor = Destructor::rust(move |_| {
            round.destroyed.fetch_add(1, Ordering::Relaxed);
        });
        let capsule = PyCapsule::from_value(5_u64).destructor(destructor);
        let capsule = capsule.name(c"mine").build(Context::genesis());
        assert_eq!(capsule.value::<u64>(Some(c"mine")), Ok(&5));
    }

    fn use_common(&self, random: &mut Random) {
        let common = &self.common;
        if let Ok(pointer) = common.claim(Some(c"free"), Some(c"taken".into())) {
            assert_eq!(common.pointer(Some(c"taken")), Ok(pointer));
            common.set_pointer(pointer_of(0, random.below(1000)));
            common.set_name(Some(c"free".into()));
        }
        common.set_context(pointer_of(1, 1).as_ptr());
        assert_eq!(common.context(), pointer_of(1, 1).as_ptr());
    }

    fn check_counts(&self) {
        let kinds = Kind::ALL.len();
        for (entry, times) in self.runs.counts().into_iter().enumerate() {
            match Kind::ALL[entry % kinds] {
                Kind::Python => assert!(times <= 1, "{entry} ran {times} times"),
                _ => assert_eq!(times, 1, "{entry}"),
            }
        }
        self.held.assert_all_once();
        let counts = [&self.made, &self.destroyed];
        let [made, destroyed] = counts.map(|count| count.load(Ordering::Relaxed));
        assert!(
            made == destroyed && made > 0,
            "{destroyed} of {made} were destroyed"
        );
        assert!(self.common.owner().is_some());
    }
}

/// Daemon threads of the interpreter: the VM blocks them when it is finalized.
fn daemons() -> Result<(), Failed> {
    let source = "
import _capsule, threading, time
common = _capsule.new(1, 'a', lambda c: None, owner=[])
def work():
    dead = []
    while True:
        for i in range(100):
            _capsule.new(1, 'x', dead.append, owner=dead)
            c = _capsule.new(1, 'x', lambda c: None)
            del c
            _capsule.set_destructor(common, lambda c: None)
            _capsule.set_name(common, 'ab'[i % 2])
            repr(common)
        dead.clear()
for _ in range(4): threading.Thread(target=work, daemon=True).start()
time.sleep(0.05)";
    for _ in 0..count(3, 100) {
        let ended = child_source(source);
        if (ended.code, ended.stderr.as_str()) != (Some(0), "") {
            return Err(format!("{ended:?}").into());
        }
    }
    Ok(())
}

/// Threads of a library, which it joins when the process exits, after the interpreter is finalized.
fn c_threads() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/stress/worker.c");
    let library = folder.path().join("worker.so");
    let loader = concat!("-I", env!("CARGO_MANIFEST_DIR"), "/c/loader");
    c_code::compile(&[source], &c_code::headers(), &[loader], &library)?;
    let script = folder.path().join("script.py");
    std::fs::write(
        &script,
        "
import _capsule, sys, worker
for _ in range(3000):
    worker.hand_over(_capsule.new(1, 'python', lambda c: None))
    worker.hand_over(worker.make())
sys.kept = worker.make()
worker.start()",
    )?;
    for _ in 0..count(3, 100) {
        let ended = child(&[OsStr::new(script.as_os_str())], &[]);
        let printed = ended.stdout.trim_end();
        let Some((made, destroyed)) = printed.split_once(" made, ") else {
            return Err(format!("{ended:?}").into());
        };
        let destroyed = destroyed.trim_end_matches(" ended");
        let are_many = made.parse::<u64>().is_ok_and(|made| made > 3000);
        if ended.code != Some(0) || made != destroyed || !are_many {
            return Err(format!("{ended:?}").into());
        }
    }
    Ok(())
}
