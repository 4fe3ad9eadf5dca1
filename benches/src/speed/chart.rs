//! The chart: for each row in C, the times of this project, the oldest CPython and plain RustPython
//! as multiples of the newest CPython's, on a logarithmic scale.

use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::failure::Failure;
use crate::table::{Line, Table, rounded};

const WIDTH: i32 = 800;
const HEAD: i32 = 126;
const FOOT: i32 = 52;
const ROW: i32 = 40;
const BAR: i32 = 11;
/// The right edge of the titles of the rows.
const LEFT: i32 = 276;
/// The ends of the scale, with room beside them for the figures of the longest bars.
const BEGIN: i32 = LEFT + 40;
const END: i32 = WIDTH - 64;

const INK: RGBColor = RGBColor(0x22, 0x26, 0x2b);
const FAINT: RGBColor = RGBColor(0x5c, 0x64, 0x6d);
const RULE: RGBColor = RGBColor(0xdd, 0xe1, 0xe6);
const BAND: RGBColor = RGBColor(0xf6, 0xf8, 0xfa);
/// The colours of this project, the oldest CPython, and plain RustPython.
const COLOURS: [RGBColor; 3] = [
    RGBColor(0x0b, 0x6e, 0x99),
    RGBColor(0xe0, 0x9f, 0x1f),
    RGBColor(0xa3, 0xab, 0xb5),
];

/// Draws the table of calls from C, unless it has no column of a CPython.
pub(crate) fn draw(table: &Table, date: &str, file: &Path) -> Result<(), Failure> {
    let is_cpython = |label: &String| label.starts_with("CPython");
    let Some(newest) = table.columns.iter().position(is_cpython) else {
        return Ok(());
    };
    let oldest = table.columns.iter().rposition(is_cpython);
    let plain = table.columns.iter().position(|label| label == "plain");
    let bars = [Some(0), oldest.filter(|one| *one != newest), plain];
    let bars = bars.into_iter().zip(COLOURS);
    let bars: Vec<(usize, RGBColor)> = bars
        .filter_map(|(column, colour)| Some((column?, colour)))
        .collect();
    // The first row is the empty function. Rows that CPython lacks have nothing to compare with.
    let lines = table.lines[1..].iter();
    let lines: Vec<&Line> = lines
        .filter(|line| line.cells[newest].median().is_some())
        .collect();
    let height = HEAD + i32::try_from(lines.len())? * ROW + FOOT;
    let size = (WIDTH.unsigned_abs(), height.unsigned_abs());
    let chart = Chart {
        area: SVGBackend::new(file, size).into_drawing_area(),
        bottom: height - FOOT,
        columns: &table.columns,
        newest,
        powers: powers(&lines, newest, &bars),
        bars,
    };
    chart.area.fill(&WHITE)?;
    chart.head(date)?;
    for (row, line) in (0..).zip(&lines) {
        if row % 2 == 0 {
            let top = HEAD + row * ROW;
            chart.fill((12, top), (WIDTH - 12, top + ROW), BAND)?;
        }
        chart.titles(line, HEAD + row * ROW)?;
    }
    chart.scale()?;
    for (row, line) in (0..).zip(&lines) {
        chart.bars(line, HEAD + row * ROW)?;
    }
    chart.reference()?;
    chart.area.present()?;
    Ok(())
}

/// A cell as a multiple of the newest CPython's cell.
fn multiple(line: &Line, column: usize, newest: usize) -> Option<f64> {
    Some(line.cells[newest].ratio()? / line.cells[column].ratio()?)
}

/// The exponents of the powers of two between which all bars end.
fn powers(lines: &[&Line], newest: usize, bars: &[(usize, RGBColor)]) -> [i32; 2] {
    let powers = lines.iter().flat_map(|line| {
        let multiples = bars.iter();
        multiples.filter_map(|(column, _)| Some(multiple(line, *column, newest)?.log2()))
    });
    let [least, most] = powers.fold([-1.0_f64, 1.0_f64], |[least, most], power| {
        [least.min(power), most.max(power)]
    });
    [least.floor() as i32, most.ceil() as i32]
}

struct Chart<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    bottom: i32,
    columns: &'a [String],
    newest: usize,
    powers: [i32; 2],
    /// A column and a colour for each bar of a row.
    bars: Vec<(usize, RGBColor)>,
}

