//! Where the transcripts of classes that are made with PyO3 differ from CPython's. All differences
//! are in texts; what the scripts assert is the same in both.

use libtest_mimic::Failed;

/// A line of a script that differs: what CPython prints, and what is printed here.
type Difference = (&'static str, &'static str, &'static str);

const DIFFERENCES: &[Difference] = &[
    // The VM's own texts.
    (
        "numbers",
        "TypeError:  expected at most 2 arguments, got 3",
        "TypeError: expected 1 or 2 arguments, got 3",
    ),
    (
        "attributes",
        "TypeError:  expected at least 1 argument, got 0",
        "TypeError: expected at least 1 argument, got 0",
    ),
    (
        "buffers",
        "TypeError: argument must be read-write bytes-like object, not Matrix",
        "TypeError: buffer is not a read-write bytes-like object",
    ),
    (
        "buffers",
        "TypeError: readinto() argument must be read-write bytes-like object, not Matrix",
        "TypeError: buffer is not a read-write bytes-like object",
    ),
    (
        "containers",
        "TypeError: 'Closed' object is not a container",
        "TypeError: 'NoneType' object is not callable",
    ),
    (
        "coroutines",
        "TypeError: object Empty can't be used in 'await' expression",
        "TypeError: 'Empty' object can't be awaited",
    ),
    (
        "coroutines",
        "TypeError: descriptor '__await__' requires a 'Ready' object but received a 'int'",
        "TypeError: descriptor '__await__' for 'Ready' objects doesn't apply to a 'int' object",
    ),
    (
        "coroutines",
        "TypeError: descriptor '__anext__' requires a 'Ticks' object but received a 'int'",
        "TypeError: descriptor '__anext__' for 'Ticks' objects doesn't apply to a 'int' object",
    ),
    (
        "methods",
        "TypeError: object.__new__(Made) is not safe, use Made.__new__()",
        "TypeError: cannot create 'Made' instances",
    ),
    // Those of Python 3.14.
    (
        "comparisons",
        "TypeError: unhashable type: 'Rich'",
        "TypeError: cannot use 'Rich' as a set element (unhashable type: 'Rich')",
    ),
    (
        "containers",
        "TypeError: argument of type 'Table' is not iterable",
        "TypeError: argument of type 'Table' is not a container or iterable",
    ),
];

/// In texts, CPython shows the name of a class from C with its module, and the VM shows the name
/// alone, as both do for classes of Python code.
const MODULE: &str = "pyo3_classes.";

/// Compares the transcripts of a script.
pub(super) fn compare(script: &str, ours: &str, theirs: &str) -> Result<(), Failed> {
    let listed: Vec<_> = DIFFERENCES.iter().filter(|row| row.0 == script).collect();
    let mut seen = vec![false; listed.len()];
    let (mut our_lines, mut their_lines) = (ours.lines(), theirs.lines());
    loop {
        let (our, their) = match (our_lines.next(), their_lines.next()) {
            (None, None) => break,
            (our, their) => (our.unwrap_or("the end"), their.unwrap_or("the end")),
        };
        let (our, their) = (our.replace(MODULE, ""), their.replace(MODULE, ""));
        if our == their {
            continue;
        }
        let row = listed
            .iter()
            .position(|row| (row.1, row.2) == (&*their, &*our));
        match row {
            Some(row) => seen[row] = true,
            None => return Err(format!("CPython: {their}\nhere:    {our}\n\n{ours}").into()),
        }
    }
    match seen.iter().position(|seen| !seen) {
        Some(row) => Err(format!("does not differ any more: {:?}", listed[row]).into()),
        None => Ok(()),
    }
}
