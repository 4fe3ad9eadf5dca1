//! The units of argument formats that store text, bytes and buffers.

use core::ffi::{CStr, c_char, c_void};
use core::ptr::{NonNull, null_mut};

use rustpython_capi::pymem::PyMem_Malloc;
use rustpython_vm::builtins::{PyByteArray, PyBytes, PyStr};
use rustpython_vm::protocol::BufferFlags;
use rustpython_vm::{PyObject, VirtualMachine};

use super::parser::{Parser, Problem, Undo};
use crate::boundary::{borrowed, null_argument};
use crate::buffer_acquire::{Memory, fill_info, get_buffer};
use crate::buffer_view::{Order, PyBufferView};
use crate::bytesobject::c_string_of_bytes;
use crate::pybuffer::PyBuffer_Release;
use crate::unicodeobject::PyUnicode_AsUTF8AndSize;

/// Text or bytes that an object keeps, with a NUL after them.
struct Lent {
    address: *const c_char,
    length: usize,
}

impl Parser<'_> {
    /// The units `s`, `z` and `y`, with `*`, `#` or nothing after them.
    ///
    /// # Safety
    /// The arguments fit the format.
    pub(super) unsafe fn text(
        &mut self,
        letter: u8,
        object: Option<&PyObject>,
    ) -> Result<(), Problem> {
        if self.skips(b'*') {
            // SAFETY: the caller promises the address of a view.
            return unsafe { self.view(letter, object) };
        }
        let with_length = self.skips(b'#');
        // SAFETY: the caller promises the address of a pointer.
        let place = unsafe { self.place::<*const c_char>() };
        let length_place = if with_length {
            // SAFETY: the caller promises the address of a `Py_ssize_t`.
            unsafe { self.place::<isize>() }
        } else {
            None
        };
        let Some(object) = object else { return Ok(()) };
        let lent = lend(letter, object, with_length, self.vm)?;
        if let Some(place) = place {
            // SAFETY: it is the address of a pointer, which only this thread uses.
            unsafe { place.write(lent.address) };
        }
        if let Some(place) = length_place {
            // SAFETY: it is the address of a `Py_ssize_t`, which only this thread uses.
            unsafe { place.write(lent.length.cast_signed()) };
        }
        Ok(())
    }

    /// The units `s*`, `z*`, `y*` and `w*`, which fill a view.
    ///
    /// # Safety
    /// The arguments fit the format.
    pub(super) unsafe fn view(
        &mut self,
        letter: u8,
        object: Option<&PyObject>,
    ) -> Result<(), Problem> {
        // SAFETY: the caller promises the address of a view.
        let place = unsafe { self.place::<PyBufferView>() };
        let vm = self.vm;
        let (Some(object), Some(place)) = (object, place) else {
            return Ok(());
        };
        let none = letter == b'z' && vm.is_none(object);
        let string = object
            .downcast_ref::<PyStr>()
            .filter(|_| b"sz".contains(&letter));
        if none || string.is_some() {
            let lent = lend(letter, object, true, vm)?;
            let memory = Memory {
                address: lent.address.cast_mut().cast::<c_void>(),
                len: lent.length.cast_signed(),
                readonly: 1,
            };
            let exporter = if none { null_mut() } else { borrowed(object) };
            // SAFETY: the caller promises a view that can be written to; the text lives as long as the
            // exporter.
            unsafe { fill_info(place, exporter, memory, BufferFlags::SIMPLE, vm) }?;
        } else {
            let writable = letter == b'w';
            let flags = if writable {
                BufferFlags::WRITABLE
            } else {
                BufferFlags::SIMPLE
            };
            // SAFETY: the caller promises a view that can be written to.
            let filled = unsafe { get_buffer(object, place, flags, vm) };
            if filled.is_err() && writable {
                return Err(Problem::must_be("read-write bytes-like object", object, vm));
            }
            filled?;
            // SAFETY: it was filled.
            let is_contiguous = unsafe { place.as_ref() };
            // SAFETY: the arrays of a view that was filled are complete.
            if !unsafe { is_contiguous.is_contiguous(Order::C) } {
                // SAFETY: it was filled, and not released.
                unsafe { PyBuffer_Release(place.as_ptr()) };
                return Err(Problem::must_be("contiguous buffer", object, vm));
            }
        }
        self.undo.push(Undo::Release(place));
        Ok(())
    }

    /// The units `es`, `et`, `es#` and `et#`, which copy encoded text.
    ///
    /// # Safety
    /// The arguments fit the format.
    pub(super) unsafe fn encoded(&mut self, object: Option<&PyObject>) -> Result<(), Problem> {
        // SAFETY: the caller promises the name of an encoding, or NULL.
        let encoding = unsafe { self.arguments.pointer() }.cast::<c_char>();
        // SAFETY: the caller promises the address of a pointer.
        let place = unsafe { self.place::<*mut c_void>() };
        let keeps_bytes = match self.next_byte() {
            Some(b's') => false,
            Some(b't') => true,
            _ => return Err(Problem::text("(unknown parser marker combination)")),
        };
        let with_length = self.skips(b'#');
        let length_place = if with_length {
            // SAFETY: the caller promises the address of a `Py_ssize_t`.
            unsafe { self.place::<isize>() }
        } else {
            None
        };
        let Some(object) = object else { return Ok(()) };
        let vm = self.vm;
        let place = place.ok_or_else(|| Problem::text("(buffer is NULL)"))?;
        let encoding = if encoding.is_null() {
            c"utf-8"
        } else {
            // SAFETY: it is a NUL-terminated string.
            unsafe { CStr::from_ptr(encoding) }
        };
        let bytes = bytes_of(object, keeps_bytes, &encoding.to_string_lossy(), vm)?;
        let mut room = None;
        if with_length {
            let length = length_place.ok_or_else(|| Problem::text("(buffer_len is NULL)"))?;
            // SAFETY: it is the address of a `Py_ssize_t`.
            let given = unsafe { length.read() };
            // SAFETY: it is the address of a pointer.
            let memory = unsafe { place.read() };
            room = NonNull::new(memory);
            let needed = bytes.len().cast_signed() + 1;
            if room.is_some() && needed > given {
                let text = format!(
                    "encoded string too long ({}, maximum length {})",
                    needed - 1,
                    given - 1
                );
                return Err(vm.new_value_error(text).into());
            }
            // SAFETY: it is the address of a `Py_ssize_t`.
            unsafe { length.write(bytes.len().cast_signed()) };
        } else if bytes.contains(&0) {
            return Err(Problem::must_be(
                "encoded string without null bytes",
                object,
                vm,
            ));
        }
        let memory = match room {
            Some(memory) => memory,
            None => {
                // SAFETY: any size is allowed.
                let memory = unsafe { PyMem_Malloc(bytes.len() + 1) };
                let memory = NonNull::new(memory).ok_or_else(|| vm.no_memory_error())?;
                // SAFETY: it is the address of a pointer.
                unsafe { place.write(memory.as_ptr()) };
                self.undo.push(Undo::Free(place));
                memory
            }
        };
        let target = memory.cast::<u8>();
        // SAFETY: there is room for the bytes and a NUL.
        unsafe { target.copy_from_nonoverlapping(NonNull::from(&*bytes).cast(), bytes.len()) };
        // SAFETY: as above.
        let end = unsafe { target.add(bytes.len()) };
        // SAFETY: as above.
        unsafe { end.write(0) };
        Ok(())
    }
}

