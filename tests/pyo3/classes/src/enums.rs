//! Enums without fields and with fields.

use pyo3::prelude::*;

#[pyclass(eq, eq_int, ord, hash, frozen, module = "pyo3_classes", from_py_object)]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Colour {
    Red = 1,
    Green,
    #[pyo3(name = "DARK_BLUE")]
    Blue = 40,
}

#[pymethods]
impl Colour {
    #[getter]
    fn letter(&self) -> char {
        match self {
            Self::Red => 'r',
            Self::Green => 'g',
            Self::Blue => 'b',
        }
    }

    #[staticmethod]
    fn all() -> [Self; 3] {
        [Self::Red, Self::Green, Self::Blue]
    }

    #[classattr]
    const DEFAULT: Self = Self::Green;
}

#[pyfunction]
pub(crate) fn next_colour(colour: Colour) -> Colour {
    match colour {
        Colour::Red => Colour::Green,
        Colour::Green => Colour::Blue,
        Colour::Blue => Colour::Red,
    }
}

/// No comparison with integers, names in capitals.
#[pyclass(eq, rename_all = "SCREAMING_SNAKE_CASE", module = "pyo3_classes")]
#[derive(PartialEq)]
pub(crate) enum Direction {
    UpWards,
    DownWards,
}

#[pymethods]
impl Direction {
    fn __repr__(&self) -> &'static str {
        match self {
            Self::UpWards => "up",
            Self::DownWards => "down",
        }
    }
}

/// Each variant is a class, which extends that of the enum.
#[pyclass(module = "pyo3_classes", eq, from_py_object)]
#[derive(Clone, PartialEq)]
pub(crate) enum Shape {
    Circle {
        radius: f64,
    },
    #[pyo3(constructor = (width, height = 1.0))]
    Rectangle {
        width: f64,
        height: f64,
    },
    Polygon(u32, String),
    Nothing(),
}

#[pymethods]
impl Shape {
    fn area(&self) -> f64 {
        match self {
            Self::Circle { radius } => radius * radius * 3.0,
            Self::Rectangle { width, height } => width * height,
            Self::Polygon(sides, _) => f64::from(*sides),
            Self::Nothing() => 0.0,
        }
    }
}

#[pyfunction]
pub(crate) fn largest(shapes: Vec<Shape>) -> Option<Shape> {
    shapes
        .into_iter()
        .max_by(|left, right| left.area().total_cmp(&right.area()))
}
