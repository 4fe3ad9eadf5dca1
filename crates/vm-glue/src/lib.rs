//! Capsules in a RustPython interpreter: the builtin module `_capsule`, `types.CapsuleType`, import
//! by dotted name, and API tables.
//!
//! # For embedders
//!
//! One call on the builder adds capsules. [`Access::Sealed`] is the level for untrusted scripts.
//!
//! ```
//! use rustpython_capsule_glue::{Access, CapsuleBuilderExt};
//! use rustpython_vm::InterpreterBuilder;
//!
//! let interpreter = InterpreterBuilder::new().with_capsules(Access::Open).build();
//! interpreter.enter(|vm| {
//!     let module = vm.import("_capsule", 0).unwrap();
//!     assert!(module.get_attr("PyCapsuleError", vm).is_ok());
//! });
//! ```
//!
//! # Rust values between native modules
//!
//! A Rust value can be the result of one native module's function and the argument of another's. Its
//! type has a [`CapsuleName`](capsule::CapsuleName), and
//! [`TypedCapsule`](capsule::TypedCapsule) is in both signatures.
//!
//! ```
//! use core::ffi::CStr;
//! use rustpython_capsule_glue::prelude::*;
//! use rustpython_vm::{InterpreterBuilder, pymodule};
//!
//! pub struct Index(Vec<u64>);
//!
//! impl CapsuleName for Index {
//!     const NAME: &'static CStr = c"shop.index";
//! }
//!
//! #[pymodule]
//! mod shop {
//!     use super::*;
//!     use rustpython_vm::VirtualMachine;
//!
//!     #[pyfunction]
//!     fn index(vm: &VirtualMachine) -> TypedCapsule<Index> {
//!         TypedCapsule::from_value(Index(vec![1, 2]), &vm.ctx)
//!     }
//! }
//!
//! #[pymodule]
//! mod report {
//!     use super::*;
//!
//!     #[pyfunction]
//!     fn size(index: TypedCapsule<Index>) -> usize {
//!         index.0.len()
//!     }
//! }
//!
//! fn main() {
//!     let builder = InterpreterBuilder::new();
//!     let modules = [shop::module_def(&builder.ctx), report::module_def(&builder.ctx)];
//!     let builder = builder.with_capsules(Access::Sealed).add_native_modules(&modules);
//!     builder.build().enter(|vm| {
//!         let [shop, report] = ["shop", "report"].map(|name| vm.import(name, 0).unwrap());
//!         let index = vm.call_method(&shop, "index", ()).unwrap();
//!         let size = vm.call_method(&report, "size", (index,)).unwrap();
//!         assert_eq!(size.try_to_value::<usize>(vm).unwrap(), 2);
//!     });
//! }
//! ```
//!
//! # Tables of functions
//!
//! One module publishes a table of functions, others import it by name. [`api_table!`] defines the
//! table for both; the importer checks the version, and keeps the capsule while it uses the table.
//! A function that a later version added is an `Option`: an older producer does not have it.
//!
//! ```
//! use rustpython_capsule_glue::{
//!     Access, ApiHeader, CapsuleBuilderExt, api_table, import_api, publish_api,
//! };
//! use rustpython_vm::{AsObject, InterpreterBuilder};
//!
//! api_table! {
//!     /// Arithmetic for all modules.
//!     pub unsafe struct MathApi = c"mathlib._C_API", version 1.1 {
//!         /// Twice the number.
//!         pub double: extern "C" fn(i64) -> i64,
//!         /// Half the number.
//!         #[since(1.1)]
//!         pub halve: extern "C" fn(i64) -> i64,
//!     }
//! }
//!
//! extern "C" fn double(number: i64) -> i64 {
//!     number * 2
//! }
//!
//! extern "C" fn halve(number: i64) -> i64 {
//!     number / 2
//! }
//!
//! static MATH: MathApi = MathApi { header: ApiHeader::new(), double, halve: Some(halve) };
//!
//! let interpreter = InterpreterBuilder::new().with_capsules(Access::Sealed).build();
//! interpreter.enter(|vm| {
//!     // What the producer's module does (`#[pyattr(name = "_C_API")]` in a `#[pymodule]`).
//!     let module = vm.new_module("mathlib", vm.ctx.new_dict(), None);
//!     module.set_attr("_C_API", publish_api(&MATH, &vm.ctx), vm).unwrap();
//!     let modules = vm.sys_module.get_attr("modules", vm).unwrap();
//!     modules.set_item("mathlib", module.into(), vm).unwrap();
//!
//!     // What a consumer does.
//!     let math = import_api::<MathApi>(vm).unwrap();
//!     assert_eq!((math.double)(21), 42);
//!     assert_eq!(math.halve.map(|halve| halve(84)), Some(42));
//! });
//! ```
//!
//! # Importing other capsules
//!
//! [`import`](import()) returns an owning handle, [`import_value`] a typed one, [`import_capsule`]
//! the capsule itself. Exceptions are CPython's, with the real cause as `__cause__`, and a note with
//! more detail. A [`CapsuleError`](capsule::CapsuleError) of any other operation converts into an
//! exception with `?`.

#![deny(missing_docs, unsafe_code)]

#[expect(
    clippy::module_inception,
    reason = "`pymodule` names the Python module after the inner module, and the file has its name too"
)]
mod _capsule;
mod access;
mod api_ref;
mod api_table;
mod api_version;
mod convert;
mod describe;
mod dotted_name;
mod import;
pub mod prelude;
mod replace;

pub use access::{Access, CapsuleBuilderExt, access};
pub use api_ref::{ApiRef, import_api, publish_api};
pub use api_table::{ApiHeader, ApiTable};
pub use api_version::ApiVersion;
pub use import::{import, import_capsule, import_value};
pub use replace::{Replacement, replace_functions};
/// The capsule object.
pub use rustpython_capsule as capsule;

/// What `api_table!` expands to, and what the other crates of this workspace use. It may change in
/// any release.
#[doc(hidden)]
pub mod __private {
    pub use crate::api_table::check_table;
    pub use crate::api_version::Field;
    pub use crate::import::refuse_import;
    pub use crate::replace::sealed_libraries;
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct CrateReadme;

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/embedding.md")]
struct Embedding;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/sealed.md")]
struct Sealed;
