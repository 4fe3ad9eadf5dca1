//! `absolute_symbols` for systems where it cannot work.

use core::ffi::{CStr, c_void};

pub(crate) type Symbol = (&'static CStr, *const c_void);

pub(crate) fn define(_symbols: &[Symbol]) -> Result<(), String> {
    Err("that needs 64-bit Linux".to_owned())
}
