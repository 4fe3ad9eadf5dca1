//! Capsules as C has them: names are addresses that are kept, given back and never copied; whoever
//! calls answers for what they point to. The C symbols themselves are elsewhere.

use core::ffi::{c_char, c_int, c_void};
use core::ptr::{NonNull, null_mut};

use rustpython_vm::object::TraverseFn;
use rustpython_vm::{PyObject, PyRef};

use crate::belongings::{Belongings, CHooks};
use crate::class::track_if_needed;
use crate::destructor::{CDestructor, as_address};
use crate::error::CapsuleError;
use crate::fields::{Identity, Marks};
use crate::memory::make;
use crate::name::names_match;
use crate::object::{PyCapsule, wrong_name};

/// What a [`CTraverse`] calls with each object that is owned, and with the `arg` that it was
/// given. An answer other than 0 must be passed on at once.
pub type CVisit = unsafe extern "C" fn(object: *mut PyObject, arg: *mut c_void) -> c_int;

/// Shows the collector what an object owns: CPython's `traverseproc`.
pub type CTraverse =
    unsafe extern "C" fn(object: *mut PyObject, visit: CVisit, arg: *mut c_void) -> c_int;

/// Gives up what an object owns, so that a cycle breaks: CPython's `inquiry`.
pub type CClear = unsafe extern "C" fn(object: *mut PyObject) -> c_int;

impl PyCapsule {
    /// Makes a capsule as `PyCapsule_New` does. Touches no interpreter. NULL is a legal name.
    ///
    /// # Errors
    /// [`CapsuleError::NullPointer`] if `pointer` is NULL, [`CapsuleError::OutOfMemory`].
    ///
    /// # Safety
    /// - `name` is NULL, or a NUL-terminated string that lives unchanged as long as it is the
    ///   capsule's name.
    /// - `pointer` is what the name promises to those who know it.
    /// - `destructor` as for [`Destructor::c`](crate::Destructor::c).
    #[inline]
    pub unsafe fn from_c(
        pointer: *mut c_void,
        name: *const c_char,
        destructor: Option<CDestructor>,
    ) -> Result<PyRef<Self>, CapsuleError> {
        let Some(pointer) = NonNull::new(pointer) else {
            return Err(CapsuleError::NullPointer);
        };
        let identity = Identity {
            pointer,
            name,
            marks: Marks::VOUCHED,
        };
        make(|| Self::new(identity, null_mut(), destructor, Belongings::default()))
    }

    /// [`pointer`](Self::pointer), for a name that is an address.
    ///
    /// # Errors
    /// [`CapsuleError::WrongName`].
    ///
    /// # Safety
    /// `name` is NULL, or a NUL-terminated string that stays as it is for the call.
    #[inline]
    pub unsafe fn pointer_for_c(
        &self,
        name: *const c_char,
    ) -> Result<NonNull<c_void>, CapsuleError> {
        // SAFETY: passed on from the caller.
        unsafe { self.identity_named(name) }.map(|identity| identity.pointer)
    }

    /// The address of the name, and the pointer that goes with it; `None` if somebody is changing
    /// them right now.
    #[inline]
    pub fn glance(&self) -> Option<(*const c_char, NonNull<c_void>)> {
        let identity = self.fields.try_identity()?;
        Some((identity.name, identity.pointer))
    }

    /// [`vouched_pointer`](Self::vouched_pointer), for a name that is an address.
    ///
    /// # Errors
    /// [`CapsuleError::WrongName`].
    ///
    /// # Safety
    /// As for [`pointer_for_c`](Self::pointer_for_c).
    #[inline]
    pub unsafe fn vouched_pointer_for_c(
        &self,
        name: *const c_char,
    ) -> Result<(NonNull<c_void>, bool), CapsuleError> {
        // SAFETY: passed on from the caller.
        unsafe { self.identity_named(name) }.map(Identity::vouched_pointer)
    }

    /// [`is_valid`](Self::is_valid), for a name that is an address.
    ///
    /// # Safety
    /// As for [`pointer_for_c`](Self::pointer_for_c).
    #[inline]
    pub unsafe fn is_valid_for_c(&self, name: *const c_char) -> bool {
        // SAFETY: the stored name as in `identity_named`, the other passed on from the caller.
        unsafe { names_match(self.fields.name(), name) }
    }

