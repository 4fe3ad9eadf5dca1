//! The capsule object for RustPython: a Python object that carries an opaque native pointer under
//! a name, so that one native module can pass its API or data to another.
//!
//! # Rust values in the signatures of functions
//!
//! If a type has a [`CapsuleName`], its [`TypedCapsule`] can be a parameter and a result of a
//! `#[pyfunction]`, without `unsafe`. One function makes the value, Python code passes it on, and a
//! function of any native module reads it. Other objects are refused with an exception, and `?`
//! turns a [`CapsuleError`] into one.
//!
//! ```
//! use core::ffi::CStr;
//! use rustpython_capsule::prelude::*;
//! use rustpython_vm::{InterpreterBuilder, pymodule};
//!
//! pub struct Prices(Vec<u32>);
//!
//! impl CapsuleName for Prices {
//!     const NAME: &'static CStr = c"shop.prices";
//! }
//!
//! #[pymodule]
//! mod shop {
//!     use super::*;
//!     use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};
//!
//!     #[pyfunction]
//!     fn prices(vm: &VirtualMachine) -> TypedCapsule<Prices> {
//!         TypedCapsule::from_value(Prices(vec![3, 4]), &vm.ctx)
//!     }
//!
//!     #[pyfunction]
//!     fn total(prices: TypedCapsule<Prices>) -> u32 {
//!         prices.0.iter().sum()
//!     }
//!
//!     #[pyfunction]
//!     fn address(object: PyObjectRef) -> PyResult<usize> {
//!         Ok(PyCapsule::of(&object)?.pointer(Some(c"shop.prices"))?.addr().get())
//!     }
//! }
//!
//! fn main() {
//!     let builder = InterpreterBuilder::new();
//!     let module = shop::module_def(&builder.ctx);
//!     builder.add_native_module(module).build().enter(|vm| {
//!         let shop = vm.import("shop", 0).unwrap();
//!         let call = |name, args: Vec<_>| shop.get_attr(name, vm).unwrap().call(args, vm);
//!         let prices = call("prices", vec![]).unwrap();
//!         let total = call("total", vec![prices]).unwrap();
//!         assert_eq!(total.try_to_value::<u32>(vm).unwrap(), 7);
//!         assert!(call("total", vec![vm.ctx.none()]).is_err());
//!     });
//! }
//! ```
//!
//! # Rust values in general
//!
//! A capsule that was made from a Rust value knows the type of the value, whatever is done to its
//! name and pointer afterwards. The value can be read as that type and as no other.
//!
//! ```
//! use rustpython_capsule::{CapsuleError, PyCapsule, TypedCapsule};
//! use rustpython_vm::Interpreter;
//!
//! struct Prices(Vec<u32>);
//!
//! Interpreter::without_stdlib(Default::default()).enter(|vm| {
//!     let capsule = PyCapsule::from_value(Prices(vec![3, 4])).name(c"shop.prices").build(&vm.ctx);
//!
//!     // Borrowed from the capsule …
//!     let prices: &Prices = capsule.value(Some(c"shop.prices")).unwrap();
//!     assert_eq!(prices.0, [3, 4]);
//!     let wrong = capsule.value::<String>(Some(c"shop.prices"));
//!     assert!(matches!(wrong, Err(CapsuleError::WrongType(_))));
//!
//!     // … or together with a reference that keeps it alive.
//!     let prices = TypedCapsule::<Prices>::new(capsule, Some(c"shop.prices")).unwrap();
//!     assert_eq!(prices.0.len(), 2);
//! });
//! ```
//!
//! A borrowed value cannot outlive the capsule:
//!
//! ```compile_fail,E0505
//! use rustpython_capsule::PyCapsule;
//! # rustpython_vm::Interpreter::without_stdlib(Default::default()).enter(|vm| {
//! let capsule = PyCapsule::from_value(1_u8).build(&vm.ctx);
//! let value: &u8 = capsule.value(None).unwrap();
//! drop(capsule);
//! assert_eq!(*value, 1);
//! # });
//! ```
//!
//! # Pointers
//!
//! [`PyCapsule::builder`] makes a capsule for anything other than a Rust value. The maker is
//! responsible for the pointer. [`CapsuleHandle`] keeps a capsule together with its pointer;
//! [`NamedHandle`] is its form for the signature of a `#[pyfunction]`.
//!
//! ```
//! use std::ptr::NonNull;
//! use rustpython_capsule::{Destructor, PyCapsule};
//! use rustpython_vm::Interpreter;
//!
//! Interpreter::without_stdlib(Default::default()).enter(|vm| {
//!     let numbers = Box::leak(Box::new([1_u32, 2, 3]));
//!     let capsule = PyCapsule::builder(NonNull::from(numbers).cast())
//!         .name(c"shop.numbers")
//!         .destructor(Destructor::rust(|capsule| {
//!             let pointer = capsule.any_pointer().cast::<[u32; 3]>();
//!             // SAFETY: the box that was leaked above, since no code here replaces the pointer,
//!             // and a destructor runs once.
//!             drop(unsafe { Box::from_raw(pointer.as_ptr()) });
//!         }))
//!         .build(&vm.ctx);
//!
//!     assert!(capsule.is_valid(Some(c"shop.numbers")));
//!     assert!(capsule.pointer(Some(c"shop.letters")).is_err());
//! });
//! ```
//!
//! # Consuming one
//!
//! [`PyCapsule::claim`] checks the name, replaces it and returns the pointer in one step. If several
//! threads claim a capsule, one succeeds; that is how a DLPack tensor is consumed once.
//!
//! ```
//! use rustpython_capsule::PyCapsule;
//! # rustpython_vm::Interpreter::without_stdlib(Default::default()).enter(|vm| {
//! let tensor = PyCapsule::from_value([0.5_f32; 4]).name(c"dltensor").build(&vm.ctx);
//! assert!(tensor.claim(Some(c"dltensor"), Some(c"used_dltensor".into())).is_ok());
//! assert!(tensor.claim(Some(c"dltensor"), Some(c"used_dltensor".into())).is_err());
//! # });
//! ```
//!
//! [`PyCapsule::claim_value`] moves a Rust value out in the same way, if the capsule was made with
//! [`PyCapsule::from_claimable`].
//!
//! # Invariants
//!
//! SAFETY notes cite them by number.
//!
//! - **I1** A capsule's pointer is never NULL.
//! - **I2** The address of a name that Rust or Python set stays valid as long as the capsule lives,
//!   even after the name is replaced. A name that C code set belongs to that code.
//! - **I3** A destructor runs at most once. It runs exactly once if the process does not end first.
//!   The exception is a Python callable whose interpreter is finalized, or is being finalized when a
//!   thread outside it would have to call it: that one is dropped.
//! - **I4** A typed value is reachable only as the type that it was made with.
//! - **I5** Name and pointer are read as one state.
//!
//! # Threads
//!
//! A capsule may be read, changed, claimed and dropped on any thread, attached to an interpreter or
//! not. Readers write nothing. They wait only for a writer, for a few instructions.
//!
//! # What is not here
//!
//! The module `_capsule`, import and API tables are in `rustpython-capsule-glue`.

