//! Sequences, mappings, iterators, calls and generic classes.

use std::collections::BTreeMap;

use pyo3::exceptions::{PyIndexError, PyKeyError, PyStopIteration};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PySlice, PyTuple};

/// Fills the slots of sequences and of mappings, as a class in Python does.
#[pyclass(module = "pyo3_classes", subclass)]
pub(crate) struct Row {
    items: Vec<i64>,
}

#[derive(FromPyObject)]
pub(crate) enum Index<'py> {
    Number(isize),
    Slice(Bound<'py, PySlice>),
}

impl Row {
    fn place(&self, index: isize) -> PyResult<usize> {
        let length = self.items.len();
        let place = if index < 0 {
            length.checked_add_signed(index)
        } else {
            usize::try_from(index).ok()
        };
        place
            .filter(|place| *place < length)
            .ok_or_else(|| PyIndexError::new_err(format!("no item {index}")))
    }
}

#[pymethods]
impl Row {
    #[new]
    #[pyo3(signature = (*items))]
    fn new(items: Vec<i64>) -> Self {
        Self { items }
    }

    fn __len__(&self) -> usize {
        self.items.len()
    }

    fn __getitem__<'py>(&self, index: Index<'py>, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match index {
            Index::Number(index) => {
                let item = self.items[self.place(index)?];
                Ok(item.into_pyobject(py)?.into_any())
            }
            Index::Slice(slice) => {
                let found = slice.indices(self.items.len() as isize)?;
                let items = (0..found.slicelength)
                    .map(|n| self.items[(found.start + n as isize * found.step) as usize])
                    .collect();
                Ok(Bound::new(py, Self { items })?.into_any())
            }
        }
    }

    fn __setitem__(&mut self, index: isize, item: i64) -> PyResult<()> {
        let place = self.place(index)?;
        self.items[place] = item;
        Ok(())
    }

    fn __delitem__(&mut self, index: isize) -> PyResult<()> {
        let place = self.place(index)?;
        self.items.remove(place);
        Ok(())
    }

    fn __contains__(&self, item: i64) -> bool {
        self.items.contains(&item)
    }

    fn __concat__(&self, other: &Self) -> Self {
        let items = [&self.items[..], &other.items[..]].concat();
        Self { items }
    }

    fn __repeat__(&self, count: isize) -> Self {
        let items = self
            .items
            .repeat(usize::try_from(count).unwrap_or_default());
        Self { items }
    }

    fn __inplace_concat__(mut slf: PyRefMut<'_, Self>, other: Vec<i64>) -> PyRefMut<'_, Self> {
        slf.items.extend(other);
        slf
    }

    fn __inplace_repeat__(mut slf: PyRefMut<'_, Self>, count: isize) -> PyRefMut<'_, Self> {
        slf.items = slf.items.repeat(usize::try_from(count).unwrap_or_default());
        slf
    }

    fn __reversed__(&self) -> Numbers {
        Numbers {
            items: self
                .items
                .iter()
                .rev()
                .copied()
                .collect::<Vec<_>>()
                .into_iter(),
        }
    }

    fn __repr__(&self) -> String {
        format!("Row{:?}", self.items)
    }
}

/// An iterator over numbers.
#[pyclass(module = "pyo3_classes")]
pub(crate) struct Numbers {
    items: std::vec::IntoIter<i64>,
}

#[pymethods]
impl Numbers {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }
    fn __next__(&mut self) -> Option<i64> {
        self.items.next()
    }
    fn __length_hint__(&self) -> usize {
        self.items.len()
    }
}

/// Only a sequence: `len` gives the number that is added to negative indices.
#[pyclass(sequence, generic, module = "pyo3_classes")]
pub(crate) struct Strict {
    items: Vec<String>,
}

