//! The fields of a capsule that every thread may read and write at any time, and the protocol that
//! keeps a name and its pointer together. Nothing here depends on Python or on what a name is: the
//! models in `tests/models` compile this very file with the atomics of a model checker.
//!
//! Name and flags change under a lock that readers never take. Its holder makes the version odd,
//! stores, and makes the version even again; a reader that saw two versions starts over. A pointer
//! that native code vouches for can be stored without the lock if the one before it was vouched for
//! too: it is valid for the present name, and the flag does not change. Otherwise pointer and flag
//! change together. Every field is stored with Release and loaded with Acquire, so a thread that sees
//! a change of one field sees the odd version that was stored before it. Context and destructor are
//! independent of the rest.

use core::ffi::{c_char, c_void};
use core::ptr::NonNull;

use crate::lock::Lock;
use crate::sync::{
    AtomicBool, AtomicPtr, AtomicU8, AtomicU32, Ordering, fence, is_single_threaded, pause,
};

/// Flags that change together with name and pointer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags(u8);

impl Flags {
    /// Native code vouches for the pointer (see `CapsuleBuilder::vouched`).
    pub(crate) const VOUCHED: Self = Self(1);
    /// The capsule got its present name through a claim.
    pub(crate) const CLAIMED: Self = Self(2);

    #[inline]
    pub(crate) fn contains(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }

    #[inline]
    pub(crate) fn with(self, flag: Self, on: bool) -> Self {
        if on {
            Self(self.0 | flag.0)
        } else {
            Self(self.0 & !flag.0)
        }
    }
}

/// Name, pointer and flags as one state (invariant I5).
#[derive(Clone, Copy, Debug)]
pub(crate) struct NamedPointer {
    pub(crate) pointer: NonNull<c_void>,
    pub(crate) name: *const c_char,
    pub(crate) flags: Flags,
}

impl NamedPointer {
    /// The pointer, and whether native code vouches for it.
    #[inline]
    pub(crate) fn vouched_pointer(self) -> (NonNull<c_void>, bool) {
        (self.pointer, self.flags.contains(Flags::VOUCHED))
    }
}

#[derive(Debug)]
pub(crate) struct Fields {
    version: AtomicU32,
    lock: Lock,
    flags: AtomicU8,
    destructor_taken: AtomicBool,
    /// `FINALIZING`, `PUBLISHED`. Only the thread that finalizes the capsule writes it.
    lifecycle: AtomicU8,
    pointer: AtomicPtr<c_void>,
    name: AtomicPtr<c_char>,
    context: AtomicPtr<c_void>,
    destructor: AtomicPtr<()>,
}

/// The capsule is being finalized.
const FINALIZING: u8 = 1;

/// The VM has published the capsule to its lock-free caches; see `object_header::unpublish`.
const PUBLISHED: u8 = 2;

impl Fields {
    /// `destructor` is the address of a function, or NULL.
    #[inline]
    pub(crate) fn new(state: NamedPointer, context: *mut c_void, destructor: *mut ()) -> Self {
        Self {
            version: AtomicU32::new(0),
            lock: Lock::new(),
            flags: AtomicU8::new(state.flags.0),
            destructor_taken: AtomicBool::new(false),
            lifecycle: AtomicU8::new(0),
            pointer: AtomicPtr::new(state.pointer.as_ptr()),
            name: AtomicPtr::new(state.name.cast_mut()),
            context: AtomicPtr::new(context),
            destructor: AtomicPtr::new(destructor),
        }
    }

    /// Name, pointer and flags as they were at one moment. Waits for a writer.
    #[inline]
    pub(crate) fn read(&self) -> NamedPointer {
        self.try_read().unwrap_or_else(|| self.read_after_writer())
    }

    /// [`read`](Self::read), but `None` while another thread writes.
    #[inline]
    pub(crate) fn try_read(&self) -> Option<NamedPointer> {
        let version = self.version.load(Ordering::Acquire);
        let state = self.load();
        (version.is_multiple_of(2) && self.version.load(Ordering::Relaxed) == version)
            .then_some(state)
    }

