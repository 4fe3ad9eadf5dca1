//! `pyerrors.h`: raising, the exception that is pending, whether one matches, and what hangs on an
//! exception. Printing is in `pythonrun`; the classes `PyExc_…` are `rustpython-capi`'s.

use core::ffi::{CStr, c_char, c_int};

use rustpython_vm::builtins::{
    PyBaseException, PyBaseExceptionRef, PyDict, PyTraceback, PyTuple, PyType,
};
use rustpython_vm::{
    AsObject, Context, Py, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine,
};

use crate::boundary::{Failure, argument, decode_utf8, enter, new_reference, owned, utf8_argument};

/// Raises an exception of a class. `value` is the instance; or the argument, a tuple of arguments,
/// or None for no argument, to make one of.
///
/// # Safety
/// Both are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyErr_SetObject(exception: *mut PyObject, value: *mut PyObject) {
    raise(|vm| {
        // SAFETY: passed on from the caller.
        let class = unsafe { exception_class(exception, vm) }?;
        // SAFETY: passed on from the caller.
        instance_of(class, unsafe { value.as_ref() }, vm)
    })
}

/// Raises an exception of a class with a text.
///
/// # Safety
/// `exception` is NULL or an object, and `message` NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyErr_SetString(exception: *mut PyObject, message: *const c_char) {
    raise(|vm| {
        // SAFETY: passed on from the caller.
        let message = unsafe { utf8_argument(message, vm) }?;
        // SAFETY: passed on from the caller.
        let class = unsafe { exception_class(exception, vm) }?;
        instantiate(class, vec![vm.ctx.new_str(message).into()], vm)
    })
}

/// Raises an exception of a class with no arguments.
///
/// # Safety
/// `exception` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyErr_SetNone(exception: *mut PyObject) {
    // SAFETY: passed on from the caller.
    unsafe { PyErr_SetObject(exception, core::ptr::null_mut()) }
}

/// Raises MemoryError; NULL.
#[unsafe(no_mangle)]
pub extern "C" fn PyErr_NoMemory() -> *mut PyObject {
    raise(|vm| Ok(vm.no_memory_error()))
}

/// Raises what `make` makes, or fails with. Nothing is pending meanwhile: Python code that runs
/// would take it for an exception that is being handled.
fn raise<R: Failure>(make: impl FnOnce(&VirtualMachine) -> PyResult<PyBaseExceptionRef>) -> R {
    enter(|vm| {
        drop(vm.take_raised_exception());
        Err(make(vm)?)
    })
}

/// The class of exceptions that an argument is.
///
/// # Errors
/// SystemError for anything else.
///
/// # Safety
/// `class` is NULL, or an object that lives for `'a`.
unsafe fn exception_class<'a>(
    class: *mut PyObject,
    vm: &VirtualMachine,
) -> PyResult<&'a Py<PyType>> {
    // SAFETY: passed on from the caller.
    let object = unsafe { argument(class, vm) }?;
    match as_exception_class(object, &vm.ctx) {
        Some(class) => Ok(class),
        None => {
            let shown = object.repr(vm)?;
            Err(vm.new_system_error(format!(
                "_PyErr_SetObject: exception {shown} is not a BaseException subclass"
            )))
        }
    }
}

fn as_exception_class<'a>(object: &'a PyObject, ctx: &Context) -> Option<&'a Py<PyType>> {
    let class = object.downcast_ref::<PyType>()?;
    class
        .is_subtype(ctx.exceptions.base_exception_type)
        .then_some(class)
}

fn instance_of(
    class: &Py<PyType>,
    value: Option<&PyObject>,
    vm: &VirtualMachine,
) -> PyResult<PyBaseExceptionRef> {
    let Some(value) = value.filter(|value| !vm.is_none(value)) else {
        return instantiate(class, Vec::new(), vm);
    };
    if let Some(instance) = value.downcast_ref::<PyBaseException>()
        && value
            .class()
            .as_object()
            .is_subclass(class.as_object(), vm)?
    {
        return Ok(instance.to_owned());
    }
    let arguments = match value.downcast_ref::<PyTuple>() {
        Some(tuple) => tuple.to_vec(),
        None => vec![value.to_owned()],
    };
    instantiate(class, arguments, vm)
}

/// What calling the class gives.
fn instantiate(
    class: &Py<PyType>,
    arguments: Vec<PyObjectRef>,
    vm: &VirtualMachine,
) -> PyResult<PyBaseExceptionRef> {
    let instantiate = class.as_object().call(arguments, vm)?;
    match instantiate.downcast() {
        Ok(exception) => Ok(exception),
        Err(other) => {
            let (shown, other) = (
                class.as_object().repr(vm)?,
                other.class().name().to_string(),
            );
            Err(vm.new_type_error(format!(
                "calling {shown} should have returned an instance of BaseException, not {other}"
            )))
        }
    }
}

