//! Hooks of single objects. They let C data, C text and references belong to an object of the VM:
//! the collector sees them, and they are freed with the object, on whatever thread.
//!
//! An object of the VM begins with its reference count and the address of a vtable, which all
//! objects with the same type of payload share. An object with hooks has a vtable of its own, a
//! [`Header`]: a copy of the VM's vtable with other entries for `dealloc`, `trace` and `clear`,
//! followed by the data of the hooks. An object can have several headers, each in front of the one
//! before it. `docs/design/vtable-hooks.md` explains the design.

use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicPtr, Ordering};

use rustpython_capsule::__private::{InterpreterId, is_attached, with_interpreter};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyType, PyTypeRef};
use rustpython_vm::gc_state::{current_owner, gc_state};
use rustpython_vm::object::TraverseFn;
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::vtable_entries::{Clear, Dealloc, Entries, Trace, VtableWords, entries, known_entries};

/// The VM's vtable does not have the layout that this crate expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnknownVtable;

impl UnknownVtable {
    #[cold]
    pub(crate) fn into_exception(self, vm: &VirtualMachine) -> PyBaseExceptionRef {
        vm.new_system_error("this version of the interpreter cannot attach C data to objects")
    }
}

/// What happens to the data of a header.
pub(crate) struct Hooks {
    /// Visits the references that the data holds. All other threads may be stopped, so it must not
    /// enter the VM.
    pub(crate) trace: Option<unsafe fn(NonNull<Header>, &PyObject, &mut TraverseFn<'_>)>,
    /// Gives up references to break a cycle. The object is still used afterwards.
    pub(crate) clear: Option<unsafe fn(NonNull<Header>, &PyObject)>,
    /// The object is being deallocated, and nothing can resurrect it any more. Its count is zero;
    /// its other data is still there.
    pub(crate) dealloc: Option<unsafe fn(NonNull<Header>, &PyObject)>,
    /// Frees the header and its data. Nothing uses them any more.
    pub(crate) free: unsafe fn(NonNull<Header>),
    /// The interpreter that an object is deallocated in if the thread is attached to none.
    pub(crate) interpreter: Option<unsafe fn(NonNull<Header>) -> InterpreterId>,
}

/// A vtable of one object. The data of its hooks follows it.
#[repr(C, align(16))]
pub(crate) struct Header {
    table: VtableWords,
    /// The vtable that the object had before: that of the VM, or another header.
    previous: NonNull<VtableWords>,
    hooks: &'static Hooks,
}

/// The address by which headers are recognized. A `static`, because the address of a function may
/// differ between the places where it is taken.
static CLEAR: Clear = clear;
static TRACE: Trace = trace;
static DEALLOC: Dealloc = dealloc;

/// The second word of an object, which holds the address of its vtable.
#[inline]
fn vtable_of(object: &PyObject) -> &AtomicPtr<VtableWords> {
    let words = core::ptr::from_ref(object).cast::<AtomicPtr<VtableWords>>();
    // SAFETY:
    // - offset: an object begins with its count, which is one word, and this word.
    // - type: it is an address, and aligned as one.
    // - other accesses: the VM writes the word only before the object is shared. It reads the word
    //   on any thread, without atomics. An aligned word is read as a whole, and all vtables that a
    //   read can return are right for the object (see `docs/design/vtable-hooks.md`).
    unsafe { &*words.wrapping_add(1) }
}

/// The header that a vtable is the beginning of; `None` for a vtable of the VM.
#[inline]
fn header_at(table: *mut VtableWords, entries: Entries) -> Option<NonNull<Header>> {
    let entry = table.cast::<*mut ()>().wrapping_add(entries.clear);
    // SAFETY: it is the vtable of a live object, and `clear` is the position of one of its words.
    let entry = unsafe { entry.read() };
    (entry == CLEAR as *mut ())
        .then(|| NonNull::new(table.cast()))
        .flatten()
}

/// The headers of an object, the latest one first.
#[inline]
fn headers(object: &PyObject, entries: Entries) -> impl Iterator<Item = NonNull<Header>> {
    let first = header_at(vtable_of(object).load(Ordering::Acquire), entries);
    core::iter::successors(first, move |header| {
        // SAFETY: the object has this header, and the caller keeps the object alive.
        let previous = unsafe { header.as_ref() }.previous;
        header_at(previous.as_ptr(), entries)
    })
}

/// The latest header of `object` with these hooks. Takes no lock and does not enter the VM.
#[inline]
pub(crate) fn find(object: &PyObject, hooks: &'static Hooks) -> Option<NonNull<Header>> {
    latest(object, hooks).or_else(|| find_all(object, hooks).next())
}

/// The latest header of `object` if it has these hooks. `None` says nothing: the caller then uses
/// [`find`] in a function of its own. So the usual case is a few loads and comparisons, and needs no
/// stack.
#[inline(always)]
pub(crate) fn latest(object: &PyObject, hooks: &'static Hooks) -> Option<NonNull<Header>> {
    let first = header_at(vtable_of(object).load(Ordering::Acquire), known_entries()?)?;
    // SAFETY: the object has this header, and the caller keeps the object alive.
    core::ptr::eq(unsafe { first.as_ref() }.hooks, hooks).then_some(first)
}

/// The headers of `object` with these hooks, the latest one first.
pub(crate) fn find_all(
    object: &PyObject,
    hooks: &'static Hooks,
) -> impl Iterator<Item = NonNull<Header>> {
    let all = entries().map(|entries| headers(object, entries));
    all.into_iter().flatten().filter(|header| {
        // SAFETY: the object has this header, and the caller keeps the object alive.
        core::ptr::eq(unsafe { header.as_ref() }.hooks, hooks)
    })
}

/// The vtable that an object has. [`install`] takes it to recognize that another thread was first.
#[inline]
pub(crate) fn current(object: &PyObject) -> *mut () {
    vtable_of(object).load(Ordering::Acquire).cast()
}

/// Puts a header in front of the vtable `current` of the object, and initializes the header. False
/// if the object has another vtable by now; the header is unused then.
///
/// # Errors
/// [`UnknownVtable`]
///
/// # Safety
/// `current` is a vtable that [`current`] returned for this object. `header` can be written to, and
/// is valid until the hooks free it. The data that follows is initialized, as the hooks expect.
pub(crate) unsafe fn install(
    object: &PyObject,
    current: *mut (),
    header: NonNull<Header>,
    hooks: &'static Hooks,
) -> Result<bool, UnknownVtable> {
    let entries = entries().ok_or(UnknownVtable)?;
    let previous = NonNull::new(current.cast::<VtableWords>()).ok_or(UnknownVtable)?;
    // SAFETY: it is a vtable of the object, which the caller keeps alive.
    let mut table = unsafe { previous.read() };
    table[entries.clear] = CLEAR as *mut ();
    table[entries.trace] = TRACE as *mut ();
    table[entries.dealloc] = DEALLOC as *mut ();
    // SAFETY: the caller promises that the header can be written to.
    unsafe {
        header.write(Header {
            table,
            previous,
            hooks,
        })
    };
    let installed = vtable_of(object).compare_exchange(
        current.cast(),
        header.as_ptr().cast(),
        Ordering::AcqRel,
        Ordering::Acquire,
    );
    Ok(installed.is_ok())
}

/// As [`install`], in front of whatever vtable the object has.
///
/// # Errors
/// [`UnknownVtable`]. The header is unused then.
///
/// # Safety
/// As for [`install`].
pub(crate) unsafe fn install_always(
    object: &PyObject,
    header: NonNull<Header>,
    hooks: &'static Hooks,
) -> Result<(), UnknownVtable> {
    // SAFETY: the vtable is that of the object, and the caller promises the rest.
    while !unsafe { install(object, current(object), header, hooks) }? {}
    Ok(())
}

/// Makes an object known to the collector, unless it is already.
pub(crate) fn track(object: &PyObject) {
    if !object.is_gc_tracked() {
        // SAFETY: the object is alive and not tracked yet.
        unsafe { gc_state().track_object(NonNull::from(object), current_owner()) };
    }
}

/// The VM's vtable of an object with headers.
fn vtable_of_vm(object: &PyObject, entries: Entries) -> Option<NonNull<VtableWords>> {
    let last = headers(object, entries).last();
    // SAFETY: the object has this header, and the caller keeps the object alive.
    last.map(|last| unsafe { last.as_ref() }.previous)
}

/// The `trace` of objects with headers.
///
/// # Safety
/// As for the VM's function.
unsafe fn trace(object: &PyObject, visit: &mut TraverseFn<'_>) {
    let Some(entries) = entries() else { return };
    for header in headers(object, entries) {
        // SAFETY: the object has this header.
        if let Some(trace) = unsafe { header.as_ref() }.hooks.trace {
            // SAFETY: it is the hook of this header, and the object is alive.
            unsafe { trace(header, object, visit) };
        }
    }
    if let Some(table) = vtable_of_vm(object, entries) {
        // SAFETY: it is the vtable of the VM for this object.
        let entry = unsafe { table.as_ref() }[entries.trace];
        // SAFETY: this entry of a vtable holds a `Trace` or null, which is `None`.
        if let Some(trace) = unsafe { core::mem::transmute::<*mut (), Option<Trace>>(entry) } {
            // SAFETY: it is the VM's function for this object.
            unsafe { trace(object, visit) };
        }
    }
}

/// The `clear` of objects with headers. With a count of zero, it ends the headers.
///
/// # Safety
/// As for the VM's function.
unsafe fn clear(object: *mut PyObject, edges: &mut Vec<PyObjectRef>) {
    let Some(entries) = entries() else { return };
    // SAFETY: the caller passes an object that is not freed yet.
    let alive = unsafe { &*object };
    let dead = alive.strong_count() == 0;
    for header in headers(alive, entries) {
        // SAFETY: the object has this header.
        let hooks = unsafe { header.as_ref() }.hooks;
        let hook = if dead { hooks.dealloc } else { hooks.clear };
        if let Some(hook) = hook {
            // SAFETY: it is the hook of this header, and the object is not freed yet.
            unsafe { hook(header, alive) };
        }
    }
    let Some(table) = vtable_of_vm(alive, entries) else {
        return;
    };
    let mut header = header_at(vtable_of(alive).load(Ordering::Acquire), entries);
    if dead {
        vtable_of(alive).store(table.as_ptr(), Ordering::Release);
    }
    let base = if dead { None } else { base_of(alive) };
    // SAFETY: it is the vtable of the VM for this object.
    let entry = unsafe { table.as_ref() }[entries.clear];
    // SAFETY: this entry of a vtable holds a `Clear` or null, which is `None`.
    if let Some(clear) = unsafe { core::mem::transmute::<*mut (), Option<Clear>>(entry) } {
        // SAFETY: it is the VM's function for this object, and the caller promises what it demands.
        unsafe { clear(object, edges) };
    }
    if let Some(base) = base {
        // SAFETY: the object is not freed yet.
        restore_base(unsafe { &*object }, base);
    }
    while dead && let Some(last) = header {
        // SAFETY: it is not freed yet.
        let Header {
            previous, hooks, ..
        } = unsafe { last.as_ref() };
        header = header_at(previous.as_ptr(), entries);
        // SAFETY: only the object used it, and the VM reads no vtable of the object after `clear`.
        unsafe { (hooks.free)(last) };
    }
}

/// The base of an object that is a class.
fn base_of(object: &PyObject) -> Option<PyTypeRef> {
    object.downcast_ref::<PyType>()?.base.load_owned()
}

/// Gives a class the base back that the VM took away to break a cycle. C's `tp_dealloc` of instances
/// that are deallocated later asks for it (`Py_tp_base`). A chain of bases is not part of a cycle once
/// the attributes of the classes are gone.
fn restore_base(object: &PyObject, base: PyTypeRef) {
    if let Some(class) = object.downcast_ref::<PyType>() {
        // SAFETY: the reference that is taken out is dropped after the exchange, and nothing else
        // reads the base of a class that the collector clears.
        drop(unsafe { class.base.swap(Some(base)) });
    }
}

/// The `dealloc` of objects with headers. The VM's function skips finalizers on a thread that is
/// attached to no interpreter, so such a thread enters the one that the headers name.
///
/// # Safety
/// As for the VM's function.
unsafe fn dealloc(object: *mut PyObject) {
    let Some(entries) = entries() else { return };
    // SAFETY: the caller passes an object that is not freed yet.
    let dead = unsafe { &*object };
    let Some(table) = vtable_of_vm(dead, entries) else {
        return;
    };
    // SAFETY: it is the vtable of the VM for this object.
    let entry = unsafe { table.as_ref() }[entries.dealloc];
    // SAFETY: this entry of a vtable holds a `Dealloc`.
    let dealloc = unsafe { core::mem::transmute::<*mut (), Dealloc>(entry) };
    let interpreter = if is_attached() {
        None
    } else {
        headers(dead, entries).find_map(|header| {
            // SAFETY: the object has this header.
            let hook = unsafe { header.as_ref() }.hooks.interpreter?;
            // SAFETY: it is the hook of this header.
            Some(unsafe { hook(header) })
        })
    };
    let object = SendPtr(object);
    let mut dealloc = Some(move || {
        let object = object;
        // SAFETY: it is the VM's function for this object, and is called once.
        unsafe { dealloc(object.0) };
    });
    if let Some(interpreter) = interpreter {
        with_interpreter(interpreter, |_| {
            if let Some(dealloc) = dealloc.take() {
                dealloc();
            }
        });
    }
    if let Some(dealloc) = dealloc {
        dealloc();
    }
}

/// An object that another thread deallocates while this one waits.
struct SendPtr(*mut PyObject);

// SAFETY: only one thread uses the object at a time, and objects of the VM may be used on any
// thread.
unsafe impl Send for SendPtr {}

/// Makes `object` hold a reference to `target` until it is deallocated. The collector sees it. An
/// object that the collector does not know becomes known to it.
///
/// # Errors
/// SystemError if the VM's vtable is unknown.
pub(crate) fn keep(object: &PyObject, target: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
    let kept = NonNull::from(Box::leak(Box::new(Kept {
        header: MaybeUninit::uninit(),
        target,
    })));
    // SAFETY: the header is new, and its data initialized.
    let installed = unsafe { install_always(object, kept.cast(), &KEPT) };
    installed.map_err(|unknown| {
        // SAFETY: it was never installed.
        drop(unsafe { Box::from_raw(kept.as_ptr()) });
        unknown.into_exception(vm)
    })?;
    track(object);
    Ok(())
}

/// A header with a reference.
#[repr(C)]
struct Kept {
    header: MaybeUninit<Header>,
    target: PyObjectRef,
}

static KEPT: Hooks = Hooks {
    trace: Some(trace_kept),
    clear: None,
    dealloc: None,
    free: free_kept,
    interpreter: None,
};

/// # Safety
/// `header` is that of a `Kept`.
unsafe fn trace_kept(header: NonNull<Header>, _object: &PyObject, visit: &mut TraverseFn<'_>) {
    // SAFETY: it is that of a `Kept`, which is initialized.
    visit(&unsafe { header.cast::<Kept>().as_ref() }.target);
}

/// # Safety
/// `header` is that of a `Kept`, which is not used any more.
unsafe fn free_kept(header: NonNull<Header>) {
    // SAFETY: `keep` made it as a box.
    drop(unsafe { Box::from_raw(header.cast::<Kept>().as_ptr()) });
}
