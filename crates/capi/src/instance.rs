//! Instances of classes from C. An instance is an object of the VM with the payload of the class's
//! base in the VM. The data of the C classes is behind a `vtable` header of the object, zeroed at
//! first, and lives as long as the object.
//!
//! C code expects an instance to hold a reference to its class, which `tp_dealloc` gives up. The
//! VM's object holds one of its own, so each instance takes another.

use core::alloc::Layout;
use core::ffi::{c_int, c_void};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::alloc::{alloc_zeroed, dealloc as free_memory};

use rustpython_capsule::__private::ffi::visit_references;
use rustpython_capsule::__private::{InterpreterId, run_isolated};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyType, PyTypeRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::object::TraverseFn;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::boundary::borrowed;
use crate::slot_ids::{TP_CLEAR, TP_DEALLOC, TP_TRAVERSE};
use crate::type_record::{DATA_ALIGN, TypeRecord, native_base};
use crate::vtable::{self, Header, Hooks, UnknownVtable};

type Destructor = unsafe extern "C" fn(*mut PyObject);
type Inquiry = unsafe extern "C" fn(*mut PyObject) -> c_int;

/// A header, followed by the data of the C classes of the instance.
#[repr(C, align(16))]
struct Instance {
    header: Header,
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

    fn layout(size: usize) -> Option<Layout> {
        Layout::from_size_align(DATA_OFFSET.checked_add(size)?, DATA_ALIGN).ok()
    }
}

/// Gives an object the data of its nearest class from C, whose record is `record`.
fn attach(object: &PyObject, record: &TypeRecord, items: usize) -> Result<(), DataError> {
    let size = record
        .content
        .itemsize
        .checked_mul(items)
        .and_then(|items| items.checked_add(record.data_size()))
        .ok_or(DataError::OutOfMemory)?;
    let layout = Instance::layout(size).ok_or(DataError::OutOfMemory)?;
    // SAFETY: the size of the layout is not zero, since an `Instance` has a size.
    let memory = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or(DataError::OutOfMemory)?;
    let place = memory.cast::<Instance>().as_ptr();
    // SAFETY: the memory is new and has room for an `Instance`.
    unsafe { (&raw mut (*place).record).write(NonNull::from(record)) };
    let class = object.class().to_owned();
    let base = (!record.is_of(&class)).then(|| record.class().to_owned().into());
    // SAFETY: as above.
    let base_field = unsafe { &raw mut (*place).base };
    // SAFETY: as above.
    unsafe { base_field.write(base) };
    // SAFETY: as above.
    unsafe { (&raw mut (*place).class).write(AtomicPtr::new(borrowed(class.as_object()))) };
    // SAFETY: as above.
    unsafe { (&raw mut (*place).size).write(size) };
    // SAFETY: as above.
    unsafe { (&raw mut (*place).items).write(items) };
    loop {
        let current = vtable::current(object);
        // SAFETY: the vtable is that of the object, and the data behind the header is initialized.
        match unsafe { vtable::install(object, current, memory.cast(), &HOOKS) } {
            Ok(true) => {
                core::mem::forget(class);
                return Ok(());
            }
            Ok(false) if !has_data_of(object, record) => {}
            other => {
                // SAFETY: it was never installed, and the field is initialized.
                unsafe { base_field.drop_in_place() };
                // SAFETY: it was allocated with this layout, and was never installed.
                unsafe { free_memory(memory.as_ptr(), layout) };
                return other.map(drop).map_err(DataError::from);
            }
        }
    }
}

fn has_data_of(object: &PyObject, record: &TypeRecord) -> bool {
    Instance::of(object).is_some_and(|instance| core::ptr::eq(instance.record(), record))
}

/// Makes an instance over the base in the VM of `class`, with data for `items` items.
///
/// # Errors
/// Those of the `__new__` of that base; MemoryError.
pub(crate) fn new_over_base(
    class: PyTypeRef,
    args: FuncArgs,
    items: usize,
    vm: &VirtualMachine,
) -> PyResult {
    let Some(new) = native_base(&class).slots.new.load() else {
        let text = format!("cannot create '{}' instances", class.slot_name());
        return Err(vm.new_type_error(text));
    };
    let object = new(class.clone(), args, vm)?;
    // `type.__new__` may call another metaclass, and `int.__new__` may return a shared object.
    if let Some(record) = TypeRecord::nearest(object.class())
        && !has_data_of(&object, record)
    {
        attach(&object, record, items).map_err(|error| error.into_exception(vm))?;
    }
    Ok(object)
}

/// As [`new_over_base`], without items.
///
/// # Errors
/// Those of [`new_over_base`].
pub(crate) fn new_over_vm_base(class: PyTypeRef, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    new_over_base(class, args, 0, vm)
}

/// The record of the nearest class from C of an object; `None` if it is not an instance of one.
#[inline]
pub(crate) fn record_of(object: &PyObject) -> Option<&TypeRecord> {
    match Instance::of(object) {
        Some(instance) => Some(instance.record()),
        None => TypeRecord::nearest(object.class()),
    }
}

/// The data that `class` has in an object. An object that was made without it gets it now, zeroed.
/// `None` if `class` is not from C, or the object is no instance of it. Takes no lock and does not
/// enter the VM.
#[inline]
pub(crate) fn type_data(object: &PyObject, class: &Py<PyType>) -> Option<NonNull<u8>> {
    if let Some(instance) = Instance::of(object) {
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
    let traverse = unsafe { core::mem::transmute::<*mut c_void, _>(function) };
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
    count.fetch_add(PROTECTION, Ordering::Relaxed);
    run_isolated(Some(class.as_object()), || {
        dying::with(object, || {
            // SAFETY: as above; it is called once, while all data of the object exists.
            unsafe { destructor(borrowed(object)) };
        });
    });
    count.fetch_sub(PROTECTION, Ordering::Relaxed);
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
    let base = place.as_ptr();
    // SAFETY: the field is initialized, and not used any more.
    drop(unsafe { (*base).base.take() });
    if let Some(layout) = Instance::layout(size) {
        // SAFETY: `attach` allocated it with this layout.
        unsafe { free_memory(place.as_ptr().cast(), layout) };
    }
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
