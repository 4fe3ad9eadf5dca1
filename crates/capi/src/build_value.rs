//! The formats of `Py_BuildValue`: from C values to objects. `modsupport` and `abstract` have the
//! functions that use them.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr::NonNull;

use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::common::wtf8::{CodePoint, Wtf8Buf};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::boundary::{call_c, checked_result, decode_utf8, null_argument, owned};
use crate::varargs::Arguments;
use crate::wide_string;

/// The value that a whole format describes: None for no unit, the value of a single unit, or a tuple
/// of several.
///
/// # Errors
/// That of the first unit that fails; the arguments of all others are read nevertheless, so that the
/// references of units `N` are dropped. SystemError for a format that is wrong.
///
/// # Safety
/// The arguments fit the format, and objects among them are alive.
pub(crate) unsafe fn value(format: &CStr, arguments: Arguments, vm: &VirtualMachine) -> PyResult {
    let mut builder = Builder::new(format, arguments, vm);
    match builder.count(None)? {
        0 => Ok(vm.ctx.none()),
        // SAFETY: the caller promises arguments that fit.
        1 => unsafe { builder.value() },
        // SAFETY: the caller promises arguments that fit.
        _ => Ok(vm.ctx.new_tuple(unsafe { builder.values(None) }?).into()),
    }
}

/// The values of all units of a format.
///
/// # Errors
/// As for [`value`].
///
/// # Safety
/// As for [`value`].
pub(crate) unsafe fn values(
    format: &CStr,
    arguments: Arguments,
    vm: &VirtualMachine,
) -> PyResult<Vec<PyObjectRef>> {
    // SAFETY: the caller promises arguments that fit.
    unsafe { Builder::new(format, arguments, vm).values(None) }
}

/// The type of the function of a unit `O&`.
type Converter = unsafe extern "C" fn(*mut c_void) -> *mut PyObject;

struct Builder<'a> {
    /// What is left of the format.
    format: &'a [u8],
    arguments: Arguments,
    vm: &'a VirtualMachine,
}

impl<'a> Builder<'a> {
    fn new(format: &'a CStr, arguments: Arguments, vm: &'a VirtualMachine) -> Self {
        Self {
            format: format.to_bytes(),
            arguments,
            vm,
        }
    }

    fn wrong_format(&self, text: &str) -> PyBaseExceptionRef {
        self.vm.new_system_error(text)
    }

    /// The number of units up to a closing bracket, or up to the end of the format.
    fn count(&self, end: Option<u8>) -> PyResult<usize> {
        let mut count = 0;
        let mut depth = 0_isize;
        let mut rest = self.format.iter().copied();
        loop {
            let byte = rest.next();
            if depth <= 0 && byte == end {
                return Ok(count);
            }
            let outside = usize::from(depth == 0);
            match byte {
                None => return Err(self.wrong_format("unmatched paren in format")),
                Some(b'(' | b'[' | b'{') => {
                    count += outside;
                    depth += 1;
                }
                Some(b')' | b']' | b'}') => depth -= 1,
                Some(b'#' | b'&' | b',' | b':' | b' ' | b'\t') => {}
                Some(_) => count += outside,
            }
        }
    }

