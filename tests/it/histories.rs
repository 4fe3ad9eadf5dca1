//! Random sequences of operations on a few capsules, compared with a simple model after each step.

use core::cell::Cell;
use core::ffi::CStr;
use core::ptr::{NonNull, without_provenance_mut};
use std::borrow::Cow;
use std::ffi::CString;
use std::rc::Rc;

use libtest_mimic::Trial;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rustpython_capsule::{
    CapsuleError, Destructor, DestructorKind, NameMismatch, PyCapsule, TypeMismatch,
};
use rustpython_vm::{AsObject, PyRef, VirtualMachine};

use crate::interpreter::trial;
use crate::ledger::{Kind, Ledger, in_shared_interpreter, native_run, native_runs, python};

/// A name, `None` for NULL, and whether the capsule owns it.
type Name = (Option<&'static CStr>, bool);

#[derive(Clone, Debug)]
enum Operation {
    /// The flag says whether native code vouches for the pointer.
    Make(Name, usize, Option<Kind>, bool),
    MakeValue(Name, u32),
    Clone(usize),
    Drop,
    SetName(Name),
    SetPointer(usize),
    SetContext(usize),
    SetDestructor(Option<Kind>),
    Claim(Name, Name),
    Vouched(Name),
}

/// How many references to capsules there can be at once.
const SLOTS: usize = 4;

/// The number of operations in the longest sequence.
const LONGEST: usize = 60;

fn name() -> impl Strategy<Value = Name> {
    let names = vec![None, Some(c""), Some(c"a"), Some(c"a.b"), Some(c"\xff\xfe")];
    (prop::sample::select(names), any::<bool>())
}

fn kind() -> impl Strategy<Value = Option<Kind>> {
    prop::option::of(prop::sample::select(&Kind::ALL[..]))
}

fn operation() -> impl Strategy<Value = Operation> {
    use Operation::{
        Claim, Clone, Drop, Make, MakeValue, SetContext, SetDestructor, SetName, SetPointer,
        Vouched,
    };
    prop_oneof![
        3 => (name(), 1_usize..5, kind(), any::<bool>())
            .prop_map(|(name, at, kind, vouched)| Make(name, at, kind, vouched)),
        2 => (name(), 0_u32..5).prop_map(|(name, value)| MakeValue(name, value)),
        2 => (0..SLOTS).prop_map(Clone),
        3 => Just(Drop),
        3 => name().prop_map(SetName),
        2 => (1_usize..5).prop_map(SetPointer),
        1 => (0_usize..5).prop_map(SetContext),
        3 => kind().prop_map(SetDestructor),
        3 => (name(), name()).prop_map(|(old, new)| Claim(old, new)),
        2 => name().prop_map(Vouched),
    ]
}

/// The expected state of a capsule.
#[derive(Debug, Default)]
struct Model {
    name: Cell<Option<&'static CStr>>,
    claimed: Cell<bool>,
    pointer: Cell<usize>,
    vouched: Cell<bool>,
    context: Cell<usize>,
    destructor: Cell<Option<Kind>>,
    value: Option<u32>,
}

impl Model {
    /// `Ok` if the capsule has this name, else the error that accessors return.
    fn check(&self, name: Option<&'static CStr>) -> Result<(), CapsuleError> {
        if self.name.get() == name {
            return Ok(());
        }
        Err(CapsuleError::WrongName(Box::new(NameMismatch {
            expected: name.map(CStr::to_owned),
            found: self.name.get().map(CStr::to_owned),
            claimed: self.claimed.get(),
        })))
    }

    fn set_name(&self, name: Option<&'static CStr>, by_claim: bool) {
        self.name.set(name);
        self.claimed.set(by_claim);
        self.vouched.set(false);
    }

    fn set_pointer(&self, pointer: usize) {
        self.pointer.set(pointer);
        self.vouched.set(false);
    }

    fn value(&self, name: Option<&'static CStr>) -> Result<u32, CapsuleError> {
        self.check(name)?;
        self.value.ok_or_else(|| {
            CapsuleError::WrongType(Box::new(TypeMismatch {
                expected: "u32",
                found: None,
            }))
        })
    }
}

/// A reference to a capsule, and one to its model.
type Pair = (PyRef<PyCapsule>, Rc<Model>);

/// The state while a sequence runs.
struct State<'a> {
    vm: &'a VirtualMachine,
    slots: [Option<Pair>; SLOTS],
    /// How often a destructor of each kind has run.
    runs: Ledger,
    /// How often a destructor of each kind should have run.
    expected_runs: [u32; 3],
}

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial(
        "histories::every-sequence-agrees-with-the-model",
        || {
            in_shared_interpreter(|vm| {
                let config = Config {
                    cases: 256,
                    failure_persistence: None,
                    ..Config::default()
                };
                let histories = prop::collection::vec((0..SLOTS, operation()), 1..=LONGEST);
                let outcome = TestRunner::new(config).run(&histories, |history| play(&history, vm));
                if let Err(error) = outcome {
                    panic!("{error}");
                }
            });
            Ok(())
        },
    )]
}

