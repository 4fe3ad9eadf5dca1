//! What most users of capsules import: `use rustpython_capsule::prelude::*;`.

pub use crate::{
    CapsuleError, CapsuleHandle, CapsuleName, Destructor, NamedHandle, PyCapsule, TypedCapsule,
};