    /// The values of the units up to a closing bracket, or up to the end of the format.
    ///
    /// # Safety
    /// The arguments fit the format.
    unsafe fn values(&mut self, end: Option<u8>) -> PyResult<Vec<PyObjectRef>> {
        let mut values = Vec::new();
        let mut failed = None;
        for _ in 0..self.count(end)? {
            // SAFETY: the caller promises arguments that fit.
            match unsafe { self.value() } {
                Ok(value) if failed.is_none() => values.push(value),
                Ok(_) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        self.skip_separators();
        if self.format.first().copied() != end {
            return Err(self.wrong_format("Unmatched paren in format"));
        }
        self.format = self.format.get(1..).unwrap_or_default();
        failed.map_or(Ok(values), Err)
    }

    fn next_byte(&mut self) -> Option<u8> {
        let (first, rest) = self.format.split_first()?;
        self.format = rest;
        Some(*first)
    }

    fn skip_separators(&mut self) {
        while matches!(self.format.first(), Some(b',' | b':' | b' ' | b'\t')) {
            self.next_byte();
        }
    }

    /// Whether the next byte is this one, which it then skips.
    fn skips(&mut self, byte: u8) -> bool {
        let is_next = self.format.first() == Some(&byte);
        if is_next {
            self.format = &self.format[1..];
        }
        is_next
    }

    /// The value of the next unit.
    ///
    /// # Safety
    /// The arguments fit the format.
    unsafe fn value(&mut self) -> PyResult {
        let vm = self.vm;
        self.skip_separators();
        let unit = self.next_byte();
        match unit {
            Some(b'(') => {
                // SAFETY: the caller promises arguments that fit.
                let items = unsafe { self.values(Some(b')')) }?;
                Ok(vm.ctx.new_tuple(items).into())
            }
            Some(b'[') => {
                // SAFETY: the caller promises arguments that fit.
                let items = unsafe { self.values(Some(b']')) }?;
                Ok(vm.ctx.new_list(items).into())
            }
            // SAFETY: the caller promises arguments that fit.
            Some(b'{') => unsafe { self.dict() },
            // SAFETY: the caller promises arguments that fit.
            Some(b's' | b'z' | b'U' | b'y' | b'u') => unsafe { self.text(unit) },
            // SAFETY: the caller promises arguments that fit.
            Some(b'O' | b'S' | b'N') => unsafe { self.object(unit) },
            Some(unit) => {
                // SAFETY: the caller promises arguments that fit.
                match unsafe { self.number(unit) } {
                    Some(value) => value,
                    None => Err(self.wrong_format("bad format char passed to Py_BuildValue")),
                }
            }
            None => Err(self.wrong_format("bad format char passed to Py_BuildValue")),
        }
    }

    /// The value of a unit for a number or a character; `None` if there is no such unit.
    ///
    /// # Safety
    /// The next argument is of the unit's type.
    unsafe fn number(&mut self, unit: u8) -> Option<PyResult> {
        let (vm, arguments) = (self.vm, &mut self.arguments);
        let object: PyObjectRef = match unit {
            // SAFETY: the caller promises an `int`, or a type that C converts to it.
            b'b' | b'B' | b'h' | b'i' => vm.ctx.new_int(unsafe { arguments.int() }).into(),
            b'H' | b'I' => {
                // SAFETY: the caller promises an `unsigned int`, or a type that C converts to `int`.
                let value = unsafe { arguments.int() };
                vm.ctx.new_int(value.cast_unsigned()).into()
            }
            // SAFETY: the caller promises a `Py_ssize_t`.
            b'n' => vm.ctx.new_int(unsafe { arguments.ssize() }).into(),
            // SAFETY: the caller promises a `long`.
            b'l' => vm.ctx.new_int(unsafe { arguments.long() }).into(),
            b'k' => {
                // SAFETY: the caller promises an `unsigned long`.
                let value = unsafe { arguments.long() };
                vm.ctx.new_int(value.cast_unsigned()).into()
            }
            // SAFETY: the caller promises a `long long`.
            b'L' => vm.ctx.new_int(unsafe { arguments.long_long() }).into(),
            b'K' => {
                // SAFETY: the caller promises an `unsigned long long`.
                let value = unsafe { arguments.long_long() };
                vm.ctx.new_int(value.cast_unsigned()).into()
            }
            // SAFETY: the caller promises a `double`, or a `float`.
            b'd' | b'f' => vm.ctx.new_float(unsafe { arguments.double() }).into(),
            b'D' => {
                // SAFETY: the caller promises a pointer to two values of type `double`.
                let parts = unsafe { arguments.pointer() }.cast::<[f64; 2]>();
                // SAFETY: as above, and the caller keeps them for the call.
                let Some([real, imag]) = (unsafe { parts.as_ref() }) else {
                    return Some(Err(null_argument(vm)));
                };
                let class = vm.ctx.types.complex_type.as_object();
                return Some(class.call((*real, *imag), vm));
            }
            // SAFETY: the caller promises an `int`.
            b'p' => vm.ctx.new_bool(unsafe { arguments.int() } != 0).into(),
            b'c' => {
                // SAFETY: the caller promises an `int`, of which a byte is used.
                let byte = unsafe { arguments.int() }.to_le_bytes()[0];
                vm.ctx.new_bytes(vec![byte]).into()
            }
            b'C' => {
                // SAFETY: the caller promises an `int`.
                let ordinal = unsafe { arguments.int() };
                return Some(character(ordinal, vm));
            }
            _ => return None,
        };
        Some(Ok(object))
    }

    /// A `str` or `bytes` of a string, whose length may be an argument too; None for NULL.
    ///
    /// # Safety
    /// The arguments fit the format.
    unsafe fn text(&mut self, unit: Option<u8>) -> PyResult {
        let vm = self.vm;
        // SAFETY: the caller promises a string or NULL.
        let text = unsafe { self.arguments.pointer() };
        let length = if self.skips(b'#') {
            // SAFETY: the caller promises a length.
            usize::try_from(unsafe { self.arguments.ssize() }).ok()
        } else {
            None
        };
        let Some(text) = NonNull::new(text) else {
            return Ok(vm.ctx.none());
        };
        if unit == Some(b'u') {
            let text = text.cast();
            // SAFETY: without a length, the caller promises a wide string with a NUL.
            let length = length.unwrap_or_else(|| unsafe { wide_string::length(text, usize::MAX) });
            // SAFETY: the caller promises a wide string of this length.
            let decoded = unsafe { wide_string::decode(text, length, vm) }?;
            return Ok(vm.ctx.new_str(decoded).into());
        }
        // SAFETY: the caller promises a string of this length, or one with a NUL.
        let bytes = unsafe { bytes(text.cast(), length) };
        match unit {
            Some(b'y') => Ok(vm.ctx.new_bytes(bytes.to_vec()).into()),
            _ => Ok(vm.ctx.new_str(decode_utf8(bytes, vm)?).into()),
        }
    }

    /// An object, or the result of a converter.
    ///
    /// # Safety
    /// The arguments fit the format.
    unsafe fn object(&mut self, unit: Option<u8>) -> PyResult {
        let vm = self.vm;
        if self.skips(b'&') {
            // SAFETY: the caller promises a pointer to a function of this type.
            let converter = unsafe { self.arguments.pointer() };
            // SAFETY: the caller promises a pointer.
            let argument = unsafe { self.arguments.pointer() };
            // SAFETY: it is a pointer to a function of this type, or NULL, which is `None`.
            let converter =
                unsafe { core::mem::transmute::<*mut c_void, Option<Converter>>(converter) };
            let converter = converter.ok_or_else(|| null_argument(vm))?;
            // SAFETY: the caller promises a converter for this argument.
            let (result, raised) = call_c(vm, || unsafe { converter(argument) });
            // SAFETY: a converter returns a new reference, or NULL.
            let result = unsafe { owned(result) };
            return checked_result(result, raised, |what| format!("converter {what}"), vm);
        }
        // SAFETY: the caller promises an object or NULL.
        let object = unsafe { self.arguments.object() };
        let object = if unit == Some(b'N') {
            // SAFETY: the reference of a unit `N` passes to this call.
            unsafe { owned(object) }
        } else {
            // SAFETY: it is NULL or an object, which the caller keeps alive.
            unsafe { object.as_ref() }.map(ToOwned::to_owned)
        };
        // NULL is often the result of a call that failed.
        object.ok_or_else(|| {
            vm.take_raised_exception()
                .unwrap_or_else(|| vm.new_system_error("NULL object passed to Py_BuildValue"))
        })
    }

    /// A dict of the units up to the closing bracket, by turns keys and values.
    ///
    /// # Safety
    /// The arguments fit the format.
    unsafe fn dict(&mut self) -> PyResult {
        let count = self.count(Some(b'}'))?;
        // SAFETY: the caller promises arguments that fit.
        let items = unsafe { self.values(Some(b'}')) }?;
        if count % 2 != 0 {
            return Err(self.wrong_format("Bad dict format"));
        }
        let dict = self.vm.ctx.new_dict();
        for pair in items.chunks_exact(2) {
            dict.set_item(&*pair[0], pair[1].clone(), self.vm)?;
        }
        Ok(dict.into())
    }
}

/// The string of one character.
///
/// # Errors
/// ValueError if there is no such character.
fn character(ordinal: c_int, vm: &VirtualMachine) -> PyResult {
    let point = u32::try_from(ordinal).ok().and_then(CodePoint::from_u32);
    let point = point.ok_or_else(|| vm.new_value_error("chr() arg not in range(0x110000)"))?;
    Ok(vm.ctx.new_str(Wtf8Buf::from_iter([point])).into())
}

/// The bytes of a string that has this length, or ends in a NUL.
///
/// # Safety
/// `text` is such a string, and lives for `'a`.
unsafe fn bytes<'a>(text: NonNull<c_char>, length: Option<usize>) -> &'a [u8] {
    match length {
        // SAFETY: the caller promises a string of this length.
        Some(length) => unsafe { NonNull::slice_from_raw_parts(text.cast(), length).as_ref() },
        // SAFETY: the caller promises a string that ends in a NUL.
        None => unsafe { CStr::from_ptr(text.as_ptr()) }.to_bytes(),
    }
}
