//! Values that cross between Python and Rust: derived conversions, collections, classes as
//! parameters and results.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

/// Read from attributes.
#[derive(FromPyObject)]
pub(crate) struct Person {
    name: String,
    #[pyo3(attribute("years"), default)]
    age: Option<u8>,
}

#[derive(FromPyObject, IntoPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Config {
    host: String,
    #[pyo3(default = 80)]
    port: u16,
}

#[derive(FromPyObject, IntoPyObject)]
pub(crate) struct Pair(i32, String);

#[derive(FromPyObject, IntoPyObject)]
pub(crate) enum Any {
    Number(i64),
    #[pyo3(transparent)]
    Text(String),
    Point {
        x: f64,
        y: f64,
    },
    Items(Vec<u8>),
}

#[pyfunction]
pub(crate) fn config(config: Config) -> Config {
    Config {
        port: config.port + 1,
        ..config
    }
}

#[pyfunction]
pub(crate) fn person(person: Person) -> (String, Option<u8>) {
    (person.name, person.age)
}

#[pyfunction]
pub(crate) fn pair(pair: Pair) -> Pair {
    Pair(pair.0 + 1, pair.1 + "!")
}

#[pyfunction]
pub(crate) fn any(value: Any) -> (&'static str, Any) {
    let kind = match &value {
        Any::Number(_) => "number",
        Any::Text(_) => "text",
        Any::Point { .. } => "point",
        Any::Items(_) => "items",
    };
    (kind, value)
}

/// Passes each argument through a Rust type.
#[pyfunction]
#[pyo3(signature = (integers, floats, texts, map, set, ordered, option, path, duration, wide))]
#[expect(
    clippy::too_many_arguments,
    reason = "one parameter for each kind of value"
)]
pub(crate) fn through<'py>(
    integers: (i8, u8, i16, u16, i32, u32, i64, u64),
    floats: [f64; 2],
    texts: Vec<String>,
    map: HashMap<String, i32>,
    set: HashSet<i32>,
    ordered: (BTreeMap<i32, bool>, BTreeSet<char>),
    option: Option<Option<bool>>,
    path: PathBuf,
    duration: Duration,
    wide: (i128, u128),
    py: Python<'py>,
) -> PyResult<Bound<'py, PyTuple>> {
    let first = (integers, floats, texts, map, set).into_pyobject(py)?;
    let second = (ordered, option.flatten(), path, duration, wide).into_pyobject(py)?;
    first
        .add(second)?
        .cast_into::<PyTuple>()
        .map_err(PyErr::from)
}

/// Returns the only byte that fits, or the error of the conversion.
#[pyfunction]
pub(crate) fn byte(value: u8) -> u8 {
    value
}

#[pyfunction]
pub(crate) fn text<'py>(value: &Bound<'py, PyString>) -> PyResult<(usize, Bound<'py, PyString>)> {
    let text = value.to_str()?;
    let reversed: String = text.chars().rev().collect();
    Ok((text.len(), PyString::new(value.py(), &reversed)))
}

/// Sorts the attributes of an object by their values.
#[pyfunction]
pub(crate) fn sorted_attributes(object: &Bound<'_, PyAny>) -> PyResult<Vec<(String, i64)>> {
    let attributes = object.getattr("__dict__")?;
    let attributes = attributes.cast::<PyDict>()?;
    let mut pairs: Vec<(String, i64)> = attributes
        .iter()
        .map(|(name, value)| Ok((name.extract()?, value.extract()?)))
        .collect::<PyResult<_>>()?;
    pairs.sort_by_key(|(_, value)| *value);
    Ok(pairs)
}
