//! Memory that may run out: boxes that report it, and the free list that a thread keeps for the
//! next objects.

use core::alloc::Layout;
use core::cell::Cell;
use core::ptr::{NonNull, null_mut};
use std::alloc::{alloc, dealloc, handle_alloc_error};

use crate::error::CapsuleError;

/// A box, if there is memory for it.
///
/// # Errors
/// [`CapsuleError::OutOfMemory`], and `value` is dropped.
pub(crate) fn try_box<T>(value: T) -> Result<Box<T>, CapsuleError> {
    if size_of::<T>() == 0 {
        // A box of a zero-sized value does not allocate.
        return Ok(Box::new(value));
    }
    // SAFETY: the layout does not have size zero.
    let memory = NonNull::new(unsafe { alloc(Layout::new::<T>()) }.cast::<T>());
    let memory = memory.ok_or(CapsuleError::OutOfMemory)?;
    // SAFETY: newly allocated, with the size and alignment of a `T`.
    unsafe { memory.write(value) };
    // SAFETY: allocated by the global allocator with the layout of a `T`, as boxes are, and
    // initialized.
    Ok(unsafe { Box::from_raw(memory.as_ptr()) })
}

/// For functions that cannot report an error: aborts the process if memory ran out, as Rust's
/// collections do.
pub(crate) fn or_abort<T>(made: Result<T, CapsuleError>) -> T {
    made.unwrap_or_else(|_| handle_alloc_error(Layout::new::<T>()))
}

/// Unused blocks of one layout. Each begins with the address of the next.
pub(crate) struct FreeList {
    layout: Layout,
    first: Cell<*mut u8>,
    len: Cell<usize>,
}

impl FreeList {
    /// How many blocks a list holds at most.
    const CAPACITY: usize = 64;

    pub(crate) const fn new(layout: Layout) -> Self {
        assert!(layout.size() >= size_of::<*mut u8>());
        assert!(layout.align() >= align_of::<*mut u8>());
        Self {
            layout,
            first: Cell::new(null_mut()),
            len: Cell::new(0),
        }
    }

    #[inline]
    pub(crate) fn pop(&self) -> Option<NonNull<u8>> {
        let first = NonNull::new(self.first.get())?;
        // SAFETY: `push` wrote the address of the next block there, and the list has owned the
        // block since then.
        self.first.set(unsafe { first.cast().read() });
        self.len.set(self.len.get() - 1);
        Some(first)
    }

    /// Takes a block, unless the list is full; then the block stays the caller's. Returns whether
    /// it was taken.
    ///
    /// # Safety
    /// The caller owns `block`, which was allocated with the list's layout by the global allocator
    /// and holds nothing that must be dropped.
    #[inline]
    pub(crate) unsafe fn push(&self, block: NonNull<u8>) -> bool {
        let has_room = self.len.get() < Self::CAPACITY;
        if has_room {
            // SAFETY: the caller gives up the block, which has the size and alignment of an
            // address, as `new` asserts.
            unsafe { block.cast().write(self.first.get()) };
            self.first.set(block.as_ptr());
            self.len.set(self.len.get() + 1);
        }
        has_room
    }
}

impl Drop for FreeList {
    fn drop(&mut self) {
        while let Some(block) = self.pop() {
            // SAFETY: `push` requires that the global allocator made it with this layout.
            unsafe { dealloc(block.as_ptr(), self.layout) };
        }
    }
}
