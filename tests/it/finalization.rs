//! Capsules that live until the interpreter is finalized, or longer: which destructors run, and
//! when.

use std::ffi::OsStr;
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use libtest_mimic::Trial;
use rustpython_capsule::{Destructor, PyCapsule};
use rustpython_capsule_glue::Access;
use rustpython_vm::{PyRef, VirtualMachine};

use crate::interpreter::{
    Ended, child, child_source, exec, in_interpreter, interpreter, shown, trial,
};
use crate::ledger::{Kind, Ledger, in_own_process, python, with_destructor};

/// Puts a capsule with a destructor, and an object with `__del__`, in many places.
const PLACES: &str = "
import _capsule, atexit, builtins, gc, os, sys, threading, types
if 'nogc' in sys.argv: gc.disable()

def write(text, write=os.write, encode=str.encode):
    write(1, encode(text + '\\n'))

def both(place, owner=None):
    class Witness:
        def __del__(self, write=write): write('object in ' + place)
    def destructor(c, write=write): write('capsule in ' + place)
    return [_capsule.new(1, place, destructor, owner=owner), Witness()]

main = both('the main module')
def function(x=both('a default of a main function')): pass
class Class: x = both('a class of the main module')
local = threading.local()
local.x = both('a thread-local of the main module')
other = types.ModuleType('other')
other.both = both
exec('''
import threading
attribute = both('another module')
def function(x=both('a default')): pass
class Class: x = both('a class')
local = threading.local()
local.x = both('a thread-local')
def generate():
    x = both('a suspended generator')
    yield
generator = generate()
next(generator)
''', vars(other))
sys.modules['other'] = other
del other
sys.both = both('sys')
builtins.both = both('builtins')
os.both = both('an imported module')
atexit.register(write, 'atexit')
cycle = []
cycle += [cycle, both('a cycle', owner=cycle)]
del cycle
";

/// Places of capsules whose destructor runs during the finalization.
const DESTROYED_IN: &[&str] = &[
    "another module",
    "a default",
    "a class",
    "a thread-local",
    "a suspended generator",
    "sys",
    "builtins",
    "an imported module",
    "a cycle",
];

/// Places of objects that the VM leaks here. A function that is stored in `sys` and `builtins`
/// keeps the globals of the main module alive. The VM clears these two modules last and does not
/// collect after that, so objects that are reachable only through these globals are never
/// destroyed.
const LEFT_BY_THE_VM: &[&str] = &[
    "the main module",
    "a default of a main function",
    "a class of the main module",
    "a thread-local of the main module",
];

static WITH_GC: LazyLock<Ended> = LazyLock::new(|| run_places(&[]));
static WITHOUT_GC: LazyLock<Ended> = LazyLock::new(|| run_places(&["nogc"]));

fn run_places(arguments: &[&str]) -> Ended {
    let arguments: Vec<_> = ["-c", PLACES]
        .iter()
        .chain(arguments)
        .map(OsStr::new)
        .collect();
    child(&arguments, &[])
}

