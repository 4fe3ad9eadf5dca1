//! The slots for asynchronous code. The VM has none of them: it calls the special methods.

use rustpython_vm::builtins::PyType;
use rustpython_vm::{AsObject, Context, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::slot_ids::*;

/// What an iterator answered to a value that was sent to it.
pub(super) enum Sent {
    Yielded(PyObjectRef),
    Returned(PyObjectRef),
}

/// Whether a class has the slot. This takes locks of the class.
pub(super) fn has(class: &Py<PyType>, id: u16) -> bool {
    let ctx = Context::genesis();
    match method(id) {
        Some(method) => class.get_attr(ctx.intern_str(method)).is_some(),
        None => {
            let types = &ctx.types;
            id == AM_SEND && (class.is(types.generator_type) || class.is(types.coroutine_type))
        }
    }
}

fn method(id: u16) -> Option<&'static str> {
    Some(match id {
        AM_AWAIT => "__await__",
        AM_AITER => "__aiter__",
        AM_ANEXT => "__anext__",
        _ => return None,
    })
}

/// Calls the method of a slot.
///
/// # Errors
/// AttributeError if the class of the object has no such method; what the method raises.
pub(super) fn call(id: u16, zelf: &PyObject, vm: &VirtualMachine) -> PyResult {
    let method = vm.ctx.intern_str(method(id).unwrap_or_default());
    vm.call_special_method(zelf, method, ())
}

/// Sends a value to a generator or coroutine.
///
/// # Errors
/// AttributeError if it has no method `send`; what the method raises, except StopIteration.
pub(super) fn send(zelf: &PyObject, value: &PyObject, vm: &VirtualMachine) -> PyResult<Sent> {
    match vm.call_method(zelf, "send", (value.to_owned(),)) {
        Ok(item) => Ok(Sent::Yielded(item)),
        Err(error) if error.fast_isinstance(vm.ctx.exceptions.stop_iteration) => {
            error.as_object().get_attr("value", vm).map(Sent::Returned)
        }
        Err(error) => Err(error),
    }
}
