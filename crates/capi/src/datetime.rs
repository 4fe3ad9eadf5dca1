//! `datetime.h`: the capsule `datetime.datetime_CAPI` with its table, and the functions that read
//! the fields of dates and times. What each takes and gives is in `include/datetime.h`; what a date
//! is, is the VM's `_datetime`.
//!
//! The VM has one set of these classes for all interpreters of the process, and never frees them.
//! So there is one table, which is never freed either, and a C variable may keep its address.

use core::ffi::{c_int, c_void};
use core::ptr::NonNull;
use std::sync::OnceLock;

use rustpython_capi::object::PyTypeObject;
use rustpython_capsule::PyCapsule;
use rustpython_capsule_glue::Replacement;
use rustpython_vm::builtins::{PyDict, PyModule, PyStr, PyTuple};
use rustpython_vm::function::{FuncArgs, KwArgs};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine};

use crate::boundary::{Failure, enter, give, lend};

/// `_datetime` with `datetime_CAPI`, which `datetime` takes from there.
pub(crate) static MODULE: Replacement = Replacement::new("_datetime", |definition| {
    definition.slots.exec = Some(exec);
});

fn exec(vm: &VirtualMachine, module: &Py<PyModule>) -> PyResult<()> {
    if let Some(original) = MODULE.original() {
        original.exec_module(vm, module)?;
    }
    let api = match API.get() {
        Some(api) => api,
        None => {
            let api = Api::of(module, vm)?;
            API.get_or_init(|| api)
        }
    };
    let builder = PyCapsule::builder(NonNull::from(&api.table).cast::<c_void>());
    // SAFETY: the name promises this struct, and it lives for ever.
    let builder = unsafe { builder.name(c"datetime.datetime_CAPI").vouched() };
    let capsule = builder
        .try_build(&vm.ctx)
        .map_err(|_| vm.no_memory_error())?;
    module.set_attr("datetime_CAPI", capsule, vm)
}

/// The table of C code, as CPython has it. It is read only.
#[repr(C)]
#[derive(Debug)]
#[expect(non_snake_case, reason = "the names are those of CPython's header")]
pub struct PyDateTime_CAPI {
    DateType: &'static PyTypeObject,
    DateTimeType: &'static PyTypeObject,
    TimeType: &'static PyTypeObject,
    DeltaType: &'static PyTypeObject,
    TZInfoType: &'static PyTypeObject,
    TimeZone_UTC: &'static PyObject,
    Date_FromDate: unsafe extern "C" fn(c_int, c_int, c_int, *mut PyTypeObject) -> *mut PyObject,
    DateTime_FromDateAndTime: unsafe extern "C" fn(
        c_int,
        c_int,
        c_int,
        c_int,
        c_int,
        c_int,
        c_int,
        *mut PyObject,
        *mut PyTypeObject,
    ) -> *mut PyObject,
    Time_FromTime: unsafe extern "C" fn(
        c_int,
        c_int,
        c_int,
        c_int,
        *mut PyObject,
        *mut PyTypeObject,
    ) -> *mut PyObject,
    Delta_FromDelta:
        unsafe extern "C" fn(c_int, c_int, c_int, c_int, *mut PyTypeObject) -> *mut PyObject,
    TimeZone_FromTimeZone: unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject,
    DateTime_FromTimestamp:
        unsafe extern "C" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> *mut PyObject,
    Date_FromTimestamp: unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject,
    DateTime_FromDateAndTimeAndFold: unsafe extern "C" fn(
        c_int,
        c_int,
        c_int,
        c_int,
        c_int,
        c_int,
        c_int,
        *mut PyObject,
        c_int,
        *mut PyTypeObject,
    ) -> *mut PyObject,
    Time_FromTimeAndFold: unsafe extern "C" fn(
        c_int,
        c_int,
        c_int,
        c_int,
        *mut PyObject,
        c_int,
        *mut PyTypeObject,
    ) -> *mut PyObject,
}

/// The table, and what its functions use. Python code could change the classes later.
#[derive(Debug)]
struct Api {
    table: PyDateTime_CAPI,
    timezone: &'static PyTypeObject,
    date_from_timestamp: &'static PyObject,
    datetime_from_timestamp: &'static PyObject,
    members: Members,
}

static API: OnceLock<Api> = OnceLock::new();

