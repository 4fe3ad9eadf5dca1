//! Extension modules in C and with PyO3, in child processes: the examples, the steps in the docs,
//! PyO3's functions for capsules, and classes that are made with PyO3.

pub(crate) mod building;
mod documented;
mod errors;
mod examples;
mod missing;
mod pyo3;
mod pyo3_builds;
mod pyo3_classes;
mod pyo3_differences;

use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    [
        examples::trials(),
        documented::trials(),
        errors::trials(),
        missing::trials(),
        pyo3::trials(),
        pyo3_classes::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
