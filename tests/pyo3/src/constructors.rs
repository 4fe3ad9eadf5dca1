//! The constructors, the deprecated ones too: they are what older modules call.

use core::ffi::{CStr, c_void};
use core::ptr::NonNull;
use std::ffi::CString;

use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use pyo3::{ffi, pyfunction};

use crate::ledger::{Counted, enter};

/// What the capsules are called that Rust names for ever: as an attribute of this module, so that
/// they can be imported.
pub(crate) const C_NAME: &CStr = c"pyo3_capsules.capsule";

#[pyfunction]
pub(crate) fn with_value(py: Python<'_>, number: u64) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new_with_value(py, Counted { number }, C_NAME)
}

/// A capsule with a function pointer inside.
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

/// A capsule of nothing, whose destructor is a closure that prints what it holds.
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

/// A capsule of any address but 0, which nobody reads.
#[pyfunction]
pub(crate) fn with_pointer(py: Python<'_>, address: usize) -> PyResult<Bound<'_, PyCapsule>> {
    let pointer = pointer_of(address)?;
    // SAFETY: the tests read only through addresses that they know to be good.
    unsafe { PyCapsule::new_with_pointer(py, pointer, C_NAME) }
}

#[pyfunction]
pub(crate) fn with_pointer_and_destructor(
    py: Python<'_>,
    address: usize,
) -> PyResult<Bound<'_, PyCapsule>> {
    let pointer = pointer_of(address)?;
    // SAFETY: as above; the destructor may run on any thread.
    unsafe { PyCapsule::new_with_pointer_and_destructor(py, pointer, C_NAME, Some(note_pointer)) }
}

fn pointer_of(address: usize) -> PyResult<NonNull<c_void>> {
    let pointer = NonNull::new(core::ptr::without_provenance_mut(address));
    pointer.ok_or_else(|| pyo3::exceptions::PyValueError::new_err("0 is no address"))
}

unsafe extern "C" fn note_pointer(capsule: *mut ffi::PyObject) {
    // SAFETY: it is the capsule that ends.
    let pointer = unsafe { ffi::PyCapsule_GetPointer(capsule, C_NAME.as_ptr()) };
    enter(format!("note {}", pointer.addr()));
}
