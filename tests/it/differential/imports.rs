//! The table of imports: both interpreters run each row of `import_rows.py`, and then import its
//! module by itself. The exception of that is the cause that this interpreter sets.

use super::differences::{Difference, Tally};
use super::steps::HANDLED;

/// The answer of this interpreter, if the difference is in the answer itself.
enum Intended {
    Pointer,
    /// The module that cannot be imported, and why.
    Wrapped(&'static str, &'static str),
    /// The exception of the module, unchanged.
    AsRaised,
    /// Python code that runs during the import sees no handled exception.
    Unseen,
}

use Intended::{AsRaised, Pointer, Unseen, Wrapped};

const INTENDED: &[(&str, Difference, Intended)] = &[
    ("submodule", Difference::Submodule, Pointer),
    (
        "submodule-whose-attribute-was-deleted",
        Difference::Submodule,
        Pointer,
    ),
    ("submodule-deeper", Difference::Submodule, Pointer),
    (
        "submodule-where-getattr-refuses",
        Difference::Submodule,
        Pointer,
    ),
    ("namespace-package", Difference::Submodule, Pointer),
    (
        "submodule-that-raises",
        Difference::Submodule,
        Wrapped("pkg.sub", "ZeroDivisionError: division by zero"),
    ),
    ("keyboard-interrupt", Difference::PassesThrough, AsRaised),
    (
        "own-keyboard-interrupt",
        Difference::PassesThrough,
        AsRaised,
    ),
    ("system-exit", Difference::PassesThrough, AsRaised),
    ("memory-error", Difference::PassesThrough, AsRaised),
    ("hook-that-exits", Difference::PassesThrough, AsRaised),
    (
        "only-the-new-sys-modules-has-it",
        Difference::LiveModules,
        Pointer,
    ),
    (
        "only-the-old-sys-modules-has-it",
        Difference::LiveModules,
        Wrapped("m", "ModuleNotFoundError: No module named 'm'"),
    ),
    (
        "sys-modules-is-gone",
        Difference::LiveModules,
        Wrapped("m", "RuntimeError: sys.modules was deleted"),
    ),
    (
        "hook-that-is-gone",
        Difference::ImportCause,
        Wrapped("m", "ImportError: __import__ not found"),
    ),
    (
        "getattr-looks-at-what-is-handled",
        Difference::HandledUnseen,
        Unseen,
    ),
];

/// A row, in one manner.
struct Line<'a> {
    row: &'a str,
    manner: &'a str,
    /// The pointer or the exception.
    answer: &'a str,
    /// Attributes of the exception, and what the row recorded.
    rest: &'a str,
}

impl<'a> Line<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let (row, text) = text.split_once('\t')?;
        let (manner, text) = text.split_once('\t')?;
        let end = text.find(" .name=").or_else(|| text.find('\t'));
        let (answer, rest) = text.split_at(end.unwrap_or(text.len()));
        Some(Self {
            row,
            manner,
            answer,
            rest,
        })
    }

    fn text(&self, answer: &str, rest: &str) -> String {
        format!("{}\t{}\t{answer}{rest}", self.row, self.manner)
    }

    /// The line expected of this interpreter. `cause` is why it cannot import the module.
    fn expected(&self, cause: &str) -> (String, Vec<Difference>) {
        let handled = if self.manner == "except" { HANDLED } else { "" };
        let head = self.answer.strip_suffix(handled).unwrap_or(self.answer);
        let intended = INTENDED.iter().find(|(row, ..)| *row == self.row);
        if let Some((_, listed, intended)) = intended
            && self.manner != "module"
            && (!matches!(intended, Unseen) || self.manner == "except")
        {
            return (self.intended(intended, handled, cause), vec![*listed]);
        }
        let (addition, listed) = if head.starts_with("ImportError: PyCapsule_Import could not") {
            (format!(" {{cause {cause}}}"), Difference::ImportCause)
        } else if head.starts_with("AttributeError: PyCapsule_Import ") {
            (" [note]".to_owned(), Difference::ImportNote)
        } else if head.starts_with("UnicodeDecodeError/ValueError: ") {
            (" [note]".to_owned(), Difference::CodecNote)
        } else {
            return (self.text(self.answer, self.rest), Vec::new());
        };
        let answer = format!("{head}{addition}{handled}");
        (self.text(&answer, self.rest), vec![listed])
    }

    fn intended(&self, intended: &Intended, handled: &str, cause: &str) -> String {
        match intended {
            Pointer => self.text("p1", ""),
            AsRaised => self.text(&format!("{cause}{handled}"), ""),
            Unseen => self.text(self.answer, "\tNone"),
            Wrapped(module, cause) => {
                let answer = format!(
                    "ImportError: PyCapsule_Import could not import module \"{module}\" {{cause \
                     {cause}}}{handled}"
                );
                self.text(&answer, " .name=None .path=None")
            }
        }
    }
}

/// Compares the answers of all rows.
pub(super) fn compare(theirs: &str, ours: &str) -> Tally {
    let mut tally = Tally::default();
    tally.add_lengths(theirs, ours);
    let causes: Vec<Line<'_>> = ours
        .lines()
        .filter_map(Line::of)
        .filter(|line| line.manner == "module")
        .collect();
    for (theirs, ours) in theirs.lines().zip(ours.lines()) {
        let (expected, listed) = match Line::of(theirs) {
            Some(line) if line.manner == "module" => line.expected_module(),
            Some(line) => {
                let cause = causes.iter().find(|cause| cause.row == line.row);
                line.expected(cause.map_or("unknown", |cause| cause.answer))
            }
            None => (theirs.to_owned(), Vec::new()),
        };
        tally.add(theirs, &expected, &listed, ours);
    }
    tally
}

impl Line<'_> {
    /// The line expected of this interpreter, where the module is imported by itself.
    fn expected_module(&self) -> (String, Vec<Difference>) {
        match self.row {
            // CPython uses the original dict, and the row looks into the other one.
            "only-the-old-sys-modules-has-it" => (
                self.text(
                    "ModuleNotFoundError: No module named 'm'",
                    " .name='m' .path=None",
                ),
                vec![Difference::LiveModules],
            ),
            // The module imports a capsule itself.
            _ => self.expected("ModuleNotFoundError: No module named 'sub'"),
        }
    }
}
