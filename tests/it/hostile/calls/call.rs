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
/// The thread is attached. `object` is NULL or alive, and the names of `given` stay alive as long as the
/// capsule has them.
pub(crate) unsafe fn on_object(call: Call, object: *mut PyObject, given: &Arguments) -> Answer {
    let name = given.name.address();
    let new_name = given.new_name.address();
    let pointer = without_provenance_mut(given.pointer);
    let mut vouched = UNTOUCHED;
    let answer = match call {
        // SAFETY: the caller keeps `object` and the names alive, which is all that these functions require.
        // The same holds for the calls below.
        Call::GetPointer => unsafe { c_api::PyCapsule_GetPointer(object, name) }.addr(),
        Call::GetVouchedPointer => {
            // SAFETY: as for `GetPointer`, and `vouched` is writable.
            unsafe { c_api::PyCapsuleRs_GetVouchedPointer(object, name, &mut vouched) }.addr()
        }
        // SAFETY: as for `GetPointer`.
        Call::GetName => unsafe { c_api::PyCapsule_GetName(object) }.addr(),
        // SAFETY: as for `GetPointer`.
        Call::GetContext => unsafe { c_api::PyCapsule_GetContext(object) }.addr(),
        // SAFETY: as for `GetPointer`.
        Call::GetDestructor => number(unsafe { c_api::PyCapsule_GetDestructor(object) }),
        // SAFETY: as for `GetPointer`.
        Call::IsValid => status(unsafe { c_api::PyCapsule_IsValid(object, name) }),
        // SAFETY: as for `GetPointer`.
        Call::CheckExact => status(unsafe { c_api::PyCapsule_CheckExact(object) }),
        // SAFETY: as for `GetPointer`.
        Call::SetPointer => status(unsafe { c_api::PyCapsule_SetPointer(object, pointer) }),
        // SAFETY: as for `GetPointer`.
        Call::SetName => status(unsafe { c_api::PyCapsule_SetName(object, name) }),
        // SAFETY: as for `GetPointer`.
        Call::SetContext => status(unsafe { c_api::PyCapsule_SetContext(object, pointer) }),
        Call::SetDestructor => {
            let destructor = destructor(given.destructor);
            // SAFETY: as for `GetPointer`, and the destructors accept every capsule of a run.
            status(unsafe { c_api::PyCapsule_SetDestructor(object, destructor) })
        }
        // SAFETY: as for `GetPointer`.
        Call::Claim => unsafe { c_api::PyCapsuleRs_Claim(object, name, new_name) }.addr(),
        Call::SetTraverse => {
            let traverse = given.hooks[0].then_some(traverse as CTraverse);
            let clear = given.hooks[1].then_some(clear as CClear);
            // SAFETY: as for `GetPointer`, and the hooks visit and clear the capsule's own reference only.
            status(unsafe { c_api::_PyCapsule_SetTraverse(object, traverse, clear) })
        }
        other => unreachable!("{other:?} takes no object"),
    };
    (answer, vouched)
}

fn status(status: c_int) -> usize {
    status as isize as usize
}
