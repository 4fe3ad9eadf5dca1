//! CPython's C ABI for capsules on RustPython, and a loader for extension modules.
//!
//! # For embedders
//!
//! [`with_extension_modules`](ExtensionModulesExt::with_extension_modules) on the builder lets
//! `import` load shared libraries, and [`run_main`] makes an interpreter the one that they mean.
//! The program must export its C API to them: the linker arguments are in this workspace's
//! `crates/host/build.rs`, and `docs/extensions.md` says what they do.
//!
//! # For authors of extensions
//!
//! `include/pycapsule.h` is the manual of every function here. Rust code has the same things, safer,
//! in `rustpython-capsule` and `rustpython-capsule-glue`; nothing here is for it to call.
//!
//! # What is where
//!
//! Public modules are named after CPython's headers and have the C functions of these. Where
//! `rustpython-capi` has functions of the same names, these replace them; everything else of the C
//! API is that crate's.

//! # Invariants
//!
//! SAFETY notes and comments cite those of `rustpython-capsule` (I1 to I5), and three more:
//!
//! - **I6** No C function touches the VM unless it raises, imports or allocates.
//! - **I7** No panic and no unwinding crosses a C frame.
//! - **I8** An address of bytes or text that C was given has a NUL behind it, and stays as long as the
//!   object; that of a `bytearray`, until its length changes.

#![deny(missing_docs)]

#[path = "abstract.rs"]
pub mod abstract_;
mod boundary;
pub mod bytearrayobject;
pub mod bytesobject;
mod c_string;
// Elsewhere the VM has no `_ctypes`.
#[cfg(not(target_env = "musl"))]
mod ctypes;
pub mod datetime;
mod datetime_classes;
mod datetime_constructors;
pub mod dictobject;
mod extension_module;
pub mod import;
pub mod listobject;
mod loader;
mod main_interpreter;
pub mod methodobject;
pub mod modsupport;
pub mod moduleobject;
pub mod object;
pub mod pycapsule;
pub mod pyerrors;
pub mod pystate;
pub mod pythonrun;
pub mod refcount;
#[cfg(unix)]
mod second_python;
mod signals;
pub mod slots;
pub mod tupleobject;
pub mod unicodeobject;

pub use loader::ExtensionModulesExt;
pub use main_interpreter::{run_main, run_program};
