//! Libraries that are linked with another Python. Such a library has two of every function of the C
//! API, and those that only the other Python has would take our objects for their own. Here they are
//! found; `loader` refuses them.

use core::ffi::{CStr, c_int, c_void};
use core::mem::MaybeUninit;

use libloading::os::unix::Library;
use rustpython_capi::pylifecycle::Py_IsInitialized;

/// The file of the other Python that a library is linked with. Every one exports this function,
/// and it is looked for in the library and in those that it is linked with, not in the program.
pub(crate) fn linked_with(library: &Library) -> Option<String> {
    // SAFETY: its address is compared; it is not called.
    let found = unsafe { library.get::<*const c_void>(b"Py_IsInitialized") };
    let address = found.ok()?.as_raw_ptr();
    let ours: extern "C" fn() -> c_int = Py_IsInitialized;
    (address != ours as *mut c_void).then(|| file_of(address))
}

fn file_of(address: *const c_void) -> String {
    let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: `dladdr` only compares the address; `info` can be written to.
    unsafe { libc::dladdr(address, info.as_mut_ptr()) };
    // SAFETY: zeros are one, and so is what `dladdr` writes.
    let info = unsafe { info.assume_init() };
    if info.dli_fname.is_null() {
        return "a library without a name".to_owned();
    }
    // SAFETY: a NUL-terminated string of the dynamic loader's, there as long as the library.
    let file = unsafe { CStr::from_ptr(info.dli_fname) };
    file.to_string_lossy().into_owned()
}
