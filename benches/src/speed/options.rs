//! The command line.

use crate::failure::Failure;

const USAGE: &str = "\
usage: cargo speed [--rounds N] [--rows TEXT,…] [--peers TEXT,…]

Measures capsules and classes in this interpreter, in every installed CPython from 3.11 on that has headers, and
in RustPython without the crates of this workspace. TEXT is a part of the name of a row or a peer.
A run of all rows and peers with five rounds or more writes a record to benches/record. On a machine
with other load, `chrt -f 5 cargo speed` (as root) gives it priority.";

/// Which rows and peers to measure, and how often.
pub(crate) struct Options {
    pub(crate) rounds: usize,
    rows: Option<String>,
    peers: Option<String>,
}

impl Options {
    /// Reads the arguments of this process. `None` if they ask for help.
    pub(crate) fn from_arguments() -> Result<Option<Self>, Failure> {
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
                _ => return Err(format!("unknown option: {option}\n\n{USAGE}").into()),
            }
        }
        if options.rounds == 0 {
            return Err("--rounds must be at least 1".into());
        }
        Ok(Some(options))
    }

    /// Whether the run is complete enough for a record.
    pub(crate) fn make_a_record(&self) -> bool {
        self.rows.is_none() && self.peers.is_none() && self.rounds >= 5
    }

    /// Whether to measure the row with this name.
    pub(crate) fn want_row(&self, name: &str) -> bool {
        wants(self.rows.as_deref(), name)
    }

    /// Whether to measure the peer with this label. `ours` is always measured.
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
