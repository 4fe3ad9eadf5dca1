//! Runs the rows of `accessors_rows` in three languages, and checks what rows cannot say: every text of a
//! refusal, addresses of names, destructors and owners of every kind.

use core::ffi::{CStr, c_char};
use core::fmt::Debug;
use core::ptr::{NonNull, null, null_mut, without_provenance_mut};
use std::borrow::Cow;
use std::sync::LazyLock;

use libtest_mimic::{Failed, Trial};
use rustpython_capsule::__private::ffi::{self};
use rustpython_capsule_glue::capsule::{
    CapsuleError, Destructor as CapsuleDestructor, DestructorKind, NameMismatch, Operation,
    PyCapsule, PyCapsuleError, TypeMismatch,
};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyRange};
use rustpython_vm::class::StaticType;
use rustpython_vm::scope::Scope;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, VirtualMachine};

use crate::accessors_rows::{Answer, Destructor, Fields, Row, rows};
use crate::interpreter::{exec, in_interpreter, shown, trial};
#[cfg(c_compiler)]
use crate::through_c;
use crate::{through_python, through_rust};

/// What a row came to: the answer, and the state of the capsule afterwards.
pub(crate) type Outcome = (Answer, Option<Fields>);

/// A language, how a row is run in it, and whether it can be.
type Way = (
    &'static str,
    fn(&Row, &Bench<'_>) -> Outcome,
    fn(&Row) -> bool,
);

const WAYS: &[Way] = &[
    ("rust", through_rust::outcome, |_| true),
    ("python", through_python::outcome, |_| true),
    #[cfg(c_compiler)]
    ("c", through_c::outcome, through_c::can),
];

/// Every row, and what it came to in each language.
static RUN: LazyLock<Vec<(Row, Vec<Option<Outcome>>)>> = LazyLock::new(|| {
    in_interpreter(|vm| {
        let bench = Bench::new(vm);
        let run = |row: Row| {
            let in_language = |(_, outcome, can): &Way| can(&row).then(|| outcome(&row, &bench));
            let outcomes = WAYS.iter().map(in_language).collect();
            (row, outcomes)
        };
        rows().into_iter().map(run).collect()
    })
});

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial(
            "accessors::every-refusal-has-its-text-and-notes",
            refusals_have_texts,
        ),
        trial("accessors::old-names-stay-where-they-were", old_names_stay),
        trial(
            "accessors::a-static-name-is-not-copied",
            static_names_are_borrowed,
        ),
        trial("accessors::null-from-c-is-refused", null_from_c_is_refused),
        trial("accessors::the-class-alone-makes-no-capsule", class_alone),
        trial(
            "accessors::every-kind-of-destructor-is-told",
            destructors_are_told,
        ),
        trial("accessors::the-owner-is-kept", owner_is_kept),
    ];
    for (position, row) in rows().into_iter().enumerate() {
        for (way, (language, _, can)) in WAYS.iter().enumerate() {
            if can(&row) {
                let name = format!("accessors::{language}::{}", row.name);
                trials.push(trial(name, move || verdict(position, way)));
            }
        }
    }
    if cfg!(not(c_compiler)) {
        let left_out = trial("accessors::c::left out, no C compiler here", || Ok(()));
        trials.push(left_out.with_ignored_flag(true));
    }
    trials
}

fn verdict(position: usize, way: usize) -> Result<(), Failed> {
    let (row, outcomes) = &RUN[position];
    let (answer, after) = outcomes[way].as_ref().ok_or("it was not run")?;
    same(answer, &row.answer)?;
    same(after, &row.after)
}

/// A difference is shown up to a length that a megabyte of name does not drown.
fn same<T: PartialEq + Debug>(found: T, expected: T) -> Result<(), Failed> {
    if found == expected {
        return Ok(());
    }
    let short = |value: T| format!("{value:?}").chars().take(500).collect::<String>();
    Err(format!("expected {}, found {}", short(expected), short(found)).into())
}

