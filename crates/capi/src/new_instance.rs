//! Making instances of classes from C: an object of the class's base in the VM, which then gets the data
//! of the C classes (`instance`). The slots that call this are in `slot_functions/creation.rs`.

use rustpython_vm::builtins::{PyBaseObject, PyTypeRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::types::PyTypeFlags;
use rustpython_vm::{AsObject, PyObjectRef, PyRef, PyResult, VirtualMachine, identifier};

use crate::instance::{attach, has_data_of};
use crate::type_record::{TypeRecord, native_base};

/// Makes an instance without arguments, with data for `items` items.
///
/// # Errors
/// Those of the `__new__` of the base in the VM; MemoryError.
pub(crate) fn new_instance(class: PyTypeRef, items: usize, vm: &VirtualMachine) -> PyResult {
    let is_over_object = native_base(&class).is(vm.ctx.types.object_type);
    let abstract_methods = identifier!(vm, __abstractmethods__);
    if !is_over_object || class.get_attr(abstract_methods).is_some() {
        return new_over_base(class, FuncArgs::default(), items, vm);
    }
    // What `object.__new__` does if there are no arguments.
    let has_dict = class.slots.flags.has_feature(PyTypeFlags::HAS_DICT);
    let dict = has_dict.then(|| vm.ctx.new_dict());
    give_data(PyRef::new_ref(PyBaseObject, class, dict).into(), items, vm)
}

/// Makes an instance over the base in the VM of `class`, with data for `items` items.
///
/// # Errors
/// Those of the `__new__` of that base; MemoryError.
pub(crate) fn new_over_base(
    class: PyTypeRef,
    args: FuncArgs,
    items: usize,
    vm: &VirtualMachine,
) -> PyResult {
    let Some(new) = native_base(&class).slots.new.load() else {
        let text = format!("cannot create '{}' instances", class.slot_name());
        return Err(vm.new_type_error(text));
    };
    give_data(new(class.clone(), args, vm)?, items, vm)
}

/// Gives an object its data, with `items` items. `type.__new__` may call another metaclass, and
/// `int.__new__` may return a shared object, so it may have the data already, or need none.
fn give_data(object: PyObjectRef, items: usize, vm: &VirtualMachine) -> PyResult {
    if let Some(record) = TypeRecord::nearest(object.class())
        && !has_data_of(&object, record)
    {
        attach(&object, record, items).map_err(|error| error.into_exception(vm))?;
    }
    Ok(object)
}
