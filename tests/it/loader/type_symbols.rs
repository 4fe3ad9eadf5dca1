//! The data symbols of the stable ABI: `stable_abi_data.txt` lists them all. A C module compares the
//! address of each with the object that Python sees.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use libtest_mimic::{Failed, Trial};

use super::fixture::{Fixture, skipped};
use crate::c_code::{self, HAS_COMPILER};
use crate::differential::interpreters::CPython;
use crate::interpreter::{Ended, same, trial};

const LIST: &str = include_str!("stable_abi_data.txt");

/// Python code that compares every symbol. It prints those that are wrong, and how many are right.
const COMPARE: &str = "
import sys, types, weakref, type_symbols
def compare():
    right, wrong = 0, type_symbols.not_missing()
    for name, kind, expression in ROWS:
        expected = eval(expression)
        found = [type_symbols.in_table(name, kind == 'variable'), type_symbols.by_code(name)]
        if all(one is expected for one in found):
            right += 1
        else:
            wrong.append((name, found))
    kinds = [type_symbols.is_int(one) for one in (5, 1 << 99, True, '')]
    print(right, wrong, kinds)
";

const EVERYWHERE: &str = "
compare()
import threading
thread = threading.Thread(target=compare)
thread.start()
thread.join()
sys.stdout.flush()
import _interpreters
other = _interpreters.create()
print(_interpreters.run_string(other, SOURCE + 'compare()\\nsys.stdout.flush()'))
_interpreters.destroy(other)
";

pub(super) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial(
            "loader::type_symbols::the-list-is-complete",
            list_is_complete,
        ),
        oracle(),
    ];
    // The addresses are those of Linux; elsewhere the import says why there are none.
    if !*HAS_COMPILER || !cfg!(all(target_os = "linux", target_env = "gnu")) {
        trials.push(skipped("type_symbols"));
        return trials;
    }
    let test = |behaviour, run: fn() -> Result<(), Failed>| {
        trial(format!("loader::type_symbols::{behaviour}"), run)
    };
    trials.extend([
        test("each-is-the-object-that-python-sees", each_is_the_object),
        test(
            "a-module-that-needs-one-says-why-there-is-none",
            no_memory_file,
        ),
        test("a-dynamic-loader-that-moves-them-is-noticed", moved_symbols),
    ]);
    trials
}

/// Name, kind, and the expression or the reason.
fn rows() -> impl Iterator<Item = [&'static str; 3]> {
    let lines = LIST.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| {
        let mut fields = line.splitn(3, ' ');
        [(); 3].map(|()| fields.next().expect("a row has three fields"))
    })
}

fn of_kind(wanted: &str) -> Vec<&'static str> {
    let rows = rows().filter(|[_, kind, _]| *kind == wanted);
    rows.map(|[name, ..]| name).collect()
}

/// No symbol is listed twice, and none is lost.
fn list_is_complete() -> Result<(), Failed> {
    let names: std::collections::BTreeSet<_> = rows().map(|[name, ..]| name).collect();
    let counts = ["object", "variable", "number", "missing"].map(|kind| of_kind(kind).len());
    same((names.len(), counts), (143, [64, 68, 1, 10]))
}

/// The expressions of the list name the same objects in CPython.
fn oracle() -> Trial {
    let name = "loader::type_symbols::the-list-is-right-for-cpython";
    let Some(cpython) = CPython::find() else {
        return c_code::skipped(format!("{name}::skipped, no CPython 3.13 or 3.14 here"));
    };
    trial(name, move || {
        let script = format!(
            "import ctypes, sys, types, weakref
for name, kind, expression in {}:
    symbol = ctypes.c_void_p.in_dll(ctypes.pythonapi, name)
    address = symbol.value if kind == 'variable' else ctypes.addressof(symbol)
    if address != id(eval(expression)):
        print(name)
print('done')",
            python_rows()
        );
        let output = Command::new(cpython.program())
            .args(["-c", &script])
            .output()?;
        same(
            (
                String::from_utf8_lossy(&output.stdout).as_ref(),
                String::from_utf8_lossy(&output.stderr).as_ref(),
            ),
            ("done\n", ""),
        )
    })
}

