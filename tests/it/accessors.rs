//! Runs the rows of `accessors_rows` in three languages, and tests what a row cannot express: the
//! text of every error, the addresses of names, and destructors and owners of every kind.

use core::ffi::{CStr, c_char};
use core::fmt::Debug;
use core::ptr::{NonNull, null, null_mut, without_provenance_mut};
use std::borrow::Cow;
use std::sync::LazyLock;

use libtest_mimic::{Failed, Trial};
use rustpython_capsule::__private::ffi::{self};
use rustpython_capsule_glue::capsule::{
    CapsuleError, Destructor as CapsuleDestructor, DestructorKind, NameMismatch, Operation,
    PyCapsule, TypeMismatch,
};
use rustpython_vm::builtins::PyRange;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyPayload, PyRef};

use crate::accessors_errors::{claimed, compared, non_capsules};
use crate::accessors_fixture::{Fixture, Outcome, notes};
use crate::accessors_rows::{Row, made, read, written};
use crate::interpreter::{in_interpreter, shown, trial};
#[cfg(c_compiler)]
use crate::through_c;
use crate::{through_python, through_rust};

/// A language, the function that runs a row in it, and whether the language can express the row.
type Language = (
    &'static str,
    fn(&Row, &Fixture<'_>) -> Outcome,
    fn(&Row) -> bool,
);

const LANGUAGES: &[Language] = &[
    ("rust", through_rust::outcome, |_| true),
    ("python", through_python::outcome, |_| true),
    #[cfg(c_compiler)]
    ("c", through_c::outcome, through_c::can),
];

/// Every row.
fn rows() -> Vec<Row> {
    [
        made(),
        read(),
        written(),
        compared(),
        non_capsules(),
        claimed(),
    ]
    .concat()
}

/// Every row, and its outcome in each language.
static RUN: LazyLock<Vec<(Row, Vec<Option<Outcome>>)>> = LazyLock::new(|| {
    in_interpreter(|vm| {
        let fixture = Fixture::new(vm, through_python::PRELUDE);
        let run = |row: Row| {
            let in_language =
                |(_, outcome, can): &Language| can(&row).then(|| outcome(&row, &fixture));
            let outcomes = LANGUAGES.iter().map(in_language).collect();
            (row, outcomes)
        };
        rows().into_iter().map(run).collect()
    })
});

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial(
            "accessors::every-error-has-its-text-and-notes",
            errors_have_texts_and_notes,
        ),
        trial(
            "accessors::replaced-names-keep-their-addresses",
            replaced_names_keep_addresses,
        ),
        trial(
            "accessors::a-static-name-is-not-copied",
            static_names_are_borrowed,
        ),
        trial("accessors::null-from-c-is-refused", null_from_c_is_refused),
        trial(
            "accessors::the-class-with-another-payload-is-no-capsule",
            other_payload,
        ),
        trial(
            "accessors::every-kind-of-destructor-is-reported",
            destructors_are_reported,
        ),
        trial("accessors::the-owner-is-kept", owner_is_kept),
    ];
    for (position, row) in rows().into_iter().enumerate() {
        for (column, (language, _, can)) in LANGUAGES.iter().enumerate() {
            if can(&row) {
                let name = format!("accessors::{language}::{}", row.name);
                trials.push(trial(name, move || check_row(position, column)));
            }
        }
    }
    if cfg!(not(c_compiler)) {
        let skipped = trial("accessors::c::skipped, no C compiler here", || Ok(()));
        trials.push(skipped.with_ignored_flag(true));
    }
    trials
}

fn check_row(position: usize, column: usize) -> Result<(), Failed> {
    let (row, outcomes) = &RUN[position];
    let (answer, after) = outcomes[column].as_ref().ok_or("the row was not run")?;
    same(answer, &row.answer)?;
    same(after, &row.after)
}

/// Cuts both values short in the message, since a name may be a megabyte long.
fn same<T: PartialEq + Debug>(found: T, expected: T) -> Result<(), Failed> {
    if found == expected {
        return Ok(());
    }
    let short = |value: T| format!("{value:?}").chars().take(500).collect::<String>();
    Err(format!("expected {}, found {}", short(expected), short(found)).into())
}

