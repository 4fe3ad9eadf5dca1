//! Builds of the PyO3 crates in `tests/pyo3`: for plain CPython, for RustPython, and for the CPython
//! of this machine. Each configuration has a target folder of its own, so that PyO3 stays built.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use libtest_mimic::Failed;

use super::building::{cargo, pyo3_target, root, succeed};
use crate::differential::interpreters::CPython;

/// What a crate is built for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Build {
    /// The stable ABI of CPython 3.15 without a GIL: the library that a wheel contains.
    Wheel,
    RustPython,
    /// The CPython that the tests compare with.
    CPython,
}

impl Build {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Wheel => "as-in-a-wheel",
            Self::RustPython => "for-rustpython",
            Self::CPython => "for-cpython",
        }
    }

    /// Builds a crate of `tests/pyo3`, once for all tests. Returns the folder of its module.
    ///
    /// `crate_folder` is relative to `tests/pyo3`; `module` is the name of the module.
    pub(super) fn build(self, crate_folder: &str, module: &str) -> Result<PathBuf, Failed> {
        type Built = BTreeMap<(Build, String), Result<PathBuf, String>>;
        static BUILT: Mutex<Built> = Mutex::new(BTreeMap::new());
        let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
        let built = built
            .entry((self, module.to_owned()))
            .or_insert_with(|| self.build_module(crate_folder, module).map_err(text_of));
        Ok(built.clone()?)
    }

    fn build_module(self, crate_folder: &str, module: &str) -> Result<PathBuf, Failed> {
        let target = self.run_cargo(crate_folder, &[])?;
        let folder = target.join("modules");
        fs::create_dir_all(&folder)?;
        let suffix = match self {
            Self::Wheel | Self::RustPython => "abi3t.so",
            Self::CPython => "so",
        };
        let library = target.join(format!("debug/lib{module}.so"));
        fs::copy(library, folder.join(format!("{module}.{suffix}")))?;
        Ok(folder)
    }

    /// Runs `cargo build` with these arguments besides. Returns the target folder.
    pub(super) fn run_cargo(
        self,
        crate_folder: &str,
        arguments: &[&str],
    ) -> Result<PathBuf, Failed> {
        let target = self.target()?;
        let mut build = cargo();
        build
            .args(["build", "--quiet", "--locked", "--target-dir"])
            .arg(&target)
            .args(arguments)
            .env("PYO3_CONFIG_FILE", self.configuration(&target)?)
            .current_dir(root().join("tests/pyo3").join(crate_folder));
        succeed(&mut build)?;
        Ok(target)
    }

    fn target(self) -> Result<PathBuf, Failed> {
        Ok(match self {
            Self::Wheel => pyo3_target().with_file_name("pyo3-cpython-abi3t"),
            // The folder of the example, which is built with the same configuration.
            Self::RustPython => pyo3_target(),
            Self::CPython => {
                let name = format!("pyo3-cpython-{}", version(&cpython()?)?);
                pyo3_target().with_file_name(name)
            }
        })
    }

    /// The file that tells PyO3 what it is built for.
    fn configuration(self, target: &Path) -> Result<PathBuf, Failed> {
        match self {
            Self::Wheel => Ok(root().join("tests/pyo3/cpython-abi3t.pyo3")),
            Self::RustPython => Ok(root().join("examples/extensions/pyo3_module/rustpython.pyo3")),
            Self::CPython => {
                let version = version(&cpython()?)?;
                let lines = [
                    "implementation=CPython",
                    &format!("version={version}"),
                    "shared=true",
                    "suppress_build_script_link_lines=true\n",
                ];
                let (file, text) = (target.join("cpython.pyo3"), lines.join("\n"));
                // PyO3 is built again if the file is newer.
                if fs::read_to_string(&file).ok().as_ref() != Some(&text) {
                    fs::create_dir_all(target)?;
                    fs::write(&file, text)?;
                }
                Ok(file)
            }
        }
    }
}

fn text_of(failed: Failed) -> String {
    failed.message().unwrap_or_default().to_owned()
}

pub(super) fn cpython() -> Result<CPython, Failed> {
    Ok(CPython::find().ok_or("no CPython 3.13 or 3.14 here")?)
}

/// The version as PyO3 wants it, such as `3.13`.
fn version(cpython: &CPython) -> Result<String, Failed> {
    let mut ask = Command::new(cpython.program());
    ask.args([
        "-I",
        "-c",
        "import sys; print('%d.%d' % sys.version_info[:2])",
    ]);
    let output = succeed(&mut ask)?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
