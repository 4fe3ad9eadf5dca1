//! The command line.

use crate::Failure;

const USAGE: &str = "\
usage: cargo speed [--rounds N] [--rows TEXT,…] [--peers TEXT,…]

Measures capsules on this interpreter, on every CPython from 3.11 on that is here with headers, and
on RustPython without the crates of this workspace. TEXT is a part of the name of a row or a peer.
A run of everything, of five rounds or more, is written down in benches/record. On a machine that
does other things too, `chrt -f 5 cargo speed` (as root) goes before them.";

/// What is measured, and how often.
pub(crate) struct Options {
    pub(crate) rounds: usize,
    rows: Option<String>,
    peers: Option<String>,
}

impl Options {
    /// Of this process; `None` if its user wants to know what there is.
    pub(crate) fn of_process() -> Result<Option<Self>, Failure> {
        let mut options = Self {
            rounds: 15,
            rows: None,
            peers: None,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(option) = arguments.next() {
            if ["-h", "--help"].contains(&option.as_str()) {
                println!("{USAGE}");
                return Ok(None);
            }
            let value = arguments.next();
            match (option.as_str(), value.clone()) {
                ("--rounds", Some(number)) => options.rounds = number.parse()?,
                ("--rows", Some(_)) => options.rows = value,
                ("--peers", Some(_)) => options.peers = value,
                _ => return Err(format!("{option} is not understood\n\n{USAGE}").into()),
            }
        }
        if options.rounds == 0 {
            return Err("nothing is measured in no round".into());
        }
        Ok(Some(options))
    }

    /// Whether the run is worth keeping.
    pub(crate) fn are_for_the_record(&self) -> bool {
        self.rows.is_none() && self.peers.is_none() && self.rounds >= 5
    }

    /// Whether a row of this name is wanted.
    pub(crate) fn want_row(&self, name: &str) -> bool {
        wants(self.rows.as_deref(), name)
    }

    /// Whether a peer of this label is wanted. Ours always is.
    pub(crate) fn want_peer(&self, label: &str) -> bool {
        wants(self.peers.as_deref(), label)
    }
}

fn wants(parts: Option<&str>, name: &str) -> bool {
    let name = name.to_lowercase();
    parts.is_none_or(|parts| {
        parts
            .split(',')
            .any(|part| name.contains(&part.to_lowercase()))
    })
}
