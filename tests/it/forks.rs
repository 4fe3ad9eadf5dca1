//! Forks: capsules work in the child, even those that threads of the parent were using during the
//! fork. Destructors of capsules from before the fork run in each of the two processes.

mod interpreters;
mod native_threads;

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use libtest_mimic::{Failed, Trial};
use tempfile::TempDir;

use crate::c_code::{self, HAS_COMPILER};
use crate::interpreter::{Ended, child, trial};

/// A behaviour; a script that may use the C functions of `c/faults/forks.c`; the lines of its
/// output, sorted.
type Row = (&'static str, &'static str, &'static [&'static str]);

pub(crate) fn trials() -> Vec<Trial> {
    if !cfg!(target_os = "linux") || !*HAS_COMPILER {
        return vec![c_code::skipped(
            "forks::skipped, no Linux or no C compiler here".to_owned(),
        )];
    }
    let trials = ROWS.iter().map(|&(holds, source, lines)| {
        trial(format!("forks::{holds}"), move || run(source, lines))
    });
    trials
        .chain([interpreters::trial()])
        .chain(native_threads::trials())
        .collect()
}

static FOLDER: LazyLock<Result<TempDir, String>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/faults/forks.c");
    let library = folder.path().join("forks.so");
    c_code::compile(&[source], &c_code::headers(), &[""; 0], &library)?;
    Ok(folder)
});

const PRELUDE: &str = "
import _capsule, atexit, forks, gc, os, sys, threading, warnings
from _capsule import new
warnings.simplefilter('ignore')

def write(text, write=os.write, encode=str.encode): write(1, encode(text + '\\n'))
parent = os.getpid()
def say(name, write=write, getpid=os.getpid, parent=parent):
    return lambda c: write(name + ' ' + ('child' if getpid() != parent else 'parent'))
def make(name): return new(1, name, say(name))

def status_of(child):
    'Forks, calls a function in the child, and returns the status of the child.'
    pid = os.fork()
    if pid == 0:
        child()
        os._exit(0)
    return forks.wait_for(pid)

def all_succeed(child, times=20):
    for _ in range(times):
        status = status_of(child)
        if status != 0:
            write(f'a child with status {status}')
            os._exit(1)
";

