//! What one destructor of the matrix acts on, and what is seen of it: how often it ran, what it did
//! to others, what went wrong inside, what was reported.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};

use rustpython_capsule::{Destructor, PyCapsule};
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::scope::Scope as PythonScope;
use rustpython_vm::{AsObject, Context, PyObjectRef, PyRef, PyResult, VirtualMachine};

use super::actions::Action;
use crate::interpreter::{exec, shown};
use crate::ledger::{Kind, Ledger, Log, dying};

/// Where a destructor runs, as far as it matters to what it can do there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Surroundings {
    /// On a thread that is in the interpreter.
    Inside,
    /// On a thread that is in none.
    Outside,
    /// In the interpreter, which is at its end.
    Ending,
}

/// Everything that one cell of the matrix counts and keeps.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    /// Runs of the destructor, and of those of other capsules.
    ledger: Ledger,
    pub(super) surroundings: Surroundings,
    wrong: Log,
    shelf: Arc<Mutex<Vec<PyRef<PyCapsule>>>>,
    held: Arc<Mutex<Vec<PyRef<PyCapsule>>>>,
}

const RUNS: usize = 0;
const OTHERS: usize = 1;

/// What Python actions have in their scope beside functions of the scene.
const PRELUDE: &str = "
import _capsule, builtins, gc, importlib, sys, threading, types
# Its own, since the interpreter clears the modules at its very end.
__builtins__ = dict(vars(builtins))
_capsule = types.SimpleNamespace(**vars(_capsule))
if 'faults_cap' not in sys.modules:
    module = sys.modules['faults_cap'] = types.ModuleType('faults_cap')
    module.cap = _capsule.new(7, 'faults_cap.cap')
    del module
";

impl Scene {
    pub(super) fn new(surroundings: Surroundings) -> Self {
        Self {
            ledger: Ledger::of(2),
            surroundings,
            wrong: Log::default(),
            shelf: Arc::default(),
            held: Arc::default(),
        }
    }

    pub(super) fn wrong(&self, what: impl ToString) {
        self.wrong.write(what);
    }

    pub(super) fn expect(&self, holds: bool, what: &str) {
        if !holds {
            self.wrong(what);
        }
    }

    pub(super) fn strike_other(&self) {
        self.ledger.strike(OTHERS);
    }

    /// Keeps a capsule that would be gone.
    pub(super) fn keep(&self, capsule: PyRef<PyCapsule>) {
        self.shelf.lock().expect("nobody panics").push(capsule);
    }

    /// Something for the destructor to drop.
    pub(super) fn hold(&self, capsule: PyRef<PyCapsule>) {
        self.held.lock().expect("nobody panics").push(capsule);
    }

    pub(super) fn take_held(&self) -> Vec<PyRef<PyCapsule>> {
        core::mem::take(&mut *self.held.lock().expect("nobody panics"))
    }

    /// A capsule without Python objects, which strikes the other entry when it dies.
    pub(super) fn other(&self) -> PyRef<PyCapsule> {
        let scene = self.clone();
        let destructor = Destructor::rust(move |_| scene.strike_other());
        PyCapsule::builder(core::ptr::NonNull::dangling())
            .destructor(destructor)
            .build(Context::genesis())
    }

    /// A capsule of this kind whose destructor is counted and then does `action`.
    pub(super) fn capsule(
        &self,
        action: &'static Action,
        kind: Kind,
        vm: &VirtualMachine,
    ) -> PyRef<PyCapsule> {
        (action.prepare)(self, vm);
        let scene = self.clone();
        let built = match kind {
            Kind::C | Kind::Rust => dying(kind, vm, move |capsule| {
                scene.ledger.strike(RUNS);
                (action.native)(capsule, &scene);
            }),
            Kind::Python => {
                let function = self.python_action(action, vm);
                PyCapsule::builder(core::ptr::NonNull::dangling())
                    .destructor(Destructor::python(function, vm))
            }
        };
        built.name(c"faults.cap".to_owned()).build(&vm.ctx)
    }

    /// The action as a function of Python's own.
    fn python_action(&self, action: &'static Action, vm: &VirtualMachine) -> PyObjectRef {
        let scope = vm.new_scope_with_builtins();
        let strike = self.clone();
        let other = self.clone();
        let keeper = self.clone();
        let dropper = self.clone();
        let strike = vm.new_function("strike", move || strike.ledger.strike(RUNS));
        set(&scope, "strike", strike.into(), vm);
        let strike_other = vm.new_function("strike_other", move || other.strike_other());
        set(&scope, "strike_other", strike_other.into(), vm);
        let keep = vm.new_function("keep", move |capsule: PyRef<PyCapsule>| {
            keeper.keep(capsule)
        });
        set(&scope, "keep", keep.into(), vm);
        let drop_held = vm.new_function("drop_held", move || drop(dropper.take_held()));
        set(&scope, "drop_held", drop_held.into(), vm);
        let panics = vm.new_function("panics", || -> () { resume_unwind(Box::new("on purpose")) });
        set(&scope, "panics", panics.into(), vm);
        let ending = self.surroundings == Surroundings::Ending;
        set(&scope, "ending", vm.ctx.new_bool(ending).into(), vm);
        let body = action.python.replace('\n', "\n    ");
        let source = format!("{PRELUDE}\ndef action(capsule):\n    strike()\n    {body}");
        run(&source, &scope, vm);
        scope
            .globals
            .get_item("action", vm)
            .expect("the source has made it")
    }

    /// Checks what must hold when the capsule is gone: everything happened once, nothing was wrong;
    /// and a capsule that came back goes quietly.
    pub(super) fn judge(&self, runs: u32, others: u32) {
        assert_eq!(self.wrong.lines(), [""; 0], "inside the destructor");
        assert_eq!(self.ledger.counts(), [runs, others], "runs, and of others");
        drop(core::mem::take(
            &mut *self.shelf.lock().expect("nobody panics"),
        ));
        assert_eq!(self.ledger.counts(), [runs, others], "ran again");
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

/// Puts a hook into `sys` that writes down each exception while `f` runs, and says so if it does not
/// name the capsule, which it knows by its name.
pub(super) fn reports(vm: &VirtualMachine, f: impl FnOnce()) -> Vec<String> {
    let log = Log::default();
    let seen = log.clone();
    let hook = vm.new_function("hook", move |told: PyObjectRef, vm: &VirtualMachine| {
        let object = told.get_attr("object", vm)?;
        let exception: PyBaseExceptionRef = told
            .get_attr("exc_value", vm)?
            .downcast()
            .expect("the value is an exception");
        let ours = PyCapsule::of(&object).is_ok_and(|found| found.is_valid(Some(c"faults.cap")));
        let whose = if ours { "" } else { " of another" };
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
