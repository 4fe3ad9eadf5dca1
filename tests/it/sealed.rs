//! Sealed capsules: what is still allowed, and what a hostile script comes to. It holds two capsules
//! whose pointers and contexts are distinctive; after each attempt both are as they were, no other
//! has appeared, and none of their addresses stands in anything that the script got or wrote.

mod attempts;
mod doors;
mod interpreters;
mod libraries;
mod modules;
mod object;
mod pickles;
mod processes;
mod system;

use core::ffi::{CStr, c_void};
use core::ptr::{NonNull, without_provenance_mut};
use std::collections::HashMap;
use std::sync::LazyLock;

use libtest_mimic::{Failed, Trial};
use rustpython_capsule_glue::Access;
use rustpython_capsule_glue::capsule::{Destructor, DestructorKind, PyCapsule};
use rustpython_vm::scope::Scope;
use rustpython_vm::{PyRef, PyResult, TryFromObject, VirtualMachine};

use crate::interpreter::{exec, interpreter, shown, trial};
use crate::ledger::native_run;
use attempts::{ALLOWED, Attempt, FUNCTIONS, Outcome};

/// The numbers of a capsule. They lie in no memory, and nothing else looks like them.
#[derive(Clone, Copy)]
struct Numbers {
    name: &'static CStr,
    pointer: usize,
    context: usize,
}

const RUST: Numbers = Numbers {
    name: c"m.cap",
    pointer: 0x5ea1_ed0b_ad1d,
    context: 0x5ea1_ed0b_ad2d,
};

const NATIVE: Numbers = Numbers {
    name: c"n.cap",
    pointer: 0x5ea1_ed0b_ad3d,
    context: 0x5ea1_ed0b_ad4d,
};

/// `attempt` runs one and answers with its outcome, and with all texts that can be had from it.
const PRELUDE: &str = r"
import _capsule, builtins, gc, importlib, importlib.machinery, importlib.util, io, os, sys, types

sys.modules['m'] = types.SimpleNamespace(cap=capsule, other=capsule)

def tried(call):
    try:
        return call()
    except BaseException as error:
        return error

def open_doors(module):
    names = {'PyObj_FromPtr', 'addressof', 'buffer_info', 'call_function', 'dlopen', 'dlsym'}
    return sorted(names & getattr(module, '__dict__', {}).keys())

def frames(trace):
    while trace:
        frame, trace = trace.tb_frame, trace.tb_next
        if frame.f_code.co_name not in ('<module>', 'attempt'):
            yield from frame.f_locals.values()

def parts(found, depth=0):
    yield found
    if isinstance(found, BaseException):
        inner = [found.args, found.__cause__, found.__context__, getattr(found, '__notes__', ())]
        inner += frames(found.__traceback__) if depth < 2 else ()
    elif isinstance(found, dict):
        inner = [*found.keys(), *found.values()]
    elif isinstance(found, (list, tuple, set)):
        inner = list(found)
    else:
        inner = []
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
    written = io.StringIO()
    sys.stdout, sys.stderr = written, written
    try:
        exec(source, names)
        got = names['result']
        outcome = repr(got)
    except BaseException as error:
        got = error
        outcome = f'{type(error).__name__}: {error}'
    finally:
        sys.modules['_capsule'] = _capsule
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    found = list(parts(got))
    capsules = [one for one in found if type(one) is type(capsule)]
    assert not [one for one in capsules if one is not capsule and one is not native]
    told = [outcome, written.getvalue(), *(str(text) for one in found for text in texts(one))]
    return [text.encode('utf-8', 'backslashreplace').decode() for text in told]

TOOLS = {name: globals()[name] for name in (
    '_capsule', 'capsule', 'gc', 'importlib', 'native', 'open_doors', 'os', 'sys', 'tried', 'types')}
";

fn address(number: usize) -> *mut c_void {
    without_provenance_mut(number)
}

impl Numbers {
    fn pointer(self) -> NonNull<c_void> {
        NonNull::new(address(self.pointer)).expect("it is not 0")
    }

    fn capsule(self, destructor: Destructor, vm: &VirtualMachine) -> PyRef<PyCapsule> {
        PyCapsule::builder(self.pointer())
            .name(self.name)
            .context(address(self.context))
            .destructor(destructor)
            .build(&vm.ctx)
    }

    fn are_those_of(self, capsule: &PyCapsule, kind: DestructorKind) -> bool {
        capsule.pointer(Some(self.name)) == Ok(self.pointer())
            && capsule.context() == address(self.context)
            && capsule.destructor_kind() == kind
            && capsule.name_address() == self.name.as_ptr()
    }
}

/// What the scripts have.
struct Capsules {
    rust: PyRef<PyCapsule>,
    native: PyRef<PyCapsule>,
}

