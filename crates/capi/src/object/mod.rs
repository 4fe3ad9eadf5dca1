//! `object.h`: classes, attributes and constants. `refcount` has the functions for references. The
//! other functions of the header come from `rustpython-capi`.

mod attributes;
mod changes;
mod constants;
mod making;
mod reading;

pub(crate) use attributes::attribute_name;
pub use attributes::*;
pub use changes::*;
pub use constants::*;
pub use making::*;
pub use reading::*;

use core::ffi::{c_int, c_ulong};

use rustpython_capi::object::PyTypeObject;
use rustpython_vm::builtins::{PyStr, PyType};
use rustpython_vm::types::PyTypeFlags;
use rustpython_vm::{AsObject, Context, Py, PyObject, PyRef, PyResult, VirtualMachine};

use crate::boundary::{argument, bad_internal_call, enter, new_reference};
use crate::type_record::TypeRecord;

const IMMUTABLETYPE: u64 = 1 << 8;
const HEAPTYPE: u64 = 1 << 9;
const READY: u64 = 1 << 12;
const HAVE_GC: u64 = 1 << 14;
/// SEQUENCE, MAPPING, DISALLOW_INSTANTIATION, IMMUTABLETYPE, HEAPTYPE, BASETYPE, METHOD_DESCRIPTOR,
/// IS_ABSTRACT: the flags that have the same bits in the VM.
const SHARED_WITH_VM: u64 = 0x7e0 | 1 << 17 | 1 << 20;

/// The flags of a class: the bits of `Py_TPFLAGS_…` that CPython documents.
///
/// # Safety
/// `class` is a class, and not NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GetFlags(class: *mut PyTypeObject) -> c_ulong {
    // SAFETY: `class` is a class, which the caller keeps alive.
    let class = unsafe { &*class };
    let ctx = Context::genesis();
    let types = &ctx.types;
    let given = TypeRecord::of(class).map_or(0, |record| record.content.flags);
    let mut flags = class.slots.flags.load().bits() & SHARED_WITH_VM | READY | given;
    let subclasses = [
        types.int_type,
        types.list_type,
        types.tuple_type,
        types.bytes_type,
        types.str_type,
        types.dict_type,
        ctx.exceptions.base_exception_type,
        types.type_type,
    ];
    for (bit, base) in (24..).zip(subclasses) {
        flags |= u64::from(class.is_subtype(base)) << bit;
    }
    if flags & HEAPTYPE == 0 {
        flags |= IMMUTABLETYPE;
    }
    let without_references = [
        types.object_type,
        types.none_type,
        types.ellipsis_type,
        types.not_implemented_type,
        types.bool_type,
        types.int_type,
        types.float_type,
        types.complex_type,
        types.str_type,
        types.bytes_type,
        types.bytearray_type,
        types.range_type,
        types.range_iterator_type,
        types.long_range_iterator_type,
        types.code_type,
    ];
    if given == 0 && !without_references.iter().any(|other| class.is(*other)) {
        flags |= HAVE_GC;
    }
    flags
}

/// 1 if a class has at least one of these flags, otherwise 0. An inline function in CPython.
///
/// # Safety
/// `class` is a class, and not NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_HasFeature(class: *mut PyTypeObject, flags: c_ulong) -> c_int {
    // SAFETY: it makes the same demand as this function.
    c_int::from(unsafe { PyType_GetFlags(class) } & flags != 0)
}

/// 1 if the class of `object` is `class` or derived from it; else 0, including for NULL.
///
/// # Safety
/// `object` is NULL or an object, and `class` NULL or a class.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_TypeCheck(
    object: *mut PyObject,
    class: *mut PyTypeObject,
) -> c_int {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    let object = unsafe { object.as_ref() };
    // SAFETY: `class` is NULL or a class, which the caller keeps alive.
    let class = unsafe { class.as_ref() };
    let is = object.zip(class);
    c_int::from(is.is_some_and(|(object, class)| is_derived(object.class(), class)))
}

/// 1 if `class` is `base` or derived from it; else 0, including for NULL.
///
/// # Safety
/// Both are NULL or classes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_IsSubtype(
    class: *mut PyTypeObject,
    base: *mut PyTypeObject,
) -> c_int {
    // SAFETY: `class` is NULL or a class, which the caller keeps alive.
    let class = unsafe { class.as_ref() };
    // SAFETY: `base` is NULL or a class, which the caller keeps alive.
    let base = unsafe { base.as_ref() };
    let both = class.zip(base);
    c_int::from(both.is_some_and(|(class, base)| is_derived(class, base)))
}

/// Whether `class` is `base` or derived from it. The collector takes away the method resolution order
/// of a class, but `tp_dealloc` of its instances can still ask.
fn is_derived(class: &Py<PyType>, base: &Py<PyType>) -> bool {
    class.is_subtype(base)
        || (class.mro.read().is_empty() && class.iter_base_chain().any(|each| each.is(base)))
}

/// The full name of a class, `module.qualified.name`, without the module if that is `builtins` or
/// `__main__`. Returns a new reference, or NULL with an exception.
///
/// # Safety
/// `class` is NULL or a class.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GetFullyQualifiedName(class: *mut PyTypeObject) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: `class` is NULL or a class, which the caller keeps alive.
        let class = unsafe { argument(class.cast(), vm) }?;
        let class = class.downcast_ref::<PyType>();
        let name = full_name(class.ok_or_else(|| bad_internal_call(vm))?, '.', vm)?;
        Ok(new_reference(name))
    })
}

/// The full name of a class, with this character between the module and the qualified name.
///
/// # Errors
/// AttributeError if the class has no `__module__`.
pub(crate) fn full_name(
    class: &Py<PyType>,
    separator: char,
    vm: &VirtualMachine,
) -> PyResult<PyRef<PyStr>> {
    if !class.slots.flags.has_feature(PyTypeFlags::HEAPTYPE) {
        let name = class.slot_name();
        return Ok(vm.ctx.new_str(match name.rsplit_once('.') {
            Some((module, name)) => format!("{module}{separator}{name}"),
            None => name.to_owned(),
        }));
    }
    let name = class.__qualname__(vm);
    let name = name.try_into_value::<PyRef<PyStr>>(vm)?;
    let module = class.__module__(vm)?;
    let Some(module) = module.downcast_ref::<PyStr>() else {
        return Ok(name);
    };
    if ["builtins", "__main__"].contains(&module.to_str().unwrap_or_default()) {
        return Ok(name);
    }
    let mut full = module.as_wtf8().to_owned();
    full.push_char(separator);
    full.push_wtf8(name.as_wtf8());
    Ok(vm.ctx.new_str(full))
}
