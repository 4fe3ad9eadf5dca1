//! The rows of `rows.py`: functions of the C API with values at the edge of what they take. What ours
//! answers otherwise is a list of rows.

use super::listed::{Account, Listed};

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
