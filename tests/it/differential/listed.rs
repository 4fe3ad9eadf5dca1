//! The differences from CPython that are meant: what our interpreter must write where CPython has
//! written a line, and the names under which they are counted. Anything else is a defect.

use std::collections::BTreeMap;

/// A difference that is meant. `BEHAVIOUR` is what CPython does; the README tells why ours is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Listed {
    /// A refusal is a PyCapsuleError, a subclass of ValueError, and most have a note.
    RefusalClass,
    /// A destructor does not see the exception that is pending.
    Hidden,
    /// That exception is pending again afterwards, whatever the destructor did.
    Survives,
    /// What a destructor leaves goes to `sys.unraisablehook`.
    Unraisable,
    /// A destructor makes and drops a reference; CPython is not asked, since it frees twice.
    Touched,
    /// A destructor keeps its capsule; CPython is not asked, since the reference dangles.
    Kept,
    /// NULL is 0 or a refusal where CPython, which is not asked, crashes.
    NullArgument,
    /// An import that fails has the real cause.
    ImportCause,
    /// An import finds a capsule that is not the right one, and a note says why.
    ImportNote,
    /// The VM makes the exception that is being handled the context of another only where that
    /// leaves C code, so C code that takes one sees none.
    ContextInC,
    /// The VM's codecs add a note to what they raise.
    CodecNote,
}

pub(super) type Tally = BTreeMap<Listed, usize>;

/// A line of the random program.
struct Line<'a> {
    number: &'a str,
    manner: &'a str,
    call: &'a str,
    answer: String,
    end: String,
    events: Vec<String>,
}

/// What ours must write for `theirs`, and why it is another line.
pub(super) fn expected(theirs: &str) -> (String, Vec<Listed>) {
    let mut listed = Vec::new();
    let Some(mut line) = Line::of(theirs) else {
        return (theirs.to_owned(), listed);
    };
    let in_except = line.manner.starts_with("except");
    for event in &mut line.events {
        refusals(event, &mut listed);
        if in_except && event.contains(HANDLED) {
            *event = event.replace(HANDLED, "");
            listed.push(Listed::ContextInC);
        }
    }
    refusals(&mut line.end, &mut listed);
    if line.answer == "not-given" {
        listed.push(Listed::NullArgument);
        if line.call.starts_with("CheckExact") {
            line.answer = "0".to_owned();
        } else {
            line.import_of_null();
        }
    } else if line.call.starts_with("Import") {
        line.import(&mut listed);
    }
    Fence::new(&line).walk(&mut line, &mut listed);
    listed.sort_unstable();
    listed.dedup();
    (line.text(), listed)
}

const HANDLED: &str = " {context LookupError: handled}";
const BEFORE: &str = "KeyError: 'before'";
const DIVISION: &str = "ZeroDivisionError: division by zero";

/// Replaces each refusal in a text.
fn refusals(text: &mut String, listed: &mut Vec<Listed>) {
    const CLASS: &str = "ValueError: ";
    let mut from = 0;
    while let Some(found) = text[from..].find(CLASS) {
        let at = from + found;
        let start = at + CLASS.len();
        from = start;
        let rest = &text[start..];
        if !rest.starts_with("PyCapsule_") && !rest.starts_with("_PyCapsule_") {
            continue;
        }
        let whats = [
            (" called with incorrect name", " [note]"),
            (" called with invalid PyCapsule object", " [note]"),
            (" called with null pointer", ""),
            ("() called with NULL callback", ""),
        ];
        let Some(what) = rest.find([' ', '(']) else {
            continue;
        };
        for (words, note) in whats {
            if rest[what..].starts_with(words) {
                text.insert_str(start + what + words.len(), note);
                text.insert_str(at, "PyCapsuleError/");
                from += "PyCapsuleError/".len();
                listed.push(Listed::RefusalClass);
                break;
            }
        }
    }
}

