//! What the dynamic loader knows about an address: the file that it was loaded from, and the symbol.
//! `_capsule.describe` shows both.

#![expect(unsafe_code, reason = "it calls the dynamic loader")]

use core::ffi::c_void;
use core::ptr::NonNull;

/// The place of an address. For memory that was not loaded from a file, such as the heap, both are
/// unknown.
#[derive(Debug, Default)]
pub(crate) struct Place {
    /// The path of the library or program, as the dynamic loader has it, with U+FFFD for bytes that
    /// are not UTF-8.
    pub(crate) library: Option<String>,
    /// The exported symbol at the address, or the nearest before it.
    pub(crate) symbol: Option<String>,
}

/// The place of any address. Nothing is read there.
#[cfg(unix)]
pub(crate) fn place_of(address: NonNull<c_void>) -> Place {
    use core::ffi::CStr;
    use core::mem::MaybeUninit;

    let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: `dladdr` compares the address with those of loaded files and reads nothing there;
    // `info` is writable.
    if unsafe { libc::dladdr(address.as_ptr(), info.as_mut_ptr()) } == 0 {
        return Place::default();
    }
    // SAFETY: every field is a pointer, for which zeros are valid; `dladdr` filled them in.
    let info = unsafe { info.assume_init() };
    let text = |text: *const core::ffi::c_char| {
        if text.is_null() {
            return None;
        }
        // SAFETY: a NUL-terminated string of the dynamic loader, which lives as long as the file is
        // loaded; it is copied at once.
        let text = unsafe { CStr::from_ptr(text) };
        Some(text.to_string_lossy().into_owned())
    };
    Place {
        library: text(info.dli_fname),
        symbol: text(info.dli_sname),
    }
}

/// Without `dladdr` nothing is known.
#[cfg(not(unix))]
pub(crate) fn place_of(_address: NonNull<c_void>) -> Place {
    Place::default()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn place(address: *const c_void) -> Place {
        place_of(NonNull::new(address.cast_mut()).expect("it is not NULL"))
    }

    #[test]
    fn a_function_of_libc_has_a_file_and_a_symbol() {
        let place = place(libc::getpid as *const c_void);
        let library = place.library.expect("it was loaded from a file");
        assert!(library.contains("libc"), "{library}");
        let symbol = place.symbol.expect("it is exported");
        assert!(symbol.contains("getpid"), "{symbol}");
    }

    #[test]
    fn a_function_of_the_program_has_its_file() {
        let program = std::env::current_exe().expect("this program has a path");
        let name = program.file_name().expect("it is a file").to_string_lossy();
        let place = place(place_of as *const c_void);
        let library = place.library.expect("it was loaded from a file");
        assert!(library.ends_with(&*name), "{library}");
    }

    #[test]
    fn memory_of_no_file_is_unknown() {
        let heap = Box::new(1_u64);
        let addresses = [
            core::ptr::from_ref(&*heap).cast(),
            core::ptr::without_provenance(1),
            core::ptr::without_provenance(usize::MAX),
        ];
        for address in addresses {
            let place = place(address);
            assert_eq!((place.library, place.symbol), (None, None), "{address:?}");
        }
    }
}
