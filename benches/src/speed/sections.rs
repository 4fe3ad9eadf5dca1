//! The tables, one function each: the rows that it measures, the peers, and how its figures are
//! computed.

use crate::failure::Failure;
use crate::machine;
use crate::options::Options;
use crate::peer::Peer;
use crate::process::{Answer, Process};
use crate::rounds::{Outcome, Processes};
use crate::rows::{
    C_ROWS, CLASS_ROWS, LIVE, POPULATED_ROWS, POPULATION, RUST_POPULATED_ROWS, RUST_ROWS, Row,
    STRING_ROWS, THREAD_ROWS, THREADED_ROWS,
};
use crate::statistics::{Series, ratios};
use crate::table::{Cell, Line, Table, Unit};

/// The rows that the options select by their name with this prefix.
fn wanted(prefix: &str, rows: &[Row], options: &Options) -> Vec<Row> {
    let is_wanted = |(name, _): &&Row| options.want_row(&format!("{prefix}{name}"));
    rows.iter().filter(is_wanted).copied().collect()
}

fn labels(peers: &[Peer]) -> Vec<String> {
    peers.iter().map(|peer| peer.label.clone()).collect()
}

/// Measures rows on all peers: a table of times and, if they are counted, one of cycles.
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
    let outcomes = Processes::start(peers, opening)?.measure(&names, options.rounds)?;
    let times = Table {
        title: title.to_owned(),
        note: note.to_owned(),
        unit: Unit::Nanoseconds,
        columns: labels(peers),
        lines: lines(rows, &outcomes, Outcome::times),
    };
    let cycles = Table {
        title: format!("{title}: cycles"),
        note: "User-mode cycles per call, in the same measurements.".to_owned(),
        unit: Unit::Cycles,
        columns: labels(peers),
        lines: lines(rows, &outcomes, Outcome::cycles),
    };
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

/// A line for each row, with the figures that `series` takes from its outcomes.
fn lines(
    rows: &[Row],
    outcomes: &[Vec<Outcome>],
    series: fn(&Outcome) -> &[Option<f64>],
) -> Vec<Line> {
    let rows = rows.iter().zip(outcomes);
    rows.map(|((_, title), outcomes)| Line {
        title: (*title).to_owned(),
        cells: outcomes
            .iter()
            .map(|outcome| Cell::of(outcome, series(outcome), series(&outcomes[0])))
            .collect(),
    })
    .collect()
}

pub(crate) fn c_calls(peers: &[Peer], options: &Options) -> Result<Vec<Table>, Failure> {
    let note = "\
One C source, compiled for each interpreter. Each cell has the median of the rounds in nanoseconds of
processor time per call. The second figure of `ours` is half the interquartile range. That of the
others is our time as a multiple of theirs: the median of the ratios within a round (below 1, ours is
faster). `equal text` is the same name at another address. `wrong name` includes PyErr_Clear. `claim`
is one call here, and GetPointer and SetName elsewhere. GetVouchedPointer exists only here.";
    let rows = wanted("", &C_ROWS, options);
    calls("Calls from C", note, None, &rows, peers, options)
}

pub(crate) fn strings(peers: &[Peer], options: &Options) -> Result<Vec<Table>, Failure> {
    let note = "\
Requests for the text of a `str` or `bytes` object: further requests for one object, and the first
request for a new object, which is then freed. The rows `no request` only make and free the object.
`bytes from C` are made by PyBytes_FromString, `encode` is PyUnicode_AsUTF8String.";
    let rows = wanted("", &STRING_ROWS, options);
    calls("Text for C", note, None, &rows, peers, options)
}

/// Operations of Python code on an instance, and their times as multiples of CPython's.
pub(crate) fn classes(peers: &[Peer], options: &Options) -> Result<Vec<Table>, Failure> {
    let rows = wanted("", &CLASS_ROWS, options);
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    eprintln!("Classes: {} rows, {} rounds", rows.len(), options.rounds);
    let names: Vec<&str> = rows.iter().map(|(name, _)| *name).collect();
    let outcomes = Processes::start(peers, None)?.measure(&names, options.rounds)?;
    let mut tables = vec![Table {
        title: "Classes".to_owned(),
        note: "\
Operations of Python code on an instance of a class. The statement is ten times in the body of a loop,
and each figure is a tenth of a pass. `ours` and CPython have a class from one C source, which uses the
limited API of CPython 3.13. `Python class` is the same class in Python, and `native class` one of the
VM in Rust; both run in this interpreter. The second figure is our time as a multiple of theirs. A method
with keywords gets one positional and one keyword argument, one with several arguments gets two."
            .to_owned(),
        unit: Unit::Nanoseconds,
        columns: labels(peers),
        lines: lines(&rows, &outcomes, Outcome::times),
    }];
    let [_, _, native, cpython] = peers else {
        return Ok(tables);
    };
    let share = rows.iter().zip(&outcomes).map(|((_, title), outcomes)| {
        let [ours, _, native, cpython] = &outcomes[..] else {
            unreachable!("a row has an outcome for each peer");
        };
        let multiple =
            |outcome: &Outcome| Cell::of(outcome, &ratios(outcome.times(), cpython.times()), &[]);
        Line {
            title: (*title).to_owned(),
            cells: vec![multiple(ours), multiple(native)],
        }
    });
    tables.push(Table {
        title: format!("Classes: multiples of {}", cpython.label),
        note: "\
The same measurements. What the native class takes is the VM's own share of our figure."
            .to_owned(),
        unit: Unit::Times,
        columns: vec![peers[0].label.clone(), native.label.clone()],
        lines: share.collect(),
    });
    Ok(tables)
}

