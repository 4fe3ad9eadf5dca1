//! `object.h`: what C code asks of classes and of the data of instances. The functions whose names
//! end in `_DuringGC` and [`PyType_GetSlot`] can be called while the collector has stopped all
//! threads: they take no lock and do not enter the VM.

use core::ffi::{c_int, c_void};
use core::ptr::{NonNull, fn_addr_eq, null_mut};

use rustpython_capi::object::PyTypeObject;
use rustpython_vm::builtins::PyType;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef};

use super::making::{PyType_GenericAlloc, class_argument};
use crate::boundary::{SyncPtr, argument, borrowed, enter, new_reference};
use crate::extension_module::ExtensionModule;
use crate::instance::{item_data, object_free, type_data};
use crate::moduleobject::PyModule_GetState;
use crate::slot_ids::*;
use crate::type_record::TypeRecord;

/// The data that `class` has in an instance. NULL with TypeError if the object is no instance of
/// the class, and with SystemError if the class is not from C.
///
/// # Safety
/// `object` is NULL or an object; `class` is NULL or a class.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_GetTypeData(
    object: *mut PyObject,
    class: *mut PyTypeObject,
) -> *mut c_void {
    // SAFETY: the demands are the same.
    match unsafe { data_or_none(object, class) } {
        Some(data) => data.as_ptr().cast(),
        // SAFETY: the demands are the same.
        None => unsafe { no_type_data(object, class) },
    }
}

/// # Safety
/// As for [`PyObject_GetTypeData`].
#[inline(always)]
unsafe fn data_or_none(object: *mut PyObject, class: *mut PyTypeObject) -> Option<NonNull<u8>> {
    // SAFETY: `object` is NULL or an object, which the caller keeps alive.
    let object = unsafe { object.as_ref() }?;
    // SAFETY: `class` is NULL or a class, which the caller keeps alive.
    let class = unsafe { class.as_ref() }?;
    type_data(object, class)
}

/// Raises the exception of [`PyObject_GetTypeData`].
///
/// # Safety
/// As for [`PyObject_GetTypeData`].
#[cold]
unsafe fn no_type_data(object: *mut PyObject, class: *mut PyTypeObject) -> *mut c_void {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let object = unsafe { argument(object, vm) }?;
        // SAFETY: `class` is NULL or a class, which the caller keeps alive.
        let class = unsafe { class_argument(class, vm) }?;
        let name = class.name().to_string();
        Err(if TypeRecord::of(class).is_none() {
            vm.new_system_error(format!("type '{name}' has no data for C code"))
        } else if object.class().fast_issubclass(class) {
            vm.no_memory_error()
        } else {
            let other = object.class().name().to_string();
            vm.new_type_error(format!("expected an instance of '{name}', got '{other}'"))
        })
    })
}

/// As [`PyObject_GetTypeData`], without an exception.
///
/// # Safety
/// As for [`PyObject_GetTypeData`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_GetTypeData_DuringGC(
    object: *mut PyObject,
    class: *mut PyTypeObject,
) -> *mut c_void {
    // SAFETY: the demands are the same.
    unsafe { data_or_none(object, class) }.map_or(null_mut(), |data| data.as_ptr().cast())
}

/// The size of the data that a class has in its instances, in bytes: what the class asked for,
/// rounded up. 0 for a class that is not from C. -1 with SystemError for NULL.
///
/// # Safety
/// `class` is NULL or a class.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GetTypeDataSize(class: *mut PyTypeObject) -> isize {
    enter(|vm| {
        // SAFETY: `class` is NULL or a class, which the caller keeps alive.
        let class = unsafe { class_argument(class, vm) }?;
        let size = TypeRecord::of(class).map_or(0, |record| record.content.size);
        Ok(size.cast_signed())
    })
}

/// The items of an instance of a class that was made with `Py_TPFLAGS_ITEMS_AT_END`. NULL with
/// TypeError for another object.
///
/// # Safety
/// `object` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyObject_GetItemData(object: *mut PyObject) -> *mut c_void {
    enter(|vm| {
        // SAFETY: `object` is NULL or an object, which the caller keeps alive.
        let object = unsafe { argument(object, vm) }?;
        let record = TypeRecord::nearest(object.class());
        let at_end = record.is_some_and(|record| {
            record
                .chain()
                .any(|record| record.content.flags & ITEMS_AT_END != 0)
        });
        match item_data(object) {
            Some((items, _)) if at_end => Ok(items.as_ptr().cast()),
            _ => {
                let class = object.class().name().to_string();
                Err(vm.new_type_error(format!(
                    "type '{class}' does not have Py_TPFLAGS_ITEMS_AT_END"
                )))
            }
        }
    })
}

