//! Copying the items of a buffer of C's, in any order of its dimensions. The memory of the two sides
//! may overlap only where both are contiguous.

use core::ptr::NonNull;

use crate::buffer_view::{Order, PyBufferView, contiguous_strides};

/// The shape and the strides of a view, also where the view leaves them out.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) shape: Vec<isize>,
    pub(crate) strides: Vec<isize>,
}

impl Layout {
    /// The layout of a view; `None` if it has several dimensions and no shape.
    ///
    /// # Safety
    /// `shape` and `strides` are NULL or have an element for each dimension.
    pub(crate) unsafe fn of(view: &PyBufferView) -> Option<Self> {
        // SAFETY: by the contract of this function.
        let shape = match (unsafe { view.shape() }, view.ndim) {
            (Some(shape), _) => shape.to_vec(),
            (None, 0) => Vec::new(),
            (None, 1) => vec![view.len.checked_div(view.itemsize).unwrap_or(0)],
            (None, _) => return None,
        };
        // SAFETY: by the contract of this function.
        let strides = match unsafe { view.strides() } {
            Some(strides) => strides.to_vec(),
            None => {
                let mut strides = vec![0; shape.len()];
                contiguous_strides(&shape, &mut strides, view.itemsize, Order::C);
                strides
            }
        };
        Some(Self { shape, strides })
    }

    /// The number of items; 0 if it is too large.
    pub(crate) fn items(&self) -> isize {
        let counts = self.shape.iter();
        let items = counts.copied().try_fold(1_isize, isize::checked_mul);
        items.unwrap_or(0).max(0)
    }
}

/// The indices of one item after the other.
#[derive(Debug)]
pub(crate) struct Indices<'a> {
    shape: &'a [isize],
    order: Order,
    current: Vec<isize>,
}

impl<'a> Indices<'a> {
    /// Starts at the first item. `Any` is C order.
    pub(crate) fn new(shape: &'a [isize], order: Order) -> Self {
        let current = vec![0; shape.len()];
        Self {
            shape,
            order,
            current,
        }
    }

    pub(crate) fn current(&self) -> &[isize] {
        &self.current
    }

    /// Goes to the next item; after the last one, to the first.
    pub(crate) fn advance(&mut self) {
        let mut next = |(index, count): (&mut isize, &isize)| {
            *index += 1;
            let carries = *index >= *count;
            if carries {
                *index = 0;
            }
            carries
        };
        let mut dimensions = self.current.iter_mut().zip(self.shape);
        match self.order {
            Order::Fortran => dimensions.all(&mut next),
            _ => dimensions.rev().all(&mut next),
        };
    }
}

/// In which direction items are copied between a view and contiguous memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    OutOfView,
    IntoView,
}

/// Copies `len` bytes, a number of whole items, between a view and contiguous memory whose items are
/// in this order. `None`, with nothing copied, if the view has several dimensions and no shape.
///
/// # Safety
/// The view is as its consumer got it. It and the memory have `len` bytes that can be read or
/// written, as the direction says, and no other code uses them meanwhile.
pub(crate) unsafe fn copy_contiguous(
    view: &PyBufferView,
    memory: NonNull<u8>,
    len: usize,
    order: Order,
    direction: Direction,
) -> Option<()> {
    let copy = |of_view: *mut u8, of_memory: *mut u8, size: usize| {
        let (from, to) = match direction {
            Direction::OutOfView => (of_view.cast_const(), of_memory),
            Direction::IntoView => (of_memory.cast_const(), of_view),
        };
        // SAFETY: both sides have these bytes, by the contract of this function. They may overlap.
        unsafe { core::ptr::copy(from, to, size) };
    };
    // SAFETY: the arrays of the view are as its consumer got them.
    if unsafe { view.is_contiguous(order) } {
        copy(view.buf.cast(), memory.as_ptr(), len);
        return Some(());
    }
    // SAFETY: the arrays of the view are as its consumer got them.
    let layout = unsafe { Layout::of(view) }?;
    let size = view.itemsize.unsigned_abs();
    let mut indices = Indices::new(&layout.shape, order);
    for item in 0..len.checked_div(size).unwrap_or(0) {
        // SAFETY: the strides are those of the view, and the item exists.
        let of_view = unsafe { view.item(&layout.strides, indices.current()) };
        copy(of_view, memory.as_ptr().wrapping_add(item * size), size);
        indices.advance();
    }
    Some(())
}

/// Copies the items of a view to another view with the same shape and size of items. `None`, with
/// nothing copied, if the shapes or the sizes differ.
///
/// # Safety
/// Both views are as their consumer got them, the items of `to` can be written, and no other code
/// uses the items meanwhile.
pub(crate) unsafe fn copy_items(from: &PyBufferView, to: &PyBufferView) -> Option<()> {
    // SAFETY: the arrays of the view are as its consumer got them.
    let source = unsafe { Layout::of(from) }?;
    // SAFETY: the arrays of the view are as its consumer got them.
    let target = unsafe { Layout::of(to) }?;
    if source.shape != target.shape || from.itemsize != to.itemsize {
        return None;
    }
    let size = from.itemsize.unsigned_abs();
    let mut indices = Indices::new(&source.shape, Order::C);
    for _ in 0..source.items() {
        // SAFETY: the strides are those of the view, and the item exists.
        let read = unsafe { from.item(&source.strides, indices.current()) };
        // SAFETY: the strides are those of the view, and the item exists.
        let written = unsafe { to.item(&target.strides, indices.current()) };
        // SAFETY: both items exist and have this size. They may be the same.
        unsafe { core::ptr::copy(read, written, size) };
        indices.advance();
    }
    Some(())
}
