//! The measuring itself: every row on every process within a moment, round after round, in an
//! order that rotates.

use std::collections::HashMap;

use crate::Failure;
use crate::figures::Series;
use crate::peer::Peer;
use crate::process::{Answer, Process};

/// One measurement should take this long.
const NANOSECONDS: f64 = 25e6;

/// What came of a row on a process.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// Nanoseconds a call and, where they are counted, cycles a call: one a round.
    Measured { times: Series, cycles: Series },
    /// The interpreter has no such function.
    Absent,
    /// The interpreter died of it.
    Died,
}

impl Outcome {
    /// What was measured once, and is no time of a call.
    pub(crate) fn of_once(figure: f64) -> Self {
        Self::Measured {
            times: vec![Some(figure)],
            cycles: Series::new(),
        }
    }

    /// Nanoseconds a call, round by round.
    pub(crate) fn times(&self) -> &[Option<f64>] {
        match self {
            Self::Measured { times, .. } => times,
            _ => &[],
        }
    }

    /// Cycles a call, round by round.
    pub(crate) fn cycles(&self) -> &[Option<f64>] {
        match self {
            Self::Measured { cycles, .. } => cycles,
            _ => &[],
        }
    }
}

/// The processes that are compared, with their labels.
pub(crate) struct Field {
    labels: Vec<String>,
    processes: Vec<Process>,
}

impl Field {
    /// A process of each peer; `opening` as in [`Process::start`].
    pub(crate) fn start(peers: &[Peer], opening: Option<&str>) -> Result<Self, Failure> {
        let started = peers.iter().map(|peer| Process::start(peer, opening));
        Ok(Self {
            labels: peers.iter().map(|peer| peer.label.clone()).collect(),
            processes: started.collect::<Result<_, _>>()?,
        })
    }

    /// Adds the processes of another.
    pub(crate) fn join(&mut self, other: Self) {
        self.labels.extend(other.labels);
        self.processes.extend(other.processes);
    }

    /// Measures these rows on all processes, the first process first.
    ///
    /// # Errors
    /// A call does not do what it should.
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
        let lanes = self.processes.len();
        for round in 0..rounds {
            for (row, name) in rows.iter().enumerate() {
                for lane in 0..lanes {
                    let process = (lane + round + row) % lanes;
                    let outcome = &mut outcomes[row][process];
                    let Outcome::Measured { times, cycles } = outcome else {
                        continue;
                    };
                    match self.processes[process].once(name, counts[&(row, process)])? {
                        Some(call) => {
                            times.push(Some(call.nanoseconds));
                            cycles.push(call.cycles);
                        }
                        None => *outcome = Outcome::Died,
                    }
                }
            }
        }
        Ok(outcomes)
    }

    /// Checks that the call does what it should, and finds how many of it take long enough.
    fn prepare(&mut self, row: &str, process: usize) -> Result<Result<u64, Outcome>, Failure> {
        let label = &self.labels[process];
        let process = &mut self.processes[process];
        match process.ask(&format!("check {row}"))? {
            Answer::Text(text) if text == "right" => {}
            Answer::Text(text) if text == "unknown" => return Ok(Err(Outcome::Absent)),
            Answer::Text(text) => {
                return Err(format!("{label}: the call of `{row}` is {text}").into());
            }
            Answer::Died => return Ok(Err(Outcome::Died)),
        }
        let mut count = 16;
        loop {
            let Some(call) = process.once(row, count)? else {
                return Ok(Err(Outcome::Died));
            };
            let took = call.nanoseconds * count as f64;
            if took > NANOSECONDS / 8.0 {
                return Ok(Ok((NANOSECONDS / call.nanoseconds) as u64 + 1));
            }
            count *= 4;
        }
    }
}

/// What one call took, on average over a measurement.
struct Call {
    nanoseconds: f64,
    cycles: Option<f64>,
}

impl Process {
    /// One measurement; `None` if the process died of it.
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