const ITEMS_AT_END: u64 = 1 << 23;

/// A function or an object of a class, by the id of its slot; a borrowed reference if it is an
/// object. NULL if the class has none. NULL with SystemError if there is no such slot.
///
/// `Py_tp_free` is a function that does nothing: the VM frees the memory of an object after its
/// `tp_dealloc`.
///
/// # Safety
/// `class` is NULL or a class.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GetSlot(class: *mut PyTypeObject, slot: c_int) -> *mut c_void {
    // SAFETY: `class` is NULL or a class, which the caller keeps alive.
    let class = unsafe { class.as_ref() };
    let id = u16::try_from(slot).map(current_id);
    match (class, id) {
        (Some(class), Ok(id)) if slot_name(id).is_some() => slot_of(class, id),
        _ => enter(|vm| Err(vm.new_system_error("bad argument to internal function"))),
    }
}

fn slot_of(class: &Py<PyType>, id: SlotId) -> *mut c_void {
    match id {
        TP_FREE => return object_free as *const () as *mut c_void,
        TP_BASE => return class.base.deref().map_or(null_mut(), address),
        TP_TOKEN => {
            return TypeRecord::of(class).map_or(null_mut(), |record| record.content.token);
        }
        _ => {}
    }
    // A class of Python code has the functions of the class from C above it where it cannot replace
    // them.
    let record = match id {
        TP_ALLOC | TP_DEALLOC | TP_TRAVERSE | TP_CLEAR => TypeRecord::nearest(class),
        TP_NEW => TypeRecord::nearest(class).filter(|record| {
            let inherited = record.class().slots.new.load();
            match (class.slots.new.load(), inherited) {
                (Some(own), Some(inherited)) => fn_addr_eq(own, inherited),
                (own, inherited) => own.is_none() && inherited.is_none(),
            }
        }),
        _ => TypeRecord::of(class),
    };
    let function = record.map_or(null_mut(), |record| record.function(id));
    if !function.is_null() {
        return function;
    }
    match id {
        TP_ALLOC => PyType_GenericAlloc as *const () as *mut c_void,
        TP_TRAVERSE | TP_CLEAR => null_mut(),
        _ => crate::type_slots::slot_of_vm_type(class, id),
    }
}

fn address(class: &Py<PyType>) -> *mut c_void {
    borrowed(class.as_object()).cast()
}

/// The module that a class was made with. A borrowed reference; NULL with TypeError if there is
/// none.
///
/// # Safety
/// `class` is NULL or a class.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GetModule(class: *mut PyTypeObject) -> *mut PyObject {
    // SAFETY: the demands are the same.
    let module = unsafe { PyType_GetModule_DuringGC(class) };
    if !module.is_null() {
        return module;
    }
    enter(|vm| {
        // SAFETY: `class` is NULL or a class, which the caller keeps alive.
        let class = unsafe { class_argument(class, vm) }?;
        let name = class.name().to_string();
        let what = match TypeRecord::of(class) {
            None => "is not a heap type",
            Some(_) => "has no associated module",
        };
        Err(vm.new_type_error(format!("PyType_GetModule: Type '{name}' {what}")))
    })
}

/// As [`PyType_GetModule`], without an exception.
///
/// # Safety
/// `class` is NULL or a class.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GetModule_DuringGC(class: *mut PyTypeObject) -> *mut PyObject {
    // SAFETY: `class` is NULL or a class, which the caller keeps alive.
    let class = unsafe { class.as_ref() };
    class
        .and_then(TypeRecord::of)
        .and_then(|record| record.content.module.as_deref())
        .map_or(null_mut(), borrowed)
}

/// The state of the module that a class was made with. NULL if it has none; NULL with TypeError if
/// there is no module.
///
/// # Safety
/// `class` is NULL or a class.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GetModuleState(class: *mut PyTypeObject) -> *mut c_void {
    // SAFETY: the demands are the same.
    let module = unsafe { PyType_GetModule(class) };
    if module.is_null() {
        return null_mut();
    }
    // SAFETY: it is a module, which the class keeps alive.
    unsafe { PyModule_GetState(module) }
}

/// As [`PyType_GetModuleState`], without an exception.
///
/// # Safety
/// `class` is NULL or a class.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GetModuleState_DuringGC(class: *mut PyTypeObject) -> *mut c_void {
    // SAFETY: the demands are the same.
    let module = unsafe { PyType_GetModule_DuringGC(class) };
    // SAFETY: it is NULL or a module, which the class keeps alive.
    let module = unsafe { module.as_ref() };
    let module = module.and_then(PyObject::downcast_ref::<ExtensionModule>);
    module.map_or(null_mut(), |module| module.state())
}

