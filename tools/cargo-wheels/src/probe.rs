//! The probes: what each wheel needs and lacks, whether it can be imported, and whether it works.

use std::path::PathBuf;
use std::process::Command;

use crate::command::{Failure, Output, output};
use crate::list::{List, Wheel, folder};
use crate::python::{Python, Pythons};
use crate::report::Table;
use crate::store::{Store, Target};

/// Runs the probe of each wheel. Returns the report, and whether every wheel works.
pub(crate) fn run_all(
    list: &List,
    store: &Store,
    pythons: &Pythons,
) -> Result<(String, bool), Failure> {
    let mut table = Table::new(&[
        "wheel",
        "symbols needed",
        "missing",
        "imported",
        "probe",
        "time",
        "CPython 3.13",
    ]);
    let mut remarks = String::new();
    let mut works = true;
    for wheel in &list.wheels {
        store.announce(&wheel.requirement());
        let ours = run(wheel, store, &pythons.ours)?;
        let theirs = pythons.cpython.as_ref();
        let theirs = theirs.map(|python| run(wheel, store, python)).transpose();
        let theirs = match theirs {
            Ok(theirs) => theirs.map_or("not installed".to_owned(), |run| run.time()),
            Err(Failure::Other(_)) => "no such wheel".to_owned(),
            Err(failure) => return Err(failure),
        };
        let needs = needs(wheel, store, &pythons.ours)?;
        table.add(&[
            format!("{} {}", wheel.name, wheel.version),
            needs.symbols.to_string(),
            needs.missing.len().to_string(),
            yes_or_no(ours.imported.is_some()),
            yes_or_no(ours.probed.is_some()),
            ours.time(),
            theirs,
        ]);
        works &= ours.probed.is_some();
        let mut remark = |text: &str| remarks += &format!("- {}: {text}\n", wheel.name);
        if let Some(note) = &wheel.note {
            remark(note);
        }
        if !needs.missing.is_empty() {
            remark(&format!("missing are {}", needs.missing.join(", ")));
        }
        if ours.probed.is_none() {
            remark(&format!(
                "{}, {}",
                ours.output.status,
                ours.output.last_line()
            ));
            eprintln!("{}", ours.output.stderr);
        }
    }
    Ok((format!("{}\n{remarks}", table.markdown()), works))
}

struct Run {
    /// Seconds.
    imported: Option<f64>,
    probed: Option<f64>,
    output: Output,
}

impl Run {
    fn time(&self) -> String {
        match (self.imported, self.probed) {
            (Some(imported), Some(probed)) => format!("{imported:.2} + {probed:.2} s"),
            _ => "fails".to_owned(),
        }
    }
}

/// Runs the probe of a wheel in a fresh interpreter.
fn run(wheel: &Wheel, store: &Store, python: &Python) -> Result<Run, Failure> {
    let mut command = python.command(&folders(wheel, store, python)?)?;
    command
        .arg(folder().join("run_probe.py"))
        .arg(&wheel.module)
        .arg(wheel.probe());
    // Backtraces of panics that the library turns into exceptions would hide the last line.
    let output = output(command.env("RUST_BACKTRACE", "0"))?;
    let seconds = |word: &str| {
        let mut lines = output.stdout.lines();
        let line = lines.find_map(|line| line.strip_prefix(word))?;
        line.trim().parse().ok()
    };
    Ok(Run {
        imported: seconds("imported "),
        probed: seconds("probed ").filter(|_| output.succeeded),
        output,
    })
}

/// Where modules are searched for: the wheel, what it needs, and its stand-ins.
pub(crate) fn folders(
    wheel: &Wheel,
    store: &Store,
    python: &Python,
) -> Result<Vec<PathBuf>, Failure> {
    let mut requirements = vec![wheel.requirement()];
    requirements.extend(wheel.with.iter().cloned());
    if python.target == Target::CPython {
        requirements.extend(wheel.with_cpython.iter().cloned());
    }
    let folders = requirements
        .iter()
        .map(|one| store.unpacked(one, python.target));
    let mut folders = folders.collect::<Result<Vec<_>, _>>()?;
    folders.push(wheel.stand_ins());
    Ok(folders)
}

struct Needs {
    symbols: usize,
    missing: Vec<String>,
}

/// What `wheelcheck` says about a wheel.
fn needs(wheel: &Wheel, store: &Store, ours: &Python) -> Result<Needs, Failure> {
    let file = store.wheel(&wheel.name, &wheel.version, Target::Ours)?;
    let mut command: Command = ours.command(&[])?;
    let output = output(command.args(["-m", "wheelcheck", "--table"]).arg(file))?;
    let mut needs = Needs {
        symbols: 0,
        missing: Vec::new(),
    };
    for line in output.stdout.lines() {
        let [_, functions, data, missing] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("wheelcheck printed {line:?}").into());
        };
        needs.symbols += functions.parse::<usize>()? + data.parse::<usize>()?;
        let missing = missing.split(',').filter(|name| !name.is_empty());
        needs.missing.extend(missing.map(str::to_owned));
    }
    if needs.symbols == 0 {
        return Err(format!("wheelcheck: {}", output.last_line()).into());
    }
    Ok(needs)
}

fn yes_or_no(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}
