//! The type of a row in Rust, and the answers to requests. It is compiled into `speed-ours` and
//! into the module for PyO3, so the same code measures both. The requests are `check ROW` and `ROW
//! COUNT` of `c/module.c`.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

/// A call that is checked and timed.
pub(crate) struct Row<'a> {
    name: &'static str,
    is_right: Box<dyn Fn() -> bool + 'a>,
    run: Box<dyn Fn(u64) + 'a>,
}

impl<'a> Row<'a> {
    /// A row that times `call`. `is_right` checks its result and effect.
    pub(crate) fn new<R>(
        name: &'static str,
        call: impl Fn() -> R + Clone + 'a,
        is_right: impl Fn(R) -> bool + 'a,
    ) -> Self {
        let once = call.clone();
        Self {
            name,
            is_right: Box::new(move || is_right(once())),
            run: Box::new(move |count| {
                for _ in 0..count {
                    black_box(call());
                }
            }),
        }
    }
}

/// `struct span` of `c/clock.h`.
#[derive(Default)]
#[repr(C)]
struct Span {
    nanoseconds: u64,
    cycles: u64,
}

// SAFETY: the signatures are those of `c/clock.h`, and the functions have no other requirements.
unsafe extern "C" {
    safe fn start_clock();
    safe fn stop_clock(span: &mut Span);
}

/// The answer to a request.
pub(crate) fn answer(rows: &[Row<'_>], line: &str) -> String {
    let find = |name: &str| rows.iter().find(|row| row.name == name);
    let mut words = line.split_whitespace();
    match (words.next(), words.next()) {
        (Some("check"), Some(name)) => match find(name) {
            Some(row) if (row.is_right)() => "right".to_owned(),
            Some(_) => "wrong".to_owned(),
            None => "unknown".to_owned(),
        },
        (Some(name), Some(count)) => match (find(name), count.parse()) {
            (Some(row), Ok(count)) => measure(row, count),
            _ => "unknown".to_owned(),
        },
        _ => "unknown".to_owned(),
    }
}

fn measure(row: &Row<'_>, count: u64) -> String {
    let mut span = Span::default();
    start_clock();
    (row.run)(count);
    stop_clock(&mut span);
    format!("{} {}", span.nanoseconds, span.cycles)
}

/// A value for capsules. A static variable counts how many were dropped.
pub(crate) struct Counted {
    pub(crate) number: u64,
}

static DROPPED: AtomicU64 = AtomicU64::new(0);

impl Counted {
    /// The number in each of them.
    pub(crate) const NUMBER: u64 = 41;

    pub(crate) const fn new() -> Self {
        Self {
            number: Self::NUMBER,
        }
    }

    /// How many have been dropped.
    pub(crate) fn dropped() -> u64 {
        DROPPED.load(Ordering::Relaxed)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        // Only one thread measures, so no atomic addition is needed. It would cost more than the
        // rest.
        DROPPED.store(Self::dropped() + 1, Ordering::Relaxed);
    }
}
