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
//! # For authors of native modules
//!
//! One module publishes a table of functions, others import it by name. [`api_table!`] defines both
//! sides at once; the importer checks the version, and holds the capsule while it uses the table.
//!
//! ```
//! use rustpython_capsule_glue::{
//!     Access, CapsuleBuilderExt, api_table, import_api, publish_api,
//! };
//! use rustpython_vm::{AsObject, InterpreterBuilder};
//!
//! api_table! {
//!     /// Arithmetic for everybody.
//!     pub unsafe struct MathApi = c"mathlib._C_API", version 1, 0 {
//!         /// Twice the number.
//!         pub double: extern "C" fn(i64) -> i64,
//!     }
//! }
//!
//! extern "C" fn double(number: i64) -> i64 {
//!     number * 2
//! }
//!
//! static MATH: MathApi = MathApi::new(0, double);
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
//! });
//! ```
//!
//! # Importing other capsules
//!
//! [`import`] gives an owning handle, [`import_value`] a typed one, [`import_capsule`] the capsule
//! itself. Exceptions are CPython's, with the real cause as `__cause__`; what CPython does not say
//! is in a note. A [`CapsuleError`](capsule::CapsuleError) of any other operation converts into an
//! exception with `?`.

#![deny(missing_docs, unsafe_code)]

#[expect(
    clippy::module_inception,
    reason = "`pymodule` names the Python module after the inner module, and the file has its name too"
)]
mod _capsule;
mod access;
mod api_table;

mod convert;
mod describe;
mod dotted_name;
mod import;
pub mod prelude;
mod replace;

pub use access::{Access, CapsuleBuilderExt, access};
pub use api_table::{ApiHeader, ApiRef, ApiTable, import_api, publish_api};
pub use import::{import, import_capsule, import_value};
pub use replace::{Replacement, replace_functions};
/// The capsule object.
pub use rustpython_capsule as capsule;

/// What the sibling crates use, and what is not public API: it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use crate::import::refuse_import;
    pub use crate::replace::sealed_libraries;
}

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
