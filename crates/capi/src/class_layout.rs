//! Which base determines the layout of the instances of a class. The VM compares the sizes of its own
//! payloads, and does not see the data of classes from C. So `type.__new__` is replaced by a function
//! that refuses bases which do not fit together, and that chooses the base by the data of C as well.

use std::sync::OnceLock;

use core::ptr::fn_addr_eq;

use rustpython_vm::builtins::{PyTuple, PyType, PyTypeRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::types::PyTypeFlags;
use rustpython_vm::{AsObject, Context, Py, PyResult, VirtualMachine};

use crate::type_record::TypeRecord;
use crate::vtable::keep;

type New = fn(PyTypeRef, FuncArgs, &VirtualMachine) -> PyResult;

/// The VM's own `type.__new__`.
static ORIGINAL: OnceLock<New> = OnceLock::new();

/// Replaces `type.__new__` in the whole process. This must happen before Python code derives a
/// metaclass, which copies the function.
pub(crate) fn install(ctx: &Context) {
    let slot = &ctx.types.type_type.slots.new;
    if let Some(original) = slot.load()
        && ORIGINAL.set(original).is_ok()
    {
        slot.store(Some(new_class));
    }
}

/// `type.__new__`.
///
/// # Errors
/// Those of the VM's own function; TypeError if the data of two bases from C, or that of one and the
/// payload of another base, cannot be in one instance.
fn new_class(metaclass: PyTypeRef, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    let Some(original) = ORIGINAL.get() else {
        return Err(vm.new_system_error("type.__new__ is not known"));
    };
    let base = base_with_data(&args, vm)?;
    let object = original(metaclass, args, vm)?;
    let Some(class) = object.downcast_ref::<PyType>() else {
        return Ok(object);
    };
    if let Some(base) = base {
        set_base(class, base, vm);
    }
    if let Some(record) = TypeRecord::nearest(class) {
        // With a header, a class that the collector clears keeps its base.
        keep(&object, record.class().to_owned().into(), vm)?;
    }
    Ok(object)
}

/// The base that determines the layout if a class from C is among the bases.
fn base_with_data(args: &FuncArgs, vm: &VirtualMachine) -> PyResult<Option<PyTypeRef>> {
    let Some(bases) = args
        .args
        .get(1)
        .and_then(|bases| bases.downcast_ref::<PyTuple>())
    else {
        return Ok(None);
    };
    let bases: Option<Vec<&Py<PyType>>> = bases
        .iter()
        .map(|base| base.downcast_ref::<PyType>())
        .collect();
    match bases {
        Some(bases) if bases.len() > 1 && bases.iter().any(|base| has_data(base)) => {
            let bases: Vec<PyTypeRef> = bases.into_iter().map(ToOwned::to_owned).collect();
            best_base(&bases, vm).map(Some)
        }
        _ => Ok(None),
    }
}

fn has_data(class: &Py<PyType>) -> bool {
    TypeRecord::nearest(class).is_some_and(|record| record.data_size() > 0)
}

/// Makes `base`, one of the bases of a new class, the one that determines the layout, with its way to
/// make instances.
pub(crate) fn set_base(class: &Py<PyType>, base: PyTypeRef, vm: &VirtualMachine) {
    let Some(previous) = class.base.deref() else {
        return;
    };
    if previous.is(&base) {
        return;
    }
    let is_inherited = match (class.slots.new.load(), previous.slots.new.load()) {
        (Some(own), Some(inherited)) => fn_addr_eq(own, inherited),
        _ => false,
    };
    if is_inherited {
        class.slots.new.store(base.slots.new.load());
    }
    class.base.swap_to_temporary_refs(Some(base), vm);
    class.modified();
}

/// The base that determines the layout of instances.
pub(crate) fn best_base(bases: &[PyTypeRef], vm: &VirtualMachine) -> PyResult<PyTypeRef> {
    let mut best: Option<(&PyTypeRef, &Py<PyType>)> = None;
    for base in bases {
        if !base.slots.flags.has_feature(PyTypeFlags::BASETYPE) {
            let text = format!("type '{}' is not an acceptable base type", base.slot_name());
            return Err(vm.new_type_error(text));
        }
        let solid = solid_base(base, vm);
        best = match best {
            Some((_, winner)) if winner.fast_issubclass(solid) => best,
            Some((_, winner)) if !solid.fast_issubclass(winner) => {
                let text = "multiple bases have instance lay-out conflict";
                return Err(vm.new_type_error(text));
            }
            _ => Some((base, solid)),
        };
    }
    best.map(|(base, _)| base.clone())
        .ok_or_else(|| vm.new_type_error("a new type needs a base"))
}

/// The class nearest to `class` that adds something to the layout of instances.
fn solid_base<'a>(class: &'a Py<PyType>, vm: &'a VirtualMachine) -> &'a Py<PyType> {
    for class in class.iter_base_chain() {
        if TypeRecord::of(class).is_some_and(|record| record.content.size > 0) {
            return class;
        }
        let slots = &class.slots;
        let adds = class.base.deref().is_some_and(|base| {
            slots.basicsize != base.slots.basicsize || slots.itemsize != base.slots.itemsize
        });
        if adds {
            return class;
        }
    }
    vm.ctx.types.object_type
}

/// Whether Python code cannot change the attributes of a class.
pub(crate) fn is_immutable(class: &Py<PyType>) -> bool {
    let flags = &class.slots.flags;
    flags.has_feature(PyTypeFlags::IMMUTABLETYPE) || !flags.has_feature(PyTypeFlags::HEAPTYPE)
}
