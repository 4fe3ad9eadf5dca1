//! The fields of a capsule that every thread may read and write at any time, and the protocol that
//! keeps a name and its pointer together. What a capsule owns lives in `belongings`.
//!
//! Name, pointer and marks change under a sequence lock: a writer makes the version odd, stores,
//! and makes it even again; a reader that saw two versions starts over. Readers write nothing.
//! Context and destructor stand alone and are plain atomics.

use core::ffi::{c_char, c_void};
use core::hint::spin_loop;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, Ordering, fence};

use crate::destructor::CDestructor;

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
    marks: AtomicU8,
    destructor_taken: AtomicBool,
    dying: AtomicBool,
    pointer: AtomicPtr<c_void>,
    name: AtomicPtr<c_char>,
    context: AtomicPtr<c_void>,
    destructor: AtomicPtr<()>,
}

impl Fields {
    pub(crate) fn new(
        identity: Identity,
        context: *mut c_void,
        destructor: Option<CDestructor>,
    ) -> Self {
        Self {
            version: AtomicU32::new(0),
            marks: AtomicU8::new(identity.marks.0),
            destructor_taken: AtomicBool::new(false),
            dying: AtomicBool::new(false),
            pointer: AtomicPtr::new(identity.pointer.as_ptr()),
            name: AtomicPtr::new(identity.name.cast_mut()),
            context: AtomicPtr::new(context),
            destructor: AtomicPtr::new(address_of_function(destructor)),
        }
    }

    /// Name, pointer and marks as they were at one moment.
    #[inline]
    pub(crate) fn identity(&self) -> Identity {
        self.versioned_identity().1
    }

    #[inline]
    fn versioned_identity(&self) -> (u32, Identity) {
        loop {
            let version = self.version.load(Ordering::Acquire);
            let identity = self.load_identity();
            fence(Ordering::Acquire);
            if version.is_multiple_of(2) && self.version.load(Ordering::Relaxed) == version {
                return (version, identity);
            }
            spin_loop();
        }
    }

    #[inline]
    fn load_identity(&self) -> Identity {
        Identity {
            // SAFETY:
            // - not NULL: only `Identity` values are ever stored, and theirs is `NonNull` (I1).
            pointer: unsafe { NonNull::new_unchecked(self.pointer.load(Ordering::Relaxed)) },
            name: self.name.load(Ordering::Relaxed),
            marks: Marks(self.marks.load(Ordering::Relaxed)),
        }
    }

    /// Stores `change(now)` if `now` is still the state when it is stored; else asks again.
    /// `change` runs unlocked and may run more than once; its error ends the attempt.
    pub(crate) fn update<E>(
        &self,
        mut change: impl FnMut(Identity) -> Result<Identity, E>,
    ) -> Result<Identity, E> {
        loop {
            let (version, before) = self.versioned_identity();
            let after = change(before)?;
            if self
                .version
                .compare_exchange(
                    version,
                    version.wrapping_add(1),
                    Ordering::Acquire,
                    Ordering::Relaxed,
                )
                .is_err()
            {
                continue;
            }
            fence(Ordering::Release);
            self.pointer
                .store(after.pointer.as_ptr(), Ordering::Relaxed);
            self.name.store(after.name.cast_mut(), Ordering::Relaxed);
            self.marks.store(after.marks.0, Ordering::Relaxed);
            self.version
                .store(version.wrapping_add(2), Ordering::Release);
            return Ok(before);
        }
    }

    #[inline]
    pub(crate) fn context(&self) -> *mut c_void {
        self.context.load(Ordering::Acquire)
    }

    pub(crate) fn set_context(&self, context: *mut c_void) {
        self.context.store(context, Ordering::Release);
    }

    #[inline]
    pub(crate) fn destructor(&self) -> Option<CDestructor> {
        let address = self.destructor.load(Ordering::Acquire);
        // SAFETY:
        // - layout: a function pointer and its `Option` have the size of a data pointer on every
        //   platform that RustPython runs on, and NULL is `None`.
        // - validity: only `address_of_function` makes the stored values.
        unsafe { core::mem::transmute::<*mut (), Option<CDestructor>>(address) }
    }

    pub(crate) fn set_destructor(&self, destructor: Option<CDestructor>) {
        self.destructor
            .store(address_of_function(destructor), Ordering::Release);
    }

    /// Whether a destructor is set and has not been taken.
    #[inline]
    pub(crate) fn destructor_pending(&self) -> bool {
        !self.destructor.load(Ordering::Acquire).is_null()
            && !self.destructor_taken.load(Ordering::Acquire)
    }

    /// Whether the last rites are being performed. Whoever stores something and then reads no, and
    /// whoever ends the rites and then looks for it, cannot miss one another.
    pub(crate) fn is_dying(&self) -> bool {
        fence(Ordering::SeqCst);
        self.dying.load(Ordering::Acquire)
    }

    pub(crate) fn set_dying(&self, dying: bool) {
        self.dying.store(dying, Ordering::Release);
        fence(Ordering::SeqCst);
    }

    /// The destructor, to the one caller that comes first (invariant I3).
    pub(crate) fn take_destructor(&self) -> Option<CDestructor> {
        let destructor = self.destructor()?;
        (!self.destructor_taken.swap(true, Ordering::AcqRel)).then_some(destructor)
    }
}

fn address_of_function(destructor: Option<CDestructor>) -> *mut () {
    destructor.map_or(core::ptr::null_mut(), |function| function as *mut ())
}
