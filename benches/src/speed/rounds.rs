//! Measures rows: in each round, every row on all processes in quick succession. The order of the
//! processes rotates.

use std::collections::HashMap;

use crate::failure::Failure;
use crate::peer::Peer;
use crate::process::{Answer, Process};
use crate::statistics::Series;

/// The intended duration of one measurement.
const NANOSECONDS: f64 = 25e6;

/// The outcome of a row on a process.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// For each round the nanoseconds per call and, if they are counted, the cycles per call.
    Measured { times: Series, cycles: Series },
    /// The interpreter has no such function.
    Absent,
    /// The interpreter crashed or hung.
    Crashed,
}

impl Outcome {
    /// A figure that was measured once and is no time.
    pub(crate) fn of_once(figure: f64) -> Self {
        Self::Measured {
            times: vec![Some(figure)],
            cycles: Series::new(),
        }
    }

    /// Nanoseconds per call, one for each round.
    pub(crate) fn times(&self) -> &[Option<f64>] {
        match self {
            Self::Measured { times, .. } => times,
            _ => &[],
        }
    }

    /// Cycles per call, one for each round.
    pub(crate) fn cycles(&self) -> &[Option<f64>] {
        match self {
            Self::Measured { cycles, .. } => cycles,
            _ => &[],
        }
    }
}

/// The processes that are compared, with their labels.
pub(crate) struct Processes {
    labels: Vec<String>,
    processes: Vec<Process>,
}

impl Processes {
    /// Starts a process for each peer; `opening` as in [`Process::start`].
    pub(crate) fn start(peers: &[Peer], opening: Option<&str>) -> Result<Self, Failure> {
        let started = peers
            .iter()
            .map(|peer| Process::start(&peer.command, opening));
        Ok(Self {
            labels: peers.iter().map(|peer| peer.label.clone()).collect(),
            processes: started.collect::<Result<_, _>>()?,
        })
    }

    /// Adds the processes of `other`.
    pub(crate) fn join(&mut self, other: Self) {
        self.labels.extend(other.labels);
        self.processes.extend(other.processes);
    }

    /// Measures these rows on all processes. The result has an outcome for each row and process.
    ///
    /// # Errors
    /// A row fails its check, or a process cannot be restarted.
    pub(crate) fn measure(
        &mut self,
        rows: &[&str],
        rounds: usize,
    ) -> Result<Vec<Vec<Outcome>>, Failure> {
        let mut outcomes = Vec::new();
        let mut counts = HashMap::new();
        for (row, name) in rows.iter().enumerate() {
            let mut of_row = Vec::new();
            for process in 0..self.processes.len() {
                of_row.push(match self.prepare(name, process)? {
                    Ok(count) => {
                        counts.insert((row, process), count);
                        Outcome::Measured {
                            times: Series::new(),
                            cycles: Series::new(),
                        }
                    }
                    Err(outcome) => outcome,
                });
            }
            outcomes.push(of_row);
        }
        let count = self.processes.len();
        for round in 0..rounds {
            for (row, name) in rows.iter().enumerate() {
                for position in 0..count {
                    let process = (position + round + row) % count;
                    let outcome = &mut outcomes[row][process];
                    let Outcome::Measured { times, cycles } = outcome else {
                        continue;
                    };
                    match self.processes[process].once(name, counts[&(row, process)])? {
                        Some(call) => {
                            times.push(Some(call.nanoseconds));
                            cycles.push(call.cycles);
                        }
                        None => *outcome = Outcome::Crashed,
                    }
                }
            }
        }
        Ok(outcomes)
    }

    /// Checks a row, and finds the number of calls that take about `NANOSECONDS`.
    fn prepare(&mut self, row: &str, process: usize) -> Result<Result<u64, Outcome>, Failure> {
        let label = &self.labels[process];
        let process = &mut self.processes[process];
        match process.ask(&format!("check {row}"))? {
            Answer::Text(text) if text == "right" => {}
            Answer::Text(text) if text == "unknown" => return Ok(Err(Outcome::Absent)),
            Answer::Text(text) => {
                return Err(format!("{label}: the check of `{row}` answers `{text}`").into());
            }
            Answer::Crashed => return Ok(Err(Outcome::Crashed)),
        }
        let mut count = 16;
        loop {
            let Some(call) = process.once(row, count)? else {
                return Ok(Err(Outcome::Crashed));
            };
            let took = call.nanoseconds * count as f64;
            if took > NANOSECONDS / 8.0 {
                return Ok(Ok((NANOSECONDS / call.nanoseconds) as u64 + 1));
            }
            count *= 4;
        }
    }
}

/// The average cost of a call in one measurement.
struct Call {
    nanoseconds: f64,
    cycles: Option<f64>,
}

impl Process {
    /// Makes one measurement. `None` if the process crashed.
    fn once(&mut self, row: &str, count: u64) -> Result<Option<Call>, Failure> {
        let Answer::Text(text) = self.ask(&format!("{row} {count}"))? else {
            return Ok(None);
        };
        let numbers: Vec<f64> = text
            .split(' ')
            .filter_map(|word| word.parse().ok())
            .collect();
        let [nanoseconds, cycles] = numbers[..] else {
            return Err(format!("`{row}` was answered with `{text}`").into());
        };
        let count = count as f64;
        Ok(Some(Call {
            nanoseconds: nanoseconds / count,
            cycles: (cycles > 0.0).then_some(cycles / count),
        }))
    }
}
