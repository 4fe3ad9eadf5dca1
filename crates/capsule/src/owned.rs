//! What a capsule owns beyond its fields: names, a closure, an owner, a Rust value. Most capsules
//! that C makes own nothing, so all of it is in one box that is made when first needed.

use core::any::{Any, type_name};
use core::ffi::c_void;
use core::fmt;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use rustpython_vm::object::{Traverse, TraverseFn};
use rustpython_vm::{PyObject, PyObjectRef};

use crate::alloc::try_box;
use crate::callback_guard::catch_panic;
use crate::error::CapsuleError;
use crate::ffi_types::{CClear, CTraverse};
use crate::foreign_threads::InterpreterId;
use crate::lock::Locked;
use crate::name::OwnedNames;
use crate::thread::with_interpreter;

/// The box, or NULL. Made once, and taken when the capsule is deallocated.
#[derive(Debug, Default)]
pub(crate) struct OwnedBox(AtomicPtr<Owned>);

/// What is in the box.
#[derive(Default)]
pub(crate) struct Owned {
    /// The pointer may lead into the owner, so the value, every destructor and the hooks may depend
    /// on it. It is set when the capsule is made, and dropped after all of them.
    pub(crate) owner: Option<PyObjectRef>,
    pub(crate) value: Option<Value>,
    pub(crate) gc_refs: Locked<GcRefs>,
    pub(crate) names: Locked<OwnedNames>,
    /// Whether the collector tracks the capsule.
    pub(crate) tracked: AtomicBool,
}

/// What may lead to Python objects and be replaced while the capsule lives.
#[derive(Default)]
pub(crate) struct GcRefs {
    pub(crate) closure: Option<Closure>,
    pub(crate) hooks: Option<CHooks>,
}

/// How C code shows the collector references that only that code knows.
#[derive(Clone, Copy)]
pub(crate) struct CHooks {
    pub(crate) traverse: CTraverse,
    pub(crate) clear: CClear,
}

/// A destructor written in Rust: called once with the capsule.
pub(crate) type RustDestructor = Box<dyn FnOnce(&PyObject) + Send>;

/// A destructor that is not a C function.
pub(crate) enum Closure {
    /// `None` once it has begun to run.
    Rust(Option<RustDestructor>),
    Python {
        callable: PyObjectRef,
        interpreter_id: InterpreterId,
    },
}

/// A Rust value and the name of its type. It owns the value as a box does, but through a raw
/// pointer: others know the address, and moving a `Box` would assert that they do not.
pub(crate) struct Value {
    value: NonNull<dyn Any + Send + Sync>,
    pub(crate) type_name: &'static str,
}

impl OwnedBox {
    pub(crate) fn new(owned: Option<Box<Owned>>) -> Self {
        Self(AtomicPtr::new(owned.map_or(null_mut(), Box::into_raw)))
    }

    /// The contents of the box, if there is one.
    #[inline]
    pub(crate) fn get(&self) -> Option<&Owned> {
        // SAFETY:
        // - NULL or from `Box::into_raw`, published with Release.
        // - lives for the borrow: only `take` frees it, and only `drop_dependents` changes it. No
        //   other code refers to the capsule when these are called, so there is no borrow.
        unsafe { self.0.load(Ordering::Acquire).as_ref() }
    }

    /// The contents of the box, which is made now if there is none.
    ///
    /// # Errors
    /// [`CapsuleError::OutOfMemory`].
    pub(crate) fn get_or_make(&self) -> Result<&Owned, CapsuleError> {
        if let Some(owned) = self.get() {
            return Ok(owned);
        }
        let made = Box::into_raw(try_box(Owned::default())?);
        let installed =
            self.0
                .compare_exchange(null_mut(), made, Ordering::AcqRel, Ordering::Acquire);
        let current = match installed {
            Ok(_) => made,
            Err(current) => {
                // SAFETY: `made` comes from `Box::into_raw` above and was not published.
                drop(unsafe { Box::from_raw(made) });
                current
            }
        };
        // SAFETY: as in `get`, and not NULL in either arm.
        Ok(unsafe { &*current })
    }

