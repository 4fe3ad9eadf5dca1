//! Compiles, and uses what the other files misuse.

use core::ops::Deref;

use rustpython_capsule_glue::capsule::{PyCapsule, TypedCapsule};
use rustpython_capsule_glue::{ApiHeader, ApiRef, api_table};

api_table! {
    /// Arithmetic.
    pub unsafe struct MathApi = c"mathlib._C_API", version 1.10 {
        /// Twice the number.
        pub double: extern "C" fn(i64) -> i64,
        /// Half the number.
        #[since(1.2)]
        pub halve: unsafe extern "C" fn(number: i64) -> i64,
        #[since(1.10)]
        pub name: &'static u8,
    }
}

extern "C" fn double(number: i64) -> i64 {
    number * 2
}

extern "C" fn halve(number: i64) -> i64 {
    number / 2
}

pub static API: MathApi = MathApi {
    header: ApiHeader::new(),
    double,
    halve: Some(halve),
    name: None,
};

pub fn call(api: ApiRef<MathApi>) -> Option<i64> {
    let halve = api.halve?;
    // SAFETY: it may be called with any number.
    Some(unsafe { halve((api.double)(2)) })
}

pub fn read(capsule: impl Deref<Target = PyCapsule>) -> Option<u64> {
    capsule.value::<u64>(Some(c"shop.number")).ok().copied()
}

pub fn read_typed(capsule: TypedCapsule<u64>) -> u64 {
    *capsule
}
