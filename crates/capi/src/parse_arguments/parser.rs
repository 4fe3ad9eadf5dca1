//! What all units of an argument format share: reading the format, storing values in the variables of
//! the caller, why a unit fails, and what must be undone then.

use core::ffi::{c_int, c_void};
use core::ptr::{NonNull, null_mut};

use rustpython_capi::pymem::PyMem_Free;
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{PyObject, VirtualMachine};

use crate::buffer_view::PyBufferView;
use crate::pybuffer::PyBuffer_Release;
use crate::varargs::Arguments;

/// A format that is being read, and the addresses of the variables.
pub(super) struct Parser<'a> {
    /// What is left of the format.
    pub(super) rest: &'a [u8],
    pub(super) arguments: Arguments,
    pub(super) undo: Vec<Undo>,
    pub(super) vm: &'a VirtualMachine,
}

/// Why a unit fails.
pub(super) enum Problem {
    Raised(PyBaseExceptionRef),
    /// The end of a sentence about the argument, and the positions of the item in nested sequences,
    /// the outermost last. A text in parentheses is about the format.
    Text(String, Vec<usize>),
}

impl From<PyBaseExceptionRef> for Problem {
    fn from(exception: PyBaseExceptionRef) -> Self {
        Self::Raised(exception)
    }
}

impl Problem {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into(), Vec::new())
    }

    /// An argument of the wrong class.
    pub(super) fn must_be(expected: &str, object: &PyObject, vm: &VirtualMachine) -> Self {
        Self::text(format!(
            "must be {expected}, not {}",
            class_name(object, vm)
        ))
    }

    /// The exception for the only argument. An item of it is shown like an argument.
    pub(super) fn into_exception_of_one(
        mut self,
        end: &End,
        vm: &VirtualMachine,
    ) -> PyBaseExceptionRef {
        let position = match &mut self {
            Self::Text(_, path) => path.pop().map_or(0, |index| index + 1),
            Self::Raised(_) => 0,
        };
        self.into_exception(position, end, vm)
    }

    /// The exception for the argument at this position, which counts from 1; 0 if there is only one.
    pub(super) fn into_exception(
        self,
        position: usize,
        end: &End,
        vm: &VirtualMachine,
    ) -> PyBaseExceptionRef {
        let (text, path) = match self {
            Self::Raised(exception) => return exception,
            Self::Text(text, path) => (text, path),
        };
        let is_about_format = text.starts_with('(');
        let sentence = end.message.clone().unwrap_or_else(|| {
            let mut sentence = end
                .name
                .as_ref()
                .map_or_else(String::new, |name| format!("{name}() "));
            sentence += "argument";
            if position > 0 {
                sentence += &format!(" {position}");
                for item in path.iter().rev() {
                    sentence += &format!(", item {item}");
                }
            }
            format!("{sentence} {text}")
        });
        if is_about_format {
            vm.new_system_error(sentence)
        } else {
            vm.new_type_error(sentence)
        }
    }
}

/// The name of an object's class, as errors about arguments show it.
pub(super) fn class_name(object: &PyObject, vm: &VirtualMachine) -> String {
    if vm.is_none(object) {
        "None".to_owned()
    } else {
        object.class().slot_name().to_string()
    }
}

/// What follows the units: the name of the function, or a message for all errors.
#[derive(Default)]
pub(super) struct End {
    pub(super) name: Option<String>,
    pub(super) message: Option<String>,
}

impl End {
    pub(super) fn of(format: &[u8]) -> Self {
        let mut end = Self::default();
        let at = format.iter().position(|byte| matches!(byte, b':' | b';'));
        if let Some(at) = at {
            let text = String::from_utf8_lossy(&format[at + 1..]).into_owned();
            match format[at] {
                b':' => end.name = Some(text),
                _ => end.message = Some(text),
            }
        }
        end
    }

    /// The function, as the subject of a sentence.
    pub(super) fn function(&self) -> String {
        match &self.name {
            Some(name) => format!("{name}()"),
            None => "function".to_owned(),
        }
    }
}

/// What a unit has done that must be undone if a later one fails.
pub(super) enum Undo {
    Release(NonNull<PyBufferView>),
    /// The variable with the address of memory that `PyMem_Malloc` returned.
    Free(NonNull<*mut c_void>),
    Clean(Converter, *mut c_void),
}

/// The function of a unit `O&`.
pub(super) type Converter = unsafe extern "C" fn(*mut PyObject, *mut c_void) -> c_int;

impl Parser<'_> {
    pub(super) fn next_byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// Whether the next byte is this one, which it then skips.
    pub(super) fn skips(&mut self, byte: u8) -> bool {
        let is_next = self.rest.first() == Some(&byte);
        if is_next {
            self.rest = &self.rest[1..];
        }
        is_next
    }

    /// Whether the units are at their end.
    pub(super) fn is_at_end(&self) -> bool {
        matches!(self.rest.first(), None | Some(b':' | b';'))
    }

    /// The next argument, the address of a variable of this type.
    ///
    /// # Safety
    /// The arguments fit the format.
    pub(super) unsafe fn place<T>(&mut self) -> Option<NonNull<T>> {
        // SAFETY: the caller promises that it is an address.
        NonNull::new(unsafe { self.arguments.pointer() }.cast())
    }

    /// Stores what `convert` makes of the object in the next variable. Without an object it only skips
    /// the variable.
    ///
    /// # Safety
    /// The arguments fit the format, and the next variable is of this type.
    pub(super) unsafe fn store<T>(
        &mut self,
        object: Option<&PyObject>,
        convert: impl FnOnce(&PyObject, &VirtualMachine) -> Result<T, Problem>,
    ) -> Result<(), Problem> {
        // SAFETY: the caller promises that it is the address of a variable.
        let place = unsafe { self.place::<T>() };
        let Some(object) = object else { return Ok(()) };
        let value = convert(object, self.vm)?;
        if let Some(place) = place {
            // SAFETY: the caller promises a variable of this type, which only this thread uses.
            unsafe { place.write(value) };
        }
        Ok(())
    }

    /// Undoes everything, the last first.
    ///
    /// # Safety
    /// The variables are still there, and nobody has used what they hold.
    pub(super) unsafe fn undo(&mut self) {
        while let Some(done) = self.undo.pop() {
            match done {
                // SAFETY: it is a view that a unit filled.
                Undo::Release(view) => unsafe { PyBuffer_Release(view.as_ptr()) },
                Undo::Free(place) => {
                    // SAFETY: it is the address of a variable of the caller.
                    let memory = unsafe { place.replace(null_mut()) };
                    // SAFETY: a unit allocated this memory.
                    unsafe { PyMem_Free(memory) };
                }
                Undo::Clean(converter, address) => {
                    // SAFETY: the converter asked to be called so.
                    unsafe { converter(null_mut(), address) };
                }
            }
        }
    }
}
