//! The fields of a capsule that every thread may read and write at any time, and the protocol that
//! keeps a name and its pointer together. Nothing here knows of Python or of names: the models in
//! `tests/models` run this very file, with the atomics of a model checker.
//!
//! Name and marks change under a lock that readers never take: its holder makes the version odd,
//! stores, and makes it even again, and a reader that saw two versions starts over. A pointer that
//! others may read as what the name promises can be stored without the lock, since it goes with
//! whatever name there is; one that they may not read is stored together with the mark that says
//! so. Every field is stored with Release and loaded with Acquire, so whoever sees a change of one
//! sees the odd version that came before it. Context and destructor stand alone.

use core::ffi::{c_char, c_void};
use core::ptr::NonNull;

use crate::lock::Lock;
use crate::sync::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, Ordering, alone, fence, pause};

/// What stands beside name and pointer and changes together with them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks(u8);

impl Marks {
    /// Native code answers for the pointer (see `CapsuleBuilder::vouched`).
    pub(crate) const VOUCHED: Self = Self(1);
    /// A claim gave the capsule the name it has now.
    pub(crate) const CLAIMED: Self = Self(2);

    #[inline]
    pub(crate) fn contains(self, mark: Self) -> bool {
        self.0 & mark.0 != 0
    }

    #[inline]
    pub(crate) fn with(self, mark: Self, on: bool) -> Self {
        if on {
            Self(self.0 | mark.0)
        } else {
            Self(self.0 & !mark.0)
        }
    }
}

/// Name, pointer and marks as one state (invariant I5).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    pub(crate) pointer: NonNull<c_void>,
    pub(crate) name: *const c_char,
    pub(crate) marks: Marks,
}

impl Identity {
    /// The pointer, and whether native code answers for it.
    #[inline]
    pub(crate) fn vouched_pointer(self) -> (NonNull<c_void>, bool) {
        (self.pointer, self.marks.contains(Marks::VOUCHED))
    }
}

#[derive(Debug)]
pub(crate) struct Fields {
    version: AtomicU32,
    lock: Lock,
    marks: AtomicU8,
    destructor_taken: AtomicBool,
    /// `DYING`, `PUBLISHED`. Only the thread that performs the last rites writes it.
    end: AtomicU8,
    pointer: AtomicPtr<c_void>,
    name: AtomicPtr<c_char>,
    context: AtomicPtr<c_void>,
    destructor: AtomicPtr<()>,
}

/// The last rites are being performed.
const DYING: u8 = 1;

/// The VM has published the capsule to its lock-free caches; see `memory::unpublish`.
const PUBLISHED: u8 = 2;

impl Fields {
    /// `destructor` is the address of a function, or NULL.
    #[inline]
    pub(crate) fn new(identity: Identity, context: *mut c_void, destructor: *mut ()) -> Self {
        Self {
            version: AtomicU32::new(0),
            lock: Lock::new(),
            marks: AtomicU8::new(identity.marks.0),
            destructor_taken: AtomicBool::new(false),
            end: AtomicU8::new(0),
            pointer: AtomicPtr::new(identity.pointer.as_ptr()),
            name: AtomicPtr::new(identity.name.cast_mut()),
            context: AtomicPtr::new(context),
            destructor: AtomicPtr::new(destructor),
        }
    }

    /// Name, pointer and marks as they were at one moment.
    #[inline]
    pub(crate) fn identity(&self) -> Identity {
        self.try_identity()
            .unwrap_or_else(|| self.identity_after_writer())
    }

    /// The same, unless somebody is changing them right now.
    #[inline]
    pub(crate) fn try_identity(&self) -> Option<Identity> {
        let version = self.version.load(Ordering::Acquire);
        let identity = self.load();
        (version.is_multiple_of(2) && self.version.load(Ordering::Relaxed) == version)
            .then_some(identity)
    }

