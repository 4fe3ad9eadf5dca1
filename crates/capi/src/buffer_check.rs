//! Checks of a view that C code filled, before the VM reads through it: lengths, shape and strides
//! must agree, and the items must lie in memory that has addresses.

use core::ffi::CStr;
use core::ptr::NonNull;
use std::borrow::Cow;

use rustpython_vm::buffer::FormatSpec;
use rustpython_vm::protocol::BufferDescriptor;
use rustpython_vm::{PyResult, VirtualMachine};

use crate::buffer_copy::Layout;
use crate::buffer_view::{MAX_DIMENSIONS, PyBufferView};
use crate::c_string;

/// A view that was found to be consistent, as the VM describes it.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) description: BufferDescriptor,
    /// The lowest address of an item.
    pub(crate) lowest: NonNull<u8>,
    /// The number of bytes from there to the end of the item with the highest address.
    pub(crate) size: usize,
}

/// Checks a view. `source` returns the beginning of the error's text.
///
/// # Errors
/// BufferError that says what is wrong with the view; ValueError for too many dimensions, as in
/// CPython.
///
/// # Safety
/// The arrays of the view are NULL or have an element for each dimension; `format` is NULL or a
/// NUL-terminated string.
pub(crate) unsafe fn check(
    view: &PyBufferView,
    source: impl Fn() -> String,
    vm: &VirtualMachine,
) -> PyResult<Checked> {
    if view.dimensions() > MAX_DIMENSIONS {
        let text = format!("memoryview: number of dimensions must not exceed {MAX_DIMENSIONS}");
        return Err(vm.new_value_error(text));
    }
    let refuse =
        |problem: &str| vm.new_buffer_error(format!("{} a buffer with {problem}", source()));
    // SAFETY: by the contract of this function.
    let format = unsafe { format_of(view) }.map_err(&refuse)?;
    // SAFETY: by the contract of this function.
    let (layout, span) = unsafe { span(view) }.map_err(&refuse)?;
    // An item of the VM is as wide as its format. A format that the VM does not know is refused where
    // items are read; the bytes can be copied.
    let width = match &*format {
        "B" => 1,
        format => FormatSpec::parse(format.as_bytes(), vm).map_or(0, |format| format.size()),
    };
    let itemsize = view.itemsize.unsigned_abs();
    if width > itemsize && view.len > 0 {
        return Err(refuse("items that are smaller than their format"));
    }
    let counts = layout.shape.iter().map(|count| count.unsigned_abs());
    let dimensions = counts.zip(&layout.strides);
    let dimensions = dimensions.map(|(count, stride)| (count, *stride, 0));
    Ok(Checked {
        description: BufferDescriptor {
            len: view.len.unsigned_abs(),
            offset: span.first,
            readonly: view.readonly != 0,
            itemsize,
            format,
            dim_desc: dimensions.collect(),
        },
        lowest: span.lowest,
        size: span.size,
    })
}

/// # Safety
/// `format` is NULL or a NUL-terminated string.
unsafe fn format_of(view: &PyBufferView) -> Result<Cow<'static, str>, &'static str> {
    let Some(format) = NonNull::new(view.format) else {
        return Ok(Cow::Borrowed("B"));
    };
    // SAFETY: it is not NULL, so it is a NUL-terminated string, by the contract of this function.
    let format = unsafe { CStr::from_ptr(format.as_ptr()) };
    match format.to_str() {
        Ok("B") => Ok(Cow::Borrowed("B")),
        Ok(format) => Ok(Cow::Owned(format.to_owned())),
        Err(_) => Err("a format that is not UTF-8"),
    }
}

/// The memory between the lowest and the highest item.
#[derive(Debug)]
struct Span {
    lowest: NonNull<u8>,
    size: usize,
    /// Where the first item begins, from the lowest address.
    first: isize,
}

/// # Safety
/// The arrays of the view are NULL or have an element for each dimension.
unsafe fn span(view: &PyBufferView) -> Result<(Layout, Span), &'static str> {
    if view.len < 0 || view.itemsize < 0 || view.ndim < 0 {
        return Err("a negative length, item size or number of dimensions");
    }
    // SAFETY: by the contract of this function.
    let suboffsets = unsafe { view.suboffsets() }.unwrap_or_default();
    if suboffsets.iter().any(|suboffset| *suboffset >= 0) {
        return Err("suboffsets, which this interpreter does not support");
    }
    // SAFETY: by the contract of this function.
    let layout = unsafe { Layout::of(view) }.ok_or("several dimensions and no shape")?;
    if layout.shape.iter().any(|count| *count < 0) {
        return Err("a negative number in its shape");
    }
    let sizes = [view.itemsize]
        .into_iter()
        .chain(layout.shape.iter().copied());
    // A product with a zero does not overflow, whatever the other numbers are.
    let bytes = if layout.shape.contains(&0) {
        Some(0)
    } else {
        sizes.into_iter().try_fold(1_isize, isize::checked_mul)
    };
    if bytes != Some(view.len) {
        return Err("a length that is not the product of its shape and item size");
    }
    let Some(buf) = NonNull::new(view.buf.cast::<u8>()).filter(|_| view.len > 0) else {
        if view.len > 0 {
            return Err("a length and no address");
        }
        let nothing = Span {
            lowest: c_string::empty().cast(),
            size: 0,
            first: 0,
        };
        return Ok((layout, nothing));
    };
    let (below, above) = reach(&layout).ok_or("strides that are too large")?;
    let size = below
        .checked_add(above)
        .and_then(|reach| reach.checked_add(view.itemsize))
        .ok_or("strides that are too large")?;
    let lowest = buf.addr().get().checked_sub(below.unsigned_abs());
    let end = lowest.and_then(|lowest| lowest.checked_add(size.unsigned_abs()));
    let lowest = NonNull::new(buf.as_ptr().wrapping_offset(-below)).filter(|_| end.is_some());
    let span = Span {
        lowest: lowest.ok_or("items that have no address")?,
        size: size.unsigned_abs(),
        first: below,
    };
    Ok((layout, span))
}

/// How far the items reach below and above the first one; `None` if the numbers are too large.
fn reach(layout: &Layout) -> Option<(isize, isize)> {
    let mut below = 0_isize;
    let mut above = 0_isize;
    for (count, stride) in layout.shape.iter().zip(&layout.strides) {
        let last = count.checked_sub(1)?.checked_mul(*stride)?;
        if last < 0 {
            below = below.checked_sub(last)?;
        } else {
            above = above.checked_add(last)?;
        }
    }
    Some((below, above))
}
