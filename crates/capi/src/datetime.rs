//! `datetime.h`: the capsule `datetime.datetime_CAPI`, and the functions that read the fields of
//! dates and times. Their manual is `include/datetime.h`. The classes are those of the VM's
//! `_datetime`.

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

/// `_datetime` with the attribute `datetime_CAPI`, which the module `datetime` copies from it.
pub(crate) static MODULE: Replacement = Replacement::new("_datetime", |definition| {
    definition.slots.exec = Some(exec);
});

/// One table for all interpreters, because the classes and the static variables of C code are
/// shared by all interpreters too.
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
    // SAFETY: the name promises a `PyDateTime_CAPI`, and the table is never freed.
    let builder = unsafe { builder.vouched() };
    let capsule = builder.try_build(&vm.ctx);
    let capsule = capsule.map_err(|_| vm.no_memory_error())?;
    module.set_attr("datetime_CAPI", capsule, vm)
}

/// The type of value that a getter returns.
trait FieldValue: Failure + Sized {
    /// The function that reads a field of this kind; `None` if its value is not of this type.
    fn reader(kind: MemberKind) -> Option<Reader<Self>>;
}

/// Reads a field.
///
/// # Safety
/// The address is that of a field of the right kind, which no thread writes.
type Reader<T> = unsafe fn(address: *const u8) -> T;

impl FieldValue for c_int {
    fn reader(kind: MemberKind) -> Option<Reader<Self>> {
        /// # Safety
        /// As for [`Reader`].
        unsafe fn number<T: TryInto<c_int>>(address: *const u8) -> c_int {
            // SAFETY: the address is that of a field of type `T`, which no thread writes.
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

/// A borrowed reference: the date or time keeps the object alive.
impl FieldValue for *mut PyObject {
    fn reader(kind: MemberKind) -> Option<Reader<Self>> {
        /// # Safety
        /// As for [`Reader`], but the VM may write the field, atomically.
        unsafe fn object(address: *const u8) -> *mut PyObject {
            // SAFETY: the address is that of a field that holds an object, which is read and
            // written atomically.
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

/// A field of the objects of a class, at the offset that the VM's member descriptor states.
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

    /// Reads the field of an object.
    ///
    /// # Safety
    /// `object` is NULL or an object.
    unsafe fn get(&self, object: *mut PyObject) -> T {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let known = unsafe { object.as_ref() };
        if known.is_some_and(|known| known.class().fast_issubclass(self.class)) {
            let address = object.cast::<u8>().wrapping_offset(self.offset);
            // SAFETY: an object of the class has this field at this offset. The VM writes only
            // fields that hold objects, and these are read atomically.
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

/// Defines functions that read a member of a class. They have the names of CPython's macros.
macro_rules! getters {
    ($( $(#[$export:meta])* extern "C" fn $name:ident($class:ident.$member:ident) -> $answer:ty; )*) => {
        /// The members that the getters read.
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
                    // SAFETY: the header demands an object or NULL.
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
