//! Fixtures for tests of destruction: a ledger that counts events, capsules whose destructor runs a
//! closure, and an interpreter in which many tests run one after the other.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, Ordering};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::Command;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;

use libtest_mimic::Trial;
use rustpython_capsule::{CapsuleBuilder, Destructor, PyCapsule};
use rustpython_capsule_glue::Access;
use rustpython_vm::builtins::PyBoundMethod;
use rustpython_vm::{Py, PyObject, PyPayload, PyRef, VirtualMachine};

use crate::interpreter::{interpreter, trial};

/// A counter for each thing that must happen exactly once. Clones share the counters.
#[derive(Clone, Debug)]
pub(crate) struct Ledger(Arc<[AtomicU32]>);

/// Counts one event in its entry when dropped.
#[derive(Debug)]
pub(crate) struct Token {
    ledger: Ledger,
    entry: usize,
}

impl Ledger {
    pub(crate) fn of(entries: usize) -> Self {
        Self((0..entries).map(|_| AtomicU32::new(0)).collect())
    }

    pub(crate) fn record(&self, entry: usize) {
        self.0[entry].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn token(&self, entry: usize) -> Token {
        Token {
            ledger: self.clone(),
            entry,
        }
    }

    /// The count of each entry.
    pub(crate) fn counts(&self) -> Vec<u32> {
        self.0
            .iter()
            .map(|entry| entry.load(Ordering::Relaxed))
            .collect()
    }

    #[track_caller]
    pub(crate) fn assert_all_zero(&self) {
        self.assert_each(0);
    }

    #[track_caller]
    pub(crate) fn assert_all_once(&self) {
        self.assert_each(1);
    }

    #[track_caller]
    fn assert_each(&self, times: u32) {
        let counts = self.counts();
        let wrong = counts.iter().filter(|count| **count != times).count();
        let first = counts.iter().position(|count| *count != times);
        assert!(
            wrong == 0,
            "{wrong} of {} entries do not have the count {times}; the first is {first:?}",
            counts.len()
        );
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.ledger.record(self.entry);
    }
}

/// Lines of text in the order in which they were written. Clones share the lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn write(&self, line: impl ToString) {
        self.0
            .lock()
            .expect("no thread panics while it holds the lock")
            .push(line.to_string());
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0
            .lock()
            .expect("no thread panics while it holds the lock")
            .clone()
    }
}

/// The kinds of destructor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    C,
    Rust,
    Python,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::C, Self::Rust, Self::Python];
}

type Action = Box<dyn Fn(&Py<PyCapsule>) + Send + Sync>;

/// A capsule whose destructor runs `action`. Its pointer is the address of the action.
pub(crate) fn with_destructor(
    kind: Kind,
    vm: &VirtualMachine,
    action: impl Fn(&Py<PyCapsule>) + Send + Sync + 'static,
) -> CapsuleBuilder {
    let action: Action = Box::new(action);
    let action: &'static Action = Box::leak(Box::new(action));
    let destructor = match kind {
        // SAFETY: `act` requires a capsule whose pointer is the address of an `Action` that is
        // never freed. The builder below makes one, and `action` was leaked.
        Kind::C => unsafe { Destructor::c(act) },
        Kind::Rust => Destructor::rust(action),
        Kind::Python => python(vm, action),
    };
    PyCapsule::builder(NonNull::from(action).cast()).destructor(destructor)
}

/// A destructor that is a Python callable written in Rust.
pub(crate) fn python(
    vm: &VirtualMachine,
    action: impl Fn(&Py<PyCapsule>) + Send + Sync + 'static,
) -> Destructor {
    let action: Action = Box::new(action);
    let action = PyCapsule::from_value(action).build(&vm.ctx);
    let act = |action: PyRef<PyCapsule>, capsule: PyRef<PyCapsule>| {
        if let Ok(action) = action.value::<Action>(None) {
            action(&capsule);
        }
    };
    let act = vm.new_function("act", act).into();
    let method = PyBoundMethod::new(action.into(), act).into_ref(&vm.ctx);
    Destructor::python(method.into(), vm)
}