    /// Takes the box. The caller must be the only thread that can reach the capsule.
    pub(crate) fn take(&self) -> Option<Box<Owned>> {
        let owned = NonNull::new(self.0.load(Ordering::Acquire))?;
        self.0.store(null_mut(), Ordering::Relaxed);
        // SAFETY: from `Box::into_raw`, and the only thread that can reach it takes it once.
        Some(unsafe { Box::from_raw(owned.as_ptr()) })
    }

    /// Drops what may depend on the owner and the names: the value and the closure. Each runs
    /// foreign code that may panic, so each panic is caught by itself. Reporting one may resurrect
    /// the capsule, in which case the owner and the names must stay (I2).
    ///
    /// # Safety
    /// No other code refers to the capsule.
    #[inline]
    pub(crate) unsafe fn drop_dependents(&self, capsule: Option<&PyObject>) {
        // SAFETY: as in `get`; and the caller promises that there is no other reference.
        let Some(owned) = (unsafe { self.0.load(Ordering::Acquire).as_mut() }) else {
            return;
        };
        let value = owned.value.take();
        let closure = owned.gc_refs.take().closure;
        catch_panic(capsule, || drop(value));
        catch_panic(capsule, || drop(closure));
    }

    /// Drops the rest, after [`drop_dependents`](Self::drop_dependents). From here on the capsule
    /// cannot be resurrected.
    #[inline]
    pub(crate) fn drop_rest(&self) {
        if let Some(owned) = self.take() {
            let Owned { owner, names, .. } = *owned;
            catch_panic(None, || drop(owner));
            drop(names.take());
        }
    }
}

impl Owned {
    /// Whether there is anything that can be part of a cycle.
    pub(crate) fn holds_objects(&self) -> bool {
        self.owner.is_some()
            || self.gc_refs.read(|refs| {
                refs.hooks.is_some() || matches!(refs.closure, Some(Closure::Python { .. }))
            })
    }
}

impl GcRefs {
    /// Takes the Python callable, if there is one.
    pub(crate) fn take_callable(&mut self) -> Option<PyObjectRef> {
        let is_python = |closure: &mut Closure| matches!(closure, Closure::Python { .. });
        match self.closure.take_if(is_python) {
            Some(Closure::Python { callable, .. }) => Some(callable),
            _ => None,
        }
    }
}

// SAFETY: visits each of the references that are stored here once, and clones none.
unsafe impl Traverse for GcRefs {
    fn traverse(&self, visit: &mut TraverseFn<'_>) {
        if let Some(Closure::Python { callable, .. }) = &self.closure {
            callable.traverse(visit);
        }
    }
}

impl Closure {
    /// Drops a closure that `capsule` had until now. The collector may be looking at its callable,
    /// which it does only while no thread is attached; so a callable is dropped by an attached
    /// thread.
    pub(crate) fn drop_replaced(self, capsule: &PyObject) {
        let object = Some(capsule);
        catch_panic(object, || match self {
            Self::Rust(closure) => drop(closure),
            Self::Python {
                callable,
                interpreter_id,
            } => with_interpreter(interpreter_id, |_| catch_panic(object, || drop(callable))),
        });
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

    /// The address of the value, which never moves. A zero-sized value has one too.
    pub(crate) fn address(&self) -> NonNull<c_void> {
        self.value.cast()
    }
}

// SAFETY: it owns a `Send + Sync` value as a box does.
unsafe impl Send for Value {}
// SAFETY: it gives out only shared references to a `Send + Sync` value.
unsafe impl Sync for Value {}

impl Drop for Value {
    fn drop(&mut self) {
        // SAFETY: made from a box in `new`, which is freed here only.
        drop(unsafe { Box::from_raw(self.value.as_ptr()) });
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Value").field(&self.type_name).finish()
    }
}
