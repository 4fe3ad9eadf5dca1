//! What the system knows of an address: the shared library that it lies in, and the symbol.

#![expect(unsafe_code, reason = "it asks the dynamic loader")]

use core::ffi::c_void;
use core::ptr::NonNull;

/// Where an address lies. Both are unknown for memory that no library brought along.
#[derive(Debug, Default)]
pub(crate) struct Place {
    /// The path of the library or program, as the dynamic loader has it.
    pub(crate) library: Option<String>,
    /// The exported symbol at or before the address.
    pub(crate) symbol: Option<String>,
}

#[cfg(unix)]
pub(crate) fn place_of(address: NonNull<c_void>) -> Place {
    use core::ffi::CStr;
    use core::mem::MaybeUninit;

    let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: `dladdr` only compares the address; `info` is writable.
    if unsafe { libc::dladdr(address.as_ptr(), info.as_mut_ptr()) } == 0 {
        return Place::default();
    }
    // SAFETY: a non-zero answer says that `dladdr` has filled it in.
    let info = unsafe { info.assume_init() };
    let text = |text: *const core::ffi::c_char| {
        if text.is_null() {
            return None;
        }
        // SAFETY: the loader's own NUL-terminated strings, which live as long as the library.
        let text = unsafe { CStr::from_ptr(text) };
        Some(text.to_string_lossy().into_owned())
    };
    Place {
        library: text(info.dli_fname),
        symbol: text(info.dli_sname),
    }
}

#[cfg(not(unix))]
pub(crate) fn place_of(_address: NonNull<c_void>) -> Place {
    Place::default()
}
