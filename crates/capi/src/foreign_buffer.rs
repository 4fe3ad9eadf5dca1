//! The VM's slot for buffers in classes whose buffer functions are in C.

use rustpython_vm::protocol::{BufferFlags, PyBuffer};
use rustpython_vm::{PyObject, PyResult, VirtualMachine};

use crate::buffer_check::check;
use crate::buffer_view::PyBufferView;
use crate::c_exporter::{CExporter, exporter_of, is_released_in_python};
use crate::foreign_memory::{View, lend};

/// The type of the VM's slot `as_buffer`.
pub(crate) type AsBuffer = fn(&PyObject, BufferFlags, &VirtualMachine) -> PyResult<PyBuffer>;

/// What the slot of such a class contains. A `static`, because the address of a function may differ
/// between the places where it is taken.
pub(crate) static AS_BUFFER: AsBuffer = as_buffer;

/// The buffer functions of an object in C, unless a subclass in Python has replaced one of them.
pub(crate) fn direct_exporter_of(object: &PyObject) -> Option<CExporter> {
    let slot = object.class().slots.as_buffer.load()?;
    if core::ptr::fn_addr_eq(slot, AS_BUFFER) && !is_released_in_python(object) {
        exporter_of(object)
    } else {
        None
    }
}

/// Asks the C function for a view, and makes a buffer of the VM of it.
fn as_buffer(object: &PyObject, flags: BufferFlags, vm: &VirtualMachine) -> PyResult<PyBuffer> {
    let Some(exporter) = exporter_of(object) else {
        let class = object.class();
        let text = format!("a bytes-like object is required, not '{}'", class.name());
        return Err(vm.new_type_error(text));
    };
    // SAFETY: the exporter fills it, or leaves it empty if it fails.
    let view = unsafe { View::new(PyBufferView::empty()) };
    // SAFETY: the functions are those of the object's class, and `view` keeps the fields.
    unsafe { exporter.fill(object, view.address(), flags, vm) }?;
    let source = || format!("{} exports", object.class().name());
    // SAFETY: an exporter that reports success filled the fields as `pybuffer.h` says.
    let checked = unsafe { check(view.fields(), source, vm) }?;
    let keeper = view.fields().obj.is_null().then(|| object.to_owned());
    Ok(lend(view, checked, keeper, vm))
}
