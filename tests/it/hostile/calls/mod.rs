//! Histories of a few capsules, as calls of the C API, held against a model. Destructors make calls
//! of their own, on the capsule that dies and on others, so that calls nest.

mod call;
mod model;
mod names;
mod record;
mod world;

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
use self::world::World;
use super::c_api::PyGC_Disable;
use super::raised::Raised;
use super::{forget_files, module};

/// What histories have in common, made once in an interpreter.
#[derive(Debug)]
pub(crate) struct Bench {
    module: PyObjectRef,
    others: [PyObjectRef; OTHERS],
}

impl Bench {
    /// Changes `sys`: the interpreter is for histories from now on.
    pub(crate) fn new(vm: &VirtualMachine) -> Self {
        forget_files(vm);
        // What is garbage is known only when it is asked for.
        // SAFETY: in an interpreter.
        unsafe { PyGC_Disable() };
        let module: PyObjectRef = module(MODULE, vm).into();
        let number: PyObjectRef = vm.ctx.new_int(1_u64 << 40).into();
        module
            .set_attr("number", number.clone(), vm)
            .expect("a module takes attributes");
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

    /// Plays a history to its end, when everything is gone. Gives the number of calls.
    ///
    /// # Errors
    /// The first difference to the model.
    pub(crate) fn play(&self, records: &[Record]) -> Result<u64, String> {
        let operations: Vec<_> = records.iter().copied().map(Operation::of).collect();
        let world = Rc::new(World::new(&operations, &self.module, &self.others));
        WORLD.set(Some(world.clone()));
        for operation in operations.iter().filter(|operation| operation.program == 0) {
            world.step(operation);
        }
        let outcome = world.end();
        WORLD.set(None);
        outcome
    }
}

thread_local! {
    /// The world that destructors and hooks are called in.
    static WORLD: RefCell<Option<Rc<World>>> = const { RefCell::new(None) };
}

fn in_world(f: impl FnOnce(&World)) {
    if let Some(world) = WORLD.with_borrow(Clone::clone) {
        f(&world);
    }
}

fn unraisable(arguments: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
    let object = arguments.get_attr("object", vm)?;
    let exception = arguments.get_attr("exc_value", vm)?;
    let exception: PyBaseExceptionRef = exception.downcast().expect("it is an exception");
    let raised = Raised::of(&exception, vm);
    in_world(|world| world.reported(&raised, core::ptr::from_ref(object.as_object())));
    Ok(())
}

/// Each does what the program of its number says; the first has none.
static DESTRUCTORS: [CDestructor; 5] = [
    destroy::<1>,
    destroy::<2>,
    destroy::<3>,
    destroy::<4>,
    destroy::<5>,
];

unsafe extern "C" fn destroy<const NUMBER: usize>(capsule: *mut PyObject) {
    in_world(|world| world.destroyed(NUMBER, capsule));
}

/// Shows the collector that a capsule refers to itself, if it does.
unsafe extern "C" fn traverse(capsule: *mut PyObject, visit: CVisit, arg: *mut c_void) -> c_int {
    let mut answer = 0;
    in_world(|world| {
        if world.traversed(capsule) {
            // SAFETY: the reference is one that belongs to the capsule.
            answer = unsafe { visit(capsule, arg) };
        }
    });
    answer
}

unsafe extern "C" fn clear(capsule: *mut PyObject) -> c_int {
    in_world(|world| world.cleared(capsule));
    0
}
