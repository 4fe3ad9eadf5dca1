//! Classes that extend another class: one of Rust, an exception, a class of the interpreter.

use pyo3::exceptions::{
    PyException, PyImportError, PyKeyError, PyOSError, PyStopIteration, PySystemExit, PyValueError,
};
use pyo3::prelude::*;
use pyo3::types::{
    PyComplex, PyDate, PyDelta, PyDict, PyFloat, PyFrozenSet, PySet, PyTuple, PyTzInfo,
};

use crate::ledger::Counted;

#[pyclass(subclass, module = "pyo3_classes")]
pub(crate) struct Animal {
    #[pyo3(get, set)]
    name: String,
    _counted: Counted,
}

impl Animal {
    fn named(name: String) -> Self {
        let _counted = Counted::new("Animal");
        Self { name, _counted }
    }
}

#[pymethods]
impl Animal {
    #[new]
    fn new(name: String) -> Self {
        Self::named(name)
    }
    fn speak(&self) -> String {
        format!("{} is silent", self.name)
    }
    fn legs(&self) -> u32 {
        0
    }
    #[getter]
    fn greeting(&self) -> String {
        format!("I am {}", self.name)
    }
    fn __len__(&self) -> usize {
        self.name.len()
    }
}

#[pyclass(extends = Animal, subclass, module = "pyo3_classes")]
pub(crate) struct Dog {
    #[pyo3(get, set)]
    tricks: Vec<String>,
    _counted: Counted,
}

#[pymethods]
impl Dog {
    #[new]
    #[pyo3(signature = (name, *tricks))]
    fn new(name: String, tricks: Vec<String>) -> PyClassInitializer<Self> {
        let _counted = Counted::new("Dog");
        PyClassInitializer::from(Animal::named(name)).add_subclass(Self { tricks, _counted })
    }
    fn speak(slf: PyRef<'_, Self>) -> String {
        let dog = format!("{} barks", slf.as_super().name);
        format!("{dog} after: {}", slf.as_super().speak())
    }
    fn rename(mut slf: PyRefMut<'_, Self>, name: String) {
        slf.as_super().name = name;
    }
}

#[pyclass(extends = Dog, module = "pyo3_classes")]
pub(crate) struct Puppy {
    #[pyo3(get)]
    weeks: u8,
    _counted: Counted,
}

#[pymethods]
impl Puppy {
    #[new]
    fn new(name: String, weeks: u8) -> PyClassInitializer<Self> {
        let _counted = Counted::new("Puppy");
        PyClassInitializer::from(Animal::named(name))
            .add_subclass(Dog {
                tricks: Vec::new(),
                _counted: Counted::new("Dog"),
            })
            .add_subclass(Self { weeks, _counted })
    }
    fn legs(&self) -> u32 {
        4
    }
}

#[pyfunction]
pub(crate) fn names(animals: Vec<PyRef<'_, Animal>>) -> Vec<String> {
    animals.iter().map(|animal| animal.name.clone()).collect()
}

macro_rules! extending {
    ($($(#[$doc:meta])* $name:ident: $base:ty, $flags:tt;)*) => {$(
        extending!(@ $(#[$doc])* $name, $base, $flags);
    )*};
    (@ $(#[$doc:meta])* $name:ident, $base:ty, [$($flag:ident),*]) => {
        $(#[$doc])*
        #[pyclass(extends = $base, module = "pyo3_classes" $(, $flag)*)]
        pub(crate) struct $name {
            #[pyo3(get, set)]
            extra: Option<Py<PyAny>>,
            _counted: Counted,
        }

        #[pymethods]
        impl $name {
            #[new]
            #[pyo3(signature = (*_args, **_kwargs))]
            fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
                let _counted = Counted::new(stringify!($name));
                Self { extra: None, _counted }
            }

            fn native(&self) -> &'static str {
                stringify!($name)
            }

            fn __traverse__(&self, visit: pyo3::PyVisit<'_>) -> Result<(), pyo3::PyTraverseError> {
                visit.call(&self.extra)
            }

            fn __clear__(&mut self) {
                self.extra = None;
            }
        }
    };
}

extending! {
    /// An exception with a field.
    CodeError: PyException, [subclass];
    CodeKeyError: PyKeyError, [subclass];
    CodeOsError: PyOSError, [subclass, weakref];
    CodeStop: PyStopIteration, [subclass];
    CodeImportError: PyImportError, [subclass];
    CodeExit: PySystemExit, [];
    NativeDict: PyDict, [subclass, weakref];
    NativeSet: PySet, [subclass];
    NativeFrozenSet: PyFrozenSet, [];
    NativeFloat: PyFloat, [subclass];
    NativeComplex: PyComplex, [];
    NativeDate: PyDate, [subclass];
    NativeDelta: PyDelta, [];
    NativeZone: PyTzInfo, [subclass];
    NativeObject: PyAny, [subclass];
}

/// Raises a `CodeError` with `extra` set.
#[pyfunction]
pub(crate) fn raise_code(extra: Py<PyAny>, py: Python<'_>) -> PyResult<()> {
    let error = py.get_type::<CodeError>().call1(("a code", 1))?;
    error.setattr("extra", extra)?;
    Err(PyErr::from_value(error))
}

/// Calls a function and returns `extra` of the `CodeError` that it raises.
#[pyfunction]
pub(crate) fn catch_code<'py>(function: &Bound<'py, PyAny>) -> PyResult<Option<Py<PyAny>>> {
    let py = function.py();
    match function.call0() {
        Ok(_) => Err(PyValueError::new_err("nothing was raised")),
        Err(error) if error.is_instance_of::<CodeError>(py) => {
            let value = error.value(py).cast::<CodeError>()?.borrow();
            Ok(value.extra.as_ref().map(|extra| extra.clone_ref(py)))
        }
        Err(error) => Err(error),
    }
}
