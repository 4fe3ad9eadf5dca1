//! The interpreter that a Python destructor was made in is where it runs, wherever the capsule dies.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use libtest_mimic::Failed;
use rustpython_capsule_glue::capsule::{Destructor, DestructorKind, PyCapsule};
use rustpython_capsule_glue::{Access, import_capsule};
use rustpython_vm::{Interpreter, PyObjectRef, PyRef, VirtualMachine};

use super::{MAKE, Test, counting, run, run_in, with_two};
use crate::interpreter::{exec, shown};

/// Gives the capsule of `MAKE` a destructor that notes in the module `seen` of the interpreter that it runs in.
const MAKE_NOTED: &str = "
seen = sys.modules['seen'] = types.ModuleType('seen')
seen.names = []
def note(capsule):
    import seen
    seen.names.append(_capsule.get_name(capsule))
_capsule.set_destructor(m.cap, note)
";

const SEEN: &str = "import seen; result = seen.names";

/// The capsule `m.cap` of an interpreter, of which Rust has the only reference.
fn take(interpreter: &Interpreter) -> PyRef<PyCapsule> {
    assert_eq!(run_in(interpreter, &format!("{MAKE}{MAKE_NOTED}")), "");
    interpreter.enter(|vm| {
        let capsule =
            import_capsule(c"m.cap", vm).unwrap_or_else(|error| panic!("{}", shown(&error, vm)));
        assert_eq!(run("import sys; del sys.modules['m'].cap", vm), "");
        capsule
    })
}

fn from_the_parent() -> Result<(), Failed> {
    with_two(Access::Open, |parent, sub| {
        let capsule = take(&sub);
        assert_eq!(run_in(&sub, SEEN), "[]");
        parent.enter(|vm| {
            drop(capsule);
            assert_eq!(
                run(SEEN, vm),
                "ModuleNotFoundError: No module named 'seen'",
                "the parent is its own again"
            );
        });
        assert_eq!(run_in(&sub, SEEN), "['m.cap']");
        sub.finalize(None);
    })
}

/// Threads of one interpreter end capsules of another while the collector of the first is at work.
fn from_many_threads_under_the_collector() -> Result<(), Failed> {
    const THREADS: usize = 3;
    const CAPSULES: usize = 500;
    with_two(Access::Open, |parent, sub| {
        let runs = Arc::new(AtomicUsize::new(0));
        let capsules = sub.enter(|vm| {
            Vec::from_iter((0..THREADS * CAPSULES).map(|_| {
                let destructor = Destructor::python(counting(&runs, vm), vm);
                let builder = PyCapsule::builder(core::ptr::NonNull::dangling());
                builder.destructor(destructor).build(&vm.ctx)
            }))
        });
        let mut capsules = capsules.into_iter();
        let shares = Vec::from_iter((0..THREADS).map(|_| {
            let share = Vec::from_iter(capsules.by_ref().take(CAPSULES));
            move |_: &VirtualMachine| drop(share)
        }));
        parent.enter(|vm| {
            let threads = Vec::from_iter(shares.into_iter().map(|share| vm.start_thread(share)));
            while !threads.iter().all(|thread| thread.is_finished()) {
                run("import gc; gc.collect()", vm);
            }
        });
        assert_eq!(runs.load(Ordering::Relaxed), THREADS * CAPSULES);
        sub.finalize(None);
    })
}

fn from_the_child() -> Result<(), Failed> {
    with_two(Access::Open, |parent, sub| {
        let capsule = take(parent);
        sub.enter(|_| drop(capsule));
        assert_eq!(run_in(parent, SEEN), "['m.cap']");
        sub.finalize(None);
    })
}

fn from_within_both() -> Result<(), Failed> {
    with_two(Access::Open, |parent, sub| {
        let capsule = take(&sub);
        sub.enter(|_| parent.enter(|_| drop(capsule)));
        assert_eq!(run_in(&sub, SEEN), "['m.cap']");
        sub.finalize(None);
    })
}

fn from_nowhere() -> Result<(), Failed> {
    with_two(Access::Open, |_, sub| {
        let capsule = take(&sub);
        drop(capsule);
        assert_eq!(run_in(&sub, SEEN), "['m.cap']");
        let capsule = take(&sub);
        let elsewhere = std::thread::spawn(move || drop(capsule));
        elsewhere.join().expect("the thread ends");
        assert_eq!(run_in(&sub, SEEN), "['m.cap']");
        sub.finalize(None);
    })
}

/// A Python function that calls `count` and keeps a capsule with a Rust destructor, which counts
/// too.
fn callable(calls: &Arc<AtomicUsize>, gone: &Arc<AtomicUsize>, vm: &VirtualMachine) -> PyObjectRef {
    let scope = vm.new_scope_with_builtins();
    let gone = gone.clone();
    let destructor = Destructor::rust(move |_| {
        gone.fetch_add(1, Ordering::SeqCst);
    });
    let witness = PyCapsule::from_value(5_u8)
        .destructor(destructor)
        .build(&vm.ctx);
    let made = scope
        .globals
        .set_item("count", counting(calls, vm), vm)
        .and_then(|()| scope.globals.set_item("witness", witness.into(), vm))
        .and_then(|()| {
            exec(
                "made = lambda capsule, count=count, witness=witness: count(capsule)",
                &scope,
                vm,
            )
        })
        .and_then(|_| scope.globals.get_item("made", vm));
    // The function refers to them: a cycle otherwise.
    scope.globals.clear();
    made.unwrap_or_else(|error| panic!("{}", shown(&error, vm)))
}

fn not_when_it_is_gone() -> Result<(), Failed> {
    for dropped_in_parent in [true, false] {
        let (calls, gone) = <(Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
        with_two(Access::Open, |parent, sub| {
            let capsule = sub.enter(|vm| {
                let destructor = Destructor::python(callable(&calls, &gone, vm), vm);
                PyCapsule::from_value(5_u8)
                    .destructor(destructor)
                    .build(&vm.ctx)
            });
            sub.finalize(None);
            assert_eq!(capsule.destructor_kind(), DestructorKind::Python);
            assert_eq!(capsule.value::<u8>(None), Ok(&5));
            assert_eq!(gone.load(Ordering::SeqCst), 0);
            if dropped_in_parent {
                parent.enter(|_| drop(capsule));
            } else {
                drop(capsule);
            }
            assert_eq!(gone.load(Ordering::SeqCst), 1, "the callable is dropped");
        })?;
        assert_eq!(calls.load(Ordering::SeqCst), 0);
    }
    Ok(())
}

pub(super) const TESTS: [(&str, Test); 6] = [
    (
        "runs-there-from-many-threads-under-the-collector",
        from_many_threads_under_the_collector,
    ),
    ("runs-there-from-the-parent", from_the_parent),
    ("runs-there-from-the-child", from_the_child),
    ("runs-there-from-within-both", from_within_both),
    ("runs-there-from-nowhere", from_nowhere),
    ("does-not-run-when-it-is-gone", not_when_it_is_gone),
];
