//! The capsule object for RustPython.

mod attach;
mod belongings;
mod builder;
mod destructor;
mod error;
mod fields;
mod firewall;
mod handle;
mod last_rites;
mod name;
mod object;

pub use builder::CapsuleBuilder;
pub use destructor::{CDestructor, Destructor, DestructorKind, RustDestructor};
pub use error::{CapsuleError, NameMismatch, TypeMismatch};
pub use handle::{CapsuleHandle, TypedCapsule};
pub use object::PyCapsule;
