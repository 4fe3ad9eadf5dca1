//! Counts, pseudorandom numbers, and the names and pointers of states, for all stress tests.

use core::ffi::{CStr, c_void};
use core::ptr::{NonNull, without_provenance_mut};
use std::sync::LazyLock;

pub(super) const THREADS: usize = 4;

/// Whether to use the full counts.
static FULL: LazyLock<bool> =
    LazyLock::new(|| std::env::var_os("CAPSULE_TESTS_FULL").is_some_and(|value| value == "1"));

/// Chooses between the count for an ordinary run and that for a full run.
pub(crate) fn count(small: usize, full: usize) -> usize {
    if *FULL { full } else { small }
}

/// A xorshift generator: pseudorandom numbers, the same in every run.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn of_thread(number: usize) -> Self {
        Self(0x9e37_79b9_7f4a_7c15 ^ number as u64)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % limit
    }
}

/// The names of each state. While the capsule has one of them, its pointer modulo the number of
/// states is the index of that state.
pub(super) const STATES: [[&CStr; 2]; 4] = [
    [c"state 0", c"alias 0"],
    [c"state 1", c"alias 1"],
    [c"state 2", c"alias 2"],
    [c"state 3", c"alias 3"],
];

pub(super) fn pointer_of(state: usize, number: usize) -> NonNull<c_void> {
    let address = (number + 1) * STATES.len() + state;
    NonNull::new(without_provenance_mut(address)).expect("it is not 0")
}
