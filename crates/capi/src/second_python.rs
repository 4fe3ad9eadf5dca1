//! Libraries that bring another Python into the process. Such a library has two of every function
//! of the C API, and the functions that only the other Python defines would misread this
//! interpreter's objects. This file detects such libraries; `loader` refuses them.

use core::cell::LazyCell;
use core::ffi::{CStr, c_int, c_void};
use core::mem::MaybeUninit;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use libloading::os::unix::{Library, RTLD_LAZY};
use rustpython_capi::pylifecycle::Py_IsInitialized;

use crate::library_search::{Found, Search};

/// A function that every Python exports.
const MARK: &str = "Py_IsInitialized";

/// The file of the other Python that a library needs, directly or through others, before any code
/// of them has run; `None` if there is none. Libraries that the process has loaded already are left
/// to [`linked_with`], since their code has run.
pub(crate) fn needed_by(path: &Path) -> Option<String> {
    let found = Found::new(path)?;
    if found.library.defines(MARK) {
        return Some(path.display().to_string());
    }
    // Most libraries need none that is not loaded yet.
    let search = LazyCell::new(Search::new);
    let mut seen: Vec<OsString> = Vec::new();
    let mut pending = vec![found];
    while let Some(user) = pending.pop() {
        for name in &user.library.needed {
            if seen.contains(name) {
                continue;
            }
            seen.push(name.clone());
            let is_python = is_name_of_python(name);
            if !is_python && is_loaded(name) {
                continue;
            }
            match search.find(name, &user) {
                Some(found) if is_python || found.library.defines(MARK) => {
                    return Some(found.path.display().to_string());
                }
                Some(found) => pending.push(found),
                // The dynamic loader may find it in a place of which this search does not know.
                None if is_python => return Some(name.display().to_string()),
                None => {}
            }
        }
    }
    None
}

/// Whether a library name is `libpython`, followed by a version.
fn is_name_of_python(name: &OsStr) -> bool {
    let file = name.as_bytes().rsplit(|&byte| byte == b'/').next();
    let version = file.and_then(|file| file.strip_prefix(b"libpython"));
    version.is_some_and(|version| version.first().is_some_and(u8::is_ascii_digit))
}

/// Whether the process has loaded a library of this name.
fn is_loaded(name: &OsStr) -> bool {
    // SAFETY: with `RTLD_NOLOAD` no library is loaded, so none is initialized. One that is loaded
    // already is not closed with this handle.
    unsafe { Library::open(Some(name), RTLD_LAZY | libc::RTLD_NOLOAD) }.is_ok()
}

/// The file of the other Python that a loaded library is linked with; `None` if there is none. The
/// function is searched for in the library and the libraries that it is linked with, but not in the
/// program.
pub(crate) fn linked_with(library: &Library) -> Option<String> {
    // SAFETY: the address is only compared; the function is not called.
    let found = unsafe { library.get::<*const c_void>(MARK.as_bytes()) };
    let address = found.ok()?.as_raw_ptr();
    let ours: extern "C" fn() -> c_int = Py_IsInitialized;
    (address != ours as *mut c_void).then(|| file_of(address))
}

/// The file of the library that has this address.
fn file_of(address: *const c_void) -> String {
    let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: `dladdr` takes any address, and `info` can be written to.
    unsafe { libc::dladdr(address, info.as_mut_ptr()) };
    // SAFETY: zeros are a valid `Dl_info`, and so is what `dladdr` writes.
    let info = unsafe { info.assume_init() };
    if info.dli_fname.is_null() {
        return "a library without a name".to_owned();
    }
    // SAFETY: it is a NUL-terminated string of the dynamic loader, valid until the library is
    // closed.
    let file = unsafe { CStr::from_ptr(info.dli_fname) };
    file.to_string_lossy().into_owned()
}
