//! How capsules are made from Rust.

use core::ffi::{CStr, c_void};
use core::ptr::{NonNull, null, null_mut};
use std::borrow::Cow;

use rustpython_vm::{Context, PyObjectRef, PyPayload, PyRef};

use crate::belongings::{Belongings, Contents, Objects, Value};
use crate::class::track_if_needed;
use crate::destructor::Destructor;
use crate::error::CapsuleError;
use crate::fields::{Identity, Marks};
use crate::lock::Locked;
use crate::memory::{make, or_end, try_box};
use crate::name::OwnedNames;
use crate::object::PyCapsule;

/// A capsule in the making; see [`PyCapsule::builder`] and [`PyCapsule::from_value`].
#[derive(Debug)]
#[must_use]
pub struct CapsuleBuilder {
    pointer: NonNull<c_void>,
    marks: Marks,
    name: Option<Cow<'static, CStr>>,
    context: *mut c_void,
    destructor: Destructor,
    owner: Option<PyObjectRef>,
    /// What there was no memory for is told when the capsule is built.
    value: Result<Option<Value>, CapsuleError>,
}

impl PyCapsule {
    /// Begins a capsule around a pointer, with no name, context, destructor or owner.
    pub fn builder(pointer: NonNull<c_void>) -> CapsuleBuilder {
        CapsuleBuilder {
            pointer,
            marks: Marks::default(),
            name: None,
            context: null_mut(),
            destructor: Destructor::none(),
            owner: None,
            value: Ok(None),
        }
    }

    /// Begins a capsule that owns `value` and points to it. The value is dropped with the capsule,
    /// after the destructor if one is set; a panic in its `Drop` is contained. Others see the
    /// pointer as one to a shared `T`: to be read, not written. Where there is no memory for it, the
    /// value is dropped, and building the capsule tells.
    pub fn from_value<T: Send + Sync + 'static>(value: T) -> CapsuleBuilder {
        let value = Value::new(value);
        let address = value.as_ref().map_or(NonNull::dangling(), Value::address);
        let mut builder = Self::builder(address);
        builder.value = value.map(Some);
        builder
    }
}

impl CapsuleBuilder {
    /// The name: a static one, or an owned one that the capsule keeps.
    pub fn name(mut self, name: impl Into<Cow<'static, CStr>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The context, a second pointer for the maker's own use.
    pub fn context(mut self, context: *mut c_void) -> Self {
        self.context = context;
        self
    }

    /// What runs when the capsule dies.
    pub fn destructor(mut self, destructor: Destructor) -> Self {
        self.destructor = destructor;
        self
    }

    /// A Python object that the capsule keeps alive, and through which cycles are collected. It goes
    /// when the destructor has run and the value is dropped, so that these, and the pointer, may lead
    /// into it.
    pub fn owner(mut self, owner: PyObjectRef) -> Self {
        self.owner = Some(owner);
        self
    }

    /// Declares that the pointer is what the name promises, so that importers of an API table may
    /// read it. Without it they refuse: Python code can make a capsule of any number.
    ///
    /// # Safety
    /// Whoever knows the name may use the pointer as the kind of thing that the name stands for,
    /// as long as the capsule lives.
    pub unsafe fn vouched(mut self) -> Self {
        self.marks = self.marks.with(Marks::VOUCHED, true);
        self
    }

    /// The capsule. Without memory for it, ends the process, as Rust's collections do.
    pub fn build(self, ctx: &Context) -> PyRef<PyCapsule> {
        or_end(self.try_build(ctx))
    }

    /// The capsule.
    ///
    /// # Errors
    /// [`CapsuleError::OutOfMemory`]. No destructor runs.
    pub fn try_build(self, ctx: &Context) -> Result<PyRef<PyCapsule>, CapsuleError> {
        let function = self.destructor.c_function();
        let closure = self.destructor.into_closure()?;
        let value = self.value?;
        let mut names = OwnedNames::default();
        let owns = closure.is_some()
            || self.owner.is_some()
            || value.is_some()
            || matches!(self.name, Some(Cow::Owned(_)));
        let name = self.name.map_or(Ok(null()), |name| names.keep(name))?;
        let contents = Contents {
            owner: self.owner,
            value,
            objects: Locked::new(Objects {
                closure,
                hooks: None,
            }),
            names: Locked::new(names),
            ..Contents::default()
        };
        let contents = if owns { Some(try_box(contents)?) } else { None };
        let identity = Identity {
            pointer: self.pointer,
            name,
            marks: self.marks,
        };
        // With the first capsule comes the class.
        let _class = PyCapsule::class(ctx);
        let capsule = make(|| {
            let belongings = Belongings::holding(contents);
            PyCapsule::new(identity, self.context, function, belongings)
        })?;
        track_if_needed(&capsule);
        Ok(capsule)
    }
}
