//! `pyerrors.h`: raising exceptions, the pending exception, matching, and the attributes of
//! exceptions. Printing is in `pythonrun`. The classes `PyExc_…` come from `rustpython-capi`.

use core::ffi::{CStr, c_char, c_int};

use rustpython_vm::builtins::{
    PyBaseException, PyBaseExceptionRef, PyDict, PyTraceback, PyTuple, PyType,
};
use rustpython_vm::{
    AsObject, Context, Py, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine,
};

use crate::boundary::{Failure, argument, decode_utf8, enter, new_reference, owned, utf8_argument};
use crate::unicode_format::formatted;
use crate::varargs::Arguments;

/// Raises an exception of a class. `value` is an instance of the class, or the argument for a new
/// instance: a tuple is several arguments; None and NULL are no argument.
///
/// # Safety
/// Both arguments are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyErr_SetObject(exception: *mut PyObject, value: *mut PyObject) {
    raise(|vm| {
        // SAFETY: `exception` is NULL or an object, which the caller keeps alive.
        let class = unsafe { exception_class(exception, vm) }?;
        // SAFETY: `value` is NULL or an object, which the caller keeps alive.
        instance_of(class, unsafe { value.as_ref() }, vm)
    })
}

/// Raises an exception of a class with a message.
///
/// # Safety
/// `exception` is NULL or an object, and `message` NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyErr_SetString(exception: *mut PyObject, message: *const c_char) {
    raise(|vm| {
        // SAFETY: `message` is NULL or a NUL-terminated string.
        let message = unsafe { utf8_argument(message, vm) }?;
        // SAFETY: `exception` is NULL or an object, which the caller keeps alive.
        let class = unsafe { exception_class(exception, vm) }?;
        instantiate(class, vec![vm.ctx.new_str(message).into()], vm)
    })
}

/// `PyErr_Format`: raises an exception of a class with the text of a format and its arguments.
///
/// # Safety
/// `exception` is NULL or an object, `format` NULL or a NUL-terminated string, and the arguments fit
/// the format.
#[unsafe(no_mangle)]
unsafe extern "C" fn rustpython_capsule_raise(
    exception: *mut PyObject,
    format: *const c_char,
    arguments: Arguments,
) {
    raise(|vm| {
        // SAFETY: the caller promises a format and arguments that fit it.
        let message = unsafe { formatted(format, arguments, vm) }?;
        // SAFETY: `exception` is NULL or an object, which the caller keeps alive.
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
    // SAFETY: `exception` is NULL or an object, by the contract of this function.
    unsafe { PyErr_SetObject(exception, core::ptr::null_mut()) }
}

/// Raises MemoryError. Returns NULL.
#[unsafe(no_mangle)]
pub extern "C" fn PyErr_NoMemory() -> *mut PyObject {
    raise(|vm| Ok(vm.no_memory_error()))
}

/// Raises the exception that `make` returns, as its value or as its error. The pending exception is
/// dropped first: Python code that `make` runs would take it for one that is being handled.
fn raise<R: Failure>(make: impl FnOnce(&VirtualMachine) -> PyResult<PyBaseExceptionRef>) -> R {
    enter(|vm| {
        drop(vm.take_raised_exception());
        Err(make(vm)?)
    })
}

/// The exception class behind an argument.
///
/// # Errors
/// SystemError if it is not an exception class, or NULL.
///
/// # Safety
/// `class` is NULL, or an object that lives for `'a`.
unsafe fn exception_class<'a>(
    class: *mut PyObject,
    vm: &VirtualMachine,
) -> PyResult<&'a Py<PyType>> {
    // SAFETY: `class` is NULL or an object, which the caller keeps alive.
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

/// Calls an exception class.
///
/// # Errors
/// The exception of the call; TypeError if it returns an object that is not an exception.
fn instantiate(
    class: &Py<PyType>,
    arguments: Vec<PyObjectRef>,
    vm: &VirtualMachine,
) -> PyResult<PyBaseExceptionRef> {
    let instance = class.as_object().call(arguments, vm)?;
    match instance.downcast() {
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

/// Drops the pending exception.
#[unsafe(no_mangle)]
pub extern "C" fn PyErr_Clear() {
    enter(|vm| {
        drop(vm.take_raised_exception());
        Ok(())
    })
}

/// Makes an exception the pending one; NULL clears it. Steals the reference.
///
/// # Safety
/// `exception` is NULL or a reference that the caller owns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyErr_SetRaisedException(exception: *mut PyObject) {
    enter(|vm| {
        // SAFETY: `exception` is NULL or a reference that the caller owns.
        let exception = unsafe { stolen_exception(exception, vm) }?;
        vm.set_exception(exception);
        Ok(())
    })
}

/// 1 if the pending exception is an instance of a class, or of a class in a tuple; else 0.
///
/// # Safety
/// `exception` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyErr_ExceptionMatches(exception: *mut PyObject) -> c_int {
    let pending = enter(|vm| Ok(vm.current_exception()));
    // SAFETY: `exception` is NULL or an object, which the caller keeps alive.
    let exception = unsafe { exception.as_ref() };
    c_int::from(
        pending
            .zip(exception)
            .is_some_and(|(pending, exception)| matches(pending.as_object(), exception)),
    )
}

/// 1 if an exception or exception class matches a class, or a class in a tuple; else 0.
///
/// # Safety
/// Both arguments are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyErr_GivenExceptionMatches(
    given: *mut PyObject,
    exception: *mut PyObject,
) -> c_int {
    // SAFETY: `given` is NULL or an object, which the caller keeps alive.
    let given = unsafe { given.as_ref() };
    // SAFETY: `exception` is NULL or an object, which the caller keeps alive.
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

/// Reports the pending exception to `sys.unraisablehook`, with the object that it concerns. Does
/// nothing if none is pending.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyErr_WriteUnraisable(object: *mut PyObject) {
    enter(|vm| {
        if let Some(exception) = vm.take_raised_exception() {
            // SAFETY: `object` is NULL or an object, which the caller keeps alive.
            let object = unsafe { object.as_ref() }.map(ToOwned::to_owned);
            vm.run_unraisable(exception, None, vm.unwrap_or_none(object));
        }
        Ok(())
    })
}

