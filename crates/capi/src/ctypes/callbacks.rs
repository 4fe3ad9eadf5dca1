//! Callbacks: C functions that call Python code. They convert arguments and results, and report
//! exceptions. The machine code comes from the VM's foreign function interface; `callback` documents
//! its lifetime.

use core::ffi::c_void;
use core::mem::forget;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rustpython_capi::pylifecycle::Py_IsInitialized;
use rustpython_capi::pystate::PyGILState_Release;
use rustpython_capsule::PyCapsule;
use rustpython_host_env::ctypes::{
    CallbackThunk, FfiCif, FfiType, bytes_at, callback_arg_value, decode_type_code,
    ffi_pointer_type, ffi_type_from_code, ffi_void_type, simple_type_size,
    with_callback_errno_preserved,
};
use rustpython_vm::builtins::{PyType, PyTypeRef};
use rustpython_vm::vm::thread::{attach_for_callback, current_vm_is_set, try_with_current_vm};
use rustpython_vm::warn::warn;
use rustpython_vm::{AsObject, Py, PyObjectRef, PyResult, VirtualMachine};

use super::arguments::{is_plain, type_code};
use super::invoke::{code_str, to_object};
use super::memory::{bytes_of, keep, pointer_at};
use super::original::{FLAG_USE_ERRNO, original};
use super::values::object_at;
use crate::pystate::PyGILState_Ensure;

/// A function object of a new C function that calls `callable`. The C function lives as long as the
/// returned object, and as long as objects that keep its `_objects`, such as structures and casts.
///
/// # Errors
/// TypeError for types that a callback cannot take or return.
pub(super) fn callback(class: &Py<PyType>, callable: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let of_class = |name: &str| class.get_attr(vm.ctx.intern_str(name));
    let arguments: Vec<PyTypeRef> = match of_class("_argtypes_") {
        Some(types) if !vm.is_none(&types) => types.try_to_value(vm)?,
        _ => {
            let text = "cannot construct instance of this class: no argtypes";
            return Err(vm.new_type_error(text));
        }
    };
    let arguments = arguments.into_iter().map(|class| Argument::of(class, vm));
    let arguments: Vec<(Argument, FfiType)> = arguments.collect::<PyResult<_>>()?;
    let (arguments, types) = arguments.into_iter().unzip();
    let (result, result_type) = match of_class("_restype_") {
        Some(class) if !vm.is_none(&class) => {
            let (result, result_type) = ResultType::of(class, vm)?;
            (Some(result), result_type)
        }
        _ => (None, ffi_void_type()),
    };
    let flags: Option<u32> = of_class("_flags_").and_then(|flags| flags.try_to_value(vm).ok());
    let callback = Arc::new(Callback {
        callable,
        arguments,
        result,
        errno: flags.unwrap_or(0) & FLAG_USE_ERRNO != 0,
    });
    let thunk = CallbackThunk::new(types, result_type, Box::new(callback), enter);
    let thunk = Thunk(thunk);
    let address = thunk.0.code_ptr().0.expose_provenance();
    let address = vec![vm.ctx.new_int(address).into()];
    let function = (original().new_function)(class.to_owned(), address.into(), vm)?;
    let thunk = PyCapsule::from_value(thunk).name(c"ctypes callback");
    keep(&function, "0", thunk.build(&vm.ctx).into(), vm)?;
    Ok(function)
}

/// The machine code that C code calls.
struct Thunk(CallbackThunk<Arc<Callback>>);

// SAFETY: it owns machine code, which any thread may run, and an `Arc` of a `Send` and `Sync` type.
unsafe impl Send for Thunk {}
// SAFETY: running the code needs no exclusive access, and `Callback` is `Sync`.
unsafe impl Sync for Thunk {}

/// The data of a callback.
struct Callback {
    callable: PyObjectRef,
    arguments: Vec<Argument>,
    /// `None` if the function returns nothing.
    result: Option<ResultType>,
    errno: bool,
}

