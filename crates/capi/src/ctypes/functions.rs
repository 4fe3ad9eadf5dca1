//! Calling a C function: its declared types, its result, and an exception that it sets. The
//! conversion of arguments is in `arguments`, and C functions made of Python code are in
//! `callbacks`.

use rustpython_vm::builtins::{PyTuple, PyType, PyTypeRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::arguments::{convert_arguments, is_plain, text_of, type_code};
use super::attributes::{CHECK, argument_types, flags, own, result_type};
use super::callbacks::callback;
use super::cast::call_vm_address;
use super::invoke::{CallMode, invoke};
use super::memory::{pointer_at, pointer_in, write_pointer};
use super::original::{FLAG_PYTHONAPI, FLAG_USE_ERRNO, original};
use crate::boundary::{call_c, owned};

/// `__new__` of function classes: makes a function from an address, a library or Python code.
pub(super) fn new_function(class: PyTypeRef, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    if let [only] = args.args.as_slice()
        && only.is_callable()
    {
        return callback(&class, only.clone(), vm);
    }
    let symbol = args
        .args
        .first()
        .and_then(|symbol| symbol.downcast_ref::<PyTuple>());
    let name = symbol.and_then(|symbol| symbol.as_slice().first().cloned());
    let function = (original().new_function)(class, args, vm);
    function.map_err(|error| match name {
        // The VM's message does not name the symbol.
        Some(name) if text_of(error.as_object(), vm).starts_with("dlsym") => {
            vm.new_attribute_error(format!("undefined symbol: {}", text_of(&name, vm)))
        }
        _ => error,
    })
}

/// `from_address` of function classes, which the VM lacks: a function with the pointer that is at
/// the address now.
pub(super) fn from_address(class: PyTypeRef, address: usize, vm: &VirtualMachine) -> PyResult {
    class.as_object().call((pointer_at(address),), vm)
}

/// `__call__` of functions.
pub(super) fn call(function: &PyObject, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    let address = pointer_in(function, vm)?;
    if address == 0 {
        // On Windows it may be a method of a COM object.
        return (original().call)(function, args, vm);
    }
    if let Some(result) = call_vm_address(function, address, &args, vm) {
        return result;
    }
    let function = Function {
        object: function,
        flags: flags(function, vm),
    };
    let types = argument_types(function.object, vm)?;
    let arguments = convert_arguments(&args.args, &types, vm)?;
    let kind = ResultKind::of(result_type(function.object, vm)?, vm);
    let mode = CallMode {
        errno: function.flags & FLAG_USE_ERRNO != 0,
        detached: function.flags & FLAG_PYTHONAPI == 0,
    };
    let class = kind.class();
    let raw = function.guarded(|| invoke(address, &arguments, class, mode, vm), vm)?;
    let result = kind.convert(raw, vm)?;
    let Some(check) = own(function.object, CHECK, vm)? else {
        return Ok(result);
    };
    let arguments: PyObjectRef = PyTuple::new_ref(args.args, &vm.ctx).into();
    let checked = check.call(
        (
            result.clone(),
            function.object.to_owned(),
            arguments.clone(),
        ),
        vm,
    )?;
    // `errcheck` asks for the unchanged result by returning the arguments.
    Ok(if checked.is(&arguments) {
        result
    } else {
        checked
    })
}

/// A function object and the flags of its class.
struct Function<'a> {
    object: &'a PyObject,
    flags: u32,
}

impl Function<'_> {
    /// Calls C code and handles an exception that it has set. One of a C API function is raised. A
    /// function of another library cannot raise; its exception is reported as unraisable, so that
    /// it does not appear in unrelated code.
    fn guarded(&self, f: impl FnOnce() -> PyResult, vm: &VirtualMachine) -> PyResult {
        if self.flags & FLAG_PYTHONAPI != 0 {
            let (result, raised) = call_c(vm, f);
            return match raised {
                Some(raised) => Err(raised),
                None => result,
            };
        }
        let before = vm.current_exception();
        let result = f();
        let after = vm.current_exception();
        if let Some(left) = after
            && !before.as_ref().is_some_and(|before| before.is(&left))
        {
            vm.set_exception(before);
            let text = "Exception ignored that a function of a CDLL left behind";
            vm.run_unraisable(left, Some(text.to_owned()), self.object.to_owned());
        }
        result
    }
}

/// The conversion of the value that C code returns.
enum ResultKind {
    Void,
    Object,
    /// The result is an int, which is passed to a callable.
    Callable(PyObjectRef),
    Class(PyTypeRef),
    /// A subclass of a plain class, which is called with the plain value.
    Derived(PyTypeRef),
    /// The same for pointers and strings: the instance holds the address.
    Pointer(PyTypeRef),
}

impl ResultKind {
    fn of(result_type: Option<PyObjectRef>, vm: &VirtualMachine) -> Self {
        let Some(result_type) = result_type else {
            return Self::Class(original().int.clone());
        };
        if vm.is_none(&result_type) {
            return Self::Void;
        }
        match result_type.downcast::<PyType>() {
            Ok(class) if class.fast_issubclass(original().data) => match type_code(&class, vm) {
                Some('O') => Self::Object,
                Some(code) if class.fast_issubclass(original().simple) && !is_plain(&class) => {
                    let pointer = "zZP".contains(code);
                    if pointer {
                        Self::Pointer(class)
                    } else {
                        Self::Derived(class)
                    }
                }
                _ => Self::Class(class),
            },
            Ok(class) => Self::Callable(class.into()),
            Err(callable) => Self::Callable(callable),
        }
    }

    /// The class with which the C function is called.
    fn class(&self) -> &Py<PyType> {
        match self {
            Self::Void | Self::Callable(_) => &original().int,
            Self::Object | Self::Pointer(_) => &original().void_p,
            Self::Class(class) | Self::Derived(class) => class,
        }
    }

    fn convert(&self, raw: PyObjectRef, vm: &VirtualMachine) -> PyResult {
        match self {
            Self::Void => Ok(vm.ctx.none()),
            Self::Class(_) => Ok(raw),
            Self::Derived(class) => checked_by(class, class.as_object().call((raw,), vm)?, vm),
            Self::Pointer(class) => {
                let result = class.as_object().call((), vm)?;
                let address: Option<usize> = raw.try_into_value(vm)?;
                write_pointer(&result, 0, address.unwrap_or(0), vm)?;
                checked_by(class, result, vm)
            }
            Self::Callable(callable) => callable.call((raw,), vm),
            Self::Object => {
                let address: Option<usize> = raw.try_into_value(vm)?;
                let object = core::ptr::with_exposed_provenance_mut(address.unwrap_or(0));
                // SAFETY: the code that declares `py_object` as the result promises that the
                // function returns a new reference or NULL.
                let object = unsafe { owned(object) };
                object.ok_or_else(|| vm.new_value_error("PyObject is NULL"))
            }
        }
    }
}

/// Passes a result through the `_check_retval_` of its class, if it has one.
fn checked_by(class: &Py<PyType>, result: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    match vm.get_attribute_opt(class.as_object(), "_check_retval_")? {
        Some(check) => check.call((result,), vm),
        None => Ok(result),
    }
}
