//! How many values of each kind were made and dropped.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;

/// How many values of a kind were made, and how many of them were dropped.
type Counts = BTreeMap<&'static str, (usize, usize)>;

static COUNTS: Mutex<Counts> = Mutex::new(BTreeMap::new());

fn change(kind: &'static str, change: impl FnOnce(&mut (usize, usize))) {
    let mut counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    change(counts.entry(kind).or_default());
}

/// A field of classes whose values are counted.
pub(crate) struct Counted(&'static str);

impl Counted {
    pub(crate) fn new(kind: &'static str) -> Self {
        change(kind, |(made, _)| *made += 1);
        Self(kind)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        change(self.0, |(_, dropped)| *dropped += 1);
    }
}

/// Returns how many values of a kind were made, and how many of them were dropped.
#[pyfunction]
pub(crate) fn counts(kind: &str) -> (usize, usize) {
    let counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    counts.get(kind).copied().unwrap_or_default()
}
