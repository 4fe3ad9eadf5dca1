//! The slots of buffers. `foreign_buffer` has what the VM calls for `bf_getbuffer`, and
//! `foreign_memory` calls `bf_releasebuffer`. Here is the method that Python code calls for it: the
//! VM's own method does not recognize memoryviews of memory of C.

use rustpython_vm::builtins::{PyMemoryView, PyType};
use rustpython_vm::function::{ItemDoc, PyMethodDef, PyMethodFlags};
use rustpython_vm::{AsObject, Py, PyObjectRef, PyRef, PyResult, VirtualMachine};

use crate::foreign_buffer::{AS_BUFFER, direct_exporter_of};
use crate::foreign_memory::looks_at;
use crate::slot_ids::{BF_GETBUFFER, BF_RELEASEBUFFER};
use crate::type_record::TypeRecord;
use crate::vtable::keep;

pub(super) fn fill(record: &TypeRecord) {
    if record.is_own(BF_GETBUFFER) {
        let slots = &record.class().slots;
        slots.as_buffer.store(Some(AS_BUFFER));
        let releases = !record.function(BF_RELEASEBUFFER).is_null();
        slots.has_release_buffer.store(releases);
    }
}

static RELEASE_BUFFER: PyMethodDef = PyMethodDef::new_const(
    "__release_buffer__",
    release_buffer,
    PyMethodFlags::METHOD,
    ItemDoc::static_text(
        "__release_buffer__($self, buffer, /)\n--\n\n\
         Release the buffer object that exposes the underlying memory of the object.",
    ),
);

/// `__release_buffer__`: releases a memoryview of the object.
fn release_buffer(object: PyObjectRef, view: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
    let view: PyRef<PyMemoryView> = view
        .downcast()
        .map_err(|_| vm.new_type_error("expected a memoryview object"))?;
    let is_of_object = looks_at(&view, &object);
    let shown = view.as_object().get_attr("obj", vm);
    if shown.as_ref().is_ok_and(|shown| vm.is_none(shown)) {
        // A view that is about to be released, which `__release_buffer__` in Python got.
        return Ok(());
    }
    if !is_of_object && direct_exporter_of(&object).is_none() {
        // `__buffer__` in Python returned a view of something else, which the VM releases.
        return Ok(());
    }
    if !is_of_object {
        return Err(vm.new_value_error("memoryview's buffer is not this object"));
    }
    if shown.is_err() {
        return Err(vm.new_value_error("memoryview's buffer has already been released"));
    }
    vm.call_method(view.as_object(), "release", ()).map(drop)
}

/// Replaces the VM's method `__release_buffer__`, if the class has a function of its own for it.
///
/// # Errors
/// SystemError if the VM's vtable is unknown.
pub(crate) fn add_release_method(
    class: &'static Py<PyType>,
    record: &TypeRecord,
    vm: &VirtualMachine,
) -> PyResult<()> {
    if record.is_own(BF_RELEASEBUFFER) {
        let method = RELEASE_BUFFER.build_method(&vm.ctx, class);
        keep(method.as_object(), class.to_owned().into(), vm)?;
        class.set_attr(vm.ctx.intern_str(RELEASE_BUFFER.name), method.into());
    }
    Ok(())
}