/// Drops the exception that is pending.
#[unsafe(no_mangle)]
pub extern "C" fn PyErr_Clear() {
    enter(|vm| {
        drop(vm.take_raised_exception());
        Ok(())
    })
}

/// Makes an exception the pending one, none for NULL. It takes over the reference.
///
/// # Safety
/// `exception` is NULL, or the reference is the caller's, who gives it up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyErr_SetRaisedException(exception: *mut PyObject) {
    enter(|vm| {
        // SAFETY: passed on from the caller.
        let exception = unsafe { stolen_exception(exception, vm) }?;
        vm.set_exception(exception);
        Ok(())
    })
}

/// Whether the pending exception is one of a class, or of one in a tuple.
///
/// # Safety
/// `exception` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyErr_ExceptionMatches(exception: *mut PyObject) -> c_int {
    let pending = enter(|vm| Ok(vm.current_exception()));
    // SAFETY: passed on from the caller.
    let exception = unsafe { exception.as_ref() };
    c_int::from(
        pending
            .zip(exception)
            .is_some_and(|(pending, exception)| matches(pending.as_object(), exception)),
    )
}

/// Whether an exception, or a class of them, is of a class, or of one in a tuple.
///
/// # Safety
/// Both are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyErr_GivenExceptionMatches(
    given: *mut PyObject,
    exception: *mut PyObject,
) -> c_int {
    // SAFETY: passed on from the caller.
    let given = unsafe { given.as_ref() };
    // SAFETY: passed on from the caller.
    let exception = unsafe { exception.as_ref() };
    let both = given.zip(exception);
    c_int::from(both.is_some_and(|(given, exception)| matches(given, exception)))
}

fn matches(given: &PyObject, exception: &PyObject) -> bool {
    let ctx = Context::genesis();
    let of_instance = given
        .downcast_ref::<PyBaseException>()
        .map(|_| given.class());
    let class = of_instance.or_else(|| as_exception_class(given, ctx));
    let mut rest = vec![exception];
    while let Some(next) = rest.pop() {
        let found = match next.downcast_ref::<PyTuple>() {
            Some(tuple) => {
                rest.extend(tuple.iter().map(|item| &**item));
                false
            }
            None => match (class, as_exception_class(next, ctx)) {
                (Some(class), Some(other)) => class.is_subtype(other),
                _ => next.is(class.map_or(given, AsObject::as_object)),
            },
        };
        if found {
            return true;
        }
    }
    false
}

/// Gives the pending exception to `sys.unraisablehook`, with the object it concerns.
/// Nothing happens where none is pending.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyErr_WriteUnraisable(object: *mut PyObject) {
    enter(|vm| {
        if let Some(exception) = vm.take_raised_exception() {
            // SAFETY: passed on from the caller.
            let object = unsafe { object.as_ref() }.map(ToOwned::to_owned);
            vm.run_unraisable(exception, None, vm.unwrap_or_none(object));
        }
        Ok(())
    })
}

/// A new class of exceptions.
///
/// # Safety
/// `name` is NULL or a NUL-terminated string, the others are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyErr_NewException(
    name: *const c_char,
    base: *mut PyObject,
    dict: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: passed on from the caller.
    unsafe { PyErr_NewExceptionWithDoc(name, core::ptr::null(), base, dict) }
}

/// A new class of exceptions, whose name is `module.name`: with a docstring, derived from a class
/// or those in a tuple, with what is in a dict.
///
/// # Safety
/// `name` and `doc` are NULL or NUL-terminated strings, the others are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyErr_NewExceptionWithDoc(
    name: *const c_char,
    doc: *const c_char,
    base: *mut PyObject,
    dict: *mut PyObject,
) -> *mut PyObject {
    enter(|vm| {
        let no_name = || vm.new_system_error("PyErr_NewException: name must be module.class");
        if name.is_null() {
            return Err(no_name());
        }
        // SAFETY: passed on from the caller, and not NULL.
        let name = unsafe { CStr::from_ptr(name) }.to_bytes();
        let dot = name.iter().rposition(|byte| *byte == b'.');
        let (module, name) = name.split_at(dot.ok_or_else(no_name)?);
        // SAFETY: passed on from the caller.
        let dict = match unsafe { owned_copy(dict) } {
            None => vm.ctx.new_dict(),
            Some(dict) => dict.try_into_value::<PyRef<PyDict>>(vm)?,
        };
        if !doc.is_null() {
            // SAFETY: passed on from the caller, and not NULL.
            let doc = unsafe { utf8_argument(doc, vm) }?;
            dict.set_item("__doc__", vm.ctx.new_str(doc).into(), vm)?;
        }
        if !dict.contains_key("__module__", vm) {
            let module = vm.ctx.new_str(decode_utf8(module, vm)?);
            dict.set_item("__module__", module.into(), vm)?;
        }
        let name = decode_utf8(&name[1..], vm)?;
        // SAFETY: passed on from the caller.
        let bases = match unsafe { owned_copy(base) } {
            None => vm
                .ctx
                .new_tuple(vec![vm.ctx.exceptions.exception_type.to_owned().into()]),
            Some(base) => base
                .downcast::<PyTuple>()
                .unwrap_or_else(|base| vm.ctx.new_tuple(vec![base])),
        };
        let class = vm.ctx.types.type_type.as_object();
        class.call((name, bases, dict), vm).map(new_reference)
    })
}

