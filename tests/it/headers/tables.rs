//! API tables in C: the results of consumers for tables of different producers. The module is also
//! built for every CPython whose headers are on this machine.

use std::sync::{Arc, LazyLock};

use libtest_mimic::{Failed, Trial};

use super::compilers::{CPYTHONS, CPython, Folder, Headers, Language, check, source, trial_in};
use crate::c_code::skipped;

/// The interpreters that run a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    Everywhere,
    Here,
}

use Where::{Everywhere, Here};

/// The name, the interpreters, the function that makes `producer.API`, statements that run then,
/// the consumer, and its result.
#[rustfmt::skip]
const ROWS: [(&str, Where, &str, &str, &str, &str); 30] = [
    ("same-version", Everywhere, "make_1_0", "", "use_1_0", "42"),
    ("same-version-with-more", Everywhere, "make_1_1", "", "use_1_1", "42"),
    ("same-version-of-another-major", Everywhere, "make_2_0", "", "use_2_0", "42"),
    ("features-are-those-of-the-producer", Everywhere, "make_1_0", "", "use_features", "5"),
    ("newer-minor-has-more-at-the-end", Everywhere, "make_1_1", "", "use_1_0", "42"),
    ("any-table-for-a-consumer-of-an-empty-one", Everywhere, "make_1_1", "", "use_bare", "1"),
    ("table-in-a-nested-attribute", Everywhere, "make_deep", "producer.inner = types.SimpleNamespace(deeper=producer)", "use_deep", "42"),
    ("older-minor-is-shorter", Everywhere, "make_1_0", "", "use_1_1", "ImportError: the API table \"producer.API\" cannot be used: it has version 1.0 (40 bytes), and version 1.1 (48 bytes) is needed"),
    ("header-alone-is-shorter", Everywhere, "make_bare", "", "use_1_0", "ImportError: the API table \"producer.API\" cannot be used: it has version 1.0 (32 bytes), and version 1.0 (40 bytes) is needed"),
    ("newer-major", Everywhere, "make_2_0", "", "use_1_0", "ImportError: the API table \"producer.API\" cannot be used: it has version 2.0 (48 bytes), and version 1.0 (40 bytes) is needed"),
    ("older-major-of-the-same-size", Everywhere, "make_1_1", "", "use_2_0", "ImportError: the API table \"producer.API\" cannot be used: it has version 1.1 (48 bytes), and version 2.0 (48 bytes) is needed"),
    // The later functions add 100 (since 1.1) and 1000 (since 1.3) if they exist.
    ("later-functions-of-the-same-version", Everywhere, "make_1_3", "", "use_later", "1142"),
    ("one-later-function-of-an-older-version", Everywhere, "make_1_1", "", "use_later", "142"),
    ("no-later-function-of-the-oldest-version", Everywhere, "make_1_0", "", "use_later", "42"),
    ("a-producer-may-lack-a-later-function", Everywhere, "make_gap", "", "use_later", "1042"),
    ("minor-newer-than-the-size", Everywhere, "make_too_short", "", "use_later", "42"),
    ("size-newer-than-the-minor", Everywhere, "make_too_long", "", "use_later", "42"),
    ("later-functions-of-another-major", Everywhere, "make_2_0", "", "use_later", "ImportError: the API table \"producer.API\" cannot be used: it has version 2.0 (48 bytes), and version 1.0 (40 bytes) is needed"),
    ("later-functions-of-a-header-only", Everywhere, "make_bare", "", "use_later", "ImportError: the API table \"producer.API\" cannot be used: it has version 1.0 (32 bytes), and version 1.0 (40 bytes) is needed"),
    ("no-header", Everywhere, "make_no_header", "", "use_1_0", "ImportError: the API table \"producer.API\" cannot be used: it has no API table header"),
    ("not-aligned", Everywhere, "make_not_aligned", "", "use_1_0", "ImportError: the API table \"producer.API\" cannot be used: its pointer is not aligned"),
    ("made-by-python", Here, "make_1_0", "producer.API = _capsule.new(_capsule.get_pointer(producer.API, 'producer.API'), 'producer.API')", "use_1_0", "ImportError: the API table \"producer.API\" cannot be used: no native module vouches for its pointer"),
    ("pointer-set-by-python-to-unmapped-memory", Here, "make_1_0", "_capsule.set_pointer(producer.API, 8)", "use_1_0", "ImportError: the API table \"producer.API\" cannot be used: no native module vouches for its pointer"),
    ("named-by-python", Here, "make_other_name", "_capsule.set_name(producer.API, 'producer.API')", "use_1_0", "ImportError: the API table \"producer.API\" cannot be used: no native module vouches for its pointer"),
    ("other-name", Everywhere, "make_other_name", "", "use_1_0", "AttributeError: PyCapsule_Import \"producer.API\" is not valid"),
    ("not-a-capsule", Everywhere, "make_1_0", "producer.API = 1", "use_1_0", "AttributeError: PyCapsule_Import \"producer.API\" is not valid"),
    ("missing", Everywhere, "make_1_0", "del producer.API", "use_1_0", "AttributeError: module 'producer' has no attribute 'API'"),
    ("no-producer", Everywhere, "make_1_0", "del sys.modules['producer']", "use_1_0", "ImportError: PyCapsule_Import could not import module \"producer\""),
    ("consumer-holds-the-capsule", Everywhere, "make_1_0", "held = tables.hold(); del producer.API; producer.API = held; del held", "use_1_0", "42"),
    ("no-reference-is-kept-after-a-failure", Everywhere, "make_2_0", "before = sys.getrefcount(producer.API)
for _ in range(3):
    try: tables.use_1_0()
    except ImportError: pass
assert sys.getrefcount(producer.API) == before", "use_2_0", "42"),
];

fn script(publish: &str, then: &str, consume: &str) -> String {
    let only_ours = if then.contains("_capsule.") {
        "import _capsule\n"
    } else {
        ""
    };
    format!(
        "import sys, types, tables
{only_ours}producer = sys.modules['producer'] = types.ModuleType('producer')
producer.API = tables.{publish}()
{then}
try: print(tables.{consume}())
except Exception as error: print(f'{{type(error).__name__}}: {{error}}')"
    )
}

pub(super) fn trials() -> Vec<Trial> {
    // Built when the first row runs; the folder is removed after the last.
    let built = Arc::new(LazyLock::new(build));
    let ours = ROWS.map(|(name, _, publish, then, consume, expected)| {
        let built = Arc::clone(&built);
        trial_in(Language::C, format!("headers::tables::{name}"), move |_| {
            let folder = (*built).as_ref()?;
            let ended = folder.run(&script(publish, then, consume));
            check(&ended, expected)
        })
    });
    let mut trials: Vec<Trial> = ours.into();
    if CPYTHONS.is_empty() {
        let name = "headers::tables::in-cpython::skipped, no Python.h of CPython here";
        trials.push(skipped(name.to_owned()));
    }
    trials.extend(CPYTHONS.iter().map(|cpython| {
        let name = format!("headers::tables::in-cpython::{}", cpython.program);
        trial_in(Language::C, name, |compiler| {
            let folder = Folder::new();
            let headers = Headers::Of(cpython);
            folder.compile(
                compiler,
                headers,
                &source("tables.c"),
                &["-shared"],
                "tables.so",
            )?;
            in_cpython(&folder, cpython)
        })
    }));
    trials
}

/// A folder with the module, or the compiler's output.
fn build() -> Result<Folder, String> {
    let folder = Folder::new();
    let compiler = Language::C.compiler().ok_or("no compiler")?;
    let built = folder.module(compiler, &source("tables.c"), "tables");
    built
        .map(|()| folder)
        .map_err(|error| error.message().unwrap_or_default().to_owned())
}

fn in_cpython(folder: &Folder, cpython: &CPython) -> Result<(), Failed> {
    for (name, _, publish, then, consume, expected) in ROWS.iter().filter(|row| row.1 == Everywhere)
    {
        let printed = folder.run_in(cpython, &script(publish, then, consume))?;
        if printed.trim_end() != *expected {
            return Err(format!("{name}: {printed}expected:\n{expected}").into());
        }
    }
    Ok(())
}
