//! Statistics of repeated measurements: the median, the quartiles, and ratios within a round, in
//! which drift of the clock cancels out.

/// The measurements of one thing, one for each round; `None` if the round has none.
pub(crate) type Series = Vec<Option<f64>>;

/// The median and the quartiles of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Summary {
    pub(crate) median: f64,
    pub(crate) lower_quartile: f64,
    pub(crate) upper_quartile: f64,
}

impl Summary {
    /// Summarizes the rounds that have a measurement. `None` if none has.
    pub(crate) fn of(series: &[Option<f64>]) -> Option<Self> {
        let mut sorted: Vec<f64> = series.iter().copied().flatten().collect();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            median: quantile(&sorted, 0.5)?,
            lower_quartile: quantile(&sorted, 0.25)?,
            upper_quartile: quantile(&sorted, 0.75)?,
        })
    }

    /// Half the interquartile range, as a fraction of the median.
    pub(crate) fn spread(&self) -> f64 {
        (self.upper_quartile - self.lower_quartile) / 2.0 / self.median
    }
}

/// A quantile of sorted values, interpolated linearly.
fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = last as f64 * part;
    let below = place as usize;
    let above = (below + 1).min(last);
    Some(sorted[below] + (sorted[above] - sorted[below]) * place.fract())
}

/// For each round, the first series as a multiple of the second.
pub(crate) fn ratios(one: &[Option<f64>], other: &[Option<f64>]) -> Series {
    let both = one.iter().zip(other);
    both.map(|(one, other)| one.zip(*other).map(|(one, other)| one / other))
        .collect()
}
