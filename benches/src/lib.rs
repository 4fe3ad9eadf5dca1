//! An empty C function for the interpreters that `cargo speed` builds.

/// The function of the row `empty_call`, which shows the minimum cost of a call from a library into
/// the program. CPython has a function of this name that does nothing; RustPython has none.
#[unsafe(no_mangle)]
pub extern "C" fn PyEval_InitThreads() {}

/// Links the function into a program that does not call it itself.
pub fn link_empty_function() {
    std::hint::black_box(PyEval_InitThreads as extern "C" fn());
}
