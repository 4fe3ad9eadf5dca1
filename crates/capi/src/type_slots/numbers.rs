//! Calls of the number slots. For C an operator has one slot, whose function gets the operands in
//! the order in which they are written; the VM and Python classes know a second one for the operand
//! on the right.

use rustpython_vm::builtins::{PyStrInterned, PyType};
use rustpython_vm::{AsObject, Context, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

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
    let methods = methods(id);
    if owner == CLASS
        && let Some(methods) = methods
    {
        let name = vm.ctx.intern_str(methods[0]);
        return if vm.is_none(modulus) {
            of_python_classes(methods, base, exponent, vm)
        } else if has_python_method(base.class(), methods, &vm.ctx) {
            vm.call_special_method(base, name, (exponent.to_owned(), modulus.to_owned()))
        } else {
            Ok(vm.ctx.not_implemented())
        };
    }
    let class = match named(owner) {
        Some(class) if methods.is_some() => class,
        _ => class_for(owner, base, vm)?,
    };
    let function = match fields::power(class.slots(), id) {
        None if methods.is_some() => fields::power(class_for(owner, exponent, vm)?.slots(), id),
        function => function,
    };
    match function {
        Some(function) => function(base, exponent, modulus, vm),
        None => Ok(vm.ctx.not_implemented()),
    }
}

/// Whether the slot of an operator is filled by a Python method of the class or of one of its bases;
/// `None` for slots that are no operators. This takes locks of the class.
pub(super) fn is_python(class: &Py<PyType>, id: u16) -> Option<bool> {
    let ctx = Context::genesis();
    match (methods(id), in_place_method(id)) {
        (Some(methods), _) => Some(has_python_method(class, methods, ctx)),
        (None, Some(method)) => Some(has_python_method(class, [method], ctx)),
        (None, None) => None,
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
        NB_POWER => ["__pow__", "__rpow__"],
        NB_REMAINDER => ["__mod__", "__rmod__"],
        NB_RSHIFT => ["__rshift__", "__rrshift__"],
        NB_SUBTRACT => ["__sub__", "__rsub__"],
        NB_TRUE_DIVIDE => ["__truediv__", "__rtruediv__"],
        NB_XOR => ["__xor__", "__rxor__"],
        _ => return None,
    })
}

/// The method of an in-place operator.
fn in_place_method(id: u16) -> Option<&'static str> {
    Some(match id {
        NB_INPLACE_ADD => "__iadd__",
        NB_INPLACE_AND => "__iand__",
        NB_INPLACE_FLOOR_DIVIDE => "__ifloordiv__",
        NB_INPLACE_LSHIFT => "__ilshift__",
        NB_INPLACE_MATRIX_MULTIPLY => "__imatmul__",
        NB_INPLACE_MULTIPLY => "__imul__",
        NB_INPLACE_OR => "__ior__",
        NB_INPLACE_POWER => "__ipow__",
        NB_INPLACE_REMAINDER => "__imod__",
        NB_INPLACE_RSHIFT => "__irshift__",
        NB_INPLACE_SUBTRACT => "__isub__",
        NB_INPLACE_TRUE_DIVIDE => "__itruediv__",
        NB_INPLACE_XOR => "__ixor__",
        _ => return None,
    })
}

/// An operator of Python classes. Classes whose slot is not filled by a Python method have no part
/// in it, since C code that extends a Python class calls this function from its own slot.
fn of_python_classes(
    methods: [&'static str; 2],
    left: &PyObject,
    right: &PyObject,
    vm: &VirtualMachine,
) -> PyResult {
    let [name, reflected] = methods.map(|name| vm.ctx.intern_str(name));
    let (left_class, right_class) = (left.class(), right.class());
    let is_implemented = |result: &PyObjectRef| !result.is(&vm.ctx.not_implemented);
    let call = |zelf: &PyObject, name, other: &PyObject| match zelf.class().get_attr(name) {
        Some(_) => vm.call_special_method(zelf, name, (other.to_owned(),)),
        None => Ok(vm.ctx.not_implemented()),
    };
    let mut try_right =
        !left_class.is(right_class) && has_python_method(right_class, methods, &vm.ctx);
    if has_python_method(left_class, methods, &vm.ctx) {
        if try_right
            && right_class.is_subtype(left_class)
            && is_overridden(left_class, right_class, reflected, vm)?
        {
            let result = call(right, reflected, left)?;
            if is_implemented(&result) {
                return Ok(result);
            }
            try_right = false;
        }
        let result = call(left, name, right)?;
        if is_implemented(&result) {
            return Ok(result);
        }
    }
    if try_right {
        return call(right, reflected, left);
    }
    Ok(vm.ctx.not_implemented())
}

/// Whether one of the methods is more than the wrapper of a slot.
fn has_python_method<const N: usize>(
    class: &Py<PyType>,
    methods: [&'static str; N],
    ctx: &Context,
) -> bool {
    methods.into_iter().any(|name| {
        let method = class.get_attr(ctx.intern_str(name));
        let wrapper = ctx.types.wrapper_descriptor_type;
        method.is_some_and(|method| !method.class().is(wrapper))
    })
}

/// Whether a class has another method of this name than its base.
fn is_overridden(
    base: &Py<PyType>,
    class: &Py<PyType>,
    name: &'static PyStrInterned,
    vm: &VirtualMachine,
) -> PyResult<bool> {
    match (base.get_attr(name), class.get_attr(name)) {
        (Some(of_base), Some(of_class)) => {
            let is_same = vm.identical_or_equal(&of_base, &of_class)?;
            Ok(!is_same)
        }
        (of_base, of_class) => Ok(of_base.is_none() && of_class.is_some()),
    }
}
