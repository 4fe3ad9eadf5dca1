//! `abstract.h`: calls, among them the functions behind those of `varargs.c` that call an
//! object, and the old functions for buffers. The other functions of the header come from
//! `rustpython-capi`.

use core::ffi::{c_char, c_int, c_void};
use core::ptr::NonNull;

use rustpython_capi::abstract_::PyObject_Vectorcall;
use rustpython_vm::builtins::PyTuple;
use rustpython_vm::protocol::BufferFlags;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::boundary::{
    argument, borrowed, enter, new_reference, null_argument, string_argument, utf8_argument,
};
use crate::buffer_acquire::Acquired;
use crate::build_value;
use crate::object::attribute_name;
use crate::varargs::Arguments;

/// Calls an object with one argument. Returns a new reference, or NULL with an exception.
///
/// # Safety
/// Both arguments are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_CallOneArg(
    callable: *mut PyObject,
    arg: *mut PyObject,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `callable` is NULL or an object, which the caller keeps alive.
        let callable = unsafe { argument(callable, vm) }?;
        // SAFETY: `arg` is NULL or an object, which the caller keeps alive.
        let arg = unsafe { argument(arg, vm) }?;
        callable.call((arg.to_owned(),), vm).map(new_reference)
    })
}

/// The number of positional arguments in `count`, the third argument of a vectorcall, without the
/// flag `PY_VECTORCALL_ARGUMENTS_OFFSET`.
#[unsafe(no_mangle)]
pub extern "C" fn PyVectorcall_NARGS(count: usize) -> isize {
    const ARGUMENTS_OFFSET: usize = 1 << (usize::BITS - 1);
    (count & !ARGUMENTS_OFFSET).cast_signed()
}

/// 1 if the object exports contiguous memory, otherwise 0. Never fails. CPython's headers do not
/// declare this function any more, but the stable ABI has it.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_CheckReadBuffer(object: *mut PyObject) -> c_int {
    let found = enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let object = unsafe { object.as_ref() };
        Ok(object.map_or(0, |object| {
            c_int::from(Acquired::of(object, BufferFlags::SIMPLE, vm).is_ok())
        }))
    });
    found.max(0)
}

/// Stores the address and the number of the bytes of an object. Nothing keeps the bytes in place, so
/// they must not be used after other code could run. Returns 0, or -1 with an exception. CPython's
/// headers do not declare this function any more, but the stable ABI has it.
///
/// # Safety
/// `object` is NULL or an object; `buffer` and `length` are NULL or can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_AsReadBuffer(
    object: *mut PyObject,
    buffer: *mut *const c_void,
    length: *mut isize,
) -> c_int {
    enter(|vm| {
        // SAFETY: by the contract of this function.
        unsafe { store_bytes(object, buffer.cast(), length, BufferFlags::SIMPLE, vm) }
    })
}

/// The same as [`PyObject_AsReadBuffer`].
///
/// # Safety
/// As for `PyObject_AsReadBuffer`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_AsCharBuffer(
    object: *mut PyObject,
    buffer: *mut *const c_char,
    length: *mut isize,
) -> c_int {
    // SAFETY: by the contract of this function.
    unsafe { PyObject_AsReadBuffer(object, buffer.cast(), length) }
}

/// As [`PyObject_AsReadBuffer`], for bytes that can be changed. -1 with TypeError if the object has
/// none.
///
/// # Safety
/// As for `PyObject_AsReadBuffer`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_AsWriteBuffer(
    object: *mut PyObject,
    buffer: *mut *mut c_void,
    length: *mut isize,
) -> c_int {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        unsafe { argument(object, vm) }?;
        // SAFETY: by the contract of this function.
        let stored = unsafe { store_bytes(object, buffer, length, BufferFlags::WRITABLE, vm) };
        stored.map_err(|_| vm.new_type_error("expected a writable bytes-like object"))
    })
}

/// # Safety
/// As for [`PyObject_AsReadBuffer`].
unsafe fn store_bytes(
    object: *mut PyObject,
    buffer: *mut *mut c_void,
    length: *mut isize,
    flags: BufferFlags,
    vm: &VirtualMachine,
) -> PyResult<c_int> {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    let object = unsafe { argument(object, vm) }?;
    let (Some(buffer), Some(length)) = (NonNull::new(buffer), NonNull::new(length)) else {
        return Err(vm.new_system_error("null argument to internal routine"));
    };
    let view = Acquired::of(object, flags, vm)?;
    // SAFETY: it is not NULL, so it can be written to.
    unsafe { buffer.write(view.0.buf) };
    // SAFETY: it is not NULL, so it can be written to.
    unsafe { length.write(view.0.len) };
    Ok(0)
}

/// Calls an object with the items of a tuple, or with no arguments for NULL. Returns a new reference, or
/// NULL with an exception.
///
/// # Safety
/// Both arguments are NULL or objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_CallObject(
    callable: *mut PyObject,
    args: *mut PyObject,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `callable` is NULL or an object, which the caller keeps alive.
        let callable = unsafe { argument(callable, vm) }?;
        // SAFETY: `args` is NULL or an object, which the caller keeps alive.
        let items = match unsafe { args.as_ref() } {
            None => Vec::new(),
            Some(args) => match args.downcast_ref::<PyTuple>() {
                Some(tuple) => tuple.to_vec(),
                None => return Err(vm.new_type_error("argument list must be a tuple")),
            },
        };
        callable.call(items, vm).map(new_reference)
    })
}

