//! The types that a member of a C struct can have, and how its value is read and written. Members
//! may be used by several threads at once: an aligned field is read and written as a whole, and the
//! reference in an object field can be replaced while another thread reads it. That holds for all
//! that goes through this file; C code that replaces such a reference itself must make sure that no
//! other thread reads the member meanwhile.

use core::ffi::{
    CStr, c_char, c_int, c_long, c_longlong, c_short, c_uint, c_ulong, c_ulonglong, c_ushort,
};
use core::sync::atomic::{
    AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicPtr, AtomicU8, AtomicU16,
    AtomicU32, AtomicU64, Ordering,
};

use rustpython_vm::builtins::{PyInt, PyStr};
use rustpython_vm::function::PySetterValue;
use rustpython_vm::object::PyObjectCell;
use rustpython_vm::warn::warn;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::boundary::decode_utf8;

/// The type of a member; the numbers are those of `Py_T_…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum FieldType {
    Short = 0,
    Int = 1,
    Long = 2,
    Float = 3,
    Double = 4,
    /// The address of a text, or NULL.
    String = 5,
    /// A reference, or NULL, which is None.
    Object = 6,
    /// A text of one byte.
    Char = 7,
    Byte = 8,
    UByte = 9,
    UShort = 10,
    UInt = 11,
    ULong = 12,
    /// A text that is stored in the struct.
    StringInplace = 13,
    Bool = 14,
    /// A reference, or NULL, which is no attribute.
    ObjectEx = 16,
    LongLong = 17,
    ULongLong = 18,
    SsizeT = 19,
    /// Always None.
    None = 20,
    /// A code that is none of these. Using the member is an error.
    Unknown = u8::MAX,
}

impl FieldType {
    const ALL: [Self; 20] = [
        Self::Short,
        Self::Int,
        Self::Long,
        Self::Float,
        Self::Double,
        Self::String,
        Self::Object,
        Self::Char,
        Self::Byte,
        Self::UByte,
        Self::UShort,
        Self::UInt,
        Self::ULong,
        Self::StringInplace,
        Self::Bool,
        Self::ObjectEx,
        Self::LongLong,
        Self::ULongLong,
        Self::SsizeT,
        Self::None,
    ];

    pub(crate) fn from_code(code: c_int) -> Self {
        let mut known = Self::ALL.into_iter();
        known
            .find(|known| c_int::from(*known as u8) == code)
            .unwrap_or(Self::Unknown)
    }

    /// Reads a field; `None` for an empty `ObjectEx`.
    ///
    /// # Errors
    /// UnicodeDecodeError for a text that is not UTF-8; SystemError for an unknown type, and for a
    /// reference that is not aligned.
    ///
    /// # Safety
    /// `field` is a field of this type, which can be read.
    pub(crate) unsafe fn load(
        self,
        field: *mut u8,
        vm: &VirtualMachine,
    ) -> PyResult<Option<PyObjectRef>> {
        let ctx = &vm.ctx;
        /// The value of a number, as an object that `$new` makes.
        macro_rules! number {
            ($new:ident, $number:ty) => {
                // SAFETY: the field is of this type, by the contract of this function.
                ctx.$new(unsafe { <$number>::load(field.cast()) }).into()
            };
        }
        Ok(Some(match self {
            Self::Bool => {
                // SAFETY: the field is one byte.
                ctx.new_bool(unsafe { u8::load(field) } != 0).into()
            }
            Self::Byte => number!(new_int, i8),
            Self::UByte => number!(new_int, u8),
            Self::Short => number!(new_int, c_short),
            Self::UShort => number!(new_int, c_ushort),
            Self::Int => number!(new_int, c_int),
            Self::UInt => number!(new_int, c_uint),
            Self::Long => number!(new_int, c_long),
            Self::ULong => number!(new_int, c_ulong),
            Self::LongLong => number!(new_int, c_longlong),
            Self::ULongLong => number!(new_int, c_ulonglong),
            Self::SsizeT => number!(new_int, isize),
            Self::Double => number!(new_float, f64),
            Self::Float => {
                // SAFETY: the field is of this type.
                ctx.new_float(unsafe { f32::load(field.cast()) }.into())
                    .into()
            }
            Self::Char => {
                // SAFETY: the field is one byte.
                let byte = unsafe { u8::load(field) };
                ctx.new_str(decode_utf8(&[byte], vm)?).into()
            }
            Self::String => {
                // SAFETY: the field is an address.
                let text = unsafe { <*mut c_char>::load(field.cast()) };
                if text.is_null() {
                    ctx.none()
                } else {
                    // SAFETY: it is the address of a text, which its owner keeps.
                    let text = unsafe { CStr::from_ptr(text) };
                    ctx.new_str(decode_utf8(text.to_bytes(), vm)?).into()
                }
            }
            Self::StringInplace => {
                // SAFETY: the field contains a text.
                let text = unsafe { CStr::from_ptr(field.cast()) };
                ctx.new_str(decode_utf8(text.to_bytes(), vm)?).into()
            }
            Self::Object => {
                // SAFETY: the field is a reference or NULL.
                let value = unsafe { cell(field, vm) }?.load_owned();
                value.unwrap_or_else(|| ctx.none())
            }
            // SAFETY: the field is a reference or NULL.
            Self::ObjectEx => return Ok(unsafe { cell(field, vm) }?.load_owned()),
            Self::None => ctx.none(),
            Self::Unknown => return Err(vm.new_system_error("bad memberdescr type")),
        }))
    }

