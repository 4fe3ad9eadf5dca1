//! Sealed capsules: what a script may still do, and what a hostile script attempts. Scripts have
//! two capsules with distinctive pointers and contexts. After each attempt both must be unchanged,
//! no other capsule may have been created, and none of their addresses may be in anything that the
//! script got or printed.

mod attempts;
mod interpreters;
mod introspection;
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
use rustpython_vm::{PyObject, PyRef, PyResult, TryFromObject, VirtualMachine};

use crate::interpreter::{exec, interpreter, shown, trial};
use attempts::{ALLOWED, Attempt, FUNCTIONS, Outcome};

/// The fields of a capsule. The numbers are no addresses of memory, and nothing else has these
/// values.
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

/// `attempt` runs a script. It returns the outcome and all texts that can be derived from the
/// result.
const PRELUDE: &str = r"
import _capsule, builtins, gc, importlib, importlib.machinery, importlib.util, io, os, sys, types

sys.modules['m'] = types.SimpleNamespace(cap=capsule, other=capsule)

def tried(call):
    try:
        return call()
    except BaseException as error:
        return error

def native_access(module):
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
    all_texts = [outcome, written.getvalue(), *(str(text) for one in found for text in texts(one))]
    return [text.encode('utf-8', 'backslashreplace').decode() for text in all_texts]

TOOLS = {name: globals()[name] for name in (
    '_capsule', 'capsule', 'gc', 'importlib', 'native', 'native_access', 'os', 'sys', 'tried', 'types')}
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

    fn are_in(self, capsule: &PyCapsule, kind: DestructorKind) -> bool {
        capsule.pointer(Some(self.name)) == Ok(self.pointer())
            && capsule.context() == address(self.context)
            && capsule.destructor_kind() == kind
            && capsule.name_address() == self.name.as_ptr()
    }
}

unsafe extern "C" fn c_destructor(_: *mut PyObject) {}

/// The capsules that the scripts have.
struct Capsules {
    rust: PyRef<PyCapsule>,
    native: PyRef<PyCapsule>,
}

impl Capsules {
    fn new(vm: &VirtualMachine) -> Self {
        // SAFETY: the function accepts any capsule on any thread.
        let native = unsafe { Destructor::c(c_destructor) };
        Self {
            rust: RUST.capsule(Destructor::rust(|_| {}), vm),
            native: NATIVE.capsule(native, vm),
        }
    }

    fn are_unchanged(&self) -> bool {
        RUST.are_in(&self.rust, DestructorKind::Rust)
            && NATIVE.are_in(&self.native, DestructorKind::C)
            && self.native.c_destructor().map(|run| run as usize)
                == Some(c_destructor as *const () as usize)
    }
}

/// All ways to write the secret addresses: pointers, contexts, names, and the C destructor.
fn secrets() -> Vec<String> {
    let addresses = [RUST, NATIVE].map(|numbers| {
        let name = numbers.name.as_ptr().addr();
        [numbers.pointer, numbers.context, name]
    });
    let destructor = c_destructor as *const () as usize;
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
        ("introspection", &introspection::INTROSPECTION),
        ("system", &system::SYSTEM),
    ];
    topics
        .into_iter()
        .flat_map(|(topic, attempts)| attempts.iter().map(move |attempt| (topic, *attempt)))
}

/// A scope with the capsules and the functions that the attempts use.
fn attempt_scope(capsules: &Capsules, vm: &VirtualMachine) -> Scope {
    let scope = vm.new_scope_with_builtins();
    for (name, capsule) in [("capsule", &capsules.rust), ("native", &capsules.native)] {
        must(scope.globals.set_item(name, capsule.clone().into(), vm), vm);
    }
    must(exec(PRELUDE, &scope, vm), vm);
    scope
}

/// The message for each failed attempt, by its name.
static FAILURES: LazyLock<HashMap<&str, String>> = LazyLock::new(|| {
    let interpreter = interpreter(Access::Sealed);
    let failures = interpreter.enter(|vm| {
        let capsules = Capsules::new(vm);
        let scope = attempt_scope(&capsules, vm);
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
    let leak = answer
        .iter()
        .find(|text| secrets.iter().any(|secret| text.contains(secret)));
    if let Some(text) = leak {
        return Some(format!("an address leaks in {text}"));
    }
    let Capsules { rust, native } = capsules;
    (!capsules.are_unchanged()).then(|| format!("a capsule is now {rust:?} or {native:?}"))
}

/// With open capsules, the checks of `failure` find leaked addresses and changed capsules.
fn leaks_are_found() -> Result<(), Failed> {
    let interpreter = interpreter(Access::Open);
    let found = interpreter.enter(|vm| {
        let capsules = Capsules::new(vm);
        let scope = attempt_scope(&capsules, vm);
        let is_found = |source| {
            failure(("", source, Outcome::Anything), &capsules, &scope, vm).is_some_and(|failure| {
                failure.contains("an address leaks") || failure.contains("is now")
            })
        };
        [
            is_found("result = _capsule.get_pointer(capsule, 'm.cap')"),
            is_found("result = [{'x': _capsule.get_context(capsule).to_bytes(8, 'little')}]"),
            is_found("raise ValueError(hex(_capsule.import_('m.cap')))"),
            is_found("result = _capsule.import_capsule('m.cap')"),
            is_found("result = _capsule.get_destructor(native)"),
            is_found("print(f'{_capsule.get_pointer(native, \"n.cap\"):b}')"),
            is_found("_capsule.set_name(capsule, 'x')"),
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
        .chain([trial(
            "sealed::leaks-of-open-capsules-are-found",
            leaks_are_found,
        )])
        .chain(processes::trials())
        .collect()
}
