//! Programs that exit with extension modules loaded, some of them with capsules on threads that the
//! interpreter does not know. Each must exit cleanly, with its capsules destroyed.

use std::sync::LazyLock;

use libtest_mimic::{Failed, Trial};

use super::fixture::{Fixture, skipped};
use crate::c_code::HAS_COMPILER;
use crate::interpreter::{Ended, trial};

/// The behaviour; the arguments before the script; the script; the exit code; the lines of standard
/// output, sorted; a text that standard error contains, or `NOTHING`.
type Row = (
    &'static str,
    &'static [&'static str],
    &'static str,
    i32,
    &'static [&'static str],
    &'static str,
);

/// Standard error is empty.
const NOTHING: &str = "nothing";
/// Standard error may contain lines of the panic hook, since the VM's thread-locals are destroyed.
const ANYTHING: &str = "";

pub(super) fn trials() -> Vec<Trial> {
    if !*HAS_COMPILER {
        return vec![skipped("shutdown")];
    }
    let row = |(position, (behaviour, ..)): (usize, &'static Row)| {
        trial(format!("loader::shutdown::{behaviour}"), move || {
            check(&ROWS[position], &RUN.as_ref()?[position])
        })
    };
    let rows = ROWS.iter().enumerate().map(row);
    rows.chain([trial(
        "loader::shutdown::a-foreign-thread-drops-capsules-during-finalization",
        drops_during_finalization,
    )])
    .collect()
}

static RUN: LazyLock<Result<Vec<Ended>, String>> = LazyLock::new(|| {
    let fixture = fixture()?;
    let run = |(_, arguments, source, ..): &Row| fixture.run(source, arguments, &[]);
    Ok(ROWS.iter().map(run).collect())
});

fn fixture() -> Result<Fixture, String> {
    let fixture = Fixture::new(&["shutdown.c"])?;
    for module in ["filled", "stateful", "silent"] {
        fixture.place("shutdown", module);
    }
    Ok(fixture)
}

fn check(row: &Row, ended: &Ended) -> Result<(), Failed> {
    let (.., code, lines, stderr) = row;
    let mut stdout: Vec<_> = ended.stdout.lines().collect();
    stdout.sort_unstable();
    let is_as_expected = match *stderr {
        NOTHING => ended.stderr.is_empty(),
        text => ended.stderr.contains(text),
    };
    if ended.code == Some(*code) && stdout == *lines && is_as_expected {
        Ok(())
    } else {
        Err(format!("{ended:?}").into())
    }
}

