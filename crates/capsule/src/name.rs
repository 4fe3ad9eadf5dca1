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

/// A copy of the text at a name's address, `None` for NULL.
///
/// # Errors
/// [`CapsuleError::OutOfMemory`].
///
/// # Safety
/// `name` is NULL or a NUL-terminated string that stays as it is for the call.
pub(crate) unsafe fn try_copy(name: *const c_char) -> Result<Option<CString>, CapsuleError> {
    // SAFETY: passed on from the caller.
    match unsafe { borrow(name) } {
        Some(name) => try_owned(name.to_bytes()).map(Some),
        None => Ok(None),
    }
}

/// The bytes as a name; those from the first NUL on do not count.
///
/// # Errors
/// [`CapsuleError::OutOfMemory`].
pub fn try_owned(bytes: &[u8]) -> Result<CString, CapsuleError> {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    let mut copy = Vec::new();
    // Exactly what a `CString` keeps, which then asks for no other memory.
    copy.try_reserve_exact(text.len() + 1)
        .map_err(|_| CapsuleError::OutOfMemory)?;
    copy.extend_from_slice(text);
    copy.push(0);
    // SAFETY: the one NUL is at the end.
    Ok(unsafe { CString::from_vec_with_nul_unchecked(copy) })
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
