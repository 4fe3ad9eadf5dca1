//! Finds the installed CPythons from 3.11 on that have headers: the first of each version.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::building::succeed;

/// A CPython to compare with.
#[derive(Clone, Debug)]
pub(crate) struct CPython {
    pub(crate) label: String,
    pub(crate) program: PathBuf,
    pub(crate) headers: PathBuf,
    pub(crate) built: String,
}

/// Prints four lines about a CPython: label, program, headers, and how it was built. It prints the
/// first two if there are no headers, and nothing for another implementation or an older version.
const PROBE: &str = "
import os, sys, sysconfig
headers = sysconfig.get_path('include')
variable = sysconfig.get_config_var
if sys.implementation.name != 'cpython' or sys.version_info < (3, 11):
    sys.exit()
threads = 't' if variable('Py_GIL_DISABLED') else ''
print('CPython %d.%d%s' % (*sys.version_info[:2], threads))
print(os.path.realpath(sys.executable))
if not os.path.exists(os.path.join(headers, 'Python.h')):
    sys.exit()
print(headers)
arguments = variable('CONFIG_ARGS') or ''
built = ['debug build'] if hasattr(sys, 'gettotalrefcount') else []
built.append('PGO' if '--enable-optimizations' in arguments else 'no PGO')
built.append('LTO' if '--with-lto' in arguments else 'no LTO')
built.append('libpython shared' if variable('Py_ENABLE_SHARED') else 'libpython in the program')
print(', '.join(built))
";

/// The CPythons, newest first, and a line for each version that cannot be used.
pub(crate) fn find() -> (Vec<CPython>, Vec<String>) {
    let mut found: Vec<CPython> = Vec::new();
    let mut without_headers: Vec<String> = Vec::new();
    for program in candidates() {
        let Ok(output) = succeed(Command::new(&program).args(["-I", "-c", PROBE])) else {
            continue;
        };
        let lines: Vec<&str> = output.lines().collect();
        match lines.as_slice() {
            [label, program, headers, built] if !found.iter().any(|one| one.label == *label) => {
                found.push(CPython {
                    label: (*label).to_owned(),
                    program: program.into(),
                    headers: headers.into(),
                    built: (*built).to_owned(),
                });
            }
            [label, _] => without_headers.push((*label).to_owned()),
            _ => {}
        }
    }
    let newest_first = |label: &String| {
        let number = label.rsplit('.').next().unwrap_or_default();
        let digits = number.trim_end_matches('t');
        Reverse(digits.parse::<u32>().unwrap_or_default())
    };
    found.sort_by_key(|one| newest_first(&one.label));
    without_headers.sort_by_key(newest_first);
    without_headers.dedup();
    without_headers.retain(|label| !found.iter().any(|one| one.label == *label));
    let missing = without_headers.iter();
    let mut missing: Vec<String> = missing
        .map(|label| format!("{label}: no headers"))
        .collect();
    if found.is_empty() {
        missing.push("CPython: no version from 3.11 on with headers".to_owned());
    }
    (found, missing)
}

/// Programs on `PATH`, then all versions of pyenv, whose commands on `PATH` start only the selected
/// versions.
fn candidates() -> Vec<PathBuf> {
    let mut candidates = Vec::new();
    for minor in 11..=20 {
        candidates.push(PathBuf::from(format!("python3.{minor}")));
        candidates.push(PathBuf::from(format!("python3.{minor}t")));
    }
    candidates.push(PathBuf::from("python3"));
    let root = std::env::var_os("PYENV_ROOT").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".pyenv"));
    if let Some(root) = root.or(home)
        && let Ok(entries) = std::fs::read_dir(root.join("versions"))
    {
        let mut versions: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        versions.sort();
        versions.reverse();
        candidates.extend(versions.iter().map(|version| version.join("bin/python3")));
    }
    candidates
}
