//! The payload type `PyCapsule`, and the objects that it is part of: how one is recognized, made
//! and recycled. Accessors are in `accessors`, the Python class is in `class`.
//!
//! Objects are made here and not by the VM, which aborts if there is no memory. All objects of a
//! class begin with the same header of the VM. That of a capsule refers to nothing but the class,
//! which is immortal, so it is copied from a capsule that the VM made.

use core::alloc::Layout;
use core::ffi::c_void;
use core::marker::PhantomPinned;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicPtr, Ordering};
use std::alloc::alloc;

use rustpython_vm::builtins::PyType;
use rustpython_vm::object::payload_offset;
use rustpython_vm::types::PyTypeFlags;
use rustpython_vm::{AsObject, Py, PyObject, PyRef, pyclass};

use crate::alloc::FreeList;
use crate::error::CapsuleError;
use crate::ffi_types::{CDestructor, as_address};
use crate::fields::{Fields, Flags, NamedPointer};
use crate::object_header::vtable;
use crate::owned::OwnedSlot;

/// Capsule objects carry an opaque native pointer through Python.
///
/// One native module puts the address of an API or of data in a capsule, under a
/// name; another reads it by that name and uses it with no Python in between.
///
/// Python code can pass a capsule on, but cannot look behind the pointer.
#[pyclass(module = false, name = "PyCapsule", traverse = "manual")]
pub struct PyCapsule {
    pub(crate) fields: Fields,
    pub(crate) owned: OwnedSlot,
    /// C code has the address while Rust has a `&mut` (see `Traverse::clear`).
    _pinned: PhantomPinned,
}

impl PyCapsule {
    #[inline]
    pub(crate) fn new(
        state: NamedPointer,
        context: *mut c_void,
        destructor: Option<CDestructor>,
        owned: OwnedSlot,
    ) -> Self {
        Self {
            fields: Fields::new(state, context, as_address(destructor)),
            owned,
            _pinned: PhantomPinned,
        }
    }

    /// The object that this payload is part of.
    pub(crate) fn object(&self) -> &Py<Self> {
        let object = core::ptr::from_ref(self).addr() - payload_offset::<Self>();
        // SAFETY: payloads leave this crate only as part of a `Py<Self>` that `make` made, and it
        // exposed the provenance of the whole. The payload of the header template is never borrowed.
        unsafe { &*core::ptr::with_exposed_provenance::<Py<Self>>(object) }
    }
}

/// A capsule that the VM made and that is never used as one; NULL until `install` is called.
static HEADER_TEMPLATE: AtomicPtr<Py<PyCapsule>> = AtomicPtr::new(null_mut());

/// The vtable in the header of every capsule; NULL until `install` is called.
///
/// The VM identifies a payload type through its vtable. There may be two vtables for one type, but
/// all capsules have this one, since their headers are copies. The class proves less: safe code can
/// make an object of any class with any payload.
static VTABLE: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

const LAYOUT: Layout = Layout::new::<Py<PyCapsule>>();

thread_local! {
    static FREE_LIST: FreeList = const { FreeList::new(LAYOUT) };
}

/// Makes the header template. Called once, with the new class.
pub(crate) fn install(class: &Py<PyType>) {
    // Either feature would put something before the header.
    assert!(!class.slots.flags.has_feature(PyTypeFlags::HAS_DICT));
    assert!(!class.slots.flags.has_feature(PyTypeFlags::HAS_WEAKREF));
    assert!(class.as_object().is_immortal());
    let state = NamedPointer {
        pointer: NonNull::dangling(),
        name: core::ptr::null(),
        flags: Flags::default(),
    };
    let payload = PyCapsule::new(state, null_mut(), None, OwnedSlot::default());
    let template = PyRef::leak(PyRef::new_ref(payload, class.to_owned(), None));
    VTABLE.store(vtable(template.as_object()), Ordering::Release);
    HEADER_TEMPLATE.store(core::ptr::from_ref(template).cast_mut(), Ordering::Release);
}

/// The capsule whose header [`make`] copies; `None` until the class is made.
#[inline]
pub(crate) fn header_template() -> Option<NonNull<Py<PyCapsule>>> {
    NonNull::new(HEADER_TEMPLATE.load(Ordering::Acquire))
}

/// The object as a capsule, if it is one.
#[inline]
pub(crate) fn as_capsule(object: &PyObject) -> Option<&Py<PyCapsule>> {
    core::ptr::eq(vtable(object), VTABLE.load(Ordering::Relaxed))
        // SAFETY: equal vtables mean that the payload is a `PyCapsule`.
        .then(|| unsafe { object.downcast_unchecked_ref() })
}

/// A new object. `payload` is called once there is memory for it.
///
/// # Errors
/// [`CapsuleError::OutOfMemory`].
#[inline]
pub(crate) fn make(
    template: NonNull<Py<PyCapsule>>,
    payload: impl FnOnce() -> PyCapsule,
) -> Result<PyRef<PyCapsule>, CapsuleError> {
    let recycled = FREE_LIST.try_with(FreeList::pop).ok().flatten();
    let Some(block) = recycled.or_else(allocate) else {
        return Err(CapsuleError::OutOfMemory);
    };
    let object: NonNull<Py<PyCapsule>> = block.cast();
    let header_size = payload_offset::<PyCapsule>();
    // SAFETY:
    // - readable and writable: both have the layout of an object, which begins with the header.
    // - unchanging: no code uses the template as an object.
    // - valid as a copy: the header refers to the class alone, which is immortal.
    unsafe {
        template
            .cast::<u8>()
            .copy_to_nonoverlapping(block, header_size);
    };
    // SAFETY: the payload of an object is at this offset.
    let place = unsafe { block.byte_add(header_size) };
    // SAFETY: within the block, aligned for the payload, and nothing there must be dropped.
    unsafe { place.cast().write(payload()) };
    // `PyCapsule::object` relies on this to get from the payload to the object.
    let _ = object.as_ptr().expose_provenance();
    // SAFETY: initialized by now; like the template it has one reference, which is this one.
    Ok(unsafe { PyRef::from_raw(object.as_ptr()) })
}

#[cold]
fn allocate() -> Option<NonNull<u8>> {
    // SAFETY: the layout does not have size zero.
    NonNull::new(unsafe { alloc(LAYOUT) })
}

/// Puts the memory of a dead object in the free list of the thread. Returns false if the list is
/// full; then the VM has to free the object.
///
/// # Safety
/// No other code refers to the object, and its payload holds nothing that must be dropped.
#[inline]
pub(crate) unsafe fn recycle(object: NonNull<PyObject>) -> bool {
    FREE_LIST
        // SAFETY: no other code refers to the object, which `make` or the VM allocated with the
        // layout of a `Py<PyCapsule>`.
        .try_with(|list| unsafe { list.push(object.cast()) })
        .unwrap_or(false)
}