/// What the rows run on: an interpreter, and names for its Python code.
pub(crate) struct Bench<'vm> {
    pub(crate) vm: &'vm VirtualMachine,
    scope: Scope,
    /// The destructor of rows that have one.
    pub(crate) destructor: PyObjectRef,
}

impl<'vm> Bench<'vm> {
    fn new(vm: &'vm VirtualMachine) -> Self {
        let scope = vm.new_scope_with_builtins();
        let mut bench = Self {
            vm,
            scope,
            destructor: vm.ctx.none(),
        };
        bench
            .run(through_python::PRELUDE)
            .expect("the prelude raises nothing");
        bench.destructor = bench.global("destructor");
        bench
    }

    pub(crate) fn run(&self, source: &str) -> Result<(), PyBaseExceptionRef> {
        exec(source, &self.scope, self.vm).map(drop)
    }

    pub(crate) fn global(&self, name: &str) -> PyObjectRef {
        let value = self.scope.globals.get_item(name, self.vm);
        value.expect("what ran before has set it")
    }

    pub(crate) fn evaluate(&self, expression: &str) -> PyObjectRef {
        self.run(&format!("value = {expression}"))
            .expect("it raises nothing");
        self.global("value")
    }

    pub(crate) fn state(&self, object: &PyObject) -> Option<Fields> {
        let capsule = PyCapsule::of(object).ok()?;
        Some(self.fields(capsule))
    }

    pub(crate) fn fields(&self, capsule: &Py<PyCapsule>) -> Fields {
        Fields {
            pointer: capsule.any_pointer().addr().get(),
            name: capsule.name(),
            context: capsule.context().addr(),
            destructor: self.destructor_of(capsule),
        }
    }

    pub(crate) fn destructor_of(&self, capsule: &Py<PyCapsule>) -> Destructor {
        self.destructor_as_set(capsule.python_destructor())
    }

    pub(crate) fn destructor_as_set(&self, callable: Option<PyObjectRef>) -> Destructor {
        match callable {
            None => Destructor::None,
            Some(callable) => {
                assert!(
                    callable.is(&self.destructor),
                    "{callable:?} as a destructor"
                );
                Destructor::Some
            }
        }
    }

    /// An exception as an answer; one of another class shows it in its text.
    pub(crate) fn refused(&self, exception: &PyBaseExceptionRef) -> Answer {
        let text = shown(exception, self.vm);
        let text = match text.strip_prefix("PyCapsuleError: ") {
            Some(rest) if exception.class().is(PyCapsuleError::static_type()) => rest.to_owned(),
            _ => text,
        };
        let notes = notes(exception, self.vm);
        Answer::Refused { text, notes }
    }
}

fn notes(exception: &PyBaseExceptionRef, vm: &VirtualMachine) -> Vec<String> {
    let notes = exception.as_object().get_attr("__notes__", vm);
    notes
        .and_then(|notes| notes.try_to_value(vm))
        .unwrap_or_default()
}

fn refusals_have_texts() -> Result<(), Failed> {
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

fn old_names_stay() -> Result<(), Failed> {
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
            // SAFETY: the name of a capsule that is alive, set through Rust.
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
fn class_alone() -> Result<(), Failed> {
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
        // - pointer: nobody knows what the names stand for.
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

fn destructors_are_told() -> Result<(), Failed> {
    in_interpreter(|vm| {
        let bench = Bench::new(vm);
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
                CapsuleDestructor::python(bench.destructor.clone(), vm),
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
            let globals = &bench.scope.globals;
            globals
                .set_item("object", changed.clone().into(), vm)
                .map_err(|e| shown(&e, vm))?;
            let holds = bench.evaluate(&format!(
                "_capsule.describe(object).destructor == {described}"
            ));
            same(holds.is(&vm.ctx.true_value), true)?;
            let address = bench.evaluate("_capsule.get_destructor(object)");
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
