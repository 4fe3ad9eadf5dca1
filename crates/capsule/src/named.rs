//! Types that are bound to a capsule name at compile time, and the owning handle that checks it.
//! With the name in the type, a capsule can be a parameter and a result of a `#[pyfunction]`.

use core::ffi::CStr;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;

use rustpython_vm::convert::{ToPyException, ToPyObject};
use rustpython_vm::{PyObject, PyObjectRef, PyRef, PyResult, TryFromObject, VirtualMachine};

use crate::error::CapsuleError;
use crate::handle::CapsuleHandle;
use crate::payload::PyCapsule;

/// A type with the name of the capsules that it travels in.
///
/// [`TypedCapsule`](crate::TypedCapsule) uses it for Rust values, [`NamedHandle`] for pointers of
/// any kind. For a handle, the type may be an empty enum that only carries the name.
///
/// # Example
/// ```
/// use core::ffi::CStr;
/// use rustpython_capsule::{CapsuleName, TypedCapsule};
/// use rustpython_vm::{TryFromObject, convert::ToPyObject};
///
/// struct Prices(Vec<u32>);
///
/// impl CapsuleName for Prices {
///     const NAME: &'static CStr = c"shop.prices";
/// }
///
/// // As a `#[pyfunction]`, it takes a capsule that holds prices, and refuses all other objects.
/// fn total(prices: TypedCapsule<Prices>) -> u32 {
///     prices.0.iter().sum()
/// }
/// # rustpython_vm::Interpreter::without_stdlib(Default::default()).enter(|vm| {
/// let made = TypedCapsule::from_value(Prices(vec![3, 4]), &vm.ctx);
/// let object = made.to_pyobject(vm);
/// assert_eq!(total(TypedCapsule::try_from_object(vm, object).unwrap()), 7);
/// # });
/// ```
pub trait CapsuleName {
    /// The name. Capsules that are imported have their dotted path here: `module.attribute`.
    const NAME: &'static CStr;
}

/// A [`CapsuleHandle`] of a capsule that had the name [`T::NAME`](CapsuleName::NAME) when it was
/// checked. What the pointer leads to is not checked; the maker promises it.
///
/// # Example
/// ```
/// use core::ffi::{CStr, c_void};
/// use core::ptr::NonNull;
/// use rustpython_capsule::{CapsuleError, CapsuleName, NamedHandle};
///
/// /// The C struct of the Arrow C data interface.
/// enum ArrowSchema {}
///
/// impl CapsuleName for ArrowSchema {
///     const NAME: &'static CStr = c"arrow_schema";
/// }
///
/// // As a `#[pyfunction]`, it takes a capsule named "arrow_schema", and refuses all other objects.
/// fn read(schema: NamedHandle<ArrowSchema>) -> Result<usize, CapsuleError> {
///     Ok(schema.cast::<u64>()?.addr().get())
/// }
/// ```
pub struct NamedHandle<T> {
    handle: CapsuleHandle,
    name: PhantomData<fn() -> T>,
}

impl<T: CapsuleName> NamedHandle<T> {
    /// Takes the pointer of a capsule with the name [`T::NAME`](CapsuleName::NAME) and keeps the
    /// capsule.
    ///
    /// # Errors
    /// [`CapsuleError::WrongName`].
    pub fn new(capsule: PyRef<PyCapsule>) -> Result<Self, CapsuleError> {
        Ok(Self {
            handle: CapsuleHandle::new(capsule, Some(T::NAME))?,
            name: PhantomData,
        })
    }

    /// [`new`](Self::new) for any object.
    ///
    /// # Errors
    /// [`CapsuleError::NotACapsule`], [`CapsuleError::WrongName`].
    pub fn of(object: &PyObject) -> Result<Self, CapsuleError> {
        Self::new(PyCapsule::of(object)?.to_owned())
    }
}

impl<T> NamedHandle<T> {
    /// The handle without its name.
    #[must_use]
    pub fn into_handle(self) -> CapsuleHandle {
        self.handle
    }

    /// The reference to the capsule.
    #[must_use]
    pub fn into_capsule(self) -> PyRef<PyCapsule> {
        self.handle.into_capsule()
    }
}

impl<T> Deref for NamedHandle<T> {
    type Target = CapsuleHandle;

    fn deref(&self) -> &CapsuleHandle {
        &self.handle
    }
}

impl<T> AsRef<CapsuleHandle> for NamedHandle<T> {
    fn as_ref(&self) -> &CapsuleHandle {
        &self.handle
    }
}

impl<T> Clone for NamedHandle<T> {
    fn clone(&self) -> Self {
        Self {
            handle: self.handle.clone(),
            name: PhantomData,
        }
    }
}

impl<T> fmt::Debug for NamedHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NamedHandle").field(&self.handle).finish()
    }
}

impl<T: CapsuleName> TryFromObject for NamedHandle<T> {
    fn try_from_object(vm: &VirtualMachine, object: PyObjectRef) -> PyResult<Self> {
        Self::of(&object).map_err(|error| error.to_pyexception(vm))
    }
}

impl<T> ToPyObject for NamedHandle<T> {
    fn to_pyobject(self, _vm: &VirtualMachine) -> PyObjectRef {
        self.into()
    }
}

impl<T> From<NamedHandle<T>> for PyObjectRef {
    fn from(handle: NamedHandle<T>) -> Self {
        handle.handle.into()
    }
}

impl<T> From<NamedHandle<T>> for CapsuleHandle {
    fn from(handle: NamedHandle<T>) -> Self {
        handle.handle
    }
}

impl<T> From<NamedHandle<T>> for PyRef<PyCapsule> {
    fn from(handle: NamedHandle<T>) -> Self {
        handle.into_capsule()
    }
}
