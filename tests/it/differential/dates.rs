//! Everything that `datetime.h` offers, called in both interpreters with the same values: answers,
//! exceptions and their texts, and reference counts are the same, but for the words of two kinds.

use libtest_mimic::Failed;

use super::Test;
use super::interpreters::Laboratory;
use super::listed::{Account, Listed};

pub(super) const TEST: (&str, Test) = ("dates-do-as-in-cpython", dates);

fn dates(laboratory: &Laboratory) -> Result<(), Failed> {
    let (theirs, ours) = laboratory.run("dates.py", &[])?;
    let mut account = Account::default();
    account.enter_lengths(&theirs.stdout, &ours.stdout);
    for (theirs, ours) in theirs.stdout.lines().zip(ours.stdout.lines()) {
        let listed: Option<Listed> = [
            (range_text as Core, Listed::RangeText),
            (argument_text, Listed::ArgumentText),
        ]
        .into_iter()
        .find(|(core, _)| theirs != ours && core(theirs).is_some() && core(theirs) == core(ours))
        .map(|(_, listed)| listed);
        let expected = if listed.is_some() { ours } else { theirs };
        account.enter(theirs, expected, listed.as_slice(), ours);
    }
    eprintln!("calls of datetime.h in CPython and ours: {account}");
    if account.lines() < 4_000 {
        return Err(format!("only {} lines were compared", account.lines()).into());
    }
    account.judge(&[Listed::RangeText, Listed::ArgumentText])?;
    Ok(())
}

/// What two texts have in common that say the same in other words, with the call and the class.
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
    // CPython says which line of its own complains.
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