/// The conversion of an argument from C to a Python object.
struct Argument {
    class: PyTypeRef,
    kind: Kind,
}

enum Kind {
    /// A plain value of the C type with this type code.
    Value(&'static str),
    /// An instance of this size in bytes: a pointer, or an instance of a subclass of a plain class.
    Instance(usize),
    Function,
}

impl Argument {
    fn of(class: PyTypeRef, vm: &VirtualMachine) -> PyResult<(Self, FfiType)> {
        let original = original();
        let (kind, ffi_type) = if class.fast_issubclass(original.function) {
            (Kind::Function, ffi_pointer_type())
        } else if class.fast_issubclass(original.pointer) {
            (Kind::Instance(size_of::<usize>()), ffi_pointer_type())
        } else if let Some((code, ffi_type)) = simple(&class, vm) {
            let size = simple_type_size(code).unwrap_or(0);
            let value = is_plain(&class);
            (
                if value {
                    Kind::Value(code)
                } else {
                    Kind::Instance(size)
                },
                ffi_type,
            )
        } else {
            let text = format!("a callback cannot take {} by value", class.name());
            return Err(vm.new_type_error(text));
        };
        Ok((Self { class, kind }, ffi_type))
    }

    /// Converts the argument at an address.
    ///
    /// # Safety
    /// `argument` points to a value of the C type of this argument.
    unsafe fn convert(&self, argument: *const c_void, vm: &VirtualMachine) -> PyResult {
        let address = argument.expose_provenance();
        match self.kind {
            Kind::Value("O") => object_at(pointer_at(address), vm),
            Kind::Value("u") => {
                // SAFETY: the argument points to a `wchar_t`, by the contract of this function.
                let bytes = unsafe { bytes_at(argument.cast(), size_of::<libc::wchar_t>()) };
                Ok(to_object(decode_type_code("u", &bytes), vm))
            }
            Kind::Value(code) => {
                // SAFETY: the argument points to a value with this type code, by the contract of
                // this function.
                let value = unsafe { callback_arg_value(Some(code), argument) };
                Ok(to_object(value, vm))
            }
            Kind::Instance(size) => {
                // SAFETY: the argument points to a value of this size, by the contract of this
                // function.
                let bytes = vm.ctx.new_bytes(unsafe { bytes_at(argument.cast(), size) });
                let copy = self.class.as_object().get_attr("from_buffer_copy", vm)?;
                copy.call((bytes,), vm)
            }
            Kind::Function => self.class.as_object().call((pointer_at(address),), vm),
        }
    }
}

/// The conversion of a result from a Python object to C.
struct ResultType {
    class: PyTypeRef,
    code: &'static str,
}

impl ResultType {
    fn of(class: PyObjectRef, vm: &VirtualMachine) -> PyResult<(Self, FfiType)> {
        let class = class.downcast::<PyType>().ok();
        let answer = class.and_then(|class| {
            let (code, ffi_type) = simple(&class, vm)?;
            Some((Self { class, code }, ffi_type))
        });
        answer.ok_or_else(|| vm.new_type_error("invalid result type for callback function"))
    }

