//! More rows for `accessors`: which names are equal, objects that are not capsules, and the note
//! about a capsule that has been consumed.

use crate::accessors_rows::{
    Answer, Destructor, Fields, LONG, Name, Object, Operation, Row, named, refused, row, usual,
};

/// Pairs of names, and whether they are equal. All functions that compare names must agree.
pub(crate) fn compared() -> Vec<Row> {
    let long = || Some(LONG[0].clone());
    let pairs = [
        ("same-text", named(c"a.b"), named(c"a.b"), true),
        ("null-and-null", None, None, true),
        ("null-and-empty", None, named(c""), false),
        ("null-and-text", None, named(c"a.b"), false),
        ("empty-and-null", named(c""), None, false),
        ("empty-and-empty", named(c""), named(c""), true),
        ("empty-and-text", named(c""), named(c"a.b"), false),
        ("text-and-null", named(c"a.b"), None, false),
        ("text-and-empty", named(c"a.b"), named(c""), false),
        ("prefix", named(c"a.b"), named(c"a."), false),
        ("longer", named(c"a.b"), named(c"a.bc"), false),
        ("other-case", named(c"a.b"), named(c"a.B"), false),
        ("trailing-space", named(c"a.b"), named(c"a.b "), false),
        ("leading-space", named(c"a.b"), named(c" a.b"), false),
        (
            "other-text-of-same-length",
            named(c"a.b"),
            named(c"a.c"),
            false,
        ),
        ("last-part-only", named(c"a.b"), named(c"b"), false),
        (
            "composed-and-decomposed",
            named(c"\u{e9}"),
            named(c"e\u{301}"),
            false,
        ),
        (
            "same-not-utf-8",
            named(c"a\xff\xfe"),
            named(c"a\xff\xfe"),
            true,
        ),
        (
            "one-invalid-byte-differs",
            named(c"a\xff\xfe"),
            named(c"a\xff\xfd"),
            false,
        ),
        (
            "invalid-byte-and-its-replacement",
            named(c"a\xff"),
            named(c"a\u{fffd}"),
            false,
        ),
        ("same-megabyte", long(), long(), true),
        (
            "last-byte-of-a-megabyte",
            long(),
            Some(LONG[1].clone()),
            false,
        ),
    ];
    pairs
        .into_iter()
        .flat_map(|(kind, has, asked, same)| compare(kind, &has, &asked, same))
        .collect()
}

fn compare(kind: &str, has: &Name, asked: &Name, same: bool) -> [Row; 3] {
    let capsule = Fields {
        name: has.clone(),
        ..usual()
    };
    let answer = |function: &str| {
        if same {
            Answer::Address(capsule.pointer)
        } else {
            let note = format!("expected the name {}, found {}", shown(asked), shown(has));
            refused(&format!("{function} called with incorrect name"), &[&note])
        }
    };
    let new_name = named(c"claimed");
    let after = Fields {
        name: if same { new_name.clone() } else { has.clone() },
        ..capsule.clone()
    };
    [
        row(
            format!("get-pointer::{kind}"),
            capsule.clone(),
            Operation::GetPointer(asked.clone()),
            answer("PyCapsule_GetPointer"),
        ),
        row(
            format!("is-valid::{kind}"),
            capsule.clone(),
            Operation::IsValid(asked.clone()),
            Answer::Truth(same),
        ),
        Row {
            after: Some(after),
            ..row(
                format!("claim::{kind}"),
                capsule.clone(),
                Operation::Claim(asked.clone(), new_name),
                answer("PyCapsuleRs_Claim"),
            )
        },
    ]
}

fn shown(name: &Name) -> String {
    name.as_deref().map_or("NULL".to_owned(), |name| {
        format!("\"{}\"", name.to_string_lossy())
    })
}

/// Objects that are not capsules, with their class. This error comes before any about the
/// arguments.
pub(crate) fn non_capsules() -> Vec<Row> {
    let objects = [
        ("3", "int"),
        ("None", "NoneType"),
        ("'a.b'", "str"),
        ("int", "type"),
        ("_capsule.PyCapsule", "type"),
        ("impostor", "PyCapsule"),
    ];
    objects
        .into_iter()
        .flat_map(|(object, class)| all_operations_on(object, class))
        .collect()
}

