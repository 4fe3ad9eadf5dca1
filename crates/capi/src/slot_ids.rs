//! The ids of the slots of a class, as CPython 3.15 numbers them, and their names.

/// The id of a slot of a class.
pub(crate) type SlotId = u16;

/// Ids are less than this number.
pub(crate) const SLOT_COUNT: usize = 112;

macro_rules! ids {
    ($($name:ident = $id:literal, $c_name:literal;)*) => {
        $(pub(crate) const $name: SlotId = $id;)*

        /// The name of a slot in CPython's headers; `None` for a number that is no id.
        pub(crate) fn slot_name(id: SlotId) -> Option<&'static str> {
            match id {
                $($id => Some($c_name),)*
                _ => None,
            }
        }
    };
}

ids! {
    MP_SUBSCRIPT = 5, "Py_mp_subscript";
    NB_ABSOLUTE = 6, "Py_nb_absolute";
    NB_ADD = 7, "Py_nb_add";
    NB_AND = 8, "Py_nb_and";
    NB_BOOL = 9, "Py_nb_bool";
    NB_DIVMOD = 10, "Py_nb_divmod";
    NB_FLOAT = 11, "Py_nb_float";
    NB_FLOOR_DIVIDE = 12, "Py_nb_floor_divide";
    NB_INDEX = 13, "Py_nb_index";
    NB_INPLACE_ADD = 14, "Py_nb_inplace_add";
    NB_INPLACE_AND = 15, "Py_nb_inplace_and";
    NB_INPLACE_FLOOR_DIVIDE = 16, "Py_nb_inplace_floor_divide";
    NB_INPLACE_LSHIFT = 17, "Py_nb_inplace_lshift";
    NB_INPLACE_MULTIPLY = 18, "Py_nb_inplace_multiply";
    NB_INPLACE_OR = 19, "Py_nb_inplace_or";
    NB_INPLACE_POWER = 20, "Py_nb_inplace_power";
    NB_INPLACE_REMAINDER = 21, "Py_nb_inplace_remainder";
    NB_INPLACE_RSHIFT = 22, "Py_nb_inplace_rshift";
    NB_INPLACE_SUBTRACT = 23, "Py_nb_inplace_subtract";
    NB_INPLACE_TRUE_DIVIDE = 24, "Py_nb_inplace_true_divide";
    NB_INPLACE_XOR = 25, "Py_nb_inplace_xor";
    NB_INT = 26, "Py_nb_int";
    NB_INVERT = 27, "Py_nb_invert";
    NB_LSHIFT = 28, "Py_nb_lshift";
    NB_MULTIPLY = 29, "Py_nb_multiply";
    NB_NEGATIVE = 30, "Py_nb_negative";
    NB_OR = 31, "Py_nb_or";
    NB_POSITIVE = 32, "Py_nb_positive";
    NB_POWER = 33, "Py_nb_power";
    NB_REMAINDER = 34, "Py_nb_remainder";
    NB_RSHIFT = 35, "Py_nb_rshift";
    NB_SUBTRACT = 36, "Py_nb_subtract";
    NB_TRUE_DIVIDE = 37, "Py_nb_true_divide";
    NB_XOR = 38, "Py_nb_xor";
    SQ_ASS_ITEM = 39, "Py_sq_ass_item";
    SQ_CONCAT = 40, "Py_sq_concat";
    SQ_CONTAINS = 41, "Py_sq_contains";
    SQ_INPLACE_CONCAT = 42, "Py_sq_inplace_concat";
    SQ_INPLACE_REPEAT = 43, "Py_sq_inplace_repeat";
    SQ_ITEM = 44, "Py_sq_item";
    SQ_LENGTH = 45, "Py_sq_length";
    SQ_REPEAT = 46, "Py_sq_repeat";
    TP_ALLOC = 47, "Py_tp_alloc";
    TP_BASE = 48, "Py_tp_base";
    TP_BASES = 49, "Py_tp_bases";
    TP_CALL = 50, "Py_tp_call";
    TP_CLEAR = 51, "Py_tp_clear";
    TP_DEALLOC = 52, "Py_tp_dealloc";
    TP_DEL = 53, "Py_tp_del";
    TP_DESCR_GET = 54, "Py_tp_descr_get";
    TP_DESCR_SET = 55, "Py_tp_descr_set";
    TP_DOC = 56, "Py_tp_doc";
    TP_GETATTR = 57, "Py_tp_getattr";
    TP_GETATTRO = 58, "Py_tp_getattro";
    TP_HASH = 59, "Py_tp_hash";
    TP_INIT = 60, "Py_tp_init";
    TP_IS_GC = 61, "Py_tp_is_gc";
    TP_ITER = 62, "Py_tp_iter";
    TP_ITERNEXT = 63, "Py_tp_iternext";
    TP_METHODS = 64, "Py_tp_methods";
    TP_NEW = 65, "Py_tp_new";
    TP_REPR = 66, "Py_tp_repr";
    TP_RICHCOMPARE = 67, "Py_tp_richcompare";
    TP_SETATTR = 68, "Py_tp_setattr";
    TP_SETATTRO = 69, "Py_tp_setattro";
    TP_STR = 70, "Py_tp_str";
    TP_TRAVERSE = 71, "Py_tp_traverse";
    TP_MEMBERS = 72, "Py_tp_members";
    TP_GETSET = 73, "Py_tp_getset";
    TP_FREE = 74, "Py_tp_free";
    NB_MATRIX_MULTIPLY = 75, "Py_nb_matrix_multiply";
    NB_INPLACE_MATRIX_MULTIPLY = 76, "Py_nb_inplace_matrix_multiply";
    AM_AWAIT = 77, "Py_am_await";
    AM_AITER = 78, "Py_am_aiter";
    AM_ANEXT = 79, "Py_am_anext";
    TP_FINALIZE = 80, "Py_tp_finalize";
    AM_SEND = 81, "Py_am_send";
    TP_VECTORCALL = 82, "Py_tp_vectorcall";
    TP_TOKEN = 83, "Py_tp_token";
    BF_GETBUFFER = 88, "Py_bf_getbuffer";
    BF_RELEASEBUFFER = 89, "Py_bf_releasebuffer";
    MP_ASS_SUBSCRIPT = 90, "Py_mp_ass_subscript";
    MP_LENGTH = 91, "Py_mp_length";
    SUBSLOTS = 92, "Py_slot_subslots";
    TP_SLOTS = 93, "Py_tp_slots";
    TP_NAME = 95, "Py_tp_name";
    TP_BASICSIZE = 96, "Py_tp_basicsize";
    TP_EXTRA_BASICSIZE = 97, "Py_tp_extra_basicsize";
    TP_ITEMSIZE = 98, "Py_tp_itemsize";
    TP_FLAGS = 99, "Py_tp_flags";
    TP_METACLASS = 107, "Py_tp_metaclass";
    TP_MODULE = 108, "Py_tp_module";
}

/// The id with this number. Four slots had other numbers before CPython 3.15.
pub(crate) fn current_id(number: u16) -> SlotId {
    match number {
        1 => BF_GETBUFFER,
        2 => BF_RELEASEBUFFER,
        3 => MP_ASS_SUBSCRIPT,
        4 => MP_LENGTH,
        other => other,
    }
}