pub(crate) fn threaded_calls(peers: &[Peer], options: &Options) -> Result<Vec<Table>, Failure> {
    let title = "Calls from C, once another thread has run";
    let note = "\
The same calls in processes in which a second thread has run. There, no lock can be left out on the
ground that the process has a single thread.";
    let rows = wanted("threaded_", &THREADED_ROWS, options);
    calls(title, note, Some("threads 2"), &rows, peers, options)
}

pub(crate) fn rust_calls(peers: &[Peer], options: &Options) -> Result<Vec<Table>, Failure> {
    let note = "\
Calls from Rust: our crates in the program, PyO3 in an extension module of CPython. PyO3 does not
check the type of a value or table, and does not keep what was imported alive.";
    let rows = wanted("", &RUST_ROWS, options);
    calls("Calls from Rust", note, None, &rows, peers, options)
}

/// Resident bytes with ten million capsules, and after they were freed.
pub(crate) fn memory(peers: &[Peer], options: &Options) -> Result<Vec<Table>, Failure> {
    if !options.want_row("memory") {
        return Ok(Vec::new());
    }
    eprintln!("Memory: {LIVE} capsules, once");
    let mut alive = Vec::new();
    let mut freed = Vec::new();
    for peer in peers {
        // One fresh process at a time.
        let answer = Process::start(&peer.command, None)?.ask(&format!("memory {LIVE}"))?;
        let (with, after) = match answer {
            Answer::Crashed => (Outcome::Crashed, Outcome::Crashed),
            Answer::Text(text) => {
                let bytes: Vec<f64> = text
                    .split(' ')
                    .filter_map(|word| word.parse().ok())
                    .collect();
                let [before, with, after] = bytes[..] else {
                    return Err(format!("{}: memory cannot be measured: {text}", peer.label).into());
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
Resident bytes of the process per capsule, with ten million capsules alive, and after all were freed:
1.2 seconds later, when a hundredth of them has been made and freed again. Measured once."
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
    let outcomes = Processes::start(peers, None)?.measure(&names, options.rounds)?;
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
Calls per second on two threads as a multiple of those on one: 2 is ideal, 1 is the limit with a global
lock. This is wall-clock time, so other load on the machine makes it worse."
        .to_owned();
    if is_busy {
        note.push_str("\nThe other load was too high for these figures to mean anything.");
    }
    Ok(vec![Table {
        title: "Scaling to two threads".to_owned(),
        note,
        unit: Unit::Times,
        columns: labels(peers),
        lines: lines.collect(),
    }])
}

/// Time per call in a process with many capsules, as a multiple of that in a fresh process.
pub(crate) fn populated(
    peers: &[Peer],
    rust: &Peer,
    options: &Options,
) -> Result<Vec<Table>, Failure> {
    let rows = wanted("populated_", &POPULATED_ROWS, options);
    let rust_rows = wanted("populated_", &RUST_POPULATED_ROWS, options);
    let mut lines = growth(&rows, peers, options)?;
    for mut line in growth(&rust_rows, std::slice::from_ref(rust), options)? {
        line.cells.resize(peers.len(), Cell::Absent);
        lines.push(line);
    }
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Table {
        title: "With a million other capsules".to_owned(),
        note: "\
Time per call in a process with a million other capsules, each with a name of its own that was imported
once, as a multiple of the time in a fresh process: 1 is no growth."
            .to_owned(),
        unit: Unit::Times,
        columns: labels(peers),
        lines,
    }])
}

fn growth(rows: &[Row], peers: &[Peer], options: &Options) -> Result<Vec<Line>, Failure> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    eprintln!(
        "With other capsules: {} rows, {} rounds",
        rows.len(),
        options.rounds
    );
    let mut processes = Processes::start(peers, None)?;
    processes.join(Processes::start(
        peers,
        Some(&format!("populate {POPULATION}")),
    )?);
    let names: Vec<&str> = rows.iter().map(|(name, _)| *name).collect();
    let outcomes = processes.measure(&names, options.rounds)?;
    let lines = rows.iter().zip(&outcomes).map(|((_, title), outcomes)| {
        let (fresh, populated) = outcomes.split_at(peers.len());
        let growth = |(fresh, populated): (&Outcome, &Outcome)| {
            Cell::of(populated, &ratios(populated.times(), fresh.times()), &[])
        };
        Line {
            title: (*title).to_owned(),
            cells: fresh.iter().zip(populated).map(growth).collect(),
        }
    });
    Ok(lines.collect())
}
