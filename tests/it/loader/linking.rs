//! How extension modules are linked: one that declares the C functions itself instead of including
//! the headers, and modules linked with a second libpython, for which a small library stands in.

use std::path::Path;

use libtest_mimic::{Failed, Trial};

use super::fixture::{Fixture, skipped};
use crate::c_code::{self, HAS_COMPILER};
use crate::interpreter::trial;

pub(super) fn trials() -> Vec<Trial> {
    if !*HAS_COMPILER || !cfg!(target_os = "linux") {
        return vec![skipped("linking")];
    }
    let test = |behaviour, run: fn() -> Result<(), Failed>| {
        trial(format!("loader::linking::{behaviour}"), run)
    };
    vec![
        test("a-module-without-the-headers-loads", without_headers),
        test(
            "a-module-linked-with-a-second-libpython-is-an-error",
            directly,
        ),
        test(
            "a-module-whose-library-is-linked-with-a-second-libpython-is-an-error",
            through_a_library,
        ),
        test(
            "a-module-that-contains-a-second-libpython-is-an-error",
            statically,
        ),
        test("a-missing-libpython-is-reported", missing),
    ]
}

fn without_headers() -> Result<(), Failed> {
    let fixture = Fixture::new(&["foreign.c"])?;
    prints(
        &fixture,
        "import foreign as f, os.path
print(f.matches, f.none, f.checks, f.text, f.path is os.path, f.items)",
        "1 1 1 text True [1, 2]\n",
    )
}

const OTHER: &str = "libpython3.13.so.1.0";

/// Imports `linked` twice, and then a valid module.
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
    let fixture = Fixture::new(&["foreign.c"])?;
    link(&fixture, &["other_python.c"], OTHER, &[])?;
    link(&fixture, &["linked.c"], "linked.so", &[OTHER])?;
    is_refused(&fixture, OTHER)
}

fn through_a_library() -> Result<(), Failed> {
    let fixture = Fixture::new(&["foreign.c"])?;
    link(&fixture, &["other_python.c"], OTHER, &[])?;
    link(&fixture, &["linked.c"], "libbetween.so", &[OTHER])?;
    link(&fixture, &["linked.c"], "linked.so", &["libbetween.so"])?;
    is_refused(&fixture, OTHER)
}

fn statically() -> Result<(), Failed> {
    let fixture = Fixture::new(&["foreign.c"])?;
    link(&fixture, &["linked.c", "other_python.c"], "linked.so", &[])?;
    is_refused(&fixture, "linked.so")
}

fn missing() -> Result<(), Failed> {
    let fixture = Fixture::new(&["foreign.c"])?;
    link(&fixture, &["other_python.c"], OTHER, &[])?;
    link(&fixture, &["linked.c"], "linked.so", &[OTHER])?;
    std::fs::remove_file(fixture.path().join(OTHER))?;
    prints(
        &fixture,
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

fn is_refused(fixture: &Fixture, file: &str) -> Result<(), Failed> {
    let line = format!("module linked is linked with another Python, FOLDER/{file}{REFUSED}");
    prints(fixture, IMPORTS, &line.repeat(2))
}

fn prints(fixture: &Fixture, source: &str, expected: &str) -> Result<(), Failed> {
    let ended = fixture.run(source, &[], &[]);
    if ended.code == Some(0) && ended.stdout == expected {
        Ok(())
    } else {
        Err(format!("{ended:?}\nexpected {expected}").into())
    }
}

/// Makes a library from C files and links it with other libraries of the folder.
fn link(fixture: &Fixture, sources: &[&str], name: &str, linked: &[&str]) -> Result<(), String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/loader");
    let sources: Vec<_> = sources.iter().map(|source| folder.join(source)).collect();
    let mut flags = vec![
        "-Wl,--no-as-needed,-rpath,$ORIGIN".to_owned(),
        format!("-Wl,-soname,{name}"),
        format!("-L{}", fixture.path().display()),
    ];
    // `--no-as-needed` links them although the sources use none of their symbols.
    flags.extend(linked.iter().map(|other| format!("-l:{other}")));
    c_code::compile(
        &sources,
        &c_code::headers(),
        &flags,
        &fixture.path().join(name),
    )
}
