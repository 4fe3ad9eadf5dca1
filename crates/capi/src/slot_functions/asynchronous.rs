//! The slots of awaitable objects and asynchronous iterators. The VM has no such slots; it looks for
//! methods, which are added to the class here.

use core::ffi::c_void;
use core::mem::transmute;

use rustpython_vm::builtins::PyType;
use rustpython_vm::function::{ItemDoc, PyMethodDef, PyMethodFlags};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::call::{function_of, object_result, raw};
use crate::slot_ids::{AM_AITER, AM_ANEXT, AM_AWAIT, SlotId};
use crate::type_record::{LEVELS, TypeRecord};
use crate::vtable::keep;

type Unary = unsafe extern "C" fn(*mut PyObject) -> *mut PyObject;

fn unary<const ID: SlotId, const LEVEL: usize>(
    object: PyObjectRef,
    vm: &VirtualMachine,
) -> PyResult {
    let function = function_of::<LEVEL>(&object, ID, vm)?;
    // SAFETY: C code promised a function of this type for this slot.
    let function = unsafe { transmute::<*mut c_void, Unary>(function) };
    // SAFETY: as above; the argument is alive.
    object_result(ID, &object, vm, || unsafe { function(raw(&object)) })
}

const fn definition<const ID: SlotId, const LEVEL: usize>(
    name: &'static str,
    doc: &'static str,
) -> PyMethodDef {
    let doc = ItemDoc::static_text(doc);
    PyMethodDef::new_const(name, unary::<ID, LEVEL>, PyMethodFlags::METHOD, doc)
}

macro_rules! definitions {
    ($id:ident, $name:literal, $doc:literal) => {
        [
            definition::<$id, 0>($name, $doc),
            definition::<$id, 1>($name, $doc),
            definition::<$id, 2>($name, $doc),
            definition::<$id, 3>($name, $doc),
            definition::<$id, 4>($name, $doc),
            definition::<$id, 5>($name, $doc),
            definition::<$id, 6>($name, $doc),
            definition::<$id, 7>($name, $doc),
        ]
    };
}

static AWAIT: [PyMethodDef; LEVELS] = definitions!(
    AM_AWAIT,
    "__await__",
    "__await__($self, /)\n--\n\nReturn an iterator to be used in await expression."
);
static AITER: [PyMethodDef; LEVELS] = definitions!(
    AM_AITER,
    "__aiter__",
    "__aiter__($self, /)\n--\n\nReturn an awaitable, that resolves in asynchronous iterator."
);
static ANEXT: [PyMethodDef; LEVELS] = definitions!(
    AM_ANEXT,
    "__anext__",
    "__anext__($self, /)\n--\n\nReturn a value or raise StopAsyncIteration."
);

/// Adds the methods for the class's own functions.
///
/// # Errors
/// SystemError if the VM's vtable is unknown.
pub(crate) fn add_methods(
    class: &'static Py<PyType>,
    record: &TypeRecord,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let level = record.content.level.min(LEVELS - 1);
    for (id, definitions) in [(AM_AWAIT, &AWAIT), (AM_AITER, &AITER), (AM_ANEXT, &ANEXT)] {
        if record.is_own(id) {
            let definition = &definitions[level];
            let method = definition.build_method(&vm.ctx, class);
            keep(method.as_object(), class.to_owned().into(), vm)?;
            class.set_attr(vm.ctx.intern_str(definition.name), method.into());
        }
    }
    Ok(())
}
