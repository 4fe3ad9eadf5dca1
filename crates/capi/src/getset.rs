//! The getters and setters of classes made from C. Their descriptors are the VM's `PyGetSet`, which
//! does not check the object that it is applied to.

use core::ffi::{c_char, c_int, c_void};
use core::ptr::null_mut;

use rustpython_vm::builtins::{PyBaseExceptionRef, PyGetSet, PyStrInterned, PyType};
use rustpython_vm::function::{ItemDoc, PySetterValue};
use rustpython_vm::{Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine};

use crate::boundary::{Inconsistency, SyncPtr, borrowed, call_c, checked_result, owned};
use crate::class_attributes::{add, check_instance, elements, full_name};
use crate::method_definition::interned;

type Getter = unsafe extern "C" fn(*mut PyObject, *mut c_void) -> *mut PyObject;
type Setter = unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut c_void) -> c_int;

/// A definition of an attribute with a getter and a setter.
#[derive(Debug)]
#[repr(C)]
pub struct PyGetSetDef {
    /// The name; NULL ends an array.
    pub name: *const c_char,
    /// Returns a new reference, or NULL with an exception.
    pub get: Option<Getter>,
    /// Returns 0, or -1 with an exception. The value is NULL if the attribute is deleted.
    pub set: Option<Setter>,
    /// The docstring, or NULL.
    pub doc: *const c_char,
    /// An argument of both functions.
    pub closure: *mut c_void,
}

/// Adds the attributes of an array of definitions to the class; NULL is an empty array. An attribute
/// that the class has already stays.
///
/// # Errors
/// Those of [`new_getset`].
///
/// # Safety
/// `definitions` is NULL, or an array of definitions that ends with one without a name. Each is as
/// [`new_getset`] demands.
pub(crate) unsafe fn add_getset(
    class: &'static Py<PyType>,
    definitions: *const PyGetSetDef,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let is_end = |definition: &PyGetSetDef| definition.name.is_null();
    // SAFETY: the caller promises such an array.
    for definition in unsafe { elements(definitions, is_end) } {
        // SAFETY: the caller promises what this function demands of a definition.
        let (name, descriptor) = unsafe { new_getset(class, definition, vm) }?;
        add(class, name, descriptor.into(), false);
    }
    Ok(())
}

/// What a descriptor calls.
#[derive(Clone, Copy)]
struct Accessors {
    /// The descriptor keeps it, and is the only owner of the accessors.
    class: &'static Py<PyType>,
    name: &'static PyStrInterned,
    get: Option<Getter>,
    set: Option<Setter>,
    closure: SyncPtr,
}

/// The name and a new descriptor, which keeps the class.
///
/// # Errors
/// SystemError if the definition has no name; UnicodeDecodeError for a name or docstring that is not
/// UTF-8.
///
/// # Safety
/// The strings of the definition are NULL or NUL-terminated. Its functions are NULL or can be called
/// with an instance of the class and the closure, whenever they are called.
pub(crate) unsafe fn new_getset(
    class: &'static Py<PyType>,
    definition: &PyGetSetDef,
    vm: &VirtualMachine,
) -> PyResult<(&'static PyStrInterned, PyRef<PyGetSet>)> {
    // SAFETY: the strings are NULL or NUL-terminated, by the contract of this function.
    let Some(name) = unsafe { interned(definition.name, vm) }? else {
        return Err(vm.new_system_error("a definition of an attribute has no name"));
    };
    // SAFETY: as for the name.
    let doc = unsafe { interned(definition.doc, vm) }?;
    let accessors = Accessors {
        class,
        name: vm.ctx.intern_str(name),
        get: definition.get,
        set: definition.set,
        closure: SyncPtr(definition.closure),
    };
    let get = move |object: PyObjectRef, vm: &VirtualMachine| accessors.get(&object, vm);
    let set = move |object: PyObjectRef, value: PySetterValue, vm: &VirtualMachine| {
        accessors.set(&object, value, vm)
    };
    let descriptor = PyGetSet::new(name, class, &vm.ctx)
        .with_doc(doc.map_or(ItemDoc::NONE, ItemDoc::static_text))
        .with_get(get)
        .with_set(set);
    Ok((accessors.name, descriptor.into_ref(&vm.ctx)))
}

impl Accessors {
    fn get(&self, object: &PyObject, vm: &VirtualMachine) -> PyResult {
        check_instance(self.class, self.name, object, vm)?;
        let Some(get) = self.get else {
            return Err(self.refused("readable", vm));
        };
        // SAFETY: it is a getter of the class, by the contract of `new_getset`, and the object is an
        // instance.
        let (value, raised) = call_c(vm, || unsafe { get(borrowed(object), self.closure.0) });
        // SAFETY: getters return a new reference or NULL.
        let value = unsafe { owned(value) };
        let contradiction = |what| match what {
            Inconsistency::FailedSilently => {
                self.contradiction("NULL without setting an exception", vm)
            }
            Inconsistency::RaisedUnreported => {
                self.contradiction("a result with an exception set", vm)
            }
        };
        checked_result(value, raised, contradiction, vm)
    }

    fn set(&self, object: &PyObject, value: PySetterValue, vm: &VirtualMachine) -> PyResult<()> {
        check_instance(self.class, self.name, object, vm)?;
        let Some(set) = self.set else {
            return Err(self.refused("writable", vm));
        };
        let value_address = match &value {
            PySetterValue::Assign(value) => borrowed(value),
            PySetterValue::Delete => null_mut(),
        };
        // SAFETY: it is a setter of the class, by the contract of `new_getset`, and the object is an
        // instance. It takes NULL to delete the attribute.
        let (status, raised) = call_c(vm, || unsafe {
            set(borrowed(object), value_address, self.closure.0)
        });
        let contradiction = |what| match what {
            Inconsistency::FailedSilently => {
                self.contradiction("-1 without setting an exception", vm)
            }
            Inconsistency::RaisedUnreported => self.contradiction("0 with an exception set", vm),
        };
        checked_result((status == 0).then_some(()), raised, contradiction, vm)
    }

    #[cold]
    fn refused(&self, what: &str, vm: &VirtualMachine) -> PyBaseExceptionRef {
        let owner = full_name(self.class, vm);
        let name = self.name;
        vm.new_attribute_error(format!(
            "attribute '{name}' of '{owner}' objects is not {what}"
        ))
    }

    #[cold]
    fn contradiction(&self, returned: &str, vm: &VirtualMachine) -> String {
        let owner = full_name(self.class, vm);
        let name = self.name;
        format!("<attribute '{name}' of '{owner}' objects> returned {returned}")
    }
}
