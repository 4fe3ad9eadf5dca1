//! CPython's C ABI for capsules on RustPython, and a loader for extension modules.
//!
//! # For embedders
//!
//! [`with_extension_modules`](ExtensionModulesExt::with_extension_modules) on the builder lets
//! `import` load shared libraries, and [`run_main`] makes an interpreter the one that they use. The
//! program must export its C API to these libraries. A call of `rustpython_capsule_build::link_args()`
//! in its build script sets the linker arguments for that; see the crate `rustpython-capsule-build`.
//!
//! # For authors of extensions
//!
//! `include/pycapsule.h` is the manual of the capsule functions, and `include/Python.h` declares
//! the others. Rust code should use the safe API of `rustpython-capsule` and
//! `rustpython-capsule-glue` instead of calling these functions.
//!
//! # Modules
//!
//! Each public module is named after a header of CPython and defines C functions of that header.
//! They replace the functions of the same names in `rustpython-capi`. All other functions of the C
//! API come from that crate.
//!
//! # Invariants
//!
//! SAFETY notes and comments cite the invariants of `rustpython-capsule` (I1 to I5) and three more:
//!
//! - **I6** No C function of `pycapsule.h` touches the VM unless it raises, imports or allocates.
//! - **I7** No panic and no unwinding crosses a C frame.
//! - **I8** Bytes or text whose address was given to C are followed by a NUL, except in a buffer. The
//!   address stays valid as long as the object lives; that of a `bytearray`, until its length changes.

#![deny(missing_docs)]
#![cfg_attr(
    test,
    expect(dead_code, reason = "tests/it runs the unit tests of this crate")
)]

mod abi_info;
#[cfg_attr(
    not(all(target_os = "linux", target_pointer_width = "64")),
    path = "no_absolute_symbols.rs"
)]
mod absolute_symbols;
#[path = "abstract.rs"]
pub mod abstract_;
mod boundary;
mod buffer_acquire;
mod buffer_check;
mod buffer_copy;
mod buffer_export;
mod buffer_view;
mod build_value;
pub mod bytearrayobject;
pub mod bytesobject;
mod c_exporter;
mod c_string;
mod calling_convention;
mod class_assignment;
mod class_attributes;
mod class_layout;
mod class_methods;
// On musl the VM has no `_ctypes`.
#[cfg(not(target_env = "musl"))]
mod ctypes;
pub mod datetime;
mod datetime_classes;
mod datetime_constructors;
pub mod descrobject;
pub mod dictobject;
#[cfg(unix)]
mod elf;
mod export_hook;
mod extension_module;
mod field_types;
mod foreign_buffer;
mod foreign_files;
mod foreign_memory;
mod function_definitions;
mod getset;
pub mod import;
mod instance;
mod instance_memory;
#[cfg(unix)]
mod library_search;
pub mod listobject;
mod loader;
pub mod longobject;
mod main_interpreter;
mod members;
pub mod memoryobject;
mod method_definition;
mod method_vectorcall;
pub mod methodobject;
pub mod modsupport;
pub mod moduleobject;
mod new_instance;
mod new_type;
pub mod object;
pub mod objimpl;
pub mod parse_arguments;
pub mod protocols;
pub mod pybuffer;
pub mod pycapsule;
pub mod pyerrors;
pub mod pystate;
pub mod pythonrun;
pub mod rangeobject;
pub mod refcount;
#[cfg(unix)]
mod second_python;
pub mod setobject;
mod shared_names;
mod signals;
pub mod sliceobject;
mod slot_functions;
mod slot_ids;
mod slot_names;
pub mod slots;
pub mod sysmodule;
pub mod traceback;
pub mod tupleobject;
mod type_record;
mod type_slots;
mod type_spec;
mod type_symbols;
mod unicode_format;
pub mod unicodeobject;
mod varargs;
mod vtable;
mod vtable_entries;
pub mod warnings;
#[cfg(unix)]
mod wheelcheck;
mod wide_string;

pub use loader::ExtensionModulesExt;
pub use main_interpreter::{run_main, run_program};
