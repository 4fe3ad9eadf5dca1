//! Changes of the VM's `_ctypes`, which lacks things that code around capsules needs: names with a
//! stable address, exceptions that are raised, callbacks. This file installs the replacements; the
//! other files implement them. `docs/ctypes.md` lists the remaining differences.

mod arguments;
mod arrays;
mod attributes;
mod callbacks;
mod cast;
mod fields;
mod functions;
mod invoke;
mod memory;
mod original;
mod values;
mod views;

use rustpython_capsule_glue::{Access, Replacement, access, replace_functions};
use rustpython_vm::builtins::{PyGetSet, PyModule, PyType};
use rustpython_vm::function::{FuncArgs, ItemDoc, PyMethodDef, PyMethodFlags, static_func};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine};

use attributes::{Get, Set};
use original::{Init, keep_original, original};

static CTYPES: Replacement = Replacement::new("_ctypes", |definition| {
    definition.slots.exec = Some(exec);
    replace_functions(
        definition,
        &[
            ("Py_INCREF", static_func(values::new_reference)),
            ("Py_DECREF", static_func(values::give_up_reference)),
        ],
    );
});

/// Installs the changes in an interpreter that is about to start, unless capsules are sealed; then
/// there is no `_ctypes`.
pub(crate) fn replace(vm: &mut VirtualMachine) {
    if access(vm) != Some(Access::Sealed) {
        CTYPES.install(vm);
    }
}

fn exec(vm: &VirtualMachine, module: &Py<PyModule>) -> PyResult<()> {
    if let Some(original) = CTYPES.original() {
        original.exec_module(vm, module)?;
    }
    if keep_original(module, vm)? {
        change(vm);
    }
    Ok(())
}

/// Changes the classes of `_ctypes`. They are static, so this affects all interpreters of the
/// process. Classes that are derived from them later, such as those of `ctypes`, inherit the
/// changes.
fn change(vm: &VirtualMachine) {
    let original = original();
    let function = original.function;
    function.slots.new.store(Some(functions::new_function));
    function.slots.call.store(Some(functions::call));
    method(function, &CALL, vm);
    method_of_class(function, &FROM_ADDRESS, vm);
    for (name, get, set) in attributes::ATTRIBUTES {
        set_attribute(function, name, get, set, vm);
    }
    method(function.class(), &FUNCTION_FROM_PARAM, vm);
    let slots = &function.class().slots;
    slots.init.store(Some(init_function_class));
    let simple = original.simple.class();
    method(simple, &SIMPLE_FROM_PARAM, vm);
    simple.slots.init.store(Some(init_simple_class));
    method_of_class(original.data, &FROM_BUFFER, vm);
    for class in [
        original.simple,
        original.pointer,
        original.structure,
        original.union,
        original.array,
        function,
    ] {
        let number = &class.class().slots.as_number;
        number.multiply.store(Some(arrays::multiply));
    }
    let pointer = original.pointer;
    set_attribute(
        pointer,
        "contents",
        views::contents,
        views::set_contents,
        vm,
    );
    pointer.class().slots.init.store(Some(init_pointer_class));
    set_readonly(original.data, "_b_base_", views::get_base, vm);
    original.field.slots.descr_get.store(Some(fields::get));
    original.field.slots.descr_set.store(Some(fields::set));
}

/// `__init__` of function metaclasses. Instances are called by `functions::call`, unless the class
/// defines `__call__`.
fn init_function_class(class: &PyObject, args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
    let original = original();
    (original.init_function_class)(class, args, vm)?;
    if let Some(class) = class.downcast_ref::<PyType>()
        && inherits(class, "__call__", original.function, vm)
    {
        class.slots.call.store(Some(functions::call));
    }
    match vm.get_attribute_opt(class, "_argtypes_")? {
        Some(types) if !vm.is_none(&types) => arguments::check_count(types.length(vm)?, vm),
        _ => Ok(()),
    }
}

