//! The slot that makes instances, and the attribute `__new__`.

use core::ffi::c_void;
use core::mem::transmute;
use core::ptr::fn_addr_eq;

use rustpython_vm::builtins::{PyType, PyTypeRef};
use rustpython_vm::function::{FuncArgs, ItemDoc, PyMethodDef, PyMethodFlags};
use rustpython_vm::types::PyTypeFlags;
use rustpython_vm::{AsObject, Py, PyObject, PyRef, PyResult, VirtualMachine};

use super::call::{Arguments, object_result, raw_py};
use super::level::with_level;
use crate::new_instance::{new_instance, new_over_base};
use crate::slot_ids::TP_NEW;
use crate::type_record::{TypeRecord, native_base};

type New = unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> *mut PyObject;

/// Makes an instance with the C function of the class at `LEVEL`.
fn new<const LEVEL: usize>(class: PyTypeRef, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    let function = TypeRecord::nearest(&class).map(|record| record.function_at(LEVEL, TP_NEW));
    let Some(function) = function.filter(|function| !function.is_null()) else {
        return new_without_function(class, args, vm);
    };
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, New>(function) };
    let arguments = Arguments::new(args, vm)?;
    let (tuple, keywords) = arguments.raw();
    object_result(TP_NEW, class.as_object(), vm, || {
        // SAFETY: as above; the arguments are alive.
        unsafe { function(raw_py(&class), tuple, keywords) }
    })
}

/// Makes an instance of a class without a C function for it, as the base in the VM does.
fn new_without_function(class: PyTypeRef, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    let object_slots = &vm.ctx.types.object_type.slots;
    if !native_base(&class).is(vm.ctx.types.object_type) {
        return new_over_base(class, args, 0, vm);
    }
    let own_init = match (class.slots.init.load(), object_slots.init.load()) {
        (Some(own), Some(inherited)) => !fn_addr_eq(own, inherited),
        _ => false,
    };
    if !args.is_empty() && !own_init {
        let name = class.name().to_string();
        return Err(vm.new_type_error(format!("{name}() takes no arguments")));
    }
    new_instance(class, 0, vm)
}

/// Fills the slot that makes instances.
pub(super) fn fill(record: &TypeRecord) {
    let class = record.class();
    if class
        .slots
        .flags
        .has_feature(PyTypeFlags::DISALLOW_INSTANTIATION)
    {
        class.slots.new.store(None);
    } else if record.is_own(TP_NEW) {
        let level = record.content.level;
        class.slots.new.store(Some(with_level!(level, new)));
    } else if record.parent().is_none() && base_has_native_new(class) {
        class.slots.new.store(Some(new_without_function));
    }
}

/// Whether no class of Python code above `class` has a `__new__` of its own.
fn base_has_native_new(class: &Py<PyType>) -> bool {
    let slot_of = |class: &Py<PyType>| class.slots.new.load();
    let native = slot_of(native_base(class));
    let inherited = class.base.deref().and_then(slot_of);
    match (native, inherited) {
        (Some(native), Some(inherited)) => fn_addr_eq(native, inherited),
        (None, None) => true,
        _ => false,
    }
}

/// Adds `__new__` to a class whose slot is filled here.
pub(crate) fn add_new(class: &'static Py<PyType>, vm: &VirtualMachine) {
    let own = class.slots.new.load();
    let inherited = class.base.deref().and_then(|base| base.slots.new.load());
    let is_inherited = match (own, inherited) {
        (Some(own), Some(inherited)) => fn_addr_eq(own, inherited),
        (None, _) => true,
        (Some(_), None) => false,
    };
    if is_inherited {
        return;
    }
    // The collector sees the class that a bound function holds, not the one of a bound method.
    let function = NEW.build_bound_function(&vm.ctx, class.to_owned().into());
    class.set_attr(vm.ctx.intern_str("__new__"), function.into());
}

static NEW: PyMethodDef = PyMethodDef::new_const(
    "__new__",
    call_new,
    PyMethodFlags::METHOD,
    ItemDoc::static_text(
        "__new__($type, *args, **kwargs)\n--\n\nCreate and return a new object.  See help(type) for accurate signature.",
    ),
);

/// `C.__new__(subclass, …)`.
///
/// # Errors
/// TypeError if the class is no subclass of `C`, or has another way to be made.
fn call_new(class: PyRef<PyType>, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    let name = class.slot_name().to_string();
    let Some(subclass) = args.take_positional() else {
        return Err(vm.new_type_error(format!("{name}.__new__(): not enough arguments")));
    };
    let subclass = subclass.downcast::<PyType>().map_err(|other| {
        let other = other.class().name().to_string();
        let text = format!("{name}.__new__(X): X is not a type object ({other})");
        vm.new_type_error(text)
    })?;
    let subname = subclass.slot_name().to_string();
    if !subclass.fast_issubclass(&class) {
        let text = format!("{name}.__new__({subname}): {subname} is not a subtype of {name}");
        return Err(vm.new_type_error(text));
    }
    let native = subclass
        .iter_base_chain()
        .find(|base| TypeRecord::of(base).is_some() || base.heaptype_ext.is_none());
    let slot = class.slots.new.load();
    let native_slot = native.and_then(|native| native.slots.new.load());
    match (slot, native_slot) {
        (Some(slot), Some(native)) if fn_addr_eq(slot, native) => slot(subclass, args, vm),
        (_, None) => {
            let text = format!("cannot create '{subname}' instances");
            Err(vm.new_type_error(text))
        }
        _ => {
            let safe = native.map(|native| native.slot_name().to_string());
            Err(vm.new_type_error(format!(
                "{name}.__new__({subname}) is not safe, use {}.__new__()",
                safe.unwrap_or_default()
            )))
        }
    }
}
