//! The fixture of one cell of the matrix: makes the capsule, and records how often its destructor
//! and others ran, what failed inside, and what was reported.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};

use rustpython_capsule::{Destructor, PyCapsule};
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::scope::Scope as PythonScope;
use rustpython_vm::{AsObject, Context, Py, PyObjectRef, PyRef, PyResult, VirtualMachine};

use crate::interpreter::{exec, shown};
use crate::ledger::{Kind, Ledger, Log, with_destructor};

/// What the thread of a destructor has of an interpreter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attachment {
    /// The thread is attached.
    Attached,
    /// The thread is not attached to any interpreter.
    Detached,
    /// The thread is attached, and the interpreter is being finalized.
    Finalizing,
}

/// One thing that a destructor does.
pub(super) struct Action {
    pub(super) name: &'static str,
    /// Prepares the fixture.
    pub(super) prepare: fn(&Fixture, &VirtualMachine),
    pub(super) native: fn(&Py<PyCapsule>, &Fixture),
    /// The body of a function with the parameter `capsule`.
    pub(super) python: &'static str,
    pub(super) left: Left,
    /// How many other capsules are destroyed meanwhile.
    pub(super) others: u32,
}

/// What the destructor leaves, which must be reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    Nothing,
    /// An exception, which only an attached thread can set.
    Exception(&'static str),
    /// A panic, which C functions cannot have.
    Panic(&'static str),
}

impl Left {
    /// The text of the report.
    pub(super) fn text(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Exception(text) | Self::Panic(text) => Some(text),
        }
    }
}

/// The counters and the objects of one cell.
#[derive(Clone, Debug)]
pub(super) struct Fixture {
    /// Runs of the destructor, and of those of other capsules.
    ledger: Ledger,
    pub(super) attachment: Attachment,
    failures: Log,
    kept: Arc<Mutex<Vec<PyRef<PyCapsule>>>>,
    held: Arc<Mutex<Vec<PyRef<PyCapsule>>>>,
}

const RUNS: usize = 0;
const OTHERS: usize = 1;

/// The start of Python actions. The functions of the fixture are in their scope too.
const PRELUDE: &str = "
import _capsule, builtins, gc, importlib, sys, threading, types
# Copies, since the interpreter clears the modules in the last step of its finalization.
__builtins__ = dict(vars(builtins))
_capsule = types.SimpleNamespace(**vars(_capsule))
if 'faults_cap' not in sys.modules:
    module = sys.modules['faults_cap'] = types.ModuleType('faults_cap')
    module.cap = _capsule.new(7, 'faults_cap.cap')
    del module
";

impl Fixture {
    pub(super) fn new(attachment: Attachment) -> Self {
        Self {
            ledger: Ledger::of(2),
            attachment,
            failures: Log::default(),
            kept: Arc::default(),
            held: Arc::default(),
        }
    }

    pub(super) fn fail(&self, what: impl ToString) {
        self.failures.write(what);
    }

    pub(super) fn expect(&self, holds: bool, what: &str) {
        if !holds {
            self.fail(what);
        }
    }

    pub(super) fn count_other(&self) {
        self.ledger.record(OTHERS);
    }

    /// Resurrects a capsule from its destructor.
    pub(super) fn keep(&self, capsule: PyRef<PyCapsule>) {
        self.kept
            .lock()
            .expect("no thread panics with the lock")
            .push(capsule);
    }

    /// Gives the destructor a capsule to drop.
    pub(super) fn hold(&self, capsule: PyRef<PyCapsule>) {
        self.held
            .lock()
            .expect("no thread panics with the lock")
            .push(capsule);
    }

    pub(super) fn take_held(&self) -> Vec<PyRef<PyCapsule>> {
        core::mem::take(&mut *self.held.lock().expect("no thread panics with the lock"))
    }

    /// A capsule that owns no Python object, and whose destructor is counted as another one.
    pub(super) fn other(&self) -> PyRef<PyCapsule> {
        let fixture = self.clone();
        let destructor = Destructor::rust(move |_| fixture.count_other());
        PyCapsule::builder(core::ptr::NonNull::dangling())
            .destructor(destructor)
            .build(Context::genesis())
    }

