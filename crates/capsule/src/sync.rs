//! The base of `lock` and `fields`: the atomics, whether the process has other threads, and the fork
//! epoch. The models in `tests/models` replace this file.

pub(crate) use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, Ordering, fence};

/// Counts the forks that led to this process, from 1; 255 is followed by 1.
static FORK_EPOCH: AtomicU8 = AtomicU8::new(1);

/// The fork epoch, which is another one in the child of a fork than in the parent. Never 0.
#[inline]
pub(crate) fn fork_epoch() -> u8 {
    FORK_EPOCH.load(Ordering::Relaxed)
}

/// Called in the child of every fork, by its only thread.
#[cfg(unix)]
pub(crate) fn advance_fork_epoch() {
    FORK_EPOCH.store(fork_epoch().wrapping_add(1).max(1), Ordering::Relaxed);
}

/// Called in a loop that waits for another thread: spins at first, then yields.
pub(crate) fn pause(waited: &mut u32) {
    const SPINS: u32 = 100;
    if *waited < SPINS {
        *waited += 1;
        core::hint::spin_loop();
    } else {
        std::thread::yield_now();
    }
}

/// Finds the C library's flag that says whether the process has a single thread. Called once,
/// before the first capsule is made.
pub(crate) fn prepare() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    single_threaded::look_up();
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) use single_threaded::is_single_threaded;

/// True if the process has a single thread, in which case plain loads and stores suffice. On this
/// platform that is not known, so always false.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
#[inline]
pub(crate) fn is_single_threaded() -> bool {
    false
}

/// The GNU C library has a byte that is not 0 as long as the process has a single thread.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod single_threaded {
    use super::{AtomicPtr, AtomicU8, Ordering};

    static FALSE: AtomicU8 = AtomicU8::new(0);

    static FLAG: AtomicPtr<AtomicU8> = AtomicPtr::new((&raw const FALSE).cast_mut());

    /// Version 2.32 of the library added the byte, so the program must not require the symbol.
    pub(super) fn look_up() {
        // SAFETY: a NUL-terminated name; the result is the address of a `char` of the C library,
        // or NULL.
        let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"__libc_single_threaded".as_ptr()) };
        if !found.is_null() {
            FLAG.store(found.cast(), Ordering::Relaxed);
        }
    }

    /// True if the process has a single thread, in which case plain loads and stores suffice.
    /// Starting a thread makes everything that was stored before visible to it.
    #[inline]
    pub(crate) fn is_single_threaded() -> bool {
        // SAFETY: `FALSE`, or what `look_up` found; both live as long as the process.
        let flag = unsafe { &*FLAG.load(Ordering::Relaxed) };
        flag.load(Ordering::Relaxed) != 0
    }
}
