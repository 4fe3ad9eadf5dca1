//! Classes made by C code, where there is nothing to compare with: every class of the VM as a base,
//! threads, long chains, a collection at every allocation, and the end of the interpreter. The
//! classes are those of the comparison with CPython.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use libtest_mimic::{Failed, Trial};
use tempfile::TempDir;

use crate::c_code::{self, HAS_COMPILER};
use crate::interpreter::{CHILD, Ended, child, trial};
use crate::loader::valgrind;

/// A script, and what it prints at its end.
const SCRIPTS: [(&str, &str, &str); 5] = [
    (
        "each-class-of-the-vm-can-be-a-base",
        "bases.py",
        "50 checked, 0 failed\n",
    ),
    (
        "threads-make-share-and-drop-instances",
        "threads.py",
        "subclasses left: 0 1\n",
    ),
    (
        "long-chains-are-destroyed-on-small-stacks",
        "chains.py",
        "by_all_in_turn on a small stack\n",
    ),
    (
        "a-collection-at-every-allocation",
        "always.py",
        "'making', 'metaclass']\n",
    ),
    (
        "instances-are-alive-when-the-interpreter-ends",
        "at_exit.py",
        "done\n__del__ 7\n",
    ),
];

pub(crate) fn trials() -> Vec<Trial> {
    if !*HAS_COMPILER {
        return vec![c_code::skipped(
            "classes::skipped, no C compiler here".to_owned(),
        )];
    }
    let mut trials: Vec<Trial> = SCRIPTS
        .iter()
        .map(|&(name, script, end)| {
            trial(format!("classes::{name}"), move || {
                check(script, end, |arguments| Ok(child(arguments, &[])))
            })
        })
        .collect();
    if valgrind::is_here() {
        let under_valgrind = trial("valgrind::classes", || {
            let (_, script, end) = SCRIPTS[4];
            let mut log = String::new();
            check(script, end, |arguments| {
                let environment = [(CHILD, "1")];
                Ok(valgrind::under_valgrind(arguments, &environment, &mut log)?)
            })?;
            valgrind::check(&log)
        });
        trials.push(under_valgrind.with_ignored_flag(true));
    }
    trials
}

fn check(
    script: &str,
    end: &str,
    run: impl FnOnce(&[&OsStr]) -> Result<Ended, Failed>,
) -> Result<(), Failed> {
    let path = sources().join("alone").join(script);
    let ended = run(&[path.as_os_str(), folder()?.as_os_str()])?;
    if ended.code == Some(0) && ended.stdout.ends_with(end) && ended.stderr.is_empty() {
        Ok(())
    } else {
        Err(format!("{ended:?}").into())
    }
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("c/classes")
}

/// The folder with the module `class_driver`, which is built once.
fn folder() -> Result<&'static Path, Failed> {
    static BUILT: OnceLock<Result<TempDir, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let entries = std::fs::read_dir(sources()).map_err(|error| error.to_string())?;
        let files: Vec<PathBuf> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension() == Some(OsStr::new("c")))
            .collect();
        let library = folder.path().join("class_driver.so");
        c_code::compile(&files, &c_code::headers(), &["-O1"], &library)?;
        Ok(folder)
    });
    built
        .as_ref()
        .map(TempDir::path)
        .map_err(|error| error.clone().into())
}
