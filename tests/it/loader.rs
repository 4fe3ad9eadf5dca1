//! The loader of extension modules. The modules are C files of `tests/c/loader`; the tests compile
//! them and import them in child interpreters. Each file here has one topic; `fixture` runs them.

mod buffers;
mod calling;
mod dates;
mod detached;
mod errors;
mod finding;
mod fixture;
mod linking;
mod main_interpreter;
mod misbehaving;
mod shutdown;
mod slots;
mod state;
mod strings;
mod type_symbols;
pub(crate) mod valgrind;

use libtest_mimic::Trial;

use fixture::Suite;

const SUITES: [Suite; 9] = [
    finding::SUITE,
    slots::SUITE,
    calling::SUITE,
    state::SUITE,
    strings::SUITE,
    errors::SUITE,
    misbehaving::SUITE,
    dates::SUITE,
    buffers::SUITE,
];

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = SUITES.into_iter().flat_map(Suite::trials).collect();
    trials.extend(errors::trials());
    trials.extend(shutdown::trials());
    trials.extend(linking::trials());
    trials.extend(type_symbols::trials());
    trials.extend(detached::trials());
    trials.extend(main_interpreter::trials());
    trials.extend(valgrind::trials(SUITES));
    trials
}
