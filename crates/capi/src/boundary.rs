//! The boundary between C and the VM, in both directions. C functions enter the VM here to raise,
//! import or allocate, and panics are caught here (I7). Calls from the VM into C start with no
//! exception pending, so that an exception set by the C code can be recognized.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::fmt;
use core::ptr::{NonNull, null_mut};
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustpython_capsule::__private::panic_message;
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::vm::thread::try_with_current_vm;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine};

/// The value that a C function returns when it fails.
pub(crate) trait Failure {
    const FAILURE: Self;
}

impl Failure for c_int {
    const FAILURE: Self = -1;
}

impl Failure for isize {
    const FAILURE: Self = -1;
}

impl Failure for i64 {
    const FAILURE: Self = -1;
}

impl Failure for u64 {
    const FAILURE: Self = Self::MAX;
}

/// The pending exception is the only sign of failure.
impl Failure for () {
    const FAILURE: Self = ();
}

impl<T> Failure for *mut T {
    const FAILURE: Self = null_mut();
}

impl<T> Failure for *const T {
    const FAILURE: Self = core::ptr::null();
}

impl<T> Failure for Option<T> {
    const FAILURE: Self = None;
}

/// Runs `f` in the thread's interpreter. An error becomes the pending exception and replaces one
/// that was pending; a panic becomes a SystemError. On a thread that is attached to no interpreter,
/// the function returns the failure value and raises nothing.
pub(crate) fn enter<R: Failure>(f: impl FnOnce(&VirtualMachine) -> PyResult<R>) -> R {
    let entered = catch_unwind(AssertUnwindSafe(|| {
        try_with_current_vm(|vm| {
            let result = catch_unwind(AssertUnwindSafe(|| f(vm)));
            let error = match result {
                Ok(Ok(value)) => return value,
                Ok(Err(error)) => error,
                Err(panic) => {
                    let text = format!("panic in a C API function: {}", panic_message(panic));
                    vm.new_system_error(text)
                }
            };
            vm.set_exception(Some(error));
            R::FAILURE
        })
    }));
    // During thread shutdown the VM's thread-locals are already destroyed; accessing them panics.
    entered.ok().flatten().unwrap_or(R::FAILURE)
}

/// A new reference: the C code that gets the pointer must drop it.
pub(crate) fn new_reference(object: impl Into<PyObjectRef>) -> *mut PyObject {
    object.into().into_raw().as_ptr()
}

/// A borrowed reference: the pointer is valid as long as `object` is borrowed or otherwise kept.
pub(crate) fn borrowed(object: &PyObject) -> *mut PyObject {
    core::ptr::from_ref(object).cast_mut()
}

/// The object behind an argument.
///
/// # Errors
/// That of [`null_argument`] if the argument is NULL.
///
/// # Safety
/// `object` is NULL, or an object that lives for `'a`.
pub(crate) unsafe fn argument<'a>(
    object: *mut PyObject,
    vm: &VirtualMachine,
) -> PyResult<&'a PyObject> {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    unsafe { object.as_ref() }.ok_or_else(|| null_argument(vm))
}

/// The object of a class of the VM, or of a subclass of it, behind an argument.
///
/// # Errors
/// SystemError if it is of another class, or NULL.
///
/// # Safety
/// `object` is NULL, or an object that lives for `'a`.
pub(crate) unsafe fn instance<'a, T: PyPayload>(
    object: *mut PyObject,
    vm: &VirtualMachine,
) -> PyResult<&'a Py<T>> {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    let object = unsafe { object.as_ref() };
    object
        .and_then(PyObject::downcast_ref::<T>)
        .ok_or_else(|| bad_internal_call(vm))
}

/// The SystemError for an argument of the wrong class.
pub(crate) fn bad_internal_call(vm: &VirtualMachine) -> PyBaseExceptionRef {
    vm.new_system_error("bad argument to internal function")
}

/// The exception for a NULL that is not allowed: the one that is pending, since NULL is often the
/// result of a call that failed, or else SystemError.
#[cold]
pub(crate) fn null_argument(vm: &VirtualMachine) -> PyBaseExceptionRef {
    vm.take_raised_exception()
        .unwrap_or_else(|| vm.new_system_error("null argument to internal routine"))
}

/// Decodes a UTF-8 string argument.
///
/// # Errors
/// UnicodeDecodeError if it is not UTF-8; that of [`null_argument`] if it is NULL.
///
/// # Safety
/// `text` is NULL or a NUL-terminated string.
pub(crate) unsafe fn utf8_argument(text: *const c_char, vm: &VirtualMachine) -> PyResult<String> {
    // SAFETY: `text` is NULL or a NUL-terminated string, which the caller keeps for this call.
    decode_utf8(unsafe { string_argument(text, vm) }?.to_bytes(), vm)
}

