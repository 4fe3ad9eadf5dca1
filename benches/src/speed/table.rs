//! Tables of figures, and how they are written: as Markdown that a terminal of 110 columns shows.

use std::fmt::Write;

use crate::figures::{Summary, ratios};
use crate::rounds::Outcome;

/// One place of a table.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    Figure {
        summary: Summary,
        /// The first column's figure as a multiple of this one.
        ratio: Option<f64>,
    },
    /// There is nothing to measure.
    Absent,
    /// The interpreter died of it.
    Died,
}

impl Cell {
    /// What is known of one thing, beside the same of the first column.
    pub(crate) fn of(outcome: &Outcome, series: &[Option<f64>], first: &[Option<f64>]) -> Self {
        match (outcome, Summary::of(series)) {
            (Outcome::Died, _) => Self::Died,
            (_, None) => Self::Absent,
            (_, Some(summary)) => Self::Figure {
                summary,
                ratio: Summary::of(&ratios(first, series)).map(|ratio| ratio.median),
            },
        }
    }

    pub(crate) fn median(&self) -> Option<f64> {
        match self {
            Self::Figure { summary, .. } => Some(summary.median),
            _ => None,
        }
    }

    pub(crate) fn ratio(&self) -> Option<f64> {
        match self {
            Self::Figure { ratio, .. } => *ratio,
            _ => None,
        }
    }
}

/// What the figures of a table are, and so whether smaller ones are better than the peers'.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Nanoseconds a call.
    Nanoseconds,
    /// Cycles a call.
    Cycles,
    /// Bytes a capsule.
    Bytes,
    /// How many times as much as in another state of the same interpreter.
    Times,
}

impl Unit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nanoseconds => "ns",
            Self::Cycles => "cycles",
            Self::Bytes => "bytes",
            Self::Times => "times",
        }
    }
}

/// A line of a table.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) title: String,
    pub(crate) cells: Vec<Cell>,
}

/// A table; its first column is ours.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) title: String,
    /// What to know of it.
    pub(crate) note: String,
    pub(crate) unit: Unit,
    pub(crate) columns: Vec<String>,
    pub(crate) lines: Vec<Line>,
}

impl Table {
    pub(crate) fn markdown(&self) -> String {
        let mut head = vec![self.unit.name().to_owned()];
        head.extend(self.columns.iter().cloned());
        let mut rows = vec![head];
        for line in &self.lines {
            let mut row = vec![line.title.clone()];
            let cells = line.cells.iter().enumerate();
            row.extend(cells.map(|(column, cell)| self.shown(cell, column == 0)));
            rows.push(row);
        }
        format!("## {}\n\n{}\n\n{}", self.title, self.note, aligned(&rows))
    }

    fn shown(&self, cell: &Cell, is_first: bool) -> String {
        let (summary, ratio) = match cell {
            Cell::Figure { summary, ratio } => (summary, ratio),
            Cell::Absent => return "-".to_owned(),
            Cell::Died => return "died".to_owned(),
        };
        let figure = match self.unit {
            Unit::Times => return format!("{:.2}", summary.median),
            _ => shown(summary.median),
        };
        match ratio {
            _ if is_first && self.unit == Unit::Bytes => figure,
            _ if is_first => format!("{figure} {:3.0}%", summary.spread() * 100.0),
            Some(ratio) if *ratio < 9.995 => format!("{figure} {ratio:5.2}x"),
            Some(ratio) => format!("{figure} {ratio:5.1}x"),
            None => figure,
        }
    }

    /// The lines in which ours is the slower one by more than a twentieth, worst first, a sentence
    /// for each of the other columns.
    pub(crate) fn lags(&self) -> Vec<String> {
        if self.unit == Unit::Times {
            return Vec::new();
        }
        let mut sentences = Vec::new();
        for (column, label) in self.columns.iter().enumerate().skip(1) {
            let lines = self.lines.iter();
            let mut lags: Vec<(f64, &str)> = lines
                .filter_map(|line| Some((line.cells[column].ratio()?, line.title.as_str())))
                .filter(|(ratio, _)| *ratio > 1.05)
                .collect();
            lags.sort_by(|(one, _), (other, _)| other.total_cmp(one));
            let lags: Vec<String> = lags
                .iter()
                .map(|(ratio, title)| format!("{title} {ratio:.2}x"))
                .collect();
            let worse = if self.unit == Unit::Bytes {
                "more"
            } else {
                "slower"
            };
            sentences.push(if lags.is_empty() {
                format!("nowhere {worse} than {label}")
            } else {
                format!("{worse} than {label}: {}", lags.join("; "))
            });
        }
        sentences
    }
}

/// A figure, with as many digits as it is worth.
pub(crate) fn shown(figure: f64) -> String {
    if figure < 99.95 {
        format!("{figure:.1}")
    } else {
        format!("{figure:.0}")
    }
}

/// Rows as a Markdown table whose columns are as wide as what is in them; the first row is the
/// head, the first column to the left and the others to the right.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max())
        .map(|width| width.unwrap_or_default().max(3))
        .collect();
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let written = if column == 0 {
                write!(text, "| {cell:<width$} ")
            } else {
                write!(text, "| {cell:>width$} ")
            };
            written.expect("a string takes all that is written");
        }
        text.push_str("|\n");
        if number == 0 {
            for (column, width) in widths.iter().enumerate() {
                let rule = "-".repeat(width - 1);
                let written = if column == 0 {
                    write!(text, "| -{rule} ")
                } else {
                    write!(text, "| {rule}: ")
                };
                written.expect("a string takes all that is written");
            }
            text.push_str("|\n");
        }
    }
    text
}
