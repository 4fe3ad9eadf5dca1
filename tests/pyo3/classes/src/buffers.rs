//! Classes that export buffers, and functions that read buffers.

use core::ffi::{c_int, c_void};
use core::ptr;

use pyo3::buffer::{PyBuffer, PyUntypedBuffer};
use pyo3::exceptions::{PyBufferError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;

use crate::ledger::Counted;

/// Bytes that can be written while they are exported, but not grown.
#[pyclass(module = "pyo3_classes", subclass)]
pub(crate) struct Block {
    bytes: Vec<u8>,
    exports: usize,
    _counted: Counted,
}

#[pymethods]
impl Block {
    #[new]
    fn new(bytes: Vec<u8>) -> Self {
        let (exports, _counted) = (0, Counted::new("Block"));
        Self {
            bytes,
            exports,
            _counted,
        }
    }

    #[getter]
    fn exports(&self) -> usize {
        self.exports
    }

    fn grow(&mut self, byte: u8) -> PyResult<()> {
        if self.exports > 0 {
            return Err(PyBufferError::new_err("exported"));
        }
        self.bytes.push(byte);
        Ok(())
    }

    unsafe fn __getbuffer__(
        slf: &Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let mut this = slf.borrow_mut();
        let (start, length) = (this.bytes.as_mut_ptr(), this.bytes.len() as isize);
        let object = slf.as_ptr();
        // SAFETY: the consumer gives a `Py_buffer`. The bytes stay where they are until it gives the
        // buffer back, since they do not grow meanwhile.
        let filled = unsafe {
            ffi::PyBuffer_FillInfo(view, object, start.cast::<c_void>(), length, 0, flags)
        };
        if filled < 0 {
            return Err(PyErr::fetch(slf.py()));
        }
        this.exports += 1;
        Ok(())
    }

    unsafe fn __releasebuffer__(&mut self, _view: *mut ffi::Py_buffer) {
        self.exports -= 1;
    }
}

/// Numbers in rows and columns, which cannot be written.
#[pyclass(frozen, module = "pyo3_classes")]
pub(crate) struct Matrix {
    numbers: Vec<i32>,
    shape: [isize; 2],
    strides: [isize; 2],
}

#[pymethods]
impl Matrix {
    #[new]
    fn new(rows: isize, columns: isize) -> Self {
        let count = i32::try_from(rows * columns).unwrap_or_default();
        Self {
            numbers: (0..count).collect(),
            shape: [rows, columns],
            strides: [columns * 4, 4],
        }
    }

    unsafe fn __getbuffer__(
        slf: &Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let this = slf.get();
        // SAFETY: the consumer gives a `Py_buffer`.
        let view = unsafe { &mut *view };
        if flags & ffi::PyBUF_WRITABLE != 0 {
            view.obj = ptr::null_mut();
            return Err(PyBufferError::new_err("a matrix is read-only"));
        }
        let asked = |flag| flags & flag == flag;
        view.buf = this.numbers.as_ptr().cast_mut().cast();
        view.len = (this.numbers.len() * 4) as isize;
        view.readonly = 1;
        view.itemsize = 4;
        view.ndim = 2;
        view.format = if asked(ffi::PyBUF_FORMAT) {
            c"i".as_ptr().cast_mut()
        } else {
            ptr::null_mut()
        };
        view.shape = this.shape.as_ptr().cast_mut();
        view.strides = if asked(ffi::PyBUF_STRIDES) {
            this.strides.as_ptr().cast_mut()
        } else {
            ptr::null_mut()
        };
        view.suboffsets = ptr::null_mut();
        view.internal = ptr::null_mut();
        view.obj = slf.clone().into_ptr();
        Ok(())
    }
}

/// Refuses every export.
#[pyclass(module = "pyo3_classes")]
pub(crate) struct NoBuffer;

#[pymethods]
impl NoBuffer {
    #[new]
    fn new() -> Self {
        Self
    }

    unsafe fn __getbuffer__(&self, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
        // SAFETY: the consumer gives a `Py_buffer`.
        unsafe { (*view).obj = ptr::null_mut() };
        Err(PyValueError::new_err(format!("not with {}", flags & 1)))
    }
}

/// The sum of the bytes of a buffer, its shape, strides and format, and whether it is read-only.
type Description = (usize, Vec<usize>, Vec<isize>, String, bool);

#[pyfunction]
pub(crate) fn describe_buffer(object: &Bound<'_, PyAny>) -> PyResult<Description> {
    let buffer = PyBuffer::<u8>::get(object)?;
    let sum = buffer
        .to_vec(object.py())?
        .into_iter()
        .map(usize::from)
        .sum();
    let format = buffer.format().to_string_lossy().into_owned();
    let (shape, strides) = (buffer.shape().to_vec(), buffer.strides().to_vec());
    Ok((sum, shape, strides, format, buffer.readonly()))
}

/// Returns the 32-bit numbers of a buffer.
#[pyfunction]
pub(crate) fn numbers_of(buffer: PyBuffer<i32>, py: Python<'_>) -> PyResult<Vec<i32>> {
    buffer.to_vec(py)
}

/// Fills a buffer with a byte.
#[pyfunction]
pub(crate) fn fill(buffer: PyBuffer<u8>, byte: u8, py: Python<'_>) -> PyResult<()> {
    buffer.copy_from_slice(py, &vec![byte; buffer.item_count()])
}

/// A buffer that Rust holds.
#[pyclass(module = "pyo3_classes")]
pub(crate) struct Holder {
    buffer: Option<PyUntypedBuffer>,
}

#[pymethods]
impl Holder {
    #[new]
    fn new(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let buffer = Some(PyUntypedBuffer::get(object)?);
        Ok(Self { buffer })
    }

    fn length(&self) -> Option<usize> {
        self.buffer.as_ref().map(|buffer| buffer.len_bytes())
    }

    fn release(&mut self, py: Python<'_>) {
        if let Some(buffer) = self.buffer.take() {
            buffer.release(py);
        }
    }
}
