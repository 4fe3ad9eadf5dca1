//! Exceptions, panics, and borrows that are refused.

use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyLookupError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;

create_exception!(pyo3_classes, FirstError, PyException, "The first of them.");
create_exception!(pyo3_classes, SecondError, FirstError);
create_exception!(pyo3_classes, FoundError, PyLookupError);

#[pyfunction]
pub(crate) fn fail(kind: &str, text: String) -> PyResult<()> {
    Err(match kind {
        "first" => FirstError::new_err(text),
        "second" => SecondError::new_err((text, 2)),
        "found" => FoundError::new_err(text),
        "value" => PyValueError::new_err(text),
        "panic" => panic!("{text}"),
        "panic with a value" => std::panic::panic_any(5),
        "os" => std::io::Error::from_raw_os_error(2).into(),
        "number" => text.parse::<i32>().map(drop).unwrap_err().into(),
        other => PyRuntimeError::new_err(format!("no kind {other}")),
    })
}

#[pyfunction]
pub(crate) fn fail_with_cause(py: Python<'_>) -> PyResult<()> {
    let error = FirstError::new_err("outer");
    error.set_cause(py, Some(PyTypeError::new_err("inner")));
    error.add_note(py, "a note")?;
    Err(error)
}

/// Calls a function and describes what it raises.
#[pyfunction]
pub(crate) fn describe_error(function: &Bound<'_, PyAny>) -> PyResult<String> {
    let py = function.py();
    let Err(error) = function.call0() else {
        return Ok("nothing".to_owned());
    };
    let kinds = [
        error.is_instance_of::<FirstError>(py),
        error.is_instance_of::<PyLookupError>(py),
        error.matches(py, py.get_type::<PyValueError>())?,
    ];
    let cause = error.cause(py).map(|cause| cause.to_string());
    Ok(format!(
        "{error}, {kinds:?}, {cause:?}, {}",
        error.traceback(py).is_some()
    ))
}

/// Panics in every way that a class can.
#[pyclass(module = "pyo3_classes")]
pub(crate) struct Panicking;

#[pymethods]
impl Panicking {
    #[new]
    #[pyo3(signature = (now = false))]
    fn new(now: bool) -> Self {
        assert!(!now, "in the constructor");
        Self
    }
    fn method(&self) {
        panic!("in a method")
    }
    #[getter]
    fn value(&self) -> i32 {
        panic!("in a getter")
    }
    #[setter]
    fn set_value(&mut self, _value: i32) {
        panic!("in a setter")
    }
    fn __len__(&self) -> usize {
        panic!("in len")
    }
    fn __eq__(&self, _other: &Bound<'_, PyAny>) -> bool {
        panic!("in a comparison")
    }
    fn __hash__(&self) -> u64 {
        panic!("in hash")
    }
    fn __add__(&self, _other: &Bound<'_, PyAny>) -> i32 {
        panic!("in an operator")
    }
    fn __iter__(&self) -> i32 {
        panic!("in iter")
    }
    fn __repr__(&self) -> String {
        panic!("in repr")
    }
    fn __call__(&self) {
        panic!("in a call")
    }
}

/// Methods that borrow, and call Python code meanwhile.
#[pyclass(module = "pyo3_classes")]
pub(crate) struct Cell {
    #[pyo3(get, set)]
    value: i64,
}

#[pymethods]
impl Cell {
    #[new]
    fn new(value: i64) -> Self {
        Self { value }
    }

    fn shared<'py>(
        slf: PyRef<'py, Self>,
        function: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let result = function.call0();
        drop(slf);
        result
    }

    fn exclusive<'py>(
        mut slf: PyRefMut<'py, Self>,
        function: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        slf.value += 1;
        function.call0()
    }

    fn swap(&mut self, other: &mut Self) {
        core::mem::swap(&mut self.value, &mut other.value);
    }

    fn copy_from(&mut self, other: PyRef<'_, Self>) {
        self.value = other.value;
    }
}

/// What the refused borrows say, from Rust.
#[pyfunction]
pub(crate) fn borrow_errors(cell: &Bound<'_, Cell>) -> (String, String, i64) {
    let shared = cell.borrow();
    let exclusive = cell.try_borrow_mut().err().map(|error| error.to_string());
    drop(shared);
    let mut guard = cell.borrow_mut();
    guard.value = 77;
    let again = cell.try_borrow().err().map(|error| error.to_string());
    drop(guard);
    (
        exclusive.unwrap_or_default(),
        again.unwrap_or_default(),
        cell.borrow().value,
    )
}
