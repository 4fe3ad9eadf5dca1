//! The one table that turns (operation, reason) into an exception with CPython's exact text. What
//! CPython does not say goes into a note (PEP 678).

use rustpython_capsule::CapsuleError;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyStrInterned, PyValueError};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::common::lock::LazyLock;
use rustpython_vm::types::Constructor;
use rustpython_vm::{AsObject, Context, VirtualMachine, pyclass, pyexception};

/// Raised when a capsule refuses: it is not one, has another name, or was offered NULL.
#[pyexception(name = "PyCapsuleError", module = "_capsule", base = PyValueError)]
#[derive(Debug)]
#[repr(transparent)]
pub struct PyCapsuleError(PyValueError);

#[pyexception]
impl PyCapsuleError {}

/// What was being done when a capsule refused. The text of the exception names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Operation {
    /// Making a capsule.
    New,
    /// Reading the pointer.
    GetPointer,
    /// Reading the pointer, and whether native code vouches for it.
    GetVouchedPointer,
    /// Reading the name.
    GetName,
    /// Reading the context.
    GetContext,
    /// Reading the destructor.
    GetDestructor,
    /// Replacing the pointer.
    SetPointer,
    /// Replacing the name.
    SetName,
    /// Replacing the context.
    SetContext,
    /// Replacing the destructor.
    SetDestructor,
    /// Replacing the collector's hooks.
    SetTraverse,
    /// Check, rename and take as one step.
    Claim,
    /// Importing, of which the other refusals are not a capsule's.
    Import,
    /// Reading a Rust value.
    GetValue,
    /// Describing a capsule.
    Describe,
}

impl Operation {
    /// The function that the text names: CPython's, or ours where CPython has none.
    fn function(self) -> &'static str {
        match self {
            Self::New => "PyCapsule_New",
            Self::GetPointer => "PyCapsule_GetPointer",
            Self::GetVouchedPointer => "PyCapsuleRs_GetVouchedPointer",
            Self::GetName => "PyCapsule_GetName",
            Self::GetContext => "PyCapsule_GetContext",
            Self::GetDestructor => "PyCapsule_GetDestructor",
            Self::SetPointer => "PyCapsule_SetPointer",
            Self::SetName => "PyCapsule_SetName",
            Self::SetContext => "PyCapsule_SetContext",
            Self::SetDestructor => "PyCapsule_SetDestructor",
            Self::SetTraverse => "_PyCapsule_SetTraverse",
            Self::Claim => "PyCapsuleRs_Claim",
            Self::Import => "PyCapsule_Import",
            Self::GetValue => "PyCapsuleRs_GetValue",
            Self::Describe => "_capsule.describe",
        }
    }
}

/// The exception for a refusal: MemoryError, or a `PyCapsuleError` with CPython's text for the
/// operation, and as a note the reason, where the text does not tell it.
pub fn refusal(
    operation: Operation,
    reason: &CapsuleError,
    vm: &VirtualMachine,
) -> PyBaseExceptionRef {
    let what = match reason {
        CapsuleError::OutOfMemory => return vm.no_memory_error(),
        CapsuleError::NotACapsule { .. } | CapsuleError::NullObject => "invalid PyCapsule object",
        CapsuleError::NullPointer => "null pointer",
        CapsuleError::NullName => "null name",
        CapsuleError::NullCallback => "NULL callback",
        CapsuleError::WrongName(_) => "incorrect name",
        CapsuleError::WrongType(_) => "incorrect type",
    };
    // CPython writes this one with parentheses.
    let call = if matches!(reason, CapsuleError::NullCallback) {
        "()"
    } else {
        ""
    };
    let text = format!("{}{call} called with {what}", operation.function());
    let exception = vm.new_exception_msg(PyCapsuleError::make_static_type(), text.into());
    let says_it_all = matches!(
        reason,
        CapsuleError::NullPointer | CapsuleError::NullName | CapsuleError::NullCallback
    );
    if !says_it_all {
        add_note(&exception, &reason.to_string(), vm);
    }
    exception
}

/// Gives a new exception its first note. A failure to do so is not worth another exception.
///
/// Not by `add_note`, which looks for notes first, and makes a KeyError of it that there are none.
pub(crate) fn add_note(exception: &PyBaseExceptionRef, note: &str, vm: &VirtualMachine) {
    static NOTES: LazyLock<&PyStrInterned> =
        LazyLock::new(|| Context::genesis().intern_str("__notes__"));
    let notes = vm.ctx.new_list(vec![vm.ctx.new_str(note).into()]);
    let _ = exception.as_object().set_attr(*NOTES, notes, vm);
}
