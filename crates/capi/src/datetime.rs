//! `datetime.h`: the capsule `datetime.datetime_CAPI`, and the functions that read the fields of
//! dates and times. What each takes and gives is in `include/datetime.h`; what a date is, is the
//! VM's `_datetime`.

use core::ffi::{c_int, c_void};
use core::ptr::NonNull;
use std::sync::OnceLock;

use rustpython_capsule::PyCapsule;
use rustpython_capsule_glue::Replacement;
use rustpython_vm::builtins::PyModule;
use rustpython_vm::{Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::boundary::{Failure, enter, lend};
use crate::datetime_classes::{Classes, attribute, bound, given, not_imported};
use crate::datetime_constructors::PyDateTime_CAPI;

/// `_datetime` with `datetime_CAPI`, which `datetime` takes from there.
pub(crate) static MODULE: Replacement = Replacement::new("_datetime", |definition| {
    definition.slots.exec = Some(exec);
});

/// One for all interpreters, as the classes are, and as the static variables of C code are.
static TABLE: OnceLock<PyDateTime_CAPI> = OnceLock::new();
static MEMBERS: OnceLock<Members> = OnceLock::new();

fn exec(vm: &VirtualMachine, module: &Py<PyModule>) -> PyResult<()> {
    if let Some(original) = MODULE.original() {
        original.exec_module(vm, module)?;
    }
    let classes = Classes::of(module, vm)?;
    if MEMBERS.get().is_none() {
        let members = Members::of(classes, vm)?;
        MEMBERS.get_or_init(|| members);
    }
    let table = TABLE.get_or_init(|| PyDateTime_CAPI::new(classes));
    let builder = PyCapsule::builder(NonNull::from(table).cast::<c_void>());
    let builder = builder.name(c"datetime.datetime_CAPI");
    // SAFETY: the name promises this struct, and it lives for ever.
    let builder = unsafe { builder.vouched() };
    let capsule = builder.try_build(&vm.ctx);
    let capsule = capsule.map_err(|_| vm.no_memory_error())?;
    module.set_attr("datetime_CAPI", capsule, vm)
}

/// What a getter gives C of what it has read.
trait Answer: Failure + Sized {
    fn of(found: PyObjectRef, vm: &VirtualMachine) -> PyResult<Self>;
}

impl Answer for c_int {
    fn of(found: PyObjectRef, vm: &VirtualMachine) -> PyResult<Self> {
        found.try_into_value(vm)
    }
}

/// Lent: the date or time keeps it, and cannot be changed.
impl Answer for *mut PyObject {
    fn of(found: PyObjectRef, _vm: &VirtualMachine) -> PyResult<Self> {
        Ok(lend(&found))
    }
}

/// Functions that read a member of a class, and are named as CPython's macros.
macro_rules! getters {
    ($( $(#[$export:meta])* extern "C" fn $name:ident($class:ident.$member:ident) -> $answer:ty; )*) => {
        /// The descriptors that the getters read with.
        #[derive(Debug)]
        #[expect(non_snake_case, reason = "the names are those of the getters")]
        struct Members {
            $( $name: &'static PyObject, )*
        }

        impl Members {
            fn of(classes: &Classes, vm: &VirtualMachine) -> PyResult<Self> {
                Ok(Self {
                    $( $name: attribute(classes.$class, stringify!($member), vm)?, )*
                })
            }
        }

        $(
            /// # Safety
            /// See the header.
            $(#[$export])*
            pub unsafe extern "C" fn $name(object: *mut PyObject) -> $answer {
                enter(|vm| {
                    let member = MEMBERS.get().ok_or_else(|| not_imported(vm))?.$name;
                    // SAFETY: the header asks for an object or NULL.
                    let object = unsafe { given(object, "an object", vm) }?;
                    <$answer>::of(bound(member, Some(object), None, vm)?, vm)
                })
            }
        )*
    };
}

getters! {
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_GET_YEAR(date.year) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_GET_MONTH(date.month) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_GET_DAY(date.day) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_DATE_GET_HOUR(datetime.hour) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_DATE_GET_MINUTE(datetime.minute) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_DATE_GET_SECOND(datetime.second) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_DATE_GET_MICROSECOND(datetime.microsecond) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_DATE_GET_FOLD(datetime.fold) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_DATE_GET_TZINFO(datetime.tzinfo) -> *mut PyObject;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_TIME_GET_HOUR(time.hour) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_TIME_GET_MINUTE(time.minute) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_TIME_GET_SECOND(time.second) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_TIME_GET_MICROSECOND(time.microsecond) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_TIME_GET_FOLD(time.fold) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_TIME_GET_TZINFO(time.tzinfo) -> *mut PyObject;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_DELTA_GET_DAYS(delta.days) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_DELTA_GET_SECONDS(delta.seconds) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_DELTA_GET_MICROSECONDS(delta.microseconds) -> c_int;
}
