//! The units of argument formats that store objects and characters, nested sequences, and the choice of
//! the unit for a letter.

use core::ffi::c_void;

use rustpython_vm::builtins::{PyByteArray, PyBytes, PyDict, PyStr, PyType};
use rustpython_vm::{AsObject, PyObject, PyPayload};

use super::parser::{Converter, Parser, Problem, Undo, class_name};
use crate::boundary::{bad_internal_call, borrowed, call_c};

/// What a converter returns if it wants to be called again when a later unit fails.
const CLEANUP_SUPPORTED: i32 = 0x20000;

impl Parser<'_> {
    /// Converts an object by the next unit; without an object it skips the unit and its variables.
    ///
    /// # Safety
    /// The arguments fit the format, and the object is kept by the caller of the C function.
    pub(super) unsafe fn unit(&mut self, object: Option<&PyObject>) -> Result<(), Problem> {
        let letter = self.next_byte().unwrap_or(0);
        // SAFETY: the caller promises arguments that fit.
        if let Some(result) = unsafe { self.number(letter, object) } {
            return result;
        }
        match letter {
            // SAFETY: the caller promises arguments that fit.
            b'(' => unsafe { self.nested(object) },
            // SAFETY: the caller promises arguments that fit.
            b's' | b'z' | b'y' => unsafe { self.text(letter, object) },
            // SAFETY: the caller promises arguments that fit.
            b'w' if self.skips(b'*') => unsafe { self.view(letter, object) },
            b'w' => Err(Problem::text("(invalid use of 'w' format character)")),
            // SAFETY: the caller promises arguments that fit.
            b'e' => unsafe { self.encoded(object) },
            // SAFETY: the caller promises arguments that fit.
            b'c' | b'C' => unsafe { self.character(letter, object) },
            // SAFETY: the caller promises arguments that fit.
            b'S' => unsafe { self.instance::<PyBytes>("bytes", object) },
            // SAFETY: the caller promises arguments that fit.
            b'Y' => unsafe { self.instance::<PyByteArray>("bytearray", object) },
            // SAFETY: the caller promises arguments that fit.
            b'U' => unsafe { self.instance::<PyStr>("str", object) },
            // SAFETY: the caller promises arguments that fit.
            b'O' if self.skips(b'!') => unsafe { self.instance_of_type(object) },
            // SAFETY: the caller promises arguments that fit.
            b'O' if self.skips(b'&') => unsafe { self.converted(object) },
            // SAFETY: the caller promises arguments that fit.
            b'O' => unsafe { self.store(object, |object, _| Ok(borrowed(object))) },
            _ => Err(Problem::text("(impossible<bad format char>)")),
        }
    }

    /// # Safety
    /// The arguments fit the format.
    unsafe fn character(&mut self, letter: u8, object: Option<&PyObject>) -> Result<(), Problem> {
        if letter == b'C' {
            // SAFETY: the caller promises the address of an `int`.
            return unsafe {
                self.store(object, |object, vm| {
                    let string = object.downcast_ref::<PyStr>();
                    let string = string
                        .ok_or_else(|| Problem::must_be("a unicode character", object, vm))?;
                    let mut points = string.as_wtf8().code_points();
                    match (points.next(), points.next()) {
                        (Some(point), None) => Ok(point.to_u32()),
                        _ => Err(Problem::must_be("a unicode character", object, vm)),
                    }
                })
            };
        }
        // SAFETY: the caller promises the address of a `char`.
        unsafe {
            self.store(object, |object, vm| {
                let bytes = match object.downcast_ref::<PyBytes>() {
                    Some(bytes) => bytes.as_bytes().to_vec(),
                    None => match object.downcast_ref::<PyByteArray>() {
                        Some(bytes) => bytes.borrow_buf().to_vec(),
                        None => Vec::new(),
                    },
                };
                match bytes.as_slice() {
                    [byte] => Ok(*byte),
                    _ => Err(Problem::must_be("a byte string of length 1", object, vm)),
                }
            })
        }
    }

    /// Stores a borrowed reference to an object of a class of the VM.
    ///
    /// # Safety
    /// The arguments fit the format.
    unsafe fn instance<T: PyPayload>(
        &mut self,
        expected: &str,
        object: Option<&PyObject>,
    ) -> Result<(), Problem> {
        // SAFETY: the caller promises the address of a pointer.
        unsafe {
            self.store(object, |object, vm| match object.downcast_ref::<T>() {
                Some(_) => Ok(borrowed(object)),
                None => Err(Problem::must_be(expected, object, vm)),
            })
        }
    }

    /// The unit `O!`.
    ///
    /// # Safety
    /// The arguments fit the format.
    unsafe fn instance_of_type(&mut self, object: Option<&PyObject>) -> Result<(), Problem> {
        // SAFETY: the caller promises a class.
        let class = unsafe { self.arguments.object() };
        // SAFETY: it is a class, which the caller keeps alive.
        let class = unsafe { class.as_ref() }.and_then(PyObject::downcast_ref::<PyType>);
        // SAFETY: the caller promises the address of a pointer.
        unsafe {
            self.store(object, |object, vm| {
                let class = class.ok_or_else(|| bad_internal_call(vm))?;
                if object.class().is_subtype(class) {
                    return Ok(borrowed(object));
                }
                let expected = class.slot_name().to_string();
                Err(Problem::must_be(&expected, object, vm))
            })
        }
    }

    /// The unit `O&`.
    ///
    /// # Safety
    /// The arguments fit the format.
    unsafe fn converted(&mut self, object: Option<&PyObject>) -> Result<(), Problem> {
        // SAFETY: the caller promises a pointer to a function of this type.
        let converter = unsafe { self.arguments.pointer() };
        // SAFETY: the caller promises a pointer.
        let address = unsafe { self.arguments.pointer() };
        // SAFETY: it is a pointer to a function of this type, or NULL, which is `None`.
        let converter =
            unsafe { core::mem::transmute::<*mut c_void, Option<Converter>>(converter) };
        let (Some(object), Some(converter)) = (object, converter) else {
            return Ok(());
        };
        // SAFETY: the caller promises a converter for this address.
        let (status, raised) = call_c(self.vm, || unsafe { converter(borrowed(object), address) });
        match (status, raised) {
            (0, Some(raised)) => Err(raised.into()),
            (0, None) => Err(Problem::text("(unspecified)")),
            (_, Some(raised)) => Err(raised.into()),
            (status, None) => {
                if status == CLEANUP_SUPPORTED {
                    self.undo.push(Undo::Clean(converter, address));
                }
                Ok(())
            }
        }
    }

    /// The units up to the closing parenthesis, for the items of a sequence.
    ///
    /// # Safety
    /// The arguments fit the format.
    unsafe fn nested(&mut self, object: Option<&PyObject>) -> Result<(), Problem> {
        let Some(object) = object else {
            while !self.skips(b')') && !self.is_at_end() {
                // SAFETY: the caller promises arguments that fit.
                unsafe { self.unit(None) }?;
            }
            return Ok(());
        };
        let vm = self.vm;
        let count = units_before_closing(self.rest);
        let is_sequence = object.downcast_ref::<PyBytes>().is_none()
            && object.downcast_ref::<PyDict>().is_none()
            && object.sequence_unchecked().check();
        if !is_sequence {
            let class = class_name(object, vm);
            return Err(Problem::text(format!(
                "must be {count}-item sequence, not {class}"
            )));
        }
        let length = object.length(vm)?;
        if length != count {
            let text = format!("must be sequence of length {count}, not {length}");
            return Err(Problem::text(text));
        }
        for index in 0..count {
            let placed = |problem| match problem {
                Problem::Text(text, mut path) => {
                    path.push(index);
                    Problem::Text(text, path)
                }
                raised @ Problem::Raised(_) => raised,
            };
            let item = object.get_item(vm.ctx.new_int(index).as_object(), vm);
            let item = item.map_err(|_| placed(Problem::text("is not retrievable")))?;
            // SAFETY: the caller promises arguments that fit. The sequence keeps the item.
            unsafe { self.unit(Some(&item)) }.map_err(placed)?;
        }
        self.skips(b')');
        Ok(())
    }
}

/// The number of units before the parenthesis that closes this level.
fn units_before_closing(format: &[u8]) -> usize {
    let (mut count, mut depth) = (0, 0);
    for byte in format {
        match byte {
            b'(' => {
                count += usize::from(depth == 0);
                depth += 1;
            }
            b')' if depth == 0 => break,
            b')' => depth -= 1,
            b':' | b';' => break,
            b'e' => {}
            byte if depth == 0 && byte.is_ascii_alphabetic() => count += 1,
            _ => {}
        }
    }
    count
}
