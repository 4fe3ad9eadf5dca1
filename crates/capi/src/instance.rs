//! Instances of classes from C. An instance is an object of the VM with the payload of the class's
//! base in the VM. The data of the C classes is behind a `vtable` header of the object, zeroed at
//! first, and lives as long as the object.
//!
//! C code expects an instance to hold a reference to its class, which `tp_dealloc` gives up. The
//! VM's object holds one of its own, so each instance takes another.

use core::ffi::{c_int, c_void};
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use rustpython_capsule::__private::ffi::{CTraverse, visit_references};
use rustpython_capsule::__private::{InterpreterId, run_isolated};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyType};
use rustpython_vm::object::TraverseFn;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, VirtualMachine};

use crate::boundary::borrowed;
use crate::instance_memory;
use crate::slot_ids::{TP_CLEAR, TP_DEALLOC, TP_TRAVERSE};
use crate::type_record::{DATA_ALIGN, TypeRecord};
use crate::vtable::{self, Header, Hooks, UnknownVtable};

type Destructor = unsafe extern "C" fn(*mut PyObject);
type Inquiry = unsafe extern "C" fn(*mut PyObject) -> c_int;

/// A header, followed by the data of the C classes of the instance.
#[repr(C, align(16))]
struct Instance {
    header: MaybeUninit<Header>,
    /// The record of the nearest class from C.
    record: NonNull<TypeRecord>,
    /// The class that the record belongs to, if the object is an instance of a subclass: Python code
    /// can replace the bases of that.
    base: Option<PyObjectRef>,
    /// The class that the reference of C code belongs to. `tp_dealloc` gives it up. NULL if C code
    /// has deallocated the object itself.
    class: AtomicPtr<PyObject>,
    /// The size of the data, with the items.
    size: usize,
    items: usize,
}

const DATA_OFFSET: usize = size_of::<Instance>();
const _: () = assert!(DATA_OFFSET.is_multiple_of(DATA_ALIGN));

static HOOKS: Hooks = Hooks {
    trace: Some(trace),
    clear: Some(clear),
    dealloc: Some(dealloc),
    free,
    interpreter: Some(interpreter),
};

/// Why an object gets no data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DataError {
    OutOfMemory,
    UnknownVtable,
}

impl From<UnknownVtable> for DataError {
    fn from(_: UnknownVtable) -> Self {
        Self::UnknownVtable
    }
}

impl DataError {
    #[cold]
    pub(crate) fn into_exception(self, vm: &VirtualMachine) -> PyBaseExceptionRef {
        match self {
            Self::OutOfMemory => vm.no_memory_error(),
            Self::UnknownVtable => UnknownVtable.into_exception(vm),
        }
    }
}

impl Instance {
    /// The latest data of an object; `None` if it has none.
    #[inline]
    fn of(object: &PyObject) -> Option<&Self> {
        let header = vtable::find(object, &HOOKS)?;
        // SAFETY: a header with these hooks is the beginning of an `Instance`, which lives as long
        // as the object.
        Some(unsafe { header.cast::<Self>().as_ref() })
    }

    /// The latest data, if it is in the latest header of the object.
    #[inline(always)]
    fn latest_of(object: &PyObject) -> Option<&Self> {
        let header = vtable::latest(object, &HOOKS)?;
        // SAFETY: as for `of`.
        Some(unsafe { header.cast::<Self>().as_ref() })
    }

    #[inline]
    fn record(&self) -> &TypeRecord {
        // SAFETY: `base` or `class` is the class that the record belongs to; after `tp_dealloc`, the
        // object itself keeps the latter.
        unsafe { self.record.as_ref() }
    }

    #[inline]
    fn data(&self) -> NonNull<u8> {
        let start = NonNull::from(self).cast::<u8>();
        // SAFETY: the data follows the `Instance` in the same allocation.
        unsafe { start.add(DATA_OFFSET) }
    }
}

