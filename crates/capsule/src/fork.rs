//! Forks. In the child there is one thread, and what others held or had half done stays so; this
//! counts the processes, so that those who find it can tell.

use core::sync::atomic::{AtomicU8, Ordering};

/// Numbers the processes of a chain of forks, from 1; after 255 comes 1.
static GENERATION: AtomicU8 = AtomicU8::new(1);

/// Which process in a chain of forks this is. Never 0.
#[inline]
pub(crate) fn generation() -> u8 {
    GENERATION.load(Ordering::Relaxed)
}

/// Has forks counted. Called once, before the first capsule is made.
#[cfg(unix)]
pub(crate) fn watch() {
    // SAFETY: the handler does only what a child of a fork may.
    let _out_of_memory = unsafe { libc::pthread_atfork(None, None, Some(forked)) };
}

#[cfg(unix)]
unsafe extern "C" fn forked() {
    GENERATION.store(generation().wrapping_add(1).max(1), Ordering::Relaxed);
    // SAFETY: this is the handler.
    unsafe { crate::doors::forget_all() };
}
