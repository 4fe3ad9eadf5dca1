//! The table in the capsule `datetime.datetime_CAPI`, and its constructors of dates and times. The
//! functions that read them are in `datetime`.

use core::ffi::c_int;

use rustpython_capi::object::PyTypeObject;
use rustpython_vm::builtins::{PyDict, PyStr, PyTuple};
use rustpython_vm::function::{FuncArgs, KwArgs};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::boundary::{enter, new_reference};
use crate::datetime_classes::{Classes, non_null};

/// The table, with CPython's layout. It is read-only.
#[repr(C)]
#[derive(Debug)]
#[expect(non_snake_case, reason = "the names are those of CPython's header")]
pub(crate) struct PyDateTime_CAPI {
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

impl PyDateTime_CAPI {
    pub(crate) fn new(classes: &Classes) -> Self {
        Self {
            DateType: classes.date,
            DateTimeType: classes.datetime,
            TimeType: classes.time,
            DeltaType: classes.delta,
            TZInfoType: classes.tzinfo,
            TimeZone_UTC: classes.utc,
            Date_FromDate: date,
            DateTime_FromDateAndTime: datetime,
            Time_FromTime: time,
            Delta_FromDelta: delta,
            TimeZone_FromTimeZone: timezone,
            DateTime_FromTimestamp: datetime_from_timestamp,
            Date_FromTimestamp: date_from_timestamp,
            DateTime_FromDateAndTimeAndFold: datetime_with_fold,
            Time_FromTimeAndFold: time_with_fold,
        }
    }
}

/// A new instance of `class`, made by the `__new__` of `base`. As in CPython, the `__new__` and
/// `__init__` of a subclass are not called.
///
/// # Errors
/// SystemError if `class` is NULL; TypeError if it is not a subclass of `base`; the errors of
/// `base`.
///
/// # Safety
/// `class` is NULL or a class.
unsafe fn instance(
    class: *mut PyTypeObject,
    base: &PyTypeObject,
    args: impl Into<FuncArgs>,
    vm: &VirtualMachine,
) -> PyResult<*mut PyObject> {
    // SAFETY: `class` is NULL or an object, which the caller keeps alive.
    let class = unsafe { non_null(class, "a class", vm) }?;
    let new = base.slots.new.load();
    let Some(new) = new.filter(|_| class.fast_issubclass(base)) else {
        let text = format!("{} is not a subtype of {}", class.name(), base.name());
        return Err(vm.new_type_error(text));
    };
    new(class.to_owned(), args.into(), vm).map(new_reference)
}

/// Positional arguments: the numbers and a `tzinfo`; and the keyword argument `fold` unless it is
/// 0.
///
/// # Safety
/// `tzinfo` is NULL or an object.
unsafe fn arguments<const N: usize>(
    numbers: [c_int; N],
    tzinfo: *mut PyObject,
    fold: c_int,
    vm: &VirtualMachine,
) -> PyResult<FuncArgs> {
    // SAFETY: `tzinfo` is NULL or an object, which the caller keeps alive.
    let tzinfo = unsafe { non_null(tzinfo, "a tzinfo", vm) }?;
    let mut args = integers(numbers, vm);
    args.push(tzinfo.to_owned());
    let fold = (fold != 0).then(|| ("fold".to_owned(), vm.ctx.new_int(fold).into()));
    Ok(FuncArgs::new(args, fold.into_iter().collect::<KwArgs>()))
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
        let base = Classes::get(vm)?.date;
        let args = integers([year, month, day], vm);
        // SAFETY: the header demands a class or NULL.
        unsafe { instance(class, base, args, vm) }
    })
}

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
    // SAFETY: it makes the same demands as this function.
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
        let base = Classes::get(vm)?.datetime;
        // SAFETY: the header demands an object or NULL.
        let args = unsafe { arguments(numbers, tzinfo, fold, vm) }?;
        // SAFETY: the header demands a class or NULL.
        unsafe { instance(class, base, args, vm) }
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
    // SAFETY: it makes the same demands as this function.
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
        let base = Classes::get(vm)?.time;
        // SAFETY: the header demands an object or NULL.
        let args = unsafe { arguments(numbers, tzinfo, fold, vm) }?;
        // SAFETY: the header demands a class or NULL.
        unsafe { instance(class, base, args, vm) }
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
        let base = Classes::get(vm)?.delta;
        let args = integers([days, seconds, microseconds], vm);
        // SAFETY: the header demands a class or NULL.
        unsafe { instance(class, base, args, vm) }
    })
}