impl Api {
    /// What the VM's own module has.
    fn of(module: &Py<PyModule>, vm: &VirtualMachine) -> PyResult<Self> {
        let class = |name: &'static str| -> PyResult<&'static PyTypeObject> {
            let class: PyRef<_> = module.get_attr(name, vm)?.try_into_value(vm)?;
            Ok(PyRef::leak(class))
        };
        let table = PyDateTime_CAPI {
            DateType: class("date")?,
            DateTimeType: class("datetime")?,
            TimeType: class("time")?,
            DeltaType: class("timedelta")?,
            TZInfoType: class("tzinfo")?,
            TimeZone_UTC: kept(module.get_attr("UTC", vm)?),
            Date_FromDate: date,
            DateTime_FromDateAndTime: datetime,
            Time_FromTime: time,
            Delta_FromDelta: delta,
            TimeZone_FromTimeZone: timezone,
            DateTime_FromTimestamp: datetime_from_timestamp,
            Date_FromTimestamp: date_from_timestamp,
            DateTime_FromDateAndTimeAndFold: datetime_with_fold,
            Time_FromTimeAndFold: time_with_fold,
        };
        Ok(Self {
            timezone: class("timezone")?,
            date_from_timestamp: attribute(table.DateType, "fromtimestamp", vm)?,
            datetime_from_timestamp: attribute(table.DateTimeType, "fromtimestamp", vm)?,
            members: Members::of(&table, vm)?,
            table,
        })
    }

    fn get(vm: &VirtualMachine) -> PyResult<&'static Self> {
        API.get()
            .ok_or_else(|| vm.new_system_error("datetime has not been imported"))
    }
}

/// An object that is never freed.
fn kept(object: PyObjectRef) -> &'static PyObject {
    // SAFETY: this reference to it is never given up.
    unsafe { object.into_raw().as_ref() }
}

/// What a class has under a name, as it is kept there.
fn attribute(
    class: &PyTypeObject,
    name: &'static str,
    vm: &VirtualMachine,
) -> PyResult<&'static PyObject> {
    let found = class.get_direct_attr(vm.ctx.intern_str(name));
    let found = found.ok_or_else(|| vm.new_attribute_error(name.to_owned()))?;
    Ok(kept(found))
}

/// What a function was given. NULL is an error everywhere.
///
/// # Safety
/// `object` is NULL or an object that lives for `'a`.
unsafe fn given<'a, T>(object: *mut T, what: &str, vm: &VirtualMachine) -> PyResult<&'a T> {
    // SAFETY: passed on from the caller.
    let object = unsafe { object.as_ref() };
    object.ok_or_else(|| vm.new_system_error(format!("NULL instead of {what}")))
}

/// A new instance of `class`, of which `bases` has the one that makes it. Constructors of classes
/// between the two are not asked, as in CPython.
///
/// # Safety
/// `class` is NULL or a class.
unsafe fn instance(
    class: *mut PyTypeObject,
    bases: &[&PyTypeObject],
    args: impl Into<FuncArgs>,
    vm: &VirtualMachine,
) -> PyResult<*mut PyObject> {
    // SAFETY: passed on from the caller.
    let class = unsafe { given(class, "a class", vm) }?;
    let base = bases.iter().find(|base| class.fast_issubclass(**base));
    let new = base.and_then(|base| base.slots.new.load());
    let new = new.ok_or_else(|| {
        let base = bases
            .last()
            .map_or_else(String::new, |base| base.name().to_string());
        vm.new_type_error(format!("{} is not a subtype of {base}", class.name()))
    })?;
    new(class.to_owned(), args.into(), vm).map(give)
}

/// Numbers, and a `tzinfo` behind them.
///
/// # Safety
/// `tzinfo` is NULL or an object.
unsafe fn arguments<const N: usize>(
    numbers: [c_int; N],
    tzinfo: *mut PyObject,
    fold: c_int,
    vm: &VirtualMachine,
) -> PyResult<FuncArgs> {
    // SAFETY: passed on from the caller.
    let tzinfo = unsafe { given(tzinfo, "a tzinfo", vm) }?;
    let mut args = integers(numbers, vm);
    args.push(tzinfo.to_owned());
    let fold = vm.ctx.new_int(fold).into();
    Ok(FuncArgs::new(
        args,
        KwArgs::from_iter([("fold".to_owned(), fold)]),
    ))
}

fn integers<const N: usize>(numbers: [c_int; N], vm: &VirtualMachine) -> Vec<PyObjectRef> {
    numbers.map(|number| vm.ctx.new_int(number).into()).into()
}

unsafe extern "C" fn date(
    year: c_int,
    month: c_int,
    day: c_int,
    class: *mut PyTypeObject,
) -> *mut PyObject {
    enter(|vm| {
        let table = &Api::get(vm)?.table;
        let args = integers([year, month, day], vm);
        // SAFETY: the header asks for a class or NULL.
        unsafe { instance(class, &[table.DateTimeType, table.DateType], args, vm) }
    })
}

