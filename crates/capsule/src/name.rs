//! Names of capsules: how two are compared, and how a capsule keeps those that it owns. A name is
//! bytes up to a NUL, in no particular encoding.

use core::ffi::{CStr, c_char};
use std::borrow::Cow;
use std::collections::HashSet;
use std::ffi::CString;

use crate::error::CapsuleError;

/// Whether a stored name is the one that was asked for: both NULL, the same address, or the same
/// bytes up to the first NUL.
///
/// # Safety
/// Each is NULL or a NUL-terminated string that nobody frees or changes during the call.
#[inline]
pub(crate) unsafe fn names_match(stored: *const c_char, asked: *const c_char) -> bool {
    if core::ptr::eq(stored, asked) {
        return true;
    }
    // SAFETY: neither is NULL when it is called, and the rest is passed on from the caller.
    !stored.is_null() && !asked.is_null() && unsafe { libc::strcmp(stored, asked) } == 0
}

/// The text at a name's address, `None` for NULL.
///
/// # Safety
/// `name` is NULL or a NUL-terminated string that stays as it is for `'a`.
pub(crate) unsafe fn borrow<'a>(name: *const c_char) -> Option<&'a CStr> {
    // SAFETY: not NULL here, and the rest is passed on from the caller.
    (!name.is_null()).then(|| unsafe { CStr::from_ptr(name) })
}

/// Every name that a capsule has owned. Addresses stay valid until it is dropped (invariant I2);
/// a text that comes back gets the address it had.
#[derive(Debug, Default)]
pub(crate) struct OwnedNames(HashSet<CString, ahash::RandomState>);

impl OwnedNames {
    /// The address of `name`, which is kept here unless it lives for ever anyway.
    ///
    /// # Errors
    /// [`CapsuleError::OutOfMemory`].
    pub(crate) fn keep(&mut self, name: Cow<'static, CStr>) -> Result<*const c_char, CapsuleError> {
        let owned = match name {
            Cow::Borrowed(name) => return Ok(name.as_ptr()),
            Cow::Owned(name) => name,
        };
        if let Some(kept) = self.0.get(&owned) {
            return Ok(kept.as_ptr());
        }
        self.0
            .try_reserve(1)
            .map_err(|_| CapsuleError::OutOfMemory)?;
        let address = owned.as_ptr();
        self.0.insert(owned);
        Ok(address)
    }
}
