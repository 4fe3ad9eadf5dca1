//! The owning handle: while it lives, so does the capsule, and with it what the pointer leads to.

use core::ffi::{CStr, c_void};
use core::fmt;
use core::ptr::NonNull;

use rustpython_vm::convert::ToPyObject;
use rustpython_vm::{Py, PyObjectRef, PyRef, VirtualMachine};

use crate::error::CapsuleError;
use crate::payload::PyCapsule;

/// A reference to a capsule, and the pointer that it had when its name was checked.
#[derive(Clone)]
pub struct CapsuleHandle {
    capsule: PyRef<PyCapsule>,
    pointer: NonNull<c_void>,
    vouched: bool,
}

// SAFETY: the handle never dereferences the pointer; code that does so has its own `unsafe`.
unsafe impl Send for CapsuleHandle {}
// SAFETY: as for `Send`.
unsafe impl Sync for CapsuleHandle {}

impl CapsuleHandle {
    /// Checks the name, reads the pointer and keeps the capsule.
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

    /// The pointer. The maker promises what it points to, at least as long as this handle lives.
    #[must_use]
    pub fn pointer(&self) -> NonNull<c_void> {
        self.pointer
    }

    /// The pointer as a pointer to `T`, if it is aligned for one. Nothing else is checked, and
    /// nothing is read: the maker promises that a `T` is there.
    ///
    /// # Errors
    /// [`CapsuleError::Misaligned`].
    pub fn cast<T>(&self) -> Result<NonNull<T>, CapsuleError> {
        let pointer = self.pointer.cast::<T>();
        if pointer.is_aligned() {
            Ok(pointer)
        } else {
            Err(CapsuleError::Misaligned {
                alignment: align_of::<T>(),
            })
        }
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

    /// Whether both refer to the same capsule, as `is` in Python.
    #[must_use]
    pub fn ptr_eq(&self, other: &Self) -> bool {
        core::ptr::eq(self.capsule(), other.capsule())
    }
}

/// Contains no address, since it may become part of the text of an exception.
impl fmt::Debug for CapsuleHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CapsuleHandle")
            .field("capsule", &*self.capsule)
            .field("vouched", &self.vouched)
            .finish_non_exhaustive()
    }
}

impl ToPyObject for CapsuleHandle {
    fn to_pyobject(self, _vm: &VirtualMachine) -> PyObjectRef {
        self.into()
    }
}

impl From<CapsuleHandle> for PyObjectRef {
    fn from(handle: CapsuleHandle) -> Self {
        handle.capsule.into()
    }
}

impl From<CapsuleHandle> for PyRef<PyCapsule> {
    fn from(handle: CapsuleHandle) -> Self {
        handle.capsule
    }
}
