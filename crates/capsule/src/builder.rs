//! How Rust code makes capsules.

use core::ffi::{CStr, c_void};
use core::ptr::{NonNull, null, null_mut};
use std::borrow::Cow;

use rustpython_vm::{Context, PyObjectRef, PyRef};

use crate::alloc::or_abort;
use crate::class::template;
use crate::destructor::Destructor;
use crate::error::CapsuleError;
use crate::fields::{Flags, NamedPointer};
use crate::finalize::track_if_needed;
use crate::owned::{OwnedBlock, OwnedSlot};
use crate::payload::{PyCapsule, make};

/// Collects what a capsule is made of; see [`PyCapsule::builder`] and [`PyCapsule::from_value`].
#[derive(Debug)]
#[must_use]
pub struct CapsuleBuilder {
    pointer: NonNull<c_void>,
    flags: Flags,
    name: Option<Cow<'static, CStr>>,
    context: *mut c_void,
    destructor: Destructor,
    owner: Option<PyObjectRef>,
    /// The block of the value, if there is one. An error is reported when the capsule is built.
    owned: Result<Option<OwnedBlock>, CapsuleError>,
}

impl PyCapsule {
    /// Begins a capsule around a pointer, with no name, context, destructor or owner.
    #[inline]
    pub fn builder(pointer: NonNull<c_void>) -> CapsuleBuilder {
        CapsuleBuilder {
            pointer,
            flags: Flags::default(),
            name: None,
            context: null_mut(),
            destructor: Destructor::none(),
            owner: None,
            owned: Ok(None),
        }
    }

    /// Begins a capsule that owns `value` and points to it. The value is dropped with the capsule,
    /// after the destructor if one is set; a panic in its `Drop` is caught. The pointer is one to a
    /// shared `T`: it may be read through, not written through. If there is no memory for the value,
    /// it is dropped, and building the capsule fails.
    #[inline]
    pub fn from_value<T: Send + Sync + 'static>(value: T) -> CapsuleBuilder {
        let owned = OwnedBlock::with_value(value);
        let address = owned.as_ref().map(OwnedBlock::value_address);
        let mut builder = Self::builder(address.unwrap_or(NonNull::dangling()));
        builder.owned = owned.map(Some);
        builder
    }
}

impl CapsuleBuilder {
    /// The name: a static one, or an owned one that the capsule keeps.
    #[inline]
    pub fn name(mut self, name: impl Into<Cow<'static, CStr>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The context, a second pointer for the producer's own use.
    #[inline]
    pub fn context(mut self, context: *mut c_void) -> Self {
        self.context = context;
        self
    }

    /// What runs when the capsule is destroyed.
    #[inline]
    pub fn destructor(mut self, destructor: Destructor) -> Self {
        self.destructor = destructor;
        self
    }

    /// A Python object that the capsule keeps alive. The collector sees it, so cycles through it are
    /// collected. It is dropped after the destructor has run and the value is dropped, so the
    /// destructor, the value and the pointer may refer to it.
    #[inline]
    pub fn owner(mut self, owner: PyObjectRef) -> Self {
        self.owner = Some(owner);
        self
    }

    /// Declares that the pointer is what the name promises. Importers of an API table refuse a
    /// capsule without this, because Python code can make a capsule from any number.
    ///
    /// # Safety
    /// The pointer points to what the name promises, as long as the capsule lives. Any code that
    /// knows the name may use it in this way.
    pub unsafe fn vouched(mut self) -> Self {
        self.flags = self.flags.with(Flags::VOUCHED, true);
        self
    }

    /// The capsule. Aborts the process if there is no memory, as Rust's collections do.
    pub fn build(self, ctx: &Context) -> PyRef<PyCapsule> {
        or_abort(self.try_build(ctx))
    }

    /// The capsule.
    ///
    /// # Errors
    /// [`CapsuleError::OutOfMemory`]. No destructor runs.
    pub fn try_build(self, _ctx: &Context) -> Result<PyRef<PyCapsule>, CapsuleError> {
        let function = self.destructor.c_function();
        let closure = self.destructor.into_closure()?;
        let may_be_in_cycle = closure.is_some() || self.owner.is_some();
        let mut owned = self.owned?;
        if may_be_in_cycle {
            let owned = get_or_make(&mut owned)?;
            owned.get_mut().owner = self.owner;
            owned.get_mut().gc_refs.get_mut().closure = closure;
        }
        let name = match self.name {
            None => null(),
            Some(Cow::Borrowed(name)) => name.as_ptr(),
            Some(name) => {
                let names = &mut get_or_make(&mut owned)?.get_mut().names;
                names.get_mut().keep(name)?
            }
        };
        let state = NamedPointer {
            pointer: self.pointer,
            name,
            flags: self.flags,
        };
        let capsule = make(template(), || {
            PyCapsule::new(state, self.context, function, OwnedSlot::new(owned))
        })?;
        if may_be_in_cycle {
            track_if_needed(&capsule);
        }
        Ok(capsule)
    }
}

fn get_or_make(owned: &mut Option<OwnedBlock>) -> Result<&mut OwnedBlock, CapsuleError> {
    match owned {
        Some(owned) => Ok(owned),
        none => Ok(none.insert(OwnedBlock::new()?)),
    }
}
