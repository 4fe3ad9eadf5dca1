//! Sealed capsules: what is still allowed, and what a hostile script comes to. It holds a capsule
//! with a distinctive pointer; after each attempt the capsule is as it was, no other has appeared,
//! and the pointer stands in nothing that the script got.

mod attempts;
mod mixed;

use core::ffi::c_void;
use core::ptr::{NonNull, without_provenance_mut};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::sync::LazyLock;

use libtest_mimic::{Failed, Trial};
use rustpython_capsule_glue::Access;
use rustpython_capsule_glue::capsule::{Destructor, DestructorKind, PyCapsule};
use rustpython_vm::scope::Scope;
use rustpython_vm::{PyRef, PyResult, TryFromObject, VirtualMachine};

use crate::interpreter::{child, exec, interpreter, shown, trial};
use attempts::{ALLOWED, Attempt, FUNCTIONS, MODULES, OBJECT, OTHER_DOORS, Outcome};

const POINTER: usize = 0x5ea1_ed0b_ad1d;
const CONTEXT: usize = 0x5ea1_ed0b_ad2d;

/// `attempt` runs one and answers with its outcome, and with all texts that can be had from it.
const PRELUDE: &str = r"
import _capsule, builtins, gc, importlib, importlib.machinery, os, sys, types

sys.modules['m'] = types.SimpleNamespace(cap=capsule, other=capsule)

def tried(call):
    try:
        return call()
    except BaseException as error:
        return error

def open_doors(module):
    names = {'PyObj_FromPtr', 'addressof', 'buffer_info', 'call_function', 'dlopen', 'dlsym'}
    return sorted(names & getattr(module, '__dict__', {}).keys())

def parts(found, depth=0):
    yield found
    if isinstance(found, BaseException):
        inner = [found.args, found.__cause__, found.__context__, getattr(found, '__notes__', ())]
    elif isinstance(found, dict):
        inner = [*found.keys(), *found.values()]
    elif isinstance(found, (list, tuple, set)):
        inner = found
    else:
        inner = ()
    if depth < 4:
        for one in inner:
            yield from parts(one, depth + 1)

def texts(found):
    yield tried(lambda: repr(found))
    yield tried(lambda: str(found))
    if isinstance(found, (bytes, bytearray)):
        yield found.hex()

def attempt(source):
    names = {**TOOLS, 'result': None}
    try:
        exec(source, names)
        got = names['result']
        outcome = repr(got)
    except BaseException as error:
        got = error
        outcome = f'{type(error).__name__}: {error}'
    finally:
        sys.modules['_capsule'] = _capsule
    found = list(parts(got))
    assert not [one for one in found if type(one) is type(capsule) and one is not capsule]
    return [outcome, *(str(text) for one in found for text in texts(one))]

TOOLS = {name: globals()[name] for name in (
    '_capsule', 'capsule', 'gc', 'importlib', 'open_doors', 'os', 'sys', 'tried', 'types')}
";

fn address(number: usize) -> *mut c_void {
    without_provenance_mut(number)
}

fn made_in_rust(vm: &VirtualMachine) -> PyRef<PyCapsule> {
    let pointer = NonNull::new(address(POINTER)).expect("it is not 0");
    PyCapsule::builder(pointer)
        .name(c"m.cap")
        .context(address(CONTEXT))
        .destructor(Destructor::rust(|_| {}))
        .build(&vm.ctx)
}

fn is_as_it_was(capsule: &PyCapsule) -> bool {
    capsule.pointer(Some(c"m.cap")) == Ok(NonNull::new(address(POINTER)).expect("it is not 0"))
        && capsule.context() == address(CONTEXT)
        && capsule.destructor_kind() == DestructorKind::Rust
}

/// The ways to write the two numbers.
fn secrets() -> impl Iterator<Item = String> {
    [POINTER, CONTEXT].into_iter().flat_map(|number| {
        let bytes = number.to_le_bytes().map(|byte| format!("{byte:02x}"));
        [
            number.to_string(),
            format!("{number:x}"),
            format!("{number:o}"),
            bytes.concat(),
        ]
    })
}

fn must<T>(result: PyResult<T>, vm: &VirtualMachine) -> T {
    result.unwrap_or_else(|error| panic!("{}", shown(&error, vm)))
}

fn all() -> impl Iterator<Item = (&'static str, Attempt)> {
    let topics = [
        ("allowed", &ALLOWED[..]),
        ("function", &FUNCTIONS),
        ("object", &OBJECT),
        ("module", &MODULES),
        ("door", &OTHER_DOORS),
    ];
    topics
        .into_iter()
        .flat_map(|(topic, attempts)| attempts.iter().map(move |attempt| (topic, *attempt)))
}

