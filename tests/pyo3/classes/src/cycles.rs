//! What the collector sees: references in Rust fields, free lists, objects of one thread.

use std::rc::Rc;

use pyo3::prelude::*;
use pyo3::types::PyList;
use pyo3::{PyTraverseError, PyVisit};

use crate::ledger::Counted;

/// Refers to other objects from Rust.
#[pyclass(subclass, weakref, dict, module = "pyo3_classes")]
pub(crate) struct Node {
    #[pyo3(get, set)]
    next: Option<Py<PyAny>>,
    #[pyo3(get)]
    children: Py<PyList>,
    _counted: Counted,
}

#[pymethods]
impl Node {
    #[new]
    #[pyo3(signature = (next = None))]
    fn new(next: Option<Py<PyAny>>, py: Python<'_>) -> Self {
        Self {
            next,
            children: PyList::empty(py).unbind(),
            _counted: Counted::new("Node"),
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.next)?;
        visit.call(&self.children)
    }

    fn __clear__(&mut self) {
        self.next = None;
    }
}

/// Refers to another object and does not say so.
#[pyclass(module = "pyo3_classes", weakref)]
pub(crate) struct Opaque {
    #[pyo3(get, set)]
    next: Option<Py<PyAny>>,
    _counted: Counted,
}

#[pymethods]
impl Opaque {
    #[new]
    fn new() -> Self {
        let _counted = Counted::new("Opaque");
        Self {
            next: None,
            _counted,
        }
    }
}

/// Extends a class with references, and has one more.
#[pyclass(extends = Node, subclass, module = "pyo3_classes")]
pub(crate) struct Branch {
    #[pyo3(get, set)]
    other: Option<Py<Branch>>,
    _counted: Counted,
}

#[pymethods]
impl Branch {
    #[new]
    fn new(py: Python<'_>) -> PyClassInitializer<Self> {
        let _counted = Counted::new("Branch");
        PyClassInitializer::from(Node::new(None, py)).add_subclass(Self {
            other: None,
            _counted,
        })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.other)
    }

    fn __clear__(&mut self) {
        self.other = None;
    }
}

/// Memory of dropped instances is used again.
#[pyclass(freelist = 4, module = "pyo3_classes")]
pub(crate) struct Recycled {
    #[pyo3(get, set)]
    number: u64,
    next: Option<Py<PyAny>>,
    _counted: Counted,
}

#[pymethods]
impl Recycled {
    #[new]
    #[pyo3(signature = (number, next = None))]
    fn new(number: u64, next: Option<Py<PyAny>>) -> Self {
        let _counted = Counted::new("Recycled");
        Self {
            number,
            next,
            _counted,
        }
    }

    fn set_next(&mut self, next: Py<PyAny>) {
        self.next = Some(next);
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.next)
    }

    fn __clear__(&mut self) {
        self.next = None;
    }
}

/// Belongs to the thread that made it.
#[pyclass(unsendable, module = "pyo3_classes", weakref)]
pub(crate) struct OneThread {
    number: Rc<u64>,
    _counted: Counted,
}

#[pymethods]
impl OneThread {
    #[new]
    fn new(number: u64) -> Self {
        let _counted = Counted::new("OneThread");
        Self {
            number: Rc::new(number),
            _counted,
        }
    }

    fn number(&self) -> u64 {
        *self.number
    }
}

/// Calls a function when it is dropped, with a text if it has one, and whether an exception is
/// pending.
#[pyclass(module = "pyo3_classes", subclass, weakref)]
pub(crate) struct LastWords {
    function: Option<Py<PyAny>>,
    text: Option<String>,
    _counted: Counted,
}

#[pymethods]
impl LastWords {
    #[new]
    #[pyo3(signature = (function, text = None))]
    fn new(function: Py<PyAny>, text: Option<String>) -> Self {
        Self {
            function: Some(function),
            text,
            _counted: Counted::new("LastWords"),
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.function)
    }
}

impl Drop for LastWords {
    fn drop(&mut self) {
        let Some(function) = self.function.take() else {
            return;
        };
        Python::attach(|py| {
            let pending = PyErr::occurred(py);
            let called = match &self.text {
                Some(text) => function.call1(py, (text, pending)),
                None => function.call1(py, (pending,)),
            };
            if let Err(error) = called {
                error.write_unraisable(py, None);
            }
        });
    }
}
