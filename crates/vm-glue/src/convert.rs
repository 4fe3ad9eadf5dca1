//! Conversions for the functions of `_capsule`: names are `str` or `bytes`, addresses are `int`.

use core::ffi::{CStr, c_void};
use std::ffi::CString;

use rustpython_capsule::__private::try_owned;
use rustpython_vm::builtins::{PyBytes, PyStr, PyUtf8Str};
use rustpython_vm::{
    AsObject, PyObjectRef, PyPayload, PyRef, PyResult, TryFromObject, VirtualMachine,
};

/// A name: `str` (surrogates stand for bytes that are not UTF-8), `bytes`, or `None` for NULL.
#[derive(Debug, Default)]
pub(crate) struct Name(pub(crate) Option<CString>);

impl Name {
    pub(crate) fn as_deref(&self) -> Option<&CStr> {
        self.0.as_deref()
    }

    /// The name, for functions that do not accept NULL.
    pub(crate) fn required(self, vm: &VirtualMachine) -> PyResult<CString> {
        self.0
            .ok_or_else(|| vm.new_type_error("name must be str or bytes, not NoneType"))
    }
}

impl TryFromObject for Name {
    fn try_from_object(vm: &VirtualMachine, object: PyObjectRef) -> PyResult<Self> {
        if vm.is_none(&object) {
            return Ok(Self(None));
        }
        if let Some(bytes) = object.downcast_ref::<PyBytes>() {
            return copy(bytes.as_bytes(), "byte", vm);
        }
        let Some(text) = object.downcast_ref::<PyStr>() else {
            let class = object.class().name().to_string();
            return Err(vm.new_type_error(format!("name must be str, bytes or None, not {class}")));
        };
        if let Some(text) = text.to_str() {
            return copy(text.as_bytes(), "character", vm);
        }
        let codecs = &vm.state.codec_registry;
        let bytes = codecs.encode_text(text.to_owned(), "utf-8", Some(surrogateescape(vm)), vm)?;
        copy(bytes.as_bytes(), "character", vm)
    }
}

fn copy(bytes: &[u8], kind: &str, vm: &VirtualMachine) -> PyResult<Name> {
    if bytes.contains(&0) {
        return Err(vm.new_value_error(format!("embedded null {kind}")));
    }
    match try_owned(bytes) {
        Ok(name) => Ok(Name(Some(name))),
        Err(_) => Err(vm.no_memory_error()),
    }
}

/// A name as a Python object: `str` with surrogates for bytes that are not UTF-8, or `None`.
pub(crate) fn name_to_python(name: Option<CString>, vm: &VirtualMachine) -> PyResult {
    let Some(name) = name else {
        return Ok(vm.ctx.none());
    };
    let bytes = match name.into_string() {
        Ok(text) => return Ok(vm.ctx.new_str(text).into()),
        Err(error) => vm.ctx.new_bytes(error.into_cstring().into_bytes()),
    };
    let codecs = &vm.state.codec_registry;
    let text = codecs.decode_text(bytes.into(), "utf-8", Some(surrogateescape(vm)), vm)?;
    Ok(text.into())
}

fn surrogateescape(vm: &VirtualMachine) -> PyRef<PyUtf8Str> {
    PyUtf8Str::from("surrogateescape").into_ref(&vm.ctx)
}

/// An address: an `int` from 0 up to `usize::MAX`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Address(usize);

impl Address {
    /// A pointer with that address and the provenance of whatever native code has exposed there.
    pub(crate) fn as_pointer(self) -> *mut c_void {
        core::ptr::with_exposed_provenance_mut(self.0)
    }
}

impl TryFromObject for Address {
    fn try_from_object(vm: &VirtualMachine, object: PyObjectRef) -> PyResult<Self> {
        let number = object.try_index(vm)?;
        match number.try_to_primitive_in_range::<usize>(vm) {
            Ok(address) => Ok(Self(address)),
            Err(_) => Err(vm.new_overflow_error(format!(
                "an address must be in range(0, 2**{})",
                usize::BITS
            ))),
        }
    }
}