fn run(source: &str, lines: &[&str]) -> Result<(), Failed> {
    let folder = FOLDER.as_ref()?.path();
    let script = tempfile::Builder::new().suffix(".py").tempfile_in(folder)?;
    fs::write(script.path(), format!("{PRELUDE}{source}"))?;
    let ended: Ended = child(&[OsStr::new(script.path())], &[]);
    let mut said: Vec<_> = ended.stdout.lines().collect();
    said.sort_unstable();
    if ended.code == Some(0) && said == lines && ended.stderr.is_empty() {
        Ok(())
    } else {
        Err(format!("{ended:?}, not {lines:?}").into())
    }
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("capsules-work-in-the-child", "
c = new(7, 'a.b', context=5)
def child():
    assert _capsule.get_pointer(c, 'a.b') == 7 and _capsule.get_context(c) == 5
    assert _capsule.claim(c, 'a.b', 'used') == 7
    _capsule.set_name(c, 'again')
    _capsule.set_pointer(c, 8)
    write(_capsule.get_name(c))
    assert _capsule.get_pointer(new(9, 'mine', say('mine')), 'mine') == 9
write(str(status_of(child)))
write(_capsule.get_name(c) + str(_capsule.get_pointer(c, 'a.b')))
", &["0", "a.b7", "again", "mine child"]),
    ("a-destructor-runs-in-each-process", "
c = make('c')
def child():
    global c
    del c
assert status_of(child) == 0
del c
", &["c child", "c parent"]),
    ("a-child-that-exits-runs-its-destructors", "
c = make('a global')
os.c = make('a module')
cycle = [make('a cycle')]; cycle.append(cycle)
atexit.register(lambda: write('atexit ' + str(os.getpid() == parent)))
assert status_of(lambda: sys.exit(0)) == 0
", &["a cycle child", "a cycle parent", "a global child", "a global parent", "a module child", "a module parent", "atexit False", "atexit True"]),
    ("a-child-that-calls-os-exit-runs-none", "
c = make('a global')
assert status_of(lambda: os._exit(0)) == 0
", &["a global parent"]),
    ("a-cycle-is-collected-in-each-process", "
cycle = [make('a cycle')]; cycle.append(cycle)
def child(): gc.collect()
del cycle
assert status_of(child) == 0
gc.collect()
", &["a cycle child", "a cycle parent"]),
    ("a-destructor-can-fork", "
def d(c):
    pid = os.fork()
    if pid == 0:
        write('child')
        os._exit(0)
    write(str(forks.wait_for(pid)))
c = new(1, None, d); del c
cycle = [new(1, None, d)]; cycle.append(cycle); del cycle
gc.collect()
", &["0", "0", "child", "child"]),
    ("a-child-forked-in-a-destructor-can-continue", "
def d(c):
    global pid
    pid = os.fork()
c = new(1, None, d); del c
if pid == 0:
    c = make('after')
    sys.exit(0)
write(str(forks.wait_for(pid)))
", &["0", "after child"]),
    ("a-child-can-fork-again", "
c = make('c')
def child(): write(str(status_of(lambda: write(str(status_of(sys.exit))))))
write(str(status_of(child)))
", &["0", "0", "0", "c child", "c parent"]),
    ("native-threads-of-the-child-run-python-destructors", "
forks.keep(make('before'))
def child():
    forks.keep(make('after'))
    forks.drop_in_thread()
assert status_of(child) == 0
forks.drop_in_thread()
", &["after child", "before child", "before parent"]),
    ("c-code-can-fork", "
for _ in range(20): assert forks.fork() == 0
", &[]),
    ("python-threads-that-use-a-capsule-do-not-disturb", "
c = new(7, 'a', owner=[])
going = True
def use():
    while going:
        _capsule.set_name(c, 'b'); _capsule.set_pointer(c, 8); _capsule.set_name(c, 'a')
        new(1, 'x' * 50, lambda c: None)
def child():
    assert _capsule.get_name(c) in ('a', 'b')
    _capsule.set_name(c, 'child')
    assert _capsule.get_pointer(c, 'child') in (7, 8)
    sys.exit(0)
threads = [threading.Thread(target=use) for _ in range(2)]
for thread in threads: thread.start()
all_succeed(child)
going = False
for thread in threads: thread.join()
", &[]),
    // A fork in the middle of a write must not leave the capsule locked in the child.
    ("native-threads-that-use-a-capsule-do-not-disturb", "
forks.start_using(new(1))
def child(): sys.exit(0 if forks.whole() else 1)
all_succeed(child)
for _ in range(50): assert forks.fork() == 0
forks.stop_using()
", &[]),
    // A thread that runs a Python destructor during the fork never returns from it in the child.
    ("a-native-thread-in-a-python-destructor-does-not-disturb", "
inside, out = threading.Event(), threading.Event()
def d(c): inside.set(); out.wait()
forks.keep(new(1, None, d))
forks.start_dropping()
inside.wait()
write(str(status_of(lambda: sys.exit(0))))
def child():
    global c
    c = make('c'); forks.keep(c); del c
    forks.drop_in_thread()
    sys.exit(0)
write(str(status_of(child)))
out.set()
", &["0", "0", "c child"]),
    ("native-threads-that-attach-and-detach-do-not-disturb", "
going = True
def visit():
    while going:
        for _ in range(200): forks.keep(new(1, None, lambda c: None))
        forks.drop_in_thread()
thread = threading.Thread(target=visit)
thread.start()
all_succeed(lambda: sys.exit(0), 30)
def child():
    forks.keep(new(1, None, lambda c: None))
    forks.drop_in_thread()
    sys.exit(0)
all_succeed(child, 30)
going = False
thread.join()
", &[]),
];
