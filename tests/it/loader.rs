//! The loader of extension modules, with real ones: C files of `tests/c/loader`, compiled here and
//! imported in interpreters of their own. A topic a file; `stage` runs them.

mod calling;
mod describing;
mod ending;
mod finding;
mod misbehaving;
mod refusing;
mod stage;
mod state;

use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    [
        finding::trials(),
        describing::trials(),
        calling::trials(),
        state::trials(),
        refusing::trials(),
        misbehaving::trials(),
        ending::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
