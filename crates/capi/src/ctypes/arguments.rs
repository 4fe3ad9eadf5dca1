//! From what Python code calls a C function with to what the VM knows how to pass. The order in
//! which kinds of objects are told apart is CPython's.

use rustpython_vm::builtins::{
    PyBaseExceptionRef, PyBytes, PyFloat, PyInt, PyStr, PyType, PyTypeRef,
};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::memory::{address_of_bytes, pointer_in};
use super::original::original;

/// As many arguments as there can be.
const MOST: usize = 1024;

/// Arguments that the VM passes as they are.
///
/// # Errors
/// TypeError for too few; `ArgumentError` for too many, or one that cannot be converted.
pub(super) fn converted(
    arguments: &[PyObjectRef],
    types: &[PyObjectRef],
    vm: &VirtualMachine,
) -> PyResult<Vec<PyObjectRef>> {
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
            Some(class) => by_type(argument, class, vm),
            None => Ok(argument.clone()),
        };
        converted
            .and_then(|argument| passable(argument, number, vm))
            .map_err(|error| argument_error(number, &error, vm))
    };
    arguments.iter().enumerate().map(convert).collect()
}

/// # Errors
/// `ArgumentError` for too many arguments.
pub(super) fn check_count(count: usize, vm: &VirtualMachine) -> PyResult<()> {
    if count <= MOST {
        return Ok(());
    }
    let text = format!("too many arguments ({count}), maximum is {MOST}");
    Err(new_argument_error(text, vm))
}

/// What `from_param` makes of an argument.
fn by_type(argument: &PyObjectRef, class: &PyObject, vm: &VirtualMachine) -> PyResult {
    class
        .get_attr("from_param", vm)?
        .call((argument.clone(),), vm)
}

/// An object that the VM passes to C code as it is.
fn passable(argument: PyObjectRef, number: usize, vm: &VirtualMachine) -> PyResult {
    let original = original();
    let void_p = |address: usize| original.void_p.as_object().call((address,), vm);
    if argument.fast_isinstance(original.function) {
        return void_p(pointer_in(&argument, vm)?);
    }
    if argument.fast_isinstance(original.data)
        || argument.class().is(&*original.argument)
        || vm.is_none(&argument)
    {
        return Ok(argument);
    }
    if let Some(int) = argument.downcast_ref::<PyInt>() {
        let low = c_int_of(int).ok_or_else(|| vm.new_overflow_error("int too long to convert"))?;
        return Ok(vm.ctx.new_int(low).into());
    }
    if let Some(bytes) = argument.downcast_ref::<PyBytes>() {
        return void_p(address_of_bytes(bytes, vm)?);
    }
    if argument.downcast_ref::<PyStr>().is_some() {
        return original.wchar_p.as_object().call((argument,), vm);
    }
    let parameter = vm.get_attribute_opt(&argument, PARAMETER)?;
    let parameter = parameter.ok_or_else(|| {
        vm.new_type_error(format!("Don't know how to convert parameter {number}"))
    })?;
    vm.with_recursion(RECURSION, || passable(parameter, number, vm))
}

/// The low bits of an int that fits into a C long, signed or not.
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
    let text = error
        .as_object()
        .str(vm)
        .map_or_else(|_| String::new(), |text| text.to_string());
    let text = format!("argument {number}: {}: {text}", error.class().name());
    new_argument_error(text, vm)
}

fn new_argument_error(text: String, vm: &VirtualMachine) -> PyBaseExceptionRef {
    vm.new_exception_msg(original().argument_error.clone(), text.into())
}

/// `from_param` of simple classes: the VM's, but bytes are passed as where they are, and a float is
/// no integer and no address.
///
/// # Errors
/// TypeError for an object that is nothing of the kind.
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
            // As what CPython makes keeps them.
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
    original.from_param.call((class, value), vm)
}

/// The attribute that an object of any class can have, to be passed in its place.
const PARAMETER: &str = "_as_parameter_";
const RECURSION: &str = "while processing _as_parameter_";

/// `from_param` of classes of functions, which the VM's have not.
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

/// The letter that says which C type a simple class is.
pub(super) fn type_code(class: &Py<PyType>, vm: &VirtualMachine) -> Option<char> {
    let code = class.get_attr(vm.ctx.intern_str("_type_"))?;
    code.downcast_ref::<PyStr>()?.to_str()?.chars().next()
}

/// Whether Python code gets a plain value for a simple class: it is derived from `_SimpleCData`
/// directly.
pub(super) fn is_value(class: &Py<PyType>) -> bool {
    let base = class.base.deref();
    base.is_some_and(|base| base.is(original().simple))
}