/// The bytes of a `str` in an encoding, or the bytes of a `bytes` or `bytearray` themselves.
fn bytes_of(
    object: &PyObject,
    keeps_bytes: bool,
    encoding: &str,
    vm: &VirtualMachine,
) -> Result<Vec<u8>, Problem> {
    if let Some(string) = object.downcast_ref::<PyStr>() {
        let registry = &vm.state.codec_registry;
        let bytes = registry.encode_text(string.to_owned(), encoding, None, vm)?;
        return Ok(bytes.as_bytes().to_vec());
    }
    if keeps_bytes && let Some(bytes) = object.downcast_ref::<PyBytes>() {
        return Ok(bytes.as_bytes().to_vec());
    }
    if keeps_bytes && let Some(bytes) = object.downcast_ref::<PyByteArray>() {
        return Ok(bytes.borrow_buf().to_vec());
    }
    let expected = if keeps_bytes {
        "str, bytes or bytearray"
    } else {
        "str"
    };
    Err(Problem::must_be(expected, object, vm))
}

/// The text or the bytes of an object, which keeps them.
fn lend(
    letter: u8,
    object: &PyObject,
    with_length: bool,
    vm: &VirtualMachine,
) -> Result<Lent, Problem> {
    if letter == b'z' && vm.is_none(object) {
        let address = core::ptr::null();
        return Ok(Lent { address, length: 0 });
    }
    if letter != b'y' && object.downcast_ref::<PyStr>().is_some() {
        let mut length = 0;
        // SAFETY: it is an object, and `length` is a variable.
        let address = unsafe { PyUnicode_AsUTF8AndSize(borrowed(object), &raw mut length) };
        let length = length.unsigned_abs();
        if address.is_null() {
            return Err(null_argument(vm).into());
        }
        // SAFETY: the text has this many bytes, and the object keeps it.
        let text = unsafe { core::slice::from_raw_parts(address.cast::<u8>(), length) };
        if !with_length && text.contains(&0) {
            return Err(vm.new_value_error("embedded null character").into());
        }
        return Ok(Lent { address, length });
    }
    let takes_bytes = letter == b'y' || with_length;
    if !takes_bytes {
        let expected = if letter == b'z' { "str or None" } else { "str" };
        return Err(Problem::must_be(expected, object, vm));
    }
    let Some(bytes) = object.downcast_ref::<PyBytes>() else {
        return Err(if !object.check_buffer() {
            let class = object.class().slot_name().to_string();
            let text = format!("a bytes-like object is required, not '{class}'");
            vm.new_type_error(text).into()
        } else {
            Problem::must_be("read-only bytes-like object", object, vm)
        });
    };
    if !with_length && bytes.as_bytes().contains(&0) {
        return Err(vm.new_value_error("embedded null byte").into());
    }
    let address = c_string_of_bytes(bytes).map_err(|why| why.into_exception(vm))?;
    let length = bytes.as_bytes().len();
    Ok(Lent {
        address: address.as_ptr(),
        length,
    })
}
