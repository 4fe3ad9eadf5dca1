//! How many capsules to make, how much memory the process uses, and how much more it may use
//! afterwards.

use core::ffi::c_int;
use std::fs;

/// The number of capsules that a row makes.
pub(super) fn many() -> usize {
    let wanted = std::env::var("CAPSULE_TESTS_MANY").ok();
    wanted
        .and_then(|wanted| wanted.parse().ok())
        .unwrap_or(300_000)
}

/// How many more bytes may be allocated than before. A leak of one allocation for each capsule
/// exceeds it.
pub(super) const SLACK: usize = 800_000;

/// How many more bytes may be resident than before: glibc keeps up to one heap of an exited thread,
/// which has this size.
pub(super) const HEAP: usize = 64 << 20;

/// `struct mallinfo2` of glibc.
#[repr(C)]
struct MallInfo {
    _unused: [usize; 4],
    mapped: usize,
    _limits: [usize; 2],
    allocated: usize,
    _free: [usize; 2],
}

unsafe extern "C" {
    fn malloc_trim(pad: usize) -> c_int;
    fn mallinfo2() -> MallInfo;
}

/// How many bytes are allocated and not freed.
pub(super) fn allocated() -> usize {
    // SAFETY: it takes nothing and only reads the counters of the allocator; `MallInfo` has the
    // layout of its result.
    let info = unsafe { mallinfo2() };
    info.allocated + info.mapped
}

/// The resident bytes of the process, after the allocator has returned free memory to the system.
pub(super) fn resident() -> usize {
    // SAFETY: it returns only free memory to the system, and takes any size.
    unsafe { malloc_trim(0) };
    let status = fs::read_to_string("/proc/self/statm").expect("Linux has this file");
    let pages: Option<usize> = status
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok());
    pages.expect("a number of pages") * 4096
}
