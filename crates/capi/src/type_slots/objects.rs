//! Calls of the slots that every class may have: text, hash, comparison, attributes, iteration,
//! calls, construction and finalization.

use core::ffi::c_int;

use rustpython_vm::builtins::{PyDict, PyStr, PyTuple, PyType};
use rustpython_vm::function::{Either, FuncArgs, KwArgs, PyComparisonValue, PySetterValue};
use rustpython_vm::protocol::PyIterReturn;
use rustpython_vm::types::PyComparisonOp;
use rustpython_vm::{AsObject, Context, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::fields::addresses;
use super::owner::{CLASS, OBJECT, Owner, class_for, is_heap_class};
use crate::boundary::bad_internal_call;
use crate::new_instance::{new_instance, new_over_base};
use crate::slot_ids::*;
use crate::type_record::native_base;

/// The text of an object for programmers.
///
/// # Errors
/// TypeError if the slot is empty; what the slot raises.
pub(super) fn repr(owner: Owner, zelf: &PyObject, vm: &VirtualMachine) -> PyResult {
    match class_for(owner, zelf, vm)?.slots().repr.load() {
        Some(function) => function(zelf, vm).map(Into::into),
        None => Err(vm.new_type_error("the object has no text")),
    }
}

/// The text of an object for users.
///
/// # Errors
/// TypeError if the slot is empty; what the slot or the method raises.
pub(super) fn text(owner: Owner, zelf: &PyObject, vm: &VirtualMachine) -> PyResult {
    let class = class_for(owner, zelf, vm)?;
    if has_str_method_only(class) {
        let method = class.get_attr(vm.ctx.intern_str("__str__"));
        if let Some(method) = method {
            return method.call((zelf.to_owned(),), vm);
        }
    }
    match class.slots().str.load() {
        Some(function) => function(zelf, vm).map(Into::into),
        None => Err(vm.new_type_error("the object has no text")),
    }
}

/// Whether the VM has a method `__str__` for a class of its own, but not the slot. So it is for `str`
/// and for exceptions.
fn has_str_method_only(class: &Py<PyType>) -> bool {
    let object = Context::genesis().types.object_type;
    !is_heap_class(class)
        && !class.is(object)
        && addresses(class.slots(), TP_STR) == addresses(object.slots(), TP_STR)
}

/// The class in the chain of bases that defines `__str__`.
pub(super) fn str_definer(class: &Py<PyType>) -> &Py<PyType> {
    let name = Context::genesis().intern_str("__str__");
    class
        .iter_base_chain()
        .find(|base| base.get_direct_attr(name).is_some())
        .unwrap_or(class)
}

/// The hash of an object, never -1.
///
/// # Errors
/// TypeError if the slot is empty; what the slot raises.
pub(super) fn hash(owner: Owner, zelf: &PyObject, vm: &VirtualMachine) -> PyResult<isize> {
    match class_for(owner, zelf, vm)?.slots().hash.load() {
        Some(function) => {
            function(zelf, vm).map(|hash| if hash == -1 { -2 } else { hash as isize })
        }
        None => Err(vm.new_type_error(format!("unhashable type: '{}'", zelf.class().slot_name()))),
    }
}

/// A comparison by one of C's numbers for them.
///
/// # Errors
/// SystemError for another number; what the slot raises.
pub(super) fn comparison(
    owner: Owner,
    zelf: &PyObject,
    other: &PyObject,
    operator: c_int,
    vm: &VirtualMachine,
) -> PyResult {
    let operator = match operator {
        0 => PyComparisonOp::Lt,
        1 => PyComparisonOp::Le,
        2 => PyComparisonOp::Eq,
        3 => PyComparisonOp::Ne,
        4 => PyComparisonOp::Gt,
        5 => PyComparisonOp::Ge,
        _ => return Err(bad_internal_call(vm)),
    };
    let function = class_for(owner, zelf, vm)?.slots().richcompare.load();
    let answer = function.map(|function| function(zelf, other, operator, vm));
    Ok(match answer.transpose()? {
        Some(Either::A(object)) => object,
        Some(Either::B(PyComparisonValue::Implemented(is))) => vm.ctx.new_bool(is).into(),
        Some(Either::B(PyComparisonValue::NotImplemented)) | None => vm.ctx.not_implemented(),
    })
}

/// An attribute.
///
/// # Errors
/// TypeError if the name is not a string or if the slot is empty; what the slot raises.
pub(super) fn attribute(
    owner: Owner,
    zelf: &PyObject,
    name: &PyObject,
    vm: &VirtualMachine,
) -> PyResult {
    let name = attribute_name(name, vm)?;
    match class_for(owner, zelf, vm)?.slots().getattro.load() {
        Some(function) => function(zelf, name, vm),
        None => Err(vm.new_no_attribute_error(zelf.to_owned(), name.to_owned())),
    }
}

/// Sets an attribute, or deletes it if there is no value.
///
/// # Errors
/// TypeError if the name is not a string or if the slot is empty; what the slot raises.
pub(super) fn set_attribute(
    owner: Owner,
    zelf: &PyObject,
    name: &PyObject,
    value: Option<PyObjectRef>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let name = attribute_name(name, vm)?;
    match class_for(owner, zelf, vm)?.slots().setattro.load() {
        Some(function) => function(zelf, name, value.into(), vm),
        None => Err(vm.new_type_error("the object has only read-only attributes")),
    }
}

fn attribute_name<'a>(name: &'a PyObject, vm: &VirtualMachine) -> PyResult<&'a Py<PyStr>> {
    name.downcast_ref::<PyStr>().ok_or_else(|| {
        let class = name.class().slot_name();
        vm.new_type_error(format!("attribute name must be string, not '{class}'"))
    })
}

