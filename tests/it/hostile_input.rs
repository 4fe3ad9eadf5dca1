//! Bytes from anywhere, as calls of the C API. The same runs under cargo-fuzz, see `fuzz/`.

use std::time::Instant;

use libtest_mimic::{Failed, Trial};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use crate::hostile::calls::Record;
use crate::hostile::{calls, slots};
use crate::interpreter::{in_interpreter, trial};

/// The longest history, in records.
const LONGEST: usize = 120;

/// The most slots of arrays that belong together.
const MOST_SLOTS: usize = 24;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("hostile-input::every-history-of-c-calls-agrees", || {
            histories(20_000)
        }),
        trial("hostile-input::ten-million-c-calls-agree", || {
            histories(10_000_000)
        })
        .with_ignored_flag(true),
        trial(
            "hostile-input::every-array-of-slots-is-a-module-or-refused",
            || arrays(2000),
        ),
        trial("hostile-input::a-million-arrays-of-slots", || {
            arrays(1_000_000)
        })
        .with_ignored_flag(true),
    ]
}

/// Plays random histories until so many calls have been made.
fn histories(calls: u64) -> Result<(), Failed> {
    let started = Instant::now();
    let made = core::cell::Cell::new(0);
    let mut rounds = 0;
    in_interpreter(|vm| {
        let bench = calls::Bench::new(vm);
        let records = || prop::collection::vec(any::<Record>(), 1..=LONGEST);
        while made.get() < calls {
            let config = Config {
                cases: 256,
                failure_persistence: None,
                rng_seed: RngSeed::Random,
                ..Config::default()
            };
            rounds += 1;
            let outcome = TestRunner::new(config).run(&records(), |records| {
                let played = bench.play(&records).map_err(TestCaseError::fail)?;
                made.set(made.get() + played);
                Ok(())
            });
            if let Err(error) = outcome {
                panic!("{error}");
            }
        }
    });
    let seconds = started.elapsed().as_secs();
    eprintln!("{} calls in {rounds} rounds, {seconds} s", made.get());
    Ok(())
}

/// Makes modules of so many random arrays.
fn arrays(cases: u32) -> Result<(), Failed> {
    let made = core::cell::Cell::new(0);
    in_interpreter(|vm| {
        let bench = slots::Bench::new(vm);
        let config = Config {
            cases,
            failure_persistence: None,
            ..Config::default()
        };
        let records = prop::collection::vec(any::<slots::Record>(), 0..=MOST_SLOTS);
        let outcome = TestRunner::new(config).run(&(any::<u8>(), records), |(choice, records)| {
            let is_module = bench.play(choice, &records).map_err(TestCaseError::fail)?;
            made.set(made.get() + u32::from(is_module));
            Ok(())
        });
        if let Err(error) = outcome {
            panic!("{error}");
        }
    });
    eprintln!("{} modules of {cases} arrays", made.get());
    assert!(
        made.get() > cases / 100,
        "few arrays were good: {}",
        made.get()
    );
    Ok(())
}
