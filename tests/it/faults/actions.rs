//! The actions of destructors in the matrix: each as native code, for C functions and Rust
//! closures, and as Python code.

use core::ptr::NonNull;
use std::panic::resume_unwind;
use std::thread;

use rustpython_capsule::{Destructor, DestructorKind, PyCapsule};
use rustpython_capsule_glue::import_capsule;
use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{Context, Py, PyRef, VirtualMachine};

use super::fixture::{Action, Attachment, Fixture, Left};

fn nothing(_: &Fixture, _: &VirtualMachine) {}

/// The number of threads that a destructor starts, and the length of its chains.
const THREADS: u32 = 3;
const CHAIN: u32 = 200;

pub(super) const ACTIONS: &[Action] = &[
    Action {
        name: "raises",
        prepare: nothing,
        native: |_, fixture| {
            if_attached(fixture, |vm| {
                vm.set_exception(Some(vm.new_value_error("on purpose")));
            });
        },
        python: "raise ValueError('on purpose')",
        left: Left::Exception("ValueError: on purpose"),
        others: 0,
    },
    Action {
        name: "exits",
        prepare: nothing,
        native: |_, fixture| {
            if_attached(fixture, |vm| {
                let exit = vm.ctx.exceptions.system_exit.to_owned();
                vm.set_exception(Some(vm.new_exception(exit, vec![vm.ctx.new_int(7).into()])));
            });
        },
        python: "sys.exit(7)",
        left: Left::Exception("SystemExit: 7"),
        others: 0,
    },
    Action {
        name: "panics",
        prepare: nothing,
        native: |_, _| resume_unwind(Box::new("on purpose")),
        python: "panics()",
        left: Left::Panic("SystemError: panic while an object was destroyed: on purpose"),
        others: 0,
    },
    Action {
        name: "uses-every-accessor",
        prepare: nothing,
        native: uses_every_accessor,
        python: USES_EVERY_ACCESSOR,
        left: Left::Nothing,
        others: 0,
    },
    Action {
        name: "resurrects",
        prepare: nothing,
        native: |capsule, fixture| fixture.keep(capsule.to_owned()),
        python: "keep(capsule)",
        left: Left::Nothing,
        others: 0,
    },
    Action {
        name: "imports-a-module",
        prepare: nothing,
        native: |_, fixture| {
            if_attached(fixture, |vm| {
                let imported = vm.import("faults_no_such", 0);
                fixture.expect(imported.is_err(), "a missing module");
                let imported = vm.import("colorsys", 0);
                // An interpreter that is being finalized imports nothing.
                let may_fail = fixture.attachment == Attachment::Finalizing;
                fixture.expect(may_fail || imported.is_ok(), "a module that exists");
            });
        },
        python: "
for name in ('faults_no_such', 'colorsys'):
    sys.modules and sys.modules.pop(name, None)
    try: importlib.import_module(name)
    except ImportError:
        if name == 'colorsys' and not finalizing: raise
",
        left: Left::Nothing,
        others: 0,
    },
    Action {
        name: "imports-a-capsule",
        prepare: nothing,
        native: |_, fixture| {
            if_attached(fixture, |vm| {
                let loaded = import_capsule(c"faults_cap.no_such", vm);
                fixture.expect(loaded.is_err(), "a missing capsule");
                let loaded = import_capsule(c"sys.flags", vm);
                fixture.expect(loaded.is_err(), "an object that is not a capsule");
            });
        },
        python: "
for name in ('faults_cap.no_such', 'sys.flags'):
    try: _capsule.import_capsule(name)
    except (AttributeError, ImportError): continue
    raise AssertionError(name)
try: found = _capsule.import_capsule('faults_cap.cap')
except (AttributeError, ImportError):
    if not finalizing: raise
else: assert _capsule.is_valid(found, 'faults_cap.cap')
",
        left: Left::Nothing,
        others: 0,
    },
    Action {
        name: "collects",
        prepare: nothing,
        native: |_, fixture| {
            if_attached(fixture, |vm| {
                let gc = vm.import("gc", 0);
                let collected = gc
                    .and_then(|gc| gc.get_attr("collect", vm))
                    .and_then(|f| f.call((), vm));
                let may_fail = fixture.attachment == Attachment::Finalizing;
                fixture.expect(may_fail || collected.is_ok(), "a collection");
            });
        },
        python: "gc.collect()",
        left: Left::Nothing,
        others: 0,
    },
    Action {
        name: "starts-threads",
        prepare: nothing,
        native: starts_threads,
        python: "
def work():
    _capsule.is_valid(capsule, 'faults.cap')
    _capsule.new(1, 'other', lambda other: count_other())
try:
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
except Exception:
    # An interpreter that is being finalized starts no threads, and has cleared the module.
    if not finalizing: raise
    for _ in range(3): work()
",
        left: Left::Nothing,
        others: THREADS,
    },
    Action {
        name: "drops-others",
        prepare: |fixture, _| (0..2).for_each(|_| fixture.hold(fixture.other())),
        native: |_, fixture| drop(fixture.take_held()),
        python: "drop_held()",
        left: Left::Nothing,
        others: 2,
    },
    Action {
        name: "drops-a-chain",
        prepare: |fixture, _| fixture.hold(chain(fixture)),
        native: |_, fixture| drop(fixture.take_held()),
        python: "drop_held()",
        left: Left::Nothing,
        others: CHAIN,
    },
    Action {
        name: "makes-others",
        prepare: nothing,
        native: |_, fixture| {
            drop(fixture.other());
            drop(chain(fixture));
        },
        python: "
for _ in range(2): _capsule.new(1, 'other', lambda other: count_other())
last = None
for _ in range(199): last = _capsule.new(1, None, lambda other: count_other(), owner=last)
del last
",
        left: Left::Nothing,
        others: 1 + CHAIN,
    },
];

