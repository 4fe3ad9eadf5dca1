//! `speed`, the program that `cargo speed` runs: measures capsules and classes in this interpreter and in
//! others, prints tables, and writes a dated record. The measured calls are in `benches/c`,
//! `src/ours` and `benches/pyo3`.

#![forbid(unsafe_code)]

mod building;
mod chart;
mod cpython;
mod failure;
mod machine;
mod options;
mod peer;
mod process;
mod record;
mod rounds;
mod rows;
mod sections;
mod statistics;
mod table;

use std::fmt::Write;
use std::process::ExitCode;

use building::Build;
use failure::Failure;
use options::Options;
use peer::Peers;
use table::{Table, Unit};

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
    let Some(options) = Options::from_arguments()? else {
        return Ok(());
    };
    let facts = machine::facts();
    let build = Build::new()?;
    let peers = Peers::find(&build, &options)?;
    let facts = describe(&facts, &peers, options.rounds);
    println!("{facts}");
    let tables = measure(&peers, &options)?;
    let text = markdown(&tables);
    println!("{text}");
    if options.make_a_record() {
        record::write(&machine::today(), &facts, &text, &tables)?;
    }
    Ok(())
}

fn measure(peers: &Peers, options: &Options) -> Result<Vec<Table>, Failure> {
    let mut tables = sections::c_calls(&peers.c, options)?;
    tables.extend(sections::threaded_calls(&peers.c, options)?);
    tables.extend(sections::strings(&peers.c, options)?);
    tables.extend(sections::classes(&peers.classes, options)?);
    tables.extend(sections::rust_calls(&peers.rust, options)?);
    tables.extend(sections::memory(&peers.c, options)?);
    tables.extend(sections::threads(&peers.c, options)?);
    tables.extend(sections::populated(&peers.c, &peers.rust[0], options)?);
    Ok(tables)
}

/// The conditions of a run: the machine, the peers and the number of rounds.
fn describe(facts: &[(&str, String)], peers: &Peers, rounds: usize) -> String {
    let mut text = String::new();
    let mut write_line = |name: &str, value: &str| {
        writeln!(text, "- {name}: {value}").expect("writing to a string does not fail");
    };
    for (name, value) in facts {
        write_line(name, value);
    }
    for peer in peers
        .c
        .iter()
        .chain(&peers.rust[1..])
        .chain(&peers.classes[1..3])
    {
        write_line(&peer.label, &peer.built);
    }
    for missing in &peers.missing {
        write_line("left out", missing);
    }
    write_line(
        "measured",
        &format!("{rounds} rounds; in each, every row on all interpreters in quick succession"),
    );
    text
}

/// The tables, each with a list of the rows in which this project is slower.
fn markdown(tables: &[Table]) -> String {
    let mut text = String::new();
    for table in tables {
        text.push_str(&table.markdown());
        let slower = table.slower_rows();
        if !slower.is_empty() {
            text.push('\n');
            for line in slower {
                text.push_str(&format!("- {line}\n"));
            }
        }
        text.push('\n');
    }
    if !tables.iter().any(|table| table.unit == Unit::Cycles) {
        text.push_str("There are no cycles: `perf_event` does not count them on this machine.\n");
    }
    text
}