    /// Writes or deletes a field. A number that does not fit is truncated, with a RuntimeWarning.
    ///
    /// # Errors
    /// TypeError for a value of the wrong class and for a field that cannot be written or deleted;
    /// OverflowError for a number that does not even fit into a C `long`; SystemError for an unknown
    /// type, and for a reference that is not aligned; AttributeError with `name`
    /// if an empty `ObjectEx` is deleted; the warning, if it is an error.
    ///
    /// # Safety
    /// `field` is a field of this type, which can be written to.
    pub(crate) unsafe fn store(
        self,
        field: *mut u8,
        value: PySetterValue,
        name: &str,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let PySetterValue::Assign(value) = value else {
            // SAFETY: the caller makes the same promise.
            return unsafe { self.delete(field, name, vm) };
        };
        /// Stores a number that may be truncated to `$number`.
        macro_rules! truncated {
            ($number:ty, $name:literal) => {{
                let wide = as_long(&value, vm)?;
                // SAFETY: the field is of this type, by the contract of this function.
                unsafe { <$number>::store(field.cast(), wide as $number) };
                if <$number>::try_from(wide).is_err() {
                    warning(concat!("Truncation of value to ", $name), vm)?;
                }
            }};
        }
        /// Stores a number that fits, or a negative one in an unsigned field.
        macro_rules! unsigned {
            ($number:ty, $too_big:literal) => {{
                let (wide, is_negative) = as_unsigned(&value, $too_big, vm)?;
                // SAFETY: the field is of this type, by the contract of this function.
                unsafe { <$number>::store(field.cast(), wide as $number) };
                if is_negative {
                    warning("Writing negative value into unsigned field", vm)?;
                } else if <$number>::try_from(wide).is_err() {
                    warning("Truncation of value to unsigned int", vm)?;
                }
            }};
        }
        match self {
            Self::Bool => {
                if !value.class().is(vm.ctx.types.bool_type) {
                    return Err(vm.new_type_error("attribute value type must be bool"));
                }
                let is_true = value.is(&vm.ctx.true_value);
                // SAFETY: the field is one byte.
                unsafe { u8::store(field, is_true.into()) };
            }
            Self::Byte => truncated!(i8, "char"),
            Self::UByte => truncated!(u8, "unsigned char"),
            Self::Short => truncated!(c_short, "short"),
            Self::UShort => truncated!(c_ushort, "unsigned short"),
            Self::Int => truncated!(c_int, "int"),
            Self::UInt => unsigned!(c_uint, "Python int too large to convert to C unsigned long"),
            Self::ULong => unsigned!(
                c_ulong,
                "Python int too large to convert to C unsigned long"
            ),
            Self::ULongLong => unsigned!(c_ulonglong, "int too big to convert"),
            Self::Long => {
                let number = as_long(&value, vm)?;
                // SAFETY: the field is of this type.
                unsafe { number.store_to(field) };
            }
            Self::LongLong => {
                let number = c_longlong::try_from(value.try_index(vm)?.as_bigint())
                    .map_err(|_| vm.new_overflow_error("int too big to convert"))?;
                // SAFETY: the field is of this type.
                unsafe { number.store_to(field) };
            }
            Self::SsizeT => {
                let number = value
                    .downcast_ref::<PyInt>()
                    .ok_or_else(|| vm.new_type_error("an integer is required"))?;
                let number = isize::try_from(number.as_bigint()).map_err(|_| {
                    vm.new_overflow_error("Python int too large to convert to C ssize_t")
                })?;
                // SAFETY: the field is of this type.
                unsafe { number.store_to(field) };
            }
            Self::Float => {
                let number = value.try_float(vm)?.to_f64() as f32;
                // SAFETY: the field is of this type.
                unsafe { number.store_to(field) };
            }
            Self::Double => {
                let number = value.try_float(vm)?.to_f64();
                // SAFETY: the field is of this type.
                unsafe { number.store_to(field) };
            }
            Self::Char => {
                let text = value.downcast_ref::<PyStr>().map(|text| text.as_bytes());
                let Some([byte @ 0..0x80]) = text else {
                    let text = "bad argument type for built-in operation";
                    return Err(vm.new_type_error(text));
                };
                // SAFETY: the field is one byte.
                unsafe { byte.store_to(field) };
            }
            Self::Object | Self::ObjectEx => {
                // SAFETY: the field is a reference or NULL.
                drop(unsafe { cell(field, vm) }?.store(Some(value)));
            }
            Self::String | Self::StringInplace => {
                return Err(vm.new_type_error("readonly attribute"));
            }
            Self::None | Self::Unknown => {
                return Err(vm.new_system_error(format!("bad memberdescr type for {name}")));
            }
        }
        Ok(())
    }

