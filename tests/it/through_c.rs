//! Runs a row of `accessors_rows` as calls of the C API, made by `c/rows.c`, and reads the state of
//! the capsule through the C API too.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr::{NonNull, null, null_mut, without_provenance_mut};

use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::accessors_fixture::{Fixture, Outcome};
use crate::accessors_rows::{Answer, Destructor, Fields, Name, Object, Operation, Row};

#[expect(improper_ctypes, reason = "to C an object is an address and no more")]
#[link(name = "capsule_tests_c", kind = "static")]
unsafe extern "C" {
    fn rows_make(fields: *const CFields, raised: *mut *mut PyObject) -> *mut PyObject;
    fn rows_perform(call: *const Call) -> CAnswer;
    fn rows_import(name: *const c_char, raised: *mut *mut PyObject) -> *mut c_void;
    fn rows_import_capsule(name: *const c_char, raised: *mut *mut PyObject) -> *mut c_void;
}

#[derive(Clone, Copy)]
#[repr(C)]
struct CFields {
    pointer: *mut c_void,
    name: *const c_char,
    context: *mut c_void,
    has_destructor: c_int,
}

#[repr(C)]
struct Call {
    operation: c_int,
    object: *mut PyObject,
    value: CFields,
    new_name: *const c_char,
}

#[repr(C)]
struct CAnswer {
    value: CFields,
    truth: c_int,
    raised: *mut PyObject,
    failed: c_int,
}

const GET_POINTER: c_int = 0;
const IS_VALID: c_int = 1;
const GET_NAME: c_int = 2;
const GET_CONTEXT: c_int = 3;
const GET_DESTRUCTOR: c_int = 4;
const SET_POINTER: c_int = 5;
const SET_NAME: c_int = 6;
const SET_CONTEXT: c_int = 7;
const SET_DESTRUCTOR: c_int = 8;
const CLAIM: c_int = 9;

/// Whether the row can run in C, which has no function like `describe`. For a capsule, the getters
/// read the same fields.
pub(crate) fn can(row: &Row) -> bool {
    !matches!(
        (&row.object, &row.operation),
        (Object::Other(_), Operation::Describe)
    )
}

pub(crate) fn outcome(row: &Row, fixture: &Fixture<'_>) -> Outcome {
    let object = match &row.object {
        Object::Other(expression) => fixture.evaluate(expression),
        Object::Capsule(fields) => match make(fields, fixture) {
            Ok(capsule) => capsule,
            Err(refused) => return (refused, None),
        },
    };
    for operation in &row.before {
        let answer = perform(operation, &object, fixture);
        assert!(!matches!(answer, Answer::Refused { .. }), "{answer:?}");
    }
    let answer = perform(&row.operation, &object, fixture);
    let is_capsule = matches!(row.object, Object::Capsule(_));
    (answer, is_capsule.then(|| state(&object, fixture)))
}

/// The fields for C. The names point into the row, which outlives the capsule.
fn fields(fields: &Fields) -> CFields {
    CFields {
        pointer: without_provenance_mut(fields.pointer),
        name: address(&fields.name),
        context: without_provenance_mut(fields.context),
        has_destructor: has(fields.destructor),
    }
}

fn address(name: &Name) -> *const c_char {
    name.as_deref().map_or(null(), CStr::as_ptr)
}

fn has(destructor: Destructor) -> c_int {
    (destructor == Destructor::Some).into()
}

fn make(with: &Fields, fixture: &Fixture<'_>) -> Result<PyObjectRef, Answer> {
    let mut raised = null_mut();
    // SAFETY: this thread is attached to an interpreter, `with` keeps the names alive longer than
    // the capsule, and `raised` is a place for one pointer.
    let made = unsafe { rows_make(&fields(with), &mut raised) };
    match (owned(made), exception(raised)) {
        (Some(made), None) => Ok(made),
        (None, Some(raised)) => Err(fixture.refused(&raised)),
        other => panic!("{other:?}"),
    }
}

