//! The classes and methods of the VM's `_datetime` that C code uses. The functions that C code
//! calls are in `datetime` and `datetime_constructors`.
//!
//! The VM has one set of these classes for all interpreters of the process. They are immutable and
//! never freed.

use std::sync::OnceLock;

use rustpython_capi::object::PyTypeObject;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyModule};
use rustpython_vm::{Py, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine};

/// The classes of `_datetime`, its constant `UTC`, and two class methods.
#[derive(Debug)]
pub(crate) struct Classes {
    pub(crate) date: &'static PyTypeObject,
    pub(crate) datetime: &'static PyTypeObject,
    pub(crate) time: &'static PyTypeObject,
    pub(crate) delta: &'static PyTypeObject,
    pub(crate) tzinfo: &'static PyTypeObject,
    pub(crate) timezone: &'static PyTypeObject,
    pub(crate) utc: &'static PyObject,
    pub(crate) date_from_timestamp: &'static PyObject,
    pub(crate) datetime_from_timestamp: &'static PyObject,
}

static CLASSES: OnceLock<Classes> = OnceLock::new();

impl Classes {
    /// The classes of the module, which are the same in all interpreters.
    ///
    /// # Errors
    /// AttributeError or TypeError if the module lacks one.
    pub(crate) fn of(module: &Py<PyModule>, vm: &VirtualMachine) -> PyResult<&'static Self> {
        if let Some(known) = CLASSES.get() {
            return Ok(known);
        }
        let class = |name: &'static str| -> PyResult<&'static PyTypeObject> {
            let class: PyRef<_> = module.get_attr(name, vm)?.try_into_value(vm)?;
            Ok(PyRef::leak(class))
        };
        let (date, datetime) = (class("date")?, class("datetime")?);
        let classes = Self {
            date,
            datetime,
            time: class("time")?,
            delta: class("timedelta")?,
            tzinfo: class("tzinfo")?,
            timezone: class("timezone")?,
            utc: leaked(module.get_attr("UTC", vm)?),
            date_from_timestamp: attribute(date, "fromtimestamp", vm)?,
            datetime_from_timestamp: attribute(datetime, "fromtimestamp", vm)?,
        };
        Ok(CLASSES.get_or_init(|| classes))
    }

    /// The classes, once a module was made.
    ///
    /// # Errors
    /// SystemError before an interpreter has imported the module.
    pub(crate) fn get(vm: &VirtualMachine) -> PyResult<&'static Self> {
        CLASSES.get().ok_or_else(|| not_imported(vm))
    }
}

/// The SystemError for a call before `datetime` was imported.
pub(crate) fn not_imported(vm: &VirtualMachine) -> PyBaseExceptionRef {
    vm.new_system_error("datetime has not been imported")
}

/// Leaks a reference, so that the object is never freed.
fn leaked(object: PyObjectRef) -> &'static PyObject {
    // SAFETY: the reference that `into_raw` returns is never dropped, so the object is never freed.
    unsafe { object.into_raw().as_ref() }
}

/// An attribute of a class itself, without binding it.
///
/// # Errors
/// AttributeError if the class does not have it.
pub(crate) fn attribute(
    class: &PyTypeObject,
    name: &'static str,
    vm: &VirtualMachine,
) -> PyResult<&'static PyObject> {
    let found = class.get_direct_attr(vm.ctx.intern_str(name));
    let found = found.ok_or_else(|| vm.new_attribute_error(name.to_owned()))?;
    Ok(leaked(found))
}

/// The target of a pointer argument; `what` names the argument in the message.
///
/// # Errors
/// SystemError if the argument is NULL.
///
/// # Safety
/// `object` is NULL or an object that lives for `'a`.
pub(crate) unsafe fn non_null<'a, T>(
    object: *mut T,
    what: &str,
    vm: &VirtualMachine,
) -> PyResult<&'a T> {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    let object = unsafe { object.as_ref() };
    object.ok_or_else(|| vm.new_system_error(format!("NULL instead of {what}")))
}
