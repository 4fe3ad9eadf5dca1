//! `docs/extensions.md` is followed step by step: its files are written and its commands run in an
//! empty folder, and the output must be the documented one. Files that the docs quote must have
//! that text.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use libtest_mimic::{Failed, Trial};

use super::building::{root, same, succeed, with_compiler, with_pyo3};
use crate::interpreter::{CHILD, trial};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        with_compiler("a-c-module-from-an-empty-folder-as-documented", || {
            follow("## A C module, from an empty folder", &[])
        }),
        with_compiler("a-class-in-c-from-an-empty-folder-as-documented", || {
            follow("## A class in C, from an empty folder", &[])
        }),
        with_compiler("a-c-module-that-takes-dates-as-documented", || {
            follow("## Dates", &[])
        }),
        with_pyo3("a-pyo3-module-from-an-empty-folder-as-documented", pyo3),
        trial("extensions::the-docs-quote-files-correctly", quotes),
    ]
}

pub(crate) fn document() -> Result<String, Failed> {
    Ok(fs::read_to_string(root().join("docs/extensions.md"))?)
}

/// The documented crate has no lock file, so Cargo looks for the newest versions. Offline comes
/// first.
fn pyo3() -> Result<(), Failed> {
    let heading = "## A PyO3 module, from an empty folder";
    follow(heading, &[("CARGO_NET_OFFLINE", "true")]).or_else(|_| follow(heading, &[]))
}

/// The path of the repository in the document.
const CHECKOUT: &str = "~/rustpython-capsules";

/// Follows the steps under a heading.
fn follow(heading: &str, environment: &[(&str, &str)]) -> Result<(), Failed> {
    let document = document()?;
    let (_, section) = document
        .split_once(&format!("\n{heading}\n"))
        .ok_or("there is no such heading")?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let steps = Steps::of(section);
    let temporary = tempfile::tempdir()?;
    let checkout = temporary.path().join("checkout");
    lay_out(&checkout)?;
    let empty = temporary.path().join("empty");
    fs::create_dir(&empty)?;
    let script = steps
        .script
        .replace(CHECKOUT, &format!("'{}'", checkout.display()));
    let mut shell = Command::new("sh");
    shell.args(["-e", "-c", &script]).current_dir(empty);
    // A reader of the document has not set these.
    shell
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("PYO3_CONFIG_FILE");
    let output = succeed(shell.envs(environment.iter().copied()))?;
    same(&String::from_utf8_lossy(&output.stdout), &steps.output)
}

/// Prepares what the steps need of the repository: the headers, and the program where Cargo puts
/// it.
fn lay_out(checkout: &Path) -> Result<(), Failed> {
    let programs = checkout.join("target/debug");
    fs::create_dir_all(&programs)?;
    symlink(root().join("crates"), checkout.join("crates"))?;
    let tests = std::env::current_exe()?;
    let program = programs.join("capsule-python");
    let text = format!("#!/bin/sh\n{CHILD}=1 exec '{}' \"$@\"\n", tests.display());
    fs::write(&program, text)?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// A section as one shell script, and its output.
#[derive(Default)]
struct Steps {
    script: String,
    output: String,
}

impl Steps {
    /// Blocks of the language `console` have commands, after `$ `, and their output. Another block
    /// is a file if the line before it is a name in backquotes with a colon.
    fn of(section: &str) -> Self {
        let mut steps = Self::default();
        for (before, language, text) in blocks(section) {
            let name = before
                .strip_prefix('`')
                .and_then(|name| name.strip_suffix("`:"));
            if let Some(name) = name {
                let write = format!("cat > '{name}' <<'END OF FILE'\n{text}END OF FILE\n");
                steps.script.push_str(&write);
            }
            for line in text.split_inclusive('\n').filter(|_| language == "console") {
                match line.strip_prefix("$ ") {
                    Some(command) => steps.script.push_str(command),
                    None => steps.output.push_str(line),
                }
            }
        }
        steps
    }
}

/// The code blocks of a text: the last line before each that is not empty, the language, and the
/// text.
fn blocks(text: &str) -> Vec<(&str, &str, &str)> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((before, block)) = rest.split_once("\n```") {
        let Some((language, block)) = block.split_once('\n') else {
            break;
        };
        let Some((text, after)) = block.split_once("```\n") else {
            break;
        };
        let before = before.trim_end().lines().next_back().unwrap_or_default();
        blocks.push((before, language, text));
        rest = after;
    }
    blocks
}

fn quotes() -> Result<(), Failed> {
    let document = document()?;
    let examples = root().join("examples");
    let transcript = fs::read_to_string(examples.join("extensions/transcript.txt"))?;
    let blocks = blocks(&document);
    let of_transcript = blocks.iter().filter(|block| block.2.starts_with("# "));
    for (_, _, text) in of_transcript.clone() {
        if !transcript.contains(text) {
            return Err(format!("the transcript does not contain\n{text}").into());
        }
    }
    if of_transcript.count() == 0 {
        return Err("the document does not quote the transcript".into());
    }
    let build = fs::read_to_string(examples.join("embedding/build.rs"))?;
    let embedding = fs::read_to_string(root().join("docs/embedding.md"))?;
    if !self::blocks(&embedding)
        .iter()
        .any(|block| block.2 == build)
    {
        return Err("docs/embedding.md lacks the build script of examples/embedding".into());
    }
    let config = examples.join("extensions/pyo3_module/rustpython.pyo3");
    let config = fs::read_to_string(config)?;
    if !blocks.iter().any(|block| block.2 == config) {
        return Err("the document does not have the PyO3 configuration of the example".into());
    }
    Ok(())
}
