//! Capsules as C uses them: a name is an address, which is stored and returned but never copied, and
//! the caller is responsible for what it points to. The accessors for Rust are built on these
//! functions; the C symbols are in another crate.
//!
//! A *name argument* below is NULL, or a NUL-terminated string that does not change during the call.

use core::ffi::{c_char, c_void};
use core::ptr::{NonNull, null_mut};

use rustpython_vm::PyRef;

use crate::alloc::try_box;
use crate::class::template;
use crate::error::{CapsuleError, NameMismatch};
use crate::ffi_types::as_address;
use crate::fields::{Flags, NamedPointer};
use crate::finalize::track_if_needed;
use crate::name::{names_match, try_copy};
use crate::owned::{CHooks, OwnedSlot};
use crate::payload::{PyCapsule, make};

pub use crate::ffi_types::{CClear, CDestructor, CTraverse, CVisit, visit_references};
pub use crate::finalize::release;

/// Makes a capsule as `PyCapsule_New` does. Uses no interpreter.
///
/// # Errors
/// [`CapsuleError::NullPointer`] if `pointer` is NULL, [`CapsuleError::OutOfMemory`].
///
/// # Safety
/// - `name` is NULL, or a NUL-terminated string that does not change while it is the capsule's name.
/// - `pointer` is what the name promises to code that knows it.
/// - `destructor` as for [`Destructor::c`](crate::Destructor::c).
#[inline]
pub unsafe fn new(
    pointer: *mut c_void,
    name: *const c_char,
    destructor: Option<CDestructor>,
) -> Result<PyRef<PyCapsule>, CapsuleError> {
    let Some(pointer) = NonNull::new(pointer) else {
        return Err(CapsuleError::NullPointer);
    };
    let state = NamedPointer {
        pointer,
        name,
        flags: Flags::VOUCHED,
    };
    make(template(), || {
        PyCapsule::new(state, null_mut(), destructor, OwnedSlot::default())
    })
}

/// The address of the name, and the pointer that goes with it; `None` while another thread changes
/// them.
#[inline]
pub fn try_read(capsule: &PyCapsule) -> Option<(*const c_char, NonNull<c_void>)> {
    let state = capsule.fields.try_read()?;
    Some((state.name, state.pointer))
}

/// The pointer, if the capsule has this name.
///
/// # Errors
/// [`CapsuleError::WrongName`].
///
/// # Safety
/// `name` is a name argument.
#[inline]
pub unsafe fn pointer(
    capsule: &PyCapsule,
    name: *const c_char,
) -> Result<NonNull<c_void>, CapsuleError> {
    // SAFETY: a name argument.
    unsafe { read_named(capsule, name) }.map(|state| state.pointer)
}

/// The pointer, if the capsule has this name, and whether native code vouches for the pointer.
///
/// # Errors
/// [`CapsuleError::WrongName`].
///
/// # Safety
/// `name` is a name argument.
#[inline]
pub unsafe fn vouched_pointer(
    capsule: &PyCapsule,
    name: *const c_char,
) -> Result<(NonNull<c_void>, bool), CapsuleError> {
    // SAFETY: a name argument.
    unsafe { read_named(capsule, name) }.map(NamedPointer::vouched_pointer)
}

#[inline]
unsafe fn read_named(
    capsule: &PyCapsule,
    name: *const c_char,
) -> Result<NamedPointer, CapsuleError> {
    match capsule.fields.try_read() {
        // SAFETY:
        // - stored name: one that Rust or Python set lives as long as the capsule (I2); C code
        //   promises the same for its own as long as it is the name.
        // - the other: a name argument.
        Some(state) if unsafe { names_match(state.name, name) } => Ok(state),
        // SAFETY: a name argument.
        _ => unsafe { read_named_slowly(capsule, name) },
    }
}

/// [`read_named`] for a capsule that another thread is changing, or that has another name. Apart from
/// the common case, so that its state stays in registers (rows "equal text" of `cargo speed`).
#[cold]
#[inline(never)]
unsafe fn read_named_slowly(
    capsule: &PyCapsule,
    name: *const c_char,
) -> Result<NamedPointer, CapsuleError> {
    let state = capsule.fields.read();
    // SAFETY: as in `read_named`.
    if unsafe { names_match(state.name, name) } {
        Ok(state)
    } else {
        // SAFETY: as in `read_named`.
        Err(unsafe { wrong_name(state, name) })
    }
}

