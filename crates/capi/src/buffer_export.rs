//! Buffers of the VM as C sees them: fills a `Py_buffer` from one, and keeps it exported until C
//! releases the view. Objects whose class is made by C code export their buffers themselves.

use core::ffi::{CStr, c_int};
use core::ptr::{NonNull, null_mut};
use std::borrow::Cow;
use std::ffi::CString;

use rustpython_capsule::__private::run_isolated;
use rustpython_vm::builtins::PyByteArray;
use rustpython_vm::protocol::{BufferDescriptor, BufferFlags, PyBuffer};
use rustpython_vm::{PyObject, PyResult, VirtualMachine};

use crate::boundary::new_reference;
use crate::buffer_view::PyBufferView;
use crate::c_string;

/// What a view of C's keeps alive. The field `internal` has its address.
#[derive(Debug)]
struct Export {
    /// Exported as long as this exists.
    _buffer: PyBuffer,
    format: Cow<'static, CStr>,
    dimensions: Dimensions,
}

/// The shape, followed by the strides.
#[derive(Debug)]
enum Dimensions {
    One([isize; 2]),
    Any(Box<[isize]>),
}

impl Dimensions {
    fn of(description: &BufferDescriptor) -> Self {
        let all = &description.dim_desc;
        if let [(count, stride, _)] = **all {
            return Self::One([as_signed(count), stride]);
        }
        let shape = all.iter().map(|(count, ..)| as_signed(*count));
        let strides = all.iter().map(|(_, stride, _)| *stride);
        Self::Any(shape.chain(strides).collect())
    }

    fn shape_and_strides(&self) -> (&[isize], &[isize]) {
        let all: &[isize] = match self {
            Self::One(all) => all,
            Self::Any(all) => all,
        };
        all.split_at(all.len() / 2)
    }
}

// C code may release a view on any thread.
const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<Export>();
};

/// The view of a buffer, for a request with these flags. The view owns a reference to the exporter.
///
/// # Errors
/// BufferError if the buffer cannot be described as the flags demand.
pub(crate) fn export(
    buffer: PyBuffer,
    flags: BufferFlags,
    vm: &VirtualMachine,
) -> PyResult<PyBufferView> {
    let description = &buffer.desc;
    // Most exporters of the VM do not look at these flags.
    if let Some(problem) = problem(description, flags) {
        return Err(vm.new_buffer_error(format!("memoryview: underlying buffer {problem}")));
    }
    let format = match &*description.format {
        "B" => Cow::Borrowed(c"B"),
        format => {
            let format = CString::new(format);
            let format = format.map_err(|_| vm.new_buffer_error("a format contains a NUL"))?;
            Cow::Owned(format)
        }
    };
    let dimensions = Dimensions::of(description);
    let mut view = PyBufferView {
        buf: address(&buffer).cast(),
        obj: null_mut(),
        len: as_signed(description.len),
        itemsize: as_signed(description.itemsize),
        readonly: c_int::from(description.readonly),
        ndim: 1,
        format: null_mut(),
        shape: null_mut(),
        strides: null_mut(),
        suboffsets: null_mut(),
        internal: null_mut(),
    };
    if flags.contains(BufferFlags::ND) {
        view.ndim = c_int::try_from(description.ndim()).unwrap_or(c_int::MAX);
    }
    view.obj = new_reference(buffer.obj.clone());
    let export = Box::new(Export {
        _buffer: buffer,
        format,
        dimensions,
    });
    let (shape, strides) = export.dimensions.shape_and_strides();
    if flags.contains(BufferFlags::FORMAT) {
        view.format = export.format.as_ptr().cast_mut();
    }
    if flags.contains(BufferFlags::ND) && !shape.is_empty() {
        view.shape = shape.as_ptr().cast_mut();
    }
    if flags.contains(BufferFlags::STRIDES) && !strides.is_empty() {
        view.strides = strides.as_ptr().cast_mut();
    }
    view.internal = Box::into_raw(export).cast();
    Ok(view)
}

/// Why a buffer cannot be described as the flags demand, in the words of CPython's memoryview.
fn problem(description: &BufferDescriptor, flags: BufferFlags) -> Option<&'static str> {
    let in_c_order = description.is_contiguous();
    let in_fortran_order = description.is_fortran_contiguous();
    if flags.contains(BufferFlags::C_CONTIGUOUS) && !in_c_order {
        return Some("is not C-contiguous");
    }
    if flags.contains(BufferFlags::F_CONTIGUOUS) && !in_fortran_order {
        return Some("is not Fortran contiguous");
    }
    if flags.contains(BufferFlags::ANY_CONTIGUOUS) && !in_c_order && !in_fortran_order {
        return Some("is not contiguous");
    }
    // The VM adds suboffsets to addresses and follows no pointers, so C cannot be told of them.
    if description.has_suboffsets() {
        return Some("requires suboffsets");
    }
    if !flags.contains(BufferFlags::STRIDES) && !in_c_order {
        return Some("is not C-contiguous");
    }
    None
}

/// The address of the first item. It is valid as long as the buffer is exported.
///
/// The address is taken under the lock of the exporter, and used without it, as everywhere in the C
/// API. It is taken from the bytes for reading, since the VM's bytes for writing may be a copy, and
/// wait for threads that are reading.
fn address(buffer: &PyBuffer) -> *mut u8 {
    let bytes = buffer.obj_bytes();
    if bytes.is_empty() {
        // The VM has no address for empty memory.
        return c_string::empty().as_ptr().cast();
    }
    // A view of no items can be anywhere.
    let offset = usize::try_from(buffer.desc.offset).unwrap_or(0);
    let offset = offset.min(bytes.len());
    bytes.as_ptr().cast_mut().wrapping_add(offset)
}

/// Sizes and lengths are those of memory that exists, or 0 times something.
fn as_signed(size: usize) -> isize {
    isize::try_from(size).unwrap_or(isize::MAX)
}

/// Ends the export of a view that [`export`] made. `exporter` is the object that it refers to.
///
/// # Safety
/// `internal` is the field of that view, and it is not used again.
pub(crate) unsafe fn end(internal: NonNull<()>, exporter: &PyObject) {
    // SAFETY: `export` made it from a box, and it is not used again.
    let export = unsafe { Box::from_raw(internal.cast::<Export>().as_ptr()) };
    let runs_python = exporter.class().slots.python_release_buffer.load();
    if exporter.downcast_ref::<PyByteArray>().is_some() && !runs_python {
        // Only a counter changes.
        drop(export);
    } else {
        run_isolated(Some(exporter), || drop(export));
    }
}
