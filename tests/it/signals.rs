//! Signals in the program of `crates/host` reach its Python code, as in CPython. Each row is a
//! program that runs in a process of its own, and what it prints.

use libtest_mimic::{Failed, Trial};

use crate::c_code::skipped;
use crate::interpreter::{child_source, trial};

const PRELUDE: &str = "
import os, signal, threading, time
def interrupt():
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGINT)
def soon():
    threading.Thread(target=interrupt, daemon=True).start()
";

#[rustfmt::skip]
const ROWS: &[(&str, &str, &str)] = &[
    ("an-interrupt-ends-a-loop", "
soon()
try:
    while True: pass
except KeyboardInterrupt: print('interrupted')
", "interrupted"),
    ("an-interrupt-ends-a-wait", "
soon()
try: time.sleep(60)
except KeyboardInterrupt: print('interrupted')
", "interrupted"),
    ("the-initial-handlers-are-those-of-cpython", "
numbers = signal.SIGINT, signal.SIGTERM, signal.SIGPIPE
print(signal.getsignal(numbers[0]) is signal.default_int_handler, *map(signal.getsignal, numbers[1:]))
", "True 0 1"),
    ("a-handler-set-by-the-program-is-called", "
signal.signal(signal.SIGINT, lambda number, frame: print('own', number == signal.SIGINT))
interrupt()
", "own True"),
];

pub(crate) fn trials() -> Vec<Trial> {
    if !cfg!(unix) {
        return vec![skipped("signals::skipped, no Unix here".to_owned())];
    }
    let row = |&(name, source, expected): &'static (_, _, _)| {
        trial(format!("signals::{name}"), move || run(source, expected))
    };
    ROWS.iter().map(row).collect()
}

fn run(source: &str, expected: &str) -> Result<(), Failed> {
    let ended = child_source(&format!("{PRELUDE}{source}"));
    if ended.code == Some(0) && ended.stdout.trim_end() == expected {
        Ok(())
    } else {
        Err(format!("{ended:?}").into())
    }
}
