//! The integration tests: one binary, with one file for each topic, grouped by layer below. Started
//! with `CAPSULE_TESTS_CHILD` in the environment it is the interpreter of `crates/host` instead, for
//! tests that need a process of their own.

// Fixtures, and data that several topics share.
mod c_code;
mod interpreter;
mod ledger;
mod table;

// Every layer: the same rows in Rust, Python and C.
mod accessors;
mod accessors_errors;
mod accessors_fixture;
mod accessors_rows;
#[cfg(c_compiler)]
mod through_c;
mod through_python;
mod through_rust;

// `crates/capsule`: fields and threads.
mod histories;
mod models;
mod stress;
mod threads;

// `crates/capsule`: owned objects, destruction and the collector.
mod chains;
mod collector;
mod destructors;
mod detached;
mod faults;
mod finalization;
mod forks;
mod lifetimes;
mod memory;
mod owners;
mod packaging;
mod resurrection;
mod unraisable;

// `crates/vm-glue`: the class and the module in Python, import, API tables, sealed interpreters.
mod api_tables;
mod arguments;
mod compile_fail;
mod import;
mod protocol;
mod protocol_errors;
mod protocol_vm;
mod rust_api;
mod sealed;
mod subinterpreters;

// `crates/capi`: the C functions, the headers, the loader, ctypes.
#[cfg(c_compiler)]
mod c_tests;
mod capi_units;
mod classes;
mod ctypes;
mod differential;
mod extensions;
mod headers;
mod hostile;
mod hostile_input;
mod loader;

// `crates/host`: the interpreter program.
mod signals;
mod snippets;
mod wheelcheck;

// The workspace: dependencies between crates and files, the documentation, benchmarks.
mod docs;
mod layers;
mod speed;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    if std::env::var_os(interpreter::CHILD).is_some() {
        return capsule_python::main();
    }
    let arguments = Arguments::from_args();
    let mut trials: Vec<_> = [
        accessors::trials(),
        // `crates/capsule`
        histories::trials(),
        models::trials(),
        stress::trials(),
        threads::trials(),
        chains::trials(),
        collector::trials(),
        destructors::trials(),
        detached::trials(),
        faults::trials(),
        finalization::trials(),
        forks::trials(),
        lifetimes::trials(),
        memory::trials(),
        owners::trials(),
        resurrection::trials(),
        unraisable::trials(),
        // `crates/vm-glue`
        api_tables::trials(),
        arguments::trials(),
        compile_fail::trials(),
        import::trials(),
        protocol::trials(),
        protocol_errors::trials(),
        protocol_vm::trials(),
        rust_api::trials(),
        sealed::trials(),
        subinterpreters::trials(),
        // `crates/capi`
        #[cfg(c_compiler)]
        c_tests::trials(),
        capi_units::trials(),
        classes::trials(),
        ctypes::trials(),
        differential::trials(),
        extensions::trials(),
        headers::trials(),
        hostile_input::trials(),
        loader::trials(),
        // `crates/host`
        signals::trials(),
        snippets::trials(),
        wheelcheck::trials(),
        // The workspace
        layers::trials(),
        packaging::trials(),
        speed::trials(),
    ]
    .into_iter()
    .flatten()
    .collect();
    trials.extend(docs::trials(&trials));
    libtest_mimic::run(&arguments, trials).exit_code()
}
