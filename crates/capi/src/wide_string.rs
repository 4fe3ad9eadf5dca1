//! Strings of `wchar_t`, as C code passes them to functions with formats. Each element is a character.

use core::ptr::NonNull;

use libc::wchar_t;
use rustpython_vm::common::wtf8::{CodePoint, Wtf8Buf};
use rustpython_vm::{PyResult, VirtualMachine};

/// The number of elements before the NUL, or `limit` if there is none before it.
///
/// # Safety
/// `text` is a string with a NUL, or with at least `limit` elements.
pub(crate) unsafe fn length(text: NonNull<wchar_t>, limit: usize) -> usize {
    let element = |index| {
        // SAFETY: no element before it is a NUL, and it is within the limit.
        let place = unsafe { text.add(index) };
        // SAFETY: it is an element of the string.
        unsafe { place.read() }
    };
    (0..limit).take_while(|index| element(*index) != 0).count()
}

/// The text of `length` elements.
///
/// # Errors
/// ValueError if one is not a character.
///
/// # Safety
/// `text` points to this many elements.
pub(crate) unsafe fn decode(
    text: NonNull<wchar_t>,
    length: usize,
    vm: &VirtualMachine,
) -> PyResult<Wtf8Buf> {
    // SAFETY: the caller promises this many elements, which it keeps for the call.
    let elements = unsafe { NonNull::slice_from_raw_parts(text, length).as_ref() };
    let points = elements.iter().map(|element| {
        // A negative element is beyond all characters.
        let value = u32::try_from(*element).unwrap_or(u32::MAX);
        CodePoint::from_u32(value).ok_or_else(|| {
            let text = format!("character U+{element:x} is not in range [U+0000; U+10ffff]");
            vm.new_value_error(text)
        })
    });
    points.collect()
}
