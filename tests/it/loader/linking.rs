//! How extension modules are linked: one that declares the C functions itself instead of including
//! the headers, and modules that need a second Python, for which a small library stands in. Its
//! initializer ends the process, so these tests also show that no code of it runs.

use std::path::Path;

use libtest_mimic::{Failed, Trial};

use super::fixture::{Fixture, skipped};
use crate::c_code::{self, HAS_COMPILER};
use crate::interpreter::{same, trial};

pub(super) fn trials() -> Vec<Trial> {
    if !*HAS_COMPILER || !cfg!(target_os = "linux") {
        return vec![skipped("linking")];
    }
    let without = trial(
        "loader::linking::a-module-without-the-headers-loads",
        without_headers,
    );
    let cases = CASES.iter().map(|case| {
        trial(format!("loader::linking::{}", case.behaviour), || {
            check(case)
        })
    });
    [without].into_iter().chain(cases).collect()
}

fn without_headers() -> Result<(), Failed> {
    let fixture = Fixture::new(&["foreign.c"])?;
    let script = "import foreign as f, os.path
print(f.matches, f.none, f.checks, f.text, f.path is os.path, f.items)";
    let ended = fixture.run(script, &[], &[]);
    same(
        (ended.stdout.as_str(), ended.stderr.as_str()),
        ("1 1 1 text True [1, 2]\n", ""),
    )
}

/// Libraries of a folder, of which the last one is the module `linked`.
struct Case {
    behaviour: &'static str,
    libraries: &'static [Library],
    /// Python code that runs before the import.
    before: &'static str,
    /// What the import says: for a refusal the file of the other Python, otherwise the whole text.
    outcome: Result<&'static str, &'static str>,
}

/// A library: the C files, its path in the folder, the libraries that it is linked with, and flags
/// for the compiler.
type Library = (
    &'static [&'static str],
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const RUNPATH: &str = "-Wl,--enable-new-dtags,-rpath,$ORIGIN";
const RUNPATH_BELOW: &str = "-Wl,--enable-new-dtags,-rpath,${ORIGIN}/below";
const RPATH_BELOW: &str = "-Wl,--disable-new-dtags,-rpath,/nowhere:$ORIGIN/below";

/// Makes it a library that can be loaded.
const QUIET: &str = "-DQUIET";
const PYTHON: &[&str] = &["other_python.c"];
const USER: &[&str] = &["linked.c"];

/// The name that a libpython has, and one from which nobody can tell.
const NAMED: &str = "libpython3.13.so.1.0";
const UNNAMED: &str = "libembedded.so";

