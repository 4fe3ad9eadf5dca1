//! Operators of numbers: normal, reflected and in place, unary ones, and conversions.

use pyo3::prelude::*;

/// Answers each operator with a text that names it.
#[pyclass(subclass, module = "pyo3_classes")]
pub(crate) struct Left;

macro_rules! text {
    ($left:expr, $operator:literal, $right:expr) => {
        format!(concat!("{} ", $operator, " {}"), $left, $right)
    };
}

#[pymethods]
impl Left {
    #[new]
    fn new() -> Self {
        Self
    }

    fn __add__(&self, other: &Bound<'_, PyAny>) -> String {
        text!("L", "+", other)
    }
    fn __sub__(&self, other: &Bound<'_, PyAny>) -> String {
        text!("L", "-", other)
    }
    fn __mul__(&self, other: &Bound<'_, PyAny>) -> String {
        text!("L", "*", other)
    }
    fn __matmul__(&self, other: &Bound<'_, PyAny>) -> String {
        text!("L", "@", other)
    }
    fn __truediv__(&self, other: &Bound<'_, PyAny>) -> String {
        text!("L", "/", other)
    }
    fn __floordiv__(&self, other: &Bound<'_, PyAny>) -> String {
        text!("L", "//", other)
    }
    fn __mod__(&self, other: &Bound<'_, PyAny>) -> String {
        text!("L", "%", other)
    }
    fn __divmod__(&self, other: &Bound<'_, PyAny>) -> String {
        text!("L", "divmod", other)
    }
    fn __pow__(&self, other: &Bound<'_, PyAny>, modulo: Option<&Bound<'_, PyAny>>) -> String {
        text!("L", "**", other) + &modulo.map_or_else(String::new, |m| format!(" mod {m}"))
    }
    fn __lshift__(&self, other: &Bound<'_, PyAny>) -> String {
        text!("L", "<<", other)
    }
    fn __rshift__(&self, other: &Bound<'_, PyAny>) -> String {
        text!("L", ">>", other)
    }
    fn __and__(&self, other: &Bound<'_, PyAny>) -> String {
        text!("L", "&", other)
    }
    fn __or__(&self, other: &Bound<'_, PyAny>) -> String {
        text!("L", "|", other)
    }
    fn __xor__(&self, other: &Bound<'_, PyAny>) -> String {
        text!("L", "^", other)
    }
    fn __neg__(&self) -> &'static str {
        "-L"
    }
    fn __pos__(&self) -> &'static str {
        "+L"
    }
    fn __invert__(&self) -> &'static str {
        "~L"
    }
    fn __abs__(&self) -> &'static str {
        "|L|"
    }
    fn __str__(&self) -> &'static str {
        "L"
    }
}

/// Answers each reflected operator with a text that names it.
#[pyclass(subclass, module = "pyo3_classes")]
pub(crate) struct Right;

#[pymethods]
impl Right {
    #[new]
    fn new() -> Self {
        Self
    }

    fn __radd__(&self, other: &Bound<'_, PyAny>) -> String {
        text!(other, "+", "R")
    }
    fn __rsub__(&self, other: &Bound<'_, PyAny>) -> String {
        text!(other, "-", "R")
    }
    fn __rmul__(&self, other: &Bound<'_, PyAny>) -> String {
        text!(other, "*", "R")
    }
    fn __rmatmul__(&self, other: &Bound<'_, PyAny>) -> String {
        text!(other, "@", "R")
    }
    fn __rtruediv__(&self, other: &Bound<'_, PyAny>) -> String {
        text!(other, "/", "R")
    }
    fn __rfloordiv__(&self, other: &Bound<'_, PyAny>) -> String {
        text!(other, "//", "R")
    }
    fn __rmod__(&self, other: &Bound<'_, PyAny>) -> String {
        text!(other, "%", "R")
    }
    fn __rdivmod__(&self, other: &Bound<'_, PyAny>) -> String {
        text!(other, "divmod", "R")
    }
    fn __rpow__(&self, other: &Bound<'_, PyAny>, _modulo: Option<&Bound<'_, PyAny>>) -> String {
        text!(other, "**", "R")
    }
    fn __rlshift__(&self, other: &Bound<'_, PyAny>) -> String {
        text!(other, "<<", "R")
    }
    fn __rrshift__(&self, other: &Bound<'_, PyAny>) -> String {
        text!(other, ">>", "R")
    }
    fn __rand__(&self, other: &Bound<'_, PyAny>) -> String {
        text!(other, "&", "R")
    }
    fn __ror__(&self, other: &Bound<'_, PyAny>) -> String {
        text!(other, "|", "R")
    }
    fn __rxor__(&self, other: &Bound<'_, PyAny>) -> String {
        text!(other, "^", "R")
    }
    fn __str__(&self) -> &'static str {
        "R"
    }
}

