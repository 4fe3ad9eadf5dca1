//! Objects whose class exports buffers by functions of C code. Here are these functions, and which
//! ones an object has.

use core::ffi::{c_int, c_void};
use core::ptr::NonNull;

use rustpython_capsule::__private::run_isolated;
use rustpython_vm::protocol::BufferFlags;
use rustpython_vm::{AsObject, Context, PyObject, PyResult, VirtualMachine};

use crate::boundary::{borrowed, call_c, checked_result};
use crate::buffer_export;
use crate::buffer_view::PyBufferView;
use crate::instance::record_of;
use crate::refcount::_Py_DecRef;
use crate::slot_ids::{BF_GETBUFFER, BF_RELEASEBUFFER};

/// `getbufferproc`: fills a view for a request with these flags. Returns 0, or -1 with an exception.
pub(crate) type GetBuffer =
    unsafe extern "C" fn(object: *mut PyObject, view: *mut PyBufferView, flags: c_int) -> c_int;

/// `releasebufferproc`: frees what belongs to a view, but not the reference to the exporter.
pub(crate) type ReleaseBuffer =
    unsafe extern "C" fn(object: *mut PyObject, view: *mut PyBufferView);

/// The buffer functions of a class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CExporter {
    pub(crate) get: GetBuffer,
    pub(crate) release: Option<ReleaseBuffer>,
}

/// The buffer functions that C code gave to the class of an object or to one of its bases, whatever
/// its subclasses in Python define.
pub(crate) fn exporter_of(object: &PyObject) -> Option<CExporter> {
    let record = record_of(object)?;
    let get = record.function(BF_GETBUFFER);
    if get.is_null() {
        return None;
    }
    // SAFETY: C code promised a function of this type for this slot.
    let get = unsafe { core::mem::transmute::<*mut c_void, GetBuffer>(get) };
    let release = record.function(BF_RELEASEBUFFER);
    // SAFETY: as above; NULL is `None`.
    let release = unsafe { core::mem::transmute::<*mut c_void, Option<ReleaseBuffer>>(release) };
    Some(CExporter { get, release })
}

/// Whether a subclass in Python has replaced `__release_buffer__` of a class from C.
pub(crate) fn is_released_in_python(object: &PyObject) -> bool {
    let class = object.class();
    // Set for every subclass in Python, since the method of a class from C is not one of the VM.
    if !class.slots.python_release_buffer.load() {
        return false;
    }
    let ctx = Context::genesis();
    let method = class.get_attr(ctx.intern_str("__release_buffer__"));
    method.is_some_and(|method| !method.class().is(ctx.types.method_descriptor_type))
}

impl CExporter {
    /// Has the object fill a view.
    ///
    /// # Errors
    /// The exception of the C function; SystemError if it contradicts the result.
    ///
    /// # Safety
    /// The functions are those of the object's class, and `view` can be written to until it is
    /// released.
    pub(crate) unsafe fn fill(
        self,
        object: &PyObject,
        view: NonNull<PyBufferView>,
        flags: BufferFlags,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let flags = flags.bits().cast_signed();
        // SAFETY: C code promised, in its slots, that it is a `getbufferproc` for the object. The
        // caller passes a view.
        let fill = || unsafe { (self.get)(borrowed(object), view.as_ptr(), flags) };
        let (status, raised) = call_c(vm, fill);
        let filled = (status >= 0).then_some(());
        let contradiction = |what| format!("bf_getbuffer of {} {what}", object.class().name());
        let result = checked_result(filled, raised, contradiction, vm);
        if result.is_err() {
            if filled.is_some() {
                // SAFETY: the function reported that it filled the view.
                unsafe { release(view) };
            }
            // SAFETY: the caller passes a view that can be written to.
            let obj = unsafe { &raw mut (*view.as_ptr()).obj };
            // SAFETY: as above.
            unsafe { obj.write(core::ptr::null_mut()) };
        }
        result
    }
}

/// Releases a view: tells the exporter, and drops the reference to it. Does nothing if the view has
/// no exporter, so a view can be released twice. Any thread may call this.
///
/// # Safety
/// The view was filled by an exporter, or has no exporter. No copy of it was released.
pub(crate) unsafe fn release(view: NonNull<PyBufferView>) {
    // SAFETY: the view is valid, and no other code changes it meanwhile.
    let PyBufferView { obj, internal, .. } = *unsafe { view.as_ref() };
    // SAFETY: NULL, or a reference that the view owns.
    let Some(exporter) = (unsafe { obj.as_ref() }) else {
        return;
    };
    match exporter_of(exporter) {
        Some(functions) => {
            if let Some(release) = functions.release {
                // SAFETY: C code promised, in its slots, that it is a `releasebufferproc` for the
                // object, which filled the view.
                run_isolated(Some(exporter), || unsafe { release(obj, view.as_ptr()) });
            }
        }
        None => {
            if let Some(internal) = NonNull::new(internal) {
                // SAFETY: the field belongs to the exporter, which is an object of the VM, so
                // `export` set it. The reference is dropped below, so this happens once.
                unsafe { buffer_export::end(internal.cast(), exporter) };
            }
        }
    }
    // SAFETY: the view is valid.
    let field = unsafe { &raw mut (*view.as_ptr()).obj };
    // SAFETY: as above.
    unsafe { field.write(core::ptr::null_mut()) };
    // SAFETY: the view owned this reference.
    unsafe { _Py_DecRef(obj) };
}
