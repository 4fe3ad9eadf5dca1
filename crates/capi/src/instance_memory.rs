//! Memory for the data of instances. Each thread keeps a few blocks of each small size for the next
//! instances.

use core::alloc::Layout;
use core::ptr::NonNull;
use std::alloc::{alloc_zeroed, dealloc};

use rustpython_capsule::__private::FreeList;

use crate::type_record::DATA_ALIGN;

/// Blocks have a multiple of this size, in bytes.
const STEP: usize = 32;

thread_local! {
    /// The blocks of one step, of two steps, and so on.
    static BLOCKS: [FreeList; 8] = const {
        [list(1), list(2), list(3), list(4), list(5), list(6), list(7), list(8)]
    };
}

const fn list(steps: usize) -> FreeList {
    match Layout::from_size_align(steps * STEP, DATA_ALIGN) {
        Ok(layout) => FreeList::new(layout),
        Err(_) => panic!("these sizes have a layout"),
    }
}

/// The layout of a block with room for `size` bytes, which is not 0, and the place of its list.
fn block_for(size: usize) -> Option<(Layout, usize)> {
    let size = size.checked_next_multiple_of(STEP)?;
    let layout = Layout::from_size_align(size, DATA_ALIGN).ok()?;
    Some((layout, size / STEP - 1))
}

/// Zeroed memory with the alignment of data, for a size that is not 0; `None` if there is none.
pub(crate) fn allocate(size: usize) -> Option<NonNull<u8>> {
    let (layout, place) = block_for(size)?;
    // During thread shutdown there are no lists.
    let kept = BLOCKS
        .try_with(|lists| lists.get(place)?.pop())
        .ok()
        .flatten();
    if let Some(block) = kept {
        // SAFETY: the block has at least this size, and belongs to this function.
        unsafe { block.write_bytes(0, size) };
        return Some(block);
    }
    // SAFETY: the layout does not have size zero, since the size is not zero.
    NonNull::new(unsafe { alloc_zeroed(layout) })
}

/// Frees memory.
///
/// # Safety
/// [`allocate`] returned it for this size, and nothing uses it any more.
pub(crate) unsafe fn free(memory: NonNull<u8>, size: usize) {
    let Some((layout, place)) = block_for(size) else {
        return;
    };
    let kept = BLOCKS.try_with(|lists| {
        let list = lists.get(place);
        // SAFETY: the memory was allocated with the layout of the list, and holds nothing.
        list.is_some_and(|list| unsafe { list.push(memory) })
    });
    if kept != Ok(true) {
        // SAFETY: it was allocated with this layout.
        unsafe { dealloc(memory.as_ptr(), layout) };
    }
}