/// Programs: the name, the source, the exit code, the standard output, and texts in the standard
/// error. `make()` makes a capsule whose destructor writes `dead`.
const PROGRAMS: &[(&str, &str, i32, &str, &[&str])] = &[
    (
        "sys.exit-in-a-function",
        "def f():\n c = make()\n sys.exit(3)\nf()",
        3,
        "dead\n",
        &[],
    ),
    (
        "an-uncaught-exception",
        "def f():\n c = make()\n 1/0\nf()",
        1,
        "dead\n",
        &["ZeroDivisionError: division by zero"],
    ),
    (
        "os._exit-runs-nothing",
        "c = make()\nos._exit(4)",
        4,
        "",
        &[],
    ),
    (
        "a-thread-that-is-joined-at-exit",
        "import threading, time\ndef f():\n c = make()\n time.sleep(0.1)\n\
         threading.Thread(target=f).start()\nwrite('main is over')",
        0,
        "main is over\ndead\n",
        &[],
    ),
    (
        "a-running-daemon-thread-keeps-its-capsule",
        "import threading, time\nup = threading.Event()\n\
         def f():\n c = make()\n up.set()\n time.sleep(60)\n\
         threading.Thread(target=f, daemon=True).start()\nup.wait()",
        0,
        "",
        &[],
    ),
    (
        "a-thread-local-of-a-thread-that-exited",
        "import threading\nl = threading.local()\ndef f(): l.c = make()\n\
         t = threading.Thread(target=f)\nt.start()\nt.join()\nwrite('joined')",
        0,
        "dead\njoined\n",
        &[],
    ),
    (
        "an-atexit-callback-comes-first",
        "import atexit\nos.c = make()\natexit.register(write, 'atexit')",
        0,
        "atexit\ndead\n",
        &[],
    ),
    (
        "an-atexit-callback-can-make-one",
        "import atexit\ndef f(): os.c = make()\natexit.register(f)",
        0,
        "dead\n",
        &[],
    ),
    (
        "a-destructor-that-raises",
        "os.c = new(1, 'a.b', lambda c: 1/0)\nos.d = make()",
        0,
        "dead\n",
        &[
            "<capsule object \"a.b\" at 0x",
            "ZeroDivisionError: division by zero",
        ],
    ),
    (
        "a-destructor-that-imports",
        "def d(c, write=write):\n try: import csv\n except ImportError as e: write(str(e))\n\
         os.c = new(1, None, d)",
        0,
        "sys.meta_path is None, Python is likely shutting down\n",
        &[],
    ),
    (
        "a-destructor-that-imports-a-capsule",
        "def d(c, write=write, load=_capsule.import_capsule):\n try: load('csv.cap')\n\
         \x20except ImportError as e: write(str(e))\nos.c = new(1, None, d)",
        0,
        "PyCapsule_Import could not import module \"csv\"\n",
        &[],
    ),
    (
        "a-destructor-that-makes-another",
        "def d(c, make=make): make()\nos.c = new(1, None, d)",
        0,
        "dead\n",
        &[],
    ),
    (
        "a-destructor-that-stores-its-capsule",
        "kept = []\ndef d(c, kept=kept, write=write): kept.append(c); write('dead')\n\
         os.c = new(1, None, d)\nsys.kept = kept\nos.kept = kept",
        0,
        "dead\n",
        &[],
    ),
    (
        "a-global-of-the-main-module",
        "c = make()",
        0,
        "dead\n",
        &[],
    ),
    (
        "a-default-of-the-main-module",
        "def f(c=make()): pass",
        0,
        "dead\n",
        &[],
    ),
    (
        "a-class-of-the-main-module",
        "class C: c = make()",
        0,
        "dead\n",
        &[],
    ),
    (
        "a-thread-local-of-the-main-module",
        "import threading; local = threading.local(); local.c = make()",
        0,
        "dead\n",
        &[],
    ),
    (
        "a-long-chain",
        "c = None\nfor _ in range(20_000): c = new(1, None, lambda c: None, owner=c)\n\
         os.c = new(1, None, lambda c, make=make: make(), owner=c)\ndel c",
        0,
        "dead\n",
        &[],
    ),
];

const PROGRAMS_PROLOGUE: &str = "
import _capsule, os, sys
from _capsule import new
def write(text, write=os.write, encode=str.encode): write(1, encode(text + '\\n'))
def make(new=new, write=write): return new(1, None, lambda c: write('dead'))
";

pub(crate) fn trials() -> Vec<Trial> {
    let places = DESTROYED_IN
        .iter()
        .map(|place| (place, 1))
        .chain(LEFT_BY_THE_VM.iter().map(|place| (place, 0)))
        .flat_map(|(place, times)| {
            [("", &WITH_GC), (" without the collector", &WITHOUT_GC)].map(|(how, run)| {
                trial(format!("finalization::in {place}{how}"), move || {
                    destroyed_in(place, times, run);
                    Ok(())
                })
            })
        });
    let programs = PROGRAMS
        .iter()
        .map(|&(name, source, code, stdout, stderr)| {
            trial(format!("finalization::{name}"), move || {
                let ended = child_source(&format!("{PROGRAMS_PROLOGUE}{source}"));
                assert_eq!(
                    (ended.code, ended.stdout.as_str()),
                    (Some(code), stdout),
                    "{ended:?}"
                );
                for part in stderr {
                    assert!(ended.stderr.contains(part), "{part} is not in {ended:?}");
                }
                Ok(())
            })
        });
    let later = LATER.iter().flat_map(|&(name, away)| {
        Kind::ALL.map(|kind| {
            trial(format!("finalization::{kind:?}::{name}"), move || {
                dropped_later(kind, away);
                Ok(())
            })
        })
    });
    let in_process = [
        in_own_process(
            "finalization::every-kind-in-every-place",
            every_kind_in_every_place,
        ),
        in_own_process(
            "finalization::a-python-destructor-that-cannot-run-is-dropped",
            unrunnable_is_dropped,
        ),
        in_own_process(
            "finalization::a-thread-drops-capsules-meanwhile",
            dropped_meanwhile,
        ),
    ];
    places
        .chain(programs)
        .chain(later)
        .chain(in_process)
        .collect()
}

