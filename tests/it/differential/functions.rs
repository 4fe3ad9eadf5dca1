//! The rows of `rows.py`: functions of the C API with values at the edge of what they take. What
//! ours answers otherwise is a list of rows; what CPython cannot be asked is in `alone.py`.

use std::path::Path;

use libtest_mimic::{Failed, Trial};

use super::listed::{Account, Listed};
use crate::c_code::{self, HAS_COMPILER};
use crate::interpreter::{child, trial};

/// The tests that need no CPython: a script, what it is told, its exit code and its last lines.
const ALONE: [(&str, &str, &str, i32, &str); 3] = [
    (
        "functions-take-null-and-tuples-are-filled-among-threads",
        "alone.py",
        "",
        0,
        "done\n",
    ),
    (
        "a-thread-that-prints-a-system-exit-ends-a-process-that-waits-for-it",
        "ending.py",
        "thread",
        3,
        "end\nexit function\n",
    ),
    (
        "an-exit-function-that-prints-a-system-exit-ends-the-process",
        "ending.py",
        "exit function",
        4,
        "end\n",
    ),
];

pub(super) fn alone() -> impl Iterator<Item = Trial> {
    ALONE.into_iter().map(|(name, script, told, code, stdout)| {
        let name = format!("differential::{name}");
        if *HAS_COMPILER {
            trial(name, move || run_alone(script, told, code, stdout))
        } else {
            c_code::left_out(format!("{name}::left out, no C compiler here"))
        }
    })
}

fn run_alone(script: &str, told: &str, code: i32, stdout: &str) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/functions");
    let library = folder.path().join("function_driver.so");
    let source = sources.join("function_driver.c");
    c_code::compile(&[source], &c_code::headers(), &[""; 0], &library)?;
    let script = sources.join(script);
    let arguments = [script.as_os_str(), folder.path().as_os_str(), told.as_ref()];
    let ended = child(&arguments, &[]);
    if ended.code == Some(code) && ended.stdout == stdout {
        Ok(())
    } else {
        Err(format!("{ended:?}").into())
    }
}

/// Native classes, and the flags that they lack in the VM. Who is not on the heap is immutable.
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

/// Compares the answers to all rows.
pub(super) fn compare(theirs: &str, ours: &str) -> Account {
    let mut account = Account::default();
    account.enter_lengths(theirs, ours);
    for (theirs, ours) in theirs.lines().zip(ours.lines()) {
        let (expected, listed) = expected(theirs);
        account.enter(theirs, &expected, listed.as_slice(), ours);
    }
    account
}

/// What ours must write for a line of CPython's, and why it is another.
fn expected(theirs: &str) -> (String, Option<Listed>) {
    let class = theirs.strip_prefix("PyType_GetFlags ");
    let class = class.and_then(|rest| rest.split('\t').next());
    if let Some((_, lacking)) = NATIVE.iter().find(|(name, _)| Some(*name) == class) {
        return (without(theirs, lacking), Some(Listed::NativeClass));
    }
    let half_a_report = "'Exception ignored in: 5\\n'";
    if theirs.contains("with nothing pending") && theirs.contains(half_a_report) {
        return (
            theirs.replace(half_a_report, "''"),
            Some(Listed::NothingPending),
        );
    }
    let conflict = "metaclass conflict: the metaclass of a derived class must be a (non-strict) \
                    subclass of the metaclasses of all its bases";
    if theirs.starts_with("PyErr_NewException of ") && theirs.contains(conflict) {
        let answer = theirs.replace(conflict, "bases must be types");
        return (answer, Some(Listed::BasesOfTypes));
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
