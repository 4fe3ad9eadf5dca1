//! Libraries that are linked with another Python. Such a library has two of every function of the C
//! API, and the functions that only the other Python defines would misread this interpreter's
//! objects. This file detects such libraries; `loader` refuses them.

use core::ffi::{CStr, c_int, c_void};
use core::mem::MaybeUninit;

use libloading::os::unix::Library;
use rustpython_capi::pylifecycle::Py_IsInitialized;

/// The file of the other Python that a library is linked with; `None` if there is none. Every
/// Python exports `Py_IsInitialized`. It is searched for in the library and the libraries that it
/// is linked with, but not in the program.
pub(crate) fn linked_with(library: &Library) -> Option<String> {
    // SAFETY: the address is only compared; the function is not called.
    let found = unsafe { library.get::<*const c_void>(b"Py_IsInitialized") };
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