impl Chart<'_> {
    fn head(&self, date: &str) -> Result<(), Failure> {
        let newest = &self.columns[self.newest];
        self.text(
            "Capsules from C: time a call",
            (16, 26),
            20,
            INK,
            HPos::Left,
        )?;
        self.text(date, (WIDTH - 16, 26), 13, FAINT, HPos::Right)?;
        let meaning =
            format!("The line is {newest}; bars to its left are faster. Figures: nanoseconds.");
        self.text(&meaning, (16, 53), 13, FAINT, HPos::Left)?;
        let mut x = 16;
        for (column, colour) in &self.bars {
            let label = match self.columns[*column].as_str() {
                "ours" => "this project",
                "plain" => "RustPython 0.6 alone",
                label => label,
            };
            self.fill((x, 73), (x + 12, 85), *colour)?;
            self.text(label, (x + 18, 79), 13, INK, HPos::Left)?;
            x += 48 + 7 * i32::try_from(label.len())?;
        }
        self.text(newest, (LEFT, HEAD - 12), 12, FAINT, HPos::Right)
    }

    /// Draws the text left of the bars.
    fn titles(&self, line: &Line, top: i32) -> Result<(), Failure> {
        let middle = top + ROW / 2;
        self.text(&line.title, (16, middle), 13, INK, HPos::Left)?;
        match line.cells[self.newest].median() {
            Some(median) => self.text(&rounded(median), (LEFT, middle), 12, FAINT, HPos::Right),
            None => Ok(()),
        }
    }

    fn scale(&self) -> Result<(), Failure> {
        let [least, most] = self.powers;
        for power in least..=most {
            let x = self.place(power.into());
            let line = vec![(x, HEAD), (x, self.bottom)];
            self.area.draw(&PathElement::new(line, RULE))?;
            let label = if power < 0 {
                format!("1/{}", 1 << -power)
            } else {
                format!("{}", 1 << power)
            };
            self.text(&label, (x, HEAD - 12), 12, FAINT, HPos::Center)?;
            self.text(&label, (x, self.bottom + 13), 12, FAINT, HPos::Center)?;
        }
        let axis = format!(
            "time a call, as a multiple of {}'s",
            self.columns[self.newest]
        );
        let middle = ((BEGIN + END) / 2, self.bottom + 34);
        self.text(&axis, middle, 12, FAINT, HPos::Center)
    }

    fn bars(&self, line: &Line, top: i32) -> Result<(), Failure> {
        let count = i32::try_from(self.bars.len())?;
        let mut top = top + (ROW - count * (BAR + 1)) / 2;
        let one = self.place(0.0);
        for (column, colour) in &self.bars {
            let multiple = multiple(line, *column, self.newest);
            let median = line.cells[*column].median();
            if let (Some(multiple), Some(median)) = (multiple, median) {
                let end = self.place(multiple.log2());
                self.fill((one.min(end), top), (one.max(end), top + BAR), *colour)?;
                let (x, side) = if end < one {
                    (end - 5, HPos::Right)
                } else {
                    (end + 5, HPos::Left)
                };
                self.text(&rounded(median), (x, top + BAR / 2 + 1), 11, INK, side)?;
            }
            top += BAR + 1;
        }
        Ok(())
    }

    /// Draws the line for the newest CPython.
    fn reference(&self) -> Result<(), Failure> {
        let x = self.place(0.0);
        let line = vec![(x, HEAD), (x, self.bottom)];
        Ok(self
            .area
            .draw(&PathElement::new(line, INK.stroke_width(2)))?)
    }

    /// The x coordinate of a multiple, which is given as a power of two.
    fn place(&self, power: f64) -> i32 {
        let [least, most] = self.powers.map(f64::from);
        let part = (power - least) / (most - least);
        let place = (f64::from(END - BEGIN) * part).round() as i32;
        BEGIN + place
    }

    fn fill(&self, from: (i32, i32), to: (i32, i32), colour: RGBColor) -> Result<(), Failure> {
        Ok(self
            .area
            .draw(&Rectangle::new([from, to], colour.filled()))?)
    }

    /// Draws text. `place` is its left end, middle or right end as `side` says, at half its height.
    fn text(
        &self,
        text: &str,
        place: (i32, i32),
        pixels: i32,
        colour: RGBColor,
        side: HPos,
    ) -> Result<(), Failure> {
        // The library draws text smaller than the given size by this factor.
        let size = f64::from(pixels) * 1.24;
        let style = ("sans-serif", size).into_font().color(&colour);
        let style = style.pos(Pos::new(side, VPos::Center));
        Ok(self.area.draw(&Text::new(text, place, style))?)
    }
}
