//! Modules that were not made for these headers: one that declares what it calls, and those that
//! bring another Python along, which stands here as a library of a few lines.

use std::path::Path;

use libtest_mimic::{Failed, Trial};

use super::stage::{Stage, left_out};
use crate::c_code::{self, HAS_COMPILER};
use crate::interpreter::trial;

pub(super) fn trials() -> Vec<Trial> {
    if !*HAS_COMPILER || !cfg!(target_os = "linux") {
        return vec![left_out("strangers")];
    }
    let test =
        |holds, run: fn() -> Result<(), Failed>| trial(format!("loader::strangers::{holds}"), run);
    vec![
        test("a-module-without-our-headers-loads", foreign),
        test(
            "a-module-that-is-linked-with-a-second-python-is-refused",
            directly,
        ),
        test(
            "a-module-whose-library-is-linked-with-a-second-python-is-refused",
            through_a_library,
        ),
        test("a-module-that-has-a-second-python-in-it-is-refused", within),
        test("a-second-python-that-is-not-there-is-told", missing),
    ]
}

fn foreign() -> Result<(), Failed> {
    let stage = Stage::new(&["foreign.c"])?;
    says(
        &stage,
        "import foreign as f, os.path
print(f.matches, f.none, f.checks, f.text, f.path is os.path, f.items)",
        "1 1 1 text True [1, 2]\n",
    )
}

const OTHER: &str = "libpython3.13.so.1.0";

/// Imports `linked` twice and then a module that is as it should be.
const IMPORTS: &str = "
for attempt in 1, 2:
    try:
        import linked
    except ImportError as error:
        text = str(error).replace(error.path.rpartition('/')[0], 'FOLDER')
        print(text, error.name, 'linked' in __import__('sys').modules)
import foreign
";

const REFUSED: &str = ": link it without libpython, since the interpreter has the functions of the C \
                       API linked False\n";

fn directly() -> Result<(), Failed> {
    let stage = Stage::new(&["foreign.c"])?;
    library(&stage, &["other_python.c"], OTHER, &[])?;
    library(&stage, &["linked.c"], "linked.so", &[OTHER])?;
    is_refused(&stage, OTHER)
}

fn through_a_library() -> Result<(), Failed> {
    let stage = Stage::new(&["foreign.c"])?;
    library(&stage, &["other_python.c"], OTHER, &[])?;
    library(&stage, &["linked.c"], "libbetween.so", &[OTHER])?;
    library(&stage, &["linked.c"], "linked.so", &["libbetween.so"])?;
    is_refused(&stage, OTHER)
}

fn within() -> Result<(), Failed> {
    let stage = Stage::new(&["foreign.c"])?;
    library(&stage, &["linked.c", "other_python.c"], "linked.so", &[])?;
    is_refused(&stage, "linked.so")
}

fn missing() -> Result<(), Failed> {
    let stage = Stage::new(&["foreign.c"])?;
    library(&stage, &["other_python.c"], OTHER, &[])?;
    library(&stage, &["linked.c"], "linked.so", &[OTHER])?;
    std::fs::remove_file(stage.path().join(OTHER))?;
    says(
        &stage,
        "
try:
    import linked
except ImportError as error:
    print(error, *error.__notes__, sep='\\n')
",
        &format!(
            "{OTHER}: cannot open shared object file: No such file or directory\nlink the module \
             without libpython: the interpreter has the functions of the C API\n"
        ),
    )
}

fn is_refused(stage: &Stage, file: &str) -> Result<(), Failed> {
    let line = format!("module linked is linked with another Python, FOLDER/{file}{REFUSED}");
    says(stage, IMPORTS, &line.repeat(2))
}

fn says(stage: &Stage, source: &str, expected: &str) -> Result<(), Failed> {
    let ended = stage.run(source, &[], &[]);
    if ended.code == Some(0) && ended.stdout == expected {
        Ok(())
    } else {
        Err(format!("{ended:?}\nexpected {expected}").into())
    }
}

/// Makes a library of C files, which is linked with others of the folder.
fn library(stage: &Stage, sources: &[&str], name: &str, linked: &[&str]) -> Result<(), String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/loader");
    let sources: Vec<_> = sources.iter().map(|source| folder.join(source)).collect();
    let mut flags = vec![
        "-Wl,--no-as-needed,-rpath,$ORIGIN".to_owned(),
        format!("-Wl,-soname,{name}"),
        format!("-L{}", stage.path().display()),
    ];
    // Behind the sources, which need nothing of them to be linked.
    flags.extend(linked.iter().map(|other| format!("-l:{other}")));
    c_code::compile(
        &sources,
        &c_code::headers(),
        &flags,
        &stage.path().join(name),
    )
}