#[expect(clippy::too_many_arguments, reason = "as many as in CPython")]
unsafe extern "C" fn datetime(
    year: c_int,
    month: c_int,
    day: c_int,
    hour: c_int,
    minute: c_int,
    second: c_int,
    microsecond: c_int,
    tzinfo: *mut PyObject,
    class: *mut PyTypeObject,
) -> *mut PyObject {
    // SAFETY: passed on from the caller.
    unsafe {
        datetime_with_fold(
            year,
            month,
            day,
            hour,
            minute,
            second,
            microsecond,
            tzinfo,
            0,
            class,
        )
    }
}

#[expect(clippy::too_many_arguments, reason = "as many as in CPython")]
unsafe extern "C" fn datetime_with_fold(
    year: c_int,
    month: c_int,
    day: c_int,
    hour: c_int,
    minute: c_int,
    second: c_int,
    microsecond: c_int,
    tzinfo: *mut PyObject,
    fold: c_int,
    class: *mut PyTypeObject,
) -> *mut PyObject {
    let numbers = [year, month, day, hour, minute, second, microsecond];
    enter(|vm| {
        let base = Api::get(vm)?.table.DateTimeType;
        // SAFETY: the header asks for an object or NULL.
        let args = unsafe { arguments(numbers, tzinfo, fold, vm) }?;
        // SAFETY: the header asks for a class or NULL.
        unsafe { instance(class, &[base], args, vm) }
    })
}

unsafe extern "C" fn time(
    hour: c_int,
    minute: c_int,
    second: c_int,
    microsecond: c_int,
    tzinfo: *mut PyObject,
    class: *mut PyTypeObject,
) -> *mut PyObject {
    // SAFETY: passed on from the caller.
    unsafe { time_with_fold(hour, minute, second, microsecond, tzinfo, 0, class) }
}

unsafe extern "C" fn time_with_fold(
    hour: c_int,
    minute: c_int,
    second: c_int,
    microsecond: c_int,
    tzinfo: *mut PyObject,
    fold: c_int,
    class: *mut PyTypeObject,
) -> *mut PyObject {
    let numbers = [hour, minute, second, microsecond];
    enter(|vm| {
        let base = Api::get(vm)?.table.TimeType;
        // SAFETY: the header asks for an object or NULL.
        let args = unsafe { arguments(numbers, tzinfo, fold, vm) }?;
        // SAFETY: the header asks for a class or NULL.
        unsafe { instance(class, &[base], args, vm) }
    })
}

unsafe extern "C" fn delta(
    days: c_int,
    seconds: c_int,
    microseconds: c_int,
    _normalize: c_int,
    class: *mut PyTypeObject,
) -> *mut PyObject {
    enter(|vm| {
        let base = Api::get(vm)?.table.DeltaType;
        let args = integers([days, seconds, microseconds], vm);
        // SAFETY: the header asks for a class or NULL.
        unsafe { instance(class, &[base], args, vm) }
    })
}

unsafe extern "C" fn timezone(offset: *mut PyObject, name: *mut PyObject) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: the header asks for an object or NULL.
        let offset = unsafe { given(offset, "an offset", vm) }?;
        // SAFETY: the header asks for an object or NULL.
        let name = unsafe { name.as_ref() };
        let args = [offset].into_iter().chain(name).map(ToOwned::to_owned);
        let class = Api::get(vm)?.timezone.as_object();
        class.call(args.collect::<Vec<_>>(), vm).map(give)
    })
}

unsafe extern "C" fn datetime_from_timestamp(
    class: *mut PyObject,
    args: *mut PyObject,
    kwargs: *mut PyObject,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: the header asks for an object or NULL.
        let args = unsafe { tuple(args, vm) }?;
        // SAFETY: the header asks for a dict or NULL.
        let kwargs = match unsafe { kwargs.as_ref() } {
            Some(kwargs) => keywords(kwargs, vm)?,
            None => KwArgs::default(),
        };
        let method = Api::get(vm)?.datetime_from_timestamp;
        // SAFETY: the header asks for a class or NULL.
        unsafe { class_method(method, class, FuncArgs::new(args, kwargs), vm) }
    })
}

unsafe extern "C" fn date_from_timestamp(
    class: *mut PyObject,
    args: *mut PyObject,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: the header asks for an object or NULL.
        let args = unsafe { tuple(args, vm) }?;
        if args.len() != 1 {
            let text = format!("fromtimestamp expected 1 argument, got {}", args.len());
            return Err(vm.new_type_error(text));
        }
        let method = Api::get(vm)?.date_from_timestamp;
        // SAFETY: the header asks for a class or NULL.
        unsafe { class_method(method, class, args.into(), vm) }
    })
}