/// A reference of our own to an argument, `None` for NULL.
///
/// # Safety
/// `object` is NULL or an object.
unsafe fn owned_copy(object: *mut PyObject) -> Option<PyObjectRef> {
    // SAFETY: passed on from the caller.
    unsafe { object.as_ref() }.map(ToOwned::to_owned)
}

/// The exception that an argument is.
///
/// # Errors
/// TypeError for anything else; SystemError for NULL.
///
/// # Safety
/// `exception` is NULL, or an object that lives for `'a`.
unsafe fn checked<'a>(
    exception: *mut PyObject,
    vm: &VirtualMachine,
) -> PyResult<&'a Py<PyBaseException>> {
    // SAFETY: passed on from the caller.
    let object = unsafe { argument(exception, vm) }?;
    object
        .downcast_ref()
        .ok_or_else(|| not_an_exception(object, vm))
}

/// The exception whose reference the caller gives up; `None` for None and NULL.
///
/// # Errors
/// TypeError for anything else.
///
/// # Safety
/// `exception` is NULL, or the reference is the caller's.
unsafe fn stolen_exception(
    exception: *mut PyObject,
    vm: &VirtualMachine,
) -> PyResult<Option<PyBaseExceptionRef>> {
    // SAFETY: passed on from the caller.
    match unsafe { owned(exception) }.filter(|exception| !vm.is_none(exception)) {
        None => Ok(None),
        Some(exception) => match exception.downcast() {
            Ok(exception) => Ok(Some(exception)),
            Err(other) => Err(not_an_exception(&other, vm)),
        },
    }
}

fn not_an_exception(object: &PyObject, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let class = object.class().name().to_string();
    vm.new_type_error(format!("expected an exception, got {class}"))
}

/// Sets the cause of an exception, none for NULL and None. It takes over the reference to the
/// cause.
///
/// # Safety
/// `exception` is NULL or an object. `cause` is NULL, or the reference is the caller's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyException_SetCause(exception: *mut PyObject, cause: *mut PyObject) {
    enter(|vm| {
        // SAFETY: passed on from the caller.
        let cause = unsafe { stolen_exception(cause, vm) }?;
        // SAFETY: passed on from the caller.
        unsafe { checked(exception, vm) }?.set_cause(cause);
        Ok(())
    })
}

/// Sets the context of an exception, none for NULL and None. It takes over the reference to the
/// context.
///
/// # Safety
/// `exception` is NULL or an object. `context` is NULL, or the reference is the caller's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyException_SetContext(exception: *mut PyObject, context: *mut PyObject) {
    enter(|vm| {
        // SAFETY: passed on from the caller.
        let context = unsafe { stolen_exception(context, vm) }?;
        // SAFETY: passed on from the caller.
        unsafe { checked(exception, vm) }?.set_context(context);
        Ok(())
    })
}

/// Sets the traceback of an exception, none for None.
///
/// # Safety
/// Both are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyException_SetTraceback(
    exception: *mut PyObject,
    traceback: *mut PyObject,
) -> c_int {
    enter(|vm| {
        // SAFETY: passed on from the caller.
        let exception = unsafe { checked(exception, vm) }?;
        // SAFETY: passed on from the caller.
        let Some(traceback) = (unsafe { traceback.as_ref() }) else {
            return Err(vm.new_type_error("__traceback__ may not be deleted"));
        };
        let found = traceback.downcast_ref::<PyTraceback>();
        if found.is_none() && !vm.is_none(traceback) {
            return Err(vm.new_type_error("__traceback__ must be a traceback or None"));
        }
        exception.set_traceback(found.map(ToOwned::to_owned));
        Ok(0)
    })
}
