//! What a capsule owns beyond its fields: names, a closure, an owner, a Rust value. Most capsules
//! that C makes own nothing, so all of it stands in one box that is made when first needed.

use core::any::{Any, type_name};
use core::ffi::c_void;
use core::fmt;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use rustpython_vm::object::{Traverse, TraverseFn};
use rustpython_vm::{PyObject, PyObjectRef};

use crate::destructor::Closure;
use crate::error::CapsuleError;
use crate::firewall::contain;
use crate::for_c::{CClear, CTraverse};
use crate::lock::Locked;
use crate::memory::try_box;
use crate::name::OwnedNames;

/// The box, or nothing yet. Made once, and taken by the last rites or by the payload's `Drop`.
#[derive(Debug, Default)]
pub(crate) struct Belongings(AtomicPtr<Contents>);

/// What is in the box.
#[derive(Default)]
pub(crate) struct Contents {
    /// What the pointer leads into may be the owner's, so the value, every destructor and the
    /// hooks may depend on it. It is set when the capsule is made, and goes after all of them.
    pub(crate) owner: Option<PyObjectRef>,
    pub(crate) value: Option<Value>,
    pub(crate) objects: Locked<Objects>,
    pub(crate) names: Locked<OwnedNames>,
    /// Whether the collector has been told of the capsule.
    pub(crate) tracked: AtomicBool,
}

/// What may be replaced while the capsule lives, and lead to Python objects.
#[derive(Default)]
pub(crate) struct Objects {
    pub(crate) closure: Option<Closure>,
    pub(crate) hooks: Option<CHooks>,
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
        // - lives for the borrow: only `take` gives it up, and only `end_dependants` changes it, whose
        //   callers are alone at that moment, so that no borrow is out.
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
        let contents = NonNull::new(self.0.load(Ordering::Acquire))?;
        self.0.store(null_mut(), Ordering::Relaxed);
        // SAFETY: from `Box::into_raw`, and nobody else takes it meanwhile.
        Some(unsafe { Box::from_raw(contents.as_ptr()) })
    }

    /// Drops what may depend on the rest: the value and the closure. Each is code of somebody
    /// else's that may panic, so each is contained by itself, and the report may bring the capsule
    /// back; then the owner and the names must stay (I2).
    ///
    /// # Safety
    /// Nobody else knows the capsule.
    #[inline]
    pub(crate) unsafe fn end_dependants(&self, capsule: Option<&PyObject>) {
        // SAFETY: as in `get`; and nobody else uses it, by what the caller promises.
        let Some(contents) = (unsafe { self.0.load(Ordering::Acquire).as_mut() }) else {
            return;
        };
        let value = contents.value.take();
        let closure = contents.objects.take().closure;
        contain(capsule, || drop(value));
        contain(capsule, || drop(closure));
    }

    /// Drops the rest, after [`end_dependants`](Self::end_dependants). The capsule is shown to nobody
    /// any more.
    #[inline]
    pub(crate) fn end(&self) {
        if let Some(contents) = self.take() {
            let Contents { owner, names, .. } = *contents;
            contain(None, || drop(owner));
            drop(names.take());
        }
    }
}

impl Contents {
    /// Whether there is anything that can be part of a cycle.
    pub(crate) fn holds_objects(&self) -> bool {
        self.owner.is_some()
            || self.objects.read(|objects| {
                objects.hooks.is_some() || matches!(objects.closure, Some(Closure::Python { .. }))
            })
    }
}

impl Objects {
    /// The callable, which the capsule gives up.
    pub(crate) fn take_callable(&mut self) -> Option<PyObjectRef> {
        let is_python = |closure: &mut Closure| matches!(closure, Closure::Python { .. });
        match self.closure.take_if(is_python) {
            Some(Closure::Python { callable, .. }) => Some(callable),
            _ => None,
        }
    }
}

// SAFETY: each of the references that are stored here is visited once, and none is cloned.
unsafe impl Traverse for Objects {
    fn traverse(&self, visit: &mut TraverseFn<'_>) {
        if let Some(Closure::Python { callable, .. }) = &self.closure {
            callable.traverse(visit);
        }
    }
}

impl Value {
    /// # Errors
    /// [`CapsuleError::OutOfMemory`], and `value` is dropped.
    pub(crate) fn new<T: Send + Sync + 'static>(value: T) -> Result<Self, CapsuleError> {
        let value: Box<dyn Any + Send + Sync> = try_box(value)?;
        Ok(Self {
            value: NonNull::from(Box::leak(value)),
            type_name: type_name::<T>(),
        })
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
