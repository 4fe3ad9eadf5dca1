//! What the descriptors of a class made from C have in common: how C definitions are listed, how
//! attributes are added to the class, and the check of the object that a descriptor is applied to.
//! The descriptors themselves are in `class_methods`, `getset` and `members`.

use rustpython_vm::builtins::{PyBaseExceptionRef, PyStr, PyStrInterned, PyType};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::type_record::TypeRecord;

/// The elements of a C array that ends with an element for which `is_end` is true. NULL is an empty
/// array.
///
/// # Safety
/// `first` is NULL or such an array, which lives for `'a`.
pub(crate) unsafe fn elements<'a, T: 'a>(
    first: *const T,
    is_end: fn(&T) -> bool,
) -> impl Iterator<Item = &'a T> {
    let mut next = first;
    core::iter::from_fn(move || {
        // SAFETY: it is NULL, or an element of the array: the end has not been passed.
        let element = unsafe { next.as_ref() }.filter(|element| !is_end(element))?;
        next = next.wrapping_add(1);
        Some(element)
    })
}

/// Adds an attribute to the class. An attribute that the class itself has already stays, unless
/// `replace` is true.
pub(crate) fn add(
    class: &Py<PyType>,
    name: &'static PyStrInterned,
    value: PyObjectRef,
    replace: bool,
) {
    if replace || !class.attributes.contains(name) {
        class.set_attr(name, value);
    }
}

/// The name of a class as it is in CPython's messages: that of a class made from C has its module.
pub(crate) fn full_name(class: &Py<PyType>, vm: &VirtualMachine) -> String {
    let name = class.slot_name();
    let module = TypeRecord::of(class)
        .and_then(|_| class.attributes.get(vm.ctx.intern_str("__module__")))
        .and_then(|module| module.downcast::<PyStr>().ok());
    match module {
        Some(module) => format!("{module}.{}", &*name),
        None => name.to_string(),
    }
}

/// Checks that a descriptor of `class` can be applied to the object.
///
/// # Errors
/// TypeError if the object is not an instance of the class.
#[inline]
pub(crate) fn check_instance(
    class: &Py<PyType>,
    descriptor: &PyStrInterned,
    object: &PyObject,
    vm: &VirtualMachine,
) -> PyResult<()> {
    if object.class().is(class) || object.class().is_subtype(class) {
        Ok(())
    } else {
        Err(not_an_instance(class, descriptor, object, vm))
    }
}

#[cold]
fn not_an_instance(
    class: &Py<PyType>,
    descriptor: &PyStrInterned,
    object: &PyObject,
    vm: &VirtualMachine,
) -> PyBaseExceptionRef {
    vm.new_type_error(format!(
        "descriptor '{descriptor}' for '{}' objects doesn't apply to a '{}' object",
        full_name(class, vm),
        full_name(object.class(), vm),
    ))
}