impl<'a> Line<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let mut fields = text.split('\t');
        Some(Self {
            number: fields.next()?,
            manner: fields.next()?,
            call: fields.next()?,
            answer: fields.next()?.to_owned(),
            end: fields.next()?.to_owned(),
            events: fields.map(str::to_owned).collect(),
        })
    }

    fn text(&self) -> String {
        let mut text = [self.number, self.manner, self.call, &self.answer, &self.end].join("\t");
        for event in &self.events {
            text.push('\t');
            text.push_str(event);
        }
        text
    }

    fn handled(&self) -> &'static str {
        if self.manner.starts_with("except") {
            HANDLED
        } else {
            ""
        }
    }

    fn is_pending(&self) -> bool {
        self.manner.ends_with("+pending")
    }

    fn import_of_null(&mut self) {
        self.answer = "p0".to_owned();
        self.end = format!(
            "PyCapsuleError/ValueError: PyCapsule_Import called with null name{}",
            self.handled()
        );
    }

    fn import(&mut self, listed: &mut Vec<Listed>) {
        if self.end.starts_with("ImportError: PyCapsule_Import could") {
            let cause = if self.is_pending() { BEFORE } else { self.cause() };
            self.end = format!(
                "{} {{cause {cause}}}{}",
                self.end.trim_end_matches(HANDLED),
                self.handled()
            );
            listed.push(Listed::ImportCause);
        } else if self.end.starts_with("AttributeError: PyCapsule_Import") {
            self.end = format!(
                "{} [note]{}",
                self.end.trim_end_matches(HANDLED),
                self.handled()
            );
            listed.push(Listed::ImportNote);
        } else if self.end.starts_with("UnicodeDecodeError/") {
            self.end = format!(
                "{} [note]{}",
                self.end.trim_end_matches(HANDLED),
                self.handled()
            );
            listed.push(Listed::CodecNote);
        }
    }

    /// Why the module cannot be imported.
    fn cause(&self) -> &'static str {
        match self.call.split(' ').nth(1) {
            Some("i12") => "ModuleNotFoundError: import of barred halted; None in sys.modules",
            Some("i13") => "ModuleNotFoundError: No module named 'no_such_module'",
            Some("i14") => {
                "UnicodeDecodeError/ValueError: 'utf-8' codec can't decode byte 0xff in position \
                 3: invalid start byte [note]"
            }
            Some("i15") => "ValueError: Empty module name",
            _ => "none",
        }
    }
}

/// What is pending in our interpreter as destructors run, which is told by CPython's events: each
/// begins with nothing, and ends with what was there before.
struct Fence {
    pending: String,
    parked: Vec<String>,
    survivors: Vec<String>,
}

const NONE: &str = "none";

impl Fence {
    fn new(line: &Line<'_>) -> Self {
        let pending = if line.call.starts_with("temporary") {
            format!("{DIVISION}{}", line.handled())
        } else if line.is_pending() {
            "same".to_owned()
        } else {
            NONE.to_owned()
        };
        Self {
            pending,
            parked: Vec::new(),
            survivors: Vec::new(),
        }
    }

    fn walk(mut self, line: &mut Line<'_>, listed: &mut Vec<Listed>) {
        let mut any = false;
        let mut ours = Vec::new();
        for event in core::mem::take(&mut line.events) {
            any |= event.starts_with('+');
            self.step(&event, &mut ours, listed);
        }
        if any && line.end != self.pending {
            line.end = self.pending;
            listed.push(Listed::Survives);
        }
        ours.extend(
            self.survivors
                .iter()
                .map(|fields| format!("survivor {fields}")),
        );
        line.events = ours;
    }

    fn step(&mut self, event: &str, ours: &mut Vec<String>, listed: &mut Vec<Listed>) {
        if event.starts_with('+') {
            let (destructor, seen) = destructor_and_pending(event);
            if seen != NONE {
                listed.push(Listed::Hidden);
            }
            ours.push(format!("{destructor} {NONE}"));
            self.park();
        } else if event.starts_with('-') {
            let (destructor, _) = destructor_and_pending(event);
            ours.push(format!("{destructor} {}", self.pending));
            if self.pending != NONE {
                ours.push(format!("! {}", self.pending));
                listed.push(Listed::Unraisable);
            }
            self.restore();
        } else if event == "thread" {
            ours.push(event.to_owned());
            self.park();
        } else if event.starts_with("thread ends ") {
            ours.push(format!("thread ends {}", self.pending));
            self.restore();
        } else if let Some(raised) = event.strip_prefix("raises ") {
            ours.push(event.to_owned());
            raised.clone_into(&mut self.pending);
        } else if event == "clears" {
            ours.push(event.to_owned());
            NONE.clone_into(&mut self.pending);
        } else if let Some(done) = event.strip_suffix(" not-given") {
            ours.push(done.to_owned());
            match done.strip_prefix("keep ") {
                Some(fields) => {
                    self.survivors.push(fields.to_owned());
                    listed.push(Listed::Kept);
                }
                None => listed.push(Listed::Touched),
            }
        } else if !event.starts_with("! ") {
            ours.push(event.to_owned());
        }
    }

    fn park(&mut self) {
        let pending = core::mem::replace(&mut self.pending, NONE.to_owned());
        self.parked.push(pending);
    }

    fn restore(&mut self) {
        self.pending = self.parked.pop().unwrap_or_default();
    }
}

/// `+kind capsule pending` as `+kind capsule` and `pending`.
fn destructor_and_pending(event: &str) -> (&str, &str) {
    let second = event.find(' ').unwrap_or_default() + 1;
    let end = event[second..].find(' ').map_or(event.len(), |at| second + at);
    (&event[..end], event.get(end + 1..).unwrap_or_default())
}
