//! The interpreters: `capsule-python`, built from this workspace, and CPython 3.13.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{Failure, succeed};
use crate::list::folder;
use crate::store::{Store, Target};

/// An interpreter.
pub(crate) struct Python {
    /// What it says about itself.
    pub(crate) version: String,
    program: PathBuf,
    /// Where it keeps bytecode, which must not be in the checkout.
    bytecode: PathBuf,
    pub(crate) target: Target,
}

pub(crate) struct Pythons {
    pub(crate) ours: Python,
    /// `None` if there is no CPython 3.13 on this machine.
    pub(crate) cpython: Option<Python>,
}

impl Pythons {
    /// Builds ours, and searches for the other.
    pub(crate) fn find(store: &Store) -> Result<Self, Failure> {
        let ours = Python::new(build()?, Target::Ours, store)?;
        let cpython = cpython_candidates().into_iter().find_map(|program| {
            let python = Python::new(program, Target::CPython, store).ok()?;
            python.version.starts_with("3.13.").then_some(python)
        });
        store.announce(&format!(
            "capsule-python, {}",
            cpython
                .as_ref()
                .map_or("no CPython 3.13", |_| "and CPython 3.13")
        ));
        Ok(Self { ours, cpython })
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Python> {
        std::iter::once(&self.ours).chain(&self.cpython)
    }
}

impl Python {
    fn new(program: PathBuf, target: Target, store: &Store) -> Result<Self, Failure> {
        let code = "import sys; print(' '.join(sys.version.split()))";
        let version = succeed(Command::new(&program).args(["-I", "-c", code]))?;
        Ok(Self {
            version: version.trim_end().to_owned(),
            program,
            bytecode: store.bytecode(target),
            target,
        })
    }

    /// A command that runs it, with these folders for modules before its own.
    pub(crate) fn command(&self, folders: &[PathBuf]) -> Result<Command, Failure> {
        let mut command = Command::new(&self.program);
        command
            .env("PYTHONPATH", env::join_paths(folders)?)
            .env("PYTHONPYCACHEPREFIX", &self.bytecode)
            .env("PYTHONNOUSERSITE", "1")
            .env_remove("PYTHONDONTWRITEBYTECODE")
            .env_remove("PYTHONHOME");
        Ok(command)
    }
}

/// Builds `capsule-python` with the Cargo that runs this program. Returns its path.
fn build() -> Result<PathBuf, Failure> {
    let cargo = env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    let status = Command::new(cargo)
        .args([
            "build",
            "--locked",
            "--ignore-rust-version",
            "--bin",
            "capsule-python",
        ])
        .arg("--manifest-path")
        .arg(folder().join("../../Cargo.toml"))
        .status()?;
    if !status.success() {
        return Err("capsule-python could not be built".into());
    }
    Ok(env::current_exe()?.with_file_name("capsule-python"))
}

/// Programs on `PATH`, then those of pyenv, whose commands on `PATH` start only selected versions.
fn cpython_candidates() -> Vec<PathBuf> {
    let mut candidates = vec![PathBuf::from("python3.13"), PathBuf::from("python3")];
    let root = env::var_os("PYENV_ROOT").map(PathBuf::from);
    let home = env::var_os("HOME").map(|home| Path::new(&home).join(".pyenv"));
    if let Some(root) = root.or(home)
        && let Ok(versions) = std::fs::read_dir(root.join("versions"))
    {
        let programs = versions
            .flatten()
            .map(|entry| entry.path().join("bin/python3"));
        candidates.extend(programs);
    }
    candidates
}