/// Whether the capsule has this name.
///
/// # Safety
/// `name` is a name argument.
#[inline]
pub unsafe fn is_valid(capsule: &PyCapsule, name: *const c_char) -> bool {
    // SAFETY: the stored name as in `read_named`, the other a name argument.
    unsafe { names_match(capsule.fields.name(), name) }
}

/// Replaces the pointer and vouches for it.
///
/// # Safety
/// `pointer` is what the capsule's name promises.
#[inline]
pub unsafe fn set_pointer(capsule: &PyCapsule, pointer: NonNull<c_void>) {
    capsule.fields.set_pointer(pointer, true);
}

/// Replaces the name. If native code vouches for the pointer, it still does.
///
/// # Safety
/// - `name` as for [`new`].
/// - The pointer is what `name` promises, or no code vouches for the pointer.
#[inline]
pub unsafe fn set_name(capsule: &PyCapsule, name: *const c_char) {
    capsule.fields.rename(name, true);
}

/// Replaces the destructor by a C function, or by none. A closure that the capsule owns stays, so
/// that C code can restore a destructor that it has read from the capsule.
///
/// # Safety
/// As for [`Destructor::c`](crate::Destructor::c).
#[inline]
pub unsafe fn set_destructor(capsule: &PyCapsule, destructor: Option<CDestructor>) {
    capsule.fields.set_destructor(as_address(destructor));
}

/// Checks the name, replaces it, and returns the pointer, in one step.
///
/// # Errors
/// [`CapsuleError::WrongName`], and nothing has changed.
///
/// # Safety
/// - `name` is a name argument.
/// - `new_name` as for [`new`].
#[inline]
pub unsafe fn claim(
    capsule: &PyCapsule,
    name: *const c_char,
    new_name: *const c_char,
) -> Result<NonNull<c_void>, CapsuleError> {
    let claimed = capsule.fields.claim(new_name, |stored| {
        // SAFETY: the stored name as in `read_named`, the other a name argument.
        unsafe { names_match(stored, name) }
    });
    // SAFETY: as for the comparison.
    claimed.map_err(|state| unsafe { wrong_name(state, name) })
}

/// Sets the functions with which C code reports the references that the capsule owns to the
/// collector, and drops them to break a cycle. The collector tracks the capsule from now on. A later
/// call replaces both functions. They are removed when the capsule is destroyed, before its
/// destructor runs.
///
/// # Errors
/// [`CapsuleError::OutOfMemory`], and nothing has changed.
///
/// # Safety
/// - `traverse` calls its `visit` once for each strong reference that the capsule owns, and does
///   nothing else. It may run on any thread and concurrently with any other code: a collection
///   suspends the other threads, `gc.get_referents` does not.
/// - `clear` drops those references.
pub unsafe fn set_traverse(
    capsule: &PyCapsule,
    traverse: CTraverse,
    clear: CClear,
) -> Result<(), CapsuleError> {
    let hooks = CHooks { traverse, clear };
    let refs = &capsule.owned.get_or_make()?.gc_refs;
    refs.change(|refs| refs.hooks = Some(hooks));
    track_if_needed(capsule.object());
    Ok(())
}

/// The error for a capsule whose name is not `expected`.
///
/// # Safety
/// Both names are NULL, or NUL-terminated strings that do not change during the call.
#[cold]
#[inline(never)]
pub(crate) unsafe fn wrong_name(state: NamedPointer, expected: *const c_char) -> CapsuleError {
    let mismatch = || {
        try_box(NameMismatch {
            // SAFETY: a string or NULL, as the caller promises.
            expected: unsafe { try_copy(expected) }?,
            // SAFETY: a string or NULL, as the caller promises.
            found: unsafe { try_copy(state.name) }?,
            claimed: state.flags.contains(Flags::CLAIMED),
        })
    };
    mismatch().map_or_else(|no_memory| no_memory, CapsuleError::WrongName)
}
