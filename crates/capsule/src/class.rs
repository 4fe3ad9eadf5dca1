//! The VM's view of capsules: the Python class, the hooks that the VM calls, and what its collector
//! sees.

use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicPtr, Ordering};
use std::sync::Once;

use rustpython_vm::builtins::PyType;
use rustpython_vm::class::{PyClassImpl, StaticType};
use rustpython_vm::object::{Traverse, TraverseFn};
use rustpython_vm::types::Representable;
use rustpython_vm::{
    AsObject, Context, Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine, pyclass,
};

use crate::callback_guard::run_isolated;
use crate::ffi_types::visit_references;
use crate::finalize::{
    DestructorKind, destructor_kind, finalize, prepare_published, run_destructor, track_if_needed,
};
use crate::foreign_threads::install_fork_handlers;
use crate::name::borrow;
use crate::owned::{CHooks, GcRefs};
use crate::payload::{PyCapsule, as_capsule, header_template, install};
use crate::sync;

impl PyPayload for PyCapsule {
    /// A capsule is tracked only while it owns Python objects; see `track_if_needed`.
    const NEW_REF_UNTRACKED: bool = true;

    /// Makes the VM call `freelist_push`, which has two useful properties. It is called last, on
    /// every thread, when the object is whole and not borrowed. And its result can keep the VM from
    /// freeing the object, which may have been resurrected, or have its memory recycled.
    const HAS_FREELIST: bool = true;

    #[inline]
    fn class(_ctx: &Context) -> &'static Py<PyType> {
        // SAFETY: NULL, or the class, which is immortal.
        match unsafe { CLASS.load(Ordering::Acquire).as_ref() } {
            Some(class) => class,
            None => make_class(),
        }
    }

    unsafe fn freelist_push(object: *mut PyObject) -> bool {
        NonNull::new(object).is_some_and(|object| {
            // SAFETY: the VM calls this with a dead `Py<Self>` that is whole, and does not use it
            // again if the result is true.
            unsafe { finalize(object) }
        })
    }
}

/// The class, cached so that one load reads it. NULL until everything that capsules need is made.
static CLASS: AtomicPtr<Py<PyType>> = AtomicPtr::new(null_mut());

#[cold]
fn make_class() -> &'static Py<PyType> {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        install_fork_handlers();
        sync::prepare();
        // The first one allocates seeds that later ones share, which aborts if there is no memory.
        let _seeds = ahash::RandomState::new();
        let _ = PyCapsule::make_static_type();
        let class = PyCapsule::static_type();
        // Set after the class is made, so that it gets no `__del__` that Python code could call.
        class.slots.del_needed.store(Some(del_needed));
        class.slots.del.store(Some(del));
        install(class);
        CLASS.store(core::ptr::from_ref(class).cast_mut(), Ordering::Release);
    });
    PyCapsule::static_type()
}

/// The header template; makes the class first if there is none.
#[inline]
pub(crate) fn template() -> NonNull<Py<PyCapsule>> {
    header_template().unwrap_or_else(make_template)
}

#[cold]
#[inline(never)]
fn make_template() -> NonNull<Py<PyCapsule>> {
    // Makes the VM's own types, on which the class depends, if there is no interpreter yet.
    let _class = PyCapsule::class(Context::genesis());
    header_template().expect("`make_class` installs it")
}

/// Called by the collector before it breaks a cycle, and by every deallocation. If it returns true,
/// the VM calls [`del`]. In a deallocation (count zero) it returns false, because [`finalize`] runs
/// the destructor. It also returns false if C code has set both the hooks, which drop references to
/// break the cycle, and the destructor, which may free the memory that holds these references.
fn del_needed(object: &PyObject) -> bool {
    let Some(capsule) = as_capsule(object).filter(|capsule| capsule.fields.destructor_pending())
    else {
        return false;
    };
    if object.strong_count() == 0 {
        prepare_published(capsule);
        return false;
    }
    capsule.hooks().is_none() || destructor_kind(capsule) != DestructorKind::C
}

fn del(object: &PyObject, _vm: &VirtualMachine) -> PyResult<()> {
    if let Some(capsule) = as_capsule(object) {
        run_destructor(capsule);
    }
    Ok(())
}

impl PyCapsule {
    fn hooks(&self) -> Option<CHooks> {
        self.owned.get()?.gc_refs.read(|refs| refs.hooks)
    }
}

// SAFETY: the owner and what `GcRefs` has are visited once, and `set_traverse` requires the same of
// C code.
unsafe impl Traverse for PyCapsule {
    fn traverse(&self, visit: &mut TraverseFn<'_>) {
        let Some(owned) = self.owned.get() else {
            return;
        };
        owned.owner.traverse(visit);
        let hooks = owned.gc_refs.read(|refs| {
            refs.traverse(visit);
            refs.hooks
        });
        if let Some(hooks) = hooks {
            // SAFETY: `set_traverse` requires this of the hook, and the object is alive.
            unsafe { visit_references(hooks.traverse, self.object().as_object(), visit) };
        }
    }

    /// Called by the collector to break a cycle, and by the VM in every deallocation. In a
    /// deallocation (count zero) it does nothing, because `finalize` still needs everything.
    ///
    /// The owner stays, since the value and a destructor that has not run yet depend on it. It was
    /// set when the capsule was made, so a cycle through it leads through an object that was changed
    /// after that, and can be cleared.
    fn clear(&mut self, out: &mut Vec<PyObjectRef>) {
        let capsule = self.object();
        let object = capsule.as_object();
        let Some(owned) = self.owned.get().filter(|_| object.strong_count() > 0) else {
            return;
        };
        if let Some(hooks) = self.hooks() {
            run_isolated(Some(object), || {
                // SAFETY: `set_traverse` requires this of the hook, and the object is alive.
                unsafe { (hooks.clear)(core::ptr::from_ref(object).cast_mut()) };
            });
        }
        // It may have been set after `del_needed` was called.
        if destructor_kind(self) == DestructorKind::Python {
            run_destructor(capsule);
        }
        out.extend(owned.gc_refs.change(GcRefs::take_callable));
        // The collector has taken it off its lists. Other code may have resurrected it since.
        if !object.is_gc_tracked() {
            owned.tracked.store(false, Ordering::Relaxed);
            track_if_needed(capsule);
        }
    }
}

#[pyclass(with(Representable), flags(DISALLOW_INSTANTIATION, IMMUTABLETYPE))]
impl PyCapsule {}

impl Representable for PyCapsule {
    fn repr_str(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
        let address = zelf.get_id();
        // SAFETY: a name that Rust or Python set lives as long as the capsule (I2); C code promises
        // the same for its own as long as it is the name.
        Ok(match unsafe { borrow(zelf.fields.name()) } {
            Some(name) => format!(
                "<capsule object \"{}\" at {address:#x}>",
                name.to_string_lossy()
            ),
            None => format!("<capsule object NULL at {address:#x}>"),
        })
    }
}