const CASES: &[Case] = &[
    Case {
        behaviour: "a-module-that-needs-a-libpython-is-refused",
        libraries: &[
            (PYTHON, NAMED, &[], &[]),
            (USER, "linked.so", &[NAMED], &[RUNPATH]),
        ],
        before: "",
        outcome: Err("FOLDER/libpython3.13.so.1.0"),
    },
    Case {
        behaviour: "a-python-of-another-name-is-recognized",
        libraries: &[
            (PYTHON, UNNAMED, &[], &[]),
            (USER, "linked.so", &[UNNAMED], &[RUNPATH]),
        ],
        before: "",
        outcome: Err("FOLDER/libembedded.so"),
    },
    Case {
        behaviour: "a-module-that-contains-a-python-is-refused",
        libraries: &[(&["linked.c", "other_python.c"], "linked.so", &[], &[])],
        before: "",
        outcome: Err("FOLDER/linked.so"),
    },
    Case {
        behaviour: "a-module-whose-library-needs-a-python-is-refused",
        libraries: &[
            (PYTHON, UNNAMED, &[], &[]),
            (USER, "libinner.so", &[UNNAMED], &[RUNPATH]),
            (USER, "libouter.so", &["libinner.so"], &[RUNPATH]),
            (USER, "linked.so", &["libouter.so"], &[RUNPATH]),
        ],
        before: "",
        outcome: Err("FOLDER/libembedded.so"),
    },
    Case {
        behaviour: "rpath-holds-for-the-libraries-of-a-library",
        libraries: &[
            (PYTHON, "below/libembedded.so", &[], &[]),
            (USER, "below/libinner.so", &["below/libembedded.so"], &[]),
            (USER, "linked.so", &["below/libinner.so"], &[RPATH_BELOW]),
        ],
        before: "",
        outcome: Err("FOLDER/below/libembedded.so"),
    },
    Case {
        behaviour: "runpath-holds-for-its-own-library-only",
        libraries: &[
            (PYTHON, "below/libembedded.so", &[], &[]),
            (USER, "below/libinner.so", &["below/libembedded.so"], &[]),
            (USER, "linked.so", &["below/libinner.so"], &[RUNPATH_BELOW]),
        ],
        before: "",
        outcome: Ok("libembedded.so: cannot open shared object file: No such file or directory"),
    },
    Case {
        behaviour: "a-library-can-be-needed-by-its-path",
        libraries: &[
            (
                PYTHON,
                UNNAMED,
                &[],
                &["-Wl,-soname,${ORIGIN}/libembedded.so"],
            ),
            (USER, "linked.so", &[UNNAMED], &[]),
        ],
        before: "",
        outcome: Err("FOLDER/libembedded.so"),
    },
    Case {
        behaviour: "the-search-path-of-the-environment-is-used",
        libraries: &[
            (PYTHON, "searched/libembedded.so", &[], &[]),
            (
                USER,
                "searched/libinner.so",
                &["searched/libembedded.so"],
                &[],
            ),
            (USER, "linked.so", &["searched/libinner.so"], &[]),
        ],
        before: "",
        outcome: Err("FOLDER/searched/libembedded.so"),
    },
    Case {
        behaviour: "a-libpython-that-is-not-found-is-refused-too",
        libraries: &[
            (PYTHON, "unsearched/libpython3.13.so.1.0", &[], &[]),
            (USER, "linked.so", &["unsearched/libpython3.13.so.1.0"], &[]),
        ],
        before: "",
        outcome: Err("libpython3.13.so.1.0"),
    },
    Case {
        behaviour: "a-python-that-has-come-with-a-loaded-library-is-refused",
        libraries: &[
            (PYTHON, UNNAMED, &[], &[QUIET]),
            (USER, "libinner.so", &[UNNAMED], &[RUNPATH]),
            (USER, "linked.so", &["libinner.so"], &[RUNPATH]),
        ],
        before: "ctypes.CDLL(folder + '/libinner.so')",
        outcome: Err("FOLDER/libembedded.so"),
    },
    Case {
        behaviour: "a-python-that-the-module-does-not-need-is-no-obstacle",
        libraries: &[
            (PYTHON, UNNAMED, &[], &[QUIET]),
            (&["harmless.c"], "linked.so", &[], &[]),
        ],
        before: "ctypes.CDLL(folder + '/libembedded.so', ctypes.RTLD_GLOBAL)",
        outcome: Ok("loaded"),
    },
    Case {
        behaviour: "a-module-with-other-libraries-loads",
        libraries: &[
            (&["harmless.c"], "libinner.so", &[], &[]),
            (
                &["harmless.c"],
                "libpythonic.so",
                &["libinner.so"],
                &[RUNPATH],
            ),
            (
                &["harmless.c"],
                "linked.so",
                &["libpythonic.so"],
                &[RUNPATH],
            ),
        ],
        before: "",
        outcome: Ok("loaded"),
    },
];

fn check(case: &Case) -> Result<(), Failed> {
    let fixture = Fixture::new(&["foreign.c"])?;
    for library in case.libraries {
        link(&fixture, library)?;
    }
    let folder = fixture.path().to_string_lossy();
    let script = format!(
        "import ctypes, sys
folder = {folder:?}
{}
for attempt in 1, 2:
    try:
        import linked
        print('loaded')
    except ImportError as error:
        print(str(error).replace(folder, 'FOLDER'))
        assert error.name == 'linked' and 'linked' not in sys.modules
import foreign
",
        case.before
    );
    let line = match case.outcome {
        Ok(text) => text.to_owned(),
        Err(file) => format!(
            "module linked is linked with another Python, {file}: link it without libpython, since \
             the interpreter has the functions of the C API"
        ),
    };
    let searched = format!("/nowhere:{folder}/searched");
    let ended = fixture.run(&script, &[], &[("LD_LIBRARY_PATH", &searched)]);
    let expected = format!("{line}\n{line}\n");
    if ended.code == Some(0) && ended.stdout == expected {
        Ok(())
    } else {
        Err(format!("{ended:?}\nexpected {expected}").into())
    }
}

/// Makes a library.
fn link(fixture: &Fixture, (sources, path, linked, flags): &Library) -> Result<(), String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/loader");
    let sources: Vec<_> = sources.iter().map(|source| folder.join(source)).collect();
    let output = fixture.path().join(path);
    let below = output.parent().expect("the folder of the test");
    std::fs::create_dir_all(below).map_err(|error| error.to_string())?;
    // `--no-as-needed` links libraries although the sources use none of their symbols, and with the
    // other option it does not matter that a library needs others that are somewhere else.
    let common = ["-Wl,--no-as-needed,--allow-shlib-undefined", "-Wl,-soname"];
    let name = path.rsplit('/').next().unwrap_or_default();
    let mut all = vec![common[0].to_owned(), format!("{},{name}", common[1])];
    all.extend(flags.iter().map(|flag| (*flag).to_owned()));
    let linked = linked.iter().map(|other| fixture.path().join(other));
    all.extend(linked.map(|other| other.to_string_lossy().into_owned()));
    c_code::compile(&sources, &c_code::headers(), &all, &output)
}