unsafe extern "C" fn timezone(offset: *mut PyObject, name: *mut PyObject) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: the header demands an object or NULL.
        let offset = unsafe { non_null(offset, "an offset", vm) }?;
        // SAFETY: the header demands an object or NULL.
        let name = unsafe { name.as_ref() };
        let args = [offset].into_iter().chain(name).map(ToOwned::to_owned);
        let class = Classes::get(vm)?.timezone.as_object();
        class.call(args.collect::<Vec<_>>(), vm).map(new_reference)
    })
}

unsafe extern "C" fn datetime_from_timestamp(
    class: *mut PyObject,
    args: *mut PyObject,
    kwargs: *mut PyObject,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: the header demands an object or NULL.
        let args = unsafe { tuple(args, BAD_ARGUMENT, vm) }?;
        // SAFETY: the header demands an object or NULL.
        let kwargs = match unsafe { kwargs.as_ref() } {
            Some(kwargs) => keywords(kwargs, vm)?,
            None => KwArgs::default(),
        };
        let method = Classes::get(vm)?.datetime_from_timestamp;
        // SAFETY: the header demands a class or NULL.
        unsafe { class_method(method, class, FuncArgs::new(args, kwargs), vm) }
    })
}

unsafe extern "C" fn date_from_timestamp(
    class: *mut PyObject,
    args: *mut PyObject,
) -> *mut PyObject {
    enter(|vm| {
        let what = "PyArg_UnpackTuple() argument list is not a tuple";
        // SAFETY: the header demands an object or NULL.
        let args = unsafe { tuple(args, what, vm) }?;
        if args.len() != 1 {
            let text = format!("fromtimestamp expected 1 argument, got {}", args.len());
            return Err(vm.new_type_error(text));
        }
        let method = Classes::get(vm)?.date_from_timestamp;
        // SAFETY: the header demands a class or NULL.
        unsafe { class_method(method, class, args.into(), vm) }
    })
}

/// Calls a class method of a base class for `class`, which may define another of the same name.
///
/// # Safety
/// `class` is NULL or an object.
unsafe fn class_method(
    method: &PyObject,
    class: *mut PyObject,
    args: FuncArgs,
    vm: &VirtualMachine,
) -> PyResult<*mut PyObject> {
    // SAFETY: `class` is NULL or an object, which the caller keeps alive.
    let class = unsafe { non_null(class, "a class", vm) }?;
    let bound = vm.call_get_descriptor_specific(method, None, Some(class));
    let method = bound.unwrap_or_else(|| Ok(method.to_owned()))?;
    method.call(args, vm).map(new_reference)
}

const BAD_ARGUMENT: &str = "bad argument to internal function";

/// The elements of a tuple.
///
/// # Errors
/// SystemError with `text` if the object is not a tuple.
///
/// # Safety
/// `args` is NULL or an object.
unsafe fn tuple(
    args: *mut PyObject,
    text: &'static str,
    vm: &VirtualMachine,
) -> PyResult<Vec<PyObjectRef>> {
    // SAFETY: `args` is NULL or an object, which the caller keeps alive.
    let args = unsafe { non_null(args, "a tuple", vm) }?;
    let args = args.downcast_ref::<PyTuple>();
    let args = args.ok_or_else(|| vm.new_system_error(text))?;
    Ok(args.as_slice().to_vec())
}

fn keywords(kwargs: &PyObject, vm: &VirtualMachine) -> PyResult<KwArgs> {
    let kwargs = kwargs.downcast_ref::<PyDict>();
    let kwargs = kwargs.ok_or_else(|| vm.new_system_error(BAD_ARGUMENT))?;
    let pair = |(name, value): (PyObjectRef, _)| match name.downcast::<PyStr>() {
        Ok(name) => Ok((name.as_wtf8().to_owned(), value)),
        Err(_) => Err(vm.new_type_error("keywords must be strings")),
    };
    kwargs.items_vec().into_iter().map(pair).collect()
}
