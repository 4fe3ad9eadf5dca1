//! `sliceobject.h`: recognizing slices, and their bounds. The other functions of the header come from
//! `rustpython-capi`.

use core::ffi::c_int;

use rustpython_vm::PyObject;
use rustpython_vm::builtins::PySlice;

use crate::boundary::{enter, instance};

/// 1 for a slice, else 0. Raises nothing.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PySlice_Check(object: *mut PyObject) -> c_int {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    let object = unsafe { object.as_ref() };
    object
        .is_some_and(|object| object.downcast_ref::<PySlice>().is_some())
        .into()
}

/// Stores the bounds and the step of a slice. None is replaced by what it means for the step; numbers
/// that are too large are limited. Returns 0; or -1 with ValueError for a step of 0, with TypeError for
/// what has no `__index__`, or with SystemError if it is no slice.
///
/// # Safety
/// `slice` is NULL or an object. The others can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PySlice_Unpack(
    slice: *mut PyObject,
    start: *mut isize,
    stop: *mut isize,
    step: *mut isize,
) -> c_int {
    enter(|vm| {
        // SAFETY: `slice` is NULL or an object, which the caller keeps alive.
        let slice = unsafe { instance::<PySlice>(slice, vm) }?;
        let bounds = slice.to_saturated(vm)?;
        // SAFETY: the caller promises that `start` can be written to.
        unsafe { start.write(bounds.start()) };
        // SAFETY: the caller promises that `stop` can be written to.
        unsafe { stop.write(bounds.stop()) };
        // A step that the caller can negate.
        let found_step = bounds.step().max(-isize::MAX);
        // SAFETY: the caller promises that `step` can be written to.
        unsafe { step.write(found_step) };
        Ok(0)
    })
}

/// Limits the bounds of a slice to a sequence of this length; negative ones count from its end. Returns
/// the number of items in the slice. The step is not 0.
///
/// # Safety
/// `start` and `stop` can be read and written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PySlice_AdjustIndices(
    length: isize,
    start: *mut isize,
    stop: *mut isize,
    step: isize,
) -> isize {
    let (lowest, highest) = if step < 0 {
        (-1, length - 1)
    } else {
        (0, length)
    };
    let limited = |bound: isize| {
        let bound = if bound < 0 {
            bound.saturating_add(length)
        } else {
            bound
        };
        bound.clamp(lowest, highest.max(lowest))
    };
    // SAFETY: the caller promises that `start` can be read.
    let first = limited(unsafe { start.read() });
    // SAFETY: the caller promises that `stop` can be read.
    let last = limited(unsafe { stop.read() });
    // SAFETY: the caller promises that `start` can be written to.
    unsafe { start.write(first) };
    // SAFETY: the caller promises that `stop` can be written to.
    unsafe { stop.write(last) };
    let distance = if step < 0 { first - last } else { last - first };
    let step = step.unsigned_abs().max(1);
    match usize::try_from(distance) {
        Ok(distance @ 1..) => ((distance - 1) / step + 1).cast_signed(),
        _ => 0,
    }
}
