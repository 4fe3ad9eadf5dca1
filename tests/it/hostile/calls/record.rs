//! Decodes records of eight bytes, one for each call. Each byte has a meaning of its own, so a
//! fuzzer that removes records or lowers bytes gets a shorter or simpler sequence.

use super::names::{KNOWN, NameChoice};

pub(crate) type Record = [u8; 8];

/// The calls. Those up to `SetTraverse` are functions of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    GetPointer,
    GetVouchedPointer,
    GetName,
    GetContext,
    GetDestructor,
    IsValid,
    CheckExact,
    SetPointer,
    SetName,
    SetContext,
    SetDestructor,
    Claim,
    SetTraverse,
    New,
    Import,
    ImportCapsule,
    /// Makes an object an attribute of the module that imports look in.
    Publish,
    Unpublish,
    /// `Py_IncRef`; a place gets the reference.
    IncRef,
    /// `Py_DecRef` of the object in a place.
    DecRef,
    /// `Py_IncRef` and `Py_DecRef`.
    IncDecRef,
    Raise,
    Clear,
    /// Gives a capsule a reference to itself, and hooks that visit it.
    OwnItself,
    Collect,
}

/// The weight of each call.
const CALLS: [(Call, u8); 25] = [
    (Call::New, 6),
    (Call::DecRef, 6),
    (Call::IncRef, 4),
    (Call::GetPointer, 4),
    (Call::GetVouchedPointer, 3),
    (Call::GetName, 2),
    (Call::GetContext, 2),
    (Call::GetDestructor, 2),
    (Call::IsValid, 2),
    (Call::CheckExact, 1),
    (Call::SetPointer, 3),
    (Call::SetName, 3),
    (Call::SetContext, 2),
    (Call::SetDestructor, 3),
    (Call::Claim, 4),
    (Call::SetTraverse, 2),
    (Call::OwnItself, 3),
    (Call::IncDecRef, 2),
    (Call::Raise, 2),
    (Call::Clear, 3),
    (Call::Publish, 2),
    (Call::Unpublish, 1),
    (Call::Import, 2),
    (Call::ImportCapsule, 2),
    (Call::Collect, 3),
];

const ALL: u8 = {
    let mut sum = 0;
    let mut at = 0;
    while at < CALLS.len() {
        sum += CALLS[at].1;
        at += 1;
    }
    sum
};

/// The number of places that hold a reference.
pub(crate) const PLACES: usize = 8;

/// The number of destructors with a program of records.
pub(crate) const PROGRAMS: usize = 4;

/// The number of the destructor that does nothing. Those after it have a program; 0 is no
/// destructor.
pub(crate) const PLAIN: usize = 1;

/// The object of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// The object in a place; NULL if it is empty.
    Place(usize),
    /// The capsule whose destructor is running; NULL if none is.
    Destroying,
    Null,
    /// An object that is not a capsule.
    Other(usize),
}

/// The number of objects that are not capsules.
pub(crate) const OTHERS: usize = 5;

#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// 0 for the main sequence, or the number of a destructor's program.
    pub(crate) program: usize,
    pub(crate) call: Call,
    pub(crate) target: Target,
    pub(crate) name: NameChoice,
    pub(crate) new_name: NameChoice,
    /// A pointer or a context.
    pub(crate) pointer: usize,
    pub(crate) destructor: usize,
    /// Selects a place, an attribute, a class of exception, or the hooks that are NULL.
    pub(crate) choice: usize,
}

impl Operation {
    pub(crate) fn of(record: Record) -> Self {
        let [
            program,
            call,
            target,
            name,
            new_name,
            pointer,
            destructor,
            choice,
        ] = record;
        let text = [new_name, pointer, destructor, choice];
        Self {
            program: usize::from(program % 16).saturating_sub(15 - PROGRAMS),
            call: nth_call(call % ALL),
            target: target_of(target),
            name: NameChoice::of(name, text),
            new_name: NameChoice::of(new_name, text),
            pointer: pointer_of(pointer),
            destructor: usize::from(destructor) % (1 + PLAIN + PROGRAMS),
            choice: choice.into(),
        }
    }
}

fn nth_call(mut number: u8) -> Call {
    for (call, weight) in CALLS {
        if number < weight {
            return call;
        }
        number -= weight;
    }
    unreachable!("the number is below the sum of the weights")
}

fn target_of(byte: u8) -> Target {
    match usize::from(byte % 16) {
        place @ 0..PLACES => Target::Place(place),
        8..=9 => Target::Destroying,
        10 => Target::Null,
        other => Target::Other(other - 11),
    }
}

/// Arbitrary numbers, since no code reads through these pointers. The last is NULL.
fn pointer_of(byte: u8) -> usize {
    const POINTERS: [usize; 8] = [8, 16, 1, usize::MAX, 1 << 63, 0xdead_beef, 4096, 0];
    POINTERS[usize::from(byte) % POINTERS.len()]
}

const _: () = assert!(16 - 11 == OTHERS && KNOWN.len() == 16);
