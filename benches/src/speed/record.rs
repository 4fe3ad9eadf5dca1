//! Writes the record of a run: the printed tables, all figures as CSV, and the chart.

use std::fmt::Write;
use std::path::Path;

use crate::chart;
use crate::failure::Failure;
use crate::table::{Cell, Table};

/// Writes `DATE.md`, `DATE.csv` and `latest.svg` into the record.
pub(crate) fn write(date: &str, facts: &str, text: &str, tables: &[Table]) -> Result<(), Failure> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("record");
    std::fs::create_dir_all(&folder)?;
    let page = format!("# `cargo speed` on {date}\n\n{facts}\n{text}");
    std::fs::write(folder.join(format!("{date}.md")), page)?;
    std::fs::write(folder.join(format!("{date}.csv")), csv(tables)?)?;
    chart::draw(&tables[0], date, &folder.join("latest.svg"))?;
    println!("Written to {}.", folder.display());
    Ok(())
}

fn csv(tables: &[Table]) -> Result<String, Failure> {
    let mut text = String::from(
        "table,row,interpreter,unit,median,lower quartile,upper quartile,ours to this\n",
    );
    for table in tables {
        for line in &table.lines {
            for (label, cell) in table.columns.iter().zip(&line.cells) {
                let Cell::Figure { summary, ratio } = cell else {
                    continue;
                };
                let ratio = ratio.map_or_else(String::new, |ratio| format!("{ratio:.4}"));
                writeln!(
                    text,
                    "\"{}\",\"{}\",\"{label}\",{},{:.4},{:.4},{:.4},{ratio}",
                    table.title,
                    line.title,
                    table.unit.name(),
                    summary.median,
                    summary.lower_quartile,
                    summary.upper_quartile,
                )?;
            }
        }
    }
    Ok(text)
}
