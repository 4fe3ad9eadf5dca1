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
#[derive(Debug)]
pub struct FreeList {
    layout: Layout,
    first: Cell<*mut u8>,
    len: Cell<usize>,
}

impl FreeList {
    /// How many blocks a list holds at most.
    const CAPACITY: usize = 64;

    /// A list without blocks.
    pub const fn new(layout: Layout) -> Self {
        assert!(layout.size() >= size_of::<*mut u8>());
        assert!(layout.align() >= align_of::<*mut u8>());
        Self {
            layout,
            first: Cell::new(null_mut()),
            len: Cell::new(0),
        }
    }

    /// The block that was pushed last.
    #[inline]
    pub fn pop(&self) -> Option<NonNull<u8>> {
        let first = NonNull::new(self.first.get())?;
        // SAFETY: `push` wrote the address of the next block there, and the list has owned the
        // block since then.
        self.first.set(unsafe { first.cast().read() });
        self.len.set(self.len.get() - 1);
        Some(first)
    }

    /// Takes a block and returns true; returns false if the list is full, and the block stays the
    /// caller's.
    ///
    /// # Safety
    /// The caller owns `block`, which was allocated with the list's layout by the global allocator
    /// and holds nothing that must be dropped.
    #[inline]
    pub unsafe fn push(&self, block: NonNull<u8>) -> bool {
        let has_room = self.len.get() < Self::CAPACITY;
        if has_room {
            // SAFETY: the list owns the block from now on. It has the size and alignment of an
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_of_any_size_and_alignment() {
        #[repr(align(4096))]
        struct Aligned(u8);

        assert_eq!(*try_box([7_u64; 100]).unwrap(), [7; 100]);
        assert_eq!(*try_box(()).unwrap(), ());
        let aligned = try_box(Aligned(1)).unwrap();
        assert!(core::ptr::from_ref(&*aligned).addr().is_multiple_of(4096));
        assert_eq!(aligned.0, 1);
    }

    /// A full list leaves the block to the caller. The block that was pushed last is popped first.
    #[test]
    fn a_free_list_takes_as_many_blocks_as_it_holds() {
        let layout = Layout::new::<[usize; 3]>();
        let list = FreeList::new(layout);
        assert_eq!(list.pop(), None);
        // One more than the list holds.
        for number in 0..=FreeList::CAPACITY {
            // SAFETY: the layout does not have size zero.
            let block = NonNull::new(unsafe { alloc(layout) }).unwrap();
            // SAFETY: new, from the global allocator, with the list's layout.
            let taken = unsafe { list.push(block) };
            assert_eq!(taken, number < FreeList::CAPACITY);
            if taken {
                assert_eq!(list.pop(), Some(block));
                // SAFETY: as above; `pop` gave the block back.
                assert!(unsafe { list.push(block) });
            } else {
                // SAFETY: from `alloc` with this layout, and the list did not take it.
                unsafe { dealloc(block.as_ptr(), layout) };
            }
        }
        assert_eq!(list.len.get(), FreeList::CAPACITY);
    }
}
