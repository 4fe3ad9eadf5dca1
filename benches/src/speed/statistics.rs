//! What is made of many measurements of one thing: the median, the quartiles, and ratios that are
//! taken within a round, so that a clock that drifts cancels out.

/// Measurements of one thing, one a round; `None` where there is none.
pub(crate) type Series = Vec<Option<f64>>;

/// The middle of a series, and how far its middle half reaches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Summary {
    pub(crate) median: f64,
    pub(crate) lower_quartile: f64,
    pub(crate) upper_quartile: f64,
}

impl Summary {
    /// Of those rounds that have a measurement, if any has.
    pub(crate) fn of(series: &[Option<f64>]) -> Option<Self> {
        let mut sorted: Vec<f64> = series.iter().copied().flatten().collect();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            median: quantile(&sorted, 0.5)?,
            lower_quartile: quantile(&sorted, 0.25)?,
            upper_quartile: quantile(&sorted, 0.75)?,
        })
    }

    /// Half of what the middle half spans, as a part of the median.
    pub(crate) fn spread(&self) -> f64 {
        (self.upper_quartile - self.lower_quartile) / 2.0 / self.median
    }
}

/// The value below which this part of the values lies; between two of them in proportion.
fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = last as f64 * part;
    let below = place as usize;
    let above = (below + 1).min(last);
    Some(sorted[below] + (sorted[above] - sorted[below]) * place.fract())
}

/// Round by round, the one as a multiple of the other.
pub(crate) fn ratios(one: &[Option<f64>], other: &[Option<f64>]) -> Series {
    let both = one.iter().zip(other);
    both.map(|(one, other)| one.zip(*other).map(|(one, other)| one / other))
        .collect()
}
