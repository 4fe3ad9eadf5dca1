//! The integration tests: one binary, a file a topic. Started with `CAPSULE_TESTS_CHILD` in the
//! environment it is the interpreter of `crates/host` instead, for tests that need a process of
//! their own.

mod accessors;
mod accessors_rows;
mod api_tables;
mod arguments;
mod c_code;
mod chains;
mod collector;
mod compile_fail;
mod ctypes;
mod destructors;
mod detached;
mod differential;
mod extensions;
mod faults;
mod finalisation;
mod forks;
mod headers;
mod hostile;
mod hostile_input;
mod import;
mod interpreter;
mod layers;
mod ledger;
mod lifetimes;
mod loader;
mod memory;
mod model;
mod models;
mod owners;
mod protocol;
mod protocol_closed;
mod protocol_vm;
mod refusal_rows;
mod resurrection;
mod rust_api;
mod sealed;
mod signals;
mod snippets;
mod speed;
mod stress;
mod subinterpreters;
mod table;
mod threads;
#[cfg(c_compiler)]
mod through_c;
#[cfg(c_compiler)]
mod through_c_alone;
mod through_python;
mod through_rust;
mod unraisable;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    if std::env::var_os(interpreter::CHILD).is_some() {
        return capsule_python::main();
    }
    let arguments = Arguments::from_args();
    let trials = [
        accessors::trials(),
        #[cfg(c_compiler)]
        through_c_alone::trials(),
        arguments::trials(),
        protocol::trials(),
        import::trials(),
        loader::trials(),
        api_tables::trials(),
        compile_fail::trials(),
        destructors::trials(),
        unraisable::trials(),
        resurrection::trials(),
        chains::trials(),
        owners::trials(),
        collector::trials(),
        lifetimes::trials(),
        detached::trials(),
        faults::trials(),
        memory::trials(),
        forks::trials(),
        finalisation::trials(),
        threads::trials(),
        stress::trials(),
        model::trials(),
        models::trials(),
        hostile_input::trials(),
        sealed::trials(),
        subinterpreters::trials(),
        differential::trials(),
        headers::trials(),
        signals::trials(),
        snippets::trials(),
        ctypes::trials(),
        extensions::trials(),
        layers::trials(),
        rust_api::trials(),
        speed::trials(),
    ]
    .into_iter()
    .flatten()
    .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}
