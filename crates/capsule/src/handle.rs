//! Owning handles: while one lives, so does the capsule, and with it what it points to.

use core::ffi::{CStr, c_void};
use core::fmt;
use core::ops::Deref;
use core::ptr::NonNull;

use rustpython_vm::{Py, PyRef};

use crate::error::CapsuleError;
use crate::payload::PyCapsule;

/// A reference to a capsule, and the pointer that it had when its name was checked.
#[derive(Clone, Debug)]
pub struct CapsuleHandle {
    capsule: PyRef<PyCapsule>,
    pointer: NonNull<c_void>,
    vouched: bool,
}

// SAFETY: the pointer is an address here; whoever reads through it answers for that.
unsafe impl Send for CapsuleHandle {}
// SAFETY: as above.
unsafe impl Sync for CapsuleHandle {}

impl CapsuleHandle {
    /// Takes the pointer out under its name and keeps the capsule.
    ///
    /// # Errors
    /// [`CapsuleError::WrongName`].
    pub fn new(capsule: PyRef<PyCapsule>, name: Option<&CStr>) -> Result<Self, CapsuleError> {
        let (pointer, vouched) = capsule.vouched_pointer(name)?;
        Ok(Self {
            capsule,
            pointer,
            vouched,
        })
    }

    /// The pointer. What it points to is the maker's promise, and lasts at least as long as this.
    #[must_use]
    pub fn pointer(&self) -> NonNull<c_void> {
        self.pointer
    }

    /// Whether native code [vouched](crate::CapsuleBuilder::vouched) for the pointer.
    #[must_use]
    pub fn is_vouched(&self) -> bool {
        self.vouched
    }

    /// The capsule.
    #[must_use]
    pub fn capsule(&self) -> &Py<PyCapsule> {
        &self.capsule
    }

    /// The reference to the capsule.
    #[must_use]
    pub fn into_capsule(self) -> PyRef<PyCapsule> {
        self.capsule
    }
}

/// A reference to a capsule that holds a `T`, which it reads like a `&T`.
pub struct TypedCapsule<T> {
    capsule: PyRef<PyCapsule>,
    value: NonNull<T>,
}

// SAFETY: it gives out `&T` only, on any thread; the capsule drops the value on any thread.
unsafe impl<T: Send + Sync> Send for TypedCapsule<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for TypedCapsule<T> {}

impl<T: Send + Sync + 'static> TypedCapsule<T> {
    /// Takes the value out under its name and keeps the capsule.
    ///
    /// # Errors
    /// [`CapsuleError::WrongName`], [`CapsuleError::WrongType`].
    pub fn new(capsule: PyRef<PyCapsule>, name: Option<&CStr>) -> Result<Self, CapsuleError> {
        let value = NonNull::from(capsule.value::<T>(name)?);
        Ok(Self { capsule, value })
    }
}

impl<T> TypedCapsule<T> {
    /// The capsule.
    #[must_use]
    pub fn capsule(&self) -> &Py<PyCapsule> {
        &self.capsule
    }
}

impl<T> Deref for TypedCapsule<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the value sits in a box that the capsule keeps until nobody refers to it (I4);
        // `self.capsule` does.
        unsafe { self.value.as_ref() }
    }
}

impl<T> Clone for TypedCapsule<T> {
    fn clone(&self) -> Self {
        Self {
            capsule: self.capsule.clone(),
            value: self.value,
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for TypedCapsule<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TypedCapsule").field(&**self).finish()
    }
}