fn errors_have_texts_and_notes() -> Result<(), Failed> {
    let functions = [
        (Operation::New, "PyCapsule_New"),
        (Operation::GetPointer, "PyCapsule_GetPointer"),
        (Operation::GetName, "PyCapsule_GetName"),
        (Operation::GetContext, "PyCapsule_GetContext"),
        (Operation::GetDestructor, "PyCapsule_GetDestructor"),
        (Operation::SetPointer, "PyCapsule_SetPointer"),
        (Operation::SetName, "PyCapsule_SetName"),
        (Operation::SetContext, "PyCapsule_SetContext"),
        (Operation::SetDestructor, "PyCapsule_SetDestructor"),
        (Operation::Claim, "PyCapsuleRs_Claim"),
        (Operation::GetValue, "PyCapsuleRs_GetValue"),
        (Operation::Describe, "_capsule.describe"),
    ];
    let wrong_name = NameMismatch {
        expected: Some(c"a\xff".to_owned()),
        found: None,
        claimed: false,
    };
    let not_typed = TypeMismatch {
        expected: "u8",
        found: None,
    };
    let other_type = TypeMismatch {
        expected: "u8",
        found: Some("i8"),
    };
    let reasons: [(CapsuleError, &str, &[&str]); 6] = [
        (
            CapsuleError::NotACapsule {
                class: "int".to_owned(),
            },
            "invalid PyCapsule object",
            &["not a capsule but an object of type 'int'"],
        ),
        (
            CapsuleError::NullObject,
            "invalid PyCapsule object",
            &["NULL instead of a capsule"],
        ),
        (CapsuleError::NullPointer, "null pointer", &[]),
        (
            CapsuleError::WrongName(Box::new(wrong_name)),
            "incorrect name",
            &["expected the name \"a\u{fffd}\", found NULL"],
        ),
        (
            CapsuleError::WrongType(Box::new(not_typed)),
            "incorrect type",
            &["expected a value of Rust type u8, found a capsule that holds no Rust value"],
        ),
        (
            CapsuleError::WrongType(Box::new(other_type)),
            "incorrect type",
            &["expected a value of Rust type u8, found one of type i8"],
        ),
    ];
    in_interpreter(|vm| {
        for (operation, function) in functions {
            for (reason, what, expected) in &reasons {
                let exception = reason.to_exception(operation, vm);
                let text = format!("PyCapsuleError: {function} called with {what}");
                same(shown(&exception, vm), text)?;
                same(
                    notes(&exception, vm),
                    expected.iter().map(|&note| note.to_owned()).collect(),
                )?;
            }
        }
        Ok(())
    })
}

fn some_pointer() -> NonNull<core::ffi::c_void> {
    NonNull::dangling()
}

fn replaced_names_keep_addresses() -> Result<(), Failed> {
    in_interpreter(|vm| {
        let first = c"the first".to_owned();
        let capsule = PyCapsule::builder(some_pointer())
            .name(first)
            .build(&vm.ctx);
        let mut seen = vec![(capsule.name_address(), "the first".to_owned())];
        for number in 0..1000 {
            let name = format!("name {number}");
            let owned = std::ffi::CString::new(name.as_str())?;
            capsule.set_name(Some(Cow::Owned(owned)));
            seen.push((capsule.name_address(), name));
        }
        capsule.set_name(None);
        same(capsule.name_address(), null())?;
        for (address, text) in &seen {
            // SAFETY: a capsule keeps every name that was set through Rust, and this one is alive.
            let found = unsafe { CStr::from_ptr(*address) };
            same(found.to_str()?, text.as_str())?;
        }
        capsule.set_name(Some(Cow::Owned(c"the first".to_owned())));
        same(capsule.name_address(), seen[0].0)
    })
}

