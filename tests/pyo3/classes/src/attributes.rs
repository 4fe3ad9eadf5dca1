//! Access to attributes, and descriptors.

use std::collections::BTreeMap;

use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

/// Keeps its attributes in Rust. `fixed` is a getter, which comes before `__getattr__`.
#[pyclass(module = "pyo3_classes", subclass)]
pub(crate) struct Open {
    values: BTreeMap<String, i64>,
    asked: usize,
}

#[pymethods]
impl Open {
    #[new]
    fn new() -> Self {
        let values = BTreeMap::new();
        Self { values, asked: 0 }
    }

    #[getter]
    fn fixed(&self) -> usize {
        self.asked
    }

    fn __getattr__(&mut self, name: &str) -> PyResult<i64> {
        self.asked += 1;
        let value = self.values.get(name).copied();
        value.ok_or_else(|| PyAttributeError::new_err(format!("nothing named {name}")))
    }

    fn __setattr__(&mut self, name: String, value: i64) {
        self.values.insert(name, value);
    }

    fn __delattr__(&mut self, name: &str) -> PyResult<()> {
        let value = self.values.remove(name);
        value
            .map(drop)
            .ok_or_else(|| PyAttributeError::new_err(format!("nothing named {name} to delete")))
    }

    fn __dir__(&self) -> Vec<&str> {
        self.values.keys().map(String::as_str).collect()
    }
}

/// Answers for every attribute whose name starts with `loud_`, and for others as usual.
#[pyclass(module = "pyo3_classes")]
pub(crate) struct Loud;

#[pymethods]
impl Loud {
    #[new]
    fn new() -> Self {
        Self
    }

    fn quiet(&self) -> &'static str {
        "quiet"
    }

    fn __getattribute__<'py>(
        slf: &Bound<'py, Self>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if let Some(rest) = name.to_str()?.strip_prefix("loud_") {
            return Ok(PyString::new(py, &rest.to_uppercase()).into_any());
        }
        let object = py.get_type::<PyAny>();
        object.call_method1(intern!(py, "__getattribute__"), (slf, name))
    }
}

/// A descriptor that keeps one value for all instances of the class that has it.
#[pyclass(module = "pyo3_classes")]
pub(crate) struct Shared {
    value: Option<Py<PyAny>>,
    #[pyo3(get)]
    name: Option<String>,
}

#[pymethods]
impl Shared {
    #[new]
    fn new() -> Self {
        let (value, name) = (None, None);
        Self { value, name }
    }

    fn __set_name__(&mut self, owner: &Bound<'_, PyType>, name: &str) -> PyResult<()> {
        self.name = Some(format!("{}.{name}", owner.name()?));
        Ok(())
    }

    fn __get__<'py>(
        slf: &Bound<'py, Self>,
        instance: Option<&Bound<'py, PyAny>>,
        owner: Option<&Bound<'py, PyType>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if instance.is_none() {
            return (slf, owner).into_pyobject(py).map(Bound::into_any);
        }
        let value = slf
            .borrow()
            .value
            .as_ref()
            .map(|value| value.bind(py).clone());
        value.ok_or_else(|| PyAttributeError::new_err("nothing is shared"))
    }

    fn __set__(&mut self, _instance: &Bound<'_, PyAny>, value: Py<PyAny>) {
        self.value = Some(value);
    }

    fn __delete__(&mut self, _instance: &Bound<'_, PyAny>) -> PyResult<()> {
        let value = self.value.take();
        value
            .map(drop)
            .ok_or_else(|| PyTypeError::new_err("nothing to delete"))
    }

    fn __traverse__(&self, visit: pyo3::PyVisit<'_>) -> Result<(), pyo3::PyTraverseError> {
        visit.call(&self.value)
    }

    fn __clear__(&mut self) {
        self.value = None;
    }
}

/// A descriptor that is not a data descriptor: an instance's own attribute comes first.
#[pyclass(module = "pyo3_classes")]
pub(crate) struct Fallback;

#[pymethods]
impl Fallback {
    #[new]
    fn new() -> Self {
        Self
    }

    fn __get__(
        &self,
        instance: Option<&Bound<'_, PyAny>>,
        _owner: Option<&Bound<'_, PyType>>,
    ) -> bool {
        instance.is_some()
    }
}

/// A `__dict__` and weak references, and hooks that are not slots.
#[pyclass(dict, weakref, subclass, module = "pyo3_classes")]
pub(crate) struct Noted;

#[pymethods]
impl Noted {
    #[new]
    #[pyo3(signature = (**_kwargs))]
    fn new(_kwargs: Option<&Bound<'_, pyo3::types::PyDict>>) -> Self {
        Self
    }

    #[classmethod]
    #[pyo3(signature = (**kwargs))]
    fn __init_subclass__(
        cls: &Bound<'_, PyType>,
        kwargs: Option<&Bound<'_, pyo3::types::PyDict>>,
    ) -> PyResult<()> {
        cls.setattr("noted", kwargs)
    }

    fn __enter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __exit__(
        &self,
        kind: Option<&Bound<'_, PyType>>,
        _value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<bool> {
        kind.map_or(Ok(false), |kind| {
            kind.is_subclass_of::<pyo3::exceptions::PyKeyError>()
        })
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyType>, (), Bound<'py, PyAny>)> {
        Ok((slf.get_type(), (), slf.getattr("__dict__")?))
    }
}
