//! Records of eight bytes, each of which is one call. Every byte means something by itself, so that
//! who makes fewer or smaller bytes makes a shorter or simpler history.

use super::names::{KNOWN, NameChoice};

pub(crate) type Record = [u8; 8];

/// What is called. Those up to `SetTraverse` take an object and say something of it.
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
    Withdraw,
    /// `Py_IncRef`, and the reference goes to a place.
    Keep,
    /// `Py_DecRef` of what is in a place.
    Drop,
    /// `Py_IncRef` and `Py_DecRef`.
    Touch,
    Raise,
    Clear,
    /// A capsule refers to itself, as C code keeps such things: only its hooks tell of it.
    Hold,
    Collect,
}

/// How often a call is made, of as many as there are in all.
const CALLS: [(Call, u8); 25] = [
    (Call::New, 6),
    (Call::Drop, 6),
    (Call::Keep, 4),
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
    (Call::Hold, 2),
    (Call::Touch, 2),
    (Call::Raise, 2),
    (Call::Clear, 3),
    (Call::Publish, 2),
    (Call::Withdraw, 1),
    (Call::Import, 2),
    (Call::ImportCapsule, 2),
    (Call::Collect, 1),
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

/// Where references are kept.
pub(crate) const PLACES: usize = 8;

/// How many destructors do what the records say.
pub(crate) const PROGRAMS: usize = 4;

/// The one destructor that does nothing; those after it have a program each. 0 stands for none.
pub(crate) const PLAIN: usize = 1;

/// What a call is made with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// NULL where there is nothing.
    Place(usize),
    /// The capsule whose destructor this is; NULL outside of one.
    Dying,
    Null,
    /// Something that is not a capsule.
    Other(usize),
}

/// How many kinds of these there are.
pub(crate) const OTHERS: usize = 5;

#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// Whose it is: 0 is the main history's, others are of the program of a destructor.
    pub(crate) program: usize,
    pub(crate) call: Call,
    pub(crate) target: Target,
    pub(crate) name: NameChoice,
    pub(crate) new_name: NameChoice,
    /// A pointer or a context.
    pub(crate) pointer: usize,
    pub(crate) destructor: usize,
    /// A place, an attribute, a kind of exception, which hooks are NULL.
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
        8..=9 => Target::Dying,
        10 => Target::Null,
        other => Target::Other(other - 11),
    }
}

/// Any number is a pointer: nobody reads through it. The last is NULL.
fn pointer_of(byte: u8) -> usize {
    const POINTERS: [usize; 8] = [8, 16, 1, usize::MAX, 1 << 63, 0xdead_beef, 4096, 0];
    POINTERS[usize::from(byte) % POINTERS.len()]
}

const _: () = assert!(16 - 11 == OTHERS && KNOWN.len() == 16);
