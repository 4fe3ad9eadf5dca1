//! The VM's slots by their numbers in C. Reading one takes no lock.

use rustpython_vm::protocol::PyNumber;
use rustpython_vm::types::PyTypeSlots;
use rustpython_vm::{PyObject, PyResult, VirtualMachine};

use crate::slot_ids::*;

pub(super) type Unary = fn(PyNumber<'_>, &VirtualMachine) -> PyResult;
pub(super) type Binary = fn(&PyObject, &PyObject, &VirtualMachine) -> PyResult;
pub(super) type Ternary = fn(&PyObject, &PyObject, &PyObject, &VirtualMachine) -> PyResult;

/// An operator with one operand.
pub(super) fn unary(slots: &PyTypeSlots, id: u16) -> Option<Unary> {
    let number = &slots.as_number;
    match id {
        NB_ABSOLUTE => &number.absolute,
        NB_FLOAT => &number.float,
        NB_INDEX => &number.index,
        NB_INT => &number.int,
        NB_INVERT => &number.invert,
        NB_NEGATIVE => &number.negative,
        NB_POSITIVE => &number.positive,
        _ => return None,
    }
    .load()
}

/// An operator with two operands, or its in-place form.
pub(super) fn binary(slots: &PyTypeSlots, id: u16) -> Option<Binary> {
    let number = &slots.as_number;
    match id {
        NB_ADD => &number.add,
        NB_AND => &number.and,
        NB_DIVMOD => &number.divmod,
        NB_FLOOR_DIVIDE => &number.floor_divide,
        NB_LSHIFT => &number.lshift,
        NB_MATRIX_MULTIPLY => &number.matrix_multiply,
        NB_MULTIPLY => &number.multiply,
        NB_OR => &number.or,
        NB_REMAINDER => &number.remainder,
        NB_RSHIFT => &number.rshift,
        NB_SUBTRACT => &number.subtract,
        NB_TRUE_DIVIDE => &number.true_divide,
        NB_XOR => &number.xor,
        NB_INPLACE_ADD => &number.inplace_add,
        NB_INPLACE_AND => &number.inplace_and,
        NB_INPLACE_FLOOR_DIVIDE => &number.inplace_floor_divide,
        NB_INPLACE_LSHIFT => &number.inplace_lshift,
        NB_INPLACE_MATRIX_MULTIPLY => &number.inplace_matrix_multiply,
        NB_INPLACE_MULTIPLY => &number.inplace_multiply,
        NB_INPLACE_OR => &number.inplace_or,
        NB_INPLACE_REMAINDER => &number.inplace_remainder,
        NB_INPLACE_RSHIFT => &number.inplace_rshift,
        NB_INPLACE_SUBTRACT => &number.inplace_subtract,
        NB_INPLACE_TRUE_DIVIDE => &number.inplace_true_divide,
        NB_INPLACE_XOR => &number.inplace_xor,
        _ => return None,
    }
    .load()
}

/// The VM's second slot of an operator, for the operand on the right. For C both are one slot.
fn right(slots: &PyTypeSlots, id: u16) -> Option<Binary> {
    let number = &slots.as_number;
    match id {
        NB_ADD => &number.right_add,
        NB_AND => &number.right_and,
        NB_DIVMOD => &number.right_divmod,
        NB_FLOOR_DIVIDE => &number.right_floor_divide,
        NB_LSHIFT => &number.right_lshift,
        NB_MATRIX_MULTIPLY => &number.right_matrix_multiply,
        NB_MULTIPLY => &number.right_multiply,
        NB_OR => &number.right_or,
        NB_REMAINDER => &number.right_remainder,
        NB_RSHIFT => &number.right_rshift,
        NB_SUBTRACT => &number.right_subtract,
        NB_TRUE_DIVIDE => &number.right_true_divide,
        NB_XOR => &number.right_xor,
        _ => return None,
    }
    .load()
}

/// A power, or its in-place form.
pub(super) fn power(slots: &PyTypeSlots, id: u16) -> Option<Ternary> {
    let number = &slots.as_number;
    match id {
        NB_POWER => &number.power,
        NB_INPLACE_POWER => &number.inplace_power,
        _ => return None,
    }
    .load()
}

/// What is in a slot, as numbers to compare: the addresses of its functions, 0 for none.
pub(super) fn addresses(slots: &PyTypeSlots, id: u16) -> [usize; 2] {
    macro_rules! address {
        ($slot:expr) => {
            [$slot.load().map_or(0, |function| function as usize), 0]
        };
    }
    let sequence = &slots.as_sequence;
    let mapping = &slots.as_mapping;
    match id {
        BF_GETBUFFER => address!(slots.as_buffer),
        BF_RELEASEBUFFER if slots.has_release_buffer.load() => address!(slots.as_buffer),
        NB_BOOL => address!(slots.as_number.boolean),
        NB_POWER => [
            power(slots, id).map_or(0, |function| function as usize),
            (slots.as_number.right_power.load()).map_or(0, |function| function as usize),
        ],
        SQ_ASS_ITEM => address!(sequence.ass_item),
        SQ_CONCAT => address!(sequence.concat),
        SQ_CONTAINS => address!(sequence.contains),
        SQ_INPLACE_CONCAT => address!(sequence.inplace_concat),
        SQ_INPLACE_REPEAT => address!(sequence.inplace_repeat),
        SQ_ITEM => address!(sequence.item),
        SQ_LENGTH => address!(sequence.length),
        SQ_REPEAT => address!(sequence.repeat),
        MP_ASS_SUBSCRIPT => address!(mapping.ass_subscript),
        MP_LENGTH => address!(mapping.length),
        MP_SUBSCRIPT => address!(mapping.subscript),
        TP_CALL => address!(slots.call),
        TP_DESCR_GET => address!(slots.descr_get),
        TP_DESCR_SET => address!(slots.descr_set),
        TP_FINALIZE => address!(slots.del),
        TP_GETATTRO => address!(slots.getattro),
        TP_HASH => address!(slots.hash),
        TP_INIT => address!(slots.init),
        TP_ITER => address!(slots.iter),
        TP_ITERNEXT => address!(slots.iternext),
        TP_NEW => address!(slots.new),
        TP_REPR => address!(slots.repr),
        TP_RICHCOMPARE => address!(slots.richcompare),
        TP_SETATTRO => address!(slots.setattro),
        TP_STR => address!(slots.str),
        _ => {
            let unary = unary(slots, id).map(|function| function as usize);
            let one = unary.or_else(|| power(slots, id).map(|function| function as usize));
            let one = one.or_else(|| binary(slots, id).map(|function| function as usize));
            let other = right(slots, id).map_or(0, |function| function as usize);
            [one.unwrap_or(0), other]
        }
    }
}
