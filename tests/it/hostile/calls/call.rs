//! Makes the calls on an object through the C symbols.

use core::ffi::c_int;
use core::ptr::without_provenance_mut;

use rustpython_capsule::__private::ffi::{CClear, CTraverse};
use rustpython_capsule::CDestructor;
use rustpython_vm::PyObject;

use super::super::c_api;
use super::model::{Answer, Arguments, UNTOUCHED};
use super::record::Call;
use super::{DESTRUCTORS, clear, traverse};

/// A destructor by its number; 0 is none.
pub(crate) fn destructor(number: usize) -> Option<CDestructor> {
    number.checked_sub(1).map(|position| DESTRUCTORS[position])
}

fn number(destructor: Option<CDestructor>) -> usize {
    let Some(destructor) = destructor else {
        return 0;
    };
    let same = |own: &CDestructor| core::ptr::fn_addr_eq(*own, destructor);
    DESTRUCTORS
        .iter()
        .position(same)
        .map_or(usize::MAX, |position| position + 1)
}

/// Makes a call on an object.
///
/// # Safety
/// The thread is attached. `object` is NULL or alive, and the names of `given` stay alive as long
/// as the capsule has them.
pub(crate) unsafe fn on_object(call: Call, object: *mut PyObject, given: &Arguments) -> Answer {
    let name = given.name.address();
    let new_name = given.new_name.address();
    let pointer = without_provenance_mut(given.pointer);
    let mut vouched = UNTOUCHED;
    let answer = match call {
        // SAFETY: `object` is NULL or alive, and `name` is NULL or a C string.
        Call::GetPointer => unsafe { c_api::PyCapsule_GetPointer(object, name) }.addr(),
        Call::GetVouchedPointer => {
            // SAFETY: `object` is NULL or alive, `name` is NULL or a C string, and `vouched` is
            // writable.
            unsafe { c_api::PyCapsuleRs_GetVouchedPointer(object, name, &mut vouched) }.addr()
        }
        // SAFETY: `object` is NULL or alive.
        Call::GetName => unsafe { c_api::PyCapsule_GetName(object) }.addr(),
        // SAFETY: `object` is NULL or alive.
        Call::GetContext => unsafe { c_api::PyCapsule_GetContext(object) }.addr(),
        // SAFETY: `object` is NULL or alive.
        Call::GetDestructor => number(unsafe { c_api::PyCapsule_GetDestructor(object) }),
        // SAFETY: `object` is NULL or alive, and `name` is NULL or a C string.
        Call::IsValid => status(unsafe { c_api::PyCapsule_IsValid(object, name) }),
        // SAFETY: `object` is NULL or alive.
        Call::CheckExact => status(unsafe { c_api::PyCapsule_CheckExact(object) }),
        // SAFETY: `object` is NULL or alive, and no code reads through the pointer.
        Call::SetPointer => status(unsafe { c_api::PyCapsule_SetPointer(object, pointer) }),
        // SAFETY: `object` is NULL or alive, and the caller keeps the name as long as the capsule
        // has it.
        Call::SetName => status(unsafe { c_api::PyCapsule_SetName(object, name) }),
        // SAFETY: `object` is NULL or alive, and no code reads through the pointer.
        Call::SetContext => status(unsafe { c_api::PyCapsule_SetContext(object, pointer) }),
        Call::SetDestructor => {
            let destructor = destructor(given.destructor);
            // SAFETY: `object` is NULL or alive, and the destructors accept every capsule of a run.
            status(unsafe { c_api::PyCapsule_SetDestructor(object, destructor) })
        }
        // SAFETY: `object` is NULL or alive, and the caller keeps the new name as long as the
        // capsule has it.
        Call::Claim => unsafe { c_api::PyCapsuleRs_Claim(object, name, new_name) }.addr(),
        Call::SetTraverse => {
            let traverse = given.hooks[0].then_some(traverse as CTraverse);
            let clear = given.hooks[1].then_some(clear as CClear);
            // SAFETY: `object` is NULL or alive, and the hooks only visit and clear the reference
            // of the capsule to itself.
            status(unsafe { c_api::_PyCapsule_SetTraverse(object, traverse, clear) })
        }
        other => unreachable!("{other:?} takes no object"),
    };
    (answer, vouched)
}

fn status(status: c_int) -> usize {
    status as isize as usize
}
