//! The interpreters that are compared: finds them, and knows how each is built and started.

use std::path::Path;

use crate::building::{Build, build_pyo3, compile};
use crate::cpython::{self, CPython};
use crate::failure::Failure;
use crate::options::Options;
use crate::process::Process;

/// An interpreter that runs rows.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// The header of its column.
    pub(crate) label: String,
    /// The program and its arguments.
    pub(crate) command: Vec<String>,
    /// Its version and how it was built.
    pub(crate) built: String,
}

/// All interpreters. In both lists the first is this project's, and the CPythons follow, newest
/// first.
pub(crate) struct Peers {
    /// For the rows in C.
    pub(crate) c: Vec<Peer>,
    /// For the rows in Rust.
    pub(crate) rust: Vec<Peer>,
    /// For the rows of classes: a class from C here, the same in Python and of the VM, and the class
    /// from C in the newest CPython.
    pub(crate) classes: Vec<Peer>,
    /// A line for each that is missing.
    pub(crate) missing: Vec<String>,
}

const OURS: &str = "release, one codegen unit for our crates; allocator mimalloc";
const PLAIN: &str = "rustpython-capi without our crates, release; allocator mimalloc";

impl Peers {
    /// Finds and builds the peers that the options select.
    pub(crate) fn find(build: &Build, options: &Options) -> Result<Self, Failure> {
        let (mut cpythons, missing) = cpython::find();
        cpythons.retain(|cpython| options.want_peer(&cpython.label));
        let mut peers = Self {
            c: Vec::new(),
            rust: Vec::new(),
            classes: Vec::new(),
            missing,
        };
        let ours = [&build.ours, build.headers.as_path()];
        peers.c.push(with_loops(build, "ours", ours, &[], OURS)?);
        for cpython in &cpythons {
            let CPython {
                label,
                program,
                headers,
                built,
            } = cpython;
            peers
                .c
                .push(with_loops(build, label, [program, headers], &[], built)?);
        }
        if options.want_peer("plain") {
            let plain = [&build.plain, build.headers.as_path()];
            peers
                .c
                .push(with_loops(build, "plain", plain, &["-DPLAIN"], PLAIN)?);
        }
        let built_in = Path::new("");
        let ours = command(&build.ours, "speed_rows", built_in);
        peers.rust.push(Peer::started("ours", ours, OURS)?);
        peers.add_classes(build, cpythons.first())?;
        match cpythons.first() {
            Some(cpython) => peers.add_pyo3(build, cpython),
            None => peers.missing.push("PyO3: no CPython".to_owned()),
        }
        Ok(peers)
    }

    fn add_classes(&mut self, build: &Build, cpython: Option<&CPython>) -> Result<(), Failure> {
        let own = [
            (
                "Python class",
                "python_class",
                "the class of the rows of classes, in Python",
            ),
            (
                "native class",
                "speed_native",
                "the class of the rows of classes, in the VM",
            ),
        ];
        let ours = [&build.ours, build.headers.as_path()];
        self.classes.push(with_class(build, "ours", ours, OURS)?);
        for (label, module, what) in own {
            let command = command(&build.ours, module, Path::new(""));
            self.classes.push(Peer::started(label, command, what)?);
        }
        if let Some(cpython) = cpython {
            let programs = [&cpython.program, cpython.headers.as_path()];
            let built = &cpython.built;
            self.classes
                .push(with_class(build, &cpython.label, programs, built)?);
        }
        Ok(())
    }

    fn add_pyo3(&mut self, build: &Build, cpython: &CPython) {
        let CPython {
            label,
            program,
            built,
            ..
        } = cpython;
        let folder = build.folder.path().join("PyO3");
        let peer = build_pyo3(program, &folder).and_then(|version| {
            let built = format!("{version}, release, not the stable ABI; {built}");
            let command = command(program, "speed_rows", &folder);
            Peer::started(&format!("PyO3, {label}"), command, &built)
        });
        match peer {
            Ok(peer) => self.rust.push(peer),
            Err(why) => self.missing.push(format!("PyO3: {why}")),
        }
    }
}

impl Peer {
    /// Makes a peer. Starts it once to check that it works, and for its version.
    fn started(label: &str, command: Vec<String>, built: &str) -> Result<Self, Failure> {
        let mut peer = Self {
            label: label.to_owned(),
            command,
            built: String::new(),
        };
        let version = Process::start(&peer.command, None)?.version().to_owned();
        peer.built = format!("{version}; {built}");
        Ok(peer)
    }
}

/// Builds the rows in C for a program, with its headers.
fn with_loops(
    build: &Build,
    label: &str,
    [program, headers]: [&Path; 2],
    flags: &[&str],
    built: &str,
) -> Result<Peer, Failure> {
    let folder = build.folder.path().join(label.replace(' ', "-"));
    std::fs::create_dir(&folder)?;
    compile("c", headers, flags, &folder.join("speed_loops.so"))?;
    Peer::started(label, command(program, "speed_loops", &folder), built)
}

/// Builds the class in C for a program, with its headers.
fn with_class(
    build: &Build,
    label: &str,
    [program, headers]: [&Path; 2],
    built: &str,
) -> Result<Peer, Failure> {
    let folder = build.folder.path().join(label.replace(' ', "-") + "-class");
    std::fs::create_dir(&folder)?;
    compile("c/class", headers, &[], &folder.join("speed_class.so"))?;
    Peer::started(label, command(program, "speed_class", &folder), built)
}

/// The command that serves a module from a folder, or a builtin module if the folder is empty.
fn command(program: &Path, module: &str, folder: &Path) -> Vec<String> {
    const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/serve.py");
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut command = vec![text(program)];
    command.extend(["-I", "-B", SCRIPT, module].map(str::to_owned));
    command.push(text(folder));
    command
}
