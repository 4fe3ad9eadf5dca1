//! Runs a row of `accessors_rows` as Python statements that call `_capsule`.

use std::ffi::CString;

use rustpython_vm::builtins::PyBytes;
use rustpython_vm::{AsObject, PyObject, PyObjectRef};

use crate::accessors_fixture::{Fixture, Outcome};
use crate::accessors_rows::{Answer, Destructor, Fields, Name, Object, Operation, Row};

/// Definitions that the statements use.
pub(crate) const PRELUDE: &str = "\
import _capsule
def destructor(capsule): pass
class PyCapsule: __class__ = property(lambda self: _capsule.PyCapsule)
impostor = PyCapsule()
def encoded(name): return None if name is None else name.encode('utf-8', 'surrogateescape')
def described(capsule):
    info = _capsule.describe(capsule)
    kind = {None: None, 'python': destructor}[info.destructor]
    return [info.pointer, encoded(info.name), info.context, kind]
";

pub(crate) fn outcome(row: &Row, fixture: &Fixture<'_>) -> Outcome {
    if let Err(exception) = fixture.run(&format!("object = {}", object(&row.object))) {
        return (fixture.refused(&exception), None);
    }
    for operation in &row.before {
        fixture
            .run(&call(operation))
            .expect("the operations before the tested one succeed");
    }
    let answer = match fixture.run(&format!("value = {}", call(&row.operation))) {
        Ok(()) => answer(&row.operation, &fixture.global("value"), fixture),
        Err(exception) => fixture.refused(&exception),
    };
    (answer, fixture.state(&fixture.global("object")))
}

fn object(object: &Object) -> String {
    match object {
        Object::Other(expression) => (*expression).to_owned(),
        Object::Capsule(Fields {
            pointer,
            name,
            context,
            destructor,
        }) => format!(
            "_capsule.new({pointer}, {}, {}, context={context})",
            name_literal(name),
            destructor_literal(*destructor),
        ),
    }
}

fn call(operation: &Operation) -> String {
    let name = name_literal;
    match operation {
        Operation::New => "None".to_owned(),
        Operation::GetPointer(asked) => format!("_capsule.get_pointer(object, {})", name(asked)),
        Operation::IsValid(asked) => format!("_capsule.is_valid(object, {})", name(asked)),
        Operation::GetName => "encoded(_capsule.get_name(object))".to_owned(),
        Operation::GetContext => "_capsule.get_context(object)".to_owned(),
        Operation::GetDestructor => "_capsule.get_destructor(object)".to_owned(),
        Operation::SetPointer(pointer) => format!("_capsule.set_pointer(object, {pointer})"),
        Operation::SetName(new) => format!("_capsule.set_name(object, {})", name(new)),
        Operation::SetContext(context) => format!("_capsule.set_context(object, {context})"),
        Operation::SetDestructor(new) => {
            format!(
                "_capsule.set_destructor(object, {})",
                destructor_literal(*new)
            )
        }
        Operation::Claim(old, new) => {
            format!("_capsule.claim(object, {}, {})", name(old), name(new))
        }
        Operation::Describe => "described(object)".to_owned(),
    }
}

/// A `str` if the name is UTF-8, else `bytes`.
fn name_literal(name: &Name) -> String {
    let Some(name) = name else {
        return "None".to_owned();
    };
    let decode = if name.to_str().is_ok() {
        ".decode()"
    } else {
        ""
    };
    format!("b'{}'{decode}", name.to_bytes().escape_ascii())
}

fn destructor_literal(destructor: Destructor) -> &'static str {
    match destructor {
        Destructor::None => "None",
        Destructor::Some => "destructor",
    }
}

fn answer(operation: &Operation, value: &PyObject, fixture: &Fixture<'_>) -> Answer {
    let number = |value: &PyObject| {
        value
            .try_to_value(fixture.vm)
            .expect("an address is an int")
    };
    match operation {
        Operation::GetPointer(_) | Operation::GetContext | Operation::Claim(..) => {
            Answer::Address(number(value))
        }
        Operation::IsValid(_) => Answer::Truth(value.is(&fixture.vm.ctx.true_value)),
        Operation::GetName => Answer::Name(name_of(value)),
        Operation::GetDestructor => Answer::Destructor(destructor_of(value, fixture)),
        Operation::Describe => {
            let parts: Vec<PyObjectRef> = value.try_to_value(fixture.vm).expect("it is a list");
            Answer::Fields(Fields {
                pointer: number(&parts[0]),
                name: name_of(&parts[1]),
                context: number(&parts[2]),
                destructor: destructor_of(&parts[3], fixture),
            })
        }
        Operation::New
        | Operation::SetPointer(_)
        | Operation::SetName(_)
        | Operation::SetContext(_)
        | Operation::SetDestructor(_) => {
            assert!(fixture.vm.is_none(value), "{value:?} instead of None");
            Answer::Done
        }
    }
}

fn name_of(value: &PyObject) -> Name {
    let bytes = value.downcast_ref::<PyBytes>()?;
    Some(CString::new(bytes.as_bytes()).expect("a name has no NUL in it"))
}

fn destructor_of(value: &PyObject, fixture: &Fixture<'_>) -> Destructor {
    let callable = (!fixture.vm.is_none(value)).then(|| value.to_owned());
    fixture.destructor_as_set(callable)
}
