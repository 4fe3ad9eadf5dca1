//! Downloads and their unpacked copies, in a folder outside the checkout. pip downloads and unpacks.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{Failure, output};

/// A pure distribution. Whether it can be downloaded tells whether PyPI answers.
const PURE: &str = "sortedcontainers==2.4.0";

/// The newest platform of a wheel that is looked for; pip wants each older one named too.
const PLATFORMS: [&str; 6] = [
    "manylinux_2_28_x86_64",
    "manylinux_2_17_x86_64",
    "manylinux2014_x86_64",
    "manylinux_2_12_x86_64",
    "manylinux_2_5_x86_64",
    "manylinux1_x86_64",
];

/// For which interpreter a wheel is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The stable ABI without a GIL.
    Ours,
    /// CPython 3.13.
    CPython,
}

impl Target {
    /// The name of its folder.
    fn name(self) -> &'static str {
        match self {
            Self::Ours => "abi3t",
            Self::CPython => "cp313",
        }
    }

    /// pip's options that choose a wheel.
    fn options(self) -> Vec<&'static str> {
        let (version, abis): (_, &[_]) = match self {
            Self::Ours => ("3.15", &["abi3t"]),
            Self::CPython => ("3.13", &["cp313", "abi3", "none"]),
        };
        let mut options = vec![
            "--only-binary=:all:",
            "--implementation=cp",
            // The table says which versions fit; pip would compare with the Python that runs it.
            "--ignore-requires-python",
            "--python-version",
            version,
        ];
        options.extend(abis.iter().flat_map(|abi| ["--abi", *abi]));
        options.extend(
            PLATFORMS
                .iter()
                .flat_map(|platform| ["--platform", *platform]),
        );
        options
    }
}

pub(crate) struct Store(PathBuf);

impl Store {
    /// The folder `wheels` beside the target folder that `.ci/run` uses.
    pub(crate) fn new() -> Result<Self, Failure> {
        let home = env::var_os("HOME").ok_or("HOME is not set")?;
        let folder = Path::new(&home).join(".cache/rustpython-capsule/wheels");
        fs::create_dir_all(folder.join("downloads"))?;
        Ok(Self(folder))
    }

    /// Tells what happens next.
    pub(crate) fn announce(&self, text: &str) {
        eprintln!("cargo wheels: {text}");
    }

    /// The folder for the bytecode that an interpreter writes.
    pub(crate) fn bytecode(&self, target: Target) -> PathBuf {
        self.0.join("bytecode").join(target.name())
    }

    /// The folder into which distributions (`NAME==VERSION`) are unpacked for an interpreter. They are
    /// downloaded if they are not there yet.
    ///
    /// # Errors
    /// [`Failure::NoAnswer`] if one must be downloaded and PyPI does not answer.
    pub(crate) fn unpacked(&self, requirement: &str, target: Target) -> Result<PathBuf, Failure> {
        let folder = self.0.join(target.name()).join(requirement);
        if folder.is_dir() {
            return Ok(folder);
        }
        // A folder of the final name is complete.
        let unfinished = folder.with_added_extension(std::process::id().to_string());
        let downloads = self.downloads(target);
        let install = || {
            let mut command = pip("install", &["--no-compile", "--no-index"]);
            command.arg("--find-links").arg(&downloads);
            command.arg("--target").arg(&unfinished);
            output(command.args(target.options()).arg(requirement))
        };
        if !install()?.succeeded {
            self.announce(&format!("downloading {requirement} for {}", target.name()));
            self.download(requirement, &downloads, &target.options())?;
            let installed = install()?;
            if !installed.succeeded {
                return Err(format!("{requirement}: {}", installed.last_line()).into());
            }
        }
        fs::rename(&unfinished, &folder)?;
        Ok(folder)
    }

    /// The file of a wheel that was unpacked.
    pub(crate) fn wheel(
        &self,
        name: &str,
        version: &str,
        target: Target,
    ) -> Result<PathBuf, Failure> {
        let start = format!("{name}-{version}-");
        let files = fs::read_dir(self.downloads(target))?.flatten();
        let mut files = files.map(|entry| entry.path());
        let is_it = |path: &PathBuf| {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            file.starts_with(&start)
        };
        let file = files.find(is_it);
        file.ok_or_else(|| format!("there is no wheel {start}*").into())
    }

    /// The folder with the sources of a distribution, downloaded and unpacked if need be.
    pub(crate) fn sources(&self, name: &str, version: &str) -> Result<PathBuf, Failure> {
        let stem = format!("{name}-{version}");
        let folder = self.0.join("sources");
        if folder.join(&stem).is_dir() {
            return Ok(folder.join(stem));
        }
        fs::create_dir_all(&folder)?;
        let archive = folder.join(format!("{stem}.tar.gz"));
        if !archive.is_file() {
            self.announce(&format!("downloading the sources of {stem}"));
            self.download(
                &format!("{name}=={version}"),
                &folder,
                &["--no-binary", name],
            )?;
        }
        let unfinished = folder.join(std::process::id().to_string());
        fs::create_dir_all(&unfinished)?;
        let mut tar = Command::new("tar");
        tar.arg("-xf").arg(&archive).arg("-C").arg(&unfinished);
        crate::command::succeed(&mut tar)?;
        fs::rename(unfinished.join(&stem), folder.join(&stem))?;
        fs::remove_dir_all(unfinished)?;
        Ok(folder.join(stem))
    }

    fn downloads(&self, target: Target) -> PathBuf {
        self.0.join("downloads").join(target.name())
    }

    fn download(&self, requirement: &str, to: &Path, options: &[&str]) -> Result<(), Failure> {
        let mut command = pip("download", options);
        let downloaded = output(command.arg("--dest").arg(to).arg(requirement))?;
        if downloaded.succeeded {
            return Ok(());
        }
        // pip says the same of a wheel that does not exist and of a server that does not answer.
        let mut command = pip("download", &[]);
        let trial = output(
            command
                .arg("--dest")
                .arg(self.downloads(Target::Ours))
                .arg(PURE),
        )?;
        if !trial.succeeded && !trial.stderr.contains("No module named pip") {
            return Err(Failure::NoAnswer);
        }
        Err(format!("{requirement}: {}", downloaded.last_line()).into())
    }
}

fn pip(subcommand: &str, options: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command.args([
        "-m",
        "pip",
        subcommand,
        "--quiet",
        "--no-deps",
        "--retries=1",
    ]);
    command.arg("--disable-pip-version-check").args(options);
    command
}
