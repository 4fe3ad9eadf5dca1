//! What `PyType_GetSlot` answers for classes that were not made by C code: those of the VM, and
//! Python classes. The VM's slots are Rust functions; the functions here call them with C's calling
//! convention.

mod asynchronous;
mod containers;
mod data;
mod fields;
mod functions;
mod numbers;
mod objects;
mod owner;

use core::ffi::c_void;
use core::ptr::null_mut;

use rustpython_vm::builtins::PyType;
use rustpython_vm::{AsObject, Context, Py, PyObject};

use crate::instance;
use crate::slot_ids::*;
use owner::is_heap_class;

/// The content of a slot; NULL if it is empty or if there is no slot of this number. Old and new
/// numbers of `bf_…`, `mp_ass_subscript` and `mp_length` mean the same.
///
/// - A function for objects of the class, with the signature that CPython documents. A class that
///   inherits a slot has the function of its base.
/// - `tp_base` and `tp_bases`: a borrowed reference.
/// - `tp_doc`: a NUL-terminated text that is never freed.
/// - `tp_traverse`, `tp_clear`: NULL, since the VM traverses its part of each object itself. So are
///   `tp_methods`, `tp_members` and `tp_getset`: the VM has no such arrays.
///
/// The thread need not be attached to an interpreter. The collector may ask for `tp_traverse`,
/// `tp_clear` and `tp_base` while it has stopped all threads: these take no lock and do not allocate.
pub(crate) fn slot_of_vm_type(class: &Py<PyType>, id: u16) -> *mut c_void {
    let id = current_id(id);
    match id {
        TP_BASE => data::base(class),
        TP_BASES => data::bases(class),
        TP_DOC => data::doc(class),
        TP_FREE => instance::object_free as *const () as *mut c_void,
        TP_DEALLOC => nothing_to_do as *const () as *mut c_void,
        TP_IS_GC => {
            let metaclass = Context::genesis().types.type_type;
            let is_metaclass = class.iter_base_chain().any(|base| base.is(metaclass));
            let owner = owner::owner_of(metaclass);
            if is_metaclass {
                functions::function(owner, id)
            } else {
                null_mut()
            }
        }
        AM_AWAIT | AM_AITER | AM_ANEXT | AM_SEND => {
            let has = asynchronous::has(class, id);
            if has {
                functions::function(owner::CLASS, id)
            } else {
                null_mut()
            }
        }
        _ => function_of(class, id),
    }
}

fn function_of(class: &Py<PyType>, id: u16) -> *mut c_void {
    // The VM fills the slot of an operator for a Python class whose base has the method only.
    let class = match is_heap_class(class) && numbers::is_python(class, id) == Some(false) {
        true => owner::static_base(class),
        false => class,
    };
    let addresses = fields::addresses(class.slots(), id);
    if addresses == [0; 2] {
        return null_mut();
    }
    // Of the bases, the farthest one that has the same functions.
    let definer = class
        .iter_base_chain()
        .take_while(|base| fields::addresses(base.slots(), id) == addresses)
        .last()
        .unwrap_or(class);
    let definer = match id == TP_STR && objects::has_str_method_only(owner::static_base(class)) {
        true if definer.is(Context::genesis().types.object_type) => objects::str_definer(class),
        _ => definer,
    };
    functions::function(owner::owner_of(definer), id)
}

/// The `tp_dealloc` of the VM's classes. A class from C calls it for its base; the VM frees the
/// object.
extern "C" fn nothing_to_do(_object: *mut PyObject) {}
