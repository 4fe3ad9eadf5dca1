//! What the VM's own `_datetime` has that C code is given: the classes, and what is read and called
//! through them. How C code is given it is elsewhere.
//!
//! The VM has one set of these classes for all interpreters of the process. They cannot be changed,
//! and are never freed.

use std::sync::OnceLock;

use rustpython_capi::object::PyTypeObject;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyModule};
use rustpython_vm::{Py, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine};

/// The classes of `_datetime`, and its one object.
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
    /// The classes of the module. Every interpreter's module has the same ones.
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

    /// # Errors
    /// SystemError as long as no interpreter has the module.
    pub(crate) fn get(vm: &VirtualMachine) -> PyResult<&'static Self> {
        CLASSES.get().ok_or_else(|| not_imported(vm))
    }
}

pub(crate) fn not_imported(vm: &VirtualMachine) -> PyBaseExceptionRef {
    vm.new_system_error("datetime has not been imported")
}

/// An object that is never freed.
fn leaked(object: PyObjectRef) -> &'static PyObject {
    // SAFETY: this reference to it is never given up.
    unsafe { object.into_raw().as_ref() }
}

/// What a class has under a name, as it is kept there.
pub(crate) fn attribute(
    class: &PyTypeObject,
    name: &'static str,
    vm: &VirtualMachine,
) -> PyResult<&'static PyObject> {
    let found = class.get_direct_attr(vm.ctx.intern_str(name));
    let found = found.ok_or_else(|| vm.new_attribute_error(name.to_owned()))?;
    Ok(leaked(found))
}

/// What a function was given. NULL is an error everywhere.
///
/// # Safety
/// `object` is NULL or an object that lives for `'a`.
pub(crate) unsafe fn non_null<'a, T>(
    object: *mut T,
    what: &str,
    vm: &VirtualMachine,
) -> PyResult<&'a T> {
    // SAFETY: passed on from the caller.
    let object = unsafe { object.as_ref() };
    object.ok_or_else(|| vm.new_system_error(format!("NULL instead of {what}")))
}
