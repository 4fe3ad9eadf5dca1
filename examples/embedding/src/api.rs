//! The API that the two modules share.

use rustpython_capsule_glue::api_table;

api_table! {
    // SAFETY: both modules take the table from here, and nobody else publishes it.
    /// Substring search over bytes.
    pub(crate) unsafe struct SearchApi = c"bytesearch._C_API", version 1, 0 {
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