    #[cold]
    #[inline(never)]
    fn read_after_writer(&self) -> NamedPointer {
        let mut waited = 0;
        loop {
            if self.lock.is_orphaned() {
                self.locked(|| ());
            } else {
                pause(&mut waited);
            }
            if let Some(state) = self.try_read() {
                return state;
            }
        }
    }

    #[inline]
    pub(crate) fn pointer(&self) -> NonNull<c_void> {
        // SAFETY:
        // - not NULL: only values that were `NonNull` are ever stored (I1).
        unsafe { NonNull::new_unchecked(self.pointer.load(Ordering::Acquire)) }
    }

    #[inline]
    pub(crate) fn name(&self) -> *const c_char {
        self.name.load(Ordering::Acquire)
    }

    #[inline]
    fn load(&self) -> NamedPointer {
        NamedPointer {
            pointer: self.pointer(),
            name: self.name(),
            flags: self.flags(),
        }
    }

    /// Replaces the pointer. `vouched` says whether native code vouches for the new one.
    #[inline]
    pub(crate) fn set_pointer(&self, pointer: NonNull<c_void>, vouched: bool) {
        if vouched && self.flags().contains(Flags::VOUCHED) {
            // If another thread clears VOUCHED concurrently, the pointer is merely treated as
            // unvouched.
            self.pointer.store(pointer.as_ptr(), Ordering::Release);
        } else {
            self.set_pointer_and_flag(pointer, vouched);
        }
    }

    #[inline(never)]
    fn set_pointer_and_flag(&self, pointer: NonNull<c_void>, vouched: bool) {
        self.write(|| {
            self.clear_flag(Flags::VOUCHED);
            self.pointer.store(pointer.as_ptr(), Ordering::Release);
            if vouched {
                self.set_flags(self.flags().with(Flags::VOUCHED, true));
            }
        });
    }

    /// Replaces the name. The flag VOUCHED is kept if `vouched`, and cleared otherwise.
    #[inline]
    pub(crate) fn rename(&self, name: *const c_char, vouched: bool) {
        if is_single_threaded() {
            self.rename_exclusively(name, vouched);
        } else {
            self.rename_locked(name, vouched);
        }
    }

    #[inline]
    fn rename_exclusively(&self, name: *const c_char, vouched: bool) {
        self.clear_flag(Flags::CLAIMED);
        if !vouched {
            self.clear_flag(Flags::VOUCHED);
        }
        self.name.store(name.cast_mut(), Ordering::Release);
    }

    /// Not inlined, so that the single-threaded path of `rename` needs no stack frame.
    #[inline(never)]
    fn rename_locked(&self, name: *const c_char, vouched: bool) {
        self.locked(|| self.rename_exclusively(name, vouched));
    }

    /// If `is_expected` accepts the present name: replaces it and returns the pointer, in one step.
    /// Otherwise returns the present state. All other writers wait for `is_expected`, so it must not
    /// wait for another thread.
    #[inline]
    pub(crate) fn claim(
        &self,
        name: *const c_char,
        is_expected: impl FnOnce(*const c_char) -> bool,
    ) -> Result<NonNull<c_void>, NamedPointer> {
        self.write(move || {
            let present = self.load();
            if !is_expected(present.name) {
                return Err(present);
            }
            self.set_flags(Flags::CLAIMED);
            self.name.store(name.cast_mut(), Ordering::Release);
            Ok(present.pointer)
        })
    }

    #[inline]
    fn flags(&self) -> Flags {
        Flags(self.flags.load(Ordering::Acquire))
    }

    #[inline]
    fn set_flags(&self, flags: Flags) {
        self.flags.store(flags.0, Ordering::Release);
    }

