//! `speed`, the program behind `cargo speed`: measures capsules on this interpreter and on others,
//! prints tables, and keeps a dated record. What is measured is in `c` and in the rows in Rust.

#![forbid(unsafe_code)]

mod building;
mod chart;
mod cpython;
mod figures;
mod machine;
mod options;
mod peer;
mod process;
mod record;
mod rounds;
mod rows;
mod sections;
mod table;

use std::error::Error;
use std::fmt::Write;
use std::process::ExitCode;

use building::Workshop;
use options::Options;
use peer::Peers;
use table::{Table, Unit};

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("speed: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let Some(options) = Options::of_process()? else {
        return Ok(());
    };
    let facts = machine::facts();
    let workshop = Workshop::open()?;
    let peers = Peers::find(&workshop, &options)?;
    let facts = describe(&facts, &peers, options.rounds);
    println!("{facts}");
    let tables = measure(&peers, &options)?;
    let text = shown(&tables);
    println!("{text}");
    if options.are_for_the_record() {
        record::keep(&machine::today(), &facts, &text, &tables)?;
    }
    Ok(())
}

fn measure(peers: &Peers, options: &Options) -> Result<Vec<Table>, Failure> {
    let mut tables = sections::c_calls(&peers.c, options)?;
    tables.extend(sections::threaded_calls(&peers.c, options)?);
    tables.extend(sections::strings(&peers.c, options)?);
    tables.extend(sections::rust_calls(&peers.rust, options)?);
    tables.extend(sections::memory(&peers.c, options)?);
    tables.extend(sections::threads(&peers.c, options)?);
    tables.extend(sections::crowd(&peers.c, &peers.rust[0], options)?);
    Ok(tables)
}

/// Everything to know of a run besides its figures.
fn describe(facts: &[(&str, String)], peers: &Peers, rounds: usize) -> String {
    let mut text = String::new();
    let mut tell = |name: &str, value: &str| {
        writeln!(text, "- {name}: {value}").expect("a string takes all that is written");
    };
    for (name, value) in facts {
        tell(name, value);
    }
    for peer in peers.c.iter().chain(&peers.rust[1..]) {
        tell(&peer.label, &peer.built);
    }
    for missing in &peers.missing {
        tell("left out", missing);
    }
    tell(
        "measured",
        &format!("{rounds} rounds; in each, every row on every interpreter within a moment"),
    );
    text
}

/// The tables, and where ours is slower.
fn shown(tables: &[Table]) -> String {
    let mut text = String::new();
    for table in tables {
        text.push_str(&table.markdown());
        let lags = table.lags();
        if !lags.is_empty() {
            text.push('\n');
            for lag in lags {
                text.push_str(&format!("- {lag}\n"));
            }
        }
        text.push('\n');
    }
    if !tables.iter().any(|table| table.unit == Unit::Cycles) {
        text.push_str("Cycles are not counted: this machine's `perf_event` gives none.\n");
    }
    text
}
