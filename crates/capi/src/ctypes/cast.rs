//! `cast`, `string_at` and similar functions. For Python code they are functions at addresses that
//! the VM interprets itself. For a pointer they take the same objects as `c_void_p`.

use rustpython_vm::builtins::{PyBytes, PyStr, PyType};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::arguments::{address_in, type_code};
use super::memory::{address_of_bytes, keep, pointer_in};
use super::original::original;

const CAST: usize = 1;
const LAST: usize = 4;

/// Calls a function that the VM implements; `None` if the address is not that of one.
pub(super) fn call_vm_address(
    function: &PyObject,
    address: usize,
    args: &FuncArgs,
    vm: &VirtualMachine,
) -> Option<PyResult> {
    if !(CAST..=LAST).contains(&address) {
        return None;
    }
    Some(match args.args.as_slice() {
        [pointer, source, class] if address == CAST => {
            cast(pointer.clone(), source.clone(), class.clone(), vm)
        }
        [pointer, others @ ..] => pointer_of(pointer.clone(), vm).and_then(|pointer| {
            let args = core::iter::once(pointer).chain(others.iter().cloned());
            (original().call)(function, args.collect::<Vec<_>>().into(), vm)
        }),
        [] => (original().call)(function, args.clone(), vm),
    })
}

fn cast(
    pointer: PyObjectRef,
    source: PyObjectRef,
    class: PyObjectRef,
    vm: &VirtualMachine,
) -> PyResult {
    let original = original();
    if !is_pointer(&class, vm) {
        let class = class.downcast_ref::<PyType>().unwrap_or(class.class());
        let name = class.name();
        let text = format!("cast() argument 2 must be a pointer type, not {name}");
        return Err(vm.new_type_error(text));
    }
    let address = pointer_of(pointer, vm)?;
    // The result keeps the object that the address was taken from.
    let source = if source.fast_isinstance(original.data) {
        source
    } else {
        address.clone()
    };
    match class.downcast_ref::<PyType>() {
        Some(class) if class.fast_issubclass(original.function) => {
            let void_p = original.void_p.clone();
            let result = original.cast.call((address, source, void_p), vm)?;
            let function = class.as_object().call((pointer_in(&result, vm)?,), vm)?;
            keep(&function, "0", result, vm)?;
            Ok(function)
        }
        _ => original.cast.call((address, source, class), vm),
    }
}

/// Whether a class is a pointer type.
fn is_pointer(class: &PyObject, vm: &VirtualMachine) -> bool {
    let original = original();
    let Some(class) = class.downcast_ref::<PyType>() else {
        return false;
    };
    class.fast_issubclass(original.pointer)
        || class.fast_issubclass(original.function)
        || class.fast_issubclass(original.simple)
            && type_code(class, vm).is_some_and(|code| "sPzUZXO".contains(code))
}

/// The object to pass to the VM as a pointer. The VM misreads some objects, which are converted.
fn pointer_of(object: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let original = original();
    if object.fast_isinstance(original.function) {
        return Ok(vm.ctx.new_int(pointer_in(&object, vm)?).into());
    }
    if let Some(bytes) = object.downcast_ref::<PyBytes>() {
        return Ok(vm.ctx.new_int(address_of_bytes(bytes, vm)?).into());
    }
    if object.downcast_ref::<PyStr>().is_some() {
        return original.wchar_p.as_object().call((object,), vm);
    }
    if object.class().is(&*original.argument) {
        return Ok(vm.ctx.new_int(address_in(&object, vm)?).into());
    }
    Ok(object)
}
