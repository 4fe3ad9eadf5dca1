//! What most users of capsules import: `use rustpython_capsule::prelude::*;`.

pub use crate::destructor::Destructor;
pub use crate::error::CapsuleError;
pub use crate::handle::CapsuleHandle;
pub use crate::named::{CapsuleName, NamedHandle};
pub use crate::payload::PyCapsule;
pub use crate::typed::TypedCapsule;
