//! `cargo wheels`: downloads wheels from PyPI, unmodified, and runs each in `capsule-python` and in
//! CPython 3.13. `wheels.toml` has the wheels, and `probes` what is done with each.

#![forbid(unsafe_code)]

mod command;
mod list;
mod probe;
mod python;
mod report;
mod store;
mod suite;

use std::process::ExitCode;

use command::Failure;
use list::List;
use python::Pythons;
use store::Store;

const USAGE: &str = "\
usage: cargo wheels [--suites] [NAME…]

Runs the probe of each wheel in tools/cargo-wheels/wheels.toml, or of those whose name contains NAME,
beside CPython 3.13 if there is one. With --suites it runs the libraries' own tests instead. A run of
all wheels writes a record to tools/cargo-wheels/record. Downloads are kept in
~/.cache/rustpython-capsule/wheels. The exit code is 1 if a wheel does not work, and 69 if PyPI does
not answer.";

/// `EX_UNAVAILABLE` of `sysexits.h`.
const UNAVAILABLE: u8 = 69;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(Failure::NoAnswer) => {
            eprintln!("cargo wheels: PyPI does not answer, so no wheel was tried");
            ExitCode::from(UNAVAILABLE)
        }
        Err(Failure::Other(text)) => {
            eprintln!("cargo wheels: {text}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether every wheel works.
fn run() -> Result<bool, Failure> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|one| one == "-h" || one == "--help") {
        println!("{USAGE}");
        return Ok(true);
    }
    let suites = arguments.iter().any(|one| one == "--suites");
    arguments.retain(|one| one != "--suites");
    if let Some(option) = arguments.iter().find(|one| one.starts_with('-')) {
        return Err(format!("unknown option: {option}\n\n{USAGE}").into());
    }

    let mut list = List::read()?;
    list.keep(&arguments)?;
    let store = Store::new()?;
    let pythons = Pythons::find(&store)?;
    let (text, works) = if suites {
        suite::run_all(&list, &store, &pythons)?
    } else {
        probe::run_all(&list, &store, &pythons)?
    };
    let page = report::page(suites, &pythons, &text);
    println!("{page}");
    if arguments.is_empty() {
        report::record(suites, &page)?;
    }
    Ok(works)
}