/// Gives an object the data of its nearest class from C, whose record is `record`.
pub(crate) fn attach(
    object: &PyObject,
    record: &TypeRecord,
    items: usize,
) -> Result<(), DataError> {
    let size = record
        .content
        .itemsize
        .checked_mul(items)
        .and_then(|items| items.checked_add(record.data_size()))
        .ok_or(DataError::OutOfMemory)?;
    let whole = size
        .checked_add(DATA_OFFSET)
        .ok_or(DataError::OutOfMemory)?;
    let memory = instance_memory::allocate(whole).ok_or(DataError::OutOfMemory)?;
    let place = memory.cast::<Instance>().as_ptr();
    let class = object.class().to_owned();
    let instance = Instance {
        header: MaybeUninit::uninit(),
        record: NonNull::from(record),
        base: (!record.is_of(&class)).then(|| record.class().to_owned().into()),
        class: AtomicPtr::new(borrowed(class.as_object())),
        size,
        items,
    };
    // SAFETY: the memory is new and has room for an `Instance`.
    unsafe { place.write(instance) };
    let installed = loop {
        let current = vtable::current(object);
        // After the vtable is known: if another thread installs the data later, the exchange fails.
        if has_data_of(object, record) {
            break Ok(false);
        }
        // SAFETY: the vtable is that of the object, and the data behind the header is initialized.
        match unsafe { vtable::install(object, current, memory.cast(), &HOOKS) } {
            Ok(false) => {}
            other => break other,
        }
    };
    if installed == Ok(true) {
        core::mem::forget(class);
        return Ok(());
    }
    // SAFETY: it was never installed.
    unsafe { place.drop_in_place() };
    // SAFETY: it was allocated with this size, and was never installed.
    unsafe { instance_memory::free(memory, whole) };
    installed.map(drop).map_err(DataError::from)
}

/// Whether an object has the data of the class of `record` and of those above it.
pub(crate) fn has_data_of(object: &PyObject, record: &TypeRecord) -> bool {
    vtable::find_all(object, &HOOKS).any(|header| {
        // SAFETY: a header with these hooks is the beginning of an `Instance` of the live object.
        let instance = unsafe { header.cast::<Instance>().as_ref() };
        core::ptr::eq(instance.record(), record)
    })
}

/// The record of the nearest class from C of an object; `None` if it is not an instance of one.
#[inline(always)]
pub(crate) fn record_of(object: &PyObject) -> Option<&TypeRecord> {
    match Instance::latest_of(object) {
        Some(instance) => Some(instance.record()),
        None => other_record_of(object),
    }
}

#[inline(never)]
fn other_record_of(object: &PyObject) -> Option<&TypeRecord> {
    match Instance::of(object) {
        Some(instance) => Some(instance.record()),
        None => TypeRecord::nearest(object.class()),
    }
}

/// The data that `class` has in an object. An object that was made without it gets it now, zeroed.
/// `None` if `class` is not from C, or the object is no instance of it. Takes no lock and does not
/// enter the VM.
#[inline(always)]
pub(crate) fn type_data(object: &PyObject, class: &Py<PyType>) -> Option<NonNull<u8>> {
    if let Some(instance) = Instance::latest_of(object) {
        let record = instance.record();
        if record.is_of(class) {
            // SAFETY: the data of a class begins at its offset, within the data of the instance.
            return Some(unsafe { instance.data().add(record.content.offset) });
        }
    }
    other_type_data(object, class)
}

