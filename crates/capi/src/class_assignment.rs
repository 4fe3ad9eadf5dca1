//! Assignment to `__class__` and `__bases__`. The VM compares the layouts of its own payloads, and
//! does not see the data of classes from C. So both attributes are replaced by ones that refuse an
//! assignment which would change that data.

use std::sync::OnceLock;

use rustpython_vm::builtins::{PyGetSet, PyType};
use rustpython_vm::function::{ItemDoc, PySetterValue};
use rustpython_vm::{AsObject, Context, Py, PyObjectRef, PyRef, PyResult, VirtualMachine};

use crate::class_layout::{best_base, is_immutable};
use crate::type_record::TypeRecord;

/// The VM's own attributes.
struct Originals {
    class: PyObjectRef,
    bases: PyObjectRef,
}

static ORIGINALS: OnceLock<Originals> = OnceLock::new();

/// Replaces the attributes in the whole process.
pub(crate) fn install(ctx: &Context) {
    let (object_type, type_type) = (ctx.types.object_type, ctx.types.type_type);
    let (class_name, bases_name) = (ctx.intern_str("__class__"), ctx.intern_str("__bases__"));
    let (Some(class), Some(bases)) = (
        object_type.attributes.get(class_name),
        type_type.attributes.get(bases_name),
    ) else {
        return;
    };
    if ORIGINALS.set(Originals { class, bases }).is_err() {
        return;
    }
    let class = PyGetSet::new("__class__", object_type, ctx)
        .with_get(|object: PyObjectRef, _: &VirtualMachine| object.class().to_owned())
        .with_set(set_class)
        .with_doc(ItemDoc::static_text("the object's class"));
    let bases = PyGetSet::new("__bases__", type_type, ctx)
        .with_get(|class: PyObjectRef, vm: &VirtualMachine| get_original(class, vm))
        .with_set(set_bases);
    let descriptor = |getset| PyRef::new_ref(getset, ctx.types.getset_type.to_owned(), None);
    object_type.set_attr(class_name, descriptor(class).into());
    type_type.set_attr(bases_name, descriptor(bases).into());
}

fn originals(vm: &VirtualMachine) -> PyResult<&'static Originals> {
    ORIGINALS
        .get()
        .ok_or_else(|| vm.new_system_error("the attributes of the VM are not known"))
}

/// `cls.__bases__`
fn get_original(class: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let descriptor = &originals(vm)?.bases;
    match vm.call_get_descriptor(descriptor, &class) {
        Some(value) => value,
        None => Ok(descriptor.clone()),
    }
}

/// Assigns with an attribute of the VM.
fn assign(
    descriptor: &PyObjectRef,
    object: PyObjectRef,
    value: PySetterValue,
    vm: &VirtualMachine,
) -> PyResult<()> {
    match descriptor.class().slots.descr_set.load() {
        Some(set) => set(descriptor, object, value, vm),
        None => Err(vm.new_attribute_error("readonly attribute")),
    }
}

/// `obj.__class__ = cls`
fn set_class(object: PyObjectRef, value: PySetterValue, vm: &VirtualMachine) -> PyResult<()> {
    if let PySetterValue::Assign(new) = &value
        && let Some(new) = new.downcast_ref::<PyType>()
        // The VM refuses other classes.
        && !is_immutable(object.class())
        && !is_immutable(new)
    {
        check_data("__class__", object.class(), new, vm)?;
    }
    assign(&originals(vm)?.class, object, value, vm)
}

/// `cls.__bases__ = bases`
fn set_bases(object: PyObjectRef, value: PySetterValue, vm: &VirtualMachine) -> PyResult<()> {
    let class = object.clone().downcast::<PyType>().ok();
    if let (Some(class), PySetterValue::Assign(new)) = (&class, &value)
        && let Ok(new) = new.try_to_value::<Vec<PyRef<PyType>>>(vm)
        && TypeRecord::nearest(class).is_some()
        && let Some(old) = class.base.deref()
    {
        let new = best_base(&new, vm)?;
        check_data("__bases__", old, &new, vm)?;
    }
    assign(&originals(vm)?.bases, object, value, vm)
}

/// # Errors
/// TypeError if the data of instances of the classes is not that of one class from C.
fn check_data(
    attribute: &str,
    old: &Py<PyType>,
    new: &Py<PyType>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let (from, to) = (data_of(old), data_of(new));
    let same = match (from, to) {
        (Some(from), Some(to)) => core::ptr::eq(from, to),
        (None, None) => true,
        _ => false,
    };
    if same {
        return Ok(());
    }
    Err(vm.new_type_error(format!(
        "{attribute} assignment: '{}' object layout differs from '{}'",
        new.name(),
        old.name()
    )))
}

/// The nearest class from C that adds data to instances of a class.
fn data_of(class: &Py<PyType>) -> Option<&TypeRecord> {
    let nearest = TypeRecord::nearest(class)?;
    nearest.chain().find(|record| record.content.size > 0)
}