    #[inline]
    fn clear_flag(&self, flag: Flags) {
        let flags = self.flags();
        // The flag is rarely set; skipping the store avoids a store-forwarding stall in the next
        // call.
        if flags.contains(flag) {
            self.set_flags(flags.with(flag, false));
        }
    }

    /// Makes a change that readers see as a whole, while no other thread makes one.
    ///
    /// If another thread forks in the middle of a change, the child does not have the thread that was
    /// making it. So a flag that promises something is cleared before the change that it is about,
    /// and set after it.
    #[inline]
    fn write<R>(&self, change: impl FnOnce() -> R) -> R {
        if is_single_threaded() {
            change()
        } else {
            self.locked(change)
        }
    }

    #[inline]
    fn locked<R>(&self, change: impl FnOnce() -> R) -> R {
        self.lock.lock();
        // Odd already if an orphaned lock was taken over in the middle of a change.
        let version = self.version.load(Ordering::Relaxed) | 1;
        self.version.store(version, Ordering::Relaxed);
        let changed = change();
        self.version
            .store(version.wrapping_add(1), Ordering::Release);
        self.lock.unlock();
        changed
    }

    #[inline]
    pub(crate) fn context(&self) -> *mut c_void {
        self.context.load(Ordering::Acquire)
    }

    #[inline]
    pub(crate) fn set_context(&self, context: *mut c_void) {
        self.context.store(context, Ordering::Release);
    }

    #[inline]
    pub(crate) fn destructor(&self) -> *mut () {
        self.destructor.load(Ordering::Acquire)
    }

    #[inline]
    pub(crate) fn set_destructor(&self, destructor: *mut ()) {
        self.destructor.store(destructor, Ordering::Release);
    }

    /// Whether a destructor is set and has not been taken.
    #[inline]
    pub(crate) fn destructor_pending(&self) -> bool {
        !self.destructor().is_null() && !self.destructor_taken.load(Ordering::Acquire)
    }

    /// Returns the destructor to the first caller, and `None` to all others (invariant I3).
    pub(crate) fn take_destructor(&self) -> Option<NonNull<()>> {
        let destructor = NonNull::new(self.destructor())?;
        (!self.destructor_taken.swap(true, Ordering::AcqRel)).then_some(destructor)
    }

    /// Begins to finalize the capsule, and takes the destructor if none has been taken. No other
    /// thread can reach the capsule.
    #[inline]
    pub(crate) fn begin_finalizing(&self) -> Option<NonNull<()>> {
        self.set_lifecycle(self.lifecycle() | FINALIZING, Ordering::Relaxed);
        let pending = self.destructor_pending();
        self.destructor_taken.store(true, Ordering::Relaxed);
        NonNull::new(self.destructor()).filter(|_| pending)
    }

    /// Ends finalizing a capsule that was resurrected.
    pub(crate) fn end_finalizing(&self) {
        self.set_lifecycle(self.lifecycle() & !FINALIZING, Ordering::Release);
        fence(Ordering::SeqCst);
    }

    /// Whether the capsule is being finalized. Suppose that one thread stores something and then
    /// calls this, and another ends finalizing and then looks for what was stored. Either the first
    /// gets false, or the second finds it, or both.
    pub(crate) fn is_finalizing(&self) -> bool {
        fence(Ordering::SeqCst);
        self.lifecycle.load(Ordering::Acquire) & FINALIZING != 0
    }

    /// Notes that the VM has published the capsule. Called before it is finalized.
    pub(crate) fn set_published(&self) {
        self.set_lifecycle(self.lifecycle() | PUBLISHED, Ordering::Relaxed);
    }

    pub(crate) fn is_published(&self) -> bool {
        self.lifecycle() & PUBLISHED != 0
    }

    #[inline]
    fn lifecycle(&self) -> u8 {
        self.lifecycle.load(Ordering::Relaxed)
    }

    #[inline]
    fn set_lifecycle(&self, lifecycle: u8, ordering: Ordering) {
        self.lifecycle.store(lifecycle, ordering);
    }
}