#[inline(never)]
fn other_type_data(object: &PyObject, class: &Py<PyType>) -> Option<NonNull<u8>> {
    for header in vtable::find_all(object, &HOOKS) {
        // SAFETY: a header with these hooks is the beginning of an `Instance` of the live object.
        let instance = unsafe { header.cast::<Instance>().as_ref() };
        if let Some(record) = instance.record().chain().find(|record| record.is_of(class)) {
            // SAFETY: the data of a class begins at its offset, within the data of the instance.
            return Some(unsafe { instance.data().add(record.content.offset) });
        }
    }
    let record = TypeRecord::of(class)?;
    // The nearest class from C whose chain has the class has room for its data too. This takes no
    // lock, and is right for a class that the collector has cleared.
    let nearest = TypeRecord::nearest(object.class())
        .filter(|nearest| nearest.chain().any(|record| record.is_of(class)));
    if nearest.is_none() && !object.class().fast_issubclass(class) {
        return None;
    }
    attach(object, nearest.unwrap_or(record), 0).ok()?;
    type_data(object, class)
}

/// The items of an instance, behind the data of its classes, and their number.
pub(crate) fn item_data(object: &PyObject) -> Option<(NonNull<u8>, usize)> {
    let instance = Instance::of(object)?;
    let start = instance.record().data_size();
    // SAFETY: the items follow the data of the classes in the same allocation.
    Some((unsafe { instance.data().add(start) }, instance.items))
}

/// # Safety
/// `header` is that of an `Instance`.
unsafe fn interpreter(header: NonNull<Header>) -> InterpreterId {
    // SAFETY: it is that of an `Instance`.
    let instance = unsafe { header.cast::<Instance>().as_ref() };
    instance.record().content.interpreter
}

/// # Safety
/// `header` is that of an `Instance` of `object`.
unsafe fn trace(header: NonNull<Header>, object: &PyObject, visit: &mut TraverseFn<'_>) {
    // SAFETY: it is that of an `Instance`.
    let instance = unsafe { header.cast::<Instance>().as_ref() };
    instance.base.iter().for_each(|base| visit(base));
    let function = instance.record().function(TP_TRAVERSE);
    if function.is_null() {
        // C's own function would visit the class.
        // SAFETY: it is NULL, or the instance owns a reference to it.
        if let Some(class) = unsafe { instance.class.load(Ordering::Relaxed).as_ref() } {
            visit(class);
        }
        return;
    }
    // SAFETY: C code promised that it is a `traverseproc` for instances of this class.
    let traverse = unsafe { core::mem::transmute::<*mut c_void, CTraverse>(function) };
    let class = object.class().as_object();
    // SAFETY: it is NULL, or the instance owns a reference to it.
    let owned = unsafe { instance.class.load(Ordering::Relaxed).as_ref() };
    // If `__class__` was assigned, C code visits the class that it finds, but the reference is one to
    // the earlier class.
    let mut earlier = owned.filter(|owned| !core::ptr::eq(*owned, class));
    let mut visit = |found: &PyObject| {
        let is_class = core::ptr::eq(found, class);
        visit(is_class.then(|| earlier.take()).flatten().unwrap_or(found));
    };
    // SAFETY: as above.
    unsafe { visit_references(traverse, object, &mut visit) };
}

/// # Safety
/// `header` is that of an `Instance` of `object`.
unsafe fn clear(header: NonNull<Header>, object: &PyObject) {
    // SAFETY: it is that of an `Instance`.
    let instance = unsafe { header.cast::<Instance>().as_ref() };
    let function = instance.record().function(TP_CLEAR);
    if function.is_null() {
        return;
    }
    // SAFETY: C code promised that it is an `inquiry` for instances of this class.
    let clear = unsafe { core::mem::transmute::<*mut c_void, Inquiry>(function) };
    run_isolated(Some(object.class().as_object()), || {
        // SAFETY: as above; the object is alive.
        let _status = unsafe { clear(borrowed(object)) };
    });
}

