//! Rust values in capsules: those that one consumer takes out, and values of any size and alignment.

use core::cell::Cell;
use core::ffi::CStr;
use core::ptr::NonNull;
use std::borrow::Cow;
use std::panic::AssertUnwindSafe;
use std::sync::Barrier;
use std::thread;

use libtest_mimic::{Failed, Trial};
use rustpython_capsule_glue::capsule::prelude::*;
use rustpython_vm::{PyRef, VirtualMachine};

use crate::interpreter::{in_interpreter, same, trial};
use crate::ledger::{Ledger, Token};

/// A value that may move to another thread, but not be shared.
struct Tensor {
    number: Cell<u32>,
    _token: Token,
}

fn tensor(number: u32, ledger: &Ledger, vm: &VirtualMachine) -> PyRef<PyCapsule> {
    let tensor = Tensor {
        number: Cell::new(number),
        _token: ledger.token(0),
    };
    PyCapsule::from_claimable(tensor)
        .name(c"dltensor")
        .build(&vm.ctx)
}

fn claim(capsule: &PyCapsule, new_name: &'static CStr) -> Result<Tensor, CapsuleError> {
    capsule.claim_value(Some(c"dltensor"), Some(Cow::Borrowed(new_name)))
}

fn reason<T>(claimed: Result<T, CapsuleError>) -> String {
    claimed.map_or_else(|error| error.to_string(), |_| "claimed".to_owned())
}

fn claimed_value_moves_out_once() -> Result<(), Failed> {
    in_interpreter(|vm| {
        let ledger = Ledger::of(1);
        let capsule = tensor(5, &ledger, vm);
        same(
            reason(capsule.claim_value::<u64>(Some(c"dltensor"), None)).contains("Rust type"),
            true,
        )?;
        same(
            reason(capsule.claim_value::<Tensor>(None, None)),
            "expected the name NULL, found \"dltensor\"".to_owned(),
        )?;
        same(capsule.name().as_deref(), Some(c"dltensor"))?;

        let value = claim(&capsule, c"used_dltensor")?;
        same(value.number.get(), 5)?;
        same(capsule.name().as_deref(), Some(c"used_dltensor"))?;
        same(reason(claim(&capsule, c"x")), "expected the name \"dltensor\", found \"used_dltensor\": the capsule is already consumed".to_owned())?;
        capsule.set_name(Some(Cow::Borrowed(c"dltensor")));
        same(
            reason(claim(&capsule, c"x")),
            CapsuleError::ValueClaimed.to_string(),
        )?;
        same(capsule.name().as_deref(), Some(c"dltensor"))?;
        drop(capsule);
        ledger.assert_all_zero();
        drop(value);
        ledger.assert_all_once();
        Ok(())
    })
}

fn value_that_nobody_claims_ends_with_its_capsule() -> Result<(), Failed> {
    in_interpreter(|vm| {
        let ledger = Ledger::of(1);
        let capsule = tensor(5, &ledger, vm);
        let pointer = capsule.pointer(Some(c"dltensor"))?.cast::<Tensor>();
        // SAFETY: it leads to the value until the value is claimed.
        same(unsafe { pointer.as_ref() }.number.get(), 5)?;
        drop(capsule);
        ledger.assert_all_once();
        Ok(())
    })
}

fn borrowed_value_cannot_be_claimed() -> Result<(), Failed> {
    in_interpreter(|vm| {
        let capsule = PyCapsule::from_value(5_u64).name(c"n").build(&vm.ctx);
        let borrowed = TypedCapsule::<u64>::new(capsule.clone(), Some(c"n"))?;
        let refused = capsule.claim_value::<u64>(Some(c"n"), None);
        same(matches!(refused, Err(CapsuleError::WrongType(_))), true)?;
        same((*borrowed, capsule.name().as_deref()), (5, Some(c"n")))?;
        let claimable = PyCapsule::from_claimable(5_u64).name(c"n").build(&vm.ctx);
        let refused = claimable.value::<u64>(Some(c"n"));
        same(matches!(refused, Err(CapsuleError::WrongType(_))), true)
    })
}