fn destroyed_in(place: &str, times: usize, ended: &Ended) {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let lines: Vec<_> = ended.stdout.lines().collect();
    let atexit = lines.iter().position(|line| *line == "atexit");
    for what in ["capsule", "object"] {
        let line = format!("{what} in {place}");
        let after = lines.iter().skip(atexit.expect("it is written"));
        let found = after.filter(|found| **found == line).count();
        assert_eq!(found, times, "{line}: {lines:?}");
        assert_eq!(lines.iter().filter(|found| **found == line).count(), times);
    }
}

type Away = fn(PyRef<PyCapsule>);

/// Drops a reference after its interpreter has been finalized.
const LATER: &[(&str, Away)] = &[
    ("dropped-after-the-finalization", drop),
    ("dropped-after-it-on-another-thread", |capsule| {
        assert!(thread::spawn(move || drop(capsule)).join().is_ok());
    }),
    ("dropped-after-it-in-another-interpreter", |capsule| {
        in_interpreter(|_| drop(capsule));
    }),
];

/// A native destructor runs. A Python destructor can no longer run, and is dropped.
fn dropped_later(kind: Kind, away: Away) {
    let ledger = Ledger::of(3);
    let capsule = in_interpreter(|vm| {
        let entries = ledger.clone();
        let owner = PyCapsule::from_value(ledger.token(0)).build(&vm.ctx);
        with_destructor(kind, vm, move |_| entries.record(1))
            .name(c"later".to_owned())
            .owner(owner.into())
            .build(&vm.ctx)
    });
    ledger.assert_all_zero();
    assert!(capsule.is_valid(Some(c"later")) && capsule.owner().is_some());
    away(capsule);
    let expected = [1, u32::from(kind != Kind::Python), 0];
    // A collection in another test of this process may have the last reference for a moment.
    for _ in 0..10_000 {
        if ledger.counts() == expected {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(ledger.counts(), expected);
}

/// `put` makes a capsule for an entry of the ledger.
const IN_EVERY_PLACE: &str = "
import builtins, gc, os, sys, types
other = types.ModuleType('other')
other.c = put(0)
other.list = [put(1)]
other.f = lambda c=put(2): None
other.A = type('A', (), {'c': put(3)})
for _ in range(2000): other.A.c
sys.modules['other'] = other
sys.c = put(4)
builtins.c = put(5)
os.c = put(6)
gc.disable()
cycle = [put(7)]
cycle.append(cycle)
";

fn every_kind_in_every_place() {
    for kind in Kind::ALL {
        let ledger = Ledger::of(8);
        let entries = ledger.clone();
        in_interpreter(|vm| {
            let put = vm.new_function("put", move |entry: usize, vm: &VirtualMachine| {
                let entries = entries.clone();
                with_destructor(kind, vm, move |_| entries.record(entry)).build(&vm.ctx)
            });
            let scope = vm.new_scope_with_builtins();
            let ran = scope
                .globals
                .set_item("put", put.into(), vm)
                .and_then(|()| exec(IN_EVERY_PLACE, &scope, vm));
            if let Err(error) = ran {
                panic!("{}", shown(&error, vm));
            }
            ledger.assert_all_zero();
        });
        ledger.assert_all_once();
    }
}

fn unrunnable_is_dropped() {
    let ledger = Ledger::of(2);
    let capsules = in_interpreter(|vm| {
        [0, 1].map(|entry| {
            let token = ledger.token(entry);
            let capsule = PyCapsule::from_value(entry).build(&vm.ctx);
            capsule.set_destructor(python(vm, move |_| {
                let _held = &token;
                std::process::abort();
            }));
            capsule
        })
    });
    ledger.assert_all_zero();
    let [dropped, unset] = capsules;
    drop(dropped);
    assert_eq!(ledger.counts(), [1, 0]);
    unset.set_destructor(Destructor::none());
    ledger.assert_all_once();
}

/// A native thread drops capsules with Python destructors while their interpreter is being
/// finalized. Each destructor runs at most once, and the thread does not hang.
fn dropped_meanwhile() {
    const CAPSULES: usize = 2000;
    for _ in 0..10 {
        let ledger = Ledger::of(CAPSULES);
        let interpreter = interpreter(Access::Open);
        let capsules = interpreter.enter(|vm| {
            Vec::from_iter((0..CAPSULES).map(|entry| {
                let entries = ledger.clone();
                with_destructor(Kind::Python, vm, move |_| entries.record(entry)).build(&vm.ctx)
            }))
        });
        let (done, over) = std::sync::mpsc::channel();
        thread::spawn(move || {
            capsules.into_iter().for_each(drop);
            let _ = done.send(());
        });
        interpreter.finalize(None);
        let waited = over.recv_timeout(core::time::Duration::from_secs(5));
        assert!(waited.is_ok(), "the thread hangs");
        assert!(ledger.counts().iter().all(|count| *count <= 1));
    }
}
