//! Dates and times through PyO3's types, which use the capsule of `datetime`.

use pyo3::prelude::*;
use pyo3::types::{
    PyDate, PyDateAccess, PyDateTime, PyDelta, PyTimeAccess, PyTzInfo, PyTzInfoAccess,
};

/// Returns the time since midnight.
#[pyfunction]
pub(crate) fn since_midnight<'py>(
    moment: &Bound<'py, PyDateTime>,
) -> PyResult<Bound<'py, PyDelta>> {
    let minutes = i32::from(moment.get_hour()) * 60 + i32::from(moment.get_minute());
    let seconds = minutes * 60 + i32::from(moment.get_second());
    let microseconds = i32::try_from(moment.get_microsecond())?;
    PyDelta::new(moment.py(), 0, seconds, microseconds, true)
}

/// Returns midnight of a date: in the time zone of a `datetime`, in UTC for a `date`.
#[pyfunction]
pub(crate) fn midnight<'py>(date: &Bound<'py, PyDate>) -> PyResult<Bound<'py, PyDateTime>> {
    let py = date.py();
    let zone = match date.cast::<PyDateTime>() {
        Ok(moment) => moment.get_tzinfo(),
        Err(_) => Some(PyTzInfo::utc(py)?.to_owned()),
    };
    let (year, month, day) = (date.get_year(), date.get_month(), date.get_day());
    PyDateTime::new(py, year, month, day, 0, 0, 0, 0, zone.as_ref())
}