/// Claims on many threads, under one name and under names that replace one another.
fn one_of_many_threads_gets_the_value() -> Result<(), Failed> {
    const THREADS: usize = 4;
    const ROUNDS: u32 = 500;
    in_interpreter(|vm| {
        for number in 0..ROUNDS {
            let ledger = Ledger::of(1);
            let capsule = tensor(number, &ledger, vm);
            let start = Barrier::new(THREADS);
            let run = |thread: usize| {
                start.wait();
                if thread % 2 == 1 {
                    // The old name again: now only the value decides which claim succeeds.
                    capsule.set_name(Some(Cow::Borrowed(c"dltensor")));
                }
                claim(&capsule, c"used_dltensor").ok()
            };
            let claimed: Vec<Tensor> = thread::scope(|scope| {
                let run = &run;
                let threads: Vec<_> = (0..THREADS)
                    .map(|thread| scope.spawn(move || run(thread)))
                    .collect();
                threads
                    .into_iter()
                    .filter_map(|thread| thread.join().expect("no thread panics"))
                    .collect()
            });
            same(claimed.len(), 1)?;
            same(claimed[0].number.get(), number)?;
            drop(capsule);
            ledger.assert_all_zero();
            drop(claimed);
            ledger.assert_all_once();
        }
        Ok(())
    })
}

/// A value of any size and alignment, whose drop is counted.
#[repr(C)]
struct Shaped<T> {
    content: T,
    _token: Token,
}

#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(64))]
struct CacheLine(u8);

#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(4096))]
struct Page([u8; 5000]);

/// In many capsules at once, the value has the alignment of its type, and is dropped with its
/// capsule.
fn shaped<T: Clone + core::fmt::Debug + PartialEq + Send + Sync + 'static>(
    content: T,
    vm: &VirtualMachine,
) -> Result<(), Failed> {
    const CAPSULES: usize = 100;
    let ledger = Ledger::of(CAPSULES);
    let capsules = Vec::from_iter((0..CAPSULES).map(|entry| {
        let content = content.clone();
        let value = Shaped {
            content,
            _token: ledger.token(entry),
        };
        PyCapsule::from_value(value).build(&vm.ctx)
    }));
    for capsule in &capsules {
        let value = capsule.value::<Shaped<T>>(None)?;
        let handle = CapsuleHandle::new(capsule.clone(), None)?;
        same(handle.cast::<Shaped<T>>(), Ok(NonNull::from(value)))?;
        same(&value.content, &content)?;
        let refused = capsule.value::<Shaped<(T, u8)>>(None);
        same(matches!(refused, Err(CapsuleError::WrongType(_))), true)?;
    }
    ledger.assert_all_zero();
    drop(capsules);
    ledger.assert_all_once();
    drop(PyCapsule::from_value(Shaped {
        content,
        _token: ledger.token(0),
    }));
    same(ledger.counts()[0], 2)
}

fn values_may_have_any_size_and_alignment() -> Result<(), Failed> {
    in_interpreter(|vm| {
        // A second round, in memory that the first one has freed.
        for _ in 0..2 {
            shaped((), vm)?;
            shaped(5_u8, vm)?;
            shaped([5_usize; 2], vm)?;
            shaped([5_usize; 3], vm)?;
            shaped([5_usize; 40], vm)?;
            shaped(CacheLine(5), vm)?;
            shaped(Page([5; 5000]), vm)?;
            shaped("text".to_owned(), vm)?;
        }
        let unit = PyCapsule::from_value(()).build(&vm.ctx);
        same(unit.value::<()>(None), Ok(&()))
    })
}

/// Panics when it is dropped.
struct Panics {
    _token: Token,
}

impl Drop for Panics {
    fn drop(&mut self) {
        panic!("a value that panics");
    }
}

fn value_that_panics_in_a_builder_is_dropped_once() -> Result<(), Failed> {
    in_interpreter(|vm| {
        let ledger = Ledger::of(2);
        let owner = PyCapsule::from_value(ledger.token(0)).build(&vm.ctx);
        let value = Panics {
            _token: ledger.token(1),
        };
        let builder = PyCapsule::from_value(value).owner(owner.into());
        let dropped = std::panic::catch_unwind(AssertUnwindSafe(|| drop(builder)));
        same(dropped.is_err(), true)?;
        ledger.assert_all_once();
        Ok(())
    })
}

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "rust_api::claimed-value-moves-out-once",
            claimed_value_moves_out_once,
        ),
        trial(
            "rust_api::unclaimed-value-is-dropped-with-its-capsule",
            value_that_nobody_claims_ends_with_its_capsule,
        ),
        trial(
            "rust_api::borrowed-value-cannot-be-claimed",
            borrowed_value_cannot_be_claimed,
        ),
        trial(
            "rust_api::values-may-have-any-size-and-alignment",
            values_may_have_any_size_and_alignment,
        ),
        trial(
            "rust_api::value-that-panics-in-a-builder-is-dropped-once",
            value_that_panics_in_a_builder_is_dropped_once,
        ),
        trial(
            "rust_api::one-of-many-threads-gets-the-value",
            one_of_many_threads_gets_the_value,
        ),
    ]
}
