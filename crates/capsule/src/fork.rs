//! Forks. In the child there is one thread, and what others held or had half done stays so; this
//! counts the processes, so that those who find it can tell.

use core::sync::atomic::{AtomicU8, Ordering};
#[cfg(unix)]
use std::sync::Once;

#[cfg(unix)]
use crate::doors;

/// Numbers the processes of a chain of forks, from 1; after 255 comes 1.
static GENERATION: AtomicU8 = AtomicU8::new(1);

/// Which process in a chain of forks this is. Never 0.
#[inline]
pub(crate) fn generation() -> u8 {
    GENERATION.load(Ordering::Relaxed)
}

/// Has forks counted. Called before the first capsule, and the first door, are made.
pub(crate) fn watch() {
    #[cfg(unix)]
    {
        static ONCE: Once = Once::new();
        // SAFETY: the handlers may be called around a fork: they use locks and atomics of ours.
        ONCE.call_once(|| unsafe {
            let _no_memory = libc::pthread_atfork(Some(before), Some(parent), Some(child));
        });
    }
}

#[cfg(unix)]
unsafe extern "C" fn before() {
    doors::before_fork();
}

#[cfg(unix)]
unsafe extern "C" fn parent() {
    doors::after_fork_in_parent();
}

#[cfg(unix)]
unsafe extern "C" fn child() {
    GENERATION.store(generation().wrapping_add(1).max(1), Ordering::Relaxed);
    // SAFETY: this is the only thread of the child.
    unsafe { doors::after_fork_in_child() };
}
