//! Why an operation on a capsule fails.

use core::ffi::CStr;
use core::fmt;
use std::ffi::CString;

/// Why an operation on a capsule failed. It [converts](Self::to_exception) into a Python exception,
/// including through `?`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CapsuleError {
    /// The object is not a capsule.
    #[error("not a capsule but an object of type '{class}'")]
    NotACapsule {
        /// `__name__` of the object's class.
        class: String,
    },
    /// NULL was passed instead of an object.
    #[error("NULL instead of a capsule")]
    NullObject,
    /// NULL was passed as the pointer of a capsule.
    #[error("the pointer is NULL")]
    NullPointer,
    /// NULL was passed where a name is needed.
    #[error("the name is NULL")]
    NullName,
    /// NULL was passed where a function is needed.
    #[error("a callback is NULL")]
    NullCallback,
    /// There is no memory for a capsule, or for the copy of a name.
    #[error("out of memory")]
    OutOfMemory,
    /// The capsule has another name.
    #[error("{0}")]
    WrongName(Box<NameMismatch>),
    /// The capsule does not hold a value of the expected Rust type.
    #[error("{0}")]
    WrongType(Box<TypeMismatch>),
    /// The value was moved out by a [`claim_value`](crate::PyCapsule::claim_value) before.
    #[error("the value is already claimed")]
    ValueClaimed,
    /// The pointer is not aligned for the requested type.
    #[error("the pointer is not aligned to {alignment} bytes")]
    Misaligned {
        /// The alignment of that type, in bytes.
        alignment: usize,
    },
}

/// The two names of a [`CapsuleError::WrongName`]; `None` is NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameMismatch {
    /// The name that the caller expected.
    pub expected: Option<CString>,
    /// The name that the capsule has.
    pub found: Option<CString>,
    /// Whether the capsule got its name through a claim, which means that it is consumed.
    pub claimed: bool,
}

/// The two types of a [`CapsuleError::WrongType`], by the names that the compiler gives them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeMismatch {
    /// The type that the caller expected.
    pub expected: &'static str,
    /// The type that the capsule was made with; `None` if it was not made from a Rust value.
    pub found: Option<&'static str>,
}

impl NameMismatch {
    /// DLPack prefixes the name of a capsule that it has consumed with `used_`.
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

/// A name as it appears in a message: quoted, or NULL.
struct Shown<'a>(Option<&'a CStr>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, "\"{}\"", name.to_string_lossy()),
            None => f.write_str("NULL"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mismatch_of_names_says_whether_the_capsule_is_consumed() {
        let rows = [
            (
                Some(c"a"),
                None,
                false,
                "expected the name \"a\", found NULL",
            ),
            (
                None,
                Some(c"b"),
                false,
                "expected the name NULL, found \"b\"",
            ),
            (
                Some(c"dltensor"),
                Some(c"used_dltensor"),
                false,
                "expected the name \"dltensor\", found \"used_dltensor\": the capsule is already \
                 consumed",
            ),
            (
                Some(c"a"),
                Some(c"gone"),
                true,
                "expected the name \"a\", found \"gone\": the capsule is already consumed",
            ),
            (
                Some(c"a"),
                Some(c"used_b"),
                false,
                "expected the name \"a\", found \"used_b\"",
            ),
        ];
        for (expected, found, claimed, text) in rows {
            let mismatch = NameMismatch {
                expected: expected.map(CStr::to_owned),
                found: found.map(CStr::to_owned),
                claimed,
            };
            assert_eq!(mismatch.to_string(), text);
        }
    }
}
