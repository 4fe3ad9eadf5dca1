//! The tables, one function each: what is measured for it, on whom, and what its figures are.

use crate::Failure;
use crate::figures::{Series, ratios};
use crate::machine;
use crate::options::Options;
use crate::peer::Peer;
use crate::process::{Answer, Process};
use crate::rounds::{Field, Outcome};
use crate::rows::{
    C_ROWS, CROWD, CROWD_ROWS, LIVE, RUST_CROWD_ROWS, RUST_ROWS, Row, STRING_ROWS, THREAD_ROWS,
    THREADED_ROWS,
};
use crate::table::{Cell, Line, Table, Unit};

/// Those of the rows that are wanted, by their name with this before it.
fn wanted(prefix: &str, rows: &[Row], options: &Options) -> Vec<Row> {
    let is_wanted = |(name, _): &&Row| options.want_row(&format!("{prefix}{name}"));
    rows.iter().filter(is_wanted).copied().collect()
}

fn labels(peers: &[Peer]) -> Vec<String> {
    peers.iter().map(|peer| peer.label.clone()).collect()
}

/// Calls that every peer makes: times and, where they are counted, cycles.
fn calls(
    title: &str,
    note: &str,
    opening: Option<&str>,
    rows: &[Row],
    peers: &[Peer],
    options: &Options,
) -> Result<Vec<Table>, Failure> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    eprintln!("{title}: {} rows, {} rounds", rows.len(), options.rounds);
    let names: Vec<&str> = rows.iter().map(|(name, _)| *name).collect();
    let outcomes = Field::start(peers, opening)?.measure(&names, options.rounds)?;
    let table = |title: String, note: &str, unit, series: fn(&Outcome) -> &[Option<f64>]| Table {
        title,
        note: note.to_owned(),
        unit,
        columns: labels(peers),
        lines: rows
            .iter()
            .zip(&outcomes)
            .map(|((_, title), outcomes)| Line {
                title: (*title).to_owned(),
                cells: outcomes
                    .iter()
                    .map(|outcome| Cell::of(outcome, series(outcome), series(&outcomes[0])))
                    .collect(),
            })
            .collect(),
    };
    let times = table(title.to_owned(), note, Unit::Nanoseconds, Outcome::times);
    let cycles = table(
        format!("{title}: cycles"),
        "User cycles a call, in the same measurements.",
        Unit::Cycles,
        Outcome::cycles,
    );
    let are_counted = cycles
        .lines
        .iter()
        .any(|line| line.cells[0].median().is_some());
    Ok(if are_counted {
        vec![times, cycles]
    } else {
        vec![times]
    })
}

pub(crate) fn c_calls(peers: &[Peer], options: &Options) -> Result<Vec<Table>, Failure> {
    let note = "\
One C source, compiled for each. Per cell: the median of the rounds, in nanoseconds of processor
time a call; then, for ours, how far half of the rounds lie from it, and for the others ours as a
multiple of theirs, the median of the ratios within a round (below 1, ours is faster). `equal text`
is the name at another address. `claim` is one step here, and GetPointer and SetName elsewhere.";
    let rows = wanted("", &C_ROWS, options);
    calls("Calls from C", note, None, &rows, peers, options)
}

pub(crate) fn strings(peers: &[Peer], options: &Options) -> Result<Vec<Table>, Failure> {
    let note = "\
What it takes to ask a `str` or a `bytes` object for its text: again; and for the first time, between
the making and the freeing of the object, beside the same without asking. `encode` is
PyUnicode_AsUTF8String.";
    let rows = wanted("", &STRING_ROWS, options);
    calls("Text for C", note, None, &rows, peers, options)
}

pub(crate) fn threaded_calls(peers: &[Peer], options: &Options) -> Result<Vec<Table>, Failure> {
    let title = "Calls from C, once another thread has run";
    let note = "\
The same again in processes in which a second thread has come and gone, so that there is no lock
that could be left out because nobody else is there.";
    let rows = wanted("threaded_", &THREADED_ROWS, options);
    calls(title, note, Some("threads 2"), &rows, peers, options)
}

pub(crate) fn rust_calls(peers: &[Peer], options: &Options) -> Result<Vec<Table>, Failure> {
    let note = "\
The same from Rust: our crates in the program, PyO3 in an extension module of CPython. With PyO3,
nothing checks the type of a value or table, and what was imported is not kept alive.";
    let rows = wanted("", &RUST_ROWS, options);
    calls("Calls from Rust", note, None, &rows, peers, options)
}

