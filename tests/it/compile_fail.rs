//! Code that must not compile: misuse of `api_table!`, and borrows that outlive a capsule. `rustc`
//! compiles each file in `compile_fail` with the library that this binary is linked with.

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use libtest_mimic::{Completion, Failed, Trial};
use tempfile::TempDir;

use crate::interpreter::trial;

/// The file that must compile, so that the others fail for what they misuse.
const CONTROL: &str = "control.rs";

/// The errors of `rustc` for a library that another version of rustc built, or whose dependencies
/// have been built again since.
const MISMATCHES: [&str; 3] = ["error[E0460]", "error[E0463]", "error[E0514]"];

/// The library that the files use, or why there is none. Cargo keeps those of earlier builds, so
/// there may be several; the newest comes first.
static LIBRARY: LazyLock<Result<PathBuf, String>> = LazyLock::new(|| {
    let mut libraries = libraries().map_err(|error| error.to_string())?;
    libraries.sort_by_key(|library| {
        let changed = library.metadata().and_then(|data| data.modified());
        Reverse(changed.ok())
    });
    for library in libraries {
        let output = compile(&folder().join(CONTROL), &library);
        let printed = printed(&output.map_err(|error| format!("no rustc: {error}"))?);
        if !MISMATCHES.iter().any(|error| printed.contains(error)) {
            return Ok(library);
        }
    }
    Err("no library for this rustc beside the binary of the tests".to_owned())
});

pub(crate) fn trials() -> Vec<Trial> {
    let files = fs::read_dir(folder()).expect("the folder exists");
    let mut cases: Vec<PathBuf> = files
        .map(|file| file.expect("a folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    cases.sort();
    let cases = cases.into_iter().map(|case| {
        let name = case.file_stem().unwrap_or_default().to_string_lossy();
        let name = format!("compile_fail::{}", name.replace('_', "-"));
        Trial::ignorable_test(name, move || match LIBRARY.as_ref() {
            Ok(library) => check(&case, library).map(|()| Completion::Completed),
            Err(reason) => Ok(Completion::ignored_with(reason)),
        })
    });
    let comparison = trial(
        "compile_fail::the-comparison-finds-differences",
        differences,
    );
    cases.chain([comparison]).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("it/compile_fail")
}

/// The folder of this binary, where Cargo puts the libraries too.
fn built() -> std::io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    Ok(program.parent().unwrap_or(&program).to_owned())
}

fn libraries() -> std::io::Result<Vec<PathBuf>> {
    let mut libraries = Vec::new();
    for file in fs::read_dir(built()?)? {
        let file = file?;
        let name = file.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("librustpython_capsule_glue-") && name.ends_with(".rlib") {
            libraries.push(file.path());
        }
    }
    Ok(libraries)
}

/// Runs the `rustc` that built this binary on a file, without generating code.
fn compile(source: &Path, library: &Path) -> std::io::Result<Output> {
    let output = TempDir::new()?;
    let built = built()?;
    Command::new(env!("CAPSULE_TESTS_RUSTC"))
        .args(["--edition=2024", "--crate-type=lib", "--emit=metadata"])
        .args(["--color=never", "--cap-lints=allow", "--out-dir"])
        .arg(output.path())
        .arg("-L")
        .arg(format!("dependency={}", built.display()))
        .arg("--extern")
        .arg(format!("rustpython_capsule_glue={}", library.display()))
        .arg(source)
        .output()
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Compiles a file, which must fail with what the text file of its name expects. Only the control
/// must compile.
fn check(case: &Path, library: &Path) -> Result<(), Failed> {
    let output = compile(case, library)?;
    let printed = printed(&output);
    match (case.ends_with(CONTROL), output.status.success()) {
        (true, true) => Ok(()),
        (true, false) => Err(printed.into()),
        (false, true) => Err("the file compiles".into()),
        (false, false) => compare(&printed, &fs::read_to_string(case.with_extension("txt"))?),
    }
}

/// Each expected line must be part of a line of the output of `rustc`, in this order, and there
/// must be no other errors. The rest of the output depends on the version of rustc.
fn compare(printed: &str, expected: &str) -> Result<(), Failed> {
    let mut lines = printed.lines();
    for fragment in expected.lines() {
        if !lines.any(|line| line.contains(fragment)) {
            return Err(format!("not found: {fragment}\n{printed}").into());
        }
    }
    let errors = |text: &str| {
        let errors = text.lines().filter(|line| line.starts_with("error"));
        errors
            .filter(|line| !line.contains("aborting due to"))
            .count()
    };
    if errors(printed) == errors(expected) {
        Ok(())
    } else {
        Err(format!("there are other errors:\n{printed}").into())
    }
}

fn differences() -> Result<(), Failed> {
    let printed = "error[E0505]: first\n --> file.rs:1\n1 | drop(value);\nerror[E0063]: second\n\
                   error: aborting due to 2 previous errors\n";
    let rows = [
        (
            "error[E0505]: first\ndrop(value);\nerror[E0063]: second",
            true,
        ),
        ("error[E0505]: first\nerror[E0063]: second\n", true),
        ("error[E0505]: first", false),
        ("error[E0063]: second\nerror[E0505]: first", false),
        (
            "error[E0505]: first\nerror[E0063]: second\nerror: third",
            false,
        ),
        (
            "error[E0505]: first\ndrop(another);\nerror[E0063]: second",
            false,
        ),
        ("", false),
    ];
    for (expected, same) in rows {
        assert_eq!(compare(printed, expected).is_ok(), same, "{expected}");
    }
    Ok(())
}