/// The string behind an argument.
///
/// # Errors
/// That of [`null_argument`] if the argument is NULL.
///
/// # Safety
/// `text` is NULL, or a NUL-terminated string that lives for `'a`.
pub(crate) unsafe fn string_argument<'a>(
    text: *const c_char,
    vm: &VirtualMachine,
) -> PyResult<&'a CStr> {
    if text.is_null() {
        return Err(null_argument(vm));
    }
    // SAFETY: `text` is not NULL, so it is a NUL-terminated string, which the caller keeps.
    Ok(unsafe { CStr::from_ptr(text) })
}

/// Decodes UTF-8.
///
/// # Errors
/// UnicodeDecodeError, with the positions and the reason that the VM's codec reports.
pub(crate) fn decode_utf8(bytes: &[u8], vm: &VirtualMachine) -> PyResult<String> {
    match str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => {
            let bytes = vm.ctx.new_bytes(bytes.to_vec()).into();
            let text = vm
                .state
                .codec_registry
                .decode_text(bytes, "utf-8", None, vm)?;
            Ok(text.to_string())
        }
    }
}

/// Calls C code with no exception pending. Returns its result and the exception that it raised.
///
/// The VM stores the exception that is being handled in the place where C code looks for a pending
/// one, so it is saved and cleared for the call.
pub(crate) fn call_c<R>(
    vm: &VirtualMachine,
    f: impl FnOnce() -> R,
) -> (R, Option<PyBaseExceptionRef>) {
    let handled = vm.current_exception();
    if handled.is_some() {
        vm.set_exception(None);
    }
    let result = f();
    let raised = vm.current_exception();
    if let (Some(raised), Some(handled)) = (&raised, &handled) {
        chain(raised, handled);
    }
    if raised.is_some() || handled.is_some() {
        vm.set_exception(handled);
    }
    (result, raised)
}

/// Appends `handled` to the chain of contexts of `raised`, unless the chain contains it already.
///
/// This is for exceptions that Python code raised when the C code called it. An exception that C
/// code raised itself has no traceback yet, and gets its context from the frame that it reaches.
fn chain(raised: &PyBaseExceptionRef, handled: &PyBaseExceptionRef) {
    if raised.traceback().is_none() {
        return;
    }
    let known = contexts(raised);
    if known.iter().any(|known| known.is(handled)) {
        return;
    }
    // Cut the chain of `handled` where it leads back to one of these, which would make a cycle.
    for earlier in contexts(handled) {
        if let Some(next) = earlier.__context__()
            && known.iter().any(|known| known.is(&next))
        {
            earlier.set_context(None);
        }
    }
    if let Some(last) = known.last() {
        last.set_context(Some(handled.clone()));
    }
}

/// An exception and its chain of contexts, each listed once even if the chain has a cycle.
fn contexts(exception: &PyBaseExceptionRef) -> Vec<PyBaseExceptionRef> {
    let mut chain = vec![exception.clone()];
    while let Some(next) = chain.last().and_then(|last| last.__context__())
        && !chain.iter().any(|known| known.is(&next))
    {
        chain.push(next);
    }
    chain
}

/// Checks the result of C code against the exception that it raised. A `result` of `None` means
/// that it reported a failure.
///
/// # Errors
/// The exception that was raised. SystemError with the text of `message` if result and exception
/// contradict each other.
pub(crate) fn checked_result<T>(
    result: Option<T>,
    raised: Option<PyBaseExceptionRef>,
    message: impl FnOnce(Inconsistency) -> String,
    vm: &VirtualMachine,
) -> PyResult<T> {
    match (result, raised) {
        (Some(result), None) => Ok(result),
        (None, Some(raised)) => Err(raised),
        (None, None) => Err(vm.new_system_error(message(Inconsistency::FailedSilently))),
        (Some(_), Some(raised)) => {
            let error = vm.new_system_error(message(Inconsistency::RaisedUnreported));
            error.set_context(Some(raised.clone()));
            error.set_cause(Some(raised));
            Err(error)
        }
    }
}

/// Takes over a reference from C; `None` for NULL.
///
/// # Safety
/// `object` is NULL, or a reference whose ownership passes to this call.
pub(crate) unsafe fn owned(object: *mut PyObject) -> Option<PyObjectRef> {
    // SAFETY: it is not NULL, so it is a reference, and its ownership passes to this call.
    NonNull::new(object).map(|object| unsafe { PyObjectRef::from_raw(object) })
}

/// The ways in which result and exception of C code can contradict each other. Its `Display` is the
/// end of a sentence about the C code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inconsistency {
    /// The result reports a failure, but no exception was raised.
    FailedSilently,
    /// The result reports success, but an exception was raised.
    RaisedUnreported,
}

impl fmt::Display for Inconsistency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FailedSilently => "failed without setting an exception",
            Self::RaisedUnreported => "raised unreported exception",
        })
    }
}

/// A pointer that may be sent to other threads. C code is responsible for access to its target.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SyncPtr(pub(crate) *mut c_void);

// SAFETY: it is only an address. Each read through it needs an `unsafe` block with its own
// argument.
unsafe impl Send for SyncPtr {}
// SAFETY: copying an address from several threads is harmless, as for `Send`.
unsafe impl Sync for SyncPtr {}
