//! The payload type `PyCapsule` and its accessors. Its Python class is in `class`; how one is made
//! is in `builder`, how it ends in `last_rites`.

use core::ffi::{CStr, c_char, c_void};
use core::marker::PhantomPinned;
use core::ptr::NonNull;
use std::borrow::Cow;
use std::ffi::CString;

use rustpython_vm::object::payload_offset;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, pyclass};

use crate::belongings::{Belongings, Objects};
use crate::class::{as_capsule, track_if_needed};
use crate::destructor::{
    CDestructor, Closure, Destructor, DestructorKind, RUN_CLOSURE, as_address, from_address,
};
use crate::error::{CapsuleError, NameMismatch, TypeMismatch};
use crate::fields::{Fields, Identity, Marks};
use crate::memory::{or_end, try_box};
use crate::name::{borrow, names_match, try_copy};

/// Capsule objects carry an opaque native pointer through Python.
///
/// One native module puts the address of an API or of data in a capsule, under a
/// name; another takes it out by that name and uses it with no Python in between.
///
/// Python code can pass a capsule on, but cannot look behind the pointer.
#[pyclass(module = false, name = "PyCapsule", traverse = "manual")]
pub struct PyCapsule {
    pub(crate) fields: Fields,
    pub(crate) belongings: Belongings,
    /// C code holds the address while Rust has a `&mut` (see `Traverse::clear`).
    _pinned: PhantomPinned,
}

impl PyCapsule {
    #[inline]
    pub(crate) fn new(
        identity: Identity,
        context: *mut c_void,
        destructor: Option<CDestructor>,
        belongings: Belongings,
    ) -> Self {
        Self {
            fields: Fields::new(identity, context, as_address(destructor)),
            belongings,
            _pinned: PhantomPinned,
        }
    }

    /// What an object is made with that is never shown to anybody.
    pub(crate) fn placeholder() -> Self {
        let identity = Identity {
            pointer: NonNull::dangling(),
            name: core::ptr::null(),
            marks: Marks::default(),
        };
        Self::new(identity, core::ptr::null_mut(), None, Belongings::default())
    }

    /// The object that this payload is part of.
    pub(crate) fn object(&self) -> &Py<Self> {
        let object = core::ptr::from_ref(self).addr() - payload_offset::<Self>();
        // SAFETY: payloads leave this crate only as part of a `Py<Self>` that `memory::make`
        // made, and it exposed the provenance of the whole. The model there never ends.
        unsafe { &*core::ptr::with_exposed_provenance::<Py<Self>>(object) }
    }

    /// The object as a capsule.
    ///
    /// # Errors
    /// [`CapsuleError::NotACapsule`]. The test is exact: nothing can be derived from the type.
    #[inline]
    pub fn of(object: &PyObject) -> Result<&Py<Self>, CapsuleError> {
        Self::try_of(object).ok_or_else(|| not_a_capsule(object))
    }

    /// The object as a capsule, if it is one. The test is exact: nothing can be derived from the
    /// type.
    #[inline]
    pub fn try_of(object: &PyObject) -> Option<&Py<Self>> {
        as_capsule(object)
    }

    /// The pointer, if the capsule has the name `name` (`None` is NULL, and matches only NULL).
    ///
    /// # Errors
    /// [`CapsuleError::WrongName`].
    #[inline]
    pub fn pointer(&self, name: Option<&CStr>) -> Result<NonNull<c_void>, CapsuleError> {
        // SAFETY: a `CStr`, or NULL.
        unsafe { self.pointer_for_c(address(name)) }
    }

    /// The pointer, and whether native code [vouched](crate::CapsuleBuilder::vouched) for it, as
    /// one state.
    ///
    /// # Errors
    /// [`CapsuleError::WrongName`].
    pub fn vouched_pointer(
        &self,
        name: Option<&CStr>,
    ) -> Result<(NonNull<c_void>, bool), CapsuleError> {
        // SAFETY: a `CStr`, or NULL.
        unsafe { self.vouched_pointer_for_c(address(name)) }
    }

    /// The state, if its name is the one that was asked for.
    ///
    /// # Safety
    /// `name` is NULL, or a NUL-terminated string that stays as it is for the call.
    #[inline]
    pub(crate) unsafe fn identity_named(
        &self,
        name: *const c_char,
    ) -> Result<Identity, CapsuleError> {
        if let Some(identity) = self.fields.try_identity()
            // SAFETY:
            // - stored name: those of Rust and Python makers live as long as the capsule (I2); a C
            //   maker promises the same for its own, and does not free it while it is the name.
            // - asked name: passed on from the caller.
            && unsafe { names_match(identity.name, name) }
        {
            return Ok(identity);
        }
        // SAFETY: passed on from the caller.
        unsafe { self.identity_named_at_last(name) }
    }

