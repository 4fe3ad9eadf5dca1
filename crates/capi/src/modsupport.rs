//! `modsupport.h`, the part that a module says with `Py_mod_abi`: what its machine code expects of
//! the interpreter, and whether this one is it.

use core::ffi::{c_char, c_int};

use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{PyResult, VirtualMachine};

use crate::boundary::{enter, text};

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
            // SAFETY: passed on from the caller.
            Some(unsafe { text(module_name, vm) }?)
        };
        // SAFETY: passed on from the caller.
        match unsafe { info.as_ref() } {
            Some(info) => info.check(name.as_deref(), vm)?,
            None => return Err(incompatible(name.as_deref(), "its ABI record is NULL", vm)),
        }
        Ok(0)
    })
}