/// Calls a method of the first object of an array with the others, as `PyObject_Vectorcall` calls an
/// object. Returns a new reference, or NULL with an exception.
///
/// # Safety
/// `name` is NULL or an object. `args` points to as many objects as `count` and the tuple `names` say;
/// the object behind `name` is not among them. `names` is NULL or a tuple of strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_VectorcallMethod(
    name: *mut PyObject,
    args: *const *mut PyObject,
    count: usize,
    names: *mut PyObject,
) -> *mut PyObject {
    enter(|vm| {
        if args.is_null() || count & (usize::MAX >> 1) == 0 {
            return Err(null_argument(vm));
        }
        // SAFETY: `name` is NULL or an object, which the caller keeps alive.
        let name = unsafe { attribute_name(name, vm) }?;
        // SAFETY: there is at least one object.
        let object = unsafe { args.read() };
        // SAFETY: it is an object, which the caller keeps alive.
        let method = unsafe { argument(object, vm) }?.get_attr(name, vm)?;
        let callable = borrowed(&method);
        // SAFETY: the array has an object before the others.
        let others = unsafe { args.add(1) };
        // SAFETY: the callable is alive, and the array and the names are as the caller promises.
        Ok(unsafe { PyObject_Vectorcall(callable, others, count - 1, names) })
    })
}

/// `PyObject_CallFunction`: calls an object with the values that a format describes. A single value
/// that is a tuple stands for its items; NULL for no arguments. Returns a new reference, or NULL with
/// an exception.
///
/// # Safety
/// `callable` is NULL or an object, `format` NULL or a NUL-terminated string, and the arguments fit
/// the format.
#[unsafe(no_mangle)]
unsafe extern "C" fn rustpython_capsule_call(
    callable: *mut PyObject,
    format: *const c_char,
    arguments: Arguments,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `callable` is NULL or an object, which the caller keeps alive.
        let callable = unsafe { argument(callable, vm) }?;
        // SAFETY: the caller promises arguments that fit the format.
        let result = unsafe { call(callable, format, arguments, vm) };
        result.map(new_reference)
    })
}

/// `PyObject_CallMethod`: calls a method with the values that a format describes, as
/// [`rustpython_capsule_call`] does.
///
/// # Safety
/// `object` is NULL or an object, both strings are NULL or NUL-terminated, and the arguments fit the
/// format.
#[unsafe(no_mangle)]
unsafe extern "C" fn rustpython_capsule_call_method(
    object: *mut PyObject,
    name: *const c_char,
    format: *const c_char,
    arguments: Arguments,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let object = unsafe { argument(object, vm) }?;
        // SAFETY: `name` is NULL or a NUL-terminated string.
        let name = vm.ctx.new_str(unsafe { utf8_argument(name, vm) }?);
        let method = object.get_attr(&*name, vm)?;
        if !method.is_callable() {
            let class = method.class().name().to_string();
            let text = format!("attribute of type '{class}' is not callable");
            return Err(vm.new_type_error(text));
        }
        // SAFETY: the caller promises arguments that fit the format.
        let result = unsafe { call(&method, format, arguments, vm) };
        result.map(new_reference)
    })
}

/// Calls an object with the values that a format describes.
///
/// # Safety
/// `format` is NULL or a NUL-terminated string, and the arguments fit it.
unsafe fn call(
    callable: &PyObject,
    format: *const c_char,
    arguments: Arguments,
    vm: &VirtualMachine,
) -> PyResult {
    let mut values = Vec::new();
    if !format.is_null() {
        // SAFETY: `format` is a NUL-terminated string.
        let format = unsafe { string_argument(format, vm) }?;
        // SAFETY: the caller promises arguments that fit the format.
        values = unsafe { build_value::values(format, arguments, vm) }?;
    }
    if let [single] = values.as_slice()
        && let Some(tuple) = single.downcast_ref::<PyTuple>()
    {
        values = tuple.to_vec();
    }
    callable.call(values, vm)
}

/// `PyObject_CallFunctionObjArgs`: calls an object with the arguments before a NULL. Returns a new
/// reference, or NULL with an exception.
///
/// # Safety
/// `callable` is NULL or an object. The arguments are objects; the last is NULL.
#[unsafe(no_mangle)]
unsafe extern "C" fn rustpython_capsule_call_objects(
    callable: *mut PyObject,
    mut arguments: Arguments,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `callable` is NULL or an object, which the caller keeps alive.
        let callable = unsafe { argument(callable, vm) }?;
        // SAFETY: the caller promises objects and a NULL.
        let objects = unsafe { objects(&mut arguments) };
        callable.call(objects, vm).map(new_reference)
    })
}

/// `PyObject_CallMethodObjArgs`: calls a method with the arguments before a NULL. Returns a new
/// reference, or NULL with an exception.
///
/// # Safety
/// `object` and `name` are NULL or objects. The arguments are objects; the last is NULL.
#[unsafe(no_mangle)]
unsafe extern "C" fn rustpython_capsule_call_method_objects(
    object: *mut PyObject,
    name: *mut PyObject,
    mut arguments: Arguments,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let object = unsafe { argument(object, vm) }?;
        // SAFETY: `name` is NULL or an object, which the caller keeps alive.
        let name = unsafe { attribute_name(name, vm) }?;
        // SAFETY: the caller promises objects and a NULL.
        let objects = unsafe { objects(&mut arguments) };
        object
            .get_attr(name, vm)?
            .call(objects, vm)
            .map(new_reference)
    })
}

/// The objects before a NULL.
///
/// # Safety
/// The arguments are objects; the last is NULL.
unsafe fn objects(arguments: &mut Arguments) -> Vec<PyObjectRef> {
    let mut objects = Vec::new();
    // SAFETY: the caller promises objects and a NULL, and none is read after the NULL.
    while let Some(object) = NonNull::new(unsafe { arguments.object() }) {
        // SAFETY: it is an object, which the caller keeps alive.
        objects.push(unsafe { object.as_ref() }.to_owned());
    }
    objects
}
