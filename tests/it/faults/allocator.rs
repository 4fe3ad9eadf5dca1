//! The allocator of this binary: the system's, but for one allocation of one thread that fails when a
//! test asks for it.

use core::cell::Cell;
use std::alloc::{GlobalAlloc, Layout, System};

struct Failing;

#[global_allocator]
static ALLOCATOR: Failing = Failing;

thread_local! {
    /// How many allocations of this thread there are up to the one that fails; 0 for none.
    static COUNTDOWN: Cell<usize> = const { Cell::new(0) };
}

/// Runs `f`, in which the allocation with this number, from 1, fails: that one only. Tells whether
/// there were so many.
pub(super) fn failing_at<R>(number: usize, f: impl FnOnce() -> R) -> (R, bool) {
    COUNTDOWN.set(number);
    let result = f();
    let failed = COUNTDOWN.replace(0) == 0;
    (result, failed)
}

/// Whether this is the one.
fn fails() -> bool {
    let left = COUNTDOWN.try_with(|countdown| {
        let left = countdown.get();
        countdown.set(left.saturating_sub(1));
        left
    });
    left == Ok(1)
}

// SAFETY: what it answers is the system's answer, or NULL, which is no memory.
unsafe impl GlobalAlloc for Failing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if fails() {
            return core::ptr::null_mut();
        }
        // SAFETY: passed on from the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if fails() {
            return core::ptr::null_mut();
        }
        // SAFETY: passed on from the caller.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if fails() {
            return core::ptr::null_mut();
        }
        // SAFETY: passed on from the caller.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: passed on from the caller.
        unsafe { System.dealloc(memory, layout) };
    }
}