#![deny(missing_docs)]

mod accessors;
mod alloc;
mod builder;
mod callback_guard;
mod claimable;
mod class;
mod destructor;
mod error;
mod exceptions;
mod ffi;
mod ffi_types;
mod fields;
mod finalize;
mod foreign_threads;
mod handle;
mod lock;
mod name;
mod named;
mod object_header;
mod owned;
mod payload;
pub mod prelude;
mod sync;
mod thread;
mod typed;
mod value;

pub use builder::CapsuleBuilder;
pub use destructor::Destructor;
pub use error::{CapsuleError, NameMismatch, TypeMismatch};
pub use exceptions::{Operation, PyCapsuleError};
pub use ffi_types::CDestructor;
pub use finalize::DestructorKind;
pub use handle::CapsuleHandle;
pub use named::{CapsuleName, NamedHandle};
pub use payload::PyCapsule;
pub use typed::TypedCapsule;

/// What only the other crates of this workspace use. It may change in any release.
#[doc(hidden)]
pub mod __private {
    pub use crate::alloc::FreeList;
    pub use crate::callback_guard::{panic_message, run_isolated};
    pub use crate::exceptions::add_note;
    pub use crate::foreign_threads::{InterpreterId, register};
    pub use crate::name::try_owned;
    pub use crate::thread::{is_attached, with_interpreter};

    /// Capsules as C uses them.
    pub mod ffi {
        pub use crate::ffi::*;
    }
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
