//! Calling a C function: its types, its result, the exception that it leaves behind. How arguments
//! are converted and how Python code becomes a C function is in files of their own.

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

/// Makes a function: from an address, from a library, or from Python code.
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
        // The VM does not say which.
        Some(name) if text_of(error.as_object(), vm).starts_with("dlsym") => {
            vm.new_attribute_error(format!("undefined symbol: {}", text_of(&name, vm)))
        }
        _ => error,
    })
}

/// `from_address`, which the VM's have not: a function that has the pointer that is there now.
pub(super) fn from_address(class: PyTypeRef, address: usize, vm: &VirtualMachine) -> PyResult {
    class.as_object().call((pointer_at(address),), vm)
}

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
    // The arguments as they are ask for the result as it is.
    Ok(if checked.is(&arguments) {
        result
    } else {
        checked
    })
}

/// A function object, and how its class says that it is called.
struct Function<'a> {
    object: &'a PyObject,
    flags: u32,
}

impl Function<'_> {
    /// Calls C code. What a function of the C API leaves behind is raised. A function of another
    /// library cannot raise; what it leaves behind is reported, so that it does not show up in
    /// unrelated code.
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

/// What becomes of the value that C code returns.
enum ResultKind {
    Void,
    Object,
    /// A callable takes it as an int.
    Callable(PyObjectRef),
    Class(PyTypeRef),
    /// A class that is derived from that of a plain value, and gets it.
    Derived(PyTypeRef),
    /// The same for pointers, which are not followed.
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

    /// The class of what C code returns.
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
                // SAFETY: whoever says that the function returns a `py_object` promises a new
                // reference, or NULL.
                let object = unsafe { owned(object) };
                object.ok_or_else(|| vm.new_value_error("PyObject is NULL"))
            }
        }
    }
}

/// What `_check_retval_` of a class makes of a result.
fn checked_by(class: &Py<PyType>, result: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    match vm.get_attribute_opt(class.as_object(), "_check_retval_")? {
        Some(check) => check.call((result,), vm),
        None => Ok(result),
    }
}
