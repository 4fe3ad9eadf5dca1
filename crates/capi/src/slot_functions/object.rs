//! The slots that every object can have.

use core::ffi::{c_char, c_int, c_void};
use core::mem::transmute;
use core::ptr::null_mut;

use rustpython_vm::builtins::{PyStr, PyType};
use rustpython_vm::common::hash::PyHash;
use rustpython_vm::function::{Either, FuncArgs, PyComparisonValue, PySetterValue};
use rustpython_vm::protocol::PyIterReturn;
use rustpython_vm::types::PyComparisonOp;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine};

use super::call::{
    Arguments, function_of, number_result, object_result, raw, raw_or_null, raw_py, status_result,
};
use super::level::with_level;
use crate::boundary::{call_c, owned};
use crate::instance::{record_of, type_data};
use crate::slot_ids::*;
use crate::type_record::TypeRecord;
use crate::unicodeobject::PyUnicode_AsUTF8;

type Unary = unsafe extern "C" fn(*mut PyObject) -> *mut PyObject;
type Binary = unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject;
type Ternary = unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> *mut PyObject;
type Hash = unsafe extern "C" fn(*mut PyObject) -> isize;
type Compare = unsafe extern "C" fn(*mut PyObject, *mut PyObject, c_int) -> *mut PyObject;
type Assign = unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> c_int;
type GetByName = unsafe extern "C" fn(*mut PyObject, *const c_char) -> *mut PyObject;
type SetByName = unsafe extern "C" fn(*mut PyObject, *const c_char, *mut PyObject) -> c_int;
type Destructor = unsafe extern "C" fn(*mut PyObject);
type Vectorcall = unsafe extern "C" fn(
    *mut PyObject,
    *const *mut PyObject,
    usize,
    *mut PyObject,
) -> *mut PyObject;

fn hash<const LEVEL: usize>(object: &PyObject, vm: &VirtualMachine) -> PyResult<PyHash> {
    let function = function_of::<LEVEL>(object, TP_HASH, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, Hash>(function) };
    // SAFETY: as above; the argument is alive.
    let hash = number_result(TP_HASH, object, vm, || unsafe { function(raw(object)) })?;
    Ok(hash as PyHash)
}

fn text<const ID: SlotId, const LEVEL: usize>(
    object: &PyObject,
    vm: &VirtualMachine,
) -> PyResult<PyRef<PyStr>> {
    let function = function_of::<LEVEL>(object, ID, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, Unary>(function) };
    let text = vm.with_recursion("while getting the text of an object", || {
        // SAFETY: as above; the argument is alive.
        object_result(ID, object, vm, || unsafe { function(raw(object)) })
    })?;
    text.downcast().map_err(|other| {
        let name = if ID == TP_STR { "__str__" } else { "__repr__" };
        let class = other.class().name().to_string();
        vm.new_type_error(format!("{name} returned non-string (type {class})"))
    })
}

fn call<const LEVEL: usize>(object: &PyObject, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    let function = function_of::<LEVEL>(object, TP_CALL, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, Ternary>(function) };
    let arguments = Arguments::new(args, vm)?;
    let (tuple, keywords) = arguments.raw();
    vm.with_recursion("while calling a Python object", || {
        // SAFETY: as above; the arguments are alive.
        object_result(TP_CALL, object, vm, || unsafe {
            function(raw(object), tuple, keywords)
        })
    })
}

fn getattro<const LEVEL: usize>(
    object: &PyObject,
    name: &Py<PyStr>,
    vm: &VirtualMachine,
) -> PyResult {
    let function = function_of::<LEVEL>(object, TP_GETATTRO, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, Binary>(function) };
    object_result(TP_GETATTRO, object, vm, || {
        // SAFETY: as above; the arguments are alive.
        unsafe { function(raw(object), raw_py(name)) }
    })
}

fn setattro<const LEVEL: usize>(
    object: &PyObject,
    name: &Py<PyStr>,
    value: PySetterValue,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let function = function_of::<LEVEL>(object, TP_SETATTRO, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, Assign>(function) };
    let value = raw_value(&value);
    status_result(TP_SETATTRO, object, vm, || {
        // SAFETY: as above; the arguments are alive, or NULL to delete the attribute.
        unsafe { function(raw(object), raw_py(name), value) }
    })
}

fn getattr<const LEVEL: usize>(
    object: &PyObject,
    name: &Py<PyStr>,
    vm: &VirtualMachine,
) -> PyResult {
    let function = function_of::<LEVEL>(object, TP_GETATTR, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, GetByName>(function) };
    let name = c_name(name, vm)?;
    // SAFETY: as above; the object and the text are alive.
    object_result(TP_GETATTR, object, vm, || unsafe {
        function(raw(object), name)
    })
}

