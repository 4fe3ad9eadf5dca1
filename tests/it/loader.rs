//! The loader of extension modules, with real ones: C files of `tests/c/loader`, compiled here and
//! imported in interpreters of their own. A topic a file; `stage` runs them.

mod calling;
mod dates;
mod describing;
mod detached;
mod ending;
mod finding;
mod main_interpreter;
mod misbehaving;
mod refusing;
mod stage;
mod state;
mod strangers;
mod strings;
mod valgrind;

use libtest_mimic::Trial;

use stage::Suite;

const SUITES: [Suite; 8] = [
    finding::SUITE,
    describing::SUITE,
    calling::SUITE,
    state::SUITE,
    strings::SUITE,
    refusing::SUITE,
    misbehaving::SUITE,
    dates::SUITE,
];

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = SUITES.into_iter().flat_map(Suite::trials).collect();
    trials.extend(refusing::trials());
    trials.extend(ending::trials());
    trials.extend(strangers::trials());
    trials.extend(detached::trials());
    trials.extend(main_interpreter::trials());
    trials.extend(valgrind::trials());
    trials
}
