//! Classes made by C code: the rows of `rows.py` and random operations. Where this interpreter
//! answers differently, `tests/c/classes/differences.txt` has the line of CPython, the line of this
//! interpreter and the reason.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use libtest_mimic::Failed;

use super::differences::{Difference, Tally};
use super::interpreters::{Interpreters, Run};

/// The seeds of the random operations, and how many steps each makes.
const SEEDS: [&str; 4] = ["1", "2", "3", "4"];
const STEPS: &str = "15000";

/// A file of pairs of lines: those of CPython begin with `-`, those of this interpreter with `+`. A
/// heading begins with `#` and gives the reason for the pairs below it.
fn listed() -> Result<BTreeMap<String, String>, Failed> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/classes/differences.txt");
    let text = fs::read_to_string(path)?;
    let mut pairs = BTreeMap::new();
    let mut theirs = None;
    for line in text.lines() {
        if let Some(line) = line.strip_prefix("- ") {
            theirs = Some(line.to_owned());
        } else if let Some(line) = line.strip_prefix("+ ") {
            let theirs = theirs.take().ok_or("a line `+` without a line `-`")?;
            pairs.insert(theirs, line.to_owned());
        } else if !line.is_empty() && !line.starts_with('#') {
            return Err(format!("not a line of this file: {line}").into());
        }
    }
    Ok(pairs)
}

pub(super) fn rows(interpreters: &Interpreters) -> Result<(), Failed> {
    let (theirs, ours) = interpreters.run("rows.py", &[])?;
    let mut pairs = listed()?;
    let mut tally = Tally::default();
    tally.add_lengths(&theirs.stdout, &ours.stdout);
    let mut seen = Vec::new();
    for (theirs, ours) in theirs.stdout.lines().zip(ours.stdout.lines()) {
        let named = without_modules(theirs);
        let mut kinds = Vec::new();
        if named != theirs && theirs != ours {
            kinds.push(Difference::ClassName);
        }
        let expected = match pairs.get(&named) {
            // A statement that occurs twice may differ only once.
            Some(listed) if ours != named && ours != theirs => {
                kinds.push(Difference::ListedLine);
                seen.push(named);
                listed.clone()
            }
            _ if ours == theirs => theirs.to_owned(),
            _ => named,
        };
        tally.add(theirs, &expected, &kinds, ours);
    }
    for line in seen {
        pairs.remove(&line);
    }
    eprintln!("rows about classes in CPython and here: {tally}");
    if let Some(line) = pairs.keys().next() {
        return Err(format!("a listed difference does not occur any more: {line}").into());
    }
    if tally.lines() < 4_000 {
        return Err(format!("only {} lines were compared", tally.lines()).into());
    }
    tally.check(&[Difference::ClassName, Difference::ListedLine])?;
    Ok(())
}

pub(super) fn random_operations(interpreters: &Interpreters) -> Result<(), Failed> {
    let arguments: Vec<&str> = [STEPS].into_iter().chain(SEEDS).collect();
    let (theirs, ours) = interpreters.run("random_operations.py", &arguments)?;
    let mut tally = Tally::default();
    for seed in SEEDS {
        let transcript = |ran: &Run| fs::read_to_string(ran.folder.join(format!("{seed}.txt")));
        let (theirs, ours) = (transcript(&theirs)?, transcript(&ours)?);
        tally.add_lengths(&theirs, &ours);
        for (theirs, ours) in theirs.lines().zip(ours.lines()) {
            let (expected, kind) = expected_step(theirs, ours);
            tally.add(theirs, &expected, kind.as_slice(), ours);
        }
    }
    eprintln!("random operations on classes in CPython and here: {tally}");
    if tally.lines() < 50_000 {
        return Err(format!("only {} lines were compared", tally.lines()).into());
    }
    tally.check(&[
        Difference::ClassName,
        Difference::VmText,
        Difference::VmOperation,
    ])?;
    Ok(())
}