/// The rows that have objects, as a Python list.
fn python_rows() -> String {
    let rows = rows().filter(|[_, kind, _]| matches!(*kind, "object" | "variable"));
    let rows =
        rows.map(|[name, kind, expression]| format!("({name:?}, {kind:?}, {expression:?}),"));
    format!("[{}]", rows.collect::<String>())
}

/// A folder with the C module, and libraries for `LD_PRELOAD`.
fn fixture(preloaded: &[&str]) -> Result<Fixture, String> {
    let fixture = Fixture::new(&["finding.c"])?;
    let mut header = String::new();
    let lists = [
        ("OBJECTS", "object"),
        ("VARIABLES", "variable"),
        ("MISSING", "missing"),
    ];
    for (list, kind) in lists {
        let names = of_kind(kind).into_iter();
        let names: String = names.map(|name| format!(" X({name})")).collect();
        writeln!(header, "#define {list}(X){names}").expect("a string can be written to");
    }
    fixture.write("type_symbols_list.h", &header);
    let list = format!("-I{}", fixture.path().display());
    for source in ["type_symbols.c"].iter().chain(preloaded) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/loader");
        let library = fixture.path().join(source.replace(".c", ".so"));
        c_code::compile(
            &[folder.join(source)],
            &c_code::headers(),
            &[&list],
            &library,
        )?;
    }
    Ok(fixture)
}

fn each_is_the_object() -> Result<(), Failed> {
    let fixture = fixture(&[])?;
    let folder = fixture.path().display().to_string();
    let source = format!(
        "import sys\nsys.path[:0] = [{folder:?}]\nROWS = {}\n{COMPARE}",
        python_rows()
    );
    let script = format!("{source}\nSOURCE = {source:?}\n{EVERYWHERE}");
    let line = format!(
        "{} [] [1, 1, 0, 0]\n",
        of_kind("object").len() + of_kind("variable").len()
    );
    let ended = fixture.run(&script, &[], &[]);
    same(
        (ended.stdout.as_str(), ended.stderr.as_str()),
        (&format!("{}None\n", line.repeat(3)), ""),
    )
}

/// Imports a module that needs type symbols, one that needs none, and the first again.
fn import_both(preloaded: &str) -> Result<Ended, Failed> {
    let fixture = fixture(&[preloaded])?;
    fixture.place("finding", "plain");
    let library = fixture.path().join(preloaded.replace(".c", ".so"));
    let script = "
for name in 'type_symbols', 'plain', 'type_symbols':
    try:
        print(__import__(name).__name__)
    except ImportError as error:
        print(error)
";
    Ok(fixture.run(script, &[], &[("LD_PRELOAD", &library.to_string_lossy())]))
}

fn says(ended: &Ended, reason: &str) -> Result<(), Failed> {
    let found: Vec<_> = ended.stdout.lines().collect();
    // The first symbol that the dynamic loader does not find.
    let symbol = found.first().and_then(|line| line.split([' ', ',']).nth(3));
    let symbol = symbol.unwrap_or_default();
    assert!(rows().any(|[name, ..]| name == symbol), "{ended:?}");
    let line = format!(
        "module type_symbols needs {symbol}, which the interpreter cannot define here: {reason}"
    );
    same(found, vec![&line, "plain", &line])
}

fn no_memory_file() -> Result<(), Failed> {
    let ended = import_both("no_memory_file.c")?;
    says(
        &ended,
        "a file in memory cannot be made: Function not implemented (os error 38)",
    )
}

fn moved_symbols() -> Result<(), Failed> {
    let ended = import_both("moved_symbols.c")?;
    says(
        &ended,
        "the dynamic loader changes the addresses of absolute symbols",
    )
}
