//! Converting the arguments of a call from Python objects to C values. The kinds of objects are
//! checked in CPython's order.

use core::ffi::c_void;

use rustpython_vm::builtins::{
    PyBaseExceptionRef, PyBytes, PyFloat, PyInt, PyStr, PyType, PyTypeRef,
};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::memory::{address_of, address_of_bytes, bytes_of, pointer_in};
use super::original::original;

/// The maximum number of arguments.
const MAX_ARGUMENTS: usize = 1024;

/// An argument in the form in which it is passed to C code.
pub(super) enum Argument {
    Int(i32),
    /// An address, and an object that keeps the memory there alive.
    Pointer(
        usize,
        #[expect(dead_code, reason = "it is kept until after the call")] PyObjectRef,
    ),
    /// A value of the C type with this type code, and the object that holds it.
    Value(char, Vec<u8>, PyObjectRef),
    /// A structure or a union, by value.
    Aggregate(PyObjectRef),
}

/// Converts the arguments of a call.
///
/// # Errors
/// TypeError for too few arguments; `ArgumentError` for too many, or for one that cannot be
/// converted.
pub(super) fn convert_arguments(
    arguments: &[PyObjectRef],
    types: &[PyObjectRef],
    vm: &VirtualMachine,
) -> PyResult<Vec<Argument>> {
    if arguments.len() < types.len() {
        let required = types.len();
        let plural = if required == 1 { "" } else { "s" };
        let given = arguments.len();
        return Err(vm.new_type_error(format!(
            "this function takes at least {required} argument{plural} ({given} given)"
        )));
    }
    check_count(arguments.len(), vm)?;
    let convert = |(index, argument): (usize, &PyObjectRef)| {
        let number = index + 1;
        let converted = match types.get(index) {
            Some(class) => convert_with(argument, class, number, vm),
            None => Argument::of(argument.clone(), number, vm),
        };
        converted.map_err(|error| argument_error(number, &error, vm))
    };
    arguments.iter().enumerate().map(convert).collect()
}

/// Checks the number of arguments.
///
/// # Errors
/// `ArgumentError` for too many arguments.
pub(super) fn check_count(count: usize, vm: &VirtualMachine) -> PyResult<()> {
    if count <= MAX_ARGUMENTS {
        return Ok(());
    }
    let text = format!("too many arguments ({count}), maximum is {MAX_ARGUMENTS}");
    Err(new_argument_error(text, vm))
}

/// Converts an argument with the `from_param` of its type.
fn convert_with(
    argument: &PyObjectRef,
    class: &PyObject,
    number: usize,
    vm: &VirtualMachine,
) -> PyResult<Argument> {
    let original = original();
    let simple = class.downcast_ref().filter(|class: &&Py<PyType>| {
        class.fast_issubclass(original.simple)
            && class.get_attr(vm.ctx.intern_str("from_param")).is_none()
    });
    let code = simple.and_then(|class| type_code(class, vm));
    // The cases in which the VM's `from_param` differs from CPython's.
    match (code, argument.downcast_ref::<PyBytes>()) {
        (Some('O'), _) if !argument.fast_isinstance(original.data) => {
            return Ok(Argument::Pointer(argument.get_id(), argument.clone()));
        }
        (Some('z' | 'P'), Some(bytes)) => {
            let address = address_of_bytes(bytes, vm)?;
            return Ok(Argument::Pointer(address, argument.clone()));
        }
        _ => {}
    }
    let from_param = class.get_attr("from_param", vm)?;
    let made = from_param.call((argument.clone(),), vm)?;
    if code.is_some() && made.class().is(&*original.argument) && !made.is(argument) {
        let object = made.get_attr("_obj", vm)?;
        if code == Some('O') {
            return Ok(Argument::Pointer(object.get_id(), object));
        }
        if object.fast_isinstance(original.simple) {
            return Argument::of(object, number, vm);
        }
    }
    Argument::of(made, number, vm)
}

impl Argument {
    fn of(argument: PyObjectRef, number: usize, vm: &VirtualMachine) -> PyResult<Self> {
        let original = original();
        if argument.fast_isinstance(original.data) {
            return Self::of_data(argument, vm);
        }
        if argument.class().is(&*original.argument) {
            return Ok(Self::Pointer(address_in(&argument, vm)?, argument));
        }
        if vm.is_none(&argument) {
            return Ok(Self::Pointer(0, argument));
        }
        if let Some(int) = argument.downcast_ref::<PyInt>() {
            let error = || vm.new_overflow_error("int too long to convert");
            return c_int_of(int).map(Self::Int).ok_or_else(error);
        }
        if let Some(bytes) = argument.downcast_ref::<PyBytes>() {
            return Ok(Self::Pointer(address_of_bytes(bytes, vm)?, argument));
        }
        if argument.downcast_ref::<PyStr>().is_some() {
            let text = original.wchar_p.as_object().call((argument,), vm)?;
            return Self::of_data(text, vm);
        }
        let parameter = vm.get_attribute_opt(&argument, PARAMETER)?;
        let parameter = parameter.ok_or_else(|| {
            vm.new_type_error(format!("Don't know how to convert parameter {number}"))
        })?;
        vm.with_recursion(RECURSION, || Self::of(parameter, number, vm))
    }

    fn of_data(argument: PyObjectRef, vm: &VirtualMachine) -> PyResult<Self> {
        let original = original();
        let is = |class| argument.fast_isinstance(class);
        if is(original.function) || is(original.pointer) {
            return Ok(Self::Pointer(pointer_in(&argument, vm)?, argument));
        }
        if is(original.array) {
            return Ok(Self::Pointer(address_of(&argument, vm)?, argument));
        }
        match type_code(argument.class(), vm) {
            Some('z' | 'Z' | 'P' | 'O') => Ok(Self::Pointer(pointer_in(&argument, vm)?, argument)),
            Some(code) if is(original.simple) => {
                Ok(Self::Value(code, bytes_of(&argument, vm)?, argument))
            }
            _ => Ok(Self::Aggregate(argument)),
        }
    }

