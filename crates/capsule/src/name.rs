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

#[cfg(test)]
mod tests {
    use core::ptr::null;

    use super::*;

    /// Names that are equal, or not. The copy of a text is at another address.
    #[test]
    fn names_match_by_text_up_to_the_first_nul() {
        let text = CString::from(c"dltensor");
        // Each differs from the other only after the NUL that ends the name.
        let [first, second] = [*b"a\0b", *b"a\0c"];
        let rows: [(*const c_char, *const c_char, bool); 8] = [
            (null(), null(), true),
            (null(), text.as_ptr(), false),
            (text.as_ptr(), null(), false),
            (text.as_ptr(), text.as_ptr(), true),
            (text.as_ptr(), c"dltensor".as_ptr(), true),
            (text.as_ptr(), c"dltensor_versioned".as_ptr(), false),
            (c"".as_ptr(), null(), false),
            (first.as_ptr().cast(), second.as_ptr().cast(), true),
        ];
        for (number, (stored, asked, expected)) in rows.into_iter().enumerate() {
            // SAFETY: each is NULL or a NUL-terminated string that lives here.
            assert_eq!(unsafe { names_match(stored, asked) }, expected, "{number}");
        }
    }

    #[test]
    fn an_owned_name_ends_before_the_first_nul() {
        let rows: [(&[u8], &CStr); 5] = [
            (b"", c""),
            (b"arrow_schema", c"arrow_schema"),
            (b"arrow\0schema", c"arrow"),
            (b"\0", c""),
            (b"\xff\xfe", c"\xff\xfe"),
        ];
        for (bytes, expected) in rows {
            assert_eq!(try_owned(bytes).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn a_copy_of_null_is_none() {
        // SAFETY: NULL.
        assert_eq!(unsafe { try_copy(null()) }, Ok(None));
        // SAFETY: a NUL-terminated string.
        let copy = unsafe { try_copy(c"x".as_ptr()) };
        assert_eq!(copy, Ok(Some(c"x".to_owned())));
    }

    #[test]
    fn static_names_are_not_copied() {
        let mut names = OwnedNames::default();
        assert_eq!(names.keep(Cow::Borrowed(c"static")), Ok(c"static".as_ptr()));
        assert!(names.0.is_none());
    }

    /// Invariant I2: what `keep` returned stays where it is, and a name that is set again gets its
    /// old address.
    #[test]
    fn addresses_of_kept_names_do_not_change() {
        let mut names = OwnedNames::default();
        let text = |number: usize| CString::new(number.to_string()).unwrap();
        let kept: Vec<_> = (0..1000)
            .map(|number| names.keep(Cow::Owned(text(number))).unwrap())
            .collect();
        for (number, address) in kept.into_iter().enumerate() {
            // SAFETY: `names` has kept the string that was there.
            assert_eq!(unsafe { CStr::from_ptr(address) }, &*text(number));
            assert_eq!(names.keep(Cow::Owned(text(number))), Ok(address));
        }
    }
}
