//! What destructors of the matrix do: each action as native code, which a C function and a Rust
//! closure run, and as Python code.

use core::ptr::NonNull;
use std::panic::resume_unwind;
use std::thread;

use rustpython_capsule::{Destructor, DestructorKind, PyCapsule};
use rustpython_capsule_glue::import_capsule;
use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{Context, Py, PyRef, VirtualMachine};

use super::scene::{Scene, Surroundings};

/// One thing that a destructor does.
pub(super) struct Action {
    pub(super) name: &'static str,
    /// What is set up before.
    pub(super) prepare: fn(&Scene, &VirtualMachine),
    pub(super) native: fn(&Py<PyCapsule>, &Scene),
    /// The body of a function of `capsule`.
    pub(super) python: &'static str,
    pub(super) leaves: Leaves,
    /// How many other capsules end meanwhile.
    pub(super) others: u32,
}

/// What is left behind for the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaves {
    Nothing,
    /// An exception, which takes an interpreter to raise.
    Exception(&'static str),
    /// A panic, which C code cannot have.
    Panic(&'static str),
}

impl Leaves {
    /// What the report says of it.
    pub(super) fn text(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Exception(text) | Self::Panic(text) => Some(text),
        }
    }
}

fn nothing(_: &Scene, _: &VirtualMachine) {}

/// How many threads a destructor starts, and how long its chains are.
const THREADS: u32 = 3;
const CHAIN: u32 = 200;

pub(super) const ACTIONS: &[Action] = &[
    Action {
        name: "raises",
        prepare: nothing,
        native: |_, scene| {
            inside(scene, |vm| {
                vm.set_exception(Some(vm.new_value_error("on purpose")));
            });
        },
        python: "raise ValueError('on purpose')",
        leaves: Leaves::Exception("ValueError: on purpose"),
        others: 0,
    },
    Action {
        name: "exits",
        prepare: nothing,
        native: |_, scene| {
            inside(scene, |vm| {
                let exit = vm.ctx.exceptions.system_exit.to_owned();
                vm.set_exception(Some(vm.new_exception(exit, vec![vm.ctx.new_int(7).into()])));
            });
        },
        python: "sys.exit(7)",
        leaves: Leaves::Exception("SystemExit: 7"),
        others: 0,
    },
    Action {
        name: "panics",
        prepare: nothing,
        native: |_, _| resume_unwind(Box::new("on purpose")),
        python: "panics()",
        leaves: Leaves::Panic("SystemError: panic while a capsule was destroyed: on purpose"),
        others: 0,
    },
    Action {
        name: "re-enters",
        prepare: nothing,
        native: uses_every_accessor,
        python: USES_EVERY_ACCESSOR,
        leaves: Leaves::Nothing,
        others: 0,
    },
    Action {
        name: "comes-back",
        prepare: nothing,
        native: |capsule, scene| scene.keep(capsule.to_owned()),
        python: "keep(capsule)",
        leaves: Leaves::Nothing,
        others: 0,
    },
    Action {
        name: "imports-a-module",
        prepare: nothing,
        native: |_, scene| {
            inside(scene, |vm| {
                let imported = vm.import("faults_no_such", 0);
                scene.expect(imported.is_err(), "a module that is not there");
                let imported = vm.import("colorsys", 0);
                // At its end the interpreter imports no more.
                let may_fail = scene.surroundings == Surroundings::Ending;
                scene.expect(may_fail || imported.is_ok(), "a module that is there");
            });
        },
        python: "
for name in ('faults_no_such', 'colorsys'):
    sys.modules and sys.modules.pop(name, None)
    try: importlib.import_module(name)
    except ImportError:
        if name == 'colorsys' and not ending: raise
",
        leaves: Leaves::Nothing,
        others: 0,
    },
    Action {
        name: "imports-a-capsule",
        prepare: nothing,
        native: |_, scene| {
            inside(scene, |vm| {
                let loaded = import_capsule(c"faults_cap.no_such", vm);
                scene.expect(loaded.is_err(), "a capsule that is not there");
                let loaded = import_capsule(c"sys.flags", vm);
                scene.expect(loaded.is_err(), "what is not a capsule");
            });
        },
        python: "
for name in ('faults_cap.no_such', 'sys.flags'):
    try: _capsule.import_capsule(name)
    except (AttributeError, ImportError): continue
    raise AssertionError(name)
try: found = _capsule.import_capsule('faults_cap.cap')
except (AttributeError, ImportError):
    if not ending: raise
else: assert _capsule.is_valid(found, 'faults_cap.cap')
",
        leaves: Leaves::Nothing,
        others: 0,
    },
    Action {
        name: "collects",
        prepare: nothing,
        native: |_, scene| {
            inside(scene, |vm| {
                let gc = vm.import("gc", 0);
                let collected = gc
                    .and_then(|gc| gc.get_attr("collect", vm))
                    .and_then(|f| f.call((), vm));
                let may_fail = scene.surroundings == Surroundings::Ending;
                scene.expect(may_fail || collected.is_ok(), "a collection");
            });
        },
        python: "gc.collect()",
        leaves: Leaves::Nothing,
        others: 0,
    },
    Action {
        name: "starts-threads",
        prepare: nothing,
        native: starts_threads,
        python: "
def work():
    _capsule.is_valid(capsule, 'faults.cap')
    _capsule.new(1, 'other', lambda other: strike_other())
try:
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
except Exception:
    # At its end the interpreter starts no threads, and has cleared the module.
    if not ending: raise
    for _ in range(3): work()
",
        leaves: Leaves::Nothing,
        others: THREADS,
    },
    Action {
        name: "drops-others",
        prepare: |scene, _| (0..2).for_each(|_| scene.hold(scene.other())),
        native: |_, scene| drop(scene.take_held()),
        python: "drop_held()",
        leaves: Leaves::Nothing,
        others: 2,
    },
    Action {
        name: "drops-a-chain",
        prepare: |scene, _| scene.hold(chain(scene)),
        native: |_, scene| drop(scene.take_held()),
        python: "drop_held()",
        leaves: Leaves::Nothing,
        others: CHAIN,
    },
    Action {
        name: "makes-others",
        prepare: nothing,
        native: |_, scene| {
            drop(scene.other());
            drop(chain(scene));
        },
        python: "
for _ in range(2): _capsule.new(1, 'other', lambda other: strike_other())
last = None
for _ in range(199): last = _capsule.new(1, None, lambda other: strike_other(), owner=last)
del last
",
        leaves: Leaves::Nothing,
        others: 1 + CHAIN,
    },
];