    /// The object for which the VM passes the same value to C code.
    pub(super) fn to_object(&self, vm: &VirtualMachine) -> PyResult {
        match self {
            Self::Int(int) => Ok(vm.ctx.new_int(*int).into()),
            Self::Pointer(address, _) => original().void_p.as_object().call((*address,), vm),
            Self::Value(.., object) | Self::Aggregate(object) => Ok(object.clone()),
        }
    }
}

/// The address in a result of `byref` or `from_param`. The VM passes it only to C code, so a C
/// function is called that returns it.
pub(super) fn address_in(argument: &PyObject, vm: &VirtualMachine) -> PyResult<usize> {
    unsafe extern "C" fn identity(pointer: *mut c_void) -> *mut c_void {
        pointer
    }
    let identity = (identity as *const c_void).expose_provenance();
    let result = &original().void_p;
    let address =
        original().call_untyped(identity, vec![argument.to_owned()], result, false, vm)?;
    let address: Option<usize> = address.try_into_value(vm)?;
    Ok(address.unwrap_or(0))
}

/// The low 32 bits of an int that fits into a 64-bit integer, signed or unsigned.
fn c_int_of(int: &Py<PyInt>) -> Option<i32> {
    let int = int.as_bigint();
    let bits = i64::try_from(int).or_else(|_| u64::try_from(int).map(u64::cast_signed));
    #[expect(clippy::cast_possible_truncation, reason = "as CPython has it")]
    bits.ok().map(|bits| bits as i32)
}

fn argument_error(
    number: usize,
    error: &PyBaseExceptionRef,
    vm: &VirtualMachine,
) -> PyBaseExceptionRef {
    let (class, text) = (error.class().name(), text_of(error.as_object(), vm));
    new_argument_error(format!("argument {number}: {class}: {text}"), vm)
}

/// `str` of an object; an empty string if that fails.
pub(super) fn text_of(object: &PyObject, vm: &VirtualMachine) -> String {
    let text = object.str(vm);
    text.map_or_else(|_| String::new(), |text| text.to_string())
}

fn new_argument_error(text: String, vm: &VirtualMachine) -> PyBaseExceptionRef {
    vm.new_exception_msg(original().argument_error.clone(), text.into())
}

/// `from_param` of simple classes. It differs from the VM's in two ways: bytes are passed by their
/// own address, and a float is not accepted as an integer or an address.
///
/// # Errors
/// TypeError for an object of another kind.
pub(super) fn simple_from_param(
    class: PyTypeRef,
    value: PyObjectRef,
    vm: &VirtualMachine,
) -> PyResult {
    let original = original();
    let code = type_code(&class, vm);
    if let Some(code) = code.filter(|code| "cbBhHiIlLqQP".contains(*code))
        && value.downcast_ref::<PyFloat>().is_some()
    {
        let kind = if code == 'P' {
            "ctypes.c_void_p"
        } else {
            "an integer"
        };
        let text = format!("'float' object cannot be interpreted as {kind}");
        return Err(vm.new_type_error(text));
    }
    if let Some('z' | 'P') = code {
        if let Some(bytes) = value.downcast_ref::<PyBytes>() {
            let address = address_of_bytes(bytes, vm)?;
            let pointer = original.void_p.as_object().call((address,), vm)?;
            // It keeps the bytes alive, as CPython's result does.
            pointer.set_attr("_obj", value, vm)?;
            return Ok(pointer);
        }
        if value.class().is(&*original.argument)
            && type_code(value.get_attr("_obj", vm)?.class(), vm) == Some('c')
        {
            return Ok(value);
        }
        if let Some(parameter) = vm.get_attribute_opt(&value, PARAMETER)? {
            return vm.with_recursion(RECURSION, || simple_from_param(class, parameter, vm));
        }
    }
    let from_param = original.from_param.get(class.as_object(), vm)?;
    from_param.call((value,), vm)
}

/// The attribute whose value is passed instead of an object.
const PARAMETER: &str = "_as_parameter_";
const RECURSION: &str = "while processing _as_parameter_";

/// `from_param` of function classes, which the VM lacks.
///
/// # Errors
/// TypeError for an object that is not an instance of the class.
pub(super) fn function_from_param(
    class: PyTypeRef,
    value: PyObjectRef,
    vm: &VirtualMachine,
) -> PyResult {
    if value.fast_isinstance(&class) {
        return Ok(value);
    }
    if let Some(parameter) = vm.get_attribute_opt(&value, PARAMETER)? {
        return vm.with_recursion(RECURSION, || function_from_param(class, parameter, vm));
    }
    let given = value.class().name().to_string();
    Err(vm.new_type_error(format!(
        "expected {} instance instead of {given}",
        class.name()
    )))
}

/// The type code of a simple class: its `_type_`, which names a C type.
pub(super) fn type_code(class: &Py<PyType>, vm: &VirtualMachine) -> Option<char> {
    let code = class.get_attr(vm.ctx.intern_str("_type_"))?;
    code.downcast_ref::<PyStr>()?.to_str()?.chars().next()
}

/// Whether Python code gets a plain value for a simple class. That is so for the direct subclasses
/// of `_SimpleCData`.
pub(super) fn is_plain(class: &Py<PyType>) -> bool {
    let base = class.base.deref();
    base.is_some_and(|base| base.is(original().simple))
}
