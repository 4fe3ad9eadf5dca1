//! Runs a row of `accessors_rows` through the Rust API. The glue converts its errors into
//! exceptions.

use core::ffi::c_void;
use core::ptr::{NonNull, without_provenance_mut};
use std::borrow::Cow;

use rustpython_capsule_glue::capsule::{
    CapsuleError, Destructor as CapsuleDestructor, Operation as Glue, PyCapsule,
};
use rustpython_vm::{Py, PyObject, PyRef};

use crate::accessors_fixture::{Fixture, Outcome};
use crate::accessors_rows::{Answer, Destructor, Fields, Object, Operation, Row};

pub(crate) fn outcome(row: &Row, fixture: &Fixture<'_>) -> Outcome {
    let object = match &row.object {
        Object::Other(expression) => fixture.evaluate(expression),
        Object::Capsule(fields) => match make(fields, fixture) {
            Ok(capsule) => capsule.into(),
            Err(reason) => {
                let exception = reason.to_exception(Glue::New, fixture.vm);
                return (fixture.refused(&exception), None);
            }
        },
    };
    for operation in &row.before {
        let answer = perform(operation, &object, fixture);
        assert!(!matches!(answer, Answer::Refused { .. }), "{answer:?}");
    }
    let answer = perform(&row.operation, &object, fixture);
    (answer, fixture.state(&object))
}

fn make(fields: &Fields, fixture: &Fixture<'_>) -> Result<PyRef<PyCapsule>, CapsuleError> {
    let mut builder = PyCapsule::builder(address(fields.pointer)?)
        .context(without_provenance_mut(fields.context))
        .destructor(destructor(fields.destructor, fixture));
    if let Some(name) = fields.name.clone() {
        builder = builder.name(name);
    }
    Ok(builder.build(&fixture.vm.ctx))
}

/// The Rust API takes `NonNull`, so the check for NULL comes before the call.
fn address(address: usize) -> Result<NonNull<c_void>, CapsuleError> {
    NonNull::new(without_provenance_mut(address)).ok_or(CapsuleError::NullPointer)
}

fn destructor(destructor: Destructor, fixture: &Fixture<'_>) -> CapsuleDestructor {
    match destructor {
        Destructor::None => CapsuleDestructor::none(),
        Destructor::Some => CapsuleDestructor::python(fixture.destructor.clone(), fixture.vm),
    }
}

fn perform(operation: &Operation, object: &PyObject, fixture: &Fixture<'_>) -> Answer {
    let answer = PyCapsule::of(object).and_then(|capsule| ask(operation, capsule, fixture));
    match (operation, answer) {
        (_, Ok(answer)) => answer,
        (Operation::IsValid(_), Err(_)) => Answer::Truth(false),
        (_, Err(reason)) => fixture.refused(&reason.to_exception(glue(operation), fixture.vm)),
    }
}

fn ask(
    operation: &Operation,
    capsule: &Py<PyCapsule>,
    fixture: &Fixture<'_>,
) -> Result<Answer, CapsuleError> {
    match operation {
        Operation::GetPointer(name) => {
            let pointer = capsule.pointer(name.as_deref())?;
            return Ok(Answer::Address(pointer.addr().get()));
        }
        Operation::Claim(name, new_name) => {
            let pointer = capsule.claim(name.as_deref(), new_name.clone().map(Cow::Owned))?;
            return Ok(Answer::Address(pointer.addr().get()));
        }
        Operation::IsValid(name) => return Ok(Answer::Truth(capsule.is_valid(name.as_deref()))),
        Operation::GetName => return Ok(Answer::Name(capsule.name())),
        Operation::GetContext => return Ok(Answer::Address(capsule.context().addr())),
        Operation::GetDestructor => return Ok(Answer::Destructor(fixture.destructor_of(capsule))),
        Operation::Describe => return Ok(Answer::Fields(fixture.fields(capsule))),
        Operation::New => {}
        Operation::SetPointer(pointer) => capsule.set_pointer(address(*pointer)?),
        Operation::SetName(name) => capsule.set_name(name.clone().map(Cow::Owned)),
        Operation::SetContext(context) => capsule.set_context(without_provenance_mut(*context)),
        Operation::SetDestructor(new) => capsule.set_destructor(destructor(*new, fixture)),
    }
    Ok(Answer::Done)
}

fn glue(operation: &Operation) -> Glue {
    match operation {
        Operation::New => Glue::New,
        Operation::GetPointer(_) | Operation::IsValid(_) => Glue::GetPointer,
        Operation::GetName => Glue::GetName,
        Operation::GetContext => Glue::GetContext,
        Operation::GetDestructor => Glue::GetDestructor,
        Operation::SetPointer(_) => Glue::SetPointer,
        Operation::SetName(_) => Glue::SetName,
        Operation::SetContext(_) => Glue::SetContext,
        Operation::SetDestructor(_) => Glue::SetDestructor,
        Operation::Claim(..) => Glue::Claim,
        Operation::Describe => Glue::Describe,
    }
}
