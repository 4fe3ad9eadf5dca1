//! The C headers: that they compile wherever they say they do, that what they declare is there and
//! is ours, and that C and Rust lay out memory alike. What C code does with it is tested elsewhere.

mod compilers;
mod compiling;
mod declarations;
mod exports;
mod languages;
mod layout;
mod modules;
mod tables;

use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    [
        compiling::trials(),
        exports::trials(),
        layout::trials(),
        modules::trials(),
        tables::trials(),
        languages::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
