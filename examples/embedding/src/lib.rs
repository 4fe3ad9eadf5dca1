//! Two native modules that share an API through a capsule. `bytesearch` and `scanner` could have
//! different authors: they share nothing but the table in `api`. Extension modules can take part:
//! `scanner` also calls one that is written in C.

mod api;
mod consumer;
mod producer;

use rustpython_vm::InterpreterBuilder;

/// Adds both modules to an interpreter.
#[must_use]
pub fn with_modules(builder: InterpreterBuilder) -> InterpreterBuilder {
    let modules = [
        producer::module_def(&builder.ctx),
        consumer::module_def(&builder.ctx),
    ];
    builder.add_native_modules(&modules)
}
