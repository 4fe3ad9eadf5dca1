//! The numbers by which C code names the slots of a type (`Py_nb_add` and so on). The stable ABI
//! fixes them.

pub(super) const MP_SUBSCRIPT: u16 = 5;
pub(super) const NB_ABSOLUTE: u16 = 6;
pub(super) const NB_ADD: u16 = 7;
pub(super) const NB_AND: u16 = 8;
pub(super) const NB_BOOL: u16 = 9;
pub(super) const NB_DIVMOD: u16 = 10;
pub(super) const NB_FLOAT: u16 = 11;
pub(super) const NB_FLOOR_DIVIDE: u16 = 12;
pub(super) const NB_INDEX: u16 = 13;
pub(super) const NB_INPLACE_ADD: u16 = 14;
pub(super) const NB_INPLACE_AND: u16 = 15;
pub(super) const NB_INPLACE_FLOOR_DIVIDE: u16 = 16;
pub(super) const NB_INPLACE_LSHIFT: u16 = 17;
pub(super) const NB_INPLACE_MULTIPLY: u16 = 18;
pub(super) const NB_INPLACE_OR: u16 = 19;
pub(super) const NB_INPLACE_POWER: u16 = 20;
pub(super) const NB_INPLACE_REMAINDER: u16 = 21;
pub(super) const NB_INPLACE_RSHIFT: u16 = 22;
pub(super) const NB_INPLACE_SUBTRACT: u16 = 23;
pub(super) const NB_INPLACE_TRUE_DIVIDE: u16 = 24;
pub(super) const NB_INPLACE_XOR: u16 = 25;
pub(super) const NB_INT: u16 = 26;
pub(super) const NB_INVERT: u16 = 27;
pub(super) const NB_LSHIFT: u16 = 28;
pub(super) const NB_MULTIPLY: u16 = 29;
pub(super) const NB_NEGATIVE: u16 = 30;
pub(super) const NB_OR: u16 = 31;
pub(super) const NB_POSITIVE: u16 = 32;
pub(super) const NB_POWER: u16 = 33;
pub(super) const NB_REMAINDER: u16 = 34;
pub(super) const NB_RSHIFT: u16 = 35;
pub(super) const NB_SUBTRACT: u16 = 36;
pub(super) const NB_TRUE_DIVIDE: u16 = 37;
pub(super) const NB_XOR: u16 = 38;
pub(super) const SQ_ASS_ITEM: u16 = 39;
pub(super) const SQ_CONCAT: u16 = 40;
pub(super) const SQ_CONTAINS: u16 = 41;
pub(super) const SQ_INPLACE_CONCAT: u16 = 42;
pub(super) const SQ_INPLACE_REPEAT: u16 = 43;
pub(super) const SQ_ITEM: u16 = 44;
pub(super) const SQ_LENGTH: u16 = 45;
pub(super) const SQ_REPEAT: u16 = 46;
pub(super) const TP_ALLOC: u16 = 47;
pub(super) const TP_BASE: u16 = 48;
pub(super) const TP_BASES: u16 = 49;
pub(super) const TP_CALL: u16 = 50;
pub(super) const TP_DEALLOC: u16 = 52;
pub(super) const TP_DESCR_GET: u16 = 54;
pub(super) const TP_DESCR_SET: u16 = 55;
pub(super) const TP_DOC: u16 = 56;
pub(super) const TP_GETATTRO: u16 = 58;
pub(super) const TP_HASH: u16 = 59;
pub(super) const TP_INIT: u16 = 60;
pub(super) const TP_IS_GC: u16 = 61;
pub(super) const TP_ITER: u16 = 62;
pub(super) const TP_ITERNEXT: u16 = 63;
pub(super) const TP_NEW: u16 = 65;
pub(super) const TP_REPR: u16 = 66;
pub(super) const TP_RICHCOMPARE: u16 = 67;
pub(super) const TP_SETATTRO: u16 = 69;
pub(super) const TP_STR: u16 = 70;
pub(super) const TP_FREE: u16 = 74;
pub(super) const NB_MATRIX_MULTIPLY: u16 = 75;
pub(super) const NB_INPLACE_MATRIX_MULTIPLY: u16 = 76;
pub(super) const AM_AWAIT: u16 = 77;
pub(super) const AM_AITER: u16 = 78;
pub(super) const AM_ANEXT: u16 = 79;
pub(super) const TP_FINALIZE: u16 = 80;
pub(super) const AM_SEND: u16 = 81;
pub(super) const BF_GETBUFFER: u16 = 88;
pub(super) const BF_RELEASEBUFFER: u16 = 89;
pub(super) const MP_ASS_SUBSCRIPT: u16 = 90;
pub(super) const MP_LENGTH: u16 = 91;

/// The number that stands for a slot since Python 3.15. The four oldest slots had other numbers
/// before.
pub(super) const fn current(id: u16) -> u16 {
    match id {
        1 => BF_GETBUFFER,
        2 => BF_RELEASEBUFFER,
        3 => MP_ASS_SUBSCRIPT,
        4 => MP_LENGTH,
        id => id,
    }
}