/// Calls what a base has as a class method for `class`, which may have another of that name.
///
/// # Safety
/// `class` is NULL or an object.
unsafe fn class_method(
    method: &PyObject,
    class: *mut PyObject,
    args: FuncArgs,
    vm: &VirtualMachine,
) -> PyResult<*mut PyObject> {
    // SAFETY: passed on from the caller.
    let class = unsafe { given(class, "a class", vm) }?;
    let method = bound(method, None, Some(class), vm)?;
    method.call(args, vm).map(give)
}

/// What a descriptor gives.
fn bound(
    descriptor: &PyObject,
    object: Option<&PyObject>,
    class: Option<&PyObject>,
    vm: &VirtualMachine,
) -> PyResult {
    let found = vm.call_get_descriptor_specific(descriptor, object, class);
    found.unwrap_or_else(|| Ok(descriptor.to_owned()))
}

/// # Safety
/// `args` is NULL or an object.
unsafe fn tuple(args: *mut PyObject, vm: &VirtualMachine) -> PyResult<Vec<PyObjectRef>> {
    // SAFETY: passed on from the caller.
    let args = unsafe { given(args, "a tuple", vm) }?;
    let args = args.downcast_ref::<PyTuple>();
    let args = args.ok_or_else(|| vm.new_system_error("bad argument to internal function"))?;
    Ok(args.as_slice().to_vec())
}

fn keywords(kwargs: &PyObject, vm: &VirtualMachine) -> PyResult<KwArgs> {
    let kwargs = kwargs.downcast_ref::<PyDict>();
    let kwargs = kwargs.ok_or_else(|| vm.new_system_error("bad argument to internal function"))?;
    let pair = |(name, value): (PyObjectRef, _)| match name.downcast::<PyStr>() {
        Ok(name) => Ok((name.as_wtf8().to_owned(), value)),
        Err(_) => Err(vm.new_type_error("keywords must be strings")),
    };
    kwargs.items_vec().into_iter().map(pair).collect()
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

/// Functions that read a member of a class of the table, and are named as CPython's macros.
macro_rules! getters {
    ($( $(#[$export:meta])* extern "C" fn $name:ident($class:ident.$member:ident) -> $answer:ty; )*) => {
        /// The descriptor that each getter reads with.
        #[derive(Debug)]
        #[expect(non_snake_case, reason = "the names are those of the getters")]
        struct Members {
            $( $name: &'static PyObject, )*
        }

        impl Members {
            fn of(table: &PyDateTime_CAPI, vm: &VirtualMachine) -> PyResult<Self> {
                Ok(Self {
                    $( $name: attribute(table.$class, stringify!($member), vm)?, )*
                })
            }
        }

        $(
            /// # Safety
            /// See the header.
            $(#[$export])*
            pub unsafe extern "C" fn $name(object: *mut PyObject) -> $answer {
                enter(|vm| {
                    let member = Api::get(vm)?.members.$name;
                    // SAFETY: the header asks for an object or NULL.
                    let object = unsafe { given(object, "an object", vm) }?;
                    <$answer>::of(bound(member, Some(object), None, vm)?, vm)
                })
            }
        )*
    };
}

getters! {
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_GET_YEAR(DateType.year) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_GET_MONTH(DateType.month) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_GET_DAY(DateType.day) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_DATE_GET_HOUR(DateTimeType.hour) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_DATE_GET_MINUTE(DateTimeType.minute) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_DATE_GET_SECOND(DateTimeType.second) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_DATE_GET_MICROSECOND(DateTimeType.microsecond) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_DATE_GET_FOLD(DateTimeType.fold) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_DATE_GET_TZINFO(DateTimeType.tzinfo) -> *mut PyObject;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_TIME_GET_HOUR(TimeType.hour) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_TIME_GET_MINUTE(TimeType.minute) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_TIME_GET_SECOND(TimeType.second) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_TIME_GET_MICROSECOND(TimeType.microsecond) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_TIME_GET_FOLD(TimeType.fold) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_TIME_GET_TZINFO(TimeType.tzinfo) -> *mut PyObject;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_DELTA_GET_DAYS(DeltaType.days) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_DELTA_GET_SECONDS(DeltaType.seconds) -> c_int;
    #[unsafe(no_mangle)] extern "C" fn PyDateTime_DELTA_GET_MICROSECONDS(DeltaType.microseconds) -> c_int;
}