fn static_names_are_borrowed() -> Result<(), Failed> {
    static NAME: &CStr = c"static";
    in_interpreter(|vm| {
        let capsule = PyCapsule::builder(some_pointer()).name(NAME).build(&vm.ctx);
        same(capsule.name_address(), NAME.as_ptr())?;
        capsule.set_name(Some(Cow::Owned(c"owned".to_owned())));
        capsule.set_name(Some(Cow::Borrowed(NAME)));
        same(capsule.name_address(), NAME.as_ptr())?;
        capsule.claim(Some(c"static"), None)?;
        capsule.claim(None, Some(Cow::Borrowed(NAME)))?;
        same(capsule.name_address(), NAME.as_ptr())
    })
}

/// Safe code can make an object that has the class of capsules and another payload.
fn other_payload() -> Result<(), Failed> {
    in_interpreter(|vm| {
        let number = || vm.ctx.new_int(1);
        let range = PyRange {
            start: number(),
            stop: number(),
            step: number(),
        };
        let class = PyCapsule::class(&vm.ctx).to_owned();
        let object: PyObjectRef = PyRef::new_ref(range, class, None).into();
        same(PyCapsule::try_of(&object).is_none(), true)
    })
}

fn null_from_c_is_refused() -> Result<(), Failed> {
    let make = |pointer, name: *const c_char| {
        // SAFETY:
        // - names: NULL or static.
        // - pointer: no code attaches a meaning to these names, so none reads through it.
        unsafe { ffi::new(pointer, name, None) }
    };
    for name in [null(), c"a.b".as_ptr()] {
        same(
            make(null_mut(), name).err(),
            Some(CapsuleError::NullPointer),
        )?;
        let capsule = make(without_provenance_mut(1), name)?;
        same(capsule.name_address(), name)?;
        same(capsule.context(), null_mut())?;
        same(capsule.destructor_kind(), DestructorKind::None)?;
    }
    Ok(())
}

extern "C" fn nothing(_capsule: *mut PyObject) {}

fn destructors_are_reported() -> Result<(), Failed> {
    in_interpreter(|vm| {
        let fixture = Fixture::new(vm, through_python::PRELUDE);
        // SAFETY: the function does nothing, and does not unwind.
        let c = unsafe { CapsuleDestructor::c(nothing) };
        let kinds = [
            (CapsuleDestructor::none(), DestructorKind::None, "None"),
            (c, DestructorKind::C, "'c'"),
            (
                CapsuleDestructor::rust(|_| ()),
                DestructorKind::Rust,
                "'rust'",
            ),
            (
                CapsuleDestructor::python(fixture.destructor.clone(), vm),
                DestructorKind::Python,
                "'python'",
            ),
        ];
        let changed = PyCapsule::builder(some_pointer()).build(&vm.ctx);
        for (destructor, kind, described) in kinds {
            changed.set_destructor(destructor);
            same(changed.destructor_kind(), kind)?;
            same(
                changed.c_destructor().is_some(),
                kind != DestructorKind::None,
            )?;
            let is_python = kind == DestructorKind::Python;
            same(changed.python_destructor().is_some(), is_python)?;
            let globals = &fixture.scope.globals;
            globals
                .set_item("object", changed.clone().into(), vm)
                .map_err(|e| shown(&e, vm))?;
            let holds = fixture.evaluate(&format!(
                "_capsule.describe(object).destructor == {described}"
            ));
            same(holds.is(&vm.ctx.true_value), true)?;
            let address = fixture.evaluate("_capsule.get_destructor(object)");
            let address: Option<usize> = address.try_to_value(vm).ok();
            let function = changed.c_destructor().filter(|_| !is_python);
            same(address, function.map(|function| function as usize))?;
        }
        Ok(())
    })
}

fn owner_is_kept() -> Result<(), Failed> {
    in_interpreter(|vm| {
        let owner: PyObjectRef = vm.ctx.new_list(Vec::new()).into();
        let capsule = PyCapsule::builder(some_pointer())
            .owner(owner.clone())
            .build(&vm.ctx);
        let count = owner.strong_count();
        same(capsule.owner().is_some_and(|kept| kept.is(&owner)), true)?;
        same(owner.strong_count(), count)?;
        drop(capsule);
        same(owner.strong_count(), count - 1)?;
        let none = PyCapsule::builder(some_pointer()).build(&vm.ctx);
        same(none.owner().is_none(), true)
    })
}
