//! The intended differences from CPython, by name, and how often each occurs. `docs/differences.md`
//! gives the reasons. This workspace does not change differences of the VM itself.

use std::collections::BTreeMap;
use std::fmt;

/// An intended difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Difference {
    /// A capsule function raises a PyCapsuleError, a subclass of ValueError, mostly with a note.
    RefusalClass,
    /// A destructor does not see the exception that is pending.
    PendingHidden,
    /// The pending exception is the same before and after a destructor, whatever the destructor
    /// does.
    PendingRestored,
    /// An exception that a destructor or a `bf_releasebuffer` leaves goes to `sys.unraisablehook`.
    LeftIsUnraisable,
    /// A destructor makes and drops a reference. Not done in CPython, where that is a double free.
    Touched,
    /// A destructor keeps its capsule. Not done in CPython, where the reference dangles.
    Kept,
    /// NULL gives an error, or 0. Not done in CPython, which crashes.
    NullArgument,
    /// A failed import has the original exception as its cause.
    ImportCause,
    /// A note says why the object that was found is not the capsule.
    ImportNote,
    /// KeyboardInterrupt, SystemExit and MemoryError pass through an import.
    PassesThrough,
    /// An attribute that a package lacks is imported as a submodule.
    Submodule,
    /// `sys.modules` is looked up as an attribute; CPython uses the original dict.
    LiveModules,
    /// While an exception is being handled, C code and Python code that it calls do not see it: the
    /// VM has one place for the handled and the pending exception. It becomes the context of an
    /// exception that leaves the C code, and not of one that is cleared before.
    HandledUnseen,
    /// The SystemError for a result with an exception set has the handled exception as its context.
    /// The VM sets the context of every exception that native code raises.
    SystemErrorContext,
    /// The VM's codecs add a note to what they raise.
    CodecNote,
    /// The texts of the VM's `datetime` contain the number that is out of range, as those of a
    /// newer CPython do.
    RangeText,
    /// The VM words its errors about wrong arguments differently.
    ArgumentText,
    /// A native class of the VM has other flags than CPython's: it is static instead of on the
    /// heap, cannot be a base, has another name, or says in another way that it cannot be called.
    NativeClass,
    /// `PyErr_WriteUnraisable` with nothing pending writes nothing; CPython writes half a report.
    NothingPending,
    /// For bases that are not classes the VM says that they must be, CPython that their metaclasses
    /// conflict.
    BasesOfTypes,
    /// The VM's descriptors name the class without its module in their texts, as it does for every
    /// class that is not builtin.
    ClassWithoutModule,
    /// A view of a ctypes object has what its request asked for. CPython's ctypes ignores the flags: it
    /// leaves out the strides, and nothing else.
    CtypesFlags,
    /// The VM's `PickleBuffer` refuses a request itself; in CPython what it wraps refuses, in other
    /// words.
    PickleBuffer,
    /// A class of the VM has no such slot, or one that CPython's class has not. It has no arrays of
    /// methods and members, traverses its part of an object itself, and mostly has no docstring.
    VmSlot,
    /// An in-place operator of `set` raises TypeError for another object, instead of leaving the
    /// operation to that object.
    SetOperator,
    /// The VM's texts have the name of a class without its module.
    ClassName,
    /// A line of `tests/c/classes/differences.txt`, which gives the reason.
    ListedLine,
    /// The VM raises an exception of the same class with another text.
    VmText,
    /// The VM does something else for every operand, also for objects that no C code made.
    VmOperation,
}

/// Counts how the lines of two transcripts compare.
#[derive(Debug, Default)]
pub(super) struct Tally {
    lines: usize,
    equal: usize,
    listed: BTreeMap<Difference, usize>,
    unlisted: usize,
    shown: String,
}

/// How many unlisted differences are shown in full.
const SHOWN: usize = 5;

impl Tally {
    /// Compares two transcripts. `expected` says which line this interpreter must write for a line of
    /// CPython's, and which listed difference that contains.
    pub(super) fn of(
        theirs: &str,
        ours: &str,
        expected: impl Fn(&str) -> (String, Option<Difference>),
    ) -> Self {
        let mut tally = Self::default();
        tally.add_lengths(theirs, ours);
        for (theirs, ours) in theirs.lines().zip(ours.lines()) {
            let (expected, listed) = expected(theirs);
            tally.add(theirs, &expected, listed.as_slice(), ours);
        }
        tally
    }

    /// Adds a line of CPython's and the one of this interpreter, which must be `expected`; that
    /// contains the differences `listed`.
    pub(super) fn add(&mut self, theirs: &str, expected: &str, listed: &[Difference], ours: &str) {
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

    /// Adds a difference if one transcript is longer than the other.
    pub(super) fn add_lengths(&mut self, theirs: &str, ours: &str) {
        let lengths = (theirs.lines().count(), ours.lines().count());
        if lengths.0 != lengths.1 {
            self.unlisted += 1;
            self.shown += &format!(
                "CPython wrote {} lines, this interpreter {}\n",
                lengths.0, lengths.1
            );
        }
    }

    pub(super) fn lines(&self) -> usize {
        self.lines
    }

    /// # Errors
    /// Unlisted differences, and listed ones that did not occur.
    pub(super) fn check(&self, listed: &[Difference]) -> Result<(), String> {
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
                problems += &format!("seen, but not expected here: {difference:?}\n");
            }
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lines, {} equal", self.lines, self.equal)?;
        for (difference, count) in &self.listed {
            write!(f, ", {difference:?} {count}")?;
        }
        Ok(())
    }
}
