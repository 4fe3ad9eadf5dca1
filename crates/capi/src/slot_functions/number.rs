//! The slots of numbers.

use core::ffi::{c_int, c_void};
use core::mem::transmute;

use rustpython_vm::protocol::PyNumber;
use rustpython_vm::{PyObject, PyResult, VirtualMachine};

use super::call::{function_of, number_result, object_result, raw};
use super::level::with_level;
use crate::slot_ids::*;
use crate::type_record::TypeRecord;

type Unary = unsafe extern "C" fn(*mut PyObject) -> *mut PyObject;
type Binary = unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject;
type Ternary = unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> *mut PyObject;
type Boolean = unsafe extern "C" fn(*mut PyObject) -> c_int;

fn unary<const ID: SlotId, const LEVEL: usize>(
    number: PyNumber<'_>,
    vm: &VirtualMachine,
) -> PyResult {
    let object = number.obj;
    let function = function_of::<LEVEL>(object, ID, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, Unary>(function) };
    // SAFETY: as above; the argument is alive.
    object_result(ID, object, vm, || unsafe { function(raw(object)) })
}

fn boolean<const LEVEL: usize>(number: PyNumber<'_>, vm: &VirtualMachine) -> PyResult<bool> {
    let object = number.obj;
    let function = function_of::<LEVEL>(object, NB_BOOL, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, Boolean>(function) };
    // SAFETY: as above; the argument is alive.
    let result = number_result(NB_BOOL, object, vm, || unsafe { function(raw(object)) }
        as isize);
    Ok(result? != 0)
}

/// Calls a function of two numbers, which the class of `owner` has.
#[inline]
fn call_binary<const LEVEL: usize>(
    id: SlotId,
    owner: &PyObject,
    left: &PyObject,
    right: &PyObject,
    vm: &VirtualMachine,
) -> PyResult {
    let function = function_of::<LEVEL>(owner, id, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, Binary>(function) };
    // SAFETY: as above; the arguments are alive.
    object_result(id, owner, vm, || unsafe { function(raw(left), raw(right)) })
}

fn left<const ID: SlotId, const LEVEL: usize>(
    left: &PyObject,
    right: &PyObject,
    vm: &VirtualMachine,
) -> PyResult {
    call_binary::<LEVEL>(ID, left, left, right, vm)
}

fn right<const ID: SlotId, const LEVEL: usize>(
    left: &PyObject,
    right: &PyObject,
    vm: &VirtualMachine,
) -> PyResult {
    call_binary::<LEVEL>(ID, right, left, right, vm)
}

#[inline]
fn call_ternary<const LEVEL: usize>(
    id: SlotId,
    owner: &PyObject,
    arguments: [&PyObject; 3],
    vm: &VirtualMachine,
) -> PyResult {
    let function = function_of::<LEVEL>(owner, id, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, Ternary>(function) };
    let [first, second, third] = arguments.map(raw);
    // SAFETY: as above; the arguments are alive.
    object_result(id, owner, vm, || unsafe { function(first, second, third) })
}

fn left_power<const ID: SlotId, const LEVEL: usize>(
    base: &PyObject,
    exponent: &PyObject,
    modulus: &PyObject,
    vm: &VirtualMachine,
) -> PyResult {
    if let Ok(function) = function_of::<LEVEL>(modulus, ID, vm)
        && function_of::<LEVEL>(base, ID, vm).is_err()
    {
        // This is the slot of the modulus. A function that the exponent has too was called before.
        return if function_of::<LEVEL>(exponent, ID, vm).is_ok_and(|other| other == function) {
            Ok(vm.ctx.not_implemented())
        } else {
            call_ternary::<LEVEL>(ID, modulus, [base, exponent, modulus], vm)
        };
    }
    call_ternary::<LEVEL>(ID, base, [base, exponent, modulus], vm)
}

fn right_power<const ID: SlotId, const LEVEL: usize>(
    base: &PyObject,
    exponent: &PyObject,
    modulus: &PyObject,
    vm: &VirtualMachine,
) -> PyResult {
    call_ternary::<LEVEL>(ID, exponent, [base, exponent, modulus], vm)
}

/// Fills the slots of the class's own functions.
pub(super) fn fill(record: &TypeRecord) {
    let slots = &record.class().slots.as_number;
    let level = record.content.level;
    macro_rules! fill {
        ($($id:ident => $kind:ident $field:ident $(, $other_kind:ident $other_field:ident)?;)*) => {$(
            if record.is_own($id) {
                slots.$field.store(Some(with_level!(level, $kind, $id)));
                $(slots.$other_field.store(Some(with_level!(level, $other_kind, $id)));)?
            }
        )*};
    }
    fill! {
        NB_ADD => left add, right right_add;
        NB_SUBTRACT => left subtract, right right_subtract;
        NB_MULTIPLY => left multiply, right right_multiply;
        NB_REMAINDER => left remainder, right right_remainder;
        NB_DIVMOD => left divmod, right right_divmod;
        NB_POWER => left_power power, right_power right_power;
        NB_LSHIFT => left lshift, right right_lshift;
        NB_RSHIFT => left rshift, right right_rshift;
        NB_AND => left and, right right_and;
        NB_XOR => left xor, right right_xor;
        NB_OR => left or, right right_or;
        NB_FLOOR_DIVIDE => left floor_divide, right right_floor_divide;
        NB_TRUE_DIVIDE => left true_divide, right right_true_divide;
        NB_MATRIX_MULTIPLY => left matrix_multiply, right right_matrix_multiply;
        NB_INPLACE_ADD => left inplace_add;
        NB_INPLACE_SUBTRACT => left inplace_subtract;
        NB_INPLACE_MULTIPLY => left inplace_multiply;
        NB_INPLACE_REMAINDER => left inplace_remainder;
        NB_INPLACE_POWER => left_power inplace_power;
        NB_INPLACE_LSHIFT => left inplace_lshift;
        NB_INPLACE_RSHIFT => left inplace_rshift;
        NB_INPLACE_AND => left inplace_and;
        NB_INPLACE_XOR => left inplace_xor;
        NB_INPLACE_OR => left inplace_or;
        NB_INPLACE_FLOOR_DIVIDE => left inplace_floor_divide;
        NB_INPLACE_TRUE_DIVIDE => left inplace_true_divide;
        NB_INPLACE_MATRIX_MULTIPLY => left inplace_matrix_multiply;
        NB_NEGATIVE => unary negative;
        NB_POSITIVE => unary positive;
        NB_ABSOLUTE => unary absolute;
        NB_INVERT => unary invert;
        NB_INT => unary int;
        NB_FLOAT => unary float;
        NB_INDEX => unary index;
    }
    if record.is_own(NB_BOOL) {
        slots.boolean.store(Some(with_level!(level, boolean)));
    }
}
