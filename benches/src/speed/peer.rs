//! The interpreters that are compared: which are here, and how each is built and started.

use std::path::{Path, PathBuf};

use crate::Failure;
use crate::building::{Workshop, compile_loops};
use crate::cpython::CPython;

/// An interpreter that serves rows.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// The head of its column.
    pub(crate) label: String,
    /// The program and its arguments.
    pub(crate) command: Vec<String>,
    /// How it was built, where that matters.
    pub(crate) built: String,
}

/// What the rows in C are measured on: ours first.
pub(crate) fn c_peers(workshop: &Workshop, cpythons: &[CPython]) -> Result<Vec<Peer>, Failure> {
    let ours = serve(workshop, &workshop.ours, "ours", &workshop.headers, &[])?;
    let mut peers = vec![Peer {
        label: "ours".to_owned(),
        command: ours,
        built: "release, mimalloc".to_owned(),
    }];
    for cpython in cpythons {
        let folder = cpython.label.replace(' ', "-");
        let command = serve(workshop, &cpython.program, &folder, &cpython.headers, &[])?;
        peers.push(Peer {
            label: cpython.label.clone(),
            command,
            built: cpython.built.clone(),
        });
    }
    let plain = serve(
        workshop,
        &workshop.plain,
        "plain",
        &workshop.headers,
        &["-DPLAIN"],
    )?;
    peers.push(Peer {
        label: "plain".to_owned(),
        command: plain,
        built: "RustPython 0.6.0 with rustpython-capi, release, mimalloc".to_owned(),
    });
    Ok(peers)
}

/// Builds the loops for an interpreter: the command that serves them.
fn serve(
    workshop: &Workshop,
    program: &Path,
    folder: &str,
    headers: &Path,
    flags: &[&str],
) -> Result<Vec<String>, Failure> {
    let folder = workshop.folder.path().join(folder);
    std::fs::create_dir(&folder)?;
    compile_loops(headers, flags, &folder.join("speed_loops.so"))?;
    Ok(command(program, "speed_loops", &folder))
}

/// The command that serves a module, from a folder or built in.
fn command(program: &Path, module: &str, folder: &Path) -> Vec<String> {
    let script = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/python/serve.py"));
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut command = vec![text(program)];
    command.extend(["-I", "-B"].map(str::to_owned));
    command.extend([text(&script), module.to_owned(), text(folder)]);
    command
}
