//! The API tables that the modules share: one whose producer and consumer are in this program, and
//! one of an extension module in C.

use core::ffi::c_int;
use core::marker::PhantomData;

use rustpython_capsule_glue::api_table;

api_table! {
    // SAFETY: producer and consumer use this definition, and no other module publishes the table.
    /// Substring search over bytes.
    pub(crate) unsafe struct SearchApi = c"bytesearch._C_API", version 1.0 {
        /// Returns the offset of the first `needle` in `haystack`, or `usize::MAX` if there is none.
        /// Each is an address and a length in bytes, and must be readable during the call.
        pub(crate) find: unsafe extern "C" fn(
            haystack: *const u8,
            haystack_len: usize,
            needle: *const u8,
            needle_len: usize,
        ) -> usize,
    }
}

api_table! {
    // SAFETY: this is the struct of `examples/extensions/include/statlib.h`, which the module
    // `statlib` publishes.
    /// Statistics of samples of numbers.
    pub(crate) unsafe struct StatlibApi = c"statlib._C_API", version 1.0 {
        /// Fills in the summary and returns 0, or returns -1 for a sample without values.
        pub(crate) summarize: unsafe extern "C" fn(
            sample: *const StatlibSample<'_>,
            summary: *mut StatlibSummary,
        ) -> c_int,
        /// Counts the values in `bin_count` bins of equal width from `low` to `high`, both included.
        /// Values outside are not counted.
        pub(crate) histogram: unsafe extern "C" fn(
            sample: *const StatlibSample<'_>,
            low: f64,
            high: f64,
            bins: *mut u64,
            bin_count: usize,
        ),
    }
}

/// A borrowed slice of numbers, as C sees it.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct StatlibSample<'a> {
    count: u64,
    values: *const f64,
    borrowed: PhantomData<&'a [f64]>,
}

impl<'a> StatlibSample<'a> {
    pub(crate) fn of(values: &'a [f64]) -> Self {
        Self {
            count: values.len() as u64,
            values: values.as_ptr(),
            borrowed: PhantomData,
        }
    }
}

/// The statistics of a sample. The standard deviation of less than two values is 0.
#[derive(Debug, Default)]
#[repr(C)]
pub(crate) struct StatlibSummary {
    pub(crate) count: u64,
    pub(crate) minimum: f64,
    pub(crate) maximum: f64,
    pub(crate) mean: f64,
    pub(crate) deviation: f64,
}
