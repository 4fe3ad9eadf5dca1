//! What the VM knows of capsules: the Python class, the hooks that it calls, what its collector
//! sees.

use core::fmt;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicPtr, Ordering};
use std::sync::Once;

use rustpython_vm::builtins::PyType;
use rustpython_vm::class::{PyClassImpl, StaticType};
use rustpython_vm::gc_state::{current_owner, gc_state};
use rustpython_vm::object::{Traverse, TraverseFn};
use rustpython_vm::types::Representable;
use rustpython_vm::{
    AsObject, Context, Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine, pyclass,
};

use crate::belongings::{CHooks, Objects};
use crate::for_c::traverse_for_c;
use crate::{DestructorKind, PyCapsule};
use crate::{firewall, fork, last_rites, memory, sync};

impl PyPayload for PyCapsule {
    /// Collected only when it owns Python objects; see `track_if_needed`.
    const NEW_REF_UNTRACKED: bool = true;

    /// The hook is wanted for when it runs: last, with the object whole and nobody borrowing it, on
    /// every thread; and for its answer, with which the object can stay, because it lives on or for
    /// the next capsule (see `memory`).
    const HAS_FREELIST: bool = true;

    #[inline]
    fn class(_ctx: &Context) -> &'static Py<PyType> {
        // SAFETY: NULL, or the class, which lives for ever.
        match unsafe { CLASS.load(Ordering::Acquire).as_ref() } {
            Some(class) => class,
            None => make_class(),
        }
    }

    unsafe fn freelist_push(object: *mut PyObject) -> bool {
        NonNull::new(object).is_some_and(|object| {
            // SAFETY: the VM calls this with a dead `Py<Self>` that is still whole, and leaves it
            // alone when the answer is yes.
            unsafe { last_rites::perform(object) }
        })
    }
}

/// The class, in a place that costs one load to read. NULL until all is made that capsules need.
static CLASS: AtomicPtr<Py<PyType>> = AtomicPtr::new(null_mut());

/// The object as a capsule, if it is one.
#[inline]
pub(crate) fn as_capsule(object: &PyObject) -> Option<&Py<PyCapsule>> {
    memory::is_like_model(object)
        // SAFETY: its payload is of the type that the model's is.
        .then(|| unsafe { object.downcast_unchecked_ref() })
}

#[cold]
fn make_class() -> &'static Py<PyType> {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        fork::watch();
        sync::prepare();
        // The first asks for memory, which later ones share, and cannot say that there is none.
        let _seeds = ahash::RandomState::new();
        let _ = PyCapsule::make_static_type();
        let class = PyCapsule::static_type();
        // Set after the class is made, so that it gets no `__del__` that Python could call.
        class.slots.del_needed.store(Some(collector_may_finalize));
        class.slots.del.store(Some(finalize));
        memory::prepare(PyCapsule::placeholder(), class);
        CLASS.store(core::ptr::from_ref(class).cast_mut(), Ordering::Release);
    });
    PyCapsule::static_type()
}

/// Asked by the collector before it breaks cycles, and by every deallocation. Only the first is
/// answered with yes: in a deallocation (count zero) the last rites run the destructor. They do so
/// too where C code both gives up references to break the cycle and has set the destructor, which
/// may free what they are kept in.
fn collector_may_finalize(object: &PyObject) -> bool {
    let Some(capsule) = as_capsule(object).filter(|capsule| capsule.fields.destructor_pending())
    else {
        return false;
    };
    if object.strong_count() == 0 {
        last_rites::reserve(capsule);
        return false;
    }
    capsule.hooks().is_none() || capsule.destructor_kind() != DestructorKind::C
}

fn finalize(object: &PyObject, _vm: &VirtualMachine) -> PyResult<()> {
    if let Some(capsule) = as_capsule(object) {
        last_rites::run_destructor(capsule);
    }
    Ok(())
}

impl PyCapsule {
    fn hooks(&self) -> Option<CHooks> {
        self.belongings.get()?.objects.read(|objects| objects.hooks)
    }
}

// SAFETY: the owner and what `Objects` visits are visited once, and C code promises the same of its
// own (`set_traverse`).
unsafe impl Traverse for PyCapsule {
    fn traverse(&self, visit: &mut TraverseFn<'_>) {
        let Some(contents) = self.belongings.get() else {
            return;
        };
        contents.owner.traverse(visit);
        let hooks = contents.objects.read(|objects| {
            objects.traverse(visit);
            objects.hooks
        });
        if let Some(hooks) = hooks {
            // SAFETY: `set_traverse` demands this of the hook, and the object lives.
            unsafe { traverse_for_c(hooks.traverse, self.object().as_object(), visit) };
        }
    }

    /// Called by the collector to break a cycle, and by the VM on every deallocation. In the
    /// latter (count zero) the last rites still need everything.
    ///
    /// The owner stays, since the value and a destructor that is still to run depend on it. It was
    /// set when the capsule was made, so a cycle through it leads through an object that was changed
    /// after that, and can be cleared.
    fn clear(&mut self, out: &mut Vec<PyObjectRef>) {
        let capsule = self.object();
        let object = capsule.as_object();
        let Some(contents) = self.belongings.get().filter(|_| object.strong_count() > 0) else {
            return;
        };
        if let Some(hooks) = self.hooks() {
            firewall::fence(Some(object), || {
                // SAFETY: `set_traverse` demands this of the hook, and the object lives.
                unsafe { (hooks.clear)(core::ptr::from_ref(object).cast_mut()) };
            });
        }
        // One that was set after the collector asked for it.
        if self.destructor_kind() == DestructorKind::Python {
            last_rites::run_destructor(capsule);
        }
        out.extend(contents.objects.change(Objects::take_callable));
        // The collector took it off its lists. Somebody may have taken a reference since.
        if !object.is_gc_tracked() {
            contents.tracked.store(false, Ordering::Relaxed);
            track_if_needed(capsule);
        }
    }
}

#[pyclass(with(Representable), flags(DISALLOW_INSTANTIATION, IMMUTABLETYPE))]
impl PyCapsule {}

impl Representable for PyCapsule {
    fn repr_str(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
        let address = zelf.get_id();
        Ok(match zelf.name() {
            Some(name) => format!(
                "<capsule object \"{}\" at {address:#x}>",
                name.to_string_lossy()
            ),
            None => format!("<capsule object NULL at {address:#x}>"),
        })
    }
}

/// Tells the collector of a capsule that has come to own Python objects.
pub(crate) fn track_if_needed(capsule: &Py<PyCapsule>) {
    let Some(contents) = capsule.belongings.get() else {
        return;
    };
    if contents.holds_objects()
        && !capsule.fields.is_dying()
        && !contents.tracked.swap(true, Ordering::Relaxed)
    {
        // SAFETY: the object is alive; it is not in the collector's lists, where only this puts
        // it, once.
        unsafe { gc_state().track_object(NonNull::from(capsule.as_object()), current_owner()) };
    }
}

/// Shows no address: this may end up in the text of an exception.
impl fmt::Debug for PyCapsule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PyCapsule")
            .field("name", &self.name())
            .field("destructor", &self.destructor_kind())
            .finish_non_exhaustive()
    }
}
