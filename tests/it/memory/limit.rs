//! A process at its memory limit: what does not fit raises MemoryError, and the process continues.

use std::ffi::OsStr;

use libtest_mimic::{Failed, Trial};

use crate::interpreter::{child, trial};

/// Sets a limit that no copy of the name `big` fits in.
const PRELUDE: &str = "
import _capsule, resource
big = 'x' * (1 << 30)
raw = big.encode()
c = _capsule.new(7, 'a')
pages = int(open('/proc/self/statm').read().split()[0])
_, hard = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (pages * 4096 + (100 << 20), hard))
def refused(f, *arguments):
    try: f(*arguments)
    except MemoryError as error: return not error.args
    return False
";

/// The function, and an expression that must be true.
const ROWS: &[(&str, &str)] = &[
    (
        "new",
        "refused(_capsule.new, 1, big) and refused(_capsule.new, 1, raw)",
    ),
    (
        "set-name",
        "refused(_capsule.set_name, c, big) and refused(_capsule.set_name, c, raw)",
    ),
    (
        "claim",
        "refused(_capsule.claim, c, 'a', big) and refused(_capsule.claim, c, big, 'b')",
    ),
    ("get-pointer", "refused(_capsule.get_pointer, c, big)"),
    ("is-valid", "refused(_capsule.is_valid, c, big)"),
    (
        "import",
        "refused(_capsule.import_capsule, big) and refused(_capsule.import_, raw)",
    ),
];

pub(super) fn trials() -> Vec<Trial> {
    let trials = ROWS.iter().map(|&(name, expression)| {
        trial(format!("memory::limit::{name}"), move || check(expression))
    });
    trials.collect()
}

fn check(expression: &str) -> Result<(), Failed> {
    let source = format!(
        "{PRELUDE}print({expression})\n\
         print(_capsule.get_pointer(c, 'a'), _capsule.get_name(_capsule.new(1, 'b' * 1000)) == 'b' * 1000)"
    );
    let ended = child(&[OsStr::new("-c"), OsStr::new(&source)], &[]);
    if ended.code == Some(0) && ended.stdout == "True\n7 True\n" {
        Ok(())
    } else {
        Err(format!("{ended:?}").into())
    }
}
