//! A class: the words of a text and how often each occurs, as a mapping.

use std::collections::BTreeMap;

use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::PyIterator;

/// The words of a text. It is never changed, so all threads may use it at once.
#[pyclass(frozen, mapping, subclass, module = "wordindex")]
pub(crate) struct Vocabulary {
    counts: BTreeMap<String, usize>,
}

#[pymethods]
impl Vocabulary {
    /// Words are separated by whatever is no letter.
    #[new]
    fn new(text: &str) -> Self {
        let mut counts = BTreeMap::new();
        let words = text.split(|letter: char| !letter.is_alphabetic());
        for word in words.filter(|word| !word.is_empty()) {
            *counts.entry(word.to_lowercase()).or_default() += 1;
        }
        Self { counts }
    }

    /// The words, in alphabetical order.
    #[getter]
    fn words(&self) -> Vec<&str> {
        self.counts.keys().map(String::as_str).collect()
    }

    fn __len__(&self) -> usize {
        self.counts.len()
    }

    fn __contains__(&self, word: &str) -> bool {
        self.counts.contains_key(word)
    }

    fn __getitem__(&self, word: &str) -> PyResult<usize> {
        let count = self.counts.get(word).copied();
        count.ok_or_else(|| PyKeyError::new_err(word.to_owned()))
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        self.words().into_pyobject(py)?.try_iter()
    }

    fn __or__(&self, other: &Self) -> Self {
        let mut counts = self.counts.clone();
        for (word, count) in &other.counts {
            *counts.entry(word.clone()).or_default() += count;
        }
        Self { counts }
    }

    fn __repr__(&self) -> String {
        format!("Vocabulary of {} words", self.counts.len())
    }
}
