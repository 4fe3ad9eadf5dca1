//! Comparison, hash and text.

use std::cmp::Ordering;

use pyo3::basic::CompareOp;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

/// Comparison, hash and text come from the traits of Rust.
#[pyclass(frozen, eq, ord, hash, str, module = "pyo3_classes")]
#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Version {
    major: u32,
    minor: u32,
}

impl core::fmt::Display for Version {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[pymethods]
impl Version {
    #[new]
    fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    fn __format__(&self, spec: &str) -> PyResult<String> {
        match spec {
            "" => Ok(self.to_string()),
            "long" => Ok(format!("version {} point {}", self.major, self.minor)),
            other => Err(PyTypeError::new_err(format!("no format {other:?}"))),
        }
    }
}

/// One function for all comparisons, and no hash.
#[pyclass(module = "pyo3_classes")]
pub(crate) struct Rich {
    value: f64,
}

#[pymethods]
impl Rich {
    #[new]
    fn new(value: f64) -> Self {
        Self { value }
    }

    fn __richcmp__(&self, other: &Self, op: CompareOp, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self.value.partial_cmp(&other.value) {
            Some(ordering) => Ok(op
                .matches(ordering)
                .into_pyobject(py)?
                .to_owned()
                .into_any()
                .unbind()),
            None if matches!(op, CompareOp::Ne) => {
                Ok("not ordered".into_pyobject(py)?.into_any().unbind())
            }
            None => Ok(py.NotImplemented()),
        }
    }

    fn __repr__(&self) -> String {
        format!("Rich({})", self.value)
    }
}

/// A function for each comparison, and a hash that a Python class can see.
#[pyclass(subclass, module = "pyo3_classes")]
pub(crate) struct Each {
    #[pyo3(get)]
    value: i64,
}

#[pymethods]
impl Each {
    #[new]
    fn new(value: i64) -> Self {
        Self { value }
    }

    fn __lt__(&self, other: i64) -> bool {
        self.value < other
    }
    fn __le__(&self, other: i64) -> bool {
        self.value <= other
    }
    fn __eq__(&self, other: i64) -> bool {
        self.value == other
    }
    fn __ne__(&self, other: i64) -> bool {
        self.value != other
    }
    fn __gt__(&self, other: i64) -> bool {
        self.value.cmp(&other) == Ordering::Greater
    }
    fn __ge__(&self, other: i64) -> PyResult<bool> {
        if other == 13 {
            return Err(PyTypeError::new_err("not with 13"));
        }
        Ok(self.value >= other)
    }
    fn __hash__(&self) -> i64 {
        // Python turns -1 into -2, since a C function returns -1 for an exception.
        self.value
    }
    fn __repr__(&self) -> String {
        format!("Each({})", self.value)
    }
}

/// Refuses to be hashed and shown.
#[pyclass(module = "pyo3_classes")]
pub(crate) struct Refusing;

#[pymethods]
impl Refusing {
    #[new]
    fn new() -> Self {
        Self
    }

    #[classattr]
    const __hash__: Option<Py<PyAny>> = None;

    fn __repr__(&self) -> PyResult<String> {
        Err(PyTypeError::new_err("no text"))
    }
    fn __str__(&self) -> i32 {
        1
    }
}

/// Neither comparison nor hash nor text: those of `object`.
#[pyclass(module = "pyo3_classes")]
pub(crate) struct Plain;

#[pymethods]
impl Plain {
    #[new]
    fn new() -> Self {
        Self
    }
}
