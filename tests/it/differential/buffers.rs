//! Views of all kinds of objects with all flags, the functions on views, and memoryviews made by C
//! code: the scripts in `tests/c/buffers`. What a view pins, and that it is released once, is part of
//! them.

use libtest_mimic::Failed;

use super::differences::{Difference, Tally};
use super::interpreters::Interpreters;

/// The answers that differ, because CPython's ctypes ignores the flags: the row, and our answer.
const OF_CTYPES: [(&str, &str); 5] = [
    (
        "get ctypes c_int 0x0",
        r"[4, 4, 0, 1, None, None, None, None, True, 1, 1, 1, 0, b'\x07\x00\x00\x00', True]",
    ),
    (
        "get ctypes c_int 0x18",
        r"[4, 4, 0, 0, None, None, None, None, True, 1, 1, 1, 0, b'\x07\x00\x00\x00', True]",
    ),
    (
        "get ctypes array 0x0",
        r"[6, 2, 0, 1, None, None, None, None, True, 1, 1, 1, 0, b'\x01\x00\x02\x00\x03\x00', True]",
    ),
    (
        "get ctypes array 0x18",
        r"[6, 2, 0, 1, None, [3], [2], None, True, 1, 1, 1, 0, [b'\x01\x00', b'\x02\x00', b'\x03\x00'], True]",
    ),
    (
        "get ctypes array 0x11c",
        r"[6, 2, 0, 1, '<h', [3], [2], None, True, 1, 1, 1, 0, [b'\x01\x00', b'\x02\x00', b'\x03\x00'], True]",
    ),
];

/// The flags of requests for Fortran order.
const FORTRAN: [&str; 4] = ["0x58", "0x59", "0x5c", "0x5d"];

pub(super) fn compare(interpreters: &Interpreters) -> Result<(), Failed> {
    let (theirs, ours) = interpreters.run("rows.py", &[])?;
    let tally = Tally::of(&theirs.stdout, &ours.stdout, expected);
    eprintln!("buffers in CPython and here: {tally}");
    if tally.lines() < 2_700 {
        return Err(format!("only {} lines were compared", tally.lines()).into());
    }
    tally.check(&[
        Difference::LeftIsUnraisable,
        Difference::CtypesFlags,
        Difference::PickleBuffer,
    ])?;
    Ok(())
}

/// The line expected of this interpreter for a line of CPython's, and the difference, if any.
fn expected(theirs: &str) -> (String, Option<Difference>) {
    let label = theirs.split('\t').next().unwrap_or_default();
    if let Some((_, answer)) = OF_CTYPES.iter().find(|(row, _)| *row == label) {
        return (format!("{label}\t{answer}"), Some(Difference::CtypesFlags));
    }
    // In C order, whatever was asked for.
    let of_arrays = label.strip_prefix("get bytes of ctypes array of arrays ");
    if of_arrays.is_some_and(|flags| FORTRAN.contains(&flags)) {
        let answer = "BufferError: memoryview: underlying buffer is not Fortran contiguous";
        return (format!("{label}\t{answer}"), Some(Difference::CtypesFlags));
    }
    if label == "raises at the release" {
        let answer = format!("{label}\t[LookupError: at the release]");
        return (answer, Some(Difference::LeftIsUnraisable));
    }
    let of_view = "memoryview: underlying buffer is not writable";
    if label.starts_with("get PickleBuffer") && theirs.ends_with(of_view) {
        let answer = theirs.replace(of_view, "Object is not writable.");
        return (answer, Some(Difference::PickleBuffer));
    }
    (theirs.to_owned(), None)
}