fn play(history: &[(usize, Operation)], vm: &VirtualMachine) -> Result<(), TestCaseError> {
    let mut state = State {
        vm,
        slots: Default::default(),
        runs: Ledger::of(Kind::ALL.len()),
        expected_runs: [0; 3],
    };
    let native_before = native_runs();
    for (slot, operation) in history {
        state.step(*slot, operation)?;
        state.compare(native_before)?;
    }
    for slot in 0..SLOTS {
        state.empty(slot);
    }
    state.compare(native_before)
}

impl State<'_> {
    fn step(&mut self, slot: usize, operation: &Operation) -> Result<(), TestCaseError> {
        match *operation {
            Operation::Make(name, pointer, kind, vouched) => {
                let mut builder =
                    PyCapsule::builder(address(pointer)).destructor(self.destructor(kind));
                if let Some(name) = given(name) {
                    builder = builder.name(name);
                }
                if vouched {
                    // SAFETY: the promise is about users of the pointer, and no code dereferences
                    // it.
                    builder = unsafe { builder.vouched() };
                }
                let model = Model {
                    name: name.0.into(),
                    pointer: pointer.into(),
                    vouched: vouched.into(),
                    destructor: kind.into(),
                    ..Model::default()
                };
                self.fill(slot, (builder.build(&self.vm.ctx), Rc::new(model)));
            }
            Operation::MakeValue(name, value) => {
                let mut builder = PyCapsule::from_value(value);
                if let Some(name) = given(name) {
                    builder = builder.name(name);
                }
                let capsule = builder.build(&self.vm.ctx);
                let model = Model {
                    name: name.0.into(),
                    pointer: capsule.any_pointer().addr().get().into(),
                    value: Some(value),
                    ..Model::default()
                };
                self.fill(slot, (capsule, Rc::new(model)));
            }
            Operation::Clone(from) => {
                if let Some(pair) = self.slots[from].clone() {
                    self.fill(slot, pair);
                }
            }
            Operation::Drop => self.empty(slot),
            _ => {
                if let Some((capsule, model)) = self.slots[slot].clone() {
                    self.operate(&capsule, &model, operation)?;
                }
            }
        }
        Ok(())
    }

    fn operate(
        &self,
        capsule: &PyRef<PyCapsule>,
        model: &Model,
        operation: &Operation,
    ) -> Result<(), TestCaseError> {
        match *operation {
            Operation::SetName(name) => {
                capsule.set_name(given(name));
                model.set_name(name.0, false);
            }
            Operation::SetPointer(pointer) => {
                capsule.set_pointer(address(pointer));
                model.set_pointer(pointer);
            }
            Operation::SetContext(context) => {
                capsule.set_context(without_provenance_mut(context));
                model.context.set(context);
            }
            Operation::SetDestructor(kind) => {
                capsule.set_destructor(self.destructor(kind));
                model.destructor.set(kind);
            }
            Operation::Claim(old, new) => {
                let expected = model.check(old.0).map(|()| model.pointer.get());
                let claimed = capsule.claim(old.0, given(new));
                prop_assert_eq!(
                    claimed.map(|pointer| pointer.addr().get()),
                    expected.clone()
                );
                if expected.is_ok() {
                    model.set_name(new.0, true);
                }
            }
            Operation::Vouched(name) => {
                let expected = model
                    .check(name.0)
                    .map(|()| (model.pointer.get(), model.vouched.get()));
                let found = capsule.vouched_pointer(name.0);
                let found = found.map(|(pointer, vouched)| (pointer.addr().get(), vouched));
                prop_assert_eq!(found, expected);
            }
            Operation::Make(..)
            | Operation::MakeValue(..)
            | Operation::Clone(_)
            | Operation::Drop => {}
        }
        Ok(())
    }

    fn fill(&mut self, slot: usize, pair: Pair) {
        self.empty(slot);
        self.slots[slot] = Some(pair);
    }

    fn empty(&mut self, slot: usize) {
        let Some((capsule, model)) = self.slots[slot].take() else {
            return;
        };
        if Rc::strong_count(&model) == 1
            && let Some(kind) = model.destructor.get()
        {
            self.expected_runs[kind as usize] += 1;
        }
        drop(capsule);
    }

    fn destructor(&self, kind: Option<Kind>) -> Destructor {
        let runs = self.runs.clone();
        match kind {
            None => Destructor::none(),
            // SAFETY: the function accepts any capsule on any thread.
            Some(Kind::C) => unsafe { Destructor::c(native_run) },
            Some(Kind::Rust) => Destructor::rust(move |_| runs.record(Kind::Rust as usize)),
            Some(Kind::Python) => python(self.vm, move |_| runs.record(Kind::Python as usize)),
        }
    }

    /// Compares everything that can be read from every capsule, and the runs of destructors so far.
    fn compare(&self, native_before: u32) -> Result<(), TestCaseError> {
        for (capsule, model) in self.slots.iter().flatten() {
            compare_one(capsule, model)?;
        }
        let mut runs = self.runs.counts();
        runs[Kind::C as usize] = native_runs() - native_before;
        prop_assert_eq!(runs, self.expected_runs);
        Ok(())
    }
}

