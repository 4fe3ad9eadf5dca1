//! C code that drops the last reference to a capsule with a Python destructor on a thread that is
//! not attached to an interpreter: a Python thread that is detached for a while, and native
//! threads, which finalization of the interpreter waits for.

use libtest_mimic::{Failed, Trial};

use super::fixture::{Fixture, skipped};
use crate::c_code::HAS_COMPILER;
use crate::interpreter::trial;

/// The behaviour; the script; the lines of standard output, in order; the texts that standard error
/// contains, each once. Without such texts, standard error is empty.
type Row = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

pub(super) fn trials() -> Vec<Trial> {
    if !*HAS_COMPILER {
        return vec![skipped("detached")];
    }
    let row = |row: &'static Row| trial(format!("loader::detached::{}", row.0), || check(row));
    ROWS.iter().map(row).collect()
}

fn check((_, source, lines, reports): &Row) -> Result<(), Failed> {
    let fixture = Fixture::new(&["shutdown.c"])?;
    let ended = fixture.run(&format!("{PRELUDE}{source}"), &[], &[]);
    let stdout: Vec<_> = ended.stdout.lines().collect();
    let stderr = &ended.stderr;
    let is_reported = reports.iter().all(|text| stderr.matches(text).count() == 1)
        && stderr.is_empty() == reports.is_empty();
    if ended.code == Some(0) && stdout == *lines && is_reported {
        Ok(())
    } else {
        Err(format!("{ended:?}").into())
    }
}

const PRELUDE: &str = "
import _capsule, atexit, shutdown, os, signal, sys, threading, time
def say(text): print(text, flush=True)
def keep(destructor): shutdown.keep(_capsule.new(1, None, destructor))
me = threading.get_ident

# `leave_one_inside` leaves a native thread in a destructor that waits for a lock of the main thread.
# `waiting` is set when the interpreter has nothing left to do but to wait for that thread.
lock, inside, waiting = threading.Lock(), threading.Event(), threading.Event()
def block(capsule): say('in'); inside.set(); lock.acquire(); say('out')
def leave_one_inside():
    lock.acquire()
    keep(block)
    shutdown.start_dropping()
    inside.wait()
    atexit.register(waiting.set)
def interrupt():
    waiting.wait()
    time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGINT)
";

const GIVEN_UP: &str = "RuntimeWarning: the interpreter ends while native threads (1) are in the Python \
                        destructors of capsules, which they will not finish";

const INTERRUPTED: &str = "Exception ignored in atexit callback <built-in function exclude_foreign_threads>:\nKeyboardInterrupt";

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("a-reattached-thread-keeps-its-state", "
def thread_state():
    handled = sys._current_exceptions()[me()]
    return sys.gettrace(), sys.getprofile(), me() in sys._current_frames(), repr(handled)
def drop():
    before = thread_state()
    keep(lambda capsule: say(f'destroyed {me() == here}'))
    shutdown.drop_detached()
    say(thread_state() == before)
def f():
    global here
    here = me()
    drop()
    try: raise KeyError('handled')
    except KeyError:
        drop()
        say(repr(sys.exception()))
def trace(*_): return trace
def profile(*_): pass
sys.settrace(trace); sys.setprofile(profile)
f()
sys.settrace(None); sys.setprofile(None)
thread = threading.Thread(target=f); thread.start(); thread.join()
say(len(sys._current_frames()))
", &[
        "destroyed True", "True", "destroyed True", "True", "KeyError('handled')",
        "destroyed True", "True", "destroyed True", "True", "KeyError('handled')", "1",
    ], &[]),
    ("a-reattached-thread-is-still-traced", "
calls = []
def trace(frame, event, _):
    if event == 'call': calls.append(frame.f_code.co_name)
    return trace
def g(): pass
def f():
    keep(lambda capsule: None)
    g(); shutdown.drop_detached(); g()
sys.settrace(trace)
f(); g()
sys.settrace(None)
say(calls)
", &["['f', 'keep', 'g', 'g', 'g']"], &[]),
    ("a-native-thread-leaves-no-frame-behind", "
keep(lambda capsule: (say(len(sys._current_frames())), inside.set()))
shutdown.start_dropping()
inside.wait()
for _ in range(1000):
    if len(sys._current_frames()) == 1: break
    time.sleep(0.01)
say(len(sys._current_frames()))
", &["2", "1"], &[]),
    ("exit-functions-run-by-a-destructor-do-not-wait-for-it", "
def destructor(capsule): say('in'); atexit._run_exitfuncs(); say('out')
keep(destructor)
shutdown.drop_in_thread()
say('done')
", &["in", "out", "done"], &[]),
    ("exit-functions-run-by-a-destructor-wait-for-other-destructors", "
leave_one_inside()
def destructor(capsule): lock.release(); atexit._run_exitfuncs(); say('after the other')
keep(destructor)
shutdown.drop_in_thread()
", &["in", "out", "after the other"], &[]),
    ("finalization-waits-for-a-destructor", "
leave_one_inside()
def release(): waiting.wait(); time.sleep(0.1); lock.release()
threading.Thread(target=release, daemon=True).start()
", &["in", "out"], &[]),
    ("an-interrupt-ends-the-wait", "
leave_one_inside()
threading.Thread(target=interrupt, daemon=True).start()
", &["in"], &[INTERRUPTED, GIVEN_UP]),
    ("the-wait-has-a-time-limit", "
leave_one_inside()
", &["in"], &[GIVEN_UP]),
];
