//! Values that one consumer moves out of their capsule. They are a type of their own, because a
//! shared value may be borrowed at any time, and the borrows are not counted.

use core::cell::UnsafeCell;
use core::ffi::CStr;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, Ordering};
use std::borrow::Cow;

use crate::accessors::address;
use crate::builder::CapsuleBuilder;
use crate::error::CapsuleError;
use crate::ffi::wrong_name;
use crate::name::names_match;
use crate::payload::PyCapsule;

/// A value that is moved out at most once. The value comes first, so that both have one address.
#[repr(C)]
struct Claimable<T> {
    value: UnsafeCell<MaybeUninit<T>>,
    claimed: AtomicBool,
}

// SAFETY: the value is never shared: `take` moves it to one thread, `drop` is exclusive.
unsafe impl<T: Send> Sync for Claimable<T> {}

impl<T> Claimable<T> {
    fn new(value: T) -> Self {
        Self {
            value: UnsafeCell::new(MaybeUninit::new(value)),
            claimed: AtomicBool::new(false),
        }
    }

    /// Reserves the value; `true` for exactly one caller, which must [`take`](Self::take) it.
    fn reserve(&self) -> bool {
        !self.claimed.swap(true, Ordering::AcqRel)
    }

    /// # Safety
    /// [`reserve`](Self::reserve) returned `true` for this call and for no other.
    unsafe fn take(&self) -> T {
        // SAFETY: no other code has a reference into the cell, since only the caller that reserved
        // the value gets here, and `drop` is exclusive.
        let value = unsafe { &*self.value.get() };
        // SAFETY: initialized in `new`, and moved out only here, once.
        unsafe { value.assume_init_read() }
    }
}

impl<T> Drop for Claimable<T> {
    fn drop(&mut self) {
        if !*self.claimed.get_mut() {
            // SAFETY: initialized in `new`, and never moved out.
            unsafe { self.value.get_mut().assume_init_drop() };
        }
    }
}

impl PyCapsule {
    /// Begins a capsule whose value one consumer takes out with
    /// [`claim_value`](Self::claim_value). If none does, the value is dropped with the capsule,
    /// like one of [`from_value`](Self::from_value). It cannot be borrowed with
    /// [`value`](Self::value), so it need not be `Sync`.
    ///
    /// The pointer leads to the value until it is claimed, then to memory that holds no value.
    /// Native code must not read it while another thread may claim the value; a
    /// [`claim`](Self::claim) under a new name that no other code knows excludes that. A destructor
    /// finds the value there only if it was not claimed.
    pub fn from_claimable<T: Send + 'static>(value: T) -> CapsuleBuilder {
        Self::from_value(Claimable::new(value))
    }

    /// Checks the name, replaces it and moves the value out, in one step: of several threads that
    /// claim a value, exactly one gets it. The pointer is no longer vouched for.
    ///
    /// Only a value of [`from_claimable`](Self::from_claimable) can be moved out. A value of
    /// [`from_value`](Self::from_value) may be borrowed by any code that holds the capsule, and by C
    /// code that has read the pointer.
    ///
    /// # Errors
    /// In this order, and nothing has changed: [`CapsuleError::WrongName`],
    /// [`CapsuleError::WrongType`], including for a value that is not claimable (the text names the
    /// type of a claimable `T` as `Claimable<T>`), [`CapsuleError::OutOfMemory`],
    /// [`CapsuleError::ValueClaimed`] if it was claimed and the
    /// capsule has got its old name back.
    ///
    /// # Example
    /// ```
    /// use rustpython_capsule::PyCapsule;
    /// # rustpython_vm::Interpreter::without_stdlib(Default::default()).enter(|vm| {
    /// let tensor = PyCapsule::from_claimable(vec![0.5_f32; 4]).name(c"dltensor").build(&vm.ctx);
    /// let claim = || tensor.claim_value::<Vec<f32>>(Some(c"dltensor"), Some(c"used_dltensor".into()));
    /// assert_eq!(claim().unwrap(), [0.5; 4]);
    /// assert!(claim().is_err());
    /// # });
    /// ```
    pub fn claim_value<T: Send + 'static>(
        &self,
        name: Option<&CStr>,
        new_name: Option<Cow<'static, CStr>>,
    ) -> Result<T, CapsuleError> {
        let claimable = self.value::<Claimable<T>>(name)?;
        let new_name = self.keep_name(new_name)?;
        let mut is_named = false;
        let claimed = self.fields.claim(new_name, |stored| {
            // SAFETY: the stored name is the capsule's, or one that C keeps while it is the name;
            // the other is a `CStr`, or NULL.
            is_named = unsafe { names_match(stored, address(name)) };
            is_named && claimable.reserve()
        });
        match claimed {
            // SAFETY: the claim succeeded, so `reserve` returned `true` to us.
            Ok(_) => Ok(unsafe { claimable.take() }),
            Err(_) if is_named => Err(CapsuleError::ValueClaimed),
            // SAFETY: as for the comparison.
            Err(state) => Err(unsafe { wrong_name(state, address(name)) }),
        }
    }
}
