//! A lock that survives a fork: the child takes it over from a thread that exists only in the
//! parent, and leaks a value that this thread was changing. `fields` and `owned` have the locked
//! data.

use core::cell::UnsafeCell;

use crate::sync::{AtomicBool, AtomicU8, Ordering, fence, fork_epoch, pause};

/// A lock that is held for a few instructions, so a thread that waits for it does not sleep. Its
/// holder waits for no other thread and calls nothing that might.
#[derive(Debug)]
pub(crate) struct Lock {
    /// 0, or the fork epoch of the process in which a thread has taken the lock.
    holder: AtomicU8,
}

/// Whether the holder of a lock is a thread of a process that this one was forked from.
fn is_orphaned(holder: u8) -> bool {
    holder != 0 && holder != fork_epoch()
}

impl Lock {
    #[inline]
    pub(crate) fn new() -> Self {
        Self {
            holder: AtomicU8::new(0),
        }
    }

    /// Takes the lock. Returns whether it was orphaned, perhaps in the middle of a change.
    pub(crate) fn lock(&self) -> bool {
        let mut waited = 0;
        loop {
            let holder = self.holder.load(Ordering::Relaxed);
            if (holder == 0 || is_orphaned(holder))
                && self
                    .holder
                    .compare_exchange(holder, fork_epoch(), Ordering::Acquire, Ordering::Relaxed)
                    .is_ok()
            {
                return holder != 0;
            }
            pause(&mut waited);
        }
    }

    #[inline]
    pub(crate) fn unlock(&self) {
        self.holder.store(0, Ordering::Release);
    }

    #[inline]
    pub(crate) fn is_orphaned(&self) -> bool {
        is_orphaned(self.holder.load(Ordering::Relaxed))
    }
}

/// A value that one thread at a time uses.
///
/// Another thread may fork the process in the middle of a change. The child cannot know how much of
/// it was done, so it neither reads nor drops the value: it leaks it and starts with a new one.
#[derive(Debug)]
pub(crate) struct Locked<T> {
    lock: Lock,
    changing: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: the lock lets one thread at a time use the value.
unsafe impl<T: Send> Sync for Locked<T> {}

impl<T: Default> Locked<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            lock: Lock::new(),
            changing: AtomicBool::new(false),
            value: UnsafeCell::new(value),
        }
    }

    fn acquire(&self) {
        if self.lock.lock() && self.changing.load(Ordering::Relaxed) {
            // SAFETY: this thread holds the lock, so no other uses the value. The old value is
            // overwritten without a drop.
            unsafe { self.value.get().write(T::default()) };
            self.changing.store(false, Ordering::Relaxed);
        }
    }

    /// Calls `f` with the value. Every other user waits meanwhile, so `f` must not wait for another
    /// thread, nor panic.
    pub(crate) fn read<R>(&self, f: impl FnOnce(&T) -> R) -> R {
        self.acquire();
        // SAFETY: this thread holds the lock, so no other uses the value.
        let result = f(unsafe { &*self.value.get() });
        self.lock.unlock();
        result
    }

    /// Calls `f` with the value to change it. As for [`read`](Self::read), `f` must not wait for
    /// another thread, nor panic.
    pub(crate) fn change<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        self.acquire();
        self.changing.store(true, Ordering::Relaxed);
        // No store of the change may move before this.
        fence(Ordering::Release);
        // SAFETY: this thread holds the lock, so no other uses the value.
        let result = f(unsafe { &mut *self.value.get() });
        self.changing.store(false, Ordering::Release);
        self.lock.unlock();
        result
    }

    /// The value, without taking the lock: the borrow is exclusive.
    #[inline]
    pub(crate) fn get_mut(&mut self) -> &mut T {
        if self.changing.load(Ordering::Relaxed) {
            // SAFETY: the borrow is exclusive. Another thread was changing the value at a fork, so
            // it is overwritten without a drop.
            unsafe { self.value.get().write(T::default()) };
            self.changing.store(false, Ordering::Relaxed);
        }
        self.value.get_mut()
    }
}

impl<T: Default> Default for Locked<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}