    /// # Errors, Safety
    /// As for [`store`](Self::store).
    unsafe fn delete(self, field: *mut u8, name: &str, vm: &VirtualMachine) -> PyResult<()> {
        if !matches!(self, Self::Object | Self::ObjectEx) {
            return Err(vm.new_type_error("can't delete numeric/char attribute"));
        }
        // SAFETY: the field is a reference or NULL.
        let value = unsafe { cell(field, vm) }?.store(None);
        if value.is_none() && self == Self::ObjectEx {
            return Err(vm.new_attribute_error(name.to_owned()));
        }
        Ok(())
    }
}

/// A field that holds a reference or NULL, as the cell in which the VM keeps such a reference.
///
/// # Errors
/// SystemError if the field is not aligned.
///
/// # Safety
/// `field` is a reference or NULL, which can be read and written to for `'a`.
unsafe fn cell<'a>(field: *mut u8, vm: &VirtualMachine) -> PyResult<&'a PyObjectCell> {
    const {
        assert!(size_of::<PyObjectCell>() == size_of::<*mut PyObject>());
        assert!(align_of::<PyObjectCell>() == align_of::<*mut PyObject>());
    };
    let cell = field.cast::<PyObjectCell>();
    if !cell.is_aligned() {
        return Err(vm.new_system_error("a member that is an object is not aligned"));
    }
    // SAFETY: a cell of the VM is one word, the address of an object or null, and owns a reference
    // to the object, as the field does.
    Ok(unsafe { &*cell })
}

fn as_long(value: &PyObject, vm: &VirtualMachine) -> PyResult<c_long> {
    c_long::try_from(value.try_index(vm)?.as_bigint())
        .map_err(|_| vm.new_overflow_error("Python int too large to convert to C long"))
}

/// The value as an unsigned number, and whether it is negative. A negative number wraps around.
fn as_unsigned(
    value: &PyObject,
    too_big: &'static str,
    vm: &VirtualMachine,
) -> PyResult<(u64, bool)> {
    let number = value.try_index(vm)?;
    if let Ok(number) = u64::try_from(number.as_bigint()) {
        return Ok((number, false));
    }
    if *number.as_bigint() >= Default::default() {
        return Err(vm.new_overflow_error(too_big));
    }
    Ok((as_long(number.as_object(), vm)? as u64, true))
}

fn warning(text: &'static str, vm: &VirtualMachine) -> PyResult<()> {
    let category = vm.ctx.exceptions.runtime_warning.to_owned();
    warn(vm.ctx.new_str(text).into(), Some(category), 1, None, vm)
}

/// A number in a field that several threads may use.
trait Number: Sized {
    /// # Safety
    /// `field` can be read.
    unsafe fn load(field: *mut Self) -> Self;
    /// # Safety
    /// `field` can be written to.
    unsafe fn store(field: *mut Self, value: Self);
    /// # Safety
    /// `field` is of this type and can be written to.
    unsafe fn store_to(self, field: *mut u8) {
        // SAFETY: the caller makes the same promise.
        unsafe { Self::store(field.cast(), self) };
    }
}

macro_rules! numbers {
    ($($number:ty: $atomic:ty),*) => {$(
        impl Number for $number {
            unsafe fn load(field: *mut Self) -> Self {
                if field.is_aligned() {
                    // SAFETY: it is aligned and can be read; other threads use it atomically too, or
                    // C code makes sure that they do not write to it meanwhile.
                    unsafe { <$atomic>::from_ptr(field.cast()) }.load(Ordering::Acquire)
                } else {
                    // SAFETY: the caller promises that it can be read.
                    unsafe { field.read_unaligned() }
                }
            }

            unsafe fn store(field: *mut Self, value: Self) {
                if field.is_aligned() {
                    // SAFETY: as for `load`.
                    unsafe { <$atomic>::from_ptr(field.cast()) }.store(value, Ordering::Release);
                } else {
                    // SAFETY: the caller promises that it can be written to.
                    unsafe { field.write_unaligned(value) };
                }
            }
        }
    )*};
}

numbers!(
    i8: AtomicI8, u8: AtomicU8, i16: AtomicI16, u16: AtomicU16, i32: AtomicI32, u32: AtomicU32,
    i64: AtomicI64, u64: AtomicU64, isize: AtomicIsize, *mut c_char: AtomicPtr<c_char>
);

impl Number for f32 {
    unsafe fn load(field: *mut Self) -> Self {
        // SAFETY: the caller makes the same promise.
        Self::from_bits(unsafe { u32::load(field.cast()) })
    }

    unsafe fn store(field: *mut Self, value: Self) {
        // SAFETY: the caller makes the same promise.
        unsafe { u32::store(field.cast(), value.to_bits()) };
    }
}

impl Number for f64 {
    unsafe fn load(field: *mut Self) -> Self {
        // SAFETY: the caller makes the same promise.
        Self::from_bits(unsafe { u64::load(field.cast()) })
    }

    unsafe fn store(field: *mut Self, value: Self) {
        // SAFETY: the caller makes the same promise.
        unsafe { u64::store(field.cast(), value.to_bits()) };
    }
}
