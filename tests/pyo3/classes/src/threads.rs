//! Objects that several threads use.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyList;

use crate::ledger::Counted;

/// Counts with an atomic, so that no borrow is refused.
#[pyclass(frozen, module = "pyo3_classes", weakref, subclass)]
pub(crate) struct Counter {
    count: AtomicUsize,
    _counted: Counted,
}

#[pymethods]
impl Counter {
    #[new]
    fn new() -> Self {
        let _counted = Counted::new("Counter");
        Self {
            count: AtomicUsize::new(0),
            _counted,
        }
    }

    fn add(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    #[getter]
    fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }
}

/// Threads of Rust add to a counter, each through a reference of its own. Half of them use the value
/// without being attached.
#[pyfunction]
pub(crate) fn add_on_threads(counter: Py<Counter>, threads: usize, times: usize, py: Python<'_>) {
    let add = |counter: Py<Counter>, attach: bool| {
        for _ in 0..times {
            if attach {
                Python::attach(|py| counter.bind(py).get().add());
            } else {
                counter.get().add();
            }
        }
        Python::attach(|_| drop(counter));
    };
    let counters: Vec<_> = (0..threads).map(|_| counter.clone_ref(py)).collect();
    py.detach(|| {
        std::thread::scope(|scope| {
            for (number, counter) in counters.into_iter().enumerate() {
                scope.spawn(move || add(counter, number % 2 == 0));
            }
        });
    });
}

/// Threads of Rust make instances and drop half of them. Returns the rest.
#[pyfunction]
pub(crate) fn make_on_threads(threads: usize, times: usize, py: Python<'_>) -> Vec<Py<Counter>> {
    let make = || {
        let mut made = Vec::new();
        for number in 0..times {
            let counter = Python::attach(|py| Py::new(py, Counter::new()));
            let counter = counter.expect("an instance can be made");
            if number % 2 == 0 {
                made.push(counter);
            } else {
                Python::attach(|_| drop(counter));
            }
        }
        made
    };
    py.detach(|| {
        std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(make)).collect();
            let ended = running.into_iter().map(|thread| thread.join());
            ended.flat_map(|made| made.expect("no panic")).collect()
        })
    })
}

/// Drops the objects on a thread that is not attached. PyO3 keeps them until a thread attaches.
#[pyfunction]
pub(crate) fn drop_detached(objects: Vec<Py<PyAny>>, py: Python<'_>) {
    py.detach(|| {
        let thread = std::thread::spawn(move || drop(objects));
        thread.join().expect("no panic");
    });
}

/// Calls a function on a thread of Rust. Returns its result, or raises its exception.
#[pyfunction]
pub(crate) fn call_on_a_thread(function: Py<PyAny>, py: Python<'_>) -> PyResult<Py<PyAny>> {
    py.detach(|| {
        let thread = std::thread::spawn(move || Python::attach(|py| function.call0(py)));
        thread.join().expect("no panic")
    })
}

/// Returns the list that is made by the first call.
#[pyfunction]
pub(crate) fn only_list(py: Python<'_>) -> &Bound<'_, PyList> {
    static LIST: PyOnceLock<Py<PyList>> = PyOnceLock::new();
    LIST.get_or_init(py, || PyList::empty(py).unbind()).bind(py)
}
