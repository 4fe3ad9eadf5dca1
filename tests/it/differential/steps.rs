//! The random program: the line that our interpreter must write where CPython has written one, as
//! far as the two may differ.

use super::listed::Listed;

/// A line, by its fields.
struct Line<'a> {
    number: &'a str,
    manner: &'a str,
    /// How the exception shows that the call was made in the face of.
    handled: &'static str,
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
    for event in &mut line.events {
        refusals(event, &mut listed);
        if !line.handled.is_empty() && event.contains(line.handled) {
            *event = event.replace(line.handled, "");
            listed.push(Listed::HandledUnseen);
        }
    }
    refusals(&mut line.end, &mut listed);
    match line.call.split(' ').next() {
        Some("CheckExact") if line.answer == NOT_GIVEN => {
            "0".clone_into(&mut line.answer);
            listed.push(Listed::NullArgument);
        }
        Some("Import") if line.answer == NOT_GIVEN => {
            "p0".clone_into(&mut line.answer);
            "PyCapsuleError/ValueError: PyCapsule_Import called with null name"
                .clone_into(&mut line.end);
            line.end += line.handled;
            listed.push(Listed::NullArgument);
        }
        Some("Import") => line.import(&mut listed),
        _ if line.call == "return with exception" => line.contradiction(&mut listed),
        _ => {}
    }
    Fence::new(&line).walk(&mut line, &mut listed);
    (line.text(), listed)
}

const NOT_GIVEN: &str = "not-given";
const NONE: &str = "none";
pub(super) const HANDLED: &str = " {context LookupError: handled}";

/// Replaces each refusal in a text.
fn refusals(text: &mut String, listed: &mut Vec<Listed>) {
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
        let is_refusal = rest.starts_with("PyCapsule_") || rest.starts_with("_PyCapsule_");
        let words = WORDS
            .iter()
            .find(|(words, _)| rest[end..].starts_with(words));
        if let Some((words, note)) = words
            && is_refusal
        {
            text.insert_str(function + end + words.len(), note);
            text.insert_str(class, "PyCapsuleError/");
            from += "PyCapsuleError/".len();
            listed.push(Listed::RefusalClass);
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

    fn import(&mut self, listed: &mut Vec<Listed>) {
        let addition = if self
            .end
            .starts_with("ImportError: PyCapsule_Import could not import")
        {
            listed.push(Listed::ImportCause);
            format!(" {{cause {}}}", self.cause())
        } else if self.end.starts_with("AttributeError: PyCapsule_Import ") {
            listed.push(Listed::ImportNote);
            " [note]".to_owned()
        } else if self.end.starts_with("UnicodeDecodeError/ValueError: ") {
            listed.push(Listed::CodecNote);
            " [note]".to_owned()
        } else {
            return;
        };
        let at = self.end.len() - self.handled.len();
        self.end.insert_str(at, &addition);
    }

    /// Why the module cannot be imported: by the numbers of the names in calls.c.
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
            _ => "nothing that is known",
        }
    }

    /// A function that returns a result and leaves an exception.
    fn contradiction(&mut self, listed: &mut Vec<Listed>) {
        let theirs = format!("{}}} {{context is cause}}", self.handled);
        if !self.handled.is_empty()
            && let Some(kept) = self.end.strip_suffix(&theirs)
        {
            self.end = format!("{kept}}}{}", self.handled);
            listed.extend([Listed::HandledUnseen, Listed::SystemErrorContext]);
        }
    }
}

/// What is pending in our interpreter as destructors run, by what CPython's events say of them:
/// each begins with nothing pending, and ends with what was there before.
struct Fence {
    pending: String,
    parked: Vec<String>,
    survivors: Vec<String>,
}

impl Fence {
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
            parked: Vec::new(),
            survivors: Vec::new(),
        }
    }

    fn walk(mut self, line: &mut Line<'_>, listed: &mut Vec<Listed>) {
        let theirs = core::mem::take(&mut line.events);
        for event in &theirs {
            self.step(event, &mut line.events, listed);
        }
        let any = theirs.iter().any(|event| event.starts_with('+'));
        if any && line.end != self.pending {
            line.end = self.pending;
            listed.push(Listed::PendingRestored);
        }
        line.events.append(&mut self.survivors);
    }

    fn step(&mut self, event: &str, ours: &mut Vec<String>, listed: &mut Vec<Listed>) {
        if event.starts_with('+') {
            let (destructor, seen) = destructor_and_pending(event);
            if seen != NONE {
                listed.push(Listed::PendingHidden);
            }
            self.park();
            ours.push(format!("{destructor} {NONE}"));
        } else if event.starts_with('-') {
            let (destructor, _) = destructor_and_pending(event);
            ours.push(format!("{destructor} {}", self.pending));
            if self.pending != NONE {
                ours.push(format!("! {}", self.pending));
                listed.push(Listed::LeftIsUnraisable);
            }
            self.restore();
        } else if event == "thread" {
            self.park();
            ours.push(event.to_owned());
        } else if event.starts_with("thread ends ") {
            ours.push(format!("thread ends {}", self.pending));
            self.restore();
        } else if let Some(fields) = event.strip_prefix("keep ") {
            let fields = fields.trim_end_matches(NOT_GIVEN).trim_end();
            ours.push(format!("keep {fields}"));
            self.survivors.push(format!("survivor {fields}"));
            listed.push(Listed::Kept);
        } else if event.starts_with("touched ") {
            ours.push("touched".to_owned());
            listed.push(Listed::Touched);
        } else if !event.starts_with("! ") {
            // CPython's collector reports what a destructor leaves too, but no more than that.
            ours.push(event.to_owned());
            if let Some(raised) = event.strip_prefix("raises ") {
                raised.clone_into(&mut self.pending);
            } else if event == "clears" {
                NONE.clone_into(&mut self.pending);
            }
        }
    }

    fn park(&mut self) {
        self.parked
            .push(core::mem::replace(&mut self.pending, NONE.to_owned()));
    }

    fn restore(&mut self) {
        self.pending = self.parked.pop().unwrap_or_default();
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