impl Capsules {
    fn new(vm: &VirtualMachine) -> Self {
        // SAFETY: the function takes anything.
        let native = unsafe { Destructor::c(native_run) };
        Self {
            rust: RUST.capsule(Destructor::rust(|_| {}), vm),
            native: NATIVE.capsule(native, vm),
        }
    }

    fn are_as_they_were(&self) -> bool {
        RUST.are_those_of(&self.rust, DestructorKind::Rust)
            && NATIVE.are_those_of(&self.native, DestructorKind::C)
            && self.native.c_destructor().map(|run| run as usize)
                == Some(native_run as *const () as usize)
    }
}

/// The ways to write the addresses: pointers, contexts, names, and the C destructor.
fn secrets() -> Vec<String> {
    let addresses = [RUST, NATIVE].map(|numbers| {
        let name = numbers.name.as_ptr().addr();
        [numbers.pointer, numbers.context, name]
    });
    let destructor = native_run as *const () as usize;
    let all = addresses.as_flattened().iter().copied().chain([destructor]);
    all.flat_map(|number| {
        let bytes = number.to_le_bytes().map(|byte| format!("{byte:02x}"));
        [
            number.to_string(),
            format!("{number:x}"),
            format!("{number:X}"),
            format!("{number:o}"),
            format!("{number:b}"),
            bytes.concat(),
        ]
    })
    .collect()
}

fn must<T>(result: PyResult<T>, vm: &VirtualMachine) -> T {
    result.unwrap_or_else(|error| panic!("{}", shown(&error, vm)))
}

fn all() -> impl Iterator<Item = (&'static str, Attempt)> {
    let topics = [
        ("allowed", &ALLOWED[..]),
        ("function", &FUNCTIONS),
        ("object", &object::OBJECT),
        ("pickle", &pickles::PICKLES),
        ("module", &modules::MODULES),
        ("library", &libraries::LIBRARIES),
        ("interpreter", &interpreters::INTERPRETERS),
        ("door", &doors::DOORS),
        ("system", &system::SYSTEM),
    ];
    topics
        .into_iter()
        .flat_map(|(topic, attempts)| attempts.iter().map(move |attempt| (topic, *attempt)))
}

/// A scope with the capsules and what the attempts use.
fn stage(capsules: &Capsules, vm: &VirtualMachine) -> Scope {
    let scope = vm.new_scope_with_builtins();
    for (name, capsule) in [("capsule", &capsules.rust), ("native", &capsules.native)] {
        must(scope.globals.set_item(name, capsule.clone().into(), vm), vm);
    }
    must(exec(PRELUDE, &scope, vm), vm);
    scope
}

/// What went otherwise than it should, by the name of the attempt.
static FAILURES: LazyLock<HashMap<&str, String>> = LazyLock::new(|| {
    let interpreter = interpreter(Access::Sealed);
    let failures = interpreter.enter(|vm| {
        let capsules = Capsules::new(vm);
        let scope = stage(&capsules, vm);
        all()
            .filter_map(|(_, attempt)| {
                let failure = failure(attempt, &capsules, &scope, vm)?;
                Some((attempt.0, failure))
            })
            .collect()
    });
    interpreter.finalize(None);
    failures
});

fn failure(
    (_, source, expected): Attempt,
    capsules: &Capsules,
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
    if *outcome != expected || outcome.starts_with("AssertionError") {
        return Some(format!("{outcome}\nexpected:\n{expected}"));
    }
    let secrets = secrets();
    let told = answer
        .iter()
        .find(|text| secrets.iter().any(|secret| text.contains(secret)));
    if let Some(text) = told {
        return Some(format!("a number stands in {text}"));
    }
    let Capsules { rust, native } = capsules;
    (!capsules.are_as_they_were()).then(|| format!("a capsule is now {rust:?} or {native:?}"))
}

/// The check above would see it if the numbers came out.
fn open_capsules_tell() -> Result<(), Failed> {
    let interpreter = interpreter(Access::Open);
    let found = interpreter.enter(|vm| {
        let capsules = Capsules::new(vm);
        let scope = stage(&capsules, vm);
        let told = |source| {
            failure(("", source, Outcome::Anything), &capsules, &scope, vm).is_some_and(|failure| {
                failure.contains("number stands") || failure.contains("is now")
            })
        };
        [
            told("result = _capsule.get_pointer(capsule, 'm.cap')"),
            told("result = [{'x': _capsule.get_context(capsule).to_bytes(8, 'little')}]"),
            told("raise ValueError(hex(_capsule.import_('m.cap')))"),
            told("result = _capsule.import_capsule('m.cap')"),
            told("result = _capsule.get_destructor(native)"),
            told("print(f'{_capsule.get_pointer(native, \"n.cap\"):b}')"),
            told("_capsule.set_name(capsule, 'x')"),
        ]
    });
    interpreter.finalize(None);
    assert_eq!(found, [true, true, true, false, true, true, true]);
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
        .chain([trial("sealed::open-capsules-tell", open_capsules_tell)])
        .chain(processes::trials())
        .collect()
}
