//! A process that answers requests, a line each: how it is started, asked and, when it dies or
//! hangs, started again.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::Failure;
use crate::peer::Peer;

/// Nothing that is asked takes this long.
const PATIENCE: Duration = Duration::from_secs(240);

/// What it answered.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    Text(String),
    /// It ended instead, or had to be ended.
    Died,
}

/// A running interpreter that serves the rows.
pub(crate) struct Process {
    command: Vec<String>,
    /// What it is asked first, whenever it is started.
    opening: Option<String>,
    running: Running,
    version: String,
}

struct Running {
    child: Child,
    requests: ChildStdin,
    answers: Receiver<String>,
}

impl Process {
    /// Starts a peer. `opening` is a request that must be answered with `right`.
    pub(crate) fn start(peer: &Peer, opening: Option<&str>) -> Result<Self, Failure> {
        let (running, version) = Running::start(&peer.command, opening)?;
        Ok(Self {
            command: peer.command.clone(),
            opening: opening.map(str::to_owned),
            running,
            version,
        })
    }

    /// What Python says of itself.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Asks. After `Died`, the process is a new one.
    pub(crate) fn ask(&mut self, request: &str) -> Result<Answer, Failure> {
        match self.running.ask(request) {
            Some(answer) => Ok(Answer::Text(answer)),
            None => {
                (self.running, _) = Running::start(&self.command, self.opening.as_deref())?;
                Ok(Answer::Died)
            }
        }
    }
}

impl Running {
    fn start(command: &[String], opening: Option<&str>) -> Result<(Self, String), Failure> {
        let mut child = Command::new(&command[0])
            .args(&command[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", command[0]))?;
        let requests = child.stdin.take().ok_or("no standard input")?;
        let output = child.stdout.take().ok_or("no standard output")?;
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut running = Self {
            child,
            requests,
            answers,
        };
        let first = running.answers.recv_timeout(PATIENCE);
        let version = first
            .as_deref()
            .ok()
            .and_then(|line| line.strip_prefix("ready "));
        let version = version.ok_or_else(|| format!("{} does not start", command[0]))?;
        if let Some(opening) = opening
            && running.ask(opening).as_deref() != Some("right")
        {
            return Err(format!("{} does not do `{opening}`", command[0]).into());
        }
        Ok((running, version.to_owned()))
    }

    fn ask(&mut self, request: &str) -> Option<String> {
        writeln!(self.requests, "{request}").ok()?;
        self.answers.recv_timeout(PATIENCE).ok()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