unsafe extern "C" fn act(capsule: *mut PyObject) {
    // SAFETY: a destructor is called with a pointer to an object that stays valid for the call.
    let object = unsafe { &*capsule };
    if let Ok(capsule) = PyCapsule::of(object) {
        // SAFETY: `act` is set by `with_destructor` only, where the pointer is the address of a
        // leaked `Action`.
        let action = unsafe { capsule.any_pointer().cast::<Action>().as_ref() };
        action(capsule);
    }
}

static NATIVE_RUNS: AtomicU32 = AtomicU32::new(0);

/// A C destructor that accepts any capsule and counts its runs.
pub(crate) unsafe extern "C" fn native_run(_: *mut PyObject) {
    NATIVE_RUNS.fetch_add(1, Ordering::Relaxed);
}

/// How often `native_run` has run in this process. Only tests in the shared interpreter let it run,
/// and those run one at a time, so a test sees only its own runs.
pub(crate) fn native_runs() -> u32 {
    NATIVE_RUNS.load(Ordering::Relaxed)
}

type Job = Box<dyn FnOnce(&VirtualMachine) + Send>;

static SHARED: LazyLock<Mutex<Sender<Job>>> = LazyLock::new(|| {
    let (jobs, queue) = channel::<Job>();
    let serve = move || {
        interpreter(Access::Open).enter(|vm| {
            while let Ok(job) = vm.allow_threads(|| queue.recv()) {
                job(vm);
            }
        });
    };
    thread::Builder::new()
        .stack_size(8 << 20)
        .spawn(serve)
        .expect("a thread starts");
    Mutex::new(jobs)
});

/// Runs `test` in an interpreter that all callers share. It is started once and never finalized.
pub(crate) fn in_shared_interpreter<R: Send + 'static>(
    test: impl FnOnce(&VirtualMachine) -> R + Send + 'static,
) -> R {
    let (answer, answered) = channel();
    let job: Job = Box::new(move |vm| {
        let result = catch_unwind(AssertUnwindSafe(|| test(vm)));
        let _ = answer.send(result);
    });
    SHARED
        .lock()
        .expect("no thread panics while it holds the lock")
        .send(job)
        .expect("the thread of the interpreter never exits");
    answered
        .recv()
        .expect("every job sends its result")
        .unwrap_or_else(|panic| resume_unwind(panic))
}

/// Collects garbage. A call of `gc.collect` does nothing while the collector runs for another
/// interpreter of the process, so this repeats the call until a cycle made here is gone.
pub(crate) fn collect(vm: &VirtualMachine) {
    let collected_cycle = Ledger::of(1);
    let list = vm.ctx.new_list(Vec::new());
    let token = PyCapsule::from_value(collected_cycle.token(0)).build(&vm.ctx);
    let cycle = list.clone().into();
    list.borrow_vec_mut().extend([cycle, token.into()]);
    drop(list);
    let gc = vm.import("gc", 0).expect("it is a builtin module");
    while collected_cycle.counts() == [0] {
        let collected = gc.get_attr("collect", vm).and_then(|f| f.call((), vm));
        assert!(collected.is_ok());
        vm.allow_threads(thread::yield_now);
    }
}

/// A test that runs in a process of its own: no other test can disturb it, and if it crashes it
/// fails alone.
pub(crate) fn in_own_process(name: &'static str, test: fn()) -> Trial {
    const ALONE: &str = "CAPSULE_TESTS_ALONE";
    trial(name, move || {
        if std::env::var_os(ALONE).is_some() {
            test();
            return Ok(());
        }
        let program = std::env::current_exe().expect("the path of the test binary is known");
        let output = Command::new(program)
            .args(["--exact", name])
            .env(ALONE, "1")
            .output()
            .expect("the test binary starts");
        if output.status.success() {
            Ok(())
        } else {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(format!("{}: {text}", output.status).into())
        }
    })
}
