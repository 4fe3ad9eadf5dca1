//! A Python destructor runs in the interpreter in which it was made, wherever the last reference to
//! the capsule is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use libtest_mimic::Failed;
use rustpython_capsule_glue::capsule::{Destructor, DestructorKind, PyCapsule};
use rustpython_capsule_glue::{Access, import_capsule};
use rustpython_vm::{Interpreter, PyObjectRef, PyRef, VirtualMachine};

use super::fixture::{MAKE, Test, counting, run, run_in, with_two};
use crate::interpreter::{exec, shown};

/// Sets a destructor on the capsule of `MAKE`. It appends to a list in the module `seen` of the
/// interpreter in which it runs.
const SET_DESTRUCTOR: &str = "
seen = sys.modules['seen'] = types.ModuleType('seen')
seen.names = []
def note(capsule):
    import seen
    seen.names.append(_capsule.get_name(capsule))
_capsule.set_destructor(m.cap, note)
";

const SEEN: &str = "import seen; result = seen.names";

/// Makes the capsule `m.cap` in an interpreter and returns the only reference to it.
fn take(interpreter: &Interpreter) -> PyRef<PyCapsule> {
    assert_eq!(run_in(interpreter, &format!("{MAKE}{SET_DESTRUCTOR}")), "");
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
                "the parent must be the current interpreter again"
            );
        });
        assert_eq!(run_in(&sub, SEEN), "['m.cap']");
        sub.finalize(None);
    })
}

/// Threads of one interpreter drop capsules of another while the first collects garbage.
fn from_many_threads_during_collections() -> Result<(), Failed> {
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

fn from_nested() -> Result<(), Failed> {
    with_two(Access::Open, |parent, sub| {
        let capsule = take(&sub);
        sub.enter(|_| parent.enter(|_| drop(capsule)));
        assert_eq!(run_in(&sub, SEEN), "['m.cap']");
        sub.finalize(None);
    })
}

fn from_unattached_threads() -> Result<(), Failed> {
    with_two(Access::Open, |_, sub| {
        let capsule = take(&sub);
        drop(capsule);
        assert_eq!(run_in(&sub, SEEN), "['m.cap']");
        let capsule = take(&sub);
        let elsewhere = std::thread::spawn(move || drop(capsule));
        elsewhere.join().expect("the thread does not panic");
        assert_eq!(run_in(&sub, SEEN), "['m.cap']");
        sub.finalize(None);
    })
}

/// A Python function that counts its calls in `calls`. It also keeps a capsule, whose destructor
/// counts in `dropped`.
fn callable(
    calls: &Arc<AtomicUsize>,
    dropped: &Arc<AtomicUsize>,
    vm: &VirtualMachine,
) -> PyObjectRef {
    let scope = vm.new_scope_with_builtins();
    let dropped = dropped.clone();
    let destructor = Destructor::rust(move |_| {
        dropped.fetch_add(1, Ordering::SeqCst);
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
    // The function refers to its globals, which refer to the function. This breaks the cycle.
    scope.globals.clear();
    made.unwrap_or_else(|error| panic!("{}", shown(&error, vm)))
}

fn not_after_finalization() -> Result<(), Failed> {
    for dropped_in_parent in [true, false] {
        let (calls, dropped) = <(Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
        with_two(Access::Open, |parent, sub| {
            let capsule = sub.enter(|vm| {
                let destructor = Destructor::python(callable(&calls, &dropped, vm), vm);
                PyCapsule::from_value(5_u8)
                    .destructor(destructor)
                    .build(&vm.ctx)
            });
            sub.finalize(None);
            assert_eq!(capsule.destructor_kind(), DestructorKind::Python);
            assert_eq!(capsule.value::<u8>(None), Ok(&5));
            assert_eq!(dropped.load(Ordering::SeqCst), 0);
            if dropped_in_parent {
                parent.enter(|_| drop(capsule));
            } else {
                drop(capsule);
            }
            assert_eq!(
                dropped.load(Ordering::SeqCst),
                1,
                "the callable must be dropped"
            );
        })?;
        assert_eq!(calls.load(Ordering::SeqCst), 0);
    }
    Ok(())
}

pub(super) const TESTS: [(&str, Test); 6] = [
    (
        "runs-in-its-interpreter-from-many-threads-during-collections",
        from_many_threads_during_collections,
    ),
    ("runs-in-its-interpreter-from-the-parent", from_the_parent),
    ("runs-in-its-interpreter-from-the-child", from_the_child),
    (
        "runs-in-its-interpreter-from-nested-interpreters",
        from_nested,
    ),
    (
        "runs-in-its-interpreter-from-unattached-threads",
        from_unattached_threads,
    ),
    (
        "does-not-run-after-its-interpreter-is-finalized",
        not_after_finalization,
    ),
];