/// Runs `f` if the thread is attached.
fn if_attached(fixture: &Fixture, f: impl FnOnce(&VirtualMachine)) {
    if fixture.attachment != Attachment::Detached {
        with_current_vm(f);
    }
}

/// A chain of capsules. Each owns the next one through a closure, which the collector cannot see.
fn chain(fixture: &Fixture) -> PyRef<PyCapsule> {
    let mut last = fixture.other();
    for _ in 1..CHAIN {
        let (fixture, next) = (fixture.clone(), last);
        let destructor = Destructor::rust(move |_| {
            fixture.count_other();
            drop(next);
        });
        last = PyCapsule::builder(NonNull::dangling())
            .destructor(destructor)
            .build(Context::genesis());
    }
    last
}

fn starts_threads(capsule: &Py<PyCapsule>, fixture: &Fixture) {
    let starts = || {
        thread::scope(|scope| {
            for _ in 0..THREADS {
                let started = thread::Builder::new().spawn_scoped(scope, || {
                    fixture.expect(capsule.is_valid(Some(c"faults.cap")), "read by a thread");
                    drop(fixture.other());
                });
                fixture.expect(started.is_ok(), "a thread that starts");
            }
        });
    };
    if fixture.attachment == Attachment::Detached {
        starts();
    } else {
        with_current_vm(|vm| vm.allow_threads(starts));
    }
}

fn uses_every_accessor(capsule: &Py<PyCapsule>, fixture: &Fixture) {
    let name = capsule.name();
    let name = name.as_deref();
    fixture.expect(name == Some(c"faults.cap"), "the name");
    let pointer = capsule.any_pointer();
    fixture.expect(capsule.pointer(name) == Ok(pointer), "the pointer");
    fixture.expect(
        capsule.vouched_pointer(name) == Ok((pointer, false)),
        "the vouched pointer",
    );
    fixture.expect(capsule.pointer(Some(c"other")).is_err(), "another name");
    fixture.expect(
        capsule.is_valid(name) && !capsule.is_valid(None),
        "validity",
    );
    fixture.expect(capsule.context().is_null(), "the context");
    fixture.expect(
        capsule.destructor_kind() != DestructorKind::None,
        "the kind",
    );
    fixture.expect(capsule.c_destructor().is_some(), "the function");
    fixture.expect(capsule.python_destructor().is_none(), "the callable");
    fixture.expect(capsule.owner().is_none(), "the owner");
    fixture.expect(capsule.value::<u8>(name).is_err(), "a value");
    let other: NonNull<u8> = NonNull::dangling();
    capsule.set_pointer(other.cast());
    capsule.set_context(other.as_ptr().cast());
    capsule.set_name(Some(c"owned".to_owned().into()));
    fixture.expect(
        capsule.pointer(Some(c"owned")) == Ok(other.cast()),
        "the fields that were set",
    );
    let claimed = capsule.claim(Some(c"owned"), Some(c"taken".into()));
    fixture.expect(claimed == Ok(other.cast()), "a claim");
    fixture.expect(
        capsule.claim(Some(c"owned"), None).is_err(),
        "a second claim",
    );
    let another = fixture.clone();
    capsule.set_destructor(Destructor::rust(move |_| {
        another.fail("a destructor that was set in the destructor runs")
    }));
    capsule.set_destructor(Destructor::none());
}

const USES_EVERY_ACCESSOR: &str = "
name = _capsule.get_name(capsule)
pointer = _capsule.get_pointer(capsule, name)
assert name == 'faults.cap' and _capsule.is_valid(capsule, name)
assert not _capsule.is_valid(capsule, None) and _capsule.get_context(capsule) == 0
assert _capsule.get_destructor(capsule) is not None
assert _capsule.describe(capsule).destructor == 'python'
assert repr(capsule).startswith('<capsule object \"faults.cap\" at 0x') and {capsule}
_capsule.set_pointer(capsule, pointer + 1)
_capsule.set_context(capsule, 5)
_capsule.set_name(capsule, 'owned')
assert _capsule.claim(capsule, 'owned', 'taken') == pointer + 1
assert _capsule.get_context(capsule) == 5
try: _capsule.claim(capsule, 'owned', None)
except _capsule.PyCapsuleError: pass
else: raise AssertionError('a second claim')
_capsule.set_destructor(capsule, lambda other: panics())
_capsule.set_destructor(capsule, None)
";
