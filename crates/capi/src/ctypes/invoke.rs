//! Calling C code through the VM's foreign function interface. If an argument or the result is a
//! structure by value, the VM's `_ctypes` makes the call, because only it knows the layout.

use rustpython_host_env::ctypes::{
    CallArg, CallOptions, CallRet, CallValue, DecodedValue, call, decode_type_code,
    simple_type_size,
};
use rustpython_vm::builtins::PyType;
use rustpython_vm::vm::thread::allow_threads;
use rustpython_vm::{AsObject, Py, PyObjectRef, PyResult, VirtualMachine};

use super::arguments::{Argument, type_code};
use super::memory::write_pointer;
use super::original::original;

/// Options of a call.
#[derive(Clone, Copy)]
pub(super) struct CallMode {
    /// Whether to swap `errno` with the copy of ctypes around the call.
    pub(super) errno: bool,
    /// Whether the thread detaches from the interpreter during the call, so that other threads need
    /// not wait for it.
    pub(super) detached: bool,
}

/// Calls C code. The result is a plain value or an instance of the class `result`.
///
/// # Errors
/// TypeError for types that the foreign function interface does not support.
pub(super) fn invoke(
    address: usize,
    arguments: &[Argument],
    result: &Py<PyType>,
    mode: CallMode,
    vm: &VirtualMachine,
) -> PyResult {
    let (Some(passed), Some(returned)) = (passed(arguments), Returned::of(result, vm)) else {
        let arguments = arguments.iter().map(|argument| argument.to_object(vm));
        let arguments = arguments.collect::<PyResult<_>>()?;
        return original().call_untyped(address, arguments, result, mode.errno, vm);
    };
    let options = CallOptions {
        use_errno: mode.errno,
        use_last_error: mode.errno,
    };
    let call = || call(address, &passed, returned.as_ret(), options);
    let value = if mode.detached {
        allow_threads(vm, call)
    } else {
        call()
    };
    let value = value.map_err(|error| vm.new_type_error(format!("{error:?}")))?;
    returned.to_object(value, result, vm)
}

/// The arguments for the interface; `None` if one of them is a structure.
fn passed(arguments: &[Argument]) -> Option<Vec<CallArg<'_>>> {
    let pass = |argument| match argument {
        &Argument::Int(int) => Some(CallArg::Int(int)),
        &Argument::Pointer(address, _) => Some(CallArg::Pointer(address)),
        Argument::Value(code, buffer, _) => Some(CallArg::Typed {
            code: code_str(*code)?,
            buffer,
        }),
        Argument::Aggregate(_) => None,
    };
    arguments.iter().map(pass).collect()
}

/// The kind of result that C code returns.
#[derive(Clone, Copy)]
enum Returned {
    Value(&'static str),
    Pointer,
}

impl Returned {
    /// `None` for a structure.
    fn of(class: &Py<PyType>, vm: &VirtualMachine) -> Option<Self> {
        let original = original();
        if class.fast_issubclass(original.pointer) || class.fast_issubclass(original.function) {
            return Some(Self::Pointer);
        }
        let code = type_code(class, vm).filter(|_| class.fast_issubclass(original.simple))?;
        code_str(code).map(Self::Value)
    }

    fn as_ret(self) -> CallRet<'static> {
        match self {
            Self::Value(code) => CallRet::Code(code),
            Self::Pointer => CallRet::Pointer,
        }
    }

    fn to_object(self, value: CallValue, class: &Py<PyType>, vm: &VirtualMachine) -> PyResult {
        let bytes = match value {
            CallValue::Void => Vec::new(),
            CallValue::Pointer(pointer) => pointer.to_ne_bytes().to_vec(),
            CallValue::Scalar(bytes) | CallValue::Aggregate(bytes) => bytes,
        };
        match self {
            Self::Value(code) => {
                // A register may be larger than the value.
                let size = simple_type_size(code)
                    .unwrap_or(bytes.len())
                    .min(bytes.len());
                Ok(to_object(decode_type_code(code, &bytes[..size]), vm))
            }
            Self::Pointer => {
                let holder = class.as_object().call((), vm)?;
                let pointer = bytes.try_into().map_or(0, usize::from_ne_bytes);
                write_pointer(&holder, 0, pointer, vm)?;
                Ok(holder)
            }
        }
    }
}

/// A type code as a string; `None` if it is unknown.
pub(super) fn code_str(code: char) -> Option<&'static str> {
    const LETTERS: &str = "cbBhHiIlLqQfdgu?vzZPOX";
    LETTERS.find(code).map(|at| &LETTERS[at..=at])
}

/// A C value as a Python object.
pub(super) fn to_object(value: DecodedValue, vm: &VirtualMachine) -> PyObjectRef {
    match value {
        DecodedValue::Bytes(bytes) => vm.ctx.new_bytes(bytes).into(),
        DecodedValue::Signed(value) => vm.ctx.new_int(value).into(),
        DecodedValue::Unsigned(value) => vm.ctx.new_int(value).into(),
        DecodedValue::Float(value) => vm.ctx.new_float(value).into(),
        DecodedValue::Bool(value) => vm.ctx.new_bool(value).into(),
        DecodedValue::String(text) => vm.ctx.new_str(text).into(),
        DecodedValue::Pointer(0) | DecodedValue::None => vm.ctx.none(),
        DecodedValue::Pointer(address) => vm.ctx.new_int(address).into(),
    }
}
