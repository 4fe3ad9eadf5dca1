//! Tables in Markdown, and the record of a run.

use std::fs;
use std::process::Command;

use crate::command::{Failure, succeed};
use crate::list::folder;
use crate::python::Pythons;

/// A table whose columns are as wide as their widest cell.
pub(crate) struct Table(Vec<Vec<String>>);

impl Table {
    pub(crate) fn new(titles: &[&str]) -> Self {
        Self(vec![
            titles.iter().map(|title| (*title).to_owned()).collect(),
        ])
    }

    pub(crate) fn add(&mut self, cells: &[String]) {
        self.0.push(cells.to_vec());
    }

    pub(crate) fn markdown(&self) -> String {
        let columns = self.0[0].len();
        let width = |column: usize| {
            let cells = self.0.iter().map(|row| row[column].chars().count());
            cells.max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let line = |cells: &[String]| {
            let cells = cells.iter().zip(&widths);
            let cells: Vec<_> = cells
                .map(|(cell, &width)| format!(" {cell:width$} "))
                .collect();
            format!("|{}|\n", cells.join("|"))
        };
        let rule: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
        let mut text = line(&self.0[0]) + &line(&rule);
        text.extend(self.0[1..].iter().map(|row| line(row)));
        text
    }
}

/// The whole report: the conditions of the run, and what was found.
pub(crate) fn page(suites: bool, pythons: &Pythons, text: &str) -> String {
    let option = if suites { " --suites" } else { "" };
    let mut facts = format!("- capsule-python: {}\n", pythons.ours.version);
    match &pythons.cpython {
        Some(cpython) => facts += &format!("- CPython: {}\n", cpython.version),
        None => facts += "- left out: CPython 3.13, which is not installed\n",
    }
    if let Some(commit) = commit() {
        facts += &format!("- commit: {commit}\n");
    }
    format!("# `cargo wheels{option}` on {}\n\n{facts}\n{text}", today())
}

/// Writes the report into the record.
pub(crate) fn record(suites: bool, page: &str) -> Result<(), Failure> {
    let name = if suites { "-suites.md" } else { ".md" };
    let record = folder().join("record");
    fs::create_dir_all(&record)?;
    let file = record.join(format!("{}{name}", today()));
    fs::write(&file, page)?;
    println!("Written to {}.", file.display());
    Ok(())
}

/// The date of today in the format of ISO 8601.
fn today() -> String {
    let date = succeed(Command::new("date").args(["-u", "+%Y-%m-%d"]));
    date.unwrap_or_default().trim_end().to_owned()
}

/// The checkout's commit; `None` without git.
fn commit() -> Option<String> {
    let mut git = Command::new("git");
    git.args([
        "describe",
        "--always",
        "--abbrev=10",
        "--dirty=, with uncommitted changes",
    ]);
    let commit = succeed(git.current_dir(folder())).ok()?;
    Some(commit.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(&["name", "n"]);
        table.add(&["é".to_owned(), "1000".to_owned()]);
        let expected = "| name | n    |\n| ---- | ---- |\n| é    | 1000 |\n";
        assert_eq!(table.markdown(), expected);
    }
}