/// `__init__` of pointer metaclasses. Pointers to values that are not simple return views of them.
fn init_pointer_class(class: &PyObject, args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
    let original = original();
    (original.init_pointer_class)(class, args, vm)?;
    let target = vm.get_attribute_opt(class, "_type_")?;
    if let (Some(class), Some(target)) = (class.downcast_ref::<PyType>(), target)
        && !target.fast_isinstance(original.simple.class())
        && inherits(class, "__getitem__", original.pointer, vm)
    {
        class
            .slots
            .as_mapping
            .subscript
            .store(Some(views::subscript));
    }
    Ok(())
}

/// `__init__` of simple metaclasses. Classes of objects and strings get another attribute `value`.
fn init_simple_class(class: &PyObject, args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
    let original = original();
    (original.init_simple_class)(class, args, vm)?;
    let Some(class) = class.downcast_ref::<PyType>() else {
        return Ok(());
    };
    let (get, set, init): (Get, Set, Init) = match arguments::type_code(class, vm) {
        Some('O') => (
            values::object_value,
            values::set_object,
            values::init_object,
        ),
        Some('z') => (values::text_value, values::set_text, values::init_text),
        _ => return Ok(()),
    };
    let inherits = |name| inherits(class, name, original.simple, vm);
    if inherits("value") {
        set_attribute(class, "value", get, set, vm);
    }
    set_readonly(class, "_objects", memory::only_object, vm);
    if inherits("__init__") {
        class.slots.init.store(Some(init));
    }
    Ok(())
}

/// Whether a class inherits an attribute from a base class, and no class between them overrides it.
fn inherits(class: &Py<PyType>, name: &str, base: &Py<PyType>, vm: &VirtualMachine) -> bool {
    let name = vm.ctx.intern_str(name);
    let (found, of_base) = (class.get_attr(name), base.attributes.get(name));
    found
        .zip(of_base)
        .is_some_and(|(found, of_base)| found.is(&of_base))
}

static CALL: PyMethodDef = PyMethodDef::new_const(
    "__call__",
    |function: PyObjectRef, args: FuncArgs, vm: &VirtualMachine| {
        functions::call(&function, args, vm)
    },
    PyMethodFlags::METHOD,
    ItemDoc::NONE,
);

static FROM_ADDRESS: PyMethodDef = PyMethodDef::new_const(
    "from_address",
    functions::from_address,
    PyMethodFlags::CLASS,
    ItemDoc::NONE,
);

static FROM_BUFFER: PyMethodDef = PyMethodDef::new_const(
    "from_buffer",
    values::from_buffer,
    PyMethodFlags::CLASS,
    ItemDoc::NONE,
);

static FUNCTION_FROM_PARAM: PyMethodDef = PyMethodDef::new_const(
    "from_param",
    arguments::function_from_param,
    PyMethodFlags::METHOD,
    ItemDoc::NONE,
);

static SIMPLE_FROM_PARAM: PyMethodDef = PyMethodDef::new_const(
    "from_param",
    arguments::simple_from_param,
    PyMethodFlags::METHOD,
    ItemDoc::NONE,
);

fn method(class: &'static Py<PyType>, definition: &'static PyMethodDef, vm: &VirtualMachine) {
    let name = vm.ctx.intern_str(definition.name);
    class.set_attr(name, definition.build_method(&vm.ctx, class).into());
}

fn method_of_class(
    class: &'static Py<PyType>,
    definition: &'static PyMethodDef,
    vm: &VirtualMachine,
) {
    let name = vm.ctx.intern_str(definition.name);
    class.set_attr(name, definition.build_classmethod(&vm.ctx, class).into());
}

fn set_attribute(class: &Py<PyType>, name: &str, get: Get, set: Set, vm: &VirtualMachine) {
    let attribute = vm.ctx.new_getset(name, class, get, set);
    class.set_attr(vm.ctx.intern_str(name), attribute.into());
}

fn set_readonly(class: &Py<PyType>, name: &str, get: Get, vm: &VirtualMachine) {
    let attribute = PyGetSet::new(name, class, &vm.ctx).with_get(get);
    class.set_attr(vm.ctx.intern_str(name), attribute.into_ref(&vm.ctx).into());
}