/// What a descriptor gives for an object and its class.
///
/// # Errors
/// TypeError if the slot is empty; what the slot raises.
pub(super) fn bound(
    owner: Owner,
    zelf: &PyObject,
    object: Option<&PyObject>,
    class: Option<&PyObject>,
    vm: &VirtualMachine,
) -> PyResult {
    match class_for(owner, zelf, vm)?.slots().descr_get.load() {
        Some(function) => function(zelf, object, class, vm),
        None => Err(vm.new_type_error("the object is not a descriptor")),
    }
}

/// Sets the attribute of an object that a descriptor stands for, or deletes it if there is no value.
///
/// # Errors
/// TypeError if the slot is empty; what the slot raises.
pub(super) fn set_bound(
    owner: Owner,
    zelf: &PyObject,
    object: &PyObject,
    value: Option<PyObjectRef>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let value: PySetterValue = value.into();
    match class_for(owner, zelf, vm)?.slots().descr_set.load() {
        Some(function) => function(zelf, object.to_owned(), value, vm),
        None => Err(vm.new_type_error("the object is not a data descriptor")),
    }
}

/// An iterator over an object.
///
/// # Errors
/// TypeError if the slot is empty; what the slot raises.
pub(super) fn iterator(owner: Owner, zelf: &PyObject, vm: &VirtualMachine) -> PyResult {
    match class_for(owner, zelf, vm)?.slots().iter.load() {
        Some(function) => function(zelf.to_owned(), vm),
        None => Err(vm.new_type_error(format!(
            "'{}' object is not iterable",
            zelf.class().slot_name()
        ))),
    }
}

/// The next item of an iterator; `None` at its end.
///
/// # Errors
/// StopIteration at the end of a generator that returned a value, and of iterators of Python
/// classes; TypeError if the slot is empty; what the slot raises.
pub(super) fn next_item(
    owner: Owner,
    zelf: &PyObject,
    vm: &VirtualMachine,
) -> PyResult<Option<PyObjectRef>> {
    let Some(function) = class_for(owner, zelf, vm)?.slots().iternext.load() else {
        return Err(vm.new_type_error("the object is not an iterator"));
    };
    match function(zelf, vm)? {
        PyIterReturn::Return(item) => Ok(Some(item)),
        PyIterReturn::StopIteration(value) => {
            let value = value.filter(|value| !vm.is_none(value));
            if value.is_some() || owner == CLASS {
                Err(vm.new_stop_iteration(value))
            } else {
                Ok(None)
            }
        }
    }
}