/// Changes itself, and takes only integers.
#[pyclass(module = "pyo3_classes")]
pub(crate) struct InPlace {
    #[pyo3(get)]
    value: i64,
}

#[pymethods]
impl InPlace {
    #[new]
    fn new(value: i64) -> Self {
        Self { value }
    }

    fn __iadd__(&mut self, other: i64) {
        self.value += other;
    }
    fn __isub__(&mut self, other: i64) {
        self.value -= other;
    }
    fn __imul__(&mut self, other: i64) {
        self.value *= other;
    }
    fn __imatmul__(&mut self, other: i64) {
        self.value = self.value * 1000 + other;
    }
    fn __itruediv__(&mut self, other: i64) -> PyResult<()> {
        self.value = self
            .value
            .checked_div(other)
            .ok_or_else(|| pyo3::exceptions::PyZeroDivisionError::new_err("in place"))?;
        Ok(())
    }
    fn __ifloordiv__(&mut self, other: i64) {
        self.value = self.value.div_euclid(other);
    }
    fn __imod__(&mut self, other: i64) {
        self.value %= other;
    }
    fn __ipow__(&mut self, other: u32, _modulo: Option<u32>) {
        self.value = self.value.pow(other);
    }
    fn __ilshift__(&mut self, other: u32) {
        self.value <<= other;
    }
    fn __irshift__(&mut self, other: u32) {
        self.value >>= other;
    }
    fn __iand__(&mut self, other: i64) {
        self.value &= other;
    }
    fn __ior__(&mut self, other: i64) {
        self.value |= other;
    }
    fn __ixor__(&mut self, other: i64) {
        self.value ^= other;
    }
}

/// An integer that converts, and adds only to its own class.
#[pyclass(frozen, module = "pyo3_classes")]
pub(crate) struct Number {
    value: i64,
}

#[pymethods]
impl Number {
    #[new]
    fn new(value: i64) -> Self {
        Self { value }
    }

    fn __add__(&self, other: &Self) -> Self {
        Self::new(self.value + other.value)
    }
    fn __radd__(&self, other: i64) -> Self {
        Self::new(self.value + other)
    }
    fn __int__(&self) -> i64 {
        self.value
    }
    fn __index__(&self) -> i64 {
        self.value
    }
    fn __float__(&self) -> f64 {
        self.value as f64 + 0.5
    }
    fn __complex__<'py>(&self, py: Python<'py>) -> Bound<'py, pyo3::types::PyComplex> {
        pyo3::types::PyComplex::from_doubles(py, self.value as f64, 1.0)
    }
    #[pyo3(signature = (digits = None))]
    fn __round__(&self, digits: Option<i64>) -> (i64, Option<i64>) {
        (self.value, digits)
    }
    fn __bool__(&self) -> PyResult<bool> {
        if self.value == 13 {
            return Err(pyo3::exceptions::PyValueError::new_err("13 is neither"));
        }
        Ok(self.value != 0)
    }
    fn __repr__(&self) -> String {
        format!("Number({})", self.value)
    }
}
