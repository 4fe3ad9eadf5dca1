//! The units of argument formats that store numbers and truth values.

use core::ffi::{c_int, c_uchar, c_uint, c_ushort};

use rustpython_vm::builtins::PyInt;
use rustpython_vm::{PyObject, PyResult, VirtualMachine};

use super::parser::{Parser, Problem};

impl Parser<'_> {
    /// The number unit `letter`; `None` if there is no such unit.
    ///
    /// # Safety
    /// The arguments fit the format.
    pub(super) unsafe fn number(
        &mut self,
        letter: u8,
        object: Option<&PyObject>,
    ) -> Option<Result<(), Problem>> {
        Some(match letter {
            // SAFETY: the variable is an `unsigned char`.
            b'b' => unsafe {
                self.store(object, limited::<c_uchar>("unsigned byte integer", 0, 255))
            },
            // SAFETY: the variable is an `unsigned char`.
            b'B' => unsafe { self.store(object, |object, vm| Ok(mask(object, vm)? as c_uchar)) },
            // SAFETY: the variable is a `short`.
            b'h' => unsafe {
                let limits = (i64::from(i16::MIN), i64::from(i16::MAX));
                self.store(
                    object,
                    limited::<i16>("signed short integer", limits.0, limits.1),
                )
            },
            // SAFETY: the variable is an `unsigned short`.
            b'H' => unsafe { self.store(object, |object, vm| Ok(mask(object, vm)? as c_ushort)) },
            // SAFETY: the variable is an `int`.
            b'i' => unsafe {
                let limits = (i64::from(c_int::MIN), i64::from(c_int::MAX));
                self.store(
                    object,
                    limited::<c_int>("signed integer", limits.0, limits.1),
                )
            },
            // SAFETY: the variable is an `unsigned int`.
            b'I' => unsafe { self.store(object, |object, vm| Ok(mask(object, vm)? as c_uint)) },
            // SAFETY: the variable is a `long`.
            b'l' => unsafe { self.store(object, |object, vm| Ok(long(object, vm, LONG)?)) },
            // SAFETY: the variable is a `long long`.
            b'L' => unsafe { self.store(object, |object, vm| Ok(long(object, vm, LONG_LONG)?)) },
            // SAFETY: the variable is a `Py_ssize_t`.
            b'n' => unsafe { self.store(object, |object, vm| Ok(long(object, vm, SSIZE)?)) },
            // SAFETY: the variable is an `unsigned long` or `unsigned long long`.
            b'k' | b'K' => unsafe { self.store(object, integer_mask) },
            // SAFETY: the variable is a `float`.
            b'f' => unsafe { self.store(object, |object, vm| Ok(double(object, vm)? as f32)) },
            // SAFETY: the variable is a `double`.
            b'd' => unsafe { self.store(object, |object, vm| Ok(double(object, vm)?)) },
            // SAFETY: the variable is a struct of two values of type `double`.
            b'D' => unsafe { self.store(object, |object, vm| Ok(complex(object, vm)?)) },
            // SAFETY: the variable is an `int`.
            b'p' => unsafe {
                self.store(object, |object, vm| {
                    Ok(c_int::from(object.to_owned().is_true(vm)?))
                })
            },
            _ => return None,
        })
    }
}

const LONG: &str = "Python int too large to convert to C long";
const LONG_LONG: &str = "int too big to convert";
const SSIZE: &str = "Python int too large to convert to C ssize_t";

/// # Errors
/// OverflowError with this text; TypeError if the object has no `__index__`.
fn long(object: &PyObject, vm: &VirtualMachine, text: &'static str) -> PyResult<i64> {
    let int = object.try_index(vm)?;
    i64::try_from(int.as_bigint()).map_err(|_| vm.new_overflow_error(text))
}

/// A conversion to a smaller type, with these limits.
fn limited<T: TryFrom<i64>>(
    what: &'static str,
    low: i64,
    high: i64,
) -> impl FnOnce(&PyObject, &VirtualMachine) -> Result<T, Problem> {
    move |object, vm| {
        let value = long(object, vm, LONG)?;
        let problem = if value < low {
            "is less than minimum"
        } else {
            "is greater than maximum"
        };
        let error = || vm.new_overflow_error(format!("{what} {problem}")).into();
        if !(low..=high).contains(&value) {
            return Err(error());
        }
        T::try_from(value).map_err(|_| error())
    }
}

/// The lowest 64 bits of an integer, without a check for overflow.
fn mask(object: &PyObject, vm: &VirtualMachine) -> PyResult<u64> {
    Ok(lowest_bits(&*object.try_index(vm)?))
}

/// As [`mask`], only for an `int`.
fn integer_mask(object: &PyObject, vm: &VirtualMachine) -> Result<u64, Problem> {
    match object.downcast_ref::<PyInt>() {
        Some(int) => Ok(lowest_bits(int)),
        None => Err(Problem::must_be("int", object, vm)),
    }
}

fn lowest_bits(int: &PyInt) -> u64 {
    let bytes = int.as_bigint().to_signed_bytes_le();
    let fill = if bytes.last().is_some_and(|byte| *byte > 127) {
        255
    } else {
        0
    };
    let mut lowest = [fill; 8];
    let count = bytes.len().min(8);
    lowest[..count].copy_from_slice(&bytes[..count]);
    u64::from_le_bytes(lowest)
}

fn double(object: &PyObject, vm: &VirtualMachine) -> PyResult<f64> {
    Ok(object.try_float(vm)?.to_f64())
}

fn complex(object: &PyObject, vm: &VirtualMachine) -> PyResult<[f64; 2]> {
    match object.to_owned().try_complex(vm)? {
        Some((value, _)) => Ok([value.re, value.im]),
        None => Ok([double(object, vm)?, 0.0]),
    }
}
