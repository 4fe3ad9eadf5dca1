//! A list of the destructions so far, and capsules that are made and dropped on other threads.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::constructors::with_value;

static LEDGER: Mutex<Vec<String>> = Mutex::new(Vec::new());

pub(crate) fn enter(line: String) {
    let mut ledger = LEDGER.lock().unwrap_or_else(PoisonError::into_inner);
    ledger.push(line);
}

/// A value that adds a line to the ledger when it is dropped.
#[repr(C)]
pub(crate) struct Counted {
    pub(crate) number: u64,
}

impl Drop for Counted {
    fn drop(&mut self) {
        enter(format!("dropped {}", self.number));
    }
}

/// Returns the lines that were added since the last call.
#[pyfunction]
pub(crate) fn take_ledger() -> Vec<String> {
    let mut ledger = LEDGER.lock().unwrap_or_else(PoisonError::into_inner);
    std::mem::take(&mut ledger)
}

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
