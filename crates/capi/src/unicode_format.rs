//! The formats of `PyUnicode_FromFormat`: from C values to text. `varargs.c` has the functions of
//! `unicodeobject.h` and `pyerrors.h` that use them.

use core::ffi::{c_char, c_int};
use core::ptr::NonNull;

use rustpython_vm::builtins::{PyBaseExceptionRef, PyStr, PyType};
use rustpython_vm::common::wtf8::{CodePoint, Wtf8, Wtf8Buf};
use rustpython_vm::{Py, PyObject, PyResult, VirtualMachine};

use crate::boundary::{argument, enter, new_reference, null_argument, string_argument};
use crate::object::full_name;
use crate::varargs::Arguments;
use crate::wide_string;

/// `PyUnicode_FromFormat`: a new `str` of a format and its arguments, or NULL with an exception.
///
/// # Safety
/// `format` is NULL or a NUL-terminated string, and the arguments fit it.
#[unsafe(no_mangle)]
unsafe extern "C" fn rustpython_capsule_format(
    format: *const c_char,
    arguments: Arguments,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: the caller promises a format and arguments that fit it.
        let text = unsafe { formatted(format, arguments, vm) }?;
        Ok(new_reference(vm.ctx.new_str(text)))
    })
}

/// The text of a format and its arguments.
///
/// # Errors
/// SystemError for a conversion that does not exist, or for NULL; ValueError for a format that is not
/// ASCII, or too wide; OverflowError for a character that does not exist; MemoryError; exceptions of
/// the arguments' `__str__` and `__repr__`.
///
/// # Safety
/// `format` is NULL or a NUL-terminated string, and the arguments fit it.
pub(crate) unsafe fn formatted(
    format: *const c_char,
    arguments: Arguments,
    vm: &VirtualMachine,
) -> PyResult<Wtf8Buf> {
    // SAFETY: `format` is NULL or a NUL-terminated string.
    let format = unsafe { string_argument(format, vm) }?.to_bytes();
    let mut formatter = Formatter {
        rest: format,
        arguments,
        text: Wtf8Buf::new(),
        vm,
    };
    while let Some(byte) = formatter.next_byte() {
        if byte == b'%' {
            // SAFETY: the caller promises arguments that fit.
            unsafe { formatter.conversion() }?;
        } else if byte.is_ascii() {
            formatter.text.push_char(char::from(byte));
        } else {
            return Err(vm.new_value_error(format!(
                "PyUnicode_FromFormatV() expects an ASCII-encoded format string, got a non-ASCII \
                 byte: 0x{byte:02x}"
            )));
        }
    }
    Ok(formatter.text)
}

struct Formatter<'a> {
    /// What is left of the format.
    rest: &'a [u8],
    arguments: Arguments,
    text: Wtf8Buf,
    vm: &'a VirtualMachine,
}

/// What a conversion has before its letter.
#[derive(Default)]
struct Spec {
    left: bool,
    zero: bool,
    alternative: bool,
    width: Option<usize>,
    precision: Precision,
    size: Size,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Precision {
    #[default]
    None,
    /// A negative argument.
    Negative,
    Digits(usize),
}

/// The type of an integer or a string.
#[derive(Clone, Copy, Default, PartialEq)]
enum Size {
    #[default]
    Plain,
    Long,
    LongLong,
    /// `intmax_t`, which has the size of a `long long`.
    Max,
    /// `Py_ssize_t` or `ptrdiff_t`, which have the same size.
    Word,
}

impl Formatter<'_> {
    fn next_byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn skips(&mut self, text: &[u8]) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Appends what the conversion after a `%` makes.
    ///
    /// # Safety
    /// The arguments fit the format.
    unsafe fn conversion(&mut self) -> PyResult<()> {
        let start = self.rest;
        if self.skips(b"%") {
            self.text.push_char('%');
            return Ok(());
        }
        // SAFETY: the caller promises arguments that fit.
        let spec = unsafe { self.spec() }?;
        let plain = spec.size == Size::Plain;
        let letter = self.next_byte().unwrap_or(0);
        match letter {
            b'd' | b'i' | b'o' | b'u' | b'x' | b'X' => {
                // SAFETY: the caller promises arguments that fit.
                let digits = unsafe { self.digits(letter, spec.size) };
                self.push_number(&digits, &spec)
            }
            b'c' if plain && spec.width.is_none() && spec.precision == Precision::None => {
                // SAFETY: the caller promises an `int`.
                let ordinal = unsafe { self.arguments.int() };
                self.push_character(ordinal)
            }
            b'p' if plain && spec.width.is_none() && spec.precision == Precision::None => {
                // SAFETY: the caller promises a pointer.
                let address = unsafe { self.arguments.pointer() }.addr();
                self.push_number(&format!("{address:#x}"), &Spec::default())
            }
            b's' if matches!(spec.size, Size::Plain | Size::Long) => {
                // SAFETY: the caller promises arguments that fit.
                unsafe { self.string(None, &spec) }
            }
            b'V' if matches!(spec.size, Size::Plain | Size::Long) => {
                // SAFETY: the caller promises an object or NULL.
                let object = unsafe { self.arguments.object() };
                // SAFETY: it is NULL or an object, which the caller keeps alive.
                let object = unsafe { object.as_ref() };
                // SAFETY: the caller promises a string after the object.
                unsafe { self.string(object, &spec) }
            }
            b'U' | b'S' | b'R' | b'A' | b'T' | b'N' if plain => {
                // SAFETY: the caller promises an object.
                let object = unsafe { self.arguments.object() };
                // SAFETY: it is NULL or an object, which the caller keeps alive.
                let object = unsafe { argument(object, self.vm) }?;
                self.object(letter, object, &spec)
            }
            _ => {
                let start = String::from_utf8_lossy(start);
                let text = format!("invalid format string: %{start}");
                Err(self.vm.new_system_error(text))
            }
        }
    }

