//! The typed handle: a reference to a capsule together with the Rust value in it, read without
//! `unsafe`.

use core::any::type_name;
use core::ffi::CStr;
use core::fmt;
use core::ops::Deref;
use core::ptr::NonNull;

use rustpython_vm::convert::{ToPyException, ToPyObject};
use rustpython_vm::{
    Context, Py, PyObject, PyObjectRef, PyRef, PyResult, TryFromObject, VirtualMachine,
};

use crate::alloc::or_abort;
use crate::error::CapsuleError;
use crate::named::CapsuleName;
use crate::payload::PyCapsule;

/// A reference to a capsule that holds a `T`, which it reads like a `&T`.
///
/// If `T` has a [`CapsuleName`], this can be a parameter and a result of a `#[pyfunction]`. As a
/// parameter it accepts capsules of that name with a `T` in them; any other object raises the
/// exception for the [`CapsuleError`].
pub struct TypedCapsule<T> {
    capsule: PyRef<PyCapsule>,
    value: NonNull<T>,
}

// SAFETY: it gives out `&T` only, on any thread; the capsule drops the value on any thread.
unsafe impl<T: Send + Sync> Send for TypedCapsule<T> {}
// SAFETY: as for `Send`.
unsafe impl<T: Send + Sync> Sync for TypedCapsule<T> {}

impl<T: Send + Sync + 'static> TypedCapsule<T> {
    /// Checks the name and the type of the value, and keeps the capsule.
    ///
    /// # Errors
    /// [`CapsuleError::WrongName`], [`CapsuleError::WrongType`].
    pub fn new(capsule: PyRef<PyCapsule>, name: Option<&CStr>) -> Result<Self, CapsuleError> {
        let value = NonNull::from(capsule.value::<T>(name)?);
        Ok(Self { capsule, value })
    }
}

impl<T: CapsuleName + Send + Sync + 'static> TypedCapsule<T> {
    /// A new capsule that owns `value`, with the name [`T::NAME`](CapsuleName::NAME) and nothing
    /// else; [`PyCapsule::from_value`] makes one with a context, a destructor or an owner. Aborts
    /// the process if there is no memory, as Rust's collections do.
    #[must_use]
    pub fn from_value(value: T, ctx: &Context) -> Self {
        or_abort(Self::try_from_value(value, ctx))
    }

    /// [`from_value`](Self::from_value), for callers that can handle a lack of memory.
    ///
    /// # Errors
    /// [`CapsuleError::OutOfMemory`], and the value is dropped.
    pub fn try_from_value(value: T, ctx: &Context) -> Result<Self, CapsuleError> {
        let builder = PyCapsule::from_value(value).name(T::NAME);
        Self::new(builder.try_build(ctx)?, Some(T::NAME))
    }

    /// The object as a capsule with the name [`T::NAME`](CapsuleName::NAME) and a `T` in it.
    ///
    /// # Errors
    /// [`CapsuleError::NotACapsule`], [`CapsuleError::WrongName`], [`CapsuleError::WrongType`].
    pub fn of(object: &PyObject) -> Result<Self, CapsuleError> {
        Self::new(PyCapsule::of(object)?.to_owned(), Some(T::NAME))
    }
}

impl<T> TypedCapsule<T> {
    /// The capsule.
    #[must_use]
    pub fn capsule(&self) -> &Py<PyCapsule> {
        &self.capsule
    }

    /// The reference to the capsule.
    #[must_use]
    pub fn into_capsule(self) -> PyRef<PyCapsule> {
        self.capsule
    }

    /// Whether both refer to the same capsule, as `is` in Python.
    #[must_use]
    pub fn ptr_eq(&self, other: &Self) -> bool {
        core::ptr::eq(self.capsule(), other.capsule())
    }
}

impl<T> Deref for TypedCapsule<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY:
        // - a `T`: `new` got it from `value`, which checks the type (I4).
        // - alive: the capsule keeps it until the last reference is dropped, and we have one.
        // - shared: a value that others read as a `&T` is never claimed (see `claimable`).
        unsafe { self.value.as_ref() }
    }
}

impl<T> AsRef<T> for TypedCapsule<T> {
    fn as_ref(&self) -> &T {
        self
    }
}

impl<T> Clone for TypedCapsule<T> {
    fn clone(&self) -> Self {
        Self {
            capsule: self.capsule.clone(),
            value: self.value,
        }
    }
}

/// Shows the type of the value, not the value, so that `T` need not be `Debug`.
impl<T> fmt::Debug for TypedCapsule<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedCapsule")
            .field("type", &format_args!("{}", type_name::<T>()))
            .field("capsule", &*self.capsule)
            .finish()
    }
}

impl<T: CapsuleName + Send + Sync + 'static> TryFromObject for TypedCapsule<T> {
    fn try_from_object(vm: &VirtualMachine, object: PyObjectRef) -> PyResult<Self> {
        Self::of(&object).map_err(|error| error.to_pyexception(vm))
    }
}

impl<T> ToPyObject for TypedCapsule<T> {
    fn to_pyobject(self, _vm: &VirtualMachine) -> PyObjectRef {
        self.into()
    }
}

impl<T> From<TypedCapsule<T>> for PyObjectRef {
    fn from(typed: TypedCapsule<T>) -> Self {
        typed.capsule.into()
    }
}

impl<T> From<TypedCapsule<T>> for PyRef<PyCapsule> {
    fn from(typed: TypedCapsule<T>) -> Self {
        typed.capsule
    }
}
