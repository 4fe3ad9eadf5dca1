//! `datetime.h`: the capsule `datetime.datetime_CAPI`, and the functions that read the fields of
//! dates and times. What each takes and gives is in `include/datetime.h`; what a date is, is the
//! VM's `_datetime`.

use core::ffi::{c_int, c_void};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicPtr, Ordering};
use std::sync::OnceLock;

use rustpython_capi::object::PyTypeObject;
use rustpython_capsule::PyCapsule;
use rustpython_capsule_glue::Replacement;
use rustpython_vm::builtins::{
    MemberAccess, MemberKind, PyMemberDescriptor, PyMemberFlags, PyModule,
};
use rustpython_vm::{AsObject, Context, Py, PyObject, PyResult, VirtualMachine};

use crate::boundary::{Failure, borrowed, enter};
use crate::datetime_classes::{Classes, attribute, not_imported};
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

/// What a getter gives.
trait FieldValue: Failure + Sized {
    /// Reads a field of this kind, if there is such an answer for it.
    fn reader(kind: MemberKind) -> Option<Reader<Self>>;
}

/// Its safety is that the address is that of a field of the right kind, which nobody writes to.
type Reader<T> = unsafe fn(address: *const u8) -> T;

impl FieldValue for c_int {
    fn reader(kind: MemberKind) -> Option<Reader<Self>> {
        /// # Safety
        /// As for [`Reader`].
        unsafe fn number<T: TryInto<c_int>>(address: *const u8) -> c_int {
            // SAFETY: passed on from the caller.
            let number = unsafe { address.cast::<T>().read() };
            number.try_into().unwrap_or(c_int::FAILURE)
        }
        match kind {
            MemberKind::UByte => Some(number::<u8>),
            MemberKind::UShort => Some(number::<u16>),
            MemberKind::Int => Some(number::<i32>),
            MemberKind::Uint => Some(number::<u32>),
            _ => None,
        }
    }
}

/// Lent: the date or time keeps it.
impl FieldValue for *mut PyObject {
    fn reader(kind: MemberKind) -> Option<Reader<Self>> {
        /// # Safety
        /// As for [`Reader`], and the VM may write to the field.
        unsafe fn object(address: *const u8) -> *mut PyObject {
            // SAFETY: passed on from the caller.
            let field = unsafe { &*address.cast::<AtomicPtr<PyObject>>() };
            let object = field.load(Ordering::Acquire);
            if object.is_null() {
                borrowed(Context::genesis().none.as_object())
            } else {
                object
            }
        }
        (kind == MemberKind::Object).then_some(object)
    }
}

/// A field of the objects of a class, which is where the VM's descriptor of it says.
#[derive(Debug)]
struct Member<T> {
    class: &'static PyTypeObject,
    name: &'static str,
    offset: isize,
    read: Reader<T>,
}

impl<T: FieldValue> Member<T> {
    fn of(class: &'static PyTypeObject, name: &'static str, vm: &VirtualMachine) -> PyResult<Self> {
        let descriptor = attribute(class, name, vm)?.downcast_ref::<PyMemberDescriptor>();
        let descriptor = descriptor.filter(|descriptor| {
            descriptor.member.flags.contains(PyMemberFlags::READONLY)
                && matches!(descriptor.access, MemberAccess::Offset)
        });
        let member = descriptor.map(|descriptor| &descriptor.member);
        let found = member.and_then(|member| Some((member.offset, T::reader(member.kind)?)));
        let (offset, read) = found.ok_or_else(|| {
            vm.new_system_error(format!("{}.{name} is not where it should be", class.name()))
        })?;
        Ok(Self {
            class,
            name,
            offset,
            read,
        })
    }

    /// # Safety
    /// `object` is NULL or an object.
    unsafe fn get(&self, object: *mut PyObject) -> T {
        // SAFETY: passed on from the caller.
        let known = unsafe { object.as_ref() };
        if known.is_some_and(|known| known.class().fast_issubclass(self.class)) {
            let address = object.cast::<u8>().wrapping_offset(self.offset);
            // SAFETY: an object of the class has this field there, and the VM writes to none but
            // such as `object` reads.
            unsafe { (self.read)(address) }
        } else {
            self.refuse(known)
        }
    }

    #[cold]
    fn refuse(&self, object: Option<&PyObject>) -> T {
        enter(|vm| match object {
            None => Err(vm.new_system_error("NULL instead of an object")),
            Some(object) => Err(vm.new_type_error(format!(
                "descriptor '{}' for '{}' objects doesn't apply to a '{}' object",
                self.name,
                self.class.name(),
                object.class().name()
            ))),
        })
    }
}

/// Functions that read a member of a class, and are named as CPython's macros.
macro_rules! getters {
    ($( $(#[$export:meta])* extern "C" fn $name:ident($class:ident.$member:ident) -> $answer:ty; )*) => {
        /// What the getters read.
        #[derive(Debug)]
        #[expect(non_snake_case, reason = "the names are those of the getters")]
        struct Members {
            $( $name: Member<$answer>, )*
        }

        impl Members {
            fn of(classes: &Classes, vm: &VirtualMachine) -> PyResult<Self> {
                Ok(Self {
                    $( $name: Member::of(classes.$class, stringify!($member), vm)?, )*
                })
            }
        }

        $(
            /// # Safety
            /// See the header.
            $(#[$export])*
            pub unsafe extern "C" fn $name(object: *mut PyObject) -> $answer {
                match MEMBERS.get() {
                    // SAFETY: the header asks for an object or NULL.
                    Some(members) => unsafe { members.$name.get(object) },
                    None => enter(|vm| Err(not_imported(vm))),
                }
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
