//! Why an operation on a capsule fails. The exceptions for it are made in `exceptions`.

use core::ffi::CStr;
use core::fmt;
use std::ffi::CString;

/// Why an operation on a capsule failed. It [converts](Self::to_exception) into a Python exception,
/// also with `?`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CapsuleError {
    /// The object is not a capsule; its class is named.
    #[error("not a capsule but an object of type '{class}'")]
    NotACapsule {
        /// `__name__` of the object's class.
        class: String,
    },
    /// There was no object at all (NULL).
    #[error("NULL instead of a capsule")]
    NullObject,
    /// A capsule's pointer may not be NULL.
    #[error("the pointer is NULL")]
    NullPointer,
    /// There was no name (NULL) where one is needed.
    #[error("the name is NULL")]
    NullName,
    /// There was no function (NULL) where one is needed.
    #[error("a callback is NULL")]
    NullCallback,
    /// There is no memory for a capsule, or for the copy of a name.
    #[error("out of memory")]
    OutOfMemory,
    /// The capsule has another name.
    #[error("{0}")]
    WrongName(Box<NameMismatch>),
    /// The capsule does not hold a value of the Rust type that was asked for.
    #[error("{0}")]
    WrongType(Box<TypeMismatch>),
    /// The value was moved out by a [`claim_value`](crate::PyCapsule::claim_value) before.
    #[error("the value is already claimed")]
    ValueClaimed,
    /// The pointer is not aligned for the type that was asked for.
    #[error("the pointer is not aligned to {alignment} bytes")]
    Misaligned {
        /// The alignment of that type, in bytes.
        alignment: usize,
    },
}

/// The two names of a [`CapsuleError::WrongName`]; `None` is NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameMismatch {
    /// The name that was asked for.
    pub expected: Option<CString>,
    /// The name that the capsule has.
    pub found: Option<CString>,
    /// Whether the capsule got its name through a claim, that is, was consumed.
    pub claimed: bool,
}

/// The two types of a [`CapsuleError::WrongType`], as the compiler names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeMismatch {
    /// The type that was asked for.
    pub expected: &'static str,
    /// The type that the capsule was made with; `None` if it was not made from a Rust value.
    pub found: Option<&'static str>,
}

impl NameMismatch {
    /// DLPack and Arrow rename what they have consumed to `used_` and the old name.
    fn looks_consumed(&self) -> bool {
        match (&self.expected, &self.found) {
            (Some(expected), Some(found)) => {
                found.to_bytes().strip_prefix(b"used_") == Some(expected.to_bytes())
            }
            _ => false,
        }
    }
}

impl fmt::Display for NameMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = Shown(self.expected.as_deref());
        let found = Shown(self.found.as_deref());
        write!(f, "expected the name {expected}, found {found}")?;
        if self.claimed || self.looks_consumed() {
            f.write_str(": the capsule is already consumed")?;
        }
        Ok(())
    }
}

impl fmt::Display for TypeMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected a value of Rust type {}, found ", self.expected)?;
        match self.found {
            Some(found) => write!(f, "one of type {found}"),
            None => f.write_str("a capsule that holds no Rust value"),
        }
    }
}

/// A name as it is shown to people: quoted, or NULL.
struct Shown<'a>(Option<&'a CStr>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, "\"{}\"", name.to_string_lossy()),
            None => f.write_str("NULL"),
        }
    }
}
