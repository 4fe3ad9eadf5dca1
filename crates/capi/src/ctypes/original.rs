//! The parts of the VM's `_ctypes` before it is changed: its classes and slots, and classes derived
//! from them that keep the original behaviour. The replacements are in the other files.

use std::sync::OnceLock;

use rustpython_vm::builtins::{PyModule, PyType, PyTypeRef};
use rustpython_vm::function::{FuncArgs, PySetterValue};
use rustpython_vm::protocol::{PyMapping, PySequence};
use rustpython_vm::types::PyTypeSlots;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine};

pub(super) type Call = fn(&PyObject, FuncArgs, &VirtualMachine) -> PyResult;
pub(super) type New = fn(PyTypeRef, FuncArgs, &VirtualMachine) -> PyResult;
pub(super) type Init = fn(&PyObject, FuncArgs, &VirtualMachine) -> PyResult<()>;
pub(super) type GetItem = fn(PySequence<'_>, isize, &VirtualMachine) -> PyResult;
pub(super) type SetItem =
    fn(PySequence<'_>, isize, Option<PyObjectRef>, &VirtualMachine) -> PyResult<()>;
pub(super) type Subscript = fn(PyMapping<'_>, &PyObject, &VirtualMachine) -> PyResult;
pub(super) type Multiply = fn(&PyObject, &PyObject, &VirtualMachine) -> PyResult;
pub(super) type Get =
    fn(&PyObject, Option<&PyObject>, Option<&PyObject>, &VirtualMachine) -> PyResult;
pub(super) type Set = fn(&PyObject, PyObjectRef, PySetterValue, &VirtualMachine) -> PyResult<()>;

/// The original parts. The classes of `_ctypes` are made once in a process, so they are changed
/// once.
#[derive(Debug)]
pub(super) struct Original {
    /// `_CData`, the base of all.
    pub(super) data: &'static Py<PyType>,
    pub(super) simple: &'static Py<PyType>,
    pub(super) array: &'static Py<PyType>,
    pub(super) pointer: &'static Py<PyType>,
    pub(super) structure: &'static Py<PyType>,
    pub(super) union: &'static Py<PyType>,
    pub(super) function: &'static Py<PyType>,
    pub(super) field: &'static Py<PyType>,
    /// The class of the results of `byref` and `from_param`.
    pub(super) argument: PyTypeRef,
    pub(super) argument_error: PyTypeRef,
    pub(super) cast: PyObjectRef,
    pub(super) sizeof: PyObjectRef,
    /// `_b_base_` and `_objects` of all objects, and `contents` of pointers.
    pub(super) base: Attribute,
    pub(super) objects: Attribute,
    pub(super) contents: Attribute,
    pub(super) from_buffer: Attribute,
    pub(super) from_param: Attribute,
    /// Attributes of functions.
    pub(super) argtypes: Attribute,
    pub(super) restype: Attribute,
    pub(super) errcheck: Attribute,
    /// The attribute `value` of simple objects.
    pub(super) value: Attribute,
    pub(super) call: Call,
    pub(super) new_function: New,
    pub(super) init_function_class: Init,
    pub(super) init_simple: Init,
    pub(super) init_simple_class: Init,
    /// `class * length` of simple classes. For other classes it does the same.
    pub(super) multiply: Multiply,
    pub(super) multiply_arrays: Multiply,
    pub(super) new_array: New,
    pub(super) get_item: GetItem,
    pub(super) set_item: SetItem,
    pub(super) subscript_pointer: Subscript,
    pub(super) init_pointer_class: Init,
    pub(super) get_field: Get,
    pub(super) set_field: Set,
    /// Function classes without argument types that the VM calls: without and with `errno`.
    pub(super) untyped: [PyTypeRef; 2],
    pub(super) int: PyTypeRef,
    pub(super) void_p: PyTypeRef,
    pub(super) wchar_p: PyTypeRef,
}

static ORIGINAL: OnceLock<Original> = OnceLock::new();

/// The original parts.
///
/// # Panics
/// Before the first `_ctypes` is made. The callers are reached only through its classes.
pub(super) fn original() -> &'static Original {
    ORIGINAL.get().expect("a _ctypes has been made")
}

/// Stores the original parts at the first call. Returns whether it was the first.
///
/// # Errors
/// AttributeError or TypeError if `_ctypes` is not that of this version of the VM.
pub(super) fn keep_original(module: &Py<PyModule>, vm: &VirtualMachine) -> PyResult<bool> {
    if ORIGINAL.get().is_some() {
        return Ok(false);
    }
    Ok(ORIGINAL.set(Original::of(module, vm)?).is_ok())
}

impl Original {
    fn of(module: &Py<PyModule>, vm: &VirtualMachine) -> PyResult<Self> {
        let data = class(module, "_CData", vm)?;
        let pointer = class(module, "_Pointer", vm)?;
        let simple = class(module, "_SimpleCData", vm)?;
        let array = class(module, "Array", vm)?;
        let function = class(module, "CFuncPtr", vm)?;
        let field = class(module, "CField", vm)?;
        let derive = |code: &str| derived(simple, "_type_", vm.ctx.new_str(code).into(), vm);
        let int = derive("i")?;
        let instance = int.as_object().call((), vm)?;
        let byref = module.get_attr("byref", vm)?.call((instance,), vm)?;
        let untyped = |flags: u32| derived(function, "_flags_", vm.ctx.new_int(flags).into(), vm);
        Ok(Self {
            data,
            simple,
            array,
            pointer,
            structure: class(module, "Structure", vm)?,
            union: class(module, "Union", vm)?,
            function,
            field,
            argument: byref.class().to_owned(),
            argument_error: module.get_attr("ArgumentError", vm)?.try_into_value(vm)?,
            sizeof: module.get_attr("sizeof", vm)?,
            cast: module.get_attr("_cast", vm)?,
            base: attribute(data, "_b_base_", vm)?,
            objects: attribute(data, "_objects", vm)?,
            contents: attribute(pointer, "contents", vm)?,
            from_buffer: attribute(data, "from_buffer", vm)?,
            from_param: attribute(simple.class(), "from_param", vm)?,
            argtypes: attribute(function, "argtypes", vm)?,
            restype: attribute(function, "restype", vm)?,
            errcheck: attribute(function, "errcheck", vm)?,
            value: attribute(simple, "value", vm)?,
            call: slot(&function.slots, |slots| slots.call.load(), vm)?,
            new_function: slot(&function.slots, |slots| slots.new.load(), vm)?,
            init_function_class: slot(&function.class().slots, |slots| slots.init.load(), vm)?,
            init_simple: slot(&simple.slots, |slots| slots.init.load(), vm)?,
            init_simple_class: slot(&simple.class().slots, |slots| slots.init.load(), vm)?,
            multiply: slot(
                &simple.class().slots,
                |slots| slots.as_number.multiply.load(),
                vm,
            )?,
            multiply_arrays: slot(
                &array.class().slots,
                |slots| slots.as_number.multiply.load(),
                vm,
            )?,
            new_array: slot(&array.slots, |slots| slots.new.load(), vm)?,
            get_item: slot(&array.slots, |slots| slots.as_sequence.item.load(), vm)?,
            set_item: slot(&array.slots, |slots| slots.as_sequence.ass_item.load(), vm)?,
            subscript_pointer: slot(
                &pointer.slots,
                |slots| slots.as_mapping.subscript.load(),
                vm,
            )?,
            init_pointer_class: slot(&pointer.class().slots, |slots| slots.init.load(), vm)?,
            get_field: slot(&field.slots, |slots| slots.descr_get.load(), vm)?,
            set_field: slot(&field.slots, |slots| slots.descr_set.load(), vm)?,
            untyped: [untyped(FLAG_CDECL)?, untyped(FLAG_CDECL | FLAG_USE_ERRNO)?],
            int,
            void_p: derive("P")?,
            wchar_p: derive("Z")?,
        })
    }

    /// Calls C code through a function object of the VM that has a result type and no argument
    /// types.
    ///
    /// # Errors
    /// ValueError for the address 0; TypeError for arguments that the VM does not accept.
    pub(super) fn call_untyped(
        &self,
        address: usize,
        arguments: Vec<PyObjectRef>,
        result: &Py<PyType>,
        errno: bool,
        vm: &VirtualMachine,
    ) -> PyResult {
        let class = &self.untyped[usize::from(errno)];
        let function = class.as_object().call((address,), vm)?;
        let result = PySetterValue::Assign(result.to_owned().into());
        self.restype.set(&function, result, vm)?;
        (self.call)(&function, arguments.into(), vm)
    }
}

const FLAG_CDECL: u32 = 1;
pub(super) const FLAG_PYTHONAPI: u32 = 4;
pub(super) const FLAG_USE_ERRNO: u32 = 8;

fn class(
    module: &Py<PyModule>,
    name: &'static str,
    vm: &VirtualMachine,
) -> PyResult<&'static Py<PyType>> {
    let class: PyTypeRef = module.get_attr(name, vm)?.try_into_value(vm)?;
    Ok(PyRef::leak(class))
}

/// A subclass with one more attribute, which the VM reads when it makes the class.
fn derived(
    base: &Py<PyType>,
    attribute: &str,
    value: PyObjectRef,
    vm: &VirtualMachine,
) -> PyResult<PyTypeRef> {
    let namespace = vm.ctx.new_dict();
    namespace.set_item(attribute, value, vm)?;
    namespace.set_item("__module__", vm.ctx.new_str("_ctypes").into(), vm)?;
    let name = vm.ctx.new_str(base.name().to_owned());
    let bases = vm.ctx.new_tuple(vec![base.to_owned().into()]);
    let class = base
        .class()
        .as_object()
        .call((name, bases, namespace), vm)?;
    class.try_into_value(vm)
}

fn attribute(class: &Py<PyType>, name: &str, vm: &VirtualMachine) -> PyResult<Attribute> {
    let found = class.attributes.get(vm.ctx.intern_str(name));
    let error = || vm.new_attribute_error(format!("{} has no {name}", class.name()));
    found.map(Attribute).ok_or_else(error)
}

/// A descriptor of a class that was or will be replaced there.
#[derive(Debug)]
pub(super) struct Attribute(PyObjectRef);

impl Attribute {
    pub(super) fn get(&self, object: &PyObject, vm: &VirtualMachine) -> PyResult {
        let value = vm.call_get_descriptor(&self.0, object);
        value.unwrap_or_else(|| Ok(self.0.clone()))
    }

    pub(super) fn set(
        &self,
        object: &PyObject,
        value: PySetterValue,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        match self.0.class().slots.descr_set.load() {
            Some(set) => set(&self.0, object.to_owned(), value, vm),
            None => Err(vm.new_attribute_error("this attribute cannot be set")),
        }
    }

    /// The value of the attribute on a class.
    pub(super) fn of_class(&self, class: &Py<PyType>, vm: &VirtualMachine) -> PyResult {
        let value = vm.call_get_descriptor_specific(&self.0, None, Some(class.as_object()));
        value.unwrap_or_else(|| Ok(self.0.clone()))
    }
}

fn slot<T>(
    slots: &PyTypeSlots,
    load: impl FnOnce(&PyTypeSlots) -> Option<T>,
    vm: &VirtualMachine,
) -> PyResult<T> {
    load(slots).ok_or_else(|| vm.new_type_error("a class of _ctypes lacks a slot"))
}