fn perform(operation: &Operation, object: &PyObject, fixture: &Fixture<'_>) -> Answer {
    if matches!(operation, Operation::Describe) {
        return Answer::Fields(state(object, fixture));
    }
    let mut call = Call {
        operation: GET_POINTER,
        object: core::ptr::from_ref(object).cast_mut(),
        value: CFields {
            pointer: null_mut(),
            name: null(),
            context: null_mut(),
            has_destructor: 0,
        },
        new_name: null(),
    };
    let value = &mut call.value;
    call.operation = match operation {
        Operation::New => return Answer::Done,
        Operation::Describe => unreachable!("answered above"),
        Operation::GetPointer(name) => {
            value.name = address(name);
            GET_POINTER
        }
        Operation::IsValid(name) => {
            value.name = address(name);
            IS_VALID
        }
        Operation::GetName => GET_NAME,
        Operation::GetContext => GET_CONTEXT,
        Operation::GetDestructor => GET_DESTRUCTOR,
        Operation::SetPointer(pointer) => {
            value.pointer = without_provenance_mut(*pointer);
            SET_POINTER
        }
        Operation::SetName(name) => {
            value.name = address(name);
            SET_NAME
        }
        Operation::SetContext(context) => {
            value.context = without_provenance_mut(*context);
            SET_CONTEXT
        }
        Operation::SetDestructor(destructor) => {
            value.has_destructor = has(*destructor);
            SET_DESTRUCTOR
        }
        Operation::Claim(name, new_name) => {
            value.name = address(name);
            call.new_name = address(new_name);
            CLAIM
        }
    };
    // SAFETY: this thread is attached to an interpreter, `object` is borrowed for the call, and the
    // row keeps the names alive longer than the capsule.
    let answer = unsafe { rows_perform(&call) };
    if let Some(raised) = exception(answer.raised) {
        assert!(answer.failed != 0, "{operation:?} raised and did not fail");
        return fixture.refused(&raised);
    }
    assert!(answer.failed == 0, "{operation:?} failed and did not raise");
    converted(operation, &answer)
}

fn converted(operation: &Operation, answer: &CAnswer) -> Answer {
    match operation {
        Operation::GetPointer(_) | Operation::Claim(..) => {
            Answer::Address(answer.value.pointer.addr())
        }
        Operation::IsValid(_) => Answer::Truth(answer.truth == 1),
        Operation::GetName => Answer::Name(name(answer.value.name)),
        Operation::GetContext => Answer::Address(answer.value.context.addr()),
        Operation::GetDestructor => Answer::Destructor(destructor(answer.value.has_destructor)),
        _ => Answer::Done,
    }
}

fn name(address: *const c_char) -> Name {
    // SAFETY: an address that is not NULL is the name of a capsule, and the row keeps all names
    // alive.
    (!address.is_null()).then(|| unsafe { CStr::from_ptr(address) }.to_owned())
}

fn destructor(has: c_int) -> Destructor {
    if has == 0 {
        Destructor::None
    } else {
        Destructor::Some
    }
}

/// The fields of a capsule as C reads them.
fn state(object: &PyObject, fixture: &Fixture<'_>) -> Fields {
    let Answer::Name(name) = perform(&Operation::GetName, object, fixture) else {
        panic!("the name of a capsule can be read");
    };
    let Answer::Address(pointer) = perform(&Operation::GetPointer(name.clone()), object, fixture)
    else {
        panic!("the pointer of a capsule can be read under its name");
    };
    let Answer::Address(context) = perform(&Operation::GetContext, object, fixture) else {
        panic!("the context of a capsule can be read");
    };
    let Answer::Destructor(destructor) = perform(&Operation::GetDestructor, object, fixture) else {
        panic!("the destructor of a capsule can be read");
    };
    Fields {
        pointer,
        name,
        context,
        destructor,
    }
}

/// `PyCapsule_Import`.
pub(crate) fn import(name: &CStr, _: &VirtualMachine) -> PyResult<usize> {
    let mut raised = null_mut();
    // SAFETY: `VirtualMachine` shows that this thread is attached to an interpreter; `name` is
    // NUL-terminated, and `raised` is a place for one pointer.
    let pointer = unsafe { rows_import(name.as_ptr(), &mut raised) };
    answered(pointer, raised)
}

/// `PyCapsuleRs_ImportCapsule`, and the pointer of the capsule that it returns.
pub(crate) fn import_capsule(name: &CStr, _: &VirtualMachine) -> PyResult<usize> {
    let mut raised = null_mut();
    // SAFETY: the same holds as in `import`.
    let pointer = unsafe { rows_import_capsule(name.as_ptr(), &mut raised) };
    answered(pointer, raised)
}

fn answered(pointer: *mut c_void, raised: *mut PyObject) -> PyResult<usize> {
    match (NonNull::new(pointer), exception(raised)) {
        (Some(pointer), None) => Ok(pointer.addr().get()),
        (None, Some(raised)) => Err(raised),
        other => panic!("{other:?}"),
    }
}

fn owned(object: *mut PyObject) -> Option<PyObjectRef> {
    // SAFETY: the functions of `c/rows.c` return NULL or a new reference, which becomes ours.
    NonNull::new(object).map(|object| unsafe { PyObjectRef::from_raw(object) })
}

fn exception(object: *mut PyObject) -> Option<PyBaseExceptionRef> {
    owned(object).map(|object| object.downcast().expect("the object is an exception"))
}
