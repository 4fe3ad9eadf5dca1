//! The behaviour of the API's functions as data, whichever language runs it. A row has a capsule in
//! some state, or another object; an operation; the answer; and the state afterwards.

use std::ffi::{CStr, CString};
use std::sync::LazyLock;

/// A name; `None` is NULL.
pub(crate) type Name = Option<CString>;

/// The fields of a capsule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) pointer: usize,
    pub(crate) name: Name,
    pub(crate) context: usize,
    pub(crate) destructor: Destructor,
}

/// The destructor: none, or the one of the language that runs the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Destructor {
    None,
    Some,
}

#[derive(Clone, Debug)]
pub(crate) enum Object {
    /// A capsule to make. With pointer 0 that fails.
    Capsule(Fields),
    /// Another object, as a Python expression over `_capsule` and `impostor`.
    Other(&'static str),
}

#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// Only makes the object.
    New,
    GetPointer(Name),
    IsValid(Name),
    GetName,
    GetContext,
    GetDestructor,
    SetPointer(usize),
    SetName(Name),
    SetContext(usize),
    SetDestructor(Destructor),
    Claim(Name, Name),
    Describe,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Done,
    Address(usize),
    Truth(bool),
    Name(Name),
    Destructor(Destructor),
    Fields(Fields),
    /// A `PyCapsuleError` with this text and these notes.
    Refused {
        text: String,
        notes: Vec<String>,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) object: Object,
    /// Operations that run first and succeed.
    pub(crate) before: Vec<Operation>,
    pub(crate) operation: Operation,
    pub(crate) answer: Answer,
    /// The state after the operation, for a capsule.
    pub(crate) after: Option<Fields>,
}

/// The longest names: a megabyte each, and different in the last byte only.
pub(crate) static LONG: LazyLock<[CString; 2]> = LazyLock::new(|| {
    ["x", "y"].map(|last| {
        let text = "n".repeat(1 << 20) + last;
        CString::new(text).expect("it has no NUL")
    })
});

pub(crate) fn named(name: &CStr) -> Name {
    Some(name.to_owned())
}

fn fields(pointer: usize, name: Name) -> Fields {
    Fields {
        pointer,
        name,
        context: 0,
        destructor: Destructor::None,
    }
}

/// The capsule of most rows.
pub(crate) fn usual() -> Fields {
    Fields {
        context: 0x2000,
        destructor: Destructor::Some,
        ..fields(0x1000, named(c"a.b"))
    }
}

/// A name of every kind.
fn names() -> Vec<(&'static str, Name)> {
    vec![
        ("null", None),
        ("empty", named(c"")),
        ("ascii", named(c"a.b")),
        ("utf-8", named(c"h\u{e9}.\u{1f600}")),
        ("not-utf-8", named(c"ab\xff\xfe\xcd")),
        ("quote-and-backslash", named(c"a'\"\\\n%s")),
        ("megabyte", Some(LONG[0].clone())),
    ]
}

/// A row that leaves the capsule as it was.
pub(crate) fn row(
    name: impl Into<String>,
    object: Fields,
    operation: Operation,
    answer: Answer,
) -> Row {
    let after = Some(object.clone());
    Row {
        name: name.into(),
        object: Object::Capsule(object),
        before: Vec::new(),
        operation,
        answer,
        after,
    }
}

pub(crate) fn refused(text: &str, notes: &[&str]) -> Answer {
    Answer::Refused {
        text: text.to_owned(),
        notes: notes.iter().map(|note| (*note).to_owned()).collect(),
    }
}

pub(crate) fn made() -> Vec<Row> {
    let make =
        |name: &str, fields| row(format!("new::{name}"), fields, Operation::New, Answer::Done);
    let fails = |name: &str, fields| Row {
        answer: refused("PyCapsule_New called with null pointer", &[]),
        after: None,
        ..make(name, fields)
    };
    let mut rows = vec![
        make("pointer-need-not-be-aligned", fields(1, None)),
        make("pointer-may-be-all-ones", fields(usize::MAX, None)),
        make("with-context-and-destructor", usual()),
        fails("null-pointer", fields(0, None)),
        fails("null-pointer-with-name", fields(0, named(c"a"))),
        fails(
            "null-pointer-with-name-that-is-not-utf-8",
            fields(0, named(c"\xff")),
        ),
        fails(
            "null-pointer-with-everything-else",
            Fields {
                pointer: 0,
                ..usual()
            },
        ),
    ];
    rows.extend(
        names()
            .into_iter()
            .map(|(kind, name)| make(kind, fields(7, name))),
    );
    rows
}

pub(crate) fn read() -> Vec<Row> {
    let bare = fields(7, None);
    let mut rows = vec![
        row(
            "get-context::null-until-set",
            bare.clone(),
            Operation::GetContext,
            Answer::Address(0),
        ),
        row(
            "get-context::as-given",
            usual(),
            Operation::GetContext,
            Answer::Address(0x2000),
        ),
        row(
            "get-destructor::none",
            bare,
            Operation::GetDestructor,
            Answer::Destructor(Destructor::None),
        ),
        row(
            "get-destructor::as-given",
            usual(),
            Operation::GetDestructor,
            Answer::Destructor(Destructor::Some),
        ),
    ];
    for (kind, name) in names() {
        let capsule = Fields {
            name: name.clone(),
            ..usual()
        };
        let get_name = format!("get-name::{kind}");
        let describe = format!("describe::{kind}");
        rows.push(row(
            get_name,
            capsule.clone(),
            Operation::GetName,
            Answer::Name(name),
        ));
        rows.push(row(
            describe,
            capsule.clone(),
            Operation::Describe,
            Answer::Fields(capsule),
        ));
    }
    rows
}

pub(crate) fn written() -> Vec<Row> {
    let write = |name: &str, operation, after| Row {
        after: Some(after),
        ..row(name, usual(), operation, Answer::Done)
    };
    let pointer = |pointer| Fields { pointer, ..usual() };
    let context = |context| Fields { context, ..usual() };
    let destructor = |destructor| Fields {
        destructor,
        ..usual()
    };
    let mut rows = vec![
        write(
            "set-pointer::changes-nothing-else",
            Operation::SetPointer(1),
            pointer(1),
        ),
        write(
            "set-pointer::all-ones",
            Operation::SetPointer(usize::MAX),
            pointer(usize::MAX),
        ),
        row(
            "set-pointer::null-is-refused",
            usual(),
            Operation::SetPointer(0),
            refused("PyCapsule_SetPointer called with null pointer", &[]),
        ),
        write(
            "set-context::changes-nothing-else",
            Operation::SetContext(3),
            context(3),
        ),
        write("set-context::null", Operation::SetContext(0), context(0)),
        write(
            "set-destructor::none",
            Operation::SetDestructor(Destructor::None),
            destructor(Destructor::None),
        ),
        write(
            "set-destructor::the-same-again",
            Operation::SetDestructor(Destructor::Some),
            usual(),
        ),
        Row {
            after: Some(Fields {
                destructor: Destructor::Some,
                ..fields(7, None)
            }),
            ..row(
                "set-destructor::where-there-was-none",
                fields(7, None),
                Operation::SetDestructor(Destructor::Some),
                Answer::Done,
            )
        },
    ];
    rows.extend(names().into_iter().map(|(kind, name)| {
        let after = Fields {
            name: name.clone(),
            ..usual()
        };
        write(
            &format!("set-name::{kind}"),
            Operation::SetName(name),
            after,
        )
    }));
    rows
}