/// Bytes in memory with ten million capsules, and after they were freed.
pub(crate) fn memory(peers: &[Peer], options: &Options) -> Result<Vec<Table>, Failure> {
    if !options.want_row("memory") {
        return Ok(Vec::new());
    }
    eprintln!("Memory: {LIVE} capsules, once");
    let mut alive = Vec::new();
    let mut freed = Vec::new();
    for peer in peers {
        // One at a time, each in a process that has done nothing else.
        let answer = Process::start(peer, None)?.ask(&format!("memory {LIVE}"))?;
        let (with, after) = match answer {
            Answer::Died => (Outcome::Died, Outcome::Died),
            Answer::Text(text) => {
                let bytes: Vec<f64> = text
                    .split(' ')
                    .filter_map(|word| word.parse().ok())
                    .collect();
                let [before, with, after] = bytes[..] else {
                    return Err(format!("{}: no memory for capsules: {text}", peer.label).into());
                };
                let each = |bytes: f64| Outcome::of_once((bytes - before) / LIVE as f64);
                (each(with), each(after))
            }
        };
        alive.push(with);
        freed.push(after);
    }
    let line = |title: &str, outcomes: &[Outcome], first: &[Option<f64>]| Line {
        title: title.to_owned(),
        cells: outcomes
            .iter()
            .map(|outcome| Cell::of(outcome, outcome.times(), first))
            .collect(),
    };
    Ok(vec![Table {
        title: "Memory".to_owned(),
        note: "\
Bytes of the process in memory, per capsule, while ten million live, and after all were freed: 1.2
seconds later, when a hundredth of them has come and gone once more. Measured once."
            .to_owned(),
        unit: Unit::Bytes,
        columns: labels(peers),
        lines: vec![
            line("alive", &alive, alive[0].times()),
            line("after freeing", &freed, &[]),
        ],
    }])
}

/// Throughput on two threads as a multiple of that on one.
pub(crate) fn threads(peers: &[Peer], options: &Options) -> Result<Vec<Table>, Failure> {
    let rows = wanted("threads_", &THREAD_ROWS, options);
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let is_busy = machine::is_busy();
    eprintln!("Threads: {} rows, {} rounds", rows.len(), options.rounds);
    let names: Vec<String> = rows
        .iter()
        .flat_map(|(name, _)| [format!("{name}@1"), format!("{name}@2")])
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let outcomes = Field::start(peers, None)?.measure(&names, options.rounds)?;
    let lines = rows
        .iter()
        .zip(outcomes.chunks_exact(2))
        .map(|((_, title), both)| {
            let gain = |(one, two): (&Outcome, &Outcome)| {
                let twice = |time: f64| 2.0 * time;
                let gains: Series = ratios(one.times(), two.times());
                let gains: Series = gains.iter().map(|gain| gain.map(twice)).collect();
                Cell::of(two, &gains, &[])
            };
            Line {
                title: (*title).to_owned(),
                cells: both[0].iter().zip(&both[1]).map(gain).collect(),
            }
        });
    let mut note = "\
Calls in a second on two threads, as a multiple of those on one: 2 is perfect, 1 is what a lock
around the interpreter leaves. By the clock on the wall, so that other load on the machine counts."
        .to_owned();
    if is_busy {
        note.push_str("\nIt was too busy with other things for these figures to say anything.");
    }
    Ok(vec![Table {
        title: "Two threads against one".to_owned(),
        note,
        unit: Unit::Times,
        columns: labels(peers),
        lines: lines.collect(),
    }])
}

/// Time a call in a crowd, as a multiple of that without.
pub(crate) fn crowd(peers: &[Peer], rust: &Peer, options: &Options) -> Result<Vec<Table>, Failure> {
    let rows = wanted("crowd_", &CROWD_ROWS, options);
    let rust_rows = wanted("crowd_", &RUST_CROWD_ROWS, options);
    let mut lines = crowded(&rows, peers, options)?;
    for mut line in crowded(&rust_rows, std::slice::from_ref(rust), options)? {
        line.cells.resize(peers.len(), Cell::Absent);
        lines.push(line);
    }
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Table {
        title: "In a crowd".to_owned(),
        note: "\
Time a call where a million other capsules live, each with a name of its own that was imported once,
as a multiple of that in a fresh process: 1 is no growth."
            .to_owned(),
        unit: Unit::Times,
        columns: labels(peers),
        lines,
    }])
}

fn crowded(rows: &[Row], peers: &[Peer], options: &Options) -> Result<Vec<Line>, Failure> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    eprintln!("In a crowd: {} rows, {} rounds", rows.len(), options.rounds);
    let mut field = Field::start(peers, None)?;
    field.join(Field::start(peers, Some(&format!("crowd {CROWD}")))?);
    let names: Vec<&str> = rows.iter().map(|(name, _)| *name).collect();
    let outcomes = field.measure(&names, options.rounds)?;
    let lines = rows.iter().zip(&outcomes).map(|((_, title), outcomes)| {
        let (fresh, crowded) = outcomes.split_at(peers.len());
        let growth = |(fresh, crowded): (&Outcome, &Outcome)| {
            Cell::of(crowded, &ratios(crowded.times(), fresh.times()), &[])
        };
        Line {
            title: (*title).to_owned(),
            cells: fresh.iter().zip(crowded).map(growth).collect(),
        }
    });
    Ok(lines.collect())
}
