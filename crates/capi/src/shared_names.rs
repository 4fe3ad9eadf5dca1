//! Slots of a class from C that share the name of their method with another slot: `__add__` is
//! `nb_add` for some classes and `sq_concat` for others.

use rustpython_vm::Py;
use rustpython_vm::builtins::PyType;

use crate::slot_ids::*;
use crate::type_record::TypeRecord;

/// Empties the number slots that the VM filled because the base has a method of their name, which is
/// that of a sequence slot: `list.__add__` is `sq_concat`, but fills `nb_add`. Their function calls
/// the method. As the method of a class with a `sq_concat` of its own it would call itself.
pub(crate) fn empty_dispatchers(class: &Py<PyType>, record: &TypeRecord) {
    macro_rules! empty {
        ($sequence:ident, $number:ident, $($field:ident)+) => {
            if record.is_own($sequence) && record.function($number).is_null() {
                $(
                    let slot = &class.slots.as_number.$field;
                    let of_base = class.base.deref();
                    let of_base = of_base.and_then(|base| base.slots.as_number.$field.load());
                    let of_base = of_base.map(|function| function as usize);
                    if slot.load().map(|function| function as usize) != of_base {
                        slot.store(None);
                    }
                )+
            }
        };
    }
    empty!(SQ_CONCAT, NB_ADD, add right_add);
    empty!(SQ_REPEAT, NB_MULTIPLY, multiply right_multiply);
    empty!(SQ_INPLACE_CONCAT, NB_INPLACE_ADD, inplace_add);
    empty!(SQ_INPLACE_REPEAT, NB_INPLACE_MULTIPLY, inplace_multiply);
}