fn setattr<const LEVEL: usize>(
    object: &PyObject,
    name: &Py<PyStr>,
    value: PySetterValue,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let function = function_of::<LEVEL>(object, TP_SETATTR, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, SetByName>(function) };
    let name = c_name(name, vm)?;
    let value = raw_value(&value);
    // SAFETY: as above; the arguments are alive, or NULL to delete the attribute.
    status_result(TP_SETATTR, object, vm, || unsafe {
        function(raw(object), name, value)
    })
}

/// The text of a name, which lives as long as the name.
fn c_name(name: &Py<PyStr>, vm: &VirtualMachine) -> PyResult<*const c_char> {
    let (text, raised) = call_c(vm, || {
        // SAFETY: it is a string, which is alive.
        unsafe { PyUnicode_AsUTF8(raw_py(name)) }
    });
    match raised {
        Some(raised) => Err(raised),
        None => Ok(text),
    }
}

/// A borrowed reference to the value; NULL to delete.
fn raw_value(value: &PySetterValue) -> *mut PyObject {
    match value {
        PySetterValue::Assign(value) => raw(value),
        PySetterValue::Delete => null_mut(),
    }
}

fn compare<const LEVEL: usize>(
    object: &PyObject,
    other: &PyObject,
    operation: PyComparisonOp,
    vm: &VirtualMachine,
) -> PyResult<Either<PyObjectRef, PyComparisonValue>> {
    let function = function_of::<LEVEL>(object, TP_RICHCOMPARE, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, Compare>(function) };
    let operation = match operation {
        PyComparisonOp::Lt => 0,
        PyComparisonOp::Le => 1,
        PyComparisonOp::Eq => 2,
        PyComparisonOp::Ne => 3,
        PyComparisonOp::Gt => 4,
        PyComparisonOp::Ge => 5,
    };
    let result = object_result(TP_RICHCOMPARE, object, vm, || {
        // SAFETY: as above; the arguments are alive.
        unsafe { function(raw(object), raw(other), operation) }
    });
    result.map(Either::A)
}

fn iter<const LEVEL: usize>(object: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let function = function_of::<LEVEL>(&object, TP_ITER, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, Unary>(function) };
    // SAFETY: as above; the argument is alive.
    object_result(TP_ITER, &object, vm, || unsafe { function(raw(&object)) })
}

/// NULL without an exception ends the iteration.
fn iternext<const LEVEL: usize>(object: &PyObject, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
    let function = function_of::<LEVEL>(object, TP_ITERNEXT, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, Unary>(function) };
    // SAFETY: as above; the argument is alive.
    let (item, raised) = call_c(vm, || unsafe { function(raw(object)) });
    // SAFETY: the function returns a new reference or NULL.
    match (unsafe { owned(item) }, raised) {
        (Some(item), None) => Ok(PyIterReturn::Return(item)),
        (None, None) => Ok(PyIterReturn::StopIteration(None)),
        (None, Some(raised)) => PyIterReturn::from_pyresult(Err(raised), vm),
        (Some(item), Some(raised)) => {
            let item = item.into_raw().as_ptr();
            object_result(TP_ITERNEXT, object, vm, || {
                vm.set_exception(Some(raised));
                item
            })
            .map(PyIterReturn::Return)
        }
    }
}

fn descr_get<const LEVEL: usize>(
    object: &PyObject,
    instance: Option<&PyObject>,
    class: Option<&PyObject>,
    vm: &VirtualMachine,
) -> PyResult {
    let function = function_of::<LEVEL>(object, TP_DESCR_GET, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, Ternary>(function) };
    let instance = raw_or_null(instance.filter(|instance| !vm.is_none(instance)));
    let class = raw_or_null(class.filter(|class| !vm.is_none(class)));
    // SAFETY: as above; the arguments are alive or NULL.
    object_result(TP_DESCR_GET, object, vm, || unsafe {
        function(raw(object), instance, class)
    })
}

fn descr_set<const LEVEL: usize>(
    object: &PyObject,
    instance: PyObjectRef,
    value: PySetterValue,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let function = function_of::<LEVEL>(object, TP_DESCR_SET, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, Assign>(function) };
    let value = raw_value(&value);
    status_result(TP_DESCR_SET, object, vm, || {
        // SAFETY: as above; the arguments are alive, or NULL to delete the attribute.
        unsafe { function(raw(object), raw(&instance), value) }
    })
}

fn init<const LEVEL: usize>(
    object: &PyObject,
    args: FuncArgs,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let function = function_of::<LEVEL>(object, TP_INIT, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, Assign>(function) };
    let arguments = Arguments::new(args, vm)?;
    let (tuple, keywords) = arguments.raw();
    // SAFETY: as above; the arguments are alive.
    status_result(TP_INIT, object, vm, || unsafe {
        function(raw(object), tuple, keywords)
    })
}

