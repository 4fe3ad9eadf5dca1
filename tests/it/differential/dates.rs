//! Everything that `datetime.h` offers, called in both interpreters with the same values. Answers,
//! exceptions and reference counts are the same, except for two kinds of exception texts.

use libtest_mimic::Failed;

use super::differences::{Difference, Tally};
use super::interpreters::Interpreters;

pub(super) fn compare(interpreters: &Interpreters) -> Result<(), Failed> {
    let (theirs, ours) = interpreters.run("dates.py", &[])?;
    let mut tally = Tally::default();
    tally.add_lengths(&theirs.stdout, &ours.stdout);
    for (theirs, ours) in theirs.stdout.lines().zip(ours.stdout.lines()) {
        let listed: Option<Difference> = [
            (range_text as Core, Difference::RangeText),
            (argument_text, Difference::ArgumentText),
        ]
        .into_iter()
        .find(|(core, _)| theirs != ours && core(theirs).is_some() && core(theirs) == core(ours))
        .map(|(_, listed)| listed);
        let expected = if listed.is_some() { ours } else { theirs };
        tally.add(theirs, expected, listed.as_slice(), ours);
    }
    eprintln!("calls of datetime.h in CPython and here: {tally}");
    if tally.lines() < 4_000 {
        return Err(format!("only {} lines were compared", tally.lines()).into());
    }
    tally.check(&[Difference::RangeText, Difference::ArgumentText])?;
    Ok(())
}

/// The call, and the part that two differently worded texts with the same meaning share.
type Core = fn(&str) -> Option<(&str, &str)>;

fn range_text(line: &str) -> Option<(&str, &str)> {
    let (call, text) = line.split_once("\tValueError: ")?;
    let whole_dates = ["year ", "day "];
    if let Some(what) = whole_dates.iter().find(|what| text.starts_with(**what)) {
        return Some((call, what));
    }
    let number = text
        .rsplit_once(", not ")
        .filter(|(_, number)| number.parse::<i64>().is_ok());
    let text = number.map_or(text, |(head, _)| head);
    Some((call, text.trim_end_matches('.')))
}

fn argument_text(line: &str) -> Option<(&str, &str)> {
    let (call, text) = line.rsplit_once('\t')?;
    // CPython's text begins with a position in its own source.
    let bad = "bad argument to internal function";
    let kinds = [
        "TypeError: fromtimestamp",
        "TypeError: argument for fromtimestamp",
    ];
    if kinds.iter().any(|kind| text.starts_with(kind)) {
        Some((call, "TypeError"))
    } else {
        (text.starts_with("SystemError: ") && text.ends_with(bad)).then_some((call, bad))
    }
}