fn compare_one(capsule: &PyRef<PyCapsule>, model: &Model) -> Result<(), TestCaseError> {
    let own_name = model.name.get();
    prop_assert_eq!(capsule.name(), own_name.map(CStr::to_owned));
    prop_assert_eq!(capsule.name_address().is_null(), own_name.is_none());
    prop_assert_eq!(capsule.any_pointer().addr().get(), model.pointer.get());
    prop_assert_eq!(capsule.context().addr(), model.context.get());
    let kind = match model.destructor.get() {
        None => DestructorKind::None,
        Some(Kind::C) => DestructorKind::C,
        Some(Kind::Rust) => DestructorKind::Rust,
        Some(Kind::Python) => DestructorKind::Python,
    };
    prop_assert_eq!(capsule.destructor_kind(), kind);
    prop_assert_eq!(
        capsule.c_destructor().is_some(),
        kind != DestructorKind::None
    );
    prop_assert_eq!(
        capsule.python_destructor().is_some(),
        kind == DestructorKind::Python
    );
    prop_assert!(PyCapsule::of(capsule.as_object()).is_ok());
    for name in [own_name, None, Some(c"a"), Some(c"A")] {
        let checked = model.check(name);
        prop_assert_eq!(capsule.is_valid(name), checked.is_ok());
        let pointer = capsule.pointer(name).map(|pointer| pointer.addr().get());
        prop_assert_eq!(pointer, checked.clone().map(|()| model.pointer.get()));
        prop_assert_eq!(capsule.value::<u32>(name).copied(), model.value(name));
        let other_type = capsule.value::<i32>(name);
        let expected = checked.err().unwrap_or_else(|| {
            CapsuleError::WrongType(Box::new(TypeMismatch {
                expected: "i32",
                found: model.value.map(|_| "u32"),
            }))
        });
        prop_assert_eq!(other_type.copied(), Err(expected));
    }
    Ok(())
}

fn given((name, owned): Name) -> Option<Cow<'static, CStr>> {
    name.map(|name| {
        if owned {
            Cow::Owned(CString::from(name))
        } else {
            Cow::Borrowed(name)
        }
    })
}

fn address(number: usize) -> NonNull<core::ffi::c_void> {
    NonNull::new(without_provenance_mut(number)).expect("the number is not 0")
}
