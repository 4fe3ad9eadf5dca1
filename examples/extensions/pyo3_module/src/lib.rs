use pyo3::prelude::*;
#[pymodule]
mod wordindex { use pyo3::prelude::*; #[pyfunction] fn two() -> i32 {2} }