    /// Waits for a writer, and tells what is wrong.
    #[cold]
    #[inline(never)]
    unsafe fn identity_named_at_last(&self, name: *const c_char) -> Result<Identity, CapsuleError> {
        let identity = self.fields.identity();
        // SAFETY: as in `identity_named`.
        if unsafe { names_match(identity.name, name) } {
            Ok(identity)
        } else {
            Err(wrong_name(identity, name))
        }
    }

    /// Whether the capsule has the name `name`. Never fails.
    #[inline]
    pub fn is_valid(&self, name: Option<&CStr>) -> bool {
        // SAFETY: a `CStr`, or NULL.
        unsafe { self.is_valid_for_c(address(name)) }
    }

    /// The pointer, whatever the name is.
    pub fn any_pointer(&self) -> NonNull<c_void> {
        self.fields.pointer()
    }

    /// A copy of the name; `None` is NULL. A copy, because a name that C owns may be freed by its
    /// owner once the capsule has another. Without memory for it, ends the process, as Rust's
    /// collections do.
    pub fn name(&self) -> Option<CString> {
        copy_of(self.fields.name())
    }

    /// The address of the name; NULL if it has none. A name that was set through Rust or Python
    /// stays valid as long as the capsule; one that C set is C's.
    #[inline]
    pub fn name_address(&self) -> *const c_char {
        self.fields.name()
    }

    /// The context; NULL unless one was set.
    #[inline]
    pub fn context(&self) -> *mut c_void {
        self.fields.context()
    }

    /// Replaces the context.
    #[inline]
    pub fn set_context(&self, context: *mut c_void) {
        self.fields.set_context(context);
    }

    /// Replaces the pointer, for which from now on nobody vouches. A Rust value that the capsule
    /// was made with stays what it is.
    pub fn set_pointer(&self, pointer: NonNull<c_void>) {
        self.fields.set_pointer(pointer, false);
    }

    /// Replaces the name by one that the capsule keeps as long as it lives; `None` is NULL. Nobody
    /// vouches for the pointer under the new name.
    /// Without memory to keep it in, ends the process, as Rust's collections do.
    pub fn set_name(&self, name: Option<Cow<'static, CStr>>) {
        or_end(self.try_set_name(name));
    }

    /// [`set_name`](Self::set_name), for those who can go on without memory.
    ///
    /// # Errors
    /// [`CapsuleError::OutOfMemory`], and nothing has changed.
    pub fn try_set_name(&self, name: Option<Cow<'static, CStr>>) -> Result<(), CapsuleError> {
        self.fields.rename(self.keep_name(name)?, false);
        Ok(())
    }

    /// Checks the name, renames and returns the pointer as one step: of many threads that claim
    /// one capsule under one name, exactly one gets the pointer. Nobody vouches for the pointer
    /// under the new name.
    ///
    /// # Errors
    /// [`CapsuleError::WrongName`] or [`CapsuleError::OutOfMemory`], and nothing has changed.
    pub fn claim(
        &self,
        name: Option<&CStr>,
        new_name: Option<Cow<'static, CStr>>,
    ) -> Result<NonNull<c_void>, CapsuleError> {
        // Who comes too late need not keep a name.
        self.pointer(name)?;
        let new_name = self.keep_name(new_name)?;
        // SAFETY: a `CStr`, or NULL; an address of a `'static` name, or of one that is kept.
        unsafe { self.claim_for_c(address(name), new_name) }
    }

    pub(crate) fn keep_name(
        &self,
        name: Option<Cow<'static, CStr>>,
    ) -> Result<*const c_char, CapsuleError> {
        match name {
            None => Ok(core::ptr::null()),
            Some(Cow::Borrowed(name)) => Ok(name.as_ptr()),
            Some(owned) => {
                let names = &self.belongings.get_or_make()?.names;
                names.change(|names| names.keep(owned))
            }
        }
    }

