//! Names of capsules: how two are compared, and how a capsule keeps those that it owns. A name is
//! the bytes before a NUL, in no particular encoding.

use core::ffi::{CStr, c_char};
use std::borrow::Cow;
use std::collections::HashSet;
use std::ffi::CString;

use crate::error::CapsuleError;

/// Whether two names are equal: both NULL, the same address, or the same bytes before the first NUL.
///
/// # Safety
/// Each is NULL, or a NUL-terminated string that does not change during the call.
#[inline]
pub(crate) unsafe fn names_match(stored: *const c_char, asked: *const c_char) -> bool {
    if core::ptr::eq(stored, asked) {
        return true;
    }
    // SAFETY: neither is NULL here, so both are strings that do not change.
    !stored.is_null() && !asked.is_null() && unsafe { libc::strcmp(stored, asked) } == 0
}

/// The string at a name's address; `None` for NULL.
///
/// # Safety
/// `name` is NULL, or a NUL-terminated string that does not change during `'a`.
pub(crate) unsafe fn borrow<'a>(name: *const c_char) -> Option<&'a CStr> {
    // SAFETY: not NULL here, so it is a string that does not change during `'a`.
    (!name.is_null()).then(|| unsafe { CStr::from_ptr(name) })
}

/// A copy of the string at a name's address; `None` for NULL.
///
/// # Errors
/// [`CapsuleError::OutOfMemory`].
///
/// # Safety
/// `name` is NULL, or a NUL-terminated string that does not change during the call.
pub(crate) unsafe fn try_copy(name: *const c_char) -> Result<Option<CString>, CapsuleError> {
    // SAFETY: NULL or a string, which is borrowed only within this call.
    match unsafe { borrow(name) } {
        Some(name) => try_owned(name.to_bytes()).map(Some),
        None => Ok(None),
    }
}

/// The bytes as a name. The first NUL and what follows it are left out.
///
/// # Errors
/// [`CapsuleError::OutOfMemory`].
pub fn try_owned(bytes: &[u8]) -> Result<CString, CapsuleError> {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    let mut copy = Vec::new();
    // With this capacity `CString` does not allocate again.
    copy.try_reserve_exact(text.len() + 1)
        .map_err(|_| CapsuleError::OutOfMemory)?;
    copy.extend_from_slice(text);
    copy.push(0);
    // SAFETY: the only NUL is at the end.
    Ok(unsafe { CString::from_vec_with_nul_unchecked(copy) })
}

/// Every name that a capsule has owned. Their addresses stay valid until this is dropped (invariant
/// I2). A name that is set again gets the address that it had before.
#[derive(Debug, Default)]
pub(crate) struct OwnedNames(Option<HashSet<CString, ahash::RandomState>>);

impl OwnedNames {
    /// The address of `name`, which is kept here unless it is `'static`.
    ///
    /// # Errors
    /// [`CapsuleError::OutOfMemory`].
    pub(crate) fn keep(&mut self, name: Cow<'static, CStr>) -> Result<*const c_char, CapsuleError> {
        let owned = match name {
            Cow::Borrowed(name) => return Ok(name.as_ptr()),
            Cow::Owned(name) => name,
        };
        let names = self.0.get_or_insert_default();
        if let Some(kept) = names.get(&owned) {
            return Ok(kept.as_ptr());
        }
        names
            .try_reserve(1)
            .map_err(|_| CapsuleError::OutOfMemory)?;
        let address = owned.as_ptr();
        names.insert(owned);
        Ok(address)
    }
}
