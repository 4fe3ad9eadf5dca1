//! The methods of classes made from C. They are the VM's own method descriptors, so that Python
//! code sees what it sees of other native methods, and the VM calls them without detours.

use rustpython_capi::methodobject::PyMethodDef;
use rustpython_vm::builtins::{PyStaticMethod, PyType};
use rustpython_vm::function::PyMethodFlags;
use rustpython_vm::{Py, PyObjectRef, PyPayload, PyResult, VirtualMachine};

use crate::class_attributes::{add, elements, full_name};
use crate::function_definitions::Receiver;
use crate::method_definition::Method;
use crate::method_vectorcall::describe;
use crate::vtable::keep;

/// Adds the methods of an array of definitions to the class; NULL is an empty array. An attribute
/// that the class has already is replaced only by a method with METH_COEXIST.
///
/// # Errors
/// Those of [`new_method`].
///
/// # Safety
/// `definitions` is NULL, or an array of definitions that ends with one without a name. Their
/// strings are NULL or NUL-terminated, and their functions are NULL or take their arguments as the
/// flags say, whenever they are called.
pub(crate) unsafe fn add_methods(
    class: &'static Py<PyType>,
    definitions: *const PyMethodDef,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let is_end = |definition: &PyMethodDef| definition.ml_name.is_null();
    // SAFETY: the caller promises such an array.
    for definition in unsafe { elements(definitions, is_end) } {
        // SAFETY: the caller promises what this function demands of a definition.
        let (name, method) = unsafe { new_method(class, definition, vm) }?;
        let replace = flags(definition).contains(PyMethodFlags::COEXIST);
        add(class, vm.ctx.intern_str(name), method, replace);
    }
    Ok(())
}

fn flags(definition: &PyMethodDef) -> PyMethodFlags {
    PyMethodFlags::from_bits_retain(definition.ml_flags.cast_unsigned())
}

/// The name and a new descriptor of a method: `method_descriptor`, `classmethod_descriptor` with
/// METH_CLASS, or `staticmethod` with METH_STATIC. It keeps the class.
///
/// # Errors
/// ValueError for METH_CLASS with METH_STATIC; SystemError if the definition has NULL for a
/// function, or if its flags are not valid; UnicodeDecodeError for a name or docstring that is not
/// UTF-8.
///
/// # Safety
/// The strings of the definition are NULL or NUL-terminated, and its function is NULL or takes its
/// arguments as the flags say, whenever it is called.
pub(crate) unsafe fn new_method(
    class: &'static Py<PyType>,
    definition: &PyMethodDef,
    vm: &VirtualMachine,
) -> PyResult<(&'static str, PyObjectRef)> {
    let flags = flags(definition);
    let is_static = flags.contains(PyMethodFlags::STATIC);
    let receiver = if flags.contains(PyMethodFlags::CLASS) {
        if is_static {
            return Err(vm.new_value_error("method cannot be both class and static"));
        }
        Receiver::Class
    } else if is_static {
        Receiver::Nothing
    } else {
        Receiver::Instance
    };
    let defining_class = (!is_static).then_some(class);
    // SAFETY: the caller makes the same promises. The receiver is not `Bound`.
    let mut method = unsafe { Method::read(definition, receiver, defining_class, vm) }?;
    let qualified_name = class.__qualname__(vm).str(vm)?;
    let name = method.name;
    method.full_name = vm
        .ctx
        .intern_str(format!("{qualified_name}.{name}"))
        .as_str();
    method.owner = vm.ctx.intern_str(full_name(class, vm)).as_str();
    let definition = method.definition();
    let descriptor: PyObjectRef = match receiver {
        Receiver::Class => definition.build_classmethod(&vm.ctx, class).into(),
        Receiver::Instance => definition.build_method(&vm.ctx, class).into(),
        Receiver::Nothing | Receiver::Bound => {
            // It keeps the class, which is its `__self__`.
            let function = definition.build_bound_function(&vm.ctx, class.to_owned().into());
            return Ok((
                name,
                PyStaticMethod::new(function.into())
                    .into_ref(&vm.ctx)
                    .into(),
            ));
        }
    };
    // The VM's descriptors refer to their class without a reference.
    if receiver == Receiver::Instance {
        describe(&descriptor, class, method, vm)?;
    } else {
        keep(&descriptor, class.to_owned().into(), vm)?;
    }
    Ok((name, descriptor))
}
