//! What the interpreters that `cargo speed` starts have in common: a function that does nothing.

/// What the row `floor` calls: the least that a call from a library into its program costs. CPython
/// has a function of this name that does nothing; RustPython has none.
#[unsafe(no_mangle)]
pub extern "C" fn PyEval_InitThreads() {}

/// Links the function into a program, which calls it nowhere itself.
pub fn link_floor() {
    std::hint::black_box(PyEval_InitThreads as extern "C" fn());
}
