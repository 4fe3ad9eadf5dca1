//! The statistics behind the tables of `cargo speed`. No test checks the times that it measures.

#[path = "../../benches/src/speed/statistics.rs"]
mod statistics;

use libtest_mimic::{Failed, Trial};

use crate::interpreter::trial;
use statistics::{Summary, ratios};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("speed::quartiles-are-interpolated", quartiles),
        trial("speed::rounds-without-a-measurement-are-ignored", gaps),
        trial("speed::drift-of-the-clock-cancels-out", drift),
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

/// In each round one takes twice as long as the other, while the speed of the machine changes.
fn drift() -> Result<(), Failed> {
    let theirs = [1.0, 10.0, 3.0].map(Some);
    let ours = [2.0, 20.0, 6.0].map(Some);
    same(Summary::of(&ratios(&ours, &theirs)), Some([2.0; 3]))
}
