//! Six classes, each of which extends the one before it and overrides the same operations.

use pyo3::prelude::*;

#[pyclass(subclass, module = "pyo3_classes")]
pub(crate) struct Level1 {
    #[pyo3(get)]
    number: i64,
}

#[pymethods]
impl Level1 {
    #[new]
    fn new() -> Self {
        Self { number: 1 }
    }
    fn __len__(&self) -> usize {
        1
    }
    fn __repr__(&self) -> &'static str {
        "level 1"
    }
    fn __add__(&self, other: i64) -> (i64, i64) {
        (1, other)
    }
    fn __call__(&self) -> i64 {
        1
    }
    fn __getitem__(&self, key: i64) -> (i64, i64) {
        (1, key)
    }
    fn __hash__(&self) -> i64 {
        1
    }
}

macro_rules! level {
    ($name:ident over $base:ident, $initial:expr, $level:literal, $text:literal) => {
        #[pyclass(extends = $base, subclass, module = "pyo3_classes")]
        pub(crate) struct $name;

        #[pymethods]
        impl $name {
            #[new]
            fn new() -> PyClassInitializer<Self> {
                $initial.add_subclass(Self)
            }
            fn __len__(&self) -> usize {
                $level
            }
            fn __repr__(&self) -> &'static str {
                $text
            }
            fn __add__(&self, other: i64) -> (i64, i64) {
                ($level, other)
            }
            fn __call__(&self) -> i64 {
                $level
            }
            fn __getitem__(&self, key: i64) -> (i64, i64) {
                ($level, key)
            }
            fn __hash__(&self) -> i64 {
                $level
            }
        }
    };
}

level!(Level2 over Level1, PyClassInitializer::from(Level1::new()), 2, "level 2");
level!(Level3 over Level2, Level2::new(), 3, "level 3");
level!(Level4 over Level3, Level3::new(), 4, "level 4");
level!(Level5 over Level4, Level4::new(), 5, "level 5");
level!(Level6 over Level5, Level5::new(), 6, "level 6");
