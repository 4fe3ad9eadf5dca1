//! The C headers: they compile with every supported compiler, everything that they declare is
//! exported by this project, and structs have the same layout in C and Rust. Behaviour is tested
//! elsewhere.

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
