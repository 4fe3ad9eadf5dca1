//! The calls themselves.

use core::ffi::c_int;
use core::ptr::without_provenance_mut;

use rustpython_capsule::__private::ffi::{CClear, CTraverse};
use rustpython_capsule::CDestructor;
use rustpython_vm::PyObject;

use super::super::c_api;
use super::model::{Answer, Arguments, UNTOUCHED};
use super::record::Call;
use super::{DESTRUCTORS, clear, traverse};

/// A destructor by its number, where 0 is none.
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
/// `object` is NULL or alive; the names live as long as the capsule has them.
pub(crate) unsafe fn on_object(call: Call, object: *mut PyObject, given: &Arguments) -> Answer {
    let name = given.name.address();
    let new_name = given.new_name.address();
    let pointer = without_provenance_mut(given.pointer);
    let mut vouched = UNTOUCHED;
    let answer = match call {
        // SAFETY: passed on from the caller. So below.
        Call::GetPointer => unsafe { c_api::PyCapsule_GetPointer(object, name) }.addr(),
        Call::GetVouchedPointer => {
            // SAFETY: as above.
            unsafe { c_api::PyCapsuleRs_GetVouchedPointer(object, name, &mut vouched) }.addr()
        }
        // SAFETY: as above.
        Call::GetName => unsafe { c_api::PyCapsule_GetName(object) }.addr(),
        // SAFETY: as above.
        Call::GetContext => unsafe { c_api::PyCapsule_GetContext(object) }.addr(),
        // SAFETY: as above.
        Call::GetDestructor => number(unsafe { c_api::PyCapsule_GetDestructor(object) }),
        // SAFETY: as above.
        Call::IsValid => status(unsafe { c_api::PyCapsule_IsValid(object, name) }),
        // SAFETY: as above.
        Call::CheckExact => status(unsafe { c_api::PyCapsule_CheckExact(object) }),
        // SAFETY: as above.
        Call::SetPointer => status(unsafe { c_api::PyCapsule_SetPointer(object, pointer) }),
        // SAFETY: as above.
        Call::SetName => status(unsafe { c_api::PyCapsule_SetName(object, name) }),
        // SAFETY: as above.
        Call::SetContext => status(unsafe { c_api::PyCapsule_SetContext(object, pointer) }),
        Call::SetDestructor => {
            let destructor = destructor(given.destructor);
            // SAFETY: as above.
            status(unsafe { c_api::PyCapsule_SetDestructor(object, destructor) })
        }
        // SAFETY: as above.
        Call::Claim => unsafe { c_api::PyCapsuleRs_Claim(object, name, new_name) }.addr(),
        Call::SetTraverse => {
            let traverse = given.hooks[0].then_some(traverse as CTraverse);
            let clear = given.hooks[1].then_some(clear as CClear);
            // SAFETY: as above.
            status(unsafe { c_api::_PyCapsule_SetTraverse(object, traverse, clear) })
        }
        other => unreachable!("{other:?} takes no object"),
    };
    (answer, vouched)
}

fn status(status: c_int) -> usize {
    status as isize as usize
}