    /// The value that the capsule was made with, if it has the name `name` and the value is a `T`.
    /// Nothing that was done to the capsule since can make it another.
    ///
    /// # Errors
    /// [`CapsuleError::WrongName`] first, then [`CapsuleError::WrongType`].
    pub fn value<T: Send + Sync + 'static>(&self, name: Option<&CStr>) -> Result<&T, CapsuleError> {
        self.pointer(name)?;
        let value = self
            .belongings
            .get()
            .and_then(|belongings| belongings.value.as_ref());
        value.and_then(|value| value.get()).ok_or_else(|| {
            let mismatch = try_box(TypeMismatch {
                expected: core::any::type_name::<T>(),
                found: value.map(|value| value.type_name),
            });
            mismatch.map_or_else(|no_memory| no_memory, CapsuleError::WrongType)
        })
    }

    /// Replaces the destructor; the old one does not run. While the capsule is being destroyed it
    /// changes only what is read back. Without memory to keep it in, ends the process, as Rust's
    /// collections do.
    pub fn set_destructor(&self, destructor: Destructor) {
        or_end(self.try_set_destructor(destructor));
    }

    /// [`set_destructor`](Self::set_destructor), for those who can go on without memory.
    ///
    /// # Errors
    /// [`CapsuleError::OutOfMemory`], and nothing has changed.
    pub fn try_set_destructor(&self, destructor: Destructor) -> Result<(), CapsuleError> {
        let function = as_address(destructor.c_function());
        let closure = destructor.into_closure()?;
        if closure.is_none() && self.belongings.get().is_none() {
            self.fields.set_destructor(function);
            return Ok(());
        }
        let old = self.belongings.get_or_make()?.objects.change(|objects| {
            self.fields.set_destructor(function);
            core::mem::replace(&mut objects.closure, closure)
        });
        let object = self.object();
        track_if_needed(object);
        if let Some(old) = old {
            old.end(object.as_object());
        }
        Ok(())
    }

    /// Which kind of destructor the capsule has, also after it ran.
    pub fn destructor_kind(&self) -> DestructorKind {
        let Some(function) = self.c_destructor() else {
            return DestructorKind::None;
        };
        if !is_run_closure(function) {
            return DestructorKind::C;
        }
        self.with_objects(|objects| objects.closure.as_ref().map(closure_kind))
            .flatten()
            .unwrap_or(DestructorKind::None)
    }

    /// The destructor as C sees it: the function that would run. For one that is not a C function
    /// it is one and the same function of this crate.
    #[inline]
    pub fn c_destructor(&self) -> Option<CDestructor> {
        // SAFETY: only `as_address` makes what is stored there.
        unsafe { from_address(self.fields.destructor()) }
    }

    /// The callable, if the destructor is a Python one.
    pub fn python_destructor(&self) -> Option<PyObjectRef> {
        self.c_destructor().filter(|f| is_run_closure(*f))?;
        self.with_objects(|objects| match &objects.closure {
            Some(Closure::Python { callable, .. }) => Some(callable.clone()),
            _ => None,
        })
        .flatten()
    }

    /// The Python object that the capsule keeps alive.
    pub fn owner(&self) -> Option<PyObjectRef> {
        self.belongings.get()?.owner.clone()
    }

    fn with_objects<R>(&self, f: impl FnOnce(&Objects) -> R) -> Option<R> {
        self.belongings.get().map(|owned| owned.objects.read(f))
    }

    /// The closure for a run of it; what stays behind tells its kind.
    pub(crate) fn closure_to_run(&self) -> Option<Closure> {
        let objects = &self.belongings.get()?.objects;
        objects.change(|objects| {
            Some(match objects.closure.as_mut()? {
                Closure::Rust(closure) => Closure::Rust(closure.take()),
                Closure::Python { callable, home } => Closure::Python {
                    callable: callable.clone(),
                    home: *home,
                },
            })
        })
    }
}

#[cold]
pub(crate) fn wrong_name(identity: Identity, expected: *const c_char) -> CapsuleError {
    let mismatch = || {
        try_box(NameMismatch {
            // SAFETY: the caller has just compared it.
            expected: unsafe { try_copy(expected) }?,
            // SAFETY: as the other; where it was C's and is replaced, C waits for those who read it.
            found: unsafe { try_copy(identity.name) }?,
            claimed: identity.marks.contains(Marks::CLAIMED),
        })
    };
    mismatch().map_or_else(|no_memory| no_memory, CapsuleError::WrongName)
}

#[cold]
fn not_a_capsule(object: &PyObject) -> CapsuleError {
    let name = object.class().name();
    let mut class = String::new();
    if class.try_reserve_exact(name.len()).is_err() {
        return CapsuleError::OutOfMemory;
    }
    class.push_str(&name);
    CapsuleError::NotACapsule { class }
}

fn copy_of(name: *const c_char) -> Option<CString> {
    // SAFETY: as for the stored name in `identity_named`.
    unsafe { borrow(name) }.map(CStr::to_owned)
}

pub(crate) fn address(name: Option<&CStr>) -> *const c_char {
    name.map_or(core::ptr::null(), CStr::as_ptr)
}

fn closure_kind(closure: &Closure) -> DestructorKind {
    match closure {
        Closure::Rust(_) => DestructorKind::Rust,
        Closure::Python { .. } => DestructorKind::Python,
    }
}

fn is_run_closure(function: CDestructor) -> bool {
    core::ptr::fn_addr_eq(function, RUN_CLOSURE)
}
