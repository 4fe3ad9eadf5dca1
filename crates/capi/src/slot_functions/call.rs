//! Finding the C function of a slot for an object, and calling it.

use core::ffi::{c_int, c_void};
use core::ptr::null_mut;

use rustpython_vm::builtins::{PyBaseExceptionRef, PyDictRef, PyTupleRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, Py, PyObject, PyResult, VirtualMachine};

use crate::boundary::{Inconsistency, borrowed, call_c, checked_result, owned};
use crate::instance::record_of;
use crate::slot_ids::{SlotId, slot_name};
use crate::type_record::TypeRecord;

/// The C function for a slot of an object, as the class at `LEVEL` of its classes from C has it.
///
/// # Errors
/// TypeError if the object has no such function.
#[inline(always)]
pub(super) fn function_of<const LEVEL: usize>(
    object: &PyObject,
    id: SlotId,
    vm: &VirtualMachine,
) -> PyResult<*mut c_void> {
    if let Some(record) = record_of(object) {
        let function = record.function_at(LEVEL, id);
        if !function.is_null() {
            return Ok(function);
        }
    }
    function_in_mro(object, id, vm)
}

/// Searches all classes of an object. Only those without data can be beside one another.
#[cold]
fn function_in_mro(object: &PyObject, id: SlotId, vm: &VirtualMachine) -> PyResult<*mut c_void> {
    let mro = object.class().mro.read();
    let mut records = mro.iter().filter_map(|class| TypeRecord::of(class));
    let function = records.find_map(|record| {
        let function = record.function(id);
        (!function.is_null()).then_some(function)
    });
    drop(mro);
    function.ok_or_else(|| {
        let name = slot_name(id).unwrap_or_default();
        let class = object.class().name().to_string();
        vm.new_type_error(format!("'{class}' object has no {name}"))
    })
}

/// The exception of a slot whose result and exception contradict each other.
#[cold]
fn contradiction(id: SlotId, object: &PyObject) -> impl FnOnce(Inconsistency) -> String {
    let class = object.class().name().to_string();
    move |what| {
        format!(
            "slot {} of type {class} {what}",
            slot_name(id).unwrap_or_default()
        )
    }
}

/// Calls a C function that returns a new reference, or NULL with an exception.
///
/// # Errors
/// The exception. SystemError if there is none, or if there is one beside a result.
#[inline]
pub(super) fn object_result(
    id: SlotId,
    object: &PyObject,
    vm: &VirtualMachine,
    call: impl FnOnce() -> *mut PyObject,
) -> PyResult {
    let (result, raised) = call_c(vm, call);
    // SAFETY: the function returns a new reference or NULL.
    let result = unsafe { owned(result) };
    match (result, raised) {
        (Some(result), None) => Ok(result),
        (None, Some(raised)) => Err(raised),
        (result, raised) => checked_result(result, raised, contradiction(id, object), vm),
    }
}

/// Calls a C function that returns a number, or -1 with an exception.
///
/// # Errors
/// The exception. SystemError if there is an exception beside a result.
#[inline]
pub(super) fn number_result(
    id: SlotId,
    object: &PyObject,
    vm: &VirtualMachine,
    call: impl FnOnce() -> isize,
) -> PyResult<isize> {
    match call_c(vm, call) {
        (-1, Some(raised)) => Err(raised),
        (-1, None) => checked_result(None, None, contradiction(id, object), vm),
        (result, raised) => checked(result, raised, id, object, vm),
    }
}

/// As [`number_result`], for a function where -1 alone is not an error.
///
/// # Errors
/// As for [`number_result`].
#[inline]
fn checked(
    result: isize,
    raised: Option<PyBaseExceptionRef>,
    id: SlotId,
    object: &PyObject,
    vm: &VirtualMachine,
) -> PyResult<isize> {
    match raised {
        None => Ok(result),
        raised => checked_result(Some(result), raised, contradiction(id, object), vm),
    }
}

/// Calls a C function that returns 0, or -1 with an exception.
///
/// # Errors
/// As for [`number_result`].
#[inline]
pub(super) fn status_result(
    id: SlotId,
    object: &PyObject,
    vm: &VirtualMachine,
    call: impl FnOnce() -> c_int,
) -> PyResult<()> {
    number_result(id, object, vm, || if call() < 0 { -1 } else { 0 }).map(drop)
}

/// The arguments of a call as C takes them: a tuple, and a dict or NULL.
pub(super) struct Arguments {
    tuple: PyTupleRef,
    keywords: Option<PyDictRef>,
}

impl Arguments {
    pub(super) fn new(args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
        let keywords = if args.kwargs.is_empty() {
            None
        } else {
            let dict = vm.ctx.new_dict();
            for (name, value) in args.kwargs {
                dict.set_item(&*name, value, vm)?;
            }
            Some(dict)
        };
        let tuple = vm.ctx.new_tuple(args.args);
        Ok(Self { tuple, keywords })
    }

    /// Borrowed references, valid as long as `self`.
    pub(super) fn raw(&self) -> (*mut PyObject, *mut PyObject) {
        let keywords = self.keywords.as_ref();
        let keywords = keywords.map_or(null_mut(), |dict| raw(dict.as_object()));
        (borrowed(self.tuple.as_object()), keywords)
    }
}

/// A borrowed reference.
#[inline]
pub(super) fn raw(object: &PyObject) -> *mut PyObject {
    borrowed(object)
}

/// A borrowed reference, or NULL.
#[inline]
pub(super) fn raw_or_null(object: Option<&PyObject>) -> *mut PyObject {
    object.map_or(null_mut(), borrowed)
}

/// A borrowed reference.
#[inline]
pub(super) fn raw_py<T>(object: &Py<T>) -> *mut PyObject
where
    Py<T>: AsObject,
{
    borrowed(object.as_object())
}
