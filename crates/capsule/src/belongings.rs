//! What a capsule owns beyond its fields: names, a closure, an owner, a Rust value. Most capsules
//! that C makes own nothing, so all of it stands in one box that is made when first needed.

use core::any::{Any, type_name};
use core::ffi::c_void;
use core::fmt;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicPtr, Ordering};

use rustpython_vm::common::lock::PyMutex;
use rustpython_vm::object::{Traverse, TraverseFn};
use rustpython_vm::{PyObject, PyObjectRef};

use crate::destructor::Closure;
use crate::error::CapsuleError;
use crate::firewall::contain;
use crate::for_c::{CClear, CTraverse};
use crate::memory::try_box;
use crate::name::OwnedNames;

/// The box, or nothing yet. Made once, and taken by the last rites or by the payload's `Drop`.
#[derive(Debug, Default)]
pub(crate) struct Belongings(AtomicPtr<Contents>);

/// What is in the box.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) value: Option<Value>,
    pub(crate) objects: PyMutex<Objects>,
    pub(crate) names: PyMutex<OwnedNames>,
}

/// The part that the garbage collector must see.
#[derive(Default)]
pub(crate) struct Objects {
    pub(crate) owner: Option<PyObjectRef>,
    pub(crate) closure: Option<Closure>,
    pub(crate) hooks: Option<CHooks>,
    /// Whether the collector has been told of the capsule.
    pub(crate) tracked: bool,
}

/// How C code shows the collector references that only it knows of.
#[derive(Clone, Copy)]
pub(crate) struct CHooks {
    pub(crate) traverse: CTraverse,
    pub(crate) clear: CClear,
}

/// A Rust value and the name of its type. The value is owned like a box's, but as a raw pointer:
/// its address is known outside, and moving a `Box` would lay claim to it anew.
pub(crate) struct Value {
    value: NonNull<dyn Any + Send + Sync>,
    pub(crate) type_name: &'static str,
}

impl Belongings {
    pub(crate) fn holding(contents: Option<Box<Contents>>) -> Self {
        Self(AtomicPtr::new(contents.map_or(null_mut(), Box::into_raw)))
    }

    /// The box, if there is one.
    #[inline]
    pub(crate) fn get(&self) -> Option<&Contents> {
        // SAFETY:
        // - NULL or from `Box::into_raw`, published with Release.
        // - lives for the borrow: only `take` gives it up, whose caller is alone at that moment, so
        //   that no borrow is out.
        unsafe { self.0.load(Ordering::Acquire).as_ref() }
    }

    /// The box, made now if there is none.
    ///
    /// # Errors
    /// [`CapsuleError::OutOfMemory`].
    pub(crate) fn get_or_make(&self) -> Result<&Contents, CapsuleError> {
        if let Some(contents) = self.get() {
            return Ok(contents);
        }
        let made = Box::into_raw(try_box(Contents::default())?);
        let installed =
            self.0
                .compare_exchange(null_mut(), made, Ordering::AcqRel, Ordering::Acquire);
        let current = match installed {
            Ok(_) => made,
            Err(current) => {
                // SAFETY: `made` comes from `Box::into_raw` above and nobody has seen it.
                drop(unsafe { Box::from_raw(made) });
                current
            }
        };
        // SAFETY: as in `get`, and not NULL in either arm.
        Ok(unsafe { &*current })
    }

    /// Takes the box out, for a caller that no other thread can reach the capsule beside.
    pub(crate) fn take(&self) -> Option<Box<Contents>> {
        let contents = self.0.swap(null_mut(), Ordering::AcqRel);
        // SAFETY: from `Box::into_raw`, and the swap gave it to us alone.
        (!contents.is_null()).then(|| unsafe { Box::from_raw(contents) })
    }
}

impl Contents {
    /// Drops everything but the names, the owner after what may depend on it. Each is code of
    /// somebody else's that may panic, so each is contained by itself. The report of a panic may
    /// bring the capsule back, and then the names must stay (I2).
    pub(crate) fn end(self, capsule: Option<&PyObject>) -> OwnedNames {
        let Self {
            value,
            objects,
            names,
        } = self;
        let Objects { closure, owner, .. } = objects.into_inner();
        contain(capsule, || drop(value));
        contain(capsule, || drop(closure));
        contain(capsule, || drop(owner));
        names.into_inner()
    }
}

impl Objects {
    /// Whether there is anything that can be part of a cycle.
    pub(crate) fn any(&self) -> bool {
        self.owner.is_some()
            || self.hooks.is_some()
            || matches!(self.closure, Some(Closure::Python { .. }))
    }

    /// Moves every reference that the collector was shown to `out`.
    pub(crate) fn clear(&mut self, out: &mut Vec<PyObjectRef>) {
        out.extend(self.owner.take());
        if let Some(Closure::Python { callable, .. }) = self
            .closure
            .take_if(|closure| matches!(closure, Closure::Python { .. }))
        {
            out.push(callable);
        }
    }
}

// SAFETY: each of the references that are stored here is visited once, and none is cloned.
unsafe impl Traverse for Objects {
    fn traverse(&self, visit: &mut TraverseFn<'_>) {
        self.owner.traverse(visit);
        if let Some(Closure::Python { callable, .. }) = &self.closure {
            callable.traverse(visit);
        }
    }
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Objects")
            .field("owner", &self.owner.is_some())
            .field("closure", &self.closure.is_some())
            .field("hooks", &self.hooks.is_some())
            .field("tracked", &self.tracked)
            .finish()
    }
}

impl Value {
    pub(crate) fn new<T: Send + Sync + 'static>(value: T) -> Self {
        let value: Box<dyn Any + Send + Sync> = Box::new(value);
        Self {
            value: NonNull::from(Box::leak(value)),
            type_name: type_name::<T>(),
        }
    }

    pub(crate) fn get<T: 'static>(&self) -> Option<&T> {
        // SAFETY: made from a box in `new`, and freed only with `self`.
        unsafe { self.value.as_ref() }.downcast_ref()
    }

    /// Where the value is; it never moves. A type of size zero has an address too.
    pub(crate) fn address(&self) -> NonNull<c_void> {
        self.value.cast()
    }
}

// SAFETY: it is a box of a `Send + Sync` value in all but name.
unsafe impl Send for Value {}
// SAFETY: as above.
unsafe impl Sync for Value {}

impl Drop for Value {
    fn drop(&mut self) {
        // SAFETY: made from a box in `new`, and this is its end.
        drop(unsafe { Box::from_raw(self.value.as_ptr()) });
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Value").field(&self.type_name).finish()
    }
}
