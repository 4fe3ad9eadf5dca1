//! The struct `Py_buffer`, and the arithmetic of shapes and strides over it. Nothing here knows the
//! VM's buffers.

use core::ffi::{c_char, c_int, c_void};
use core::ptr::{NonNull, null_mut};

use rustpython_vm::PyObject;
use rustpython_vm::protocol::BufferFlags;

/// The highest number of dimensions that a buffer may have (`PyBUF_MAX_NDIM`).
pub(crate) const MAX_DIMENSIONS: usize = 64;

/// `Py_buffer`: memory that an object exports. The stable ABI fixes the layout.
#[derive(Debug)]
#[repr(C)]
pub struct PyBufferView {
    /// The first item. With negative strides this is not the lowest address.
    pub buf: *mut c_void,
    /// A reference to the exporter, owned by this struct. NULL if there is nothing to release.
    pub obj: *mut PyObject,
    /// The number of bytes of all items.
    pub len: isize,
    /// The number of bytes of an item.
    pub itemsize: isize,
    /// Not 0 if the memory must not be changed.
    pub readonly: c_int,
    /// The number of dimensions, and of the elements of `shape`, `strides` and `suboffsets`.
    pub ndim: c_int,
    /// The type of an item, as in the module `struct`. NULL stands for `"B"`.
    pub format: *mut c_char,
    /// The number of items in each dimension; NULL if the consumer did not ask for it.
    pub shape: *mut isize,
    /// The distance in bytes between items of each dimension; NULL if the items are contiguous.
    pub strides: *mut isize,
    /// For each dimension that is reached through pointers, what is added to the pointer; a negative
    /// number for the others. NULL if there is no such dimension.
    pub suboffsets: *mut isize,
    /// Belongs to the exporter.
    pub internal: *mut c_void,
}

/// The order of the items in contiguous memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The last index varies fastest.
    C,
    /// The first index varies fastest.
    Fortran,
    /// One of them.
    Any,
}

impl Order {
    /// The order that `'C'`, `'F'` or `'A'` stands for; `None` for another character.
    pub(crate) fn of(character: c_char) -> Option<Self> {
        match character.cast_unsigned() {
            b'C' => Some(Self::C),
            b'F' => Some(Self::Fortran),
            b'A' => Some(Self::Any),
            _ => None,
        }
    }
}

/// The flags of a request (`PyBUF_…`).
pub(crate) fn flags_of(flags: c_int) -> BufferFlags {
    BufferFlags::from_bits_retain(flags.cast_unsigned())
}

impl PyBufferView {
    /// A view of nothing, for an exporter to fill.
    pub(crate) const fn empty() -> Self {
        Self {
            buf: null_mut(),
            obj: null_mut(),
            len: 0,
            itemsize: 0,
            readonly: 0,
            ndim: 0,
            format: null_mut(),
            shape: null_mut(),
            strides: null_mut(),
            suboffsets: null_mut(),
            internal: null_mut(),
        }
    }

    /// The number of dimensions; 0 if the field is negative.
    pub(crate) fn dimensions(&self) -> usize {
        usize::try_from(self.ndim).unwrap_or(0)
    }

    /// One of the arrays; `None` for NULL.
    ///
    /// # Safety
    /// `array` is NULL or has an element for each dimension, and does not change meanwhile.
    unsafe fn array(&self, array: *mut isize) -> Option<&[isize]> {
        let array = NonNull::new(array)?;
        // SAFETY: it is not NULL, so it has that many elements, by the contract of this function.
        Some(unsafe { NonNull::slice_from_raw_parts(array, self.dimensions()).as_ref() })
    }

    /// The items in each dimension; `None` if the field is NULL.
    ///
    /// # Safety
    /// `shape` is NULL or has an element for each dimension.
    pub(crate) unsafe fn shape(&self) -> Option<&[isize]> {
        // SAFETY: by the contract of this function.
        unsafe { self.array(self.shape) }
    }

    /// The distances between the items of each dimension; `None` if the field is NULL.
    ///
    /// # Safety
    /// `strides` is NULL or has an element for each dimension.
    pub(crate) unsafe fn strides(&self) -> Option<&[isize]> {
        // SAFETY: by the contract of this function.
        unsafe { self.array(self.strides) }
    }

    /// What is added to the pointers of each dimension; `None` if the field is NULL.
    ///
    /// # Safety
    /// `suboffsets` is NULL or has an element for each dimension.
    pub(crate) unsafe fn suboffsets(&self) -> Option<&[isize]> {
        // SAFETY: by the contract of this function.
        unsafe { self.array(self.suboffsets) }
    }

    /// Whether the items are contiguous and in this order. Memory that is reached through pointers
    /// never is.
    ///
    /// # Safety
    /// `shape` and `strides` are NULL or have an element for each dimension. With more than one
    /// dimension, `shape` is not NULL.
    pub(crate) unsafe fn is_contiguous(&self, order: Order) -> bool {
        if !self.suboffsets.is_null() {
            return false;
        }
        if self.len == 0 {
            return true;
        }
        // SAFETY: by the contract of this function.
        let shape = unsafe { self.shape() };
        // SAFETY: by the contract of this function.
        let strides = unsafe { self.strides() };
        let (Some(shape), Some(strides)) = (shape, strides) else {
            // Without strides the items are in C order. With one long dimension both orders are the
            // same.
            let long = shape.unwrap_or_default().iter().filter(|count| **count > 1);
            return order != Order::Fortran || long.count() <= 1;
        };
        let fits = |order| {
            let mut size = self.itemsize;
            let mut fits = |(count, stride): (&isize, &isize)| {
                let fits = *count <= 1 || *stride == size;
                size = size.wrapping_mul(*count);
                fits
            };
            let mut dimensions = shape.iter().zip(strides);
            match order {
                Order::Fortran => dimensions.all(&mut fits),
                _ => dimensions.rev().all(&mut fits),
            }
        };
        match order {
            Order::C | Order::Fortran => fits(order),
            Order::Any => fits(Order::C) || fits(Order::Fortran),
        }
    }

    /// The address of the item with these indices.
    ///
    /// # Safety
    /// `strides` and `indices` have an element for each dimension, and `suboffsets` is NULL or has.
    /// The item exists; or no dimension is reached through pointers.
    pub(crate) unsafe fn item(&self, strides: &[isize], indices: &[isize]) -> *mut u8 {
        // SAFETY: by the contract of this function.
        let suboffsets = unsafe { self.suboffsets() };
        let mut address = self.buf.cast::<u8>();
        for (dimension, (stride, index)) in strides.iter().zip(indices).enumerate() {
            address = address.wrapping_offset(stride.wrapping_mul(*index));
            if let Some(suboffset) = suboffsets.map(|all| all[dimension]).filter(|at| *at >= 0) {
                // SAFETY: the item exists, so this dimension has a pointer for the index.
                let pointer = unsafe { address.cast::<*mut u8>().read_unaligned() };
                address = pointer.wrapping_offset(suboffset);
            }
        }
        address
    }
}

/// Writes the strides of contiguous items in this order. `Any` is C order.
pub(crate) fn contiguous_strides(
    shape: &[isize],
    strides: &mut [isize],
    itemsize: isize,
    order: Order,
) {
    let mut size = itemsize;
    let mut add = |(count, stride): (&isize, &mut isize)| {
        *stride = size;
        size = size.wrapping_mul(*count);
    };
    let dimensions = shape.iter().zip(strides);
    match order {
        Order::Fortran => dimensions.for_each(&mut add),
        _ => dimensions.rev().for_each(&mut add),
    }
}