fn all_operations_on(object: &'static str, class: &str) -> Vec<Row> {
    let name = named(c"a.b");
    let operations = [
        ("PyCapsule_GetPointer", Operation::GetPointer(name.clone())),
        ("PyCapsule_GetName", Operation::GetName),
        ("PyCapsule_GetContext", Operation::GetContext),
        ("PyCapsule_GetDestructor", Operation::GetDestructor),
        ("PyCapsule_SetPointer", Operation::SetPointer(1)),
        ("PyCapsule_SetPointer", Operation::SetPointer(0)),
        ("PyCapsule_SetName", Operation::SetName(None)),
        ("PyCapsule_SetContext", Operation::SetContext(0)),
        (
            "PyCapsule_SetDestructor",
            Operation::SetDestructor(Destructor::None),
        ),
        ("PyCapsuleRs_Claim", Operation::Claim(name.clone(), None)),
        ("_capsule.describe", Operation::Describe),
    ];
    let row = |operation: Operation, answer| Row {
        name: format!("not-a-capsule::{object}::{operation:?}"),
        object: Object::Other(object),
        before: Vec::new(),
        operation,
        answer,
        after: None,
    };
    let note = format!("not a capsule but an object of type '{class}'");
    let refused = operations.into_iter().map(|(function, operation)| {
        let text = format!("{function} called with invalid PyCapsule object");
        row(operation, refused(&text, &[&note]))
    });
    let valid = [name, None].map(|name| row(Operation::IsValid(name), Answer::Truth(false)));
    refused.chain(valid).collect()
}

/// The note about a capsule that was claimed, or whose name says that it was consumed.
pub(crate) fn claimed() -> Vec<Row> {
    let (a, b, used) = (named(c"a.b"), named(c"other"), named(c"used_a.b"));
    let get = |name: &str, before: Vec<Operation>, now: &Name, note: &str| Row {
        before,
        after: Some(Fields {
            name: now.clone(),
            ..usual()
        }),
        ..row(
            format!("consumed::{name}"),
            usual(),
            Operation::GetPointer(a.clone()),
            refused("PyCapsule_GetPointer called with incorrect name", &[note]),
        )
    };
    let claim = |to: &Name| Operation::Claim(a.clone(), to.clone());
    let rename = |to: &Name| Operation::SetName(to.clone());
    let again = get(
        "claimed-twice",
        vec![claim(&b)],
        &b,
        "expected the name \"a.b\", found \"other\": the capsule is already consumed",
    );
    vec![
        get(
            "claimed-under-any-name",
            vec![claim(&b)],
            &b,
            "expected the name \"a.b\", found \"other\": the capsule is already consumed",
        ),
        get(
            "claimed-to-null",
            vec![claim(&None)],
            &None,
            "expected the name \"a.b\", found NULL: the capsule is already consumed",
        ),
        get(
            "renamed-as-in-dlpack",
            vec![rename(&used)],
            &used,
            "expected the name \"a.b\", found \"used_a.b\": the capsule is already consumed",
        ),
        get(
            "not-when-only-renamed",
            vec![rename(&b)],
            &b,
            "expected the name \"a.b\", found \"other\"",
        ),
        get(
            "not-when-renamed-after-the-claim",
            vec![claim(&used), rename(&b)],
            &b,
            "expected the name \"a.b\", found \"other\"",
        ),
        get(
            "still-after-set-pointer",
            vec![
                Operation::SetPointer(0x1000),
                claim(&b),
                Operation::SetPointer(0x1000),
            ],
            &b,
            "expected the name \"a.b\", found \"other\": the capsule is already consumed",
        ),
        Row {
            name: "consumed::claimed-twice".to_owned(),
            operation: claim(&used),
            answer: refused(
                "PyCapsuleRs_Claim called with incorrect name",
                &["expected the name \"a.b\", found \"other\": the capsule is already consumed"],
            ),
            ..again
        },
    ]
}
