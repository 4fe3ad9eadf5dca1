//! C code that drops the last reference to a capsule with a Python destructor on a thread that is in no
//! interpreter: one that will come back, and native ones, which the end of the interpreter waits for.

use libtest_mimic::{Failed, Trial};

use super::stage::{Stage, left_out};
use crate::c_code::HAS_COMPILER;
use crate::interpreter::trial;

/// What holds; the script; the lines of standard output, in order; what standard error has in it, each
/// once. With none of it, standard error is empty.
type Row = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

pub(super) fn trials() -> Vec<Trial> {
    if !*HAS_COMPILER {
        return vec![left_out("detached")];
    }
    let row = |row: &'static Row| trial(format!("loader::detached::{}", row.0), || judge(row));
    ROWS.iter().map(row).collect()
}

fn judge((_, source, lines, told): &Row) -> Result<(), Failed> {
    let stage = Stage::new(&["ending.c"])?;
    let ended = stage.run(&format!("{PRELUDE}{source}"), &[], &[]);
    let said: Vec<_> = ended.stdout.lines().collect();
    let stderr = &ended.stderr;
    let as_told = told.iter().all(|text| stderr.matches(text).count() == 1);
    if ended.code == Some(0) && said == *lines && as_told && stderr.is_empty() == told.is_empty() {
        Ok(())
    } else {
        Err(format!("{ended:?}").into())
    }
}

const PRELUDE: &str = "
import _capsule, atexit, ending, os, signal, sys, threading, time
def say(text): print(text, flush=True)
def keep(destructor): ending.keep(_capsule.new(1, None, destructor))
me = threading.get_ident

# A native thread is inside a destructor that waits for a lock of the main thread. `waiting` is set
# when there is nothing left to do but to wait for it.
lock, inside, waiting = threading.Lock(), threading.Event(), threading.Event()
def block(capsule): say('in'); inside.set(); lock.acquire(); say('out')
def leave_one_inside():
    lock.acquire()
    keep(block)
    ending.start_dropping()
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
    ("a-thread-that-comes-back-keeps-its-place", "
def place():
    handled = sys._current_exceptions()[me()]
    return sys.gettrace(), sys.getprofile(), me() in sys._current_frames(), repr(handled)
def drop():
    before = place()
    keep(lambda capsule: say(f'destroyed {me() == here}'))
    ending.drop_detached()
    say(place() == before)
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
    ("a-thread-that-comes-back-is-traced-on", "
calls = []
def trace(frame, event, _):
    if event == 'call': calls.append(frame.f_code.co_name)
    return trace
def g(): pass
def f():
    keep(lambda capsule: None)
    g(); ending.drop_detached(); g()
sys.settrace(trace)
f(); g()
sys.settrace(None)
say(calls)
", &["['f', 'keep', 'g', 'g', 'g']"], &[]),
    ("a-native-thread-leaves-nothing-behind", "
keep(lambda capsule: (say(len(sys._current_frames())), inside.set()))
ending.start_dropping()
inside.wait()
for _ in range(1000):
    if len(sys._current_frames()) == 1: break
    time.sleep(0.01)
say(len(sys._current_frames()))
", &["2", "1"], &[]),
    ("exit-functions-that-a-destructor-runs-do-not-wait-for-it", "
def destructor(capsule): say('in'); atexit._run_exitfuncs(); say('out')
keep(destructor)
ending.drop_in_thread()
say('done')
", &["in", "out", "done"], &[]),
    ("exit-functions-that-a-destructor-runs-wait-for-others", "
leave_one_inside()
def destructor(capsule): lock.release(); atexit._run_exitfuncs(); say('after the other')
keep(destructor)
ending.drop_in_thread()
", &["in", "out", "after the other"], &[]),
    ("the-end-waits-for-a-destructor", "
leave_one_inside()
def release(): waiting.wait(); time.sleep(0.1); lock.release()
threading.Thread(target=release, daemon=True).start()
", &["in", "out"], &[]),
    ("an-interrupt-ends-the-wait", "
leave_one_inside()
threading.Thread(target=interrupt, daemon=True).start()
", &["in"], &[INTERRUPTED, GIVEN_UP]),
    ("the-wait-ends-some-time", "
leave_one_inside()
", &["in"], &[GIVEN_UP]),
];
