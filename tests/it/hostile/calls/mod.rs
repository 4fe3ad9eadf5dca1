//! Random sequences of C API calls on a few capsules, compared with a model. Destructors make calls
//! too, on their capsule and on others, so calls nest.

mod call;
mod model;
mod names;
mod record;
mod run;

use core::cell::RefCell;
use core::ffi::{c_int, c_void};
use std::rc::Rc;

use rustpython_capsule::__private::ffi::CVisit;
use rustpython_capsule::{CDestructor, PyCapsule};
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine};

pub(crate) use record::Record;

use self::names::MODULE;
use self::record::{OTHERS, Operation};
use self::run::Run;
use super::c_api::PyGC_Disable;
use super::raised::Raised;
use super::{forget_files, module};

/// Objects that all sequences share, made once for an interpreter.
#[derive(Debug)]
pub(crate) struct Fixture {
    module: PyObjectRef,
    others: [PyObjectRef; OTHERS],
}

impl Fixture {
    /// Changes `sys`, so the interpreter can be used for sequences only after that.
    pub(crate) fn new(vm: &VirtualMachine) -> Self {
        forget_files(vm);
        // Collections run only where the model expects them.
        // SAFETY: the thread is attached.
        unsafe { PyGC_Disable() };
        let module: PyObjectRef = module(MODULE, vm).into();
        let number: PyObjectRef = vm.ctx.new_int(1_u64 << 40).into();
        module
            .set_attr("number", number.clone(), vm)
            .expect("a module takes any attribute");
        let hook = vm.new_function("hook", unraisable);
        vm.sys_module
            .set_attr("unraisablehook", hook, vm)
            .expect("sys can be changed");
        let others = [
            number,
            vm.ctx.new_str("text").into(),
            vm.ctx.none(),
            PyCapsule::class(&vm.ctx).to_owned().into(),
            module.clone(),
        ];
        Self { module, others }
    }

    /// Runs a sequence and then drops everything. Returns the number of calls.
    ///
    /// # Errors
    /// The first difference from the model.
    pub(crate) fn execute(&self, records: &[Record]) -> Result<u64, String> {
        let operations: Vec<_> = records.iter().copied().map(Operation::of).collect();
        let run = Rc::new(Run::new(&operations, &self.module, &self.others));
        RUN.set(Some(run.clone()));
        for operation in operations.iter().filter(|operation| operation.program == 0) {
            run.step(operation);
        }
        let outcome = run.end();
        RUN.set(None);
        outcome
    }
}

thread_local! {
    /// The current run, for destructors and hooks.
    static RUN: RefCell<Option<Rc<Run>>> = const { RefCell::new(None) };
}

fn in_run(f: impl FnOnce(&Run)) {
    if let Some(run) = RUN.with_borrow(Clone::clone) {
        f(&run);
    }
}

fn unraisable(arguments: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
    let object = arguments.get_attr("object", vm)?;
    let exception = arguments.get_attr("exc_value", vm)?;
    let exception: PyBaseExceptionRef = exception.downcast().expect("the hook gets an exception");
    let raised = Raised::of(&exception, vm);
    in_run(|run| run.reported(&raised, core::ptr::from_ref(object.as_object())));
    Ok(())
}

/// Each runs the program of its number; the first has none.
static DESTRUCTORS: [CDestructor; 5] = [
    destroy::<1>,
    destroy::<2>,
    destroy::<3>,
    destroy::<4>,
    destroy::<5>,
];

unsafe extern "C" fn destroy<const NUMBER: usize>(capsule: *mut PyObject) {
    in_run(|run| run.destroyed(NUMBER, capsule));
}

/// Visits the reference of a capsule to itself, if it has one.
unsafe extern "C" fn traverse(capsule: *mut PyObject, visit: CVisit, arg: *mut c_void) -> c_int {
    let mut answer = 0;
    in_run(|run| {
        if run.traversed(capsule) {
            // SAFETY: the capsule owns this reference, and `visit` and `arg` are those of the
            // collector.
            answer = unsafe { visit(capsule, arg) };
        }
    });
    answer
}

unsafe extern "C" fn clear(capsule: *mut PyObject) -> c_int {
    in_run(|run| run.cleared(capsule));
    0
}
