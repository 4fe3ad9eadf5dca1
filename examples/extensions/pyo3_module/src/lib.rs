//! `wordindex`: an index of the words of a text, for C code of other modules through the table in
//! `wordindex._C_API`, and for Python. It calls functions of statlib, which is written in C. Its class
//! `Vocabulary` can be extended in Python.

mod index;
mod tables;
mod vocabulary;

use pyo3::prelude::*;

/// An index of the words of a text.
#[pymodule]
mod wordindex {
    use core::ffi::CStr;
    use core::ptr::NonNull;

    use pyo3::exceptions::PyValueError;
    use pyo3::prelude::*;
    use pyo3::types::PyCapsule;

    #[pymodule_export]
    use crate::vocabulary::Vocabulary;

    use crate::index::Index;
    use crate::tables::{Statlib, StatlibSample, WORDINDEX_TABLE};

    /// The name of capsules with an index.
    const INDEX: &CStr = c"wordindex.Index";

    #[pymodule_init]
    fn publish(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let table = NonNull::from(&WORDINDEX_TABLE).cast();
        // SAFETY: the name promises a `WordindexTable`, and this one is a `static`.
        let capsule =
            unsafe { PyCapsule::new_with_pointer(module.py(), table, c"wordindex._C_API") };
        module.add("_C_API", capsule?)
    }

    /// Return an index of the words of a text.
    #[pyfunction]
    fn build<'py>(text: &[u8], py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        PyCapsule::new_with_value(py, Index::new(text), INDEX)
    }

    /// Return how many different words there are, and the mean and the standard deviation of their
    /// lengths.
    #[pyfunction]
    fn lengths(index: &Bound<'_, PyCapsule>) -> PyResult<(usize, f64, f64)> {
        let statlib = Statlib::import(index.py())?;
        let pointer = index.pointer_checked(Some(INDEX))?.cast::<Index>();
        // SAFETY: capsules of this name are made by `build`, and the caller holds this one.
        let lengths = unsafe { pointer.as_ref() }.lengths();
        let summary = statlib.summarize(&StatlibSample::of(&lengths));
        let summary = summary.ok_or_else(|| PyValueError::new_err("the text has no words"))?;
        Ok((lengths.len(), summary.mean, summary.deviation))
    }
}
