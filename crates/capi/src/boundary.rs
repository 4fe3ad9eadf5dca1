//! The line between C and the VM, in both directions: C enters here to raise, import or allocate,
//! and panics end here (I7); the VM calls out from here, with nothing pending, and what the C code
//! leaves behind is told from what was there before.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::fmt;
use core::ptr::{NonNull, null_mut};
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustpython_capsule::__private::panic_message;
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::vm::thread::try_with_current_vm;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

/// What a C function gives back when it has failed.
pub(crate) trait Failure {
    const FAILED: Self;
}

impl Failure for c_int {
    const FAILED: Self = -1;
}

impl Failure for isize {
    const FAILED: Self = -1;
}

/// The exception alone tells.
impl Failure for () {
    const FAILED: Self = ();
}

impl<T> Failure for *mut T {
    const FAILED: Self = null_mut();
}

impl<T> Failure for *const T {
    const FAILED: Self = core::ptr::null();
}

impl<T> Failure for Option<T> {
    const FAILED: Self = None;
}

/// Runs `f` in the thread's interpreter. An error becomes the pending exception, in the place of
/// one that was there; a panic becomes a SystemError. On a thread that is in no interpreter the
/// call fails and raises nothing.
pub(crate) fn enter<R: Failure>(f: impl FnOnce(&VirtualMachine) -> PyResult<R>) -> R {
    let entered = catch_unwind(AssertUnwindSafe(|| {
        try_with_current_vm(|vm| {
            let answer = catch_unwind(AssertUnwindSafe(|| f(vm)));
            let error = match answer {
                Ok(Ok(answer)) => return answer,
                Ok(Err(error)) => error,
                Err(panic) => {
                    let text = format!("panic in a C API function: {}", panic_message(panic));
                    vm.new_system_error(text)
                }
            };
            vm.set_exception(Some(error));
            R::FAILED
        })
    }));
    // A thread at its end, whose thread-locals are gone, panics when they are asked for.
    entered.ok().flatten().unwrap_or(R::FAILED)
}

/// A new reference for C.
pub(crate) fn give(object: impl Into<PyObjectRef>) -> *mut PyObject {
    object.into().into_raw().as_ptr()
}

/// The address of an object, which stays the caller's.
pub(crate) fn lend(object: &PyObject) -> *mut PyObject {
    core::ptr::from_ref(object).cast_mut()
}

/// The object that an argument is.
///
/// # Errors
/// SystemError for NULL.
///
/// # Safety
/// `object` is NULL, or an object that lives for `'a`.
pub(crate) unsafe fn argument<'a>(
    object: *mut PyObject,
    vm: &VirtualMachine,
) -> PyResult<&'a PyObject> {
    // SAFETY: passed on from the caller.
    unsafe { object.as_ref() }
        .ok_or_else(|| vm.new_system_error("null argument to internal routine"))
}

/// What C code gets that calls a function with an object of another class than the function is for.
pub(crate) fn bad_internal_call(vm: &VirtualMachine) -> PyBaseExceptionRef {
    vm.new_system_error("bad argument to internal function")
}

/// Text from C.
///
/// # Errors
/// UnicodeDecodeError; SystemError for NULL.
///
/// # Safety
/// `text` is NULL or a NUL-terminated string.
pub(crate) unsafe fn text(text: *const c_char, vm: &VirtualMachine) -> PyResult<String> {
    if text.is_null() {
        return Err(vm.new_system_error("null argument to internal routine"));
    }
    // SAFETY: passed on from the caller, and not NULL.
    decoded(unsafe { CStr::from_ptr(text) }.to_bytes(), vm)
}

/// # Errors
/// UnicodeDecodeError.
pub(crate) fn decoded(bytes: &[u8], vm: &VirtualMachine) -> PyResult<String> {
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

/// Calls C code with nothing pending, and tells its answer and the exception that it raised.
///
/// The VM keeps the exception that is being handled where C code looks for one that is pending, so
/// it is put aside for the call.
pub(crate) fn call_out<R>(
    vm: &VirtualMachine,
    f: impl FnOnce() -> R,
) -> (R, Option<PyBaseExceptionRef>) {
    let handled = vm.current_exception();
    if handled.is_some() {
        vm.set_exception(None);
    }
    let answer = f();
    let raised = vm.current_exception();
    if let (Some(raised), Some(handled)) = (&raised, &handled) {
        chain(raised, handled);
    }
    if raised.is_some() || handled.is_some() {
        vm.set_exception(handled);
    }
    (answer, raised)
}

/// Makes `handled` the context of what Python code raised that C code called back: the last in its
/// chain of contexts, unless it is part of that already. What C code raised itself has no
/// traceback, and gets its context from the frame that it comes to.
fn chain(raised: &PyBaseExceptionRef, handled: &PyBaseExceptionRef) {
    if raised.traceback().is_none() {
        return;
    }
    let known = contexts(raised);
    if known.iter().any(|known| known.is(handled)) {
        return;
    }
    // Where `handled` leads to one of them, it must not any more: that would be a circle.
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

/// An exception and its contexts, each once.
fn contexts(exception: &PyBaseExceptionRef) -> Vec<PyBaseExceptionRef> {
    let mut chain = vec![exception.clone()];
    while let Some(next) = chain.last().and_then(|last| last.__context__())
        && !chain.iter().any(|known| known.is(&next))
    {
        chain.push(next);
    }
    chain
}

/// Holds what C code answered against what it raised; `None` is the answer that it has failed.
///
/// # Errors
/// The exception; SystemError, in the words of `what`, where the two do not agree.
pub(crate) fn take<T>(
    answer: Option<T>,
    raised: Option<PyBaseExceptionRef>,
    what: impl FnOnce(Disagreement) -> String,
    vm: &VirtualMachine,
) -> PyResult<T> {
    match (answer, raised) {
        (Some(answer), None) => Ok(answer),
        (None, Some(raised)) => Err(raised),
        (None, None) => Err(vm.new_system_error(what(Disagreement::FailedSilently))),
        (Some(_), Some(raised)) => {
            let error = vm.new_system_error(what(Disagreement::RaisedUnreported));
            error.set_context(Some(raised.clone()));
            error.set_cause(Some(raised));
            Err(error)
        }
    }
}

/// The object that C code answers with; NULL is none.
///
/// # Safety
/// `object` is NULL or a new reference.
pub(crate) unsafe fn owned(object: *mut PyObject) -> Option<PyObjectRef> {
    // SAFETY: passed on from the caller.
    NonNull::new(object).map(|object| unsafe { PyObjectRef::from_raw(object) })
}

/// How C code can contradict itself. Shown as what is said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disagreement {
    /// The answer says failed, and there is no exception.
    FailedSilently,
    /// The answer says done, and there is an exception.
    RaisedUnreported,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FailedSilently => "failed without setting an exception",
            Self::RaisedUnreported => "raised unreported exception",
        })
    }
}

/// A pointer that other threads may have: what it leads to is C's to protect.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shared(pub(crate) *mut c_void);

// SAFETY: an address. Whoever reads through it answers for that.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}