/// A new exception class, as [`PyErr_NewExceptionWithDoc`] makes it, without a docstring.
///
/// # Safety
/// `name` is NULL or a NUL-terminated string, the others are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyErr_NewException(
    name: *const c_char,
    base: *mut PyObject,
    dict: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: it makes the same demands as this function, and takes NULL for `doc`.
    unsafe { PyErr_NewExceptionWithDoc(name, core::ptr::null(), base, dict) }
}

/// A new exception class. `name` is its full name, `module.name`; `doc` its docstring or NULL;
/// `base` its base class, a tuple of them, or NULL for `Exception`; `dict` its attributes or NULL.
/// Returns a new reference, or NULL with an exception.
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
        // SAFETY: `name` is not NULL, so it is a NUL-terminated string, which the caller keeps.
        let name = unsafe { CStr::from_ptr(name) }.to_bytes();
        let dot = name.iter().rposition(|byte| *byte == b'.');
        let (module, name) = name.split_at(dot.ok_or_else(no_name)?);
        // SAFETY: `dict` is NULL or an object, which the caller keeps alive.
        let dict = match unsafe { owned_copy(dict) } {
            None => vm.ctx.new_dict(),
            Some(dict) => dict.try_into_value::<PyRef<PyDict>>(vm)?,
        };
        if !doc.is_null() {
            // SAFETY: `doc` is a NUL-terminated string.
            let doc = unsafe { utf8_argument(doc, vm) }?;
            dict.set_item("__doc__", vm.ctx.new_str(doc).into(), vm)?;
        }
        if !dict.contains_key("__module__", vm) {
            let module = vm.ctx.new_str(decode_utf8(module, vm)?);
            dict.set_item("__module__", module.into(), vm)?;
        }
        let name = decode_utf8(&name[1..], vm)?;
        // SAFETY: `base` is NULL or an object, which the caller keeps alive.
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

/// A new reference to an argument; `None` for NULL.
///
/// # Safety
/// `object` is NULL or an object.
unsafe fn owned_copy(object: *mut PyObject) -> Option<PyObjectRef> {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    unsafe { object.as_ref() }.map(ToOwned::to_owned)
}

/// The exception behind an argument.
///
/// # Errors
/// TypeError if it is not an exception; SystemError if it is NULL.
///
/// # Safety
/// `exception` is NULL, or an object that lives for `'a`.
unsafe fn checked<'a>(
    exception: *mut PyObject,
    vm: &VirtualMachine,
) -> PyResult<&'a Py<PyBaseException>> {
    // SAFETY: `exception` is NULL or an object, which the caller keeps alive.
    let object = unsafe { argument(exception, vm) }?;
    object
        .downcast_ref()
        .ok_or_else(|| not_an_exception(object, vm))
}

/// The exception behind an argument whose reference is stolen; `None` for None and NULL.
///
/// # Errors
/// TypeError if it is not an exception. The reference is dropped then.
///
/// # Safety
/// `exception` is NULL or a reference that the caller owns.
unsafe fn stolen_exception(
    exception: *mut PyObject,
    vm: &VirtualMachine,
) -> PyResult<Option<PyBaseExceptionRef>> {
    // SAFETY: `exception` is NULL or a reference that the caller owns.
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

/// Sets the cause of an exception; NULL and None clear it. Steals the reference to `cause`.
///
/// # Safety
/// `exception` is NULL or an object. `cause` is NULL or a reference that the caller owns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyException_SetCause(exception: *mut PyObject, cause: *mut PyObject) {
    enter(|vm| {
        // SAFETY: `cause` is NULL or a reference that the caller owns.
        let cause = unsafe { stolen_exception(cause, vm) }?;
        // SAFETY: `exception` is NULL or an object, which the caller keeps alive.
        unsafe { checked(exception, vm) }?.set_cause(cause);
        Ok(())
    })
}

/// Sets the context of an exception; NULL and None clear it. Steals the reference to `context`.
///
/// # Safety
/// `exception` is NULL or an object. `context` is NULL or a reference that the caller owns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyException_SetContext(exception: *mut PyObject, context: *mut PyObject) {
    enter(|vm| {
        // SAFETY: `context` is NULL or a reference that the caller owns.
        let context = unsafe { stolen_exception(context, vm) }?;
        // SAFETY: `exception` is NULL or an object, which the caller keeps alive.
        unsafe { checked(exception, vm) }?.set_context(context);
        Ok(())
    })
}

/// Sets the traceback of an exception; None clears it. Returns 0; or -1 with TypeError, including
/// for NULL.
///
/// # Safety
/// Both arguments are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyException_SetTraceback(
    exception: *mut PyObject,
    traceback: *mut PyObject,
) -> c_int {
    enter(|vm| {
        // SAFETY: `exception` is NULL or an object, which the caller keeps alive.
        let exception = unsafe { checked(exception, vm) }?;
        // SAFETY: `traceback` is NULL or an object, which the caller keeps alive.
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
