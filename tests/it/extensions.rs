//! Extension modules in C and with PyO3, in child processes: the examples, the steps in the docs,
//! and PyO3's functions for capsules.

pub(crate) mod building;
mod documented;
mod errors;
mod examples;
mod missing;
mod pyo3;

use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    [
        examples::trials(),
        documented::trials(),
        errors::trials(),
        missing::trials(),
        pyo3::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
