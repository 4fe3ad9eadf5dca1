//! The types of the C functions that a capsule can be given, and how a destructor is kept as an
//! address.

use core::ffi::{c_int, c_void};

use rustpython_vm::PyObject;
use rustpython_vm::object::TraverseFn;

/// CPython's `PyCapsule_Destructor`: called once with the capsule, which stays the caller's.
pub type CDestructor = unsafe extern "C" fn(capsule: *mut PyObject);

/// CPython's `visitproc`: what a [`CTraverse`] calls with each object that is owned, and with the
/// `arg` that it was given. A result other than 0 must be returned at once.
pub type CVisit = unsafe extern "C" fn(object: *mut PyObject, arg: *mut c_void) -> c_int;

/// CPython's `traverseproc`: calls `visit` with each object that `object` owns.
pub type CTraverse =
    unsafe extern "C" fn(object: *mut PyObject, visit: CVisit, arg: *mut c_void) -> c_int;

/// CPython's `inquiry`: drops the references that an object owns, to break a cycle.
pub type CClear = unsafe extern "C" fn(object: *mut PyObject) -> c_int;

/// The destructor as an address; NULL if there is none.
#[inline]
pub(crate) fn as_address(destructor: Option<CDestructor>) -> *mut () {
    destructor.map_or(core::ptr::null_mut(), |function| function as *mut ())
}

/// The destructor at an address.
///
/// # Safety
/// `address` comes from [`as_address`].
#[inline]
pub(crate) unsafe fn from_address(address: *mut ()) -> Option<CDestructor> {
    // SAFETY:
    // - layout: a function pointer and its `Option` have the size of a data pointer on every
    //   platform that RustPython runs on, and NULL is `None`.
    // - validity: `as_address` made it from a value of this type.
    unsafe { core::mem::transmute::<*mut (), Option<CDestructor>>(address) }
}

/// Passes the references that C code owns through `object` to the collector's `visit`.
///
/// # Safety
/// - `traverse` may be called with `object`.
/// - It calls its `visit` with its `arg` before it returns, once for each strong reference that
///   `object` owns.
pub unsafe fn visit_references(
    traverse: CTraverse,
    object: &PyObject,
    mut visit: &mut TraverseFn<'_>,
) {
    let arg = core::ptr::from_mut(&mut visit).cast();
    // SAFETY: the caller allows the call, and `arg` is what `visit_one` expects.
    unsafe { traverse(core::ptr::from_ref(object).cast_mut(), visit_one, arg) };
}

/// The `visit` for C code; `arg` is the address of the collector's own.
unsafe extern "C" fn visit_one(object: *mut PyObject, arg: *mut c_void) -> c_int {
    // SAFETY: `visit_references` passed the address of a value of this type, and does not return
    // before this call.
    let visit = unsafe { &mut *arg.cast::<&mut TraverseFn<'_>>() };
    // SAFETY: C code visits objects that it owns a reference to.
    if let Some(object) = unsafe { object.as_ref() } {
        visit(object);
    }
    0
}