    /// The flags, the width, the precision and the size of a conversion.
    ///
    /// # Errors
    /// ValueError for a number that is too large.
    ///
    /// # Safety
    /// The arguments fit the format.
    unsafe fn spec(&mut self) -> PyResult<Spec> {
        let mut spec = Spec::default();
        loop {
            match self.rest.first() {
                Some(b'-') => spec.left = true,
                Some(b'0') => spec.zero = true,
                Some(b'#') => spec.alternative = true,
                _ => break,
            }
            self.next_byte();
        }
        if self.skips(b"*") {
            // SAFETY: the caller promises an `int`.
            let width = unsafe { self.arguments.int() };
            spec.left |= width < 0;
            spec.width = Some(width.unsigned_abs() as usize);
        } else {
            spec.width = self.decimal("width too big")?;
        }
        if self.skips(b".") {
            if self.skips(b"*") {
                // SAFETY: the caller promises an `int`.
                let precision = usize::try_from(unsafe { self.arguments.int() });
                spec.precision = precision.map_or(Precision::Negative, Precision::Digits);
            } else if let Some(precision) = self.decimal("precision too big")? {
                spec.precision = Precision::Digits(precision);
            }
        }
        let sizes: [(&[u8], Size); 5] = [
            (b"ll", Size::LongLong),
            (b"l", Size::Long),
            (b"j", Size::Max),
            (b"z", Size::Word),
            (b"t", Size::Word),
        ];
        let found = sizes.into_iter().find(|(text, _)| self.skips(text));
        spec.size = found.map_or(Size::Plain, |(_, size)| size);
        Ok(spec)
    }

    /// The number that comes next, if there is one.
    fn decimal(&mut self, too_big: &str) -> PyResult<Option<usize>> {
        let mut number = None;
        while let Some(digit @ b'0'..=b'9') = self.rest.first() {
            let digit = isize::from(digit - b'0');
            let larger = number.unwrap_or(0_isize).checked_mul(10);
            let larger = larger.and_then(|larger| larger.checked_add(digit));
            number = Some(larger.ok_or_else(|| self.vm.new_value_error(too_big))?);
            self.next_byte();
        }
        Ok(number.map(isize::cast_unsigned))
    }

    /// The digits of the next argument, with a sign if it is negative.
    ///
    /// # Safety
    /// The next argument is an integer of this size.
    unsafe fn digits(&mut self, letter: u8, size: Size) -> String {
        macro_rules! digits {
            ($value:expr) => {{
                let value = $value;
                match letter {
                    b'd' | b'i' => value.to_string(),
                    b'u' => value.cast_unsigned().to_string(),
                    b'o' => format!("{:o}", value),
                    b'x' => format!("{:x}", value),
                    _ => format!("{:X}", value),
                }
            }};
        }
        match size {
            // SAFETY: the caller promises an `int`, signed or not.
            Size::Plain => digits!(unsafe { self.arguments.int() }),
            // SAFETY: the caller promises a `long`, signed or not.
            Size::Long => digits!(unsafe { self.arguments.long() }),
            // SAFETY: the caller promises a `long long` or `intmax_t`, signed or not.
            Size::LongLong | Size::Max => digits!(unsafe { self.arguments.long_long() }),
            // SAFETY: the caller promises a `Py_ssize_t` or `ptrdiff_t`, signed or not.
            Size::Word => digits!(unsafe { self.arguments.ssize() }),
        }
    }

