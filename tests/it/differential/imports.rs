//! The table of imports: each row of `import_rows.py` is asked in both interpreters, and so is why
//! its module cannot be imported, which in ours is the cause.

use super::listed::{Account, Listed};
use super::steps::HANDLED;

/// What ours answers where the difference is in the answer itself.
enum Meant {
    Pointer,
    /// The module that cannot be imported, and why.
    Wrapped(&'static str, &'static str),
    /// What the module raises, as it is.
    AsRaised,
    /// In an except block Python code sees that nothing is being handled.
    Unseen,
}

use Meant::{AsRaised, Pointer, Unseen, Wrapped};

const MEANT: &[(&str, Listed, Meant)] = &[
    ("submodule", Listed::Submodule, Pointer),
    (
        "submodule-whose-attribute-was-deleted",
        Listed::Submodule,
        Pointer,
    ),
    ("submodule-deeper", Listed::Submodule, Pointer),
    (
        "submodule-where-getattr-refuses",
        Listed::Submodule,
        Pointer,
    ),
    ("namespace-package", Listed::Submodule, Pointer),
    (
        "submodule-that-raises",
        Listed::Submodule,
        Wrapped("pkg.sub", "ZeroDivisionError: division by zero"),
    ),
    ("keyboard-interrupt", Listed::PassesThrough, AsRaised),
    ("own-keyboard-interrupt", Listed::PassesThrough, AsRaised),
    ("system-exit", Listed::PassesThrough, AsRaised),
    ("memory-error", Listed::PassesThrough, AsRaised),
    ("hook-that-exits", Listed::PassesThrough, AsRaised),
    (
        "only-the-new-sys-modules-has-it",
        Listed::LiveModules,
        Pointer,
    ),
    (
        "only-the-old-sys-modules-has-it",
        Listed::LiveModules,
        Wrapped("m", "ModuleNotFoundError: No module named 'm'"),
    ),
    (
        "sys-modules-is-gone",
        Listed::LiveModules,
        Wrapped("m", "RuntimeError: sys.modules was deleted"),
    ),
    (
        "hook-that-is-gone",
        Listed::ImportCause,
        Wrapped("m", "ImportError: __import__ not found"),
    ),
    (
        "getattr-looks-at-what-is-handled",
        Listed::HandledUnseen,
        Unseen,
    ),
];

/// A row asked in one manner.
struct Line<'a> {
    row: &'a str,
    manner: &'a str,
    /// The pointer or the exception.
    answer: &'a str,
    /// Attributes of the exception, and what the row noted.
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

    /// What ours must write, where `cause` is why ours cannot import the module.
    fn expected(&self, cause: &str) -> (String, Vec<Listed>) {
        let handled = if self.manner == "except" { HANDLED } else { "" };
        let head = self.answer.strip_suffix(handled).unwrap_or(self.answer);
        let meant = MEANT.iter().find(|(row, ..)| *row == self.row);
        if let Some((_, listed, meant)) = meant
            && self.manner != "module"
            && (!matches!(meant, Unseen) || self.manner == "except")
        {
            return (self.meant(meant, handled, cause), vec![*listed]);
        }
        let (addition, listed) = if head.starts_with("ImportError: PyCapsule_Import could not") {
            (format!(" {{cause {cause}}}"), Listed::ImportCause)
        } else if head.starts_with("AttributeError: PyCapsule_Import ") {
            (" [note]".to_owned(), Listed::ImportNote)
        } else if head.starts_with("UnicodeDecodeError/ValueError: ") {
            (" [note]".to_owned(), Listed::CodecNote)
        } else {
            return (self.text(self.answer, self.rest), Vec::new());
        };
        let answer = format!("{head}{addition}{handled}");
        (self.text(&answer, self.rest), vec![listed])
    }

    fn meant(&self, meant: &Meant, handled: &str, cause: &str) -> String {
        match meant {
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

/// Compares the answers to all rows.
pub(super) fn compare(theirs: &str, ours: &str) -> Account {
    let mut account = Account::default();
    account.enter_lengths(theirs, ours);
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
        account.enter(theirs, &expected, &listed, ours);
    }
    account
}

impl Line<'_> {
    /// What ours must write where the module is imported by itself.
    fn expected_module(&self) -> (String, Vec<Listed>) {
        match self.row {
            // CPython finds the dict that it had at first, and the row looks into the other.
            "only-the-old-sys-modules-has-it" => (
                self.text(
                    "ModuleNotFoundError: No module named 'm'",
                    " .name='m' .path=None",
                ),
                vec![Listed::LiveModules],
            ),
            // The module imports a capsule itself.
            _ => self.expected("ModuleNotFoundError: No module named 'sub'"),
        }
    }
}
