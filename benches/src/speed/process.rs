//! A process that answers requests, one line each. If it crashes or hangs, it is started again.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::failure::Failure;

/// The time after which a process counts as hung. Every request takes less.
const TIMEOUT: Duration = Duration::from_secs(240);

/// The answer to a request.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    Text(String),
    /// The process exited, or hung and was killed.
    Crashed,
}

/// A running interpreter.
pub(crate) struct Process {
    command: Vec<String>,
    /// The first request after each start.
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
    /// Starts a command and sends `opening`, to which the answer must be `right`.
    pub(crate) fn start(command: &[String], opening: Option<&str>) -> Result<Self, Failure> {
        let (running, version) = Running::start(command, opening)?;
        Ok(Self {
            command: command.to_vec(),
            opening: opening.map(str::to_owned),
            running,
            version,
        })
    }

    /// The version that the interpreter reports.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Sends a request and waits for the answer. If that is `Crashed`, the process has been
    /// restarted.
    pub(crate) fn ask(&mut self, request: &str) -> Result<Answer, Failure> {
        match self.running.ask(request) {
            Some(answer) => Ok(Answer::Text(answer)),
            None => {
                (self.running, _) = Running::start(&self.command, self.opening.as_deref())?;
                Ok(Answer::Crashed)
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
        let first = running.answers.recv_timeout(TIMEOUT);
        let version = first
            .as_deref()
            .ok()
            .and_then(|line| line.strip_prefix("ready "));
        let version = version.ok_or_else(|| format!("{} does not start", command[0]))?;
        if let Some(opening) = opening
            && running.ask(opening).as_deref() != Some("right")
        {
            return Err(format!("{}: the request `{opening}` fails", command[0]).into());
        }
        Ok((running, version.to_owned()))
    }

    fn ask(&mut self, request: &str) -> Option<String> {
        writeln!(self.requests, "{request}").ok()?;
        self.answers.recv_timeout(TIMEOUT).ok()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The process may have exited before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