    /// The value as the bits of a register.
    ///
    /// # Errors
    /// Those of the conversion.
    fn bits(&self, value: PyObjectRef, vm: &VirtualMachine) -> PyResult<u64> {
        let holder = self.class.as_object().call((value.clone(),), vm)?;
        let bytes = bytes_of(&holder, vm)?;
        let negative = "bhilq".contains(self.code) && bytes.last().is_some_and(|byte| *byte > 127);
        let mut bits = if negative { [0xff; 8] } else { [0; 8] };
        bits[..bytes.len()].copy_from_slice(&bytes);
        match self.code {
            // C code gets a new reference.
            "O" => forget(value),
            // It is unknown how long C code needs the text, so it is leaked, as in CPython.
            "z" | "Z" if bits != [0; 8] => {
                let text = vm.ctx.new_str("memory leak in callback function.").into();
                let category = vm.ctx.exceptions.runtime_warning.to_owned();
                warn(text, Some(category), 1, None, vm)?;
                forget(holder);
            }
            _ => {}
        }
        Ok(u64::from_le_bytes(bits))
    }
}

/// The type code of a simple class, and the type with which C passes it; `None` for other classes.
fn simple(class: &Py<PyType>, vm: &VirtualMachine) -> Option<(&'static str, FfiType)> {
    let code = type_code(class, vm).filter(|_| class.fast_issubclass(original().simple))?;
    // The foreign function interface passes a `long double` as a `double`.
    let code = code_str(code).filter(|code| *code != "g")?;
    Some((code, ffi_type_from_code(code)?))
}

/// The entry point of all callbacks.
///
/// # Safety
/// `arguments` and `result` have the types that `callback` declares.
unsafe extern "C" fn enter(
    _: &FfiCif,
    result: &mut c_void,
    arguments: *const *const c_void,
    callback: &Arc<Callback>,
) {
    let has_result = callback.result.is_some();
    let mut bits = 0;
    // During thread shutdown the VM's thread-locals are already destroyed; accessing them panics.
    let entered = catch_unwind(AssertUnwindSafe(|| {
        in_interpreter(|vm| {
            // The Python code may drop the object that keeps the callback alive.
            let callback = Arc::clone(callback);
            with_callback_errno_preserved(callback.errno, || {
                // SAFETY: the arguments are as `callback` declares, by the contract of this
                // function.
                bits = unsafe { callback.call(arguments, vm) };
            });
        });
    }));
    drop(entered);
    if has_result {
        // SAFETY: the result has the size of a register, by the rules of libffi.
        unsafe { core::ptr::from_mut(result).cast::<u64>().write(bits) };
    }
}

/// Runs `f` in the interpreter that the thread is attached to, or in the main interpreter of the C
/// API. Does nothing if there is neither.
fn in_interpreter(f: impl FnOnce(&VirtualMachine)) {
    if current_vm_is_set() {
        try_with_current_vm(|vm| attach_for_callback(vm, || f(vm)));
    } else if Py_IsInitialized() != 0 {
        let state = PyGILState_Ensure();
        try_with_current_vm(f);
        PyGILState_Release(state);
    }
}

impl Callback {
    /// Calls the Python code and returns the result as the bits of a register. An exception is
    /// reported as unraisable, and the result is 0.
    ///
    /// # Safety
    /// `arguments` points to one address for each argument, and each address to a value of its
    /// type.
    unsafe fn call(&self, arguments: *const *const c_void, vm: &VirtualMachine) -> u64 {
        let convert = |(index, argument): (usize, &Argument)| {
            // SAFETY: the array has an element for each argument, by the contract of this function.
            let address = unsafe { arguments.add(index) };
            // SAFETY: it is an element of the array.
            let address = unsafe { address.read() };
            // SAFETY: the address is that of a value of this argument's type, by the contract of
            // this function.
            unsafe { argument.convert(address, vm) }
        };
        let arguments: PyResult<Vec<_>> = self.arguments.iter().enumerate().map(convert).collect();
        let value = arguments.and_then(|arguments| self.callable.call(arguments, vm));
        let result = match (value, &self.result) {
            (Ok(value), Some(result)) => result.bits(value, vm).map_err(|error| {
                (
                    error,
                    "Exception ignored on converting result of ctypes callback function",
                )
            }),
            (Ok(_), None) => Ok(0),
            (Err(error), _) => Err((
                error,
                "Exception ignored on calling ctypes callback function",
            )),
        };
        result.unwrap_or_else(|(error, text)| {
            let name = self
                .callable
                .repr(vm)
                .map_or_else(|_| "?".to_owned(), |repr| repr.to_string());
            vm.run_unraisable(error, Some(format!("{text} {name}")), vm.ctx.none());
            0
        })
    }
}
