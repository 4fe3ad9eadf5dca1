//! A list of the destructions so far.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;

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
