//! The APIs that the modules share: one that both sides of have in this program, and one of an
//! extension module that is written in C.

use core::ffi::c_int;
use core::marker::PhantomData;

use rustpython_capsule_glue::api_table;

api_table! {
    // SAFETY: both modules take the table from here, and nobody else publishes it.
    /// Substring search over bytes.
    pub(crate) unsafe struct SearchApi = c"bytesearch._C_API", version 1.0 {
        /// The offset of the first `needle` in `haystack`, `usize::MAX` if there is none. Each is
        /// an address and a length in bytes, readable for the call.
        pub(crate) find: unsafe extern "C" fn(
            haystack: *const u8,
            haystack_len: usize,
            needle: *const u8,
            needle_len: usize,
        ) -> usize,
    }
}

api_table! {
    // SAFETY: the struct of `examples/extensions/include/statlib.h`, whose module publishes it.
    /// Statistics of samples of numbers.
    pub(crate) unsafe struct StatlibApi = c"statlib._C_API", version 1.0 {
        /// Fills in the summary and returns 0; -1 for a sample without values.
        pub(crate) summarize: unsafe extern "C" fn(
            sample: *const StatlibSample<'_>,
            summary: *mut StatlibSummary,
        ) -> c_int,
        /// Counts the values in bins of equal width from `low` to `high`.
        pub(crate) histogram: unsafe extern "C" fn(
            sample: *const StatlibSample<'_>,
            low: f64,
            high: f64,
            bins: *mut u64,
            bin_count: usize,
        ),
    }
}

/// Numbers.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct StatlibSample<'a> {
    count: u64,
    values: *const f64,
    lives: PhantomData<&'a [f64]>,
}

impl<'a> StatlibSample<'a> {
    pub(crate) fn of(values: &'a [f64]) -> Self {
        Self {
            count: values.len() as u64,
            values: values.as_ptr(),
            lives: PhantomData,
        }
    }
}

/// What is known of a sample.
#[derive(Debug, Default)]
#[repr(C)]
pub(crate) struct StatlibSummary {
    pub(crate) count: u64,
    pub(crate) minimum: f64,
    pub(crate) maximum: f64,
    pub(crate) mean: f64,
    pub(crate) deviation: f64,
}