/// A scope with the capsule and what the attempts use.
fn stage(capsule: &PyRef<PyCapsule>, vm: &VirtualMachine) -> Scope {
    let scope = vm.new_scope_with_builtins();
    let capsule = capsule.clone().into();
    must(scope.globals.set_item("capsule", capsule, vm), vm);
    must(exec(PRELUDE, &scope, vm), vm);
    scope
}

/// What went otherwise than it should, by the name of the attempt.
static FAILURES: LazyLock<HashMap<&str, String>> = LazyLock::new(|| {
    let interpreter = interpreter(Access::Sealed);
    let failures = interpreter.enter(|vm| {
        let capsule = made_in_rust(vm);
        let scope = stage(&capsule, vm);
        all()
            .filter_map(|(_, attempt)| {
                let failure = failure(attempt, &capsule, &scope, vm)?;
                Some((attempt.0, failure))
            })
            .collect()
    });
    interpreter.finalize(None);
    failures
});

fn failure(
    (_, source, expected): Attempt,
    capsule: &PyCapsule,
    scope: &Scope,
    vm: &VirtualMachine,
) -> Option<String> {
    let answer = scope
        .globals
        .get_item("attempt", vm)
        .and_then(|attempt| attempt.call((vm.ctx.new_str(source),), vm));
    let answer = match answer.and_then(|answer| Vec::<String>::try_from_object(vm, answer)) {
        Ok(answer) => answer,
        Err(error) => return Some(shown(&error, vm)),
    };
    let outcome = &answer[0];
    let expected = match expected {
        Outcome::Is(text) => text.to_owned(),
        Outcome::Sealed(function) => {
            format!("PermissionError: _capsule.{function}: capsules are sealed in this interpreter")
        }
        Outcome::Anything => outcome.clone(),
    };
    if *outcome != expected {
        return Some(format!("{outcome}\nexpected:\n{expected}"));
    }
    let told = answer
        .iter()
        .find(|text| secrets().any(|secret| text.contains(&secret)));
    if let Some(text) = told {
        return Some(format!("a number stands in {text}"));
    }
    (!is_as_it_was(capsule)).then(|| format!("the capsule is now {capsule:?}"))
}

/// The check above would see it if the numbers came out.
fn open_capsules_tell() -> Result<(), Failed> {
    let interpreter = interpreter(Access::Open);
    let found = interpreter.enter(|vm| {
        let capsule = made_in_rust(vm);
        let scope = stage(&capsule, vm);
        let told = |source| {
            failure(("", source, Outcome::Anything), &capsule, &scope, vm).is_some_and(|failure| {
                failure.contains("number stands") || failure.contains("is now")
            })
        };
        [
            told("result = _capsule.get_pointer(capsule, 'm.cap')"),
            told("result = [{'x': _capsule.get_context(capsule).to_bytes(8, 'little')}]"),
            told("raise ValueError(hex(_capsule.import_('m.cap')))"),
            told("result = _capsule.load('m.cap')"),
            told("_capsule.set_name(capsule, 'x')"),
        ]
    });
    interpreter.finalize(None);
    assert_eq!(found, [true, true, true, false, true]);
    Ok(())
}

fn environment_seals_the_program() -> Result<(), Failed> {
    let source = OsStr::new(
        "import _capsule
try: print(_capsule.get_pointer(_capsule.new(7), None))
except PermissionError as error: print(error)",
    );
    let printed = |value| {
        child(
            &[OsStr::new("-c"), source],
            &[("CAPSULE_PYTHON_SEALED", value)],
        )
        .stdout
    };
    assert_eq!(
        printed("1"),
        "_capsule.new: capsules are sealed in this interpreter\n"
    );
    assert_eq!(printed("0"), "7\n");
    Ok(())
}

pub(crate) fn trials() -> Vec<Trial> {
    let attempts = all().map(|(topic, (name, ..))| {
        trial(format!("sealed::{topic}::{name}"), move || {
            FAILURES
                .get(name)
                .map_or(Ok(()), |failure| Err(failure.into()))
        })
    });
    attempts
        .chain([
            trial("sealed::open-capsules-tell", open_capsules_tell),
            trial("sealed::scratch", || { mixed::scratch(); Ok(()) }),
            trial(
                "sealed::environment-seals-the-program",
                environment_seals_the_program,
            ),
        ])
        .collect()
}
