//! Whose slot a slot function calls. C functions have no closures, so each slot function is compiled
//! once for every [`Owner`], and the class that C code asked decides which of them it gets.

use rustpython_vm::builtins::PyType;
use rustpython_vm::types::PyTypeFlags;
use rustpython_vm::{AsObject, Context, Py, PyObject, PyResult, VirtualMachine};

use crate::type_record::native_base;

/// The class whose slot is called: one of the constants here, or the number of a class in [`named`].
pub(super) type Owner = u8;

/// The class of the object. This is for Python classes.
pub(super) const CLASS: Owner = 0;
/// The first class in the object's chain of bases that is part of the VM. With an object of a class
/// that extends one of the VM, the functions of the VM's class are called, not those that replace
/// them.
pub(super) const NATIVE_BASE: Owner = 1;
/// The class `object`, the first of the named ones.
pub(super) const OBJECT: Owner = 2;
/// One more than the last named class.
pub(super) const OWNERS: Owner = 15;

/// The class of a number. These are the classes whose functions C code calls with objects of other
/// classes of the VM: `object`'s with anything, `int`'s with a `bool`, or with a `float` on one side.
/// The operators of `set` and `frozenset` are not among them: each makes what is on its left.
pub(super) fn named(owner: Owner) -> Option<&'static Py<PyType>> {
    let ctx = Context::genesis();
    let types = &ctx.types;
    Some(match owner {
        OBJECT => types.object_type,
        3 => types.type_type,
        4 => types.int_type,
        5 => types.bool_type,
        6 => types.float_type,
        7 => types.complex_type,
        8 => types.str_type,
        9 => types.bytes_type,
        10 => types.bytearray_type,
        11 => types.list_type,
        12 => types.tuple_type,
        13 => types.dict_type,
        14 => ctx.exceptions.base_exception_type,
        _ => return None,
    })
}

/// The owner of the functions that C code gets from a class.
pub(super) fn owner_of(class: &Py<PyType>) -> Owner {
    if is_heap_class(class) {
        return CLASS;
    }
    (OBJECT..OWNERS)
        .find(|owner| named(*owner).is_some_and(|named| named.is(class)))
        .unwrap_or(NATIVE_BASE)
}

/// The class whose slot a function calls for `zelf`.
///
/// # Errors
/// TypeError if `zelf` is not an instance of the class.
pub(super) fn class_for<'a>(
    owner: Owner,
    zelf: &'a PyObject,
    vm: &VirtualMachine,
) -> PyResult<&'a Py<PyType>> {
    let class = zelf.class();
    match named(owner) {
        Some(named) if class.is_subtype(named) => Ok(named),
        Some(named) => Err(vm.new_type_error(format!(
            "a slot of '{}' requires such an object but received a '{}'",
            named.slot_name(),
            class.slot_name()
        ))),
        None if owner == CLASS => Ok(class),
        None => Ok(native_base(class)),
    }
}

/// Whether a class was made at run time, by Python or C code.
pub(super) fn is_heap_class(class: &Py<PyType>) -> bool {
    class.slots.flags.has_feature(PyTypeFlags::HEAPTYPE)
}
