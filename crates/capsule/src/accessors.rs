//! The accessors of `PyCapsule` for Rust. Names are `CStr`s here, and those that are set are `'static`
//! or owned by the capsule, so every one of them is safe.

use core::ffi::{CStr, c_char, c_void};
use core::fmt;
use core::ptr::NonNull;
use std::borrow::Cow;
use std::ffi::CString;

use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef};

use crate::alloc::or_abort;
use crate::destructor::Destructor;
use crate::error::CapsuleError;
use crate::ffi;
use crate::ffi_types::{CDestructor, as_address, from_address};
use crate::finalize::{DestructorKind, destructor_kind, is_run_closure, track_if_needed};
use crate::name::borrow;
use crate::owned::Closure;
use crate::payload::{PyCapsule, as_capsule};

impl PyCapsule {
    /// The object as a capsule. The check is exact, since no class can derive from this one.
    ///
    /// # Errors
    /// [`CapsuleError::NotACapsule`].
    #[inline]
    pub fn of(object: &PyObject) -> Result<&Py<Self>, CapsuleError> {
        Self::try_of(object).ok_or_else(|| not_a_capsule(object))
    }

    /// The object as a capsule, or `None` if it is not one. The check is exact, since no class can
    /// derive from this one.
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
        unsafe { ffi::pointer(self, address(name)) }
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
        unsafe { ffi::vouched_pointer(self, address(name)) }
    }

    /// Whether the capsule has the name `name`.
    #[inline]
    pub fn is_valid(&self, name: Option<&CStr>) -> bool {
        // SAFETY: a `CStr`, or NULL.
        unsafe { ffi::is_valid(self, address(name)) }
    }

    /// The pointer, whatever the name is.
    pub fn any_pointer(&self) -> NonNull<c_void> {
        self.fields.pointer()
    }

    /// A copy of the name; `None` is NULL. It is a copy because C code may free a name of its own
    /// once the capsule has another. Aborts the process if there is no memory, as Rust's collections
    /// do.
    pub fn name(&self) -> Option<CString> {
        // SAFETY: a name that Rust or Python set lives as long as the capsule (I2); C code promises
        // the same for its own as long as it is the name.
        unsafe { borrow(self.fields.name()) }.map(CStr::to_owned)
    }

    /// The address of the name; NULL if it has none. A name that was set through Rust or Python
    /// stays valid as long as the capsule lives; one that C code set belongs to that code.
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

    /// Replaces the pointer; the new one is not vouched for. A Rust value that the capsule was made
    /// with is not affected.
    pub fn set_pointer(&self, pointer: NonNull<c_void>) {
        self.fields.set_pointer(pointer, false);
    }

    /// Replaces the name; `None` is NULL. The capsule keeps an owned name as long as it lives. The
    /// pointer is no longer vouched for. Aborts the process if there is no memory, as Rust's
    /// collections do.
    pub fn set_name(&self, name: Option<Cow<'static, CStr>>) {
        or_abort(self.try_set_name(name));
    }

    /// [`set_name`](Self::set_name), for callers that can handle a lack of memory.
    ///
    /// # Errors
    /// [`CapsuleError::OutOfMemory`], and nothing has changed.
    pub fn try_set_name(&self, name: Option<Cow<'static, CStr>>) -> Result<(), CapsuleError> {
        self.fields.rename(self.keep_name(name)?, false);
        Ok(())
    }

    /// Checks the name, replaces it, and returns the pointer, in one step: if several threads claim
    /// a capsule under one name, exactly one of them gets the pointer. The pointer is no longer
    /// vouched for.
    ///
    /// # Errors
    /// [`CapsuleError::WrongName`] or [`CapsuleError::OutOfMemory`], and nothing has changed.
    pub fn claim(
        &self,
        name: Option<&CStr>,
        new_name: Option<Cow<'static, CStr>>,
    ) -> Result<NonNull<c_void>, CapsuleError> {
        // If the claim has already been lost, don't copy the name.
        self.pointer(name)?;
        let new_name = self.keep_name(new_name)?;
        // SAFETY: a `CStr`, or NULL; an address of a `'static` name, or of one that is kept.
        unsafe { ffi::claim(self, address(name), new_name) }
    }

    pub(crate) fn keep_name(
        &self,
        name: Option<Cow<'static, CStr>>,
    ) -> Result<*const c_char, CapsuleError> {
        match name {
            None => Ok(core::ptr::null()),
            Some(Cow::Borrowed(name)) => Ok(name.as_ptr()),
            Some(owned) => {
                let names = &self.owned.get_or_make()?.names;
                names.change(|names| names.keep(owned))
            }
        }
    }

    /// The value that the capsule was made with, if the capsule has the name `name` and the value is
    /// a `T`. Nothing that is done to the capsule can change which value it is.
    ///
    /// # Errors
    /// [`CapsuleError::WrongName`] first, then [`CapsuleError::WrongType`].
    pub fn value<T: Send + Sync + 'static>(&self, name: Option<&CStr>) -> Result<&T, CapsuleError> {
        self.pointer(name)?;
        self.owned.value()
    }

    /// Replaces the destructor; the old one does not run. While the capsule is being destroyed this
    /// only changes what [`destructor_kind`](Self::destructor_kind) and similar methods return.
    /// Aborts the process if there is no memory, as Rust's collections do.
    pub fn set_destructor(&self, destructor: Destructor) {
        or_abort(self.try_set_destructor(destructor));
    }

    /// [`set_destructor`](Self::set_destructor), for callers that can handle a lack of memory.
    ///
    /// # Errors
    /// [`CapsuleError::OutOfMemory`], and nothing has changed.
    pub fn try_set_destructor(&self, destructor: Destructor) -> Result<(), CapsuleError> {
        let function = as_address(destructor.c_function());
        let closure = destructor.into_closure()?;
        if closure.is_none() && self.owned.get().is_none() {
            self.fields.set_destructor(function);
            return Ok(());
        }
        let old = self.owned.get_or_make()?.gc_refs.change(|refs| {
            self.fields.set_destructor(function);
            core::mem::replace(&mut refs.closure, closure)
        });
        let object = self.object();
        track_if_needed(object);
        if let Some(old) = old {
            old.drop_replaced(object.as_object());
        }
        Ok(())
    }

    /// Which kind of destructor is set, whether or not it has run.
    pub fn destructor_kind(&self) -> DestructorKind {
        destructor_kind(self)
    }

    /// The destructor as C sees it: the function that would run. For every closure and callable it
    /// is the same function of this crate.
    #[inline]
    pub fn c_destructor(&self) -> Option<CDestructor> {
        // SAFETY: only `as_address` makes what is stored there.
        unsafe { from_address(self.fields.destructor()) }
    }

    /// The callable, if the destructor is a Python one.
    pub fn python_destructor(&self) -> Option<PyObjectRef> {
        self.c_destructor().filter(|f| is_run_closure(*f))?;
        self.owned.get()?.gc_refs.read(|refs| match &refs.closure {
            Some(Closure::Python { callable, .. }) => Some(callable.clone()),
            _ => None,
        })
    }

    /// The Python object that the capsule keeps alive.
    pub fn owner(&self) -> Option<PyObjectRef> {
        self.owned.get()?.owner.clone()
    }
}

/// Contains no address, since it may become part of the text of an exception.
impl fmt::Debug for PyCapsule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PyCapsule")
            .field("name", &self.name())
            .field("destructor", &self.destructor_kind())
            .finish_non_exhaustive()
    }
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

pub(crate) fn address(name: Option<&CStr>) -> *const c_char {
    name.map_or(core::ptr::null(), CStr::as_ptr)
}
