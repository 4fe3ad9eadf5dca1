//! The random program: computes from a line of CPython's transcript the line that this interpreter
//! must write, with the intended differences.

use super::differences::Difference;

/// The fields of a line.
struct Line<'a> {
    number: &'a str,
    manner: &'a str,
    /// The text for the exception that was being handled during the call, or nothing.
    handled: &'static str,
    call: &'a str,
    answer: String,
    end: String,
    events: Vec<String>,
}

/// The line expected of this interpreter for `theirs`, and the differences in it.
pub(super) fn expected(theirs: &str) -> (String, Vec<Difference>) {
    let mut listed = Vec::new();
    let Some(mut line) = Line::of(theirs) else {
        return (theirs.to_owned(), listed);
    };
    for event in &mut line.events {
        errors(event, &mut listed);
        if !line.handled.is_empty() && event.contains(line.handled) {
            *event = event.replace(line.handled, "");
            listed.push(Difference::HandledUnseen);
        }
    }
    errors(&mut line.end, &mut listed);
    match line.call.split(' ').next() {
        Some("CheckExact") if line.answer == NOT_GIVEN => {
            "0".clone_into(&mut line.answer);
            listed.push(Difference::NullArgument);
        }
        Some("Import") if line.answer == NOT_GIVEN => {
            "p0".clone_into(&mut line.answer);
            "PyCapsuleError/ValueError: PyCapsule_Import called with null name"
                .clone_into(&mut line.end);
            line.end += line.handled;
            listed.push(Difference::NullArgument);
        }
        Some("Import") => line.import(&mut listed),
        _ if line.call == "return with exception" => line.result_with_exception(&mut listed),
        _ => {}
    }
    CallbackGuard::new(&line).walk(&mut line, &mut listed);
    (line.text(), listed)
}

const NOT_GIVEN: &str = "not-given";
const NONE: &str = "none";
pub(super) const HANDLED: &str = " {context LookupError: handled}";

/// Replaces each ValueError of a capsule function in a text.
fn errors(text: &mut String, listed: &mut Vec<Difference>) {
    const CLASS: &str = "ValueError: ";
    const WORDS: [(&str, &str); 4] = [
        (" called with incorrect name", " [note]"),
        (" called with invalid PyCapsule object", " [note]"),
        (" called with null pointer", ""),
        ("() called with NULL callback", ""),
    ];
    let mut from = 0;
    while let Some(found) = text[from..].find(CLASS) {
        let class = from + found;
        let function = class + CLASS.len();
        from = function;
        let rest = &text[function..];
        let Some(end) = rest.find([' ', '(']) else {
            return;
        };
        let is_of_capsules = rest.starts_with("PyCapsule_") || rest.starts_with("_PyCapsule_");
        let words = WORDS
            .iter()
            .find(|(words, _)| rest[end..].starts_with(words));
        if let Some((words, note)) = words
            && is_of_capsules
        {
            text.insert_str(function + end + words.len(), note);
            text.insert_str(class, "PyCapsuleError/");
            from += "PyCapsuleError/".len();
            listed.push(Difference::RefusalClass);
        }
    }
}

impl<'a> Line<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let mut fields = text.split('\t');
        let (number, manner) = (fields.next()?, fields.next()?);
        Some(Self {
            number,
            manner,
            handled: if manner.starts_with("except") {
                HANDLED
            } else {
                ""
            },
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

    fn is_pending(&self) -> bool {
        self.manner.ends_with("+pending")
    }

    fn import(&mut self, listed: &mut Vec<Difference>) {
        let addition = if self
            .end
            .starts_with("ImportError: PyCapsule_Import could not import")
        {
            listed.push(Difference::ImportCause);
            format!(" {{cause {}}}", self.cause())
        } else if self.end.starts_with("AttributeError: PyCapsule_Import ") {
            listed.push(Difference::ImportNote);
            " [note]".to_owned()
        } else if self.end.starts_with("UnicodeDecodeError/ValueError: ") {
            listed.push(Difference::CodecNote);
            " [note]".to_owned()
        } else {
            return;
        };
        let at = self.end.len() - self.handled.len();
        self.end.insert_str(at, &addition);
    }

    /// Why the module cannot be imported, by the number of its name in calls.c.
    fn cause(&self) -> &'static str {
        match self.call.split(' ').nth(1) {
            _ if self.is_pending() => "KeyError: 'before'",
            Some("i12") => "ModuleNotFoundError: import of barred halted; None in sys.modules",
            Some("i13") => "ModuleNotFoundError: No module named 'no_such_module'",
            Some("i14") => {
                "UnicodeDecodeError/ValueError: 'utf-8' codec can't decode byte 0xff in position \
                 3: invalid start byte [note]"
            }
            Some("i15") => "ValueError: Empty module name",
            _ => "an unknown cause",
        }
    }

    /// A function that returns a result with an exception set.
    fn result_with_exception(&mut self, listed: &mut Vec<Difference>) {
        let theirs = format!("{}}} {{context is cause}}", self.handled);
        if !self.handled.is_empty()
            && let Some(kept) = self.end.strip_suffix(&theirs)
        {
            self.end = format!("{kept}}}{}", self.handled);
            listed.extend([Difference::HandledUnseen, Difference::SystemErrorContext]);
        }
    }
}

