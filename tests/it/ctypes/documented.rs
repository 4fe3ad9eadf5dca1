//! `docs/ctypes.md`: each of its programs prints what the block after it says.

use std::fs;
use std::path::Path;

use libtest_mimic::{Failed, Trial};

use super::expectation::same;
use crate::interpreter::{child_source, trial};

pub(super) fn trials() -> Vec<Trial> {
    vec![trial(
        "ctypes::the-programs-of-the-docs-print-what-the-docs-say",
        programs,
    )]
}

fn programs() -> Result<(), Failed> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let document = fs::read_to_string(root.join("docs/ctypes.md"))?;
    let programs: Vec<&str> = document.split("```python\n").skip(1).collect();
    if programs.len() < 3 || document.matches("```").count() != 4 * programs.len() {
        return Err("a block is neither a program nor the output of one".into());
    }
    for program in programs {
        let (source, after) = program.split_once("```\n").ok_or("a block has no end")?;
        let printed = after
            .strip_prefix("\n```text\n")
            .ok_or("no text block after a program")?;
        let (printed, _) = printed.split_once("```\n").ok_or("a block has no end")?;
        let ended = child_source(source);
        same(ended.code, &ended.stdout, &ended.stderr, printed)?;
    }
    Ok(())
}
