//! Names of capsules: how two are compared, and how a capsule keeps those that it owns. A name is
//! bytes up to a NUL, in no particular encoding.

use core::ffi::{CStr, c_char};
use std::borrow::Cow;
use std::collections::HashSet;
use std::ffi::CString;

/// Whether a stored name is the one that was asked for: both NULL, the same address, or the same
/// bytes up to the first NUL.
///
/// # Safety
/// Each is NULL or a NUL-terminated string that nobody frees or changes during the call.
#[inline]
pub(crate) unsafe fn names_match(stored: *const c_char, asked: *const c_char) -> bool {
    core::ptr::eq(stored, asked)
        // SAFETY: passed on from the caller.
        || unsafe { same_text(stored, asked) }
}

/// # Safety
/// As for `names_match`.
#[cold]
#[inline(never)]
unsafe fn same_text(stored: *const c_char, asked: *const c_char) -> bool {
    // SAFETY: passed on from the caller.
    let stored = unsafe { borrow(stored) };
    // SAFETY: passed on from the caller.
    let asked = unsafe { borrow(asked) };
    matches!((stored, asked), (Some(stored), Some(asked)) if stored == asked)
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
    pub(crate) fn keep(&mut self, name: Cow<'static, CStr>) -> *const c_char {
        let owned = match name {
            Cow::Borrowed(name) => return name.as_ptr(),
            Cow::Owned(name) => name,
        };
        if let Some(kept) = self.0.get(&owned) {
            return kept.as_ptr();
        }
        let address = owned.as_ptr();
        self.0.insert(owned);
        address
    }
}
