//! PyO3's accessors of capsules, and both functions that import.

use core::ffi::CStr;
use std::ffi::CString;

use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyType};

use crate::constructors::C_NAME;
use crate::ledger::Counted;

fn c_string(name: Option<String>) -> PyResult<Option<CString>> {
    Ok(name.map(CString::new).transpose()?)
}

#[pyfunction]
pub(crate) fn is_capsule(object: &Bound<'_, PyAny>) -> bool {
    object.cast::<PyCapsule>().is_ok()
}

#[pyfunction]
pub(crate) fn type_object(py: Python<'_>) -> Bound<'_, PyType> {
    py.get_type::<PyCapsule>()
}

#[pyfunction]
pub(crate) fn address(capsule: &Bound<'_, PyCapsule>, name: Option<String>) -> PyResult<usize> {
    let name = c_string(name)?;
    let pointer = capsule.pointer_checked(name.as_deref())?;
    Ok(pointer.addr().get())
}

/// Returns the number of the `Counted` in a capsule.
#[pyfunction]
pub(crate) fn number(capsule: &Bound<'_, PyCapsule>, name: Option<String>) -> PyResult<u64> {
    let name = c_string(name)?;
    let pointer = capsule.pointer_checked(name.as_deref())?.cast::<Counted>();
    // SAFETY: the tests call this only with capsules that contain a `Counted`.
    Ok(unsafe { pointer.as_ref() }.number)
}

/// Calls the function in a capsule of `with_function`.
#[pyfunction]
pub(crate) fn call(capsule: &Bound<'_, PyCapsule>, number: u64) -> PyResult<u64> {
    let pointer = capsule.pointer_checked(Some(C_NAME))?;
    let function = pointer.cast::<extern "C" fn(u64) -> u64>();
    // SAFETY: the tests call this only with capsules of `with_function`.
    Ok(unsafe { *function.as_ref() }(number))
}

#[pyfunction]
pub(crate) fn is_valid(capsule: &Bound<'_, PyCapsule>, name: Option<String>) -> PyResult<bool> {
    Ok(capsule.is_valid_checked(c_string(name)?.as_deref()))
}

#[pyfunction]
pub(crate) fn name(capsule: &Bound<'_, PyCapsule>) -> PyResult<Option<String>> {
    let name = capsule.name()?;
    // SAFETY: the tests change no name while this runs, so the string stays valid.
    let name = name.map(|name| unsafe { name.as_cstr() });
    Ok(name.map(CStr::to_string_lossy).map(Into::into))
}

/// Returns whether the address of the name is that of `C_NAME`.
#[pyfunction]
pub(crate) fn name_address(capsule: &Bound<'_, PyCapsule>) -> PyResult<bool> {
    let name = capsule.name()?;
    Ok(name.is_some_and(|name| name.as_ptr() == C_NAME.as_ptr()))
}

#[pyfunction]
pub(crate) fn context(capsule: &Bound<'_, PyCapsule>) -> PyResult<usize> {
    Ok(capsule.context()?.addr())
}

#[pyfunction]
pub(crate) fn set_context(capsule: &Bound<'_, PyCapsule>, context: usize) -> PyResult<()> {
    capsule.set_context(core::ptr::without_provenance_mut(context))
}

/// Imports a capsule and returns the number of the `Counted` in it.
#[pyfunction]
#[pyo3(name = "import_")]
pub(crate) fn import(py: Python<'_>, name: String) -> PyResult<u64> {
    // SAFETY: the tests import only capsules that contain a `Counted`.
    let counted = unsafe { PyCapsule::import::<Counted>(py, &CString::new(name)?) }?;
    Ok(counted.number)
}

#[repr(align(128))]
struct Aligned;

/// Imports a capsule as a type with an alignment of 128 bytes.
#[pyfunction]
pub(crate) fn import_aligned(py: Python<'_>, name: String) -> PyResult<()> {
    // SAFETY: the type has no bytes, so any aligned address is valid; PyO3 checks the alignment.
    unsafe { PyCapsule::import::<Aligned>(py, &CString::new(name)?) }.map(|_| ())
}

#[pyfunction]
pub(crate) fn import_pointer(py: Python<'_>, name: String) -> PyResult<usize> {
    let pointer = PyCapsule::import_pointer(py, &CString::new(name)?)?;
    Ok(pointer.addr().get())
}