/// The counts let the thread be at different points when the interpreter is finalized. The
/// operating system reclaims what the thread has not dropped.
fn drops_during_finalization() -> Result<(), Failed> {
    let fixture = fixture()?;
    for number in [0, 10, 100, 1000, 5000] {
        for destructor in ["None", "lambda c: None"] {
            let source = format!(
                "
import shutdown, _capsule
for _ in range({number}): shutdown.keep(_capsule.new(1, 'a', {destructor}))
for _ in range({number}): shutdown.keep(_capsule.new(1, 'b', {destructor}, owner=[]))
shutdown.start_dropping()
"
            );
            let ended = fixture.run(&source, &[], &[]);
            if ended.code != Some(0) {
                return Err(
                    format!("{number} capsules, destructor {destructor}: {ended:?}").into(),
                );
            }
        }
    }
    Ok(())
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("capsules-of-modules-are-destroyed", &[], "
import shutdown, filled, sys, types
shutdown.cap = shutdown.make('in the extension')
main = shutdown.make('in the main module')
other = sys.modules['other'] = types.ModuleType('other')
other.cap = shutdown.make('in another module')
sys.cap = shutdown.make('in sys')
", 0, &["in another module", "in sys", "in the extension", "in the main module", "made by C code"], NOTHING),
    ("capsules-of-an-unloaded-module-are-destroyed", &[], "
import filled, sys
sys.cap = filled.cap
del sys.modules['filled'], filled
", 0, &["made by C code"], NOTHING),
    ("capsules-in-cycles-are-destroyed", &[], "
import shutdown
cycle = [shutdown.make('in a cycle')]
cycle.append(cycle)
", 0, &["in a cycle"], NOTHING),
    ("state-is-freed", &[], "
import stateful, sys
sys.again = stateful
", 0, &["freed the state"], NOTHING),
    ("state-of-a-module-in-a-cycle-is-freed", &[], "
import stateful
stateful.me = [stateful]
", 0, &["freed the state"], NOTHING),
    ("an-exception-in-a-destructor-is-reported", &[], "
import shutdown
shutdown.cap = shutdown.make_raising('raises')
shutdown.also = shutdown.make('comes too')
", 0, &["comes too", "raises"], "KeyError: 'mine'"),
    ("a-failed-import-in-a-destructor-is-reported", &[], "
import shutdown
shutdown.cap = shutdown.make_importing('imports')
", 0, &["imports"], "ImportError: PyCapsule_Import could not import module \"no_such\""),
    ("capsules-that-only-c-code-refers-to-are-not-destroyed", &[], "
import shutdown
shutdown.leak(shutdown.make('never'))
shutdown.keep(shutdown.make('never'))
", 0, &[], NOTHING),
    ("c-code-drops-a-capsule-after-finalization", &[], "
import shutdown
shutdown.keep(shutdown.make('after the end'))
shutdown.drop_at_exit()
", 0, &["after the end"], ANYTHING),
    // For objects that its collector tracks, such as a capsule with a Python destructor, the VM
    // aborts here.
    ("c-code-drops-objects-after-finalization", &[], "
import shutdown, _capsule
shutdown.keep(_capsule.new(1, 'a'))
for thing in ('text' * 5, 5.5, 1 << 100, b'bytes', object()): shutdown.keep(thing)
shutdown.drop_at_exit()
", 0, &[], ANYTHING),
    ("a-foreign-thread-drops-the-last-reference", &[], "
import shutdown
for number in range(3): shutdown.keep(shutdown.make(f'capsule {number}'))
shutdown.drop_in_thread()
print('dropped')
", 0, &["capsule 0", "capsule 1", "capsule 2", "dropped"], NOTHING),
    ("a-foreign-thread-drops-the-last-reference-to-one-with-a-python-destructor", &[], "
import shutdown, _capsule, threading
main = threading.get_ident()
def destructor(capsule): print('destroyed', _capsule.get_name(capsule), threading.get_ident() != main)
shutdown.keep(_capsule.new(1, 'one', destructor))
shutdown.keep(_capsule.new(1, 'two', destructor, owner=[]))
shutdown.drop_in_thread()
print('dropped')
", 0, &["destroyed one True", "destroyed two True", "dropped"], NOTHING),
    ("a-foreign-thread-drops-one-whose-destructor-fails", &[], "
import shutdown
shutdown.keep(shutdown.make_importing('imports'))
shutdown.drop_in_thread()
print('dropped')
", 0, &["dropped", "imports"], NOTHING),
    ("a-foreign-thread-enters-again-and-again", &[], "
import shutdown, time
shutdown.start_entering()
time.sleep(0.05)
shutdown.cap = shutdown.make('in the extension')
", 0, &["in the extension"], NOTHING),
    ("a-foreign-thread-enters-while-finalization-waits-for-python-threads", &[], "
import shutdown, os, threading, time
def say(text): os.write(1, text + b'\\n')
def work():
    time.sleep(0.3)
    shutdown.call_in_thread(lambda: say(b'late'))
    say(b'after')
threading.Thread(target=work).start()
say(b'main ends')
", 0, &["after", "late", "main ends"], NOTHING),
    ("foreign-threads-enter-while-garbage-is-collected", &[], "
import shutdown, gc
for _ in range(3): shutdown.start_entering()
for _ in range(20): gc.collect()
", 0, &[], NOTHING),
    ("a-long-chain-is-destroyed", &[], "
import shutdown
kept = shutdown.chain(200_000)
del kept
shutdown.cap = shutdown.chain(200_000)
", 0, &["the last of the chain", "the last of the chain"], NOTHING),
    ("a-long-chain-is-destroyed-on-a-small-stack", &[], "
import shutdown
shutdown.keep(shutdown.chain(200_000))
shutdown.drop_in_thread()
", 0, &["the last of the chain"], NOTHING),
    ("a-long-chain-is-destroyed-after-finalization", &[], "
import shutdown
shutdown.keep(shutdown.chain(2_000))
shutdown.drop_at_exit()
", 0, &["the last of the chain"], ANYTHING),
    ("sub-interpreters-destroy-their-capsules", &[], "
import _interpreters, sys
for number in range(3):
    one = _interpreters.create()
    failed = _interpreters.run_string(one, f'''
import sys
sys.path[:0] = [{sys.path[0]!r}]
import shutdown, filled, stateful
shutdown.cap = shutdown.make('of {number}')
''')
    assert failed is None, failed
    _interpreters.destroy(one)
    print('end of', number, flush=True)
", 0, &["end of 0", "end of 1", "end of 2", "freed the state", "freed the state", "freed the state", "made by C code", "made by C code", "made by C code", "of 0", "of 1", "of 2"], NOTHING),
    ("sys-exit-in-a-function-destroys-its-locals", &[], "
import shutdown, sys
def f():
    local = shutdown.make('a local')
    sys.exit(3)
f()
", 3, &["a local"], NOTHING),
    ("an-uncaught-exception-destroys-its-locals", &[], "
import shutdown
def f():
    local = shutdown.make('a local')
    1/0
f()
", 1, &["a local"], "ZeroDivisionError: division by zero"),
    ("an-atexit-callback-can-import-modules-and-make-capsules", &[], "
import atexit, shutdown
def last():
    import filled
    shutdown.cap = shutdown.make('late')
atexit.register(last)
", 0, &["late", "made by C code"], NOTHING),
    ("a-daemon-thread-does-not-prevent-the-exit", &[], "
import shutdown, threading
up = threading.Event()
def f():
    local = shutdown.make('never')
    up.set()
    threading.Event().wait()
threading.Thread(target=f, daemon=True).start()
up.wait()
shutdown.cap = shutdown.make('in the extension')
", 0, &["in the extension"], NOTHING),
    ("the-warning-about-the-gil-can-be-an-error", &["-W", "error"], "
import silent
", 1, &[], "RuntimeWarning: module silent has not declared"),
    ("the-warning-about-the-gil-is-printed", &[], "
import silent
print('loaded')
", 0, &["loaded"], "RuntimeWarning: module silent has not declared"),
];
