//! The allocator of this binary: the system's, with fault injection. A test can make one allocation
//! of its thread fail.

use core::cell::Cell;
use std::alloc::{GlobalAlloc, Layout, System};

struct Failing;

#[global_allocator]
static ALLOCATOR: Failing = Failing;

thread_local! {
    /// The number of allocations of this thread up to and including the one that fails; 0 for none.
    static COUNTDOWN: Cell<usize> = const { Cell::new(0) };
}

/// Runs `f` and lets its allocation with this number fail, counted from 1, and no other. Returns
/// the result, and whether `f` made that many allocations.
pub(super) fn failing_at<R>(number: usize, f: impl FnOnce() -> R) -> (R, bool) {
    COUNTDOWN.set(number);
    let result = f();
    let failed = COUNTDOWN.replace(0) == 0;
    (result, failed)
}

/// Whether the current allocation must fail.
fn fails() -> bool {
    let left = COUNTDOWN.try_with(|countdown| {
        let left = countdown.get();
        countdown.set(left.saturating_sub(1));
        left
    });
    left == Ok(1)
}

// SAFETY: every result is that of `System`, or NULL, which a `GlobalAlloc` returns for a failure.
unsafe impl GlobalAlloc for Failing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if fails() {
            return core::ptr::null_mut();
        }
        // SAFETY: the caller keeps the contract of `alloc`, and `layout` is passed on unchanged.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if fails() {
            return core::ptr::null_mut();
        }
        // SAFETY: the caller keeps the contract of `alloc_zeroed`, and `layout` is passed on
        // unchanged.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if fails() {
            return core::ptr::null_mut();
        }
        // SAFETY: all memory comes from `System`, and the caller passes it with its layout and a
        // valid size.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: all memory comes from `System`, and the caller passes it with its layout.
        unsafe { System.dealloc(memory, layout) };
    }
}
