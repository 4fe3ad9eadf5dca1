//! PyO3's constructors of capsules, including the deprecated ones that older modules call.

use core::ffi::{CStr, c_void};
use core::ptr::NonNull;
use std::ffi::CString;

use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use pyo3::{ffi, pyfunction};

use crate::ledger::{Counted, enter};

/// The static name of capsules. It is that of an attribute of this module, so they can be imported.
pub(crate) const C_NAME: &CStr = c"pyo3_capsules.capsule";

#[pyfunction]
pub(crate) fn with_value(py: Python<'_>, number: u64) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new_with_value(py, Counted { number }, C_NAME)
}

/// Makes a capsule that contains a function pointer.
#[pyfunction]
pub(crate) fn with_function(py: Python<'_>) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new_with_value(py, twice as extern "C" fn(u64) -> u64, C_NAME)
}

extern "C" fn twice(number: u64) -> u64 {
    number * 2
}

#[pyfunction]
pub(crate) fn with_value_and_destructor(
    py: Python<'_>,
    number: u64,
) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new_with_value_and_destructor(py, Counted { number }, C_NAME, destroy)
}

/// Makes a capsule of `()` whose destructor is a closure that prints `words`.
#[pyfunction]
pub(crate) fn with_closure(py: Python<'_>, words: String) -> PyResult<Bound<'_, PyCapsule>> {
    let print = move |(), _context| println!("{words}");
    PyCapsule::new_with_value_and_destructor(py, (), C_NAME, print)
}

fn destroy(value: Counted, context: *mut c_void) {
    enter(format!("destroy {} {}", value.number, context.addr()));
}

#[pyfunction]
#[expect(deprecated, reason = "older modules call it")]
pub(crate) fn with_name(
    py: Python<'_>,
    number: u64,
    name: String,
) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new(py, Counted { number }, Some(CString::new(name)?))
}

#[pyfunction]
#[expect(deprecated, reason = "older modules call it")]
pub(crate) fn without_name(py: Python<'_>, number: u64) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new(py, Counted { number }, None)
}

#[pyfunction]
#[expect(deprecated, reason = "older modules call it")]
pub(crate) fn with_destructor(
    py: Python<'_>,
    number: u64,
    name: String,
) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new_with_destructor(py, Counted { number }, Some(CString::new(name)?), destroy)
}

/// Makes a capsule of an address, which must not be 0.
#[pyfunction]
pub(crate) fn with_pointer(py: Python<'_>, address: usize) -> PyResult<Bound<'_, PyCapsule>> {
    let pointer = pointer_of(address)?;
    // SAFETY: the tests dereference the pointer only if it is the address of a valid value.
    unsafe { PyCapsule::new_with_pointer(py, pointer, C_NAME) }
}

#[pyfunction]
pub(crate) fn with_pointer_and_destructor(
    py: Python<'_>,
    address: usize,
) -> PyResult<Bound<'_, PyCapsule>> {
    let pointer = pointer_of(address)?;
    // SAFETY: the tests never dereference the pointer, and the destructor may run on any thread.
    unsafe { PyCapsule::new_with_pointer_and_destructor(py, pointer, C_NAME, Some(note_pointer)) }
}

fn pointer_of(address: usize) -> PyResult<NonNull<c_void>> {
    let pointer = NonNull::new(core::ptr::without_provenance_mut(address));
    pointer.ok_or_else(|| pyo3::exceptions::PyValueError::new_err("the address is 0"))
}

unsafe extern "C" fn note_pointer(capsule: *mut ffi::PyObject) {
    // SAFETY: a destructor gets a valid pointer to its capsule, and the name is NUL-terminated.
    let pointer = unsafe { ffi::PyCapsule_GetPointer(capsule, C_NAME.as_ptr()) };
    enter(format!("note {}", pointer.addr()));
}
