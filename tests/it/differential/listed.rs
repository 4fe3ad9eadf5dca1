//! The differences from CPython that are meant, by name, and the account of them. The README tells
//! why ours does otherwise; what the VM does is not for this workspace to change.

use std::collections::BTreeMap;
use std::fmt;

/// A difference that is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Listed {
    /// A refusal is a PyCapsuleError, a subclass of ValueError, most with a note.
    RefusalClass,
    /// A destructor does not see the exception that is pending.
    PendingHidden,
    /// What is pending after a destructor is what was before, whatever it did.
    PendingRestored,
    /// What a destructor leaves goes to `sys.unraisablehook`.
    LeftIsUnraisable,
    /// A destructor makes and drops a reference; CPython is not asked, since it frees twice.
    Touched,
    /// A destructor keeps its capsule; CPython is not asked, since the reference dangles.
    Kept,
    /// NULL is a refusal, or 0; CPython is not asked, since it crashes.
    NullArgument,
    /// A failed import has the real cause.
    ImportCause,
    /// A note says why what was found is not the capsule.
    ImportNote,
    /// KeyboardInterrupt, SystemExit and MemoryError pass through an import.
    PassesThrough,
    /// What a package lacks is imported as a submodule.
    Submodule,
    /// `sys.modules` is the attribute, not the dict that it was at first.
    LiveModules,
    /// Where C code is called while an exception is being handled, neither it nor Python code that
    /// it calls sees that one: the VM has one place for the handled and for the pending exception.
    /// It is the context of what leaves C code, not of what ends within.
    HandledUnseen,
    /// The SystemError for a result with an exception has the handled one as its context. The VM
    /// sets the context of all that native code raises.
    SystemErrorContext,
    /// The VM's codecs add a note to what they raise.
    CodecNote,
    /// The VM's `datetime` says of a number that is out of range which one it is, as a newer CPython
    /// does.
    RangeText,
    /// The VM says in other words which arguments a function does not take.
    ArgumentText,
    /// The VM makes a native class in another way: it is static where CPython's is on the heap, is
    /// no base, has another name, or tells in another way that it is not to be called.
    NativeClass,
    /// With nothing pending, `PyErr_WriteUnraisable` writes nothing; CPython writes half a report.
    NothingPending,
    /// The VM says of bases that are no classes what they should be, CPython that metaclasses are in
    /// conflict.
    BasesOfTypes,
}

/// How lines of two transcripts compare.
#[derive(Debug, Default)]
pub(super) struct Account {
    lines: usize,
    equal: usize,
    listed: BTreeMap<Listed, usize>,
    unlisted: usize,
    shown: String,
}

/// How many unlisted differences are told in full.
const SHOWN: usize = 5;

impl Account {
    /// Enters a line of CPython's that ours answers with `ours`, where it must be `expected` for
    /// the reasons `listed`.
    pub(super) fn enter(&mut self, theirs: &str, expected: &str, listed: &[Listed], ours: &str) {
        self.lines += 1;
        if expected != ours {
            self.unlisted += 1;
            if self.unlisted <= SHOWN {
                self.shown +=
                    &format!("CPython:  {theirs}\nexpected: {expected}\nours:     {ours}\n\n");
            }
            return;
        }
        if theirs == ours {
            self.equal += 1;
        }
        let mut listed = listed.to_vec();
        listed.sort_unstable();
        listed.dedup();
        for difference in listed {
            *self.listed.entry(difference).or_default() += 1;
        }
    }

    /// Enters that one transcript is longer than the other.
    pub(super) fn enter_lengths(&mut self, theirs: &str, ours: &str) {
        let lengths = (theirs.lines().count(), ours.lines().count());
        if lengths.0 != lengths.1 {
            self.unlisted += 1;
            self.shown += &format!("CPython wrote {} lines, ours {}\n", lengths.0, lengths.1);
        }
    }

    pub(super) fn lines(&self) -> usize {
        self.lines
    }

    /// # Errors
    /// What differs and is not listed, or is listed and has not been seen.
    pub(super) fn judge(&self, listed: &[Listed]) -> Result<(), String> {
        let mut problems = String::new();
        if self.unlisted > 0 {
            problems = format!(
                "{} unlisted differences, {self}\n{}",
                self.unlisted, self.shown
            );
        }
        for difference in listed {
            if !self.listed.contains_key(difference) {
                problems += &format!("never seen: {difference:?}\n");
            }
        }
        for difference in self.listed.keys() {
            if !listed.contains(difference) {
                problems += &format!("seen, but not listed here: {difference:?}\n");
            }
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lines, {} equal", self.lines, self.equal)?;
        for (difference, count) in &self.listed {
            write!(f, ", {difference:?} {count}")?;
        }
        Ok(())
    }
}
