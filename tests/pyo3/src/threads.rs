//! Capsules that are made and dropped on other threads.

use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::constructors::with_value;

/// Makes a capsule on a new Rust thread, which attaches to the interpreter.
#[pyfunction]
pub(crate) fn made_on_a_thread(py: Python<'_>, number: u64) -> PyResult<Py<PyCapsule>> {
    py.detach(|| {
        let thread = std::thread::spawn(move || {
            Python::attach(|py| with_value(py, number).map(Bound::unbind))
        });
        thread.join().expect("the thread does not panic")
    })
}

/// Drops a reference on a new Rust thread, which attaches to the interpreter.
#[pyfunction]
pub(crate) fn drop_on_a_thread(py: Python<'_>, capsule: Py<PyCapsule>) {
    py.detach(|| {
        let thread = std::thread::spawn(move || Python::attach(|_| drop(capsule)));
        thread.join().expect("the thread does not panic");
    });
}

/// Drops a reference on a thread that is not attached. PyO3 keeps it until a thread attaches.
#[pyfunction]
pub(crate) fn drop_detached(py: Python<'_>, capsule: Py<PyCapsule>) {
    py.detach(|| {
        let thread = std::thread::spawn(move || drop(capsule));
        thread.join().expect("the thread does not panic");
    });
}