    #[cold]
    #[inline(never)]
    fn identity_after_writer(&self) -> Identity {
        let mut waited = 0;
        loop {
            if self.lock.is_left_behind() {
                self.locked(|| ());
            } else {
                pause(&mut waited);
            }
            if let Some(identity) = self.try_identity() {
                return identity;
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
    fn load(&self) -> Identity {
        Identity {
            pointer: self.pointer(),
            name: self.name(),
            marks: self.marks(),
        }
    }

    /// Replaces the pointer; `vouched` tells whether native code answers for it.
    #[inline]
    pub(crate) fn set_pointer(&self, pointer: NonNull<c_void>, vouched: bool) {
        if vouched && self.marks().contains(Marks::VOUCHED) {
            // If the mark goes at this moment, the pointer is shown to fewer than it might be.
            self.pointer.store(pointer.as_ptr(), Ordering::Release);
        } else {
            self.set_pointer_and_mark(pointer, vouched);
        }
    }

    #[inline(never)]
    fn set_pointer_and_mark(&self, pointer: NonNull<c_void>, vouched: bool) {
        self.exclusively(|| {
            self.unmark(Marks::VOUCHED);
            self.pointer.store(pointer.as_ptr(), Ordering::Release);
            if vouched {
                self.set_marks(self.marks().with(Marks::VOUCHED, true));
            }
        });
    }

    /// Replaces the name. The mark VOUCHED stays if `vouched`, and goes otherwise.
    #[inline]
    pub(crate) fn rename(&self, name: *const c_char, vouched: bool) {
        if alone() {
            self.rename_now(name, vouched);
        } else {
            self.rename_locked(name, vouched);
        }
    }

    #[inline]
    fn rename_now(&self, name: *const c_char, vouched: bool) {
        self.unmark(Marks::CLAIMED);
        if !vouched {
            self.unmark(Marks::VOUCHED);
        }
        self.name.store(name.cast_mut(), Ordering::Release);
    }

    /// Apart, so that the way without threads touches no stack.
    #[inline(never)]
    fn rename_locked(&self, name: *const c_char, vouched: bool) {
        self.locked(|| self.rename_now(name, vouched));
    }

    /// Replaces the name if it is one that is wanted, as one step, and returns the pointer; else
    /// the state that there is. Everybody waits for `is_wanted`, so it waits for nobody.
    #[inline]
    pub(crate) fn claim(
        &self,
        name: *const c_char,
        is_wanted: impl FnOnce(*const c_char) -> bool,
    ) -> Result<NonNull<c_void>, Identity> {
        self.exclusively(move || {
            let now = self.load();
            if !is_wanted(now.name) {
                return Err(now);
            }
            self.set_marks(Marks::CLAIMED);
            self.name.store(name.cast_mut(), Ordering::Release);
            Ok(now.pointer)
        })
    }

    #[inline]
    fn marks(&self) -> Marks {
        Marks(self.marks.load(Ordering::Acquire))
    }

    #[inline]
    fn set_marks(&self, marks: Marks) {
        self.marks.store(marks.0, Ordering::Release);
    }

    #[inline]
    fn unmark(&self, mark: Marks) {
        let marks = self.marks();
        // Seldom there; not to store is not to have the next call wait for the store.
        if marks.contains(mark) {
            self.set_marks(marks.with(mark, false));
        }
    }

    /// Makes a change that is seen as a whole, while nobody makes another.
    ///
    /// Who makes it may vanish half way: where another thread forks the process. So marks that
    /// promise something go before what they are about changes, and come after.
    #[inline]
    fn exclusively<R>(&self, change: impl FnOnce() -> R) -> R {
        if alone() {
            change()
        } else {
            self.locked(change)
        }
    }

    #[inline]
    fn locked<R>(&self, change: impl FnOnce() -> R) -> R {
        self.lock.lock();
        // Odd, also where somebody vanished and left it so.
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

    /// The destructor, to the one caller that comes first (invariant I3).
    pub(crate) fn take_destructor(&self) -> Option<NonNull<()>> {
        let destructor = NonNull::new(self.destructor())?;
        (!self.destructor_taken.swap(true, Ordering::AcqRel)).then_some(destructor)
    }

    /// Begins the last rites: the destructor, if none has been taken, to the only thread that still
    /// knows the capsule.
    #[inline]
    pub(crate) fn begin_dying(&self) -> Option<NonNull<()>> {
        self.set_end(self.end() | DYING, Ordering::Relaxed);
        let pending = self.destructor_pending();
        self.destructor_taken.store(true, Ordering::Relaxed);
        NonNull::new(self.destructor()).filter(|_| pending)
    }

    /// Ends the last rites of a capsule that lives on.
    pub(crate) fn end_dying(&self) {
        self.set_end(self.end() & !DYING, Ordering::Release);
        fence(Ordering::SeqCst);
    }

    /// Whether the last rites are being performed. Whoever stores something and then reads no, and
    /// whoever ends the rites and then looks for it, cannot miss one another.
    pub(crate) fn is_dying(&self) -> bool {
        fence(Ordering::SeqCst);
        self.end.load(Ordering::Acquire) & DYING != 0
    }

    /// Notes that the VM has published the capsule, for the last rites that follow.
    pub(crate) fn note_published(&self) {
        self.set_end(self.end() | PUBLISHED, Ordering::Relaxed);
    }

    /// Whether that was noted.
    pub(crate) fn is_noted_published(&self) -> bool {
        self.end() & PUBLISHED != 0
    }

    #[inline]
    fn end(&self) -> u8 {
        self.end.load(Ordering::Relaxed)
    }

    #[inline]
    fn set_end(&self, end: u8, ordering: Ordering) {
        self.end.store(end, ordering);
    }
}
