//! `modsupport.h`: what a module says with `Py_mod_abi`, that is what its machine code expects of
//! the interpreter, and whether this one is it; and adding to a module. Modules themselves are in
//! `moduleobject`.

use core::ffi::{c_char, c_int, c_long};

use rustpython_vm::builtins::{PyBaseExceptionRef, PyModule};
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::boundary::{enter, owned, utf8_argument};

/// The ABI that a module was compiled for. The fields are those of CPython 3.15's struct.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct PyABIInfo {
    /// 1; or 0, which asks for no checks.
    pub abiinfo_major_version: u8,
    /// 0.
    pub abiinfo_minor_version: u8,
    /// Which ABI it is.
    pub flags: u16,
    /// The version of the headers, which is not checked.
    pub build_version: u32,
    /// The version of the stable ABI, as in `PY_VERSION_HEX`; 0 is any.
    pub abi_version: u32,
}

const STABLE: u16 = 0x1;
const GIL: u16 = 0x2;
const FREETHREADED: u16 = 0x4;
const INTERNAL: u16 = 0x8;

/// The newest stable ABI that modules may be built for. It is the first for builds without a GIL.
const NEWEST: u32 = 0x030f_0000;

impl PyABIInfo {
    /// Why a module with this record cannot run here.
    fn problem(self) -> Option<String> {
        if self.abiinfo_major_version == 0 {
            return None;
        }
        if self.abiinfo_major_version > 1 {
            return Some("its ABI record is of an unknown version".to_owned());
        }
        if self.flags & INTERNAL != 0 || self.flags & STABLE == 0 {
            return Some(
                "it is built for one version of CPython; build it for the stable ABI (abi3t)"
                    .to_owned(),
            );
        }
        if self.flags & GIL != 0 && self.flags & FREETHREADED == 0 {
            return Some(
                "it is built for interpreters with a GIL (abi3), and this one has none; build it \
                 for abi3t"
                    .to_owned(),
            );
        }
        let minor = |version: u32| (version >> 24, version >> 16 & 0xff);
        if minor(self.abi_version) > minor(NEWEST) {
            let ((major, own), (_, newest)) = (minor(self.abi_version), minor(NEWEST));
            return Some(format!(
                "it is built for the stable ABI of Python {major}.{own}, and the newest here is \
                 that of 3.{newest}"
            ));
        }
        None
    }

    /// # Errors
    /// ImportError where a module with this record cannot run here.
    pub(crate) fn check(self, module: Option<&str>, vm: &VirtualMachine) -> PyResult<()> {
        match self.problem() {
            None => Ok(()),
            Some(problem) => Err(incompatible(module, &problem, vm)),
        }
    }
}

fn incompatible(module: Option<&str>, problem: &str, vm: &VirtualMachine) -> PyBaseExceptionRef {
    match module {
        Some(name) => vm.new_import_error(
            format!("module {name} is not compatible with this interpreter: {problem}"),
            vm.ctx.new_str(name),
        ),
        None => {
            let text = format!("not compatible with this interpreter: {problem}");
            vm.new_exception_msg(vm.ctx.exceptions.import_error.to_owned(), text.into())
        }
    }
}

/// # Safety
/// `info` is NULL or a record; `module_name` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyABIInfo_Check(
    info: *const PyABIInfo,
    module_name: *const c_char,
) -> c_int {
    enter(|vm| {
        let name = if module_name.is_null() {
            None
        } else {
            // SAFETY: `module_name` is NULL or a NUL-terminated string.
            Some(unsafe { utf8_argument(module_name, vm) }?)
        };
        // SAFETY: `info` is NULL or an object, which the caller keeps alive.
        match unsafe { info.as_ref() } {
            Some(info) => info.check(name.as_deref(), vm)?,
            None => return Err(incompatible(name.as_deref(), "its ABI record is NULL", vm)),
        }
        Ok(0)
    })
}

/// Puts an attribute into a module. `value` stays the caller's; where it is NULL, the exception
/// that is pending stays so, and a SystemError says that one is required.
///
/// # Safety
/// `module` and `value` are NULL or objects, and `name` NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_AddObjectRef(
    module: *mut PyObject,
    name: *const c_char,
    value: *mut PyObject,
) -> c_int {
    // SAFETY: `value` is NULL or an object, which the caller keeps alive.
    let value = unsafe { value.as_ref() }.map(ToOwned::to_owned);
    // SAFETY: passed on from the caller.
    enter(|vm| unsafe { add(module, name, value, vm) })
}

/// Puts an attribute into a module as [`PyModule_AddObjectRef`] does, and takes over the reference
/// to the value, whatever comes of it.
///
/// # Safety
/// As for that; the reference to `value` is the caller's, who gives it up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_Add(
    module: *mut PyObject,
    name: *const c_char,
    value: *mut PyObject,
) -> c_int {
    // SAFETY: `value` is NULL or a reference that the caller gives up.
    let value = unsafe { owned(value) };
    // SAFETY: passed on from the caller.
    enter(|vm| unsafe { add(module, name, value, vm) })
}

/// Puts an int into a module.
///
/// # Safety
/// `module` is NULL or an object, and `name` NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_AddIntConstant(
    module: *mut PyObject,
    name: *const c_char,
    value: c_long,
) -> c_int {
    enter(|vm| {
        let value = vm.ctx.new_int(value).into();
        // SAFETY: passed on from the caller.
        unsafe { add(module, name, Some(value), vm) }
    })
}

/// Puts a str into a module.
///
/// # Safety
/// `module` is NULL or an object, and both strings are NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_AddStringConstant(
    module: *mut PyObject,
    name: *const c_char,
    value: *const c_char,
) -> c_int {
    enter(|vm| {
        // SAFETY: `value` is NULL or a NUL-terminated string.
        let value = vm.ctx.new_str(unsafe { utf8_argument(value, vm) }?).into();
        // SAFETY: passed on from the caller.
        unsafe { add(module, name, Some(value), vm) }
    })
}

/// # Safety
/// `module` is NULL or an object, and `name` NULL or a NUL-terminated string.
unsafe fn add(
    module: *mut PyObject,
    name: *const c_char,
    value: Option<PyObjectRef>,
    vm: &VirtualMachine,
) -> PyResult<c_int> {
    // SAFETY: `module` is NULL or an object, which the caller keeps alive.
    let module = unsafe { module.as_ref() }.and_then(PyObject::downcast_ref::<PyModule>);
    let Some(module) = module else {
        let text = "PyModule_AddObjectRef() first argument must be a module";
        return Err(vm.new_type_error(text));
    };
    let Some(value) = value else {
        return Err(vm.take_raised_exception().unwrap_or_else(|| {
            vm.new_system_error(
                "PyModule_AddObjectRef() must be called with an exception raised if value is NULL",
            )
        }));
    };
    // SAFETY: `name` is NULL or a NUL-terminated string.
    let name = unsafe { utf8_argument(name, vm) }?;
    module.dict().set_item(&*name, value, vm)?;
    Ok(0)
}
