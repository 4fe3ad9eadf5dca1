//! The interpreter and the Python scope that the rows of `accessors_rows` run in, in every language.

use rustpython_capsule_glue::capsule::{PyCapsule, PyCapsuleError};
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::class::StaticType;
use rustpython_vm::scope::Scope;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, VirtualMachine};

use crate::accessors_rows::{Answer, Destructor, Fields};
use crate::interpreter::{exec, shown};

/// The outcome of a row: the answer, and the state of the capsule afterwards.
pub(crate) type Outcome = (Answer, Option<Fields>);

/// What every row runs with: an interpreter, and a scope for Python code.
pub(crate) struct Fixture<'vm> {
    pub(crate) vm: &'vm VirtualMachine,
    pub(crate) scope: Scope,
    /// The Python destructor of rows that have one.
    pub(crate) destructor: PyObjectRef,
}

impl<'vm> Fixture<'vm> {
    pub(crate) fn new(vm: &'vm VirtualMachine, prelude: &str) -> Self {
        let scope = vm.new_scope_with_builtins();
        let mut fixture = Self {
            vm,
            scope,
            destructor: vm.ctx.none(),
        };
        fixture.run(prelude).expect("the prelude raises nothing");
        fixture.destructor = fixture.global("destructor");
        fixture
    }

    pub(crate) fn run(&self, source: &str) -> Result<(), PyBaseExceptionRef> {
        exec(source, &self.scope, self.vm).map(drop)
    }

    pub(crate) fn global(&self, name: &str) -> PyObjectRef {
        let value = self.scope.globals.get_item(name, self.vm);
        value.expect("an earlier statement has set it")
    }

    pub(crate) fn evaluate(&self, expression: &str) -> PyObjectRef {
        self.run(&format!("value = {expression}"))
            .expect("the expression raises nothing");
        self.global("value")
    }

    pub(crate) fn state(&self, object: &PyObject) -> Option<Fields> {
        let capsule = PyCapsule::of(object).ok()?;
        Some(self.fields(capsule))
    }

    pub(crate) fn fields(&self, capsule: &Py<PyCapsule>) -> Fields {
        Fields {
            pointer: capsule.any_pointer().addr().get(),
            name: capsule.name(),
            context: capsule.context().addr(),
            destructor: self.destructor_of(capsule),
        }
    }

    pub(crate) fn destructor_of(&self, capsule: &Py<PyCapsule>) -> Destructor {
        self.destructor_as_set(capsule.python_destructor())
    }

    pub(crate) fn destructor_as_set(&self, callable: Option<PyObjectRef>) -> Destructor {
        match callable {
            None => Destructor::None,
            Some(callable) => {
                assert!(
                    callable.is(&self.destructor),
                    "{callable:?} as a destructor"
                );
                Destructor::Some
            }
        }
    }

    /// An exception as an answer. The text begins with the class, unless that is `PyCapsuleError`.
    pub(crate) fn refused(&self, exception: &PyBaseExceptionRef) -> Answer {
        let text = shown(exception, self.vm);
        let text = match text.strip_prefix("PyCapsuleError: ") {
            Some(rest) if exception.class().is(PyCapsuleError::static_type()) => rest.to_owned(),
            _ => text,
        };
        let notes = notes(exception, self.vm);
        Answer::Refused { text, notes }
    }
}

/// The notes of an exception.
pub(crate) fn notes(exception: &PyBaseExceptionRef, vm: &VirtualMachine) -> Vec<String> {
    let notes = exception.as_object().get_attr("__notes__", vm);
    notes
        .and_then(|notes| notes.try_to_value(vm))
        .unwrap_or_default()
}
