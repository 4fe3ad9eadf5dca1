//! What `PyType_GetSlot` answers for classes that were not made by C code: those of the VM, and
//! Python classes. The VM's slots are Rust functions; the functions here call them with C's calling
//! convention.

mod asynchronous;
mod buffers;
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
use crate::type_record::TypeRecord;
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

/// The function for a slot of a class. Locks of the class are taken only for operators of Python
/// classes and for `tp_str`.
fn function_of(class: &Py<PyType>, id: u16) -> *mut c_void {
    let class = if is_heap_class(class) && numbers::is_python(class, id) == Some(false) {
        above_python(class)
    } else {
        class
    };
    let addresses = fields::addresses(class.slots(), id);
    if addresses == [0; 2] {
        return null_mut();
    }
    let mut definer = class;
    for base in class.iter_base_chain() {
        if fields::addresses(base.slots(), id) != addresses {
            break;
        }
        // The classes from C share the functions in their slots in the VM.
        let record = TypeRecord::of(base);
        let function = record.map_or(null_mut(), |record| record.function(id));
        if !function.is_null() {
            return function;
        }
        definer = base;
    }
    if id == TP_STR && definer.is(Context::genesis().types.object_type) {
        definer = objects::str_definer(class);
    }
    functions::function(owner::owner_of(definer), id)
}

/// The first class in the chain of bases whose operators are not those of Python methods. The VM
/// fills the slots of Python classes below it with functions that call the methods, even if these
/// are of another slot: `list.__add__` is `sq_concat`, but fills `nb_add`.
fn above_python(class: &Py<PyType>) -> &Py<PyType> {
    class
        .iter_base_chain()
        .find(|base| !is_heap_class(base) || TypeRecord::of(base).is_some())
        .unwrap_or(class)
}

/// The `tp_dealloc` of the VM's classes. A class from C calls it for its base; the VM frees the
/// object.
extern "C" fn nothing_to_do(_object: *mut PyObject) {}
