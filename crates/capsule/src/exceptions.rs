//! `CapsuleError` as a Python exception: the class, and the one table that makes CPython's exact
//! text of an operation and a reason. Details that CPython does not give are in a note (PEP 678).

use rustpython_vm::builtins::{PyBaseExceptionRef, PyStrInterned, PyValueError};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::common::lock::LazyLock;
use rustpython_vm::convert::{IntoPyException, ToPyException};
use rustpython_vm::types::Constructor;
use rustpython_vm::{AsObject, Context, VirtualMachine, pyclass, pyexception};

use crate::error::CapsuleError;
use crate::thread::with_attached;

/// The Python exception for a [`CapsuleError`], a subclass of ValueError: the object is not a
/// capsule, has another name, or a pointer is NULL.
#[pyexception(name = "PyCapsuleError", module = "_capsule", base = PyValueError)]
#[derive(Debug)]
#[repr(transparent)]
pub struct PyCapsuleError(PyValueError);

#[pyexception]
impl PyCapsuleError {}

/// The operation that failed. The text of the exception names its C function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
    /// Checking the name, renaming and taking the pointer as one step.
    Claim,
    /// Importing. Only the error for a NULL name is a [`CapsuleError`]; other errors of an import
    /// are exceptions from the start.
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

impl CapsuleError {
    /// The exception for this error in an operation: MemoryError, or a [`PyCapsuleError`] with
    /// CPython's text for the operation. If the text does not give the whole reason, a note does.
    ///
    /// # Example
    /// ```
    /// use rustpython_capsule::{Operation, PyCapsule};
    /// use rustpython_vm::AsObject;
    /// # rustpython_vm::Interpreter::without_stdlib(Default::default()).enter(|vm| {
    /// let error = PyCapsule::of(&vm.ctx.none()).unwrap_err();
    /// let exception = error.to_exception(Operation::SetName, vm);
    /// let text = exception.as_object().str(vm).unwrap();
    /// assert_eq!(text.to_string(), "PyCapsule_SetName called with invalid PyCapsule object");
    /// # });
    /// ```
    pub fn to_exception(&self, operation: Operation, vm: &VirtualMachine) -> PyBaseExceptionRef {
        let what = match self {
            Self::OutOfMemory => return vm.no_memory_error(),
            Self::NotACapsule { .. } | Self::NullObject => "invalid PyCapsule object",
            Self::NullPointer => "null pointer",
            Self::NullName => "null name",
            Self::NullCallback => "NULL callback",
            Self::WrongName(_) => "incorrect name",
            Self::WrongType(_) => "incorrect type",
            Self::ValueClaimed => "claimed value",
            Self::Misaligned { .. } => "misaligned pointer",
        };
        // CPython writes this one with parentheses.
        let call = if matches!(self, Self::NullCallback) {
            "()"
        } else {
            ""
        };
        let text = format!("{}{call} called with {what}", operation.function());
        let exception = vm.new_exception_msg(PyCapsuleError::make_static_type(), text.into());
        let is_complete = matches!(
            self,
            Self::NullPointer | Self::NullName | Self::NullCallback
        );
        if !is_complete {
            add_note(&exception, &self.to_string(), vm);
        }
        exception
    }

    /// The operation that most often fails for this reason.
    fn usual_operation(&self) -> Operation {
        match self {
            Self::NullPointer | Self::OutOfMemory => Operation::New,
            Self::NullName => Operation::Import,
            Self::NullCallback => Operation::SetTraverse,
            Self::NotACapsule { .. }
            | Self::NullObject
            | Self::WrongName(_)
            | Self::Misaligned { .. } => Operation::GetPointer,
            Self::WrongType(_) => Operation::GetValue,
            Self::ValueClaimed => Operation::Claim,
        }
    }
}

/// For callers that do not name an [`Operation`]: the text names the C function that most often
/// fails for this reason, `PyCapsule_GetPointer` for an object that is no capsule and for a wrong
/// name.
impl ToPyException for CapsuleError {
    fn to_pyexception(&self, vm: &VirtualMachine) -> PyBaseExceptionRef {
        self.to_exception(self.usual_operation(), vm)
    }
}

/// As [`ToPyException`]; with it a `#[pyfunction]` may return `Result<_, CapsuleError>`.
impl IntoPyException for CapsuleError {
    fn into_pyexception(self, vm: &VirtualMachine) -> PyBaseExceptionRef {
        self.to_pyexception(vm)
    }
}

/// For `?` in functions that return `PyResult`: [`ToPyException`] in the interpreter that the
/// thread is attached to.
///
/// # Panics
/// On a thread that is attached to no interpreter. Functions that return `PyResult` do not run there.
///
/// # Example
/// ```
/// use rustpython_capsule::PyCapsule;
/// use rustpython_vm::{PyObject, PyResult};
///
/// fn address(object: &PyObject) -> PyResult<usize> {
///     let capsule = PyCapsule::of(object)?;
///     Ok(capsule.pointer(Some(c"shop.numbers"))?.addr().get())
/// }
/// # rustpython_vm::Interpreter::without_stdlib(Default::default()).enter(|vm| {
/// assert!(address(&vm.ctx.none()).is_err());
/// # });
/// ```
impl From<CapsuleError> for PyBaseExceptionRef {
    fn from(error: CapsuleError) -> Self {
        let mut exception = None;
        with_attached(|vm| exception = Some(error.to_pyexception(vm)));
        exception.expect("a function that returns a PyResult runs in an interpreter")
    }
}

/// Gives a new exception its first note. Errors are ignored, since they matter less than the
/// exception.
///
/// The method `add_note` is not used, because it looks for existing notes first and creates a
/// KeyError if there are none.
pub fn add_note(exception: &PyBaseExceptionRef, note: &str, vm: &VirtualMachine) {
    static NOTES: LazyLock<&PyStrInterned> =
        LazyLock::new(|| Context::genesis().intern_str("__notes__"));
    let notes = vm.ctx.new_list(vec![vm.ctx.new_str(note).into()]);
    let _ = exception.as_object().set_attr(*NOTES, notes, vm);
}
