//! The rows of `rows.py`: functions of the C API with values at the limits of what they accept. The
//! rows that differ from CPython are listed. Calls that CPython does not survive are in
//! `without_cpython.py`.

use std::path::Path;

use libtest_mimic::{Failed, Trial};

use super::differences::{Difference, Tally};
use crate::c_code::{self, HAS_COMPILER};
use crate::interpreter::{child, trial};

/// The tests that need no CPython: a script, its argument, its exit code and its output.
const WITHOUT_CPYTHON: [(&str, &str, &str, i32, &str); 3] = [
    (
        "functions-accept-null-and-threads-see-tuples-being-filled",
        "without_cpython.py",
        "",
        0,
        "done\n",
    ),
    (
        "a-thread-that-prints-a-system-exit-ends-the-process",
        "exit_at_shutdown.py",
        "thread",
        3,
        "end\nexit function\n",
    ),
    (
        "an-exit-function-that-prints-a-system-exit-ends-the-process",
        "exit_at_shutdown.py",
        "exit function",
        4,
        "end\n",
    ),
];

pub(super) fn without_cpython() -> impl Iterator<Item = Trial> {
    WITHOUT_CPYTHON
        .into_iter()
        .map(|(name, script, argument, code, stdout)| {
            let name = format!("differential::{name}");
            if *HAS_COMPILER {
                trial(name, move || {
                    run_without_cpython(script, argument, code, stdout)
                })
            } else {
                c_code::skipped(format!("{name}::skipped, no C compiler here"))
            }
        })
}

fn run_without_cpython(
    script: &str,
    argument: &str,
    code: i32,
    stdout: &str,
) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/functions");
    let library = folder.path().join("function_driver.so");
    let files = [
        "function_driver.c",
        "classes.c",
        "protocols.c",
        "variadic.c",
    ]
    .map(|file| sources.join(file));
    c_code::compile(&files, &c_code::headers(), &[""; 0], &library)?;
    let script = sources.join(script);
    let arguments = [
        script.as_os_str(),
        folder.path().as_os_str(),
        argument.as_ref(),
    ];
    let ended = child(&arguments, &[]);
    if ended.code == Some(code) && ended.stdout == stdout {
        Ok(())
    } else {
        Err(format!("{ended:?}").into())
    }
}

/// Native classes, and the flags that they lack in the VM. A class without HEAPTYPE is immutable.
const NATIVE: [(&str, &str); 17] = [
    ("coroutine_wrapper", "DISALLOW_INSTANTIATION"),
    ("callable_iterator", "DISALLOW_INSTANTIATION"),
    ("wrapper_descriptor", "METHOD_DESCRIPTOR"),
    ("flags", "DISALLOW_INSTANTIATION"),
    ("version_info", "DISALLOW_INSTANTIATION"),
    ("stat_result", "HEAPTYPE"),
    ("deque", "HEAPTYPE"),
    ("defaultdict", "HEAPTYPE"),
    ("partial", "HEAPTYPE"),
    ("array", "HEAPTYPE"),
    ("count", "HEAPTYPE BASETYPE"),
    ("itemgetter", "HEAPTYPE"),
    ("lock", "HEAPTYPE"),
    ("BytesIO", "HEAPTYPE"),
    ("StringIO", "HEAPTYPE"),
    ("Pattern", "DISALLOW_INSTANTIATION HEAPTYPE"),
    ("Match", "HEAPTYPE"),
];

/// Compares the answers of all rows.
pub(super) fn compare(theirs: &str, ours: &str) -> Tally {
    Tally::of(theirs, ours, expected)
}

/// The line expected of this interpreter for a line of CPython's, and the difference, if any.
fn expected(theirs: &str) -> (String, Option<Difference>) {
    let class = theirs.strip_prefix("PyType_GetFlags ");
    let class = class.and_then(|rest| rest.split('\t').next());
    if let Some((_, lacking)) = NATIVE.iter().find(|(name, _)| Some(*name) == class) {
        return (without(theirs, lacking), Some(Difference::NativeClass));
    }
    let half_a_report = "'Exception ignored in: 5\\n'";
    if theirs.contains("with nothing pending") && theirs.contains(half_a_report) {
        return (
            theirs.replace(half_a_report, "''"),
            Some(Difference::NothingPending),
        );
    }
    let conflict = "metaclass conflict: the metaclass of a derived class must be a (non-strict) \
                    subclass of the metaclasses of all its bases";
    if theirs.starts_with("PyErr_NewException of ") && theirs.contains(conflict) {
        let answer = theirs.replace(conflict, "bases must be types");
        return (answer, Some(Difference::BasesOfTypes));
    }
    (theirs.to_owned(), None)
}

fn without(line: &str, lacking: &str) -> String {
    let (head, flags) = line.split_once('\'').unwrap_or((line, ""));
    let flags = flags.trim_end_matches('\'').split(' ');
    let flags = flags.filter_map(|flag| match flag {
        "HEAPTYPE" if lacking.contains(flag) && !line.contains("IMMUTABLETYPE") => {
            Some("IMMUTABLETYPE")
        }
        _ if lacking.split(' ').any(|other| other == flag) => None,
        _ => Some(flag),
    });
    format!("{head}'{}'", flags.collect::<Vec<_>>().join(" "))
}
