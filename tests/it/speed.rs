//! The arithmetic behind the tables of `cargo speed`. What it measures, nobody tests.

#[path = "../../benches/src/speed/figures.rs"]
mod figures;

use libtest_mimic::{Failed, Trial};

use crate::interpreter::trial;
use figures::{Summary, ratios};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("speed::quartiles-lie-between-the-measurements", quartiles),
        trial("speed::a-round-without-a-measurement-counts-nowhere", gaps),
        trial("speed::a-drifting-clock-cancels-out", drift),
    ]
}

fn same(found: Option<Summary>, expected: Option<[f64; 3]>) -> Result<(), Failed> {
    let values = found.map(|found| [found.lower_quartile, found.median, found.upper_quartile]);
    if values == expected {
        Ok(())
    } else {
        Err(format!("{found:?} instead of {expected:?}").into())
    }
}

fn quartiles() -> Result<(), Failed> {
    let series = [4.0, 1.0, 3.0, 2.0].map(Some);
    same(Summary::of(&series), Some([1.75, 2.5, 3.25]))?;
    same(Summary::of(&series[..1]), Some([4.0; 3]))?;
    let spread = Summary::of(&series).map(|summary| summary.spread());
    if spread != Some(0.3) {
        return Err(format!("the spread is {spread:?}").into());
    }
    same(Summary::of(&[]), None)
}

fn gaps() -> Result<(), Failed> {
    same(Summary::of(&[None, Some(5.0), None]), Some([5.0; 3]))?;
    let ratios = ratios(&[Some(6.0), None, Some(8.0)], &[Some(3.0), Some(1.0), None]);
    same(Summary::of(&ratios), Some([2.0; 3]))
}

/// Twice as slow in every round, whatever the machine does meanwhile.
fn drift() -> Result<(), Failed> {
    let theirs = [1.0, 10.0, 3.0].map(Some);
    let ours = [2.0, 20.0, 6.0].map(Some);
    same(Summary::of(&ratios(&ours, &theirs)), Some([2.0; 3]))
}