    /// A capsule with a destructor of this kind, which is counted and then does `action`.
    pub(super) fn capsule(
        &self,
        action: &'static Action,
        kind: Kind,
        vm: &VirtualMachine,
    ) -> PyRef<PyCapsule> {
        (action.prepare)(self, vm);
        let fixture = self.clone();
        let built = match kind {
            Kind::C | Kind::Rust => with_destructor(kind, vm, move |capsule| {
                fixture.ledger.record(RUNS);
                (action.native)(capsule, &fixture);
            }),
            Kind::Python => {
                let function = self.python_action(action, vm);
                PyCapsule::builder(core::ptr::NonNull::dangling())
                    .destructor(Destructor::python(function, vm))
            }
        };
        built.name(c"faults.cap".to_owned()).build(&vm.ctx)
    }

    /// The action as a Python function.
    fn python_action(&self, action: &'static Action, vm: &VirtualMachine) -> PyObjectRef {
        let scope = vm.new_scope_with_builtins();
        let record = self.clone();
        let other = self.clone();
        let keeper = self.clone();
        let dropper = self.clone();
        let record = vm.new_function("record", move || record.ledger.record(RUNS));
        set(&scope, "record", record.into(), vm);
        let count_other = vm.new_function("count_other", move || other.count_other());
        set(&scope, "count_other", count_other.into(), vm);
        let keep = vm.new_function("keep", move |capsule: PyRef<PyCapsule>| {
            keeper.keep(capsule)
        });
        set(&scope, "keep", keep.into(), vm);
        let drop_held = vm.new_function("drop_held", move || drop(dropper.take_held()));
        set(&scope, "drop_held", drop_held.into(), vm);
        let panics = vm.new_function("panics", || -> () { resume_unwind(Box::new("on purpose")) });
        set(&scope, "panics", panics.into(), vm);
        let finalizing = self.attachment == Attachment::Finalizing;
        set(&scope, "finalizing", vm.ctx.new_bool(finalizing).into(), vm);
        let body = action.python.replace('\n', "\n    ");
        let source = format!("{PRELUDE}\ndef action(capsule):\n    record()\n    {body}");
        run(&source, &scope, vm);
        scope
            .globals
            .get_item("action", vm)
            .expect("the source defines it")
    }

    /// Checks that nothing failed and that the destructors ran the given number of times. A
    /// resurrected capsule is dropped here, and its destructor must not run again.
    pub(super) fn check(&self, runs: u32, others: u32) {
        assert_eq!(self.failures.lines(), [""; 0], "inside the destructor");
        assert_eq!(
            self.ledger.counts(),
            [runs, others],
            "runs of the destructor, and of others"
        );
        drop(core::mem::take(
            &mut *self.kept.lock().expect("no thread panics with the lock"),
        ));
        assert_eq!(
            self.ledger.counts(),
            [runs, others],
            "a destructor ran again"
        );
    }
}

pub(super) fn set(scope: &PythonScope, name: &str, value: PyObjectRef, vm: &VirtualMachine) {
    let set = scope.globals.set_item(name, value, vm);
    set.unwrap_or_else(|error| panic!("{}", shown(&error, vm)));
}

#[track_caller]
pub(super) fn run(source: &str, scope: &PythonScope, vm: &VirtualMachine) {
    if let Err(error) = exec(source, scope, vm) {
        panic!("{source}: {}", shown(&error, vm));
    }
}

/// The exceptions that `sys.unraisablehook` gets while `f` runs. One that is reported for another
/// object than the capsule of the cell is marked.
pub(super) fn reports(vm: &VirtualMachine, f: impl FnOnce()) -> Vec<String> {
    let log = Log::default();
    let seen = log.clone();
    let hook = vm.new_function("hook", move |report: PyObjectRef, vm: &VirtualMachine| {
        let object = report.get_attr("object", vm)?;
        let exception: PyBaseExceptionRef = report
            .get_attr("exc_value", vm)?
            .downcast()
            .expect("the value is an exception");
        let ours = PyCapsule::of(&object).is_ok_and(|found| found.is_valid(Some(c"faults.cap")));
        let whose = if ours { "" } else { ", for another object" };
        seen.write(format!("{}{whose}", shown(&exception, vm)));
        PyResult::Ok(())
    });
    let sys = vm.sys_module.as_object();
    let before = sys.get_attr("unraisablehook", vm).expect("a hook is set");
    let name = vm.ctx.intern_str("unraisablehook");
    sys.set_attr(name, hook, vm).expect("sys can be changed");
    let ran = catch_unwind(AssertUnwindSafe(f));
    sys.set_attr(name, before, vm).expect("sys can be changed");
    if let Err(panic) = ran {
        resume_unwind(panic);
    }
    log.lines()
}