    fn push_number(&mut self, digits: &str, spec: &Spec) -> PyResult<()> {
        let (sign, digits) = match digits.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", digits),
        };
        let precision = match spec.precision {
            Precision::Digits(precision) => precision.max(digits.len()),
            Precision::None | Precision::Negative => digits.len(),
        };
        let width = spec.width.unwrap_or(0).max(precision + sign.len());
        let precision = if spec.zero && !spec.left {
            width - sign.len()
        } else {
            precision
        };
        let spaces = width - precision - sign.len();
        if !spec.left {
            self.push_repeated(' ', spaces)?;
        }
        self.push(Wtf8::new(sign))?;
        self.push_repeated('0', precision - digits.len())?;
        self.push(Wtf8::new(digits))?;
        if spec.left {
            self.push_repeated(' ', spaces)?;
        }
        Ok(())
    }

    fn push_character(&mut self, ordinal: c_int) -> PyResult<()> {
        let point = u32::try_from(ordinal).ok().and_then(CodePoint::from_u32);
        let point = point.ok_or_else(|| {
            let text = "character argument not in range(0x110000)";
            self.vm.new_overflow_error(text)
        })?;
        self.text.push(point);
        Ok(())
    }

    /// Appends a `str`, or the string that is the next argument if there is none. The precision of a
    /// string counts its bytes.
    ///
    /// # Safety
    /// The next argument is a string; a wide one if the size is `Long`.
    unsafe fn string(&mut self, object: Option<&PyObject>, spec: &Spec) -> PyResult<()> {
        // SAFETY: the caller promises a string.
        let text = unsafe { self.arguments.pointer() };
        if let Some(object) = object {
            let string = string_of(object, self.vm)?;
            return self.push_padded(string.as_wtf8(), spec.precision, spec);
        }
        let text = NonNull::new(text).ok_or_else(|| null_argument(self.vm))?;
        let limit = match spec.precision {
            Precision::Digits(limit) => limit,
            Precision::None | Precision::Negative => usize::MAX,
        };
        let decoded = if spec.size == Size::Long {
            // SAFETY: the caller promises a wide string, with a NUL or at least `limit` elements.
            let length = unsafe { wide_string::length(text.cast(), limit) };
            // SAFETY: it has at least `length` elements.
            unsafe { wide_string::decode(text.cast(), length, self.vm) }?
        } else {
            // SAFETY: the caller promises a string, with a NUL or at least `limit` bytes.
            Wtf8Buf::from(unsafe { utf8(text.cast(), limit) })
        };
        self.push_padded(&decoded, Precision::None, spec)
    }

    fn object(&mut self, letter: u8, object: &PyObject, spec: &Spec) -> PyResult<()> {
        let vm = self.vm;
        let separator = if spec.alternative { ':' } else { '.' };
        let string = match letter {
            b'U' => string_of(object, vm)?.to_owned(),
            b'S' => object.str(vm)?,
            b'R' => object.repr(vm)?,
            b'A' => object.ascii(vm)?,
            b'T' => full_name(object.class(), separator, vm)?,
            _ => {
                let class = object.downcast_ref::<PyType>();
                let class = class.ok_or_else(|| vm.new_type_error("%N argument must be a type"))?;
                full_name(class, separator, vm)?
            }
        };
        self.push_padded(string.as_wtf8(), spec.precision, spec)
    }

    /// Appends a text, of which the precision limits the number of characters, filled with spaces up
    /// to the width.
    fn push_padded(&mut self, text: &Wtf8, precision: Precision, spec: &Spec) -> PyResult<()> {
        let end = match precision {
            Precision::Digits(limit) => text.code_point_indices().nth(limit),
            Precision::None | Precision::Negative => None,
        };
        let text = end.and_then(|(end, _)| text.get(..end)).unwrap_or(text);
        let spaces = match spec.width {
            Some(width) => width.saturating_sub(text.code_points().count()),
            None => 0,
        };
        if !spec.left {
            self.push_repeated(' ', spaces)?;
        }
        self.push(text)?;
        if spec.left {
            self.push_repeated(' ', spaces)?;
        }
        Ok(())
    }

    fn push(&mut self, text: &Wtf8) -> PyResult<()> {
        self.reserve(text.len())?;
        self.text.push_wtf8(text);
        Ok(())
    }

    fn push_repeated(&mut self, character: char, count: usize) -> PyResult<()> {
        self.reserve(count)?;
        self.text
            .extend(core::iter::repeat_n(CodePoint::from_char(character), count));
        Ok(())
    }

    fn reserve(&mut self, more: usize) -> PyResult<()> {
        let reserved = self.text.try_reserve(more);
        reserved.map_err(|_| self.vm.no_memory_error())
    }
}

/// The `str` behind an argument.
///
/// # Errors
/// TypeError if it is of another class.
fn string_of<'a>(object: &'a PyObject, vm: &VirtualMachine) -> PyResult<&'a Py<PyStr>> {
    object
        .downcast_ref::<PyStr>()
        .ok_or_else(|| not_a_str(object, vm))
}

#[cold]
fn not_a_str(object: &PyObject, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let class = object.class().name().to_string();
    vm.new_type_error(format!("expected str, got {class}"))
}

/// The text of UTF-8 that ends in a NUL or after `limit` bytes. What is not UTF-8 becomes U+FFFD.
///
/// # Safety
/// `text` is such a string.
unsafe fn utf8(text: NonNull<c_char>, limit: usize) -> String {
    let byte = |index| {
        // SAFETY: no byte before it is a NUL, and it is within the limit.
        let place = unsafe { text.cast::<u8>().add(index) };
        // SAFETY: it is a byte of the string.
        unsafe { place.read() }
    };
    let length = (0..limit).take_while(|index| byte(*index) != 0).count();
    // SAFETY: the string has this length, and the caller keeps it.
    let bytes = unsafe { NonNull::slice_from_raw_parts(text.cast::<u8>(), length).as_ref() };
    String::from_utf8_lossy(bytes).into_owned()
}
