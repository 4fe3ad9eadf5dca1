//! Capsules in a RustPython interpreter.

mod access;
mod api_table;
#[path = "_capsule.rs"]
mod capsule_module;
mod convert;
mod describe;
mod dotted_name;
mod import;
mod raise;
mod replace;

pub use access::{Access, CapsuleBuilderExt};
pub use api_table::{ApiHeader, ApiRef, ApiTable, import_api, publish_api};
pub use import::{import, import_value, load};
pub use raise::{Operation, PyCapsuleError, refusal};
pub use rustpython_capsule as capsule;
