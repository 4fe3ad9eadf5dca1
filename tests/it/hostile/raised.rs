//! Exceptions as the values that tests compare.

use core::ptr::null_mut;

use rustpython_vm::builtins::{PyBaseExceptionRef, PyList};
use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, VirtualMachine};

use super::c_api::{PyErr_GetRaisedException, PyErr_SetRaisedException};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Raised {
    pub(crate) class: String,
    pub(crate) text: String,
    pub(crate) notes: Vec<String>,
    /// The class of `__cause__`.
    pub(crate) cause: Option<String>,
}

impl Raised {
    pub(crate) fn new(class: &str, text: impl Into<String>) -> Self {
        Self {
            class: class.to_owned(),
            text: text.into(),
            notes: Vec::new(),
            cause: None,
        }
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    pub(crate) fn cause(mut self, class: &str) -> Self {
        self.cause = Some(class.to_owned());
        self
    }

    pub(crate) fn of(exception: &PyBaseExceptionRef, vm: &VirtualMachine) -> Self {
        let text = exception.as_object().str(vm);
        let cause = exception.__cause__();
        Self {
            class: exception.class().name().to_string(),
            text: text.map_or_else(|_| "<no text>".to_owned(), |text| text.to_string()),
            notes: notes(exception, vm),
            cause: cause.map(|cause| cause.class().name().to_string()),
        }
    }
}

fn notes(exception: &PyBaseExceptionRef, vm: &VirtualMachine) -> Vec<String> {
    let Ok(notes) = exception.as_object().get_attr("__notes__", vm) else {
        return Vec::new();
    };
    let notes = notes.downcast::<PyList>().expect("notes are a list");
    let notes = notes.borrow_vec();
    let text = |note: &PyObjectRef| note.str(vm).expect("notes are text").to_string();
    notes.iter().map(text).collect()
}

/// The pending exception, or NULL. It stays pending, and the pointer is borrowed.
pub(crate) fn pending() -> *mut PyObject {
    // SAFETY: the thread is attached.
    let exception = unsafe { PyErr_GetRaisedException() };
    if !exception.is_null() {
        // SAFETY: the thread is attached, and the reference that is given away is the one just
        // returned.
        unsafe { PyErr_SetRaisedException(exception) };
    }
    exception
}

/// The pending exception as a value. It stays pending, except while Python code runs here to read
/// it.
pub(crate) fn describe_pending() -> Option<Raised> {
    let exception = take_pending()?;
    let raised = with_current_vm(|vm| Raised::of(&exception, vm));
    make_pending(exception);
    Some(raised)
}

/// Clears and returns the pending exception.
pub(crate) fn take_pending() -> Option<PyBaseExceptionRef> {
    // SAFETY: the thread is attached.
    let exception = unsafe { PyErr_GetRaisedException() };
    if exception.is_null() {
        return None;
    }
    // SAFETY: `PyErr_GetRaisedException` returns a new reference, here not NULL.
    let exception = unsafe { owned(exception) };
    Some(exception.downcast().expect("only exceptions are raised"))
}

pub(crate) fn make_pending(exception: PyBaseExceptionRef) {
    let exception: PyObjectRef = exception.into();
    // SAFETY: the thread is attached, and `into_raw` gives the reference away.
    unsafe { PyErr_SetRaisedException(exception.into_raw().as_ptr()) };
}

pub(crate) fn clear_pending() {
    // SAFETY: the thread is attached, and NULL means no exception.
    unsafe { PyErr_SetRaisedException(null_mut()) };
}

/// # Safety
/// `object` is a new reference, not NULL.
pub(crate) unsafe fn owned(object: *mut PyObject) -> PyObjectRef {
    let object = core::ptr::NonNull::new(object).expect("not NULL");
    // SAFETY: the caller owns the reference and gives it away.
    unsafe { PyObjectRef::from_raw(object) }
}
