//! The functions that slots point to: correct ones, and ones that break the rules of the C API.

use core::cell::Cell;
use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr::{null, null_mut};
use std::sync::LazyLock;

use rustpython_capi::methodobject::{PyMethodDef, PyMethodPointer};

use rustpython_capsule::__private::ffi::CVisit;
use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{PyObject, PyObjectRef};

use super::super::c_api::{PyModule_NewObject, PyObject_SetAttrString};
use super::super::raised;

thread_local! {
    /// The number of calls of `free`.
    pub(crate) static FREED: Cell<u32> = const { Cell::new(0) };
}

/// A function for `Py_mod_create`, or NULL.
pub(crate) fn create(choice: usize) -> *mut c_void {
    let function = match choice {
        0 => return null_mut(),
        1 => create_text as *const (),
        2 => create_nothing as *const (),
        3 => create_and_raise as *const (),
        4 => create_only_raise as *const (),
        _ => create_module as *const (),
    };
    function.cast_mut().cast()
}

/// A function for `Py_mod_exec`, or NULL.
pub(crate) fn exec(choice: usize) -> *mut c_void {
    let function = match choice {
        0 => return null_mut(),
        1 => exec_fails as *const (),
        2 => exec_raises as *const (),
        3 => exec_only_raises as *const (),
        _ => exec_adds as *const (),
    };
    function.cast_mut().cast()
}

/// The function for one of the slots 104 to 106.
pub(crate) fn hook(id: u16) -> *mut c_void {
    let function = match id {
        104 => traverse as *const (),
        105 => clear as *const (),
        _ => free as *const (),
    };
    function.cast_mut().cast()
}

fn give_away(object: impl Into<PyObjectRef>) -> *mut PyObject {
    object.into().into_raw().as_ptr()
}

fn text() -> *mut PyObject {
    with_current_vm(|vm| give_away(vm.ctx.new_str("made")))
}

fn raise() {
    with_current_vm(|vm| raised::make_pending(vm.new_key_error(vm.ctx.new_str("hostile").into())));
}

unsafe extern "C" fn create_module(_: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    let name = text();
    // SAFETY: the thread is attached, and `name` is a str that is alive.
    let module = unsafe { PyModule_NewObject(name) };
    // SAFETY: `text` returned a new reference, which is dropped once.
    drop(unsafe { raised::owned(name) });
    module
}

unsafe extern "C" fn create_text(_: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    text()
}

unsafe extern "C" fn create_nothing(_: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    null_mut()
}

unsafe extern "C" fn create_and_raise(_: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    raise();
    text()
}

unsafe extern "C" fn create_only_raise(_: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    raise();
    null_mut()
}

unsafe extern "C" fn exec_adds(module: *mut PyObject) -> c_int {
    // SAFETY: the thread is attached, and the caller keeps the module alive for the call.
    unsafe { PyObject_SetAttrString(module, c"itself".as_ptr(), module) }
}

unsafe extern "C" fn exec_fails(_: *mut PyObject) -> c_int {
    -1
}

unsafe extern "C" fn exec_raises(_: *mut PyObject) -> c_int {
    raise();
    1
}

unsafe extern "C" fn exec_only_raises(_: *mut PyObject) -> c_int {
    raise();
    0
}

unsafe extern "C" fn traverse(_: *mut PyObject, _: CVisit, _: *mut c_void) -> c_int {
    0
}

unsafe extern "C" fn clear(_: *mut PyObject) -> c_int {
    0
}

unsafe extern "C" fn free(_: *mut c_void) {
    FREED.set(FREED.get() + 1);
}

/// Called for the calling conventions with two parameters, and for invalid ones.
unsafe extern "C" fn call(zelf: *mut PyObject, arguments: *mut PyObject) -> *mut PyObject {
    if zelf.is_null() {
        raise();
    } else if arguments.is_null() {
        return text();
    }
    null_mut()
}

unsafe extern "C" fn call_with_dict(
    _: *mut PyObject,
    _: *mut PyObject,
    names: *mut PyObject,
) -> *mut PyObject {
    if names.is_null() {
        return text();
    }
    raise();
    null_mut()
}

unsafe extern "C" fn call_fast(
    _: *mut PyObject,
    _: *const *mut PyObject,
    count: isize,
) -> *mut PyObject {
    if count == 1 {
        raise();
    }
    text()
}

unsafe extern "C" fn call_fast_with_names(
    _: *mut PyObject,
    _: *const *mut PyObject,
    _: isize,
    _: *mut PyObject,
) -> *mut PyObject {
    text()
}

/// A table of one function for `Py_mod_methods`, or NULL. The first ones are valid. Tables are
/// never freed, since modules keep their address.
pub(crate) fn table(choice: usize) -> *mut c_void {
    let table = TABLES.0.get(choice % (TABLES.0.len() + 1));
    table.map_or(null_mut(), |table| {
        core::ptr::from_ref(table).cast_mut().cast()
    })
}

struct Tables(Vec<[PyMethodDef; 2]>);

// SAFETY: the pointers are to static strings and functions, which never change.
unsafe impl Send for Tables {}
// SAFETY: the pointers are to static strings and functions, which never change.
unsafe impl Sync for Tables {}

/// Flags: the six calling conventions, some with further flags, and invalid combinations.
const FLAGS: [c_int; 17] = [
    0x1,
    0x3,
    0x4,
    0x8,
    0x80,
    0x82,
    0x21,
    0x14,
    0x48,
    0x0,
    0x2,
    0x5,
    0xc,
    0x280,
    0x81,
    -1,
    c_int::MIN,
];

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let names: [Option<&CStr>; 4] = [Some(c"f"), Some(c""), Some(c"\xff"), None];
    let docs: [Option<&CStr>; 3] = [Some(c"Does it."), Some(c"\xff"), None];
    let mut tables = Vec::new();
    for missing in [false, true] {
        for name in names {
            for doc in docs {
                for flags in FLAGS {
                    tables.push(one(flags, name, doc, missing));
                }
            }
        }
    }
    Tables(tables)
});

fn one(flags: c_int, name: Option<&CStr>, doc: Option<&CStr>, missing: bool) -> [PyMethodDef; 2] {
    let address = |text: Option<&CStr>| text.map_or(null(), CStr::as_ptr);
    [
        definition(address(name), method(flags, missing), flags, address(doc)),
        definition(null(), method(0, true), 0, null()),
    ]
}

fn definition(
    name: *const c_char,
    method: PyMethodPointer,
    flags: c_int,
    doc: *const c_char,
) -> PyMethodDef {
    PyMethodDef {
        ml_name: name,
        ml_meth: method,
        ml_flags: flags,
        ml_doc: doc,
    }
}

/// A function with the parameters that the flags require, or NULL.
fn method(flags: c_int, missing: bool) -> PyMethodPointer {
    let function = match flags {
        _ if missing => null(),
        0x3 => call_with_dict as *const (),
        0x80 => call_fast as *const (),
        0x82 => call_fast_with_names as *const (),
        _ => call as *const (),
    };
    // SAFETY: the type is a nullable function pointer in C. The value is NULL, or a function with
    // the parameters of the flags.
    unsafe { core::mem::transmute::<*const (), PyMethodPointer>(function) }
}
