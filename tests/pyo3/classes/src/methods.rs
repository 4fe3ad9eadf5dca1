//! Constructors, methods of each kind, signatures, getters, setters and deleters.

use pyo3::exceptions::{PyUserWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

/// A thermometer.
///
/// Its documentation has two paragraphs.
#[pyclass(module = "pyo3_classes", subclass)]
pub(crate) struct Thermometer {
    /// The reading in degrees.
    #[pyo3(get, set)]
    degrees: f64,
    #[pyo3(get, set, name = "label")]
    name: Option<String>,
    /// Calls of `__init__`.
    #[pyo3(get)]
    initialized: usize,
    limit: Option<f64>,
}

#[pymethods]
impl Thermometer {
    #[new]
    #[pyo3(signature = (degrees = 20.0, *, name = None))]
    fn new(degrees: f64, name: Option<String>) -> PyResult<Self> {
        if degrees.is_nan() {
            return Err(PyValueError::new_err("degrees must be a number"));
        }
        Ok(Self {
            degrees,
            name,
            initialized: 0,
            limit: None,
        })
    }

    #[pyo3(signature = (*_args, **_kwargs))]
    fn __init__(&mut self, _args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) {
        self.initialized += 1;
    }

    /// Return the reading in degrees Fahrenheit.
    fn fahrenheit(&self) -> f64 {
        self.degrees * 1.8 + 32.0
    }

    /// Raise the reading, and return it.
    #[pyo3(signature = (by = 1.0, /, times = 1))]
    fn warm(&mut self, by: f64, times: u32) -> f64 {
        self.degrees += by * f64::from(times);
        self.degrees
    }

    /// Return the object itself.
    fn itself(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    /// Return the values of parameters of each kind.
    #[expect(
        clippy::too_many_arguments,
        reason = "one parameter for each kind, and the token"
    )]
    #[pyo3(signature = (a, /, b, *rest, c = 3, d, **more))]
    fn parameters<'py>(
        &self,
        a: i64,
        b: i64,
        rest: &Bound<'py, PyTuple>,
        c: i64,
        d: i64,
        more: Option<Bound<'py, PyDict>>,
        py: Python<'py>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        (a, b, rest, c, d, more).into_pyobject(py)
    }

    #[pyo3(text_signature = "($self, anything)")]
    fn described(&self, anything: &Bound<'_, PyAny>) -> PyResult<String> {
        Ok(anything.repr()?.to_string())
    }

    #[pyo3(name = "class")]
    fn renamed(&self) -> &'static str {
        "renamed"
    }

    #[pyo3(warn(message = "read is out of date", category = PyUserWarning))]
    fn read(&self) -> f64 {
        self.degrees
    }

    /// Return a thermometer at the freezing point.
    #[staticmethod]
    fn freezing() -> PyResult<Self> {
        Self::new(0.0, Some("freezing".to_owned()))
    }

    /// Return a thermometer of this class, and the name of the class.
    #[classmethod]
    fn at<'py>(
        cls: &Bound<'py, PyType>,
        degrees: f64,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        Ok((cls.call1((degrees,))?, cls.name()?.into_any()))
    }

    #[classattr]
    const UNIT: &'static str = "degrees";

    /// Made when the class is made.
    #[classattr]
    fn scale() -> Vec<i32> {
        vec![-10, 0, 10]
    }

    /// The highest reading, which can be deleted.
    #[getter]
    fn get_limit(&self) -> PyResult<f64> {
        self.limit
            .ok_or_else(|| PyValueError::new_err("there is no limit"))
    }

    #[setter]
    fn set_limit(&mut self, limit: f64) -> PyResult<()> {
        if limit < self.degrees {
            return Err(PyValueError::new_err("the limit is below the reading"));
        }
        self.limit = Some(limit);
        Ok(())
    }

    #[deleter]
    fn delete_limit(&mut self) {
        self.limit = None;
    }

    /// Half of the reading.
    #[getter(half)]
    fn half_of_it(&self) -> f64 {
        self.degrees / 2.0
    }

    #[setter(hidden)]
    fn set_only(&mut self, degrees: f64) {
        self.degrees = degrees;
    }
}

/// Fields and constructor come from the options of the class.
#[pyclass(get_all, set_all, new = "from_fields", rename_all = "camelCase")]
pub(crate) struct Fields {
    first_one: i64,
    second_one: String,
    the_rest: Vec<u8>,
}

/// The text comes from a format string.
#[pyclass(
    new = "from_fields",
    str = "{amount} x {what:?}",
    module = "pyo3_classes.lists"
)]
pub(crate) struct Entry {
    amount: u32,
    what: String,
}

/// Nothing can be changed.
#[pyclass(frozen, name = "Fixed", module = "pyo3_classes")]
pub(crate) struct Frozen {
    /// Read as a member of the C struct.
    #[pyo3(get)]
    object: Py<PyAny>,
    #[pyo3(get)]
    number: i64,
}

#[pymethods]
impl Frozen {
    #[new]
    fn new(object: Py<PyAny>, number: i64) -> Self {
        Self { object, number }
    }

    fn __traverse__(&self, visit: pyo3::PyVisit<'_>) -> Result<(), pyo3::PyTraverseError> {
        visit.call(&self.object)
    }
}

/// Without `#[new]`: Python code makes no instances.
#[pyclass(module = "pyo3_classes", immutable_type)]
pub(crate) struct Made {
    #[pyo3(get)]
    number: u64,
}

#[pyfunction]
pub(crate) fn make(number: u64) -> Made {
    Made { number }
}

/// No field at all, and no `dict`.
#[pyclass(module = "pyo3_classes")]
pub(crate) struct Empty;

#[pymethods]
impl Empty {
    #[new]
    fn new() -> Self {
        Self
    }
}
