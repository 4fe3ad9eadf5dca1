//! Tables of figures, and their Markdown, which fits into a terminal of 110 columns.

use std::fmt::Write;

use crate::rounds::Outcome;
use crate::statistics::{Summary, ratios};

/// A cell of a table.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    Figure {
        summary: Summary,
        /// The first column's figure as a multiple of this one.
        ratio: Option<f64>,
    },
    /// The interpreter has no such function.
    Absent,
    /// The interpreter crashed or hung.
    Crashed,
}

impl Cell {
    /// The cell for an outcome and its series. `first` is the same series of the first column.
    pub(crate) fn of(outcome: &Outcome, series: &[Option<f64>], first: &[Option<f64>]) -> Self {
        match (outcome, Summary::of(series)) {
            (Outcome::Crashed, _) => Self::Crashed,
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

/// The unit of the figures of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Nanoseconds per call.
    Nanoseconds,
    /// Cycles per call.
    Cycles,
    /// Bytes per capsule.
    Bytes,
    /// A multiple of the figure in another state of the same interpreter.
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

/// A table. Its first column is this project's.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) title: String,
    /// An explanation of its rows and figures.
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
            row.extend(cells.map(|(column, cell)| self.format(cell, column == 0)));
            rows.push(row);
        }
        format!("## {}\n\n{}\n\n{}", self.title, self.note, aligned(&rows))
    }

    fn format(&self, cell: &Cell, is_first: bool) -> String {
        let (summary, ratio) = match cell {
            Cell::Figure { summary, ratio } => (summary, ratio),
            Cell::Absent => return "-".to_owned(),
            Cell::Crashed => return "crashed".to_owned(),
        };
        let figure = match self.unit {
            Unit::Times => return format!("{:.2}", summary.median),
            _ => rounded(summary.median),
        };
        match ratio {
            _ if is_first && self.unit == Unit::Bytes => figure,
            _ if is_first => format!("{figure} {:3.0}%", summary.spread() * 100.0),
            Some(ratio) if *ratio < 9.995 => format!("{figure} {ratio:5.2}x"),
            Some(ratio) => format!("{figure} {ratio:5.1}x"),
            None => figure,
        }
    }

    /// For each of the other columns, the rows in which this project is slower by more than 5%,
    /// worst first.
    pub(crate) fn slower_rows(&self) -> Vec<String> {
        if self.unit == Unit::Times {
            return Vec::new();
        }
        let mut sentences = Vec::new();
        for (column, label) in self.columns.iter().enumerate().skip(1) {
            let lines = self.lines.iter();
            let mut slower: Vec<(f64, &str)> = lines
                .filter_map(|line| Some((line.cells[column].ratio()?, line.title.as_str())))
                .filter(|(ratio, _)| *ratio > 1.05)
                .collect();
            slower.sort_by(|(one, _), (other, _)| other.total_cmp(one));
            let slower: Vec<String> = slower
                .iter()
                .map(|(ratio, title)| format!("{title} {ratio:.2}x"))
                .collect();
            let worse = if self.unit == Unit::Bytes {
                "more"
            } else {
                "slower"
            };
            sentences.push(if slower.is_empty() {
                format!("nowhere {worse} than {label}")
            } else {
                format!("{worse} than {label}: {}", slower.join("; "))
            });
        }
        sentences
    }
}

/// A figure with one decimal place below 100, else none.
pub(crate) fn rounded(figure: f64) -> String {
    if figure < 99.95 {
        format!("{figure:.1}")
    } else {
        format!("{figure:.0}")
    }
}

/// Rows as a Markdown table with padded columns. The first row is the header; the first column is
/// aligned to the left, the others to the right.
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
            written.expect("writing to a string does not fail");
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
                written.expect("writing to a string does not fail");
            }
            text.push_str("|\n");
        }
    }
    text
}
