//! Capsules through `ctypes`: Python programs with the output that is expected of them. Each runs
//! in a process of its own, in this interpreter and in CPython.

mod callbacks;
mod capsules;
mod documented;
mod expectation;
mod interpreters;
mod names;
mod objects;
mod pending;

use std::path::Path;
use std::process::{Command, Stdio};

use libtest_mimic::{Failed, Trial};

use crate::differential::interpreters::CPython;
use crate::interpreter::{child_source, trial};
use expectation::same;

/// The beginning of every program. `show` prints the value of a call, or the exception with its
/// builtin base class, since `PyCapsuleError` exists in this interpreter only.
const PRELUDE: &str = "
import gc, signal, sys, threading, ctypes
from ctypes import *
# Ends a program that hangs.
signal.alarm(100)
P = pythonapi
for _name, _result, _types in [
    ('New', py_object, [c_void_p, c_char_p, c_void_p]),
    ('GetPointer', c_void_p, [py_object, c_char_p]),
    ('GetName', c_void_p, [py_object]),
    ('GetContext', c_void_p, [py_object]),
    ('GetDestructor', c_void_p, [py_object]),
    ('IsValid', c_int, [py_object, c_char_p]),
    ('SetPointer', c_int, [py_object, c_void_p]),
    ('SetName', c_int, [py_object, c_char_p]),
    ('SetContext', c_int, [py_object, c_void_p]),
    ('SetDestructor', c_int, [py_object, c_void_p]),
    ('Import', c_void_p, [c_char_p, c_int]),
]:
    _function = P['PyCapsule_' + _name]
    _function.restype, _function.argtypes = _result, _types
    globals()[_name] = _function
def text_of(error):
    kinds = (k for k in type(error).__mro__ if k.__module__ in ('builtins', 'ctypes'))
    return f'{next(kinds).__name__}: {error}'
def show(action):
    try: print(repr(action()))
    except BaseException as error: print(text_of(error))
def hook(ignored):
    print('unraisable', text_of(ignored.exc_value), '|', ignored.err_msg.split('<')[0])
sys.unraisablehook = hook
";

pub(crate) fn trials() -> Vec<Trial> {
    let cpython = CPython::find();
    let rows = [
        names::ROWS,
        pending::ROWS,
        callbacks::ROWS,
        objects::ROWS,
        capsules::ROWS,
    ];
    let mut trials = documented::trials();
    trials.extend(interpreters::trials());
    for (name, source, expected) in rows.into_iter().flatten() {
        trials.push(trial(format!("ctypes::{name}"), move || {
            let ended = child_source(&format!("{PRELUDE}{source}"));
            same(ended.code, &ended.stdout, &ended.stderr, expected)
        }));
        trials.push(in_cpython(name, source, expected, cpython.clone()));
    }
    for (name, source, expected) in pending::OURS {
        trials.push(trial(format!("ctypes::{name}"), move || {
            let ended = child_source(&format!("{PRELUDE}{source}"));
            same(ended.code, &ended.stdout, &ended.stderr, expected)
        }));
    }
    trials
}

fn in_cpython(
    name: &str,
    source: &'static str,
    expected: &'static str,
    cpython: Option<CPython>,
) -> Trial {
    let Some(cpython) = cpython else {
        let name = format!("ctypes::{name}::skipped, no CPython 3.13 or 3.14 with headers here");
        return trial(name, || Ok(())).with_ignored_flag(true);
    };
    trial(format!("ctypes::{name}::in-cpython"), move || {
        run_cpython(cpython.program(), &format!("{PRELUDE}{source}"), expected)
    })
}

fn run_cpython(program: &Path, source: &str, expected: &str) -> Result<(), Failed> {
    let output = Command::new(program)
        .args(["-I", "-c", source])
        .stdin(Stdio::null())
        .output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    same(output.status.code(), &stdout, &stderr, expected)
}