/// Does what needs an interpreter, where there is one.
fn inside(scene: &Scene, f: impl FnOnce(&VirtualMachine)) {
    if scene.surroundings != Surroundings::Outside {
        with_current_vm(f);
    }
}

/// Capsules each of which keeps the next one alive, through what the collector does not know of.
fn chain(scene: &Scene) -> PyRef<PyCapsule> {
    let mut last = scene.other();
    for _ in 1..CHAIN {
        let (scene, next) = (scene.clone(), last);
        let destructor = Destructor::rust(move |_| {
            scene.strike_other();
            drop(next);
        });
        last = PyCapsule::builder(NonNull::dangling())
            .destructor(destructor)
            .build(Context::genesis());
    }
    last
}

fn starts_threads(capsule: &Py<PyCapsule>, scene: &Scene) {
    let starts = || {
        thread::scope(|scope| {
            for _ in 0..THREADS {
                let started = thread::Builder::new().spawn_scoped(scope, || {
                    scene.expect(capsule.is_valid(Some(c"faults.cap")), "seen by a thread");
                    drop(scene.other());
                });
                scene.expect(started.is_ok(), "a thread that starts");
            }
        });
    };
    if scene.surroundings == Surroundings::Outside {
        starts();
    } else {
        with_current_vm(|vm| vm.allow_threads(starts));
    }
}

fn uses_every_accessor(capsule: &Py<PyCapsule>, scene: &Scene) {
    let name = capsule.name();
    let name = name.as_deref();
    scene.expect(name == Some(c"faults.cap"), "the name");
    let pointer = capsule.any_pointer();
    scene.expect(capsule.pointer(name) == Ok(pointer), "the pointer");
    scene.expect(
        capsule.vouched_pointer(name) == Ok((pointer, false)),
        "who vouches",
    );
    scene.expect(capsule.pointer(Some(c"other")).is_err(), "another name");
    scene.expect(
        capsule.is_valid(name) && !capsule.is_valid(None),
        "which is valid",
    );
    scene.expect(capsule.context().is_null(), "the context");
    scene.expect(
        capsule.destructor_kind() != DestructorKind::None,
        "the kind",
    );
    scene.expect(capsule.c_destructor().is_some(), "the function");
    scene.expect(capsule.python_destructor().is_none(), "the callable");
    scene.expect(capsule.owner().is_none(), "the owner");
    scene.expect(capsule.value::<u8>(name).is_err(), "a value");
    let other: NonNull<u8> = NonNull::dangling();
    capsule.set_pointer(other.cast());
    capsule.set_context(other.as_ptr().cast());
    capsule.set_name(Some(c"owned".to_owned().into()));
    scene.expect(
        capsule.pointer(Some(c"owned")) == Ok(other.cast()),
        "what was set",
    );
    let claimed = capsule.claim(Some(c"owned"), Some(c"taken".into()));
    scene.expect(claimed == Ok(other.cast()), "a claim");
    scene.expect(
        capsule.claim(Some(c"owned"), None).is_err(),
        "a second claim",
    );
    let another = scene.clone();
    capsule.set_destructor(Destructor::rust(move |_| another.wrong("it runs another")));
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
