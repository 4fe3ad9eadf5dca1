//! The atomics that `fields` is built on, and what it asks of the process: whether there are other
//! threads, and whether it was forked. The models replace this file.

pub(crate) use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, Ordering, fence};

pub(crate) use crate::fork::generation;

/// Called while one waits for another thread: spins a little, then lets others run.
pub(crate) fn pause(waited: &mut u32) {
    const SPINS: u32 = 100;
    if *waited < SPINS {
        *waited += 1;
        core::hint::spin_loop();
    } else {
        std::thread::yield_now();
    }
}

/// Finds out how to tell that there is one thread only. Called once, before the first capsule is made.
pub(crate) fn prepare() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    single_threaded::look_up();
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) use single_threaded::alone;

/// Whether no other thread exists, so that what is atomic only between threads can be had for less.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
#[inline]
pub(crate) fn alone() -> bool {
    false
}

/// The GNU C library has a byte that is not 0 as long as the process has one thread.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod single_threaded {
    use super::{AtomicPtr, AtomicU8, Ordering};

    static NO: AtomicU8 = AtomicU8::new(0);

    static SINGLE_THREADED: AtomicPtr<AtomicU8> = AtomicPtr::new((&raw const NO).cast_mut());

    /// It came with version 2.32, so it is not linked to but looked for.
    pub(super) fn look_up() {
        // SAFETY: a NUL-terminated name; the answer is the address of a `char` of the C library,
        // or NULL.
        let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"__libc_single_threaded".as_ptr()) };
        if !found.is_null() {
            SINGLE_THREADED.store(found.cast(), Ordering::Relaxed);
        }
    }

    /// Whether no other thread exists, so that what is atomic only between threads can be had for
    /// less. Whoever starts a thread passes on to it all that was stored before.
    #[inline]
    pub(crate) fn alone() -> bool {
        // SAFETY: `NO`, or what `look_up` found; both stay as long as the process.
        let single_threaded = unsafe { &*SINGLE_THREADED.load(Ordering::Relaxed) };
        single_threaded.load(Ordering::Relaxed) != 0
    }
}