    /// Replaces the pointer and vouches for it.
    ///
    /// # Safety
    /// `pointer` is what the capsule's name promises.
    #[inline]
    pub unsafe fn set_pointer_for_c(&self, pointer: NonNull<c_void>) {
        self.fields.set_pointer(pointer, true);
    }

    /// Replaces the name by an address. If somebody vouches for the pointer, that stands.
    ///
    /// # Safety
    /// - `name` as for [`from_c`](Self::from_c).
    /// - The pointer is what it promises, or nobody vouches for the pointer.
    #[inline]
    pub unsafe fn set_name_for_c(&self, name: *const c_char) {
        self.fields.rename(name, true);
    }

    /// Replaces the destructor by a C function. A closure that the capsule owns stays, so that C
    /// code may put back the function that it has read from the capsule.
    ///
    /// # Safety
    /// As for [`Destructor::c`](crate::Destructor::c).
    #[inline]
    pub unsafe fn set_destructor_for_c(&self, destructor: Option<CDestructor>) {
        self.fields.set_destructor(as_address(destructor));
    }

    /// [`claim`](Self::claim), for names that are addresses.
    ///
    /// # Errors
    /// [`CapsuleError::WrongName`], and nothing has changed.
    ///
    /// # Safety
    /// - `name` as for [`pointer_for_c`](Self::pointer_for_c).
    /// - `new_name` as for [`from_c`](Self::from_c).
    #[inline]
    pub unsafe fn claim_for_c(
        &self,
        name: *const c_char,
        new_name: *const c_char,
    ) -> Result<NonNull<c_void>, CapsuleError> {
        let claimed = self.fields.claim(new_name, |stored| {
            // SAFETY: the stored name as in `identity_named`, the other passed on from the caller.
            unsafe { names_match(stored, name) }
        });
        claimed.map_err(|identity| wrong_name(identity, name))
    }

    /// Lets C code show the collector what the capsule owns, and give it up to break a cycle. From
    /// now on the collector knows the capsule. The last call counts; the capsule forgets both when
    /// it dies, before its destructor runs.
    ///
    /// # Errors
    /// [`CapsuleError::OutOfMemory`], and nothing has changed.
    ///
    /// # Safety
    /// - `traverse` calls its `visit` once for each strong reference that the capsule owns, and does
    ///   nothing else. It runs on any thread, beside all others: while a collection looks for
    ///   garbage they stand still, but not while `gc.get_referents` looks.
    /// - `clear` gives up those references.
    pub unsafe fn set_traverse(
        &self,
        traverse: CTraverse,
        clear: CClear,
    ) -> Result<(), CapsuleError> {
        let hooks = CHooks { traverse, clear };
        let objects = &self.belongings.get_or_make()?.objects;
        objects.change(|objects| objects.hooks = Some(hooks));
        track_if_needed(self.object());
        Ok(())
    }
}

/// Shows `visit` what C code owns through `object`, as `traverse` tells it.
///
/// # Safety
/// - `traverse` may be called with `object`.
/// - It calls its `visit` with its `arg`, before it returns, and with each of the strong references
///   that are owned once.
pub unsafe fn traverse_for_c(
    traverse: CTraverse,
    object: &PyObject,
    mut visit: &mut TraverseFn<'_>,
) {
    let arg = core::ptr::from_mut(&mut visit).cast();
    // SAFETY: passed on from the caller.
    unsafe { traverse(core::ptr::from_ref(object).cast_mut(), visit_one, arg) };
}

/// The `visit` that C code is given; `arg` is the address of the collector's own.
unsafe extern "C" fn visit_one(object: *mut PyObject, arg: *mut c_void) -> c_int {
    // SAFETY: `traverse_for_c` made it of this type, and waits for us.
    let visit = unsafe { &mut *arg.cast::<&mut TraverseFn<'_>>() };
    // SAFETY: C code visits what it owns a reference to.
    if let Some(object) = unsafe { object.as_ref() } {
        visit(object);
    }
    0
}
