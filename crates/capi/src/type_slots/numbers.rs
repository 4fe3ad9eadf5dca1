//! Calls of the number slots. For C an operator has one slot, whose function gets the operands in
//! the order in which they are written; the VM and Python classes know a second one for the operand
//! on the right.

use rustpython_vm::builtins::{PyStrInterned, PyType};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::fields;
use super::owner::{CLASS, Owner, class_for, named};
use crate::slot_ids::*;

/// An operator with one operand.
///
/// # Errors
/// TypeError if the slot is empty; what the slot raises.
pub(super) fn unary(owner: Owner, id: u16, zelf: &PyObject, vm: &VirtualMachine) -> PyResult {
    match fields::unary(class_for(owner, zelf, vm)?.slots(), id) {
        Some(function) => function(zelf.number(), vm),
        None => Err(vm.new_type_error("bad operand type for unary operator")),
    }
}

/// Whether an object is true.
///
/// # Errors
/// TypeError if the slot is empty; what the slot raises.
pub(super) fn truth(owner: Owner, zelf: &PyObject, vm: &VirtualMachine) -> PyResult<bool> {
    match class_for(owner, zelf, vm)?.slots().as_number.boolean.load() {
        Some(function) => function(zelf.number(), vm),
        None => Err(vm.new_type_error("the object has no truth value")),
    }
}

/// An operator with two operands. The result is NotImplemented if they do not support it.
///
/// # Errors
/// What the slot raises.
pub(super) fn binary(
    owner: Owner,
    id: u16,
    left: &PyObject,
    right: &PyObject,
    vm: &VirtualMachine,
) -> PyResult {
    let methods = methods(id);
    if owner == CLASS
        && let Some(methods) = methods
    {
        return of_python_classes(methods, left, right, vm);
    }
    let function = match named(owner) {
        Some(class) if methods.is_some() => fields::binary(class.slots(), id),
        _ => fields::binary(class_for(owner, left, vm)?.slots(), id),
    };
    // The operand on the right belongs to the class that was asked if the left one does not.
    let function = match function {
        None if methods.is_some() => fields::binary(class_for(owner, right, vm)?.slots(), id),
        function => function,
    };
    match function {
        Some(function) => function(left, right, vm),
        None => Ok(vm.ctx.not_implemented()),
    }
}

/// A power, or its in-place form. The result is NotImplemented if the operands do not support it.
///
/// # Errors
/// What the slot raises.
pub(super) fn power(
    owner: Owner,
    id: u16,
    [base, exponent, modulus]: [&PyObject; 3],
    vm: &VirtualMachine,
) -> PyResult {
    if owner == CLASS && id == NB_POWER {
        if vm.is_none(modulus) {
            return of_python_classes(["__pow__", "__rpow__"], base, exponent, vm);
        }
        let name = vm.ctx.intern_str("__pow__");
        return match python_method(base.class(), name, vm) {
            Some(_) => {
                vm.call_special_method(base, name, (exponent.to_owned(), modulus.to_owned()))
            }
            None => Ok(vm.ctx.not_implemented()),
        };
    }
    let class = match named(owner) {
        Some(class) if id == NB_POWER => class,
        _ => class_for(owner, base, vm)?,
    };
    let function = match fields::power(class.slots(), id) {
        None if id == NB_POWER => fields::power(class_for(owner, exponent, vm)?.slots(), id),
        function => function,
    };
    match function {
        Some(function) => function(base, exponent, modulus, vm),
        None => Ok(vm.ctx.not_implemented()),
    }
}

/// The methods of an operator; `None` if it is an in-place form, which has no reflected method.
fn methods(id: u16) -> Option<[&'static str; 2]> {
    Some(match id {
        NB_ADD => ["__add__", "__radd__"],
        NB_AND => ["__and__", "__rand__"],
        NB_DIVMOD => ["__divmod__", "__rdivmod__"],
        NB_FLOOR_DIVIDE => ["__floordiv__", "__rfloordiv__"],
        NB_LSHIFT => ["__lshift__", "__rlshift__"],
        NB_MATRIX_MULTIPLY => ["__matmul__", "__rmatmul__"],
        NB_MULTIPLY => ["__mul__", "__rmul__"],
        NB_OR => ["__or__", "__ror__"],
        NB_REMAINDER => ["__mod__", "__rmod__"],
        NB_RSHIFT => ["__rshift__", "__rrshift__"],
        NB_SUBTRACT => ["__sub__", "__rsub__"],
        NB_TRUE_DIVIDE => ["__truediv__", "__rtruediv__"],
        NB_XOR => ["__xor__", "__rxor__"],
        _ => return None,
    })
}

/// An operator of Python classes. Classes whose slot is not filled by a Python method have no part
/// in it, since C code that extends a Python class calls this function from its own slot.
fn of_python_classes(
    [name, reflected]: [&'static str; 2],
    left: &PyObject,
    right: &PyObject,
    vm: &VirtualMachine,
) -> PyResult {
    let name = vm.ctx.intern_str(name);
    let reflected = vm.ctx.intern_str(reflected);
    let (left_class, right_class) = (left.class(), right.class());
    let is_implemented = |result: &PyObjectRef| !result.is(&vm.ctx.not_implemented);
    let call_reflected = || vm.call_special_method(right, reflected, (left.to_owned(),));
    let right_method = python_method(right_class, reflected, vm);
    let mut try_right = right_method.is_some() && !left_class.is(right_class);
    if python_method(left_class, name, vm).is_some() {
        if try_right
            && right_class.is_subtype(left_class)
            && is_overridden(left_class, right_method.as_deref(), reflected, vm)?
        {
            let result = call_reflected()?;
            if is_implemented(&result) {
                return Ok(result);
            }
            try_right = false;
        }
        let result = vm.call_special_method(left, name, (right.to_owned(),))?;
        if is_implemented(&result) {
            return Ok(result);
        }
    }
    if try_right {
        return call_reflected();
    }
    Ok(vm.ctx.not_implemented())
}

/// The method of a class, unless it is the wrapper of a slot.
fn python_method(
    class: &Py<PyType>,
    name: &'static PyStrInterned,
    vm: &VirtualMachine,
) -> Option<PyObjectRef> {
    let method = class.get_attr(name)?;
    let is_wrapper = method.class().is(vm.ctx.types.wrapper_descriptor_type);
    (!is_wrapper).then_some(method)
}

/// Whether a class has another method of this name than `method`, which a subclass of it has.
fn is_overridden(
    class: &Py<PyType>,
    method: Option<&PyObject>,
    name: &'static PyStrInterned,
    vm: &VirtualMachine,
) -> PyResult<bool> {
    match (class.get_attr(name), method) {
        (Some(of_class), Some(method)) => vm.identical_or_equal(&of_class, method).map(|is| !is),
        (of_class, method) => Ok(of_class.is_none() && method.is_some()),
    }
}