/// What a step must print here. The operands are mostly objects of the VM, whose texts differ.
fn expected_step(theirs: &str, ours: &str) -> (String, Option<Difference>) {
    if theirs == ours {
        return (theirs.to_owned(), None);
    }
    let named = without_modules(theirs);
    if named == ours {
        return (named, Some(Difference::ClassName));
    }
    let [theirs_step, ours_step] = [Step::of(theirs), Step::of(ours)];
    let (Some(theirs_step), Some(ours_step)) = (theirs_step, ours_step) else {
        return (named, None);
    };
    if theirs_step.label != ours_step.label {
        return (named, None);
    }
    let same_class =
        theirs_step.exception().is_some() && theirs_step.exception() == ours_step.exception();
    if same_class && theirs_step.events == ours_step.events {
        return (ours.to_owned(), Some(Difference::VmText));
    }
    if theirs_step.is_of_the_vm() {
        return (ours.to_owned(), Some(Difference::VmOperation));
    }
    (named, None)
}

/// A line of a transcript of random operations.
struct Step<'a> {
    /// The number, the operation and the classes of the operands.
    label: &'a str,
    answer: &'a str,
    events: &'a str,
}

impl<'a> Step<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let (rest, events) = line.rsplit_once('\t')?;
        let (label, answer) = rest.rsplit_once('\t')?;
        Some(Self {
            label,
            answer,
            events,
        })
    }

    /// The class of the exception, if the answer is one.
    fn exception(&self) -> Option<&'a str> {
        let (class, _) = self.answer.split_once(": ")?;
        class.chars().all(char::is_alphanumeric).then_some(class)
    }

    /// Whether the operation is one of those that the VM does in another way, whatever the operands
    /// are.
    fn is_of_the_vm(&self) -> bool {
        VM_OPERATIONS
            .iter()
            .any(|operation| self.label.contains(operation))
    }
}

/// Operations that give something else for objects of the VM too.
const VM_OPERATIONS: &[&str] = &[
    // Slot wrappers accept every object in `__get__`.
    ".__get__(",
    // The order of checks: the index and the object, the format and its arguments.
    "set_item(",
    "mod(str",
    // Other names of classes.
    "iter(str",
    "call __class__(",
    // `operator.concat` adds; bytes are equal to every exporter of equal bytes.
    "concat(",
    "eq(",
    "ne(",
    // `object.__init__` accepts arguments.
    "__init__(",
    // Slices are compared item by item, 0 / -1 is 0.0, and max() reads one item more.
    "(slice, slice)",
    "truediv(int, int)",
    "max(",
    // Bytes are compared with every exporter.
    "(Block, bytes)",
    "(bytes, Block)",
    // The text has names of classes, which are shorter.
    "len(SubStr)",
    // CPython calls the C function a second time and returns NotImplemented.
    "iadd(SubPicky",
    // A mapping can be reversed; len() is asked before the items are.
    "reversed(",
    // An instance without a `tp_new` in C cannot be copied by `object.__reduce_ex__`.
    "copy(",
    "pickled(",
    // An empty dict of keyword arguments is NULL for C code.
    "call __call__(",
    // Views of the attributes of classes.
    "vars(",
    "get __dict__(",
    "delete __dict__(",
];

/// A line of CPython's without the modules of classes in exceptions and in texts about descriptors,
/// where CPython has `tp_name` with the module in it, and the VM the name alone.
fn without_modules(line: &str) -> String {
    let mut fields: Vec<String> = line.split('\t').map(str::to_owned).collect();
    let Some(answer) = fields.get_mut(2) else {
        return line.to_owned();
    };
    let is_exception = answer.split_once(": ").is_some_and(|(class, _)| {
        class.chars().all(char::is_alphanumeric) && class.starts_with(char::is_uppercase)
    });
    let descriptors = [
        "wrapper '",
        "<method '",
        "<method-wrapper",
        "<member '",
        "<attribute '",
        "<built-in method ",
    ];
    if is_exception || descriptors.iter().any(|text| answer.contains(text)) {
        // The repr of a class has the module in both.
        *answer = answer.replace("<class '", "<class \u{1}");
        for module in MODULES {
            let found = format!("{module}.");
            for before in ["'", "\"", " ", "(", "["] {
                *answer = answer.replace(&format!("{before}{found}"), before);
            }
        }
        *answer = answer.replace('\u{1}', "'");
    }
    fields.join("\t")
}

/// Modules of classes in the rows.
const MODULES: [&str; 8] = [
    "class_driver",
    "rows",
    "types",
    "collections",
    "datetime",
    "array",
    "_io",
    "__main__",
];
