//! The slots that are no functions: bases and documentation.

use core::ffi::c_void;
use core::ptr::null_mut;

use rustpython_vm::builtins::{PyStr, PyType};
use rustpython_vm::function::plain_doc;
use rustpython_vm::{AsObject, Context, Py};

use super::owner::is_heap_class;
use crate::boundary::borrowed;
use crate::c_string::c_string_of;

/// The first base, a borrowed reference; NULL for `object`. This takes no lock.
pub(super) fn base(class: &Py<PyType>) -> *mut c_void {
    let base = class.base.deref();
    base.map_or(null_mut(), |base| borrowed(base.as_object()).cast())
}

/// The tuple of all bases, a borrowed reference. It is valid until the bases are replaced.
pub(super) fn bases(class: &Py<PyType>) -> *mut c_void {
    let bases = class.bases.read().clone().into_untyped();
    borrowed(bases.as_object()).cast()
}

/// The docstring, a NUL-terminated text that is never freed; NULL if there is none.
pub(super) fn doc(class: &Py<PyType>) -> *mut c_void {
    let ctx = Context::genesis();
    let of_class = || class.get_direct_attr(ctx.intern_str("__doc__"));
    let doc = match plain_doc(class.slots.doc).filter(|_| !is_heap_class(class)) {
        Some(doc) => Some(ctx.intern_str(doc)),
        // An interned text lives forever, and so does its copy for C.
        None => of_class()
            .and_then(|doc| doc.downcast::<PyStr>().ok())
            .map(|doc| ctx.intern_str(doc.as_wtf8())),
    };
    let text = doc.map(|doc| c_string_of(doc.as_object(), doc.as_bytes()));
    match text {
        Some(Ok(text)) => text.as_ptr().cast(),
        Some(Err(_)) | None => null_mut(),
    }
}