/// Runs `tp_dealloc`. C code may take references to the object meanwhile, and must give them back.
///
/// # Safety
/// `header` is that of an `Instance` of `object`, whose count is zero.
unsafe fn dealloc(header: NonNull<Header>, object: &PyObject) {
    // SAFETY: it is that of an `Instance`.
    let instance = unsafe { header.cast::<Instance>().as_ref() };
    let Some(owned) = NonNull::new(instance.class.load(Ordering::Relaxed)) else {
        return;
    };
    let class = object.class();
    // If `__class__` was assigned, C code gives up a reference to the class that it finds, and the
    // reference to the earlier class is dropped at the end.
    let earlier = (!core::ptr::eq(class.as_object(), owned.as_ptr())).then(|| {
        core::mem::forget(class.to_owned());
        // SAFETY: the instance owns this reference.
        unsafe { PyObjectRef::from_raw(owned) }
    });
    let function = instance.record().function(TP_DEALLOC);
    if function.is_null() {
        // SAFETY: it is the reference that C's function would give up.
        drop(unsafe { PyObjectRef::from_raw(NonNull::from(class.as_object())) });
        drop(earlier);
        return;
    }
    // SAFETY: C code promised that it is a `destructor` for instances of this class.
    let destructor = unsafe { core::mem::transmute::<*mut c_void, Destructor>(function) };
    // SAFETY: the count is the first word of every object, and only this code changes it now: the
    // object has no references.
    let count = unsafe { &*core::ptr::from_ref(object).cast::<AtomicUsize>() };
    // So that giving back a reference does not deallocate the object again.
    count.store(
        count.load(Ordering::Relaxed) + PROTECTION,
        Ordering::Relaxed,
    );
    run_isolated(Some(class.as_object()), || {
        dying::with(object, || {
            // SAFETY: as above; it is called once, while all data of the object exists.
            unsafe { destructor(borrowed(object)) };
        });
    });
    count.store(
        count.load(Ordering::Relaxed) - PROTECTION,
        Ordering::Relaxed,
    );
    drop(earlier);
}

/// The references that protect an object while `tp_dealloc` runs.
const PROTECTION: usize = 2;

/// # Safety
/// `header` is that of an `Instance` that is not used any more.
unsafe fn free(header: NonNull<Header>) {
    let place = header.cast::<Instance>();
    // SAFETY: it is not freed yet.
    let size = unsafe { place.as_ref() }.size;
    // SAFETY: it is initialized, and not used any more.
    unsafe { place.drop_in_place() };
    // SAFETY: `attach` allocated it with this size.
    unsafe { instance_memory::free(place.cast(), DATA_OFFSET + size) };
}

/// Makes the deallocation of an object skip `tp_dealloc`. The caller takes over the reference to the
/// class that `tp_dealloc` would give up.
pub(crate) fn skip_dealloc(object: &PyObject) {
    if let Some(instance) = Instance::of(object) {
        instance
            .class
            .store(core::ptr::null_mut(), Ordering::Relaxed);
    }
}

/// The function that C's `tp_dealloc` calls at its end (`tp_free`). The VM frees the memory of the
/// object after `tp_dealloc`, so it does nothing.
///
/// # Safety
/// `object` is the object that `tp_dealloc` was called with.
pub(crate) unsafe extern "C" fn object_free(_object: *mut c_void) {}

/// The objects whose `tp_dealloc` runs on this thread.
pub(crate) mod dying {
    use core::cell::RefCell;

    use rustpython_vm::PyObject;

    thread_local! {
        static OBJECTS: RefCell<Vec<*const PyObject>> = const { RefCell::new(Vec::new()) };
    }

    /// Runs `f`, which deallocates `object`.
    pub(super) fn with(object: &PyObject, f: impl FnOnce()) {
        // During thread shutdown the list may be gone already; then nothing is noted.
        let noted = OBJECTS.try_with(|objects| objects.borrow_mut().push(object));
        f();
        if noted.is_ok() {
            let _ = OBJECTS.try_with(|objects| objects.borrow_mut().pop());
        }
    }

    /// Whether `tp_dealloc` of the object at this address runs on this thread.
    pub(crate) fn contains(object: *const PyObject) -> bool {
        OBJECTS
            .try_with(|objects| objects.borrow().contains(&object))
            .unwrap_or(false)
    }
}
