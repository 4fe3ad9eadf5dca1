//! Slots of a class from C that share the name of their method with another slot: `__add__` is
//! `nb_add` for some classes and `sq_concat` for others, `__len__` is `mp_length` or `sq_length`.

use rustpython_vm::Py;
use rustpython_vm::builtins::PyType;

use crate::slot_ids::*;
use crate::type_record::TypeRecord;

/// Empties the number and mapping slots that the VM filled because the base has a method of their
/// name, which is that of a sequence slot: `list.__add__` is `sq_concat`, but fills `nb_add`. Their
/// function calls the method. As the method of a class with a `sq_concat` of its own it would call
/// itself.
pub(crate) fn empty_dispatchers(class: &Py<PyType>, record: &TypeRecord) {
    macro_rules! empty {
        ($sequence:ident, $other:ident, $slots:ident $($field:ident)+) => {
            if record.is_own($sequence) && record.function($other).is_null() {
                $(
                    let slot = &class.slots.$slots.$field;
                    let of_base = class.base.deref();
                    let of_base = of_base.and_then(|base| base.slots.$slots.$field.load());
                    let of_base = of_base.map(|function| function as usize);
                    if slot.load().map(|function| function as usize) != of_base {
                        slot.store(None);
                    }
                )+
            }
        };
    }
    empty!(SQ_CONCAT, NB_ADD, as_number add right_add);
    empty!(SQ_REPEAT, NB_MULTIPLY, as_number multiply right_multiply);
    empty!(SQ_INPLACE_CONCAT, NB_INPLACE_ADD, as_number inplace_add);
    empty!(SQ_INPLACE_REPEAT, NB_INPLACE_MULTIPLY, as_number inplace_multiply);
    empty!(SQ_LENGTH, MP_LENGTH, as_mapping length);
    empty!(SQ_ITEM, MP_SUBSCRIPT, as_mapping subscript);
    empty!(SQ_ASS_ITEM, MP_ASS_SUBSCRIPT, as_mapping ass_subscript);
}