/// The module with this token among those that a class and its bases were made with.
fn module_by_token(class: &Py<PyType>, token: *const c_void) -> Option<&PyObject> {
    let of = |record: &TypeRecord| {
        let module = record.content.module.as_deref()?;
        let extension = module.downcast_ref::<ExtensionModule>()?;
        core::ptr::eq(extension.token(), token).then(|| borrowed(module))
    };
    let nearest = TypeRecord::nearest(class)?;
    // SAFETY: the class keeps the module alive.
    nearest
        .chain()
        .find_map(of)
        .map(|module| unsafe { &*module })
}

/// The module whose token is `token`, among those that a class and its bases were made with. A new
/// reference; NULL with TypeError if there is none.
///
/// # Safety
/// `class` is NULL or a class.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GetModuleByToken(
    class: *mut PyTypeObject,
    token: *const c_void,
) -> *mut PyObject {
    let token = SyncPtr(token.cast_mut());
    enter(|vm| {
        // SAFETY: `class` is NULL or a class, which the caller keeps alive.
        let class = unsafe { class_argument(class, vm) }?;
        match module_by_token(class, token.0) {
            Some(module) => Ok(new_reference(module.to_owned())),
            None => {
                let name = class.name().to_string();
                Err(vm.new_type_error(format!(
                    "PyType_GetModuleByToken: No superclass of '{name}' has the given module"
                )))
            }
        }
    })
}

/// As [`PyType_GetModuleByToken`], but a borrowed reference and without an exception.
///
/// # Safety
/// `class` is NULL or a class.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GetModuleByToken_DuringGC(
    class: *mut PyTypeObject,
    token: *const c_void,
) -> *mut PyObject {
    // SAFETY: `class` is NULL or a class, which the caller keeps alive.
    let class = unsafe { class.as_ref() };
    class
        .and_then(|class| module_by_token(class, token))
        .map_or(null_mut(), borrowed)
}

/// The nearest class with this token in the chain of bases. Two classes can only be beside one
/// another if the instances have no data of one of them.
fn base_by_token(class: &Py<PyType>, token: *const c_void) -> Option<&Py<PyType>> {
    TypeRecord::nearest(class)?
        .chain()
        .find(|record| core::ptr::eq(record.content.token, token))
        .map(TypeRecord::class)
}

/// Finds the class whose token is `token` among a class and its bases. Returns 1 and stores a new
/// reference in `result`; or 0, and stores NULL. Returns -1 with an exception, and stores NULL, for
/// a NULL token or an object that is no class. Nothing is stored if `result` is NULL.
///
/// # Safety
/// `class` is NULL or an object; `result` is NULL or can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GetBaseByToken(
    class: *mut PyTypeObject,
    token: *mut c_void,
    result: *mut *mut PyTypeObject,
) -> c_int {
    let mut found: *mut PyTypeObject = null_mut();
    let status = enter(|vm| {
        if token.is_null() {
            let text = "PyType_GetBaseByToken called with token=NULL";
            return Err(vm.new_system_error(text));
        }
        // SAFETY: `class` is NULL or an object, which the caller keeps alive.
        let object = unsafe { argument(class.cast(), vm) }?;
        let Some(class) = object.downcast_ref::<PyType>() else {
            let other = object.class().name().to_string();
            return Err(vm.new_type_error(format!("expected a type, got a '{other}' object")));
        };
        if let Some(base) = base_by_token(class, token) {
            found = new_reference(base.to_owned()).cast();
        }
        Ok(c_int::from(!found.is_null()))
    });
    if !result.is_null() {
        // SAFETY: it is not NULL, so it can be written to.
        unsafe { result.write(found) };
    } else if let Some(unused) = NonNull::new(found) {
        // SAFETY: it is the reference from above.
        drop(unsafe { PyObjectRef::from_raw(unused.cast()) });
    }
    status
}

/// As [`PyType_GetBaseByToken`], but a borrowed reference, and 0 instead of an exception.
///
/// # Safety
/// `class` is NULL or a class; `result` is NULL or can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyType_GetBaseByToken_DuringGC(
    class: *mut PyTypeObject,
    token: *mut c_void,
    result: *mut *mut PyTypeObject,
) -> c_int {
    // SAFETY: `class` is NULL or a class, which the caller keeps alive.
    let class = unsafe { class.as_ref() };
    let found = class
        .filter(|_| !token.is_null())
        .and_then(|class| base_by_token(class, token));
    let address = found.map_or(null_mut(), |class| core::ptr::from_ref(class).cast_mut());
    if !result.is_null() {
        // SAFETY: it is not NULL, so it can be written to.
        unsafe { result.write(address) };
    }
    c_int::from(found.is_some())
}
