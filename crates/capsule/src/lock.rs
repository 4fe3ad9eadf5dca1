//! A lock that gets through a fork: in the child it is taken over from a thread that stayed behind,
//! and a value that this thread was changing is given up. What is locked is in `fields` and in
//! `belongings`.

use core::cell::UnsafeCell;

use crate::sync::{AtomicBool, AtomicU8, Ordering, fence, generation, pause};

/// A lock that is held for a few instructions: who waits for it does not sleep. So its holder waits
/// for nobody, and calls nothing that might.
#[derive(Debug)]
pub(crate) struct Lock {
    /// 0, or the generation of the process in which somebody has taken the lock.
    holder: AtomicU8,
}

/// Whether the holder of a lock is a thread of the process that this one was forked from.
fn left_behind(holder: u8) -> bool {
    holder != 0 && holder != generation()
}

impl Lock {
    #[inline]
    pub(crate) fn new() -> Self {
        Self {
            holder: AtomicU8::new(0),
        }
    }

    /// Takes the lock. The answer is whether its holder was left behind, in the middle of something.
    pub(crate) fn lock(&self) -> bool {
        let mut waited = 0;
        loop {
            let holder = self.holder.load(Ordering::Relaxed);
            if (holder == 0 || left_behind(holder))
                && self
                    .holder
                    .compare_exchange(holder, generation(), Ordering::Acquire, Ordering::Relaxed)
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
    pub(crate) fn is_left_behind(&self) -> bool {
        left_behind(self.holder.load(Ordering::Relaxed))
    }
}

/// A value that one thread at a time uses.
///
/// Who changes it may vanish half way: where another thread forks the process. Nobody can tell how
/// far the change came, so in the child the value is neither read nor dropped: it is leaked, and a
/// new one takes its place.
#[derive(Debug)]
pub(crate) struct Locked<T> {
    lock: Lock,
    changing: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: one thread at a time uses the value, by the lock.
unsafe impl<T: Send> Sync for Locked<T> {}

impl<T: Default> Locked<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            lock: Lock::new(),
            changing: AtomicBool::new(false),
            value: UnsafeCell::new(value),
        }
    }

    fn hold(&self) {
        if self.lock.lock() && self.changing.load(Ordering::Relaxed) {
            // SAFETY: only who holds the lock uses the value.
            unsafe { self.value.get().write(T::default()) };
            self.changing.store(false, Ordering::Relaxed);
        }
    }

    /// Everybody waits for `f`, so it waits for nobody, and does not panic.
    pub(crate) fn read<R>(&self, f: impl FnOnce(&T) -> R) -> R {
        self.hold();
        // SAFETY: only who holds the lock uses the value.
        let answer = f(unsafe { &*self.value.get() });
        self.lock.unlock();
        answer
    }

    /// Everybody waits for `f`, so it waits for nobody, and does not panic.
    pub(crate) fn change<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        self.hold();
        self.changing.store(true, Ordering::Relaxed);
        // Nothing of the change comes before that.
        fence(Ordering::Release);
        // SAFETY: only who holds the lock uses the value.
        let answer = f(unsafe { &mut *self.value.get() });
        self.changing.store(false, Ordering::Release);
        self.lock.unlock();
        answer
    }

    /// The value, in whose place comes a new one.
    pub(crate) fn take(&self) -> T {
        self.change(core::mem::take)
    }
}

impl<T: Default> Default for Locked<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}