/// The arguments of a call from C: a tuple, and a dict or nothing.
///
/// # Errors
/// TypeError if they are something else, or if a keyword is not a string.
pub(super) fn arguments(
    positional: &PyObject,
    keywords: Option<&PyObject>,
    vm: &VirtualMachine,
) -> PyResult<FuncArgs> {
    let positional = positional
        .downcast_ref::<PyTuple>()
        .ok_or_else(|| vm.new_type_error("argument list must be a tuple"))?;
    let keywords = match keywords {
        Some(keywords) => keywords
            .downcast_ref::<PyDict>()
            .ok_or_else(|| vm.new_type_error("keyword list must be a dictionary"))?
            .items_vec(),
        None => Vec::new(),
    };
    let keywords = keywords.into_iter().map(|(name, value)| {
        let name = name
            .downcast_ref::<PyStr>()
            .ok_or_else(|| vm.new_type_error("keywords must be strings"))?;
        Ok((name.as_wtf8().to_owned(), value))
    });
    let keywords: KwArgs = keywords
        .collect::<PyResult<Vec<_>>>()?
        .into_iter()
        .collect();
    Ok(FuncArgs::new(positional.as_slice().to_vec(), keywords))
}

/// A call of an object.
///
/// # Errors
/// TypeError if the slot is empty; what the slot raises.
pub(super) fn call(owner: Owner, zelf: &PyObject, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    match class_for(owner, zelf, vm)?.slots().call.load() {
        Some(function) => function(zelf, args, vm),
        None => Err(vm.new_type_error(format!(
            "'{}' object is not callable",
            zelf.class().slot_name()
        ))),
    }
}

/// Initializes an object.
///
/// # Errors
/// TypeError if the slot is empty; what the slot raises.
pub(super) fn initialize(
    owner: Owner,
    zelf: &PyObject,
    args: FuncArgs,
    vm: &VirtualMachine,
) -> PyResult<()> {
    match class_for(owner, zelf, vm)?.slots().init.load() {
        Some(function) => function(zelf, args, vm),
        None => Err(vm.new_type_error("the object cannot be initialized")),
    }
}

/// A new object of a class, which is the one that was asked or derived from it.
///
/// # Errors
/// TypeError if the function of `object` is called with a class that extends another class of the
/// VM, or if the slot is empty; what the slot raises.
pub(super) fn new(owner: Owner, class: &PyObject, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    let Some(class) = class.downcast_ref::<PyType>() else {
        return Err(vm.new_type_error("a new object requires a class"));
    };
    if owner == CLASS {
        return match class.slots.new.load() {
            Some(function) => function(class.to_owned(), args, vm),
            None => {
                Err(vm.new_type_error(format!("cannot create '{}' instances", class.slot_name())))
            }
        };
    }
    let base = native_base(class);
    let object = vm.ctx.types.object_type;
    if owner == OBJECT && addresses(base.slots(), TP_NEW) != addresses(object.slots(), TP_NEW) {
        let (class, base) = (class.slot_name(), base.slot_name());
        return Err(vm.new_type_error(format!(
            "object.__new__({class}) is not safe, use {base}.__new__()"
        )));
    }
    if owner == OBJECT && args.is_empty() {
        return new_instance(class.to_owned(), 0, vm);
    }
    new_over_base(class.to_owned(), args, 0, vm)
}

/// Runs the finalizer of an object. The exception that it raises is reported as unraisable.
pub(super) fn finalize(owner: Owner, zelf: &PyObject, vm: &VirtualMachine) -> PyResult<()> {
    let Some(function) = class_for(owner, zelf, vm)?.slots().del.load() else {
        return Ok(());
    };
    let pending = vm.current_exception();
    vm.set_exception(None);
    if let Err(error) = function(zelf, vm) {
        vm.run_unraisable(error, None, zelf.to_owned());
    }
    vm.set_exception(pending);
    Ok(())
}

/// Whether the collector looks at a class.
///
/// # Errors
/// TypeError if it is no class.
pub(super) fn is_collected(owner: Owner, zelf: &PyObject, vm: &VirtualMachine) -> PyResult<bool> {
    class_for(owner, zelf, vm)?;
    let class = zelf.downcast_ref::<PyType>();
    Ok(class.is_some_and(is_heap_class))
}