/// Models the callback guard, from the events in CPython: each destructor begins with nothing
/// pending, and after it the exception that was pending before is pending again.
struct CallbackGuard {
    pending: String,
    saved: Vec<String>,
    survivors: Vec<String>,
}

impl CallbackGuard {
    fn new(line: &Line<'_>) -> Self {
        let pending = if line.call.starts_with("temporary") {
            format!("ZeroDivisionError: division by zero{}", line.handled)
        } else if line.is_pending() {
            "same".to_owned()
        } else {
            NONE.to_owned()
        };
        Self {
            pending,
            saved: Vec::new(),
            survivors: Vec::new(),
        }
    }

    fn walk(mut self, line: &mut Line<'_>, listed: &mut Vec<Difference>) {
        let theirs = core::mem::take(&mut line.events);
        for event in &theirs {
            self.step(event, &mut line.events, listed);
        }
        let any = theirs.iter().any(|event| event.starts_with('+'));
        if any && line.end != self.pending {
            line.end = self.pending;
            listed.push(Difference::PendingRestored);
        }
        line.events.append(&mut self.survivors);
    }

    fn step(&mut self, event: &str, ours: &mut Vec<String>, listed: &mut Vec<Difference>) {
        if event.starts_with('+') {
            let (destructor, seen) = destructor_and_pending(event);
            if seen != NONE {
                listed.push(Difference::PendingHidden);
            }
            self.save();
            ours.push(format!("{destructor} {NONE}"));
        } else if event.starts_with('-') {
            let (destructor, _) = destructor_and_pending(event);
            ours.push(format!("{destructor} {}", self.pending));
            if self.pending != NONE {
                ours.push(format!("! {}", self.pending));
                listed.push(Difference::LeftIsUnraisable);
            }
            self.restore();
        } else if event == "thread" {
            self.save();
            ours.push(event.to_owned());
        } else if event.starts_with("thread ends ") {
            ours.push(format!("thread ends {}", self.pending));
            self.restore();
        } else if let Some(fields) = event.strip_prefix("keep ") {
            let fields = fields.trim_end_matches(NOT_GIVEN).trim_end();
            ours.push(format!("keep {fields}"));
            self.survivors.push(format!("survivor {fields}"));
            listed.push(Difference::Kept);
        } else if event.starts_with("touched ") {
            ours.push("touched".to_owned());
            listed.push(Difference::Touched);
        } else if !event.starts_with("! ") {
            // In CPython only the collector reports an exception that a destructor leaves.
            ours.push(event.to_owned());
            if let Some(raised) = event.strip_prefix("raises ") {
                raised.clone_into(&mut self.pending);
            } else if event == "clears" {
                NONE.clone_into(&mut self.pending);
            }
        }
    }

    fn save(&mut self) {
        self.saved
            .push(core::mem::replace(&mut self.pending, NONE.to_owned()));
    }

    fn restore(&mut self) {
        self.pending = self.saved.pop().unwrap_or_default();
    }
}

/// `+kind capsule pending` as `+kind capsule` and `pending`.
fn destructor_and_pending(event: &str) -> (&str, &str) {
    let mut spaces = event.match_indices(' ').map(|(at, _)| at);
    match spaces.nth(1) {
        Some(at) => (&event[..at], &event[at + 1..]),
        None => (event, ""),
    }
}