/// `tp_finalize`, which reports its errors itself, or leaves an exception that is reported.
fn finalize<const ID: SlotId, const LEVEL: usize>(
    object: &PyObject,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let function = function_of::<LEVEL>(object, ID, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, Destructor>(function) };
    // SAFETY: as above; the argument is alive.
    let ((), raised) = call_c(vm, || unsafe { function(raw(object)) });
    raised.map_or(Ok(()), Err)
}

/// Makes an instance: the vectorcall of a class.
fn vectorcall<const LEVEL: usize>(
    class: &PyObject,
    args: Vec<PyObjectRef>,
    count: usize,
    names: Option<&[PyObjectRef]>,
    vm: &VirtualMachine,
) -> PyResult {
    let record = class.downcast_ref::<PyType>().and_then(TypeRecord::nearest);
    let function = record.map_or(null_mut(), |record| {
        record.function_at(LEVEL, TP_VECTORCALL)
    });
    if function.is_null() {
        return class.call(FuncArgs::from_vectorcall_owned(args, count, names), vm);
    }
    // SAFETY: C code promised a function of this type for this slot.
    unsafe { call_vector(function, class, &args, count, names, vm) }
}

/// Calls an instance, by the function in its data.
fn instance_vectorcall(
    object: &PyObject,
    args: Vec<PyObjectRef>,
    count: usize,
    names: Option<&[PyObjectRef]>,
    vm: &VirtualMachine,
) -> PyResult {
    let place = record_of(object).and_then(|record| {
        let record = record
            .chain()
            .find(|record| record.content.vectorcall.is_some())?;
        let offset = record.content.vectorcall?;
        Some(
            type_data(object, record.class())?
                .as_ptr()
                .wrapping_add(offset),
        )
    });
    // SAFETY: C code promised, with the member `__vectorcalloffset__`, a function pointer there.
    let function = place.map_or(null_mut(), |place| unsafe {
        place.cast::<*mut c_void>().read_unaligned()
    });
    if function.is_null() {
        let class = object.class().name().to_string();
        let text = format!("'{class}' object does not support vectorcall");
        return Err(vm.new_type_error(text));
    }
    vm.with_recursion("while calling a Python object", || {
        // SAFETY: as above.
        unsafe { call_vector(function, object, &args, count, names, vm) }
    })
}

/// # Safety
/// `function` is a `vectorcallfunc`.
unsafe fn call_vector(
    function: *mut c_void,
    callable: &PyObject,
    args: &[PyObjectRef],
    count: usize,
    names: Option<&[PyObjectRef]>,
    vm: &VirtualMachine,
) -> PyResult {
    // SAFETY: the caller promises a function of this type.
    let function = unsafe { transmute::<*mut c_void, Vectorcall>(function) };
    let names = names.filter(|names| !names.is_empty());
    let names = names.map(|names| vm.ctx.new_tuple(names.to_vec()));
    let names_raw = raw_or_null(names.as_ref().map(|names| names.as_object()));
    const { assert!(size_of::<PyObjectRef>() == size_of::<*mut PyObject>()) };
    object_result(TP_VECTORCALL, callable, vm, || {
        // SAFETY: as above; the arguments are alive, and a reference is an address.
        unsafe { function(raw(callable), args.as_ptr().cast(), count, names_raw) }
    })
}

/// Fills the slots of the class's own functions.
pub(super) fn fill(record: &TypeRecord) {
    let slots = &record.class().slots;
    let level = record.content.level;
    macro_rules! fill {
        ($($id:ident => $field:ident $function:ident $([$parameter:ident])?;)*) => {$(
            if record.is_own($id) {
                slots.$field.store(Some(with_level!(level, $function $(, $parameter)?)));
            }
        )*};
    }
    fill! {
        TP_HASH => hash hash;
        TP_STR => str text[TP_STR];
        TP_REPR => repr text[TP_REPR];
        TP_CALL => call call;
        // Of both kinds, the one that takes an object wins.
        TP_GETATTR => getattro getattr;
        TP_GETATTRO => getattro getattro;
        TP_SETATTR => setattro setattr;
        TP_SETATTRO => setattro setattro;
        TP_RICHCOMPARE => richcompare compare;
        TP_ITER => iter iter;
        TP_ITERNEXT => iternext iternext;
        TP_DESCR_GET => descr_get descr_get;
        TP_DESCR_SET => descr_set descr_set;
        TP_INIT => init init;
        TP_DEL => del finalize[TP_DEL];
        TP_FINALIZE => del finalize[TP_FINALIZE];
        TP_VECTORCALL => vectorcall vectorcall;
    }
    if record.content.vectorcall.is_some() {
        slots.vectorcall.store(Some(instance_vectorcall));
    }
}