#[pymethods]
impl Strict {
    #[new]
    fn new(items: Vec<String>) -> Self {
        Self { items }
    }
    fn __len__(&self) -> usize {
        self.items.len()
    }
    fn __getitem__(&self, index: isize) -> PyResult<&str> {
        let item = usize::try_from(index)
            .ok()
            .and_then(|at| self.items.get(at));
        item.map(String::as_str)
            .ok_or_else(|| PyIndexError::new_err(format!("no item {index}")))
    }
    fn __setitem__(&mut self, index: isize, item: String) -> PyResult<()> {
        let place = usize::try_from(index).ok();
        let found = place.and_then(|at| self.items.get_mut(at));
        *found.ok_or_else(|| PyIndexError::new_err(format!("no item {index}")))? = item;
        Ok(())
    }
}

/// Only a mapping: it is not iterated by index.
#[pyclass(mapping, module = "pyo3_classes")]
pub(crate) struct Table {
    items: BTreeMap<String, Py<PyAny>>,
}

#[pymethods]
impl Table {
    #[new]
    #[pyo3(signature = (**items))]
    fn new(items: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let items = items.map_or_else(|| Ok(BTreeMap::new()), |items| items.extract())?;
        Ok(Self { items })
    }
    fn __len__(&self) -> usize {
        self.items.len()
    }
    fn __getitem__(&self, key: &str, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let item = self.items.get(key).map(|item| item.clone_ref(py));
        item.ok_or_else(|| PyKeyError::new_err(key.to_owned()))
    }
    fn __setitem__(&mut self, key: String, item: Py<PyAny>) {
        self.items.insert(key, item);
    }
    fn __delitem__(&mut self, key: &str) -> PyResult<()> {
        let item = self.items.remove(key);
        item.map(drop)
            .ok_or_else(|| PyKeyError::new_err(key.to_owned()))
    }
    fn keys(&self) -> Vec<&str> {
        self.items.keys().map(String::as_str).collect()
    }
    fn __traverse__(&self, visit: pyo3::PyVisit<'_>) -> Result<(), pyo3::PyTraverseError> {
        self.items.values().try_for_each(|item| visit.call(item))
    }
    fn __clear__(&mut self) {
        self.items.clear();
    }
}

/// Counts down, then stops with a value.
#[pyclass(module = "pyo3_classes")]
pub(crate) struct Countdown {
    from: u32,
}

#[pymethods]
impl Countdown {
    #[new]
    fn new(from: u32) -> Self {
        Self { from }
    }
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }
    fn __next__(&mut self) -> PyResult<u32> {
        let next = self.from.checked_sub(1);
        self.from = next.ok_or_else(|| PyStopIteration::new_err("lift off"))?;
        Ok(self.from)
    }
}

/// Neither iteration nor membership.
#[pyclass(module = "pyo3_classes")]
pub(crate) struct Closed;

#[pymethods]
impl Closed {
    #[new]
    fn new() -> Self {
        Self
    }
    fn __iter__(&self) -> PyResult<i32> {
        Ok(5)
    }
    #[classattr]
    const __contains__: Option<Py<PyAny>> = None;
}

/// Calls a function with arguments that were kept, and those of the call.
#[pyclass(module = "pyo3_classes")]
pub(crate) struct Partial {
    function: Py<PyAny>,
    first: Py<PyTuple>,
}

#[pymethods]
impl Partial {
    #[new]
    #[pyo3(signature = (function, *first))]
    fn new(function: Py<PyAny>, first: Py<PyTuple>) -> Self {
        Self { function, first }
    }

    #[pyo3(signature = (*args, **kwargs))]
    fn __call__<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
        py: Python<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let all = self.first.bind(py).add(args)?.cast_into::<PyTuple>()?;
        self.function.bind(py).call(all, kwargs)
    }

    fn __traverse__(&self, visit: pyo3::PyVisit<'_>) -> Result<(), pyo3::PyTraverseError> {
        visit.call(&self.function)?;
        visit.call(&self.first)
    }
}
