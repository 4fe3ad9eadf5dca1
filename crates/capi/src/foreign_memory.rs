//! Memory that C code lent to the VM, as the object behind a buffer of the VM. It gives the memory
//! back when the VM releases the buffer. `buffer_check.rs` checks views before they come here.

use core::ptr::{NonNull, null_mut};
use std::sync::Once;

use rustpython_capsule::__private::run_isolated;

use rustpython_vm::builtins::{PyMemoryView, PyType};
use rustpython_vm::class::{PyClassImpl, StaticType};
use rustpython_vm::common::hash::PyHash;
use rustpython_vm::common::lock::{PyRwLock, PyRwLockReadGuard, PyRwLockWriteGuard};
use rustpython_vm::object::{Traverse, TraverseFn};
use rustpython_vm::protocol::{BufferDescriptor, BufferMethods, PyBuffer};
use rustpython_vm::types::Hashable;
use rustpython_vm::vm::thread::try_with_current_vm;
use rustpython_vm::{
    Context, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};

use crate::buffer_check::{Checked, check};
use crate::buffer_view::PyBufferView;
use crate::c_exporter::{is_released_in_python, release};

/// Memory that C code lent to the VM. Every buffer of the VM over such memory has one of these as
/// its object. `memoryview.obj` shows the exporter instead.
#[pyclass(module = false, name = "foreign_memory", traverse = "manual")]
#[derive(Debug)]
pub(crate) struct ForeignMemory {
    state: PyRwLock<State>,
    /// The address of the exporter, also after the memory was given back; 0 if there is none.
    exporter_address: usize,
}

#[derive(Debug)]
enum State {
    Lent(Lent),
    /// The memory was given back. A thread may still be about to read it through a memoryview that
    /// another thread has just released; it finds zeros.
    GivenBack {
        zeros: Vec<u8>,
        size: usize,
    },
}

#[derive(Debug)]
struct Lent {
    view: View,
    /// The object that was asked, if the view has no exporter that is kept and released.
    keeper: Option<PyObjectRef>,
    /// The lowest address of an item.
    lowest: NonNull<u8>,
    /// The number of bytes from there to the end of the item with the highest address.
    size: usize,
}

/// A view that is released when this is dropped. Its address never changes, since exporters store
/// addresses of its fields in it.
#[derive(Debug)]
pub(crate) struct View(NonNull<PyBufferView>);

// SAFETY: the addresses belong to the exporter, which allows its consumers to use and to release
// them on any thread.
unsafe impl Send for Lent {}
// SAFETY: as above. Bytes are read and written under the lock of `ForeignMemory`.
unsafe impl Sync for Lent {}

impl View {
    /// # Safety
    /// An exporter fills the view, or its memory stays valid as long as this exists.
    pub(crate) unsafe fn new(view: PyBufferView) -> Self {
        Self(NonNull::from(Box::leak(Box::new(view))))
    }

    /// Where an exporter puts the fields.
    pub(crate) fn address(&self) -> NonNull<PyBufferView> {
        self.0
    }

    pub(crate) fn fields(&self) -> &PyBufferView {
        // SAFETY: `new` made it, and the exporter does not change it after it has filled it.
        unsafe { self.0.as_ref() }
    }

    /// The object that exports the memory; `None` if C code vouches for the memory.
    fn exporter(&self) -> Option<&PyObject> {
        // SAFETY: NULL, or a reference that the view owns.
        unsafe { self.fields().obj.as_ref() }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        // SAFETY: an exporter filled it, or it has none, and it is released only here.
        unsafe { release(self.0) };
        // SAFETY: `new` made it from a box, and nothing uses it any more.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

impl Lent {
    /// Calls `__release_buffer__` of a subclass in Python, before the function in C. Its argument is a
    /// memoryview that cannot be used any more afterwards.
    fn announce_release(&self) {
        let Some(exporter) = self.view.exporter() else {
            return;
        };
        if !is_released_in_python(exporter) {
            return;
        }
        run_isolated(Some(exporter), || {
            try_with_current_vm(|vm| {
                if let Err(error) = self.call_release_buffer(exporter, vm) {
                    let class = exporter.class();
                    let text = format!(
                        "Exception ignored in __release_buffer__ of {}",
                        class.name()
                    );
                    vm.run_unraisable(error, Some(text), vm.ctx.none());
                }
            });
        });
    }

    fn call_release_buffer(&self, exporter: &PyObject, vm: &VirtualMachine) -> PyResult<()> {
        let copy = PyBufferView {
            obj: null_mut(),
            ..*self.view.fields()
        };
        // SAFETY: the memory stays valid until the view is released, and is given back before.
        let view = unsafe { View::new(copy) };
        // SAFETY: the arrays belong to the exporter, which has not released them yet.
        let checked = unsafe { check(view.fields(), || "an exporter has".to_owned(), vm) }?;
        let (memory, description) = ForeignMemory::new(view, checked, None, vm);
        let buffer = PyBuffer::new(memory.clone().into(), description, &METHODS);
        let shown = PyMemoryView::from_buffer(buffer, vm)?.into_ref(&vm.ctx);
        let called = vm.call_method(exporter, "__release_buffer__", (shown.clone(),));
        shown.release();
        // Parts of the memoryview may still exist.
        memory.give_back();
        called.map(drop)
    }
}

impl State {
    fn bytes(&self) -> &[u8] {
        match self {
            // SAFETY: `check` computed the addresses from those of the items, and the exporter keeps the memory until the
            // view is released.
            Self::Lent(lent) => unsafe {
                NonNull::slice_from_raw_parts(lent.lowest, lent.size).as_ref()
            },
            Self::GivenBack { zeros, .. } => zeros,
        }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            // SAFETY: as for `bytes`. The lock is held for writing. The VM asks for bytes to write
            // only if the memory is not read-only.
            Self::Lent(lent) => unsafe {
                NonNull::slice_from_raw_parts(lent.lowest, lent.size).as_mut()
            },
            Self::GivenBack { zeros, .. } => zeros,
        }
    }

    /// Makes the zeros, before bytes are asked for.
    fn prepare(&mut self) {
        if let Self::GivenBack { zeros, size } = self
            && zeros.len() < *size
        {
            *zeros = vec![0; *size];
        }
    }
}

static METHODS: BufferMethods = BufferMethods {
    obj_bytes: |buffer| {
        let memory = buffer.obj_as::<ForeignMemory>();
        let mut state = memory.state.read_recursive();
        if matches!(*state, State::GivenBack { .. }) {
            drop(state);
            memory.state.write().prepare();
            state = memory.state.read_recursive();
        }
        PyRwLockReadGuard::map(state, State::bytes).into()
    },
    obj_bytes_mut: |buffer| {
        let mut state = buffer.obj_as::<ForeignMemory>().state.write();
        state.prepare();
        PyRwLockWriteGuard::map(state, State::bytes_mut).into()
    },
    retain: |_| {},
    release: |buffer| buffer.obj_as::<ForeignMemory>().give_back(),
};

/// The buffer of the VM over the memory of a view. `keeper` is kept alive with it.
pub(crate) fn lend(
    view: View,
    checked: Checked,
    keeper: Option<PyObjectRef>,
    vm: &VirtualMachine,
) -> PyBuffer {
    let (memory, description) = ForeignMemory::new(view, checked, keeper, vm);
    PyBuffer::new(memory.into(), description, &METHODS)
}

/// Whether a memoryview was made of memory that `object` exports by functions in C. It may have been
/// released.
pub(crate) fn looks_at(view: &Py<PyMemoryView>, object: &PyObject) -> bool {
    let memory = view.viewed_object().downcast_ref::<ForeignMemory>();
    memory.is_some_and(|memory| memory.exporter_address == address(object))
}

fn address(object: &PyObject) -> usize {
    core::ptr::from_ref(object).addr()
}

impl ForeignMemory {
    fn new(
        view: View,
        checked: Checked,
        keeper: Option<PyObjectRef>,
        vm: &VirtualMachine,
    ) -> (PyRef<Self>, BufferDescriptor) {
        let exporter_address = view.exporter().map_or(0, address);
        let lent = Lent {
            view,
            keeper,
            lowest: checked.lowest,
            size: checked.size,
        };
        let state = PyRwLock::new(State::Lent(lent));
        let memory = Self {
            state,
            exporter_address,
        };
        (memory.into_ref(&vm.ctx), checked.description)
    }

    fn give_back(&self) {
        let mut state = self.state.write();
        let State::Lent(lent) = &*state else {
            return;
        };
        let zeros = Vec::new();
        let size = lent.size;
        let lent = core::mem::replace(&mut *state, State::GivenBack { zeros, size });
        drop(state);
        // The exporter is called without the lock, since it may use the memory.
        if let State::Lent(lent) = &lent {
            lent.announce_release();
        }
        drop(lent);
    }

    /// The object that exports the memory; `None` if C code vouches for it, or after the release.
    fn exporter(&self) -> Option<PyObjectRef> {
        match &*self.state.read_recursive() {
            State::Lent(lent) => lent.view.exporter().map(ToOwned::to_owned),
            State::GivenBack { .. } => None,
        }
    }
}

// SAFETY: the two references, of which the view owns one, are visited once each.
unsafe impl Traverse for ForeignMemory {
    fn traverse(&self, visit: &mut TraverseFn<'_>) {
        // A thread that was stopped while it holds the lock is using the memory, so the exporter is
        // not garbage. To skip it keeps it alive.
        if let Some(state) = self.state.try_read_recursive()
            && let State::Lent(lent) = &*state
        {
            lent.view.exporter().map(&mut *visit);
            lent.keeper.traverse(visit);
        }
    }
}

#[pyclass(with(Hashable), flags(DISALLOW_INSTANTIATION, IMMUTABLETYPE))]
impl ForeignMemory {}

impl Hashable for ForeignMemory {
    /// A memoryview asks what it looks at whether it can be hashed.
    fn hash(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyHash> {
        match zelf.exporter() {
            Some(exporter) => exporter.hash(vm),
            None => Ok(0),
        }
    }
}

impl PyPayload for ForeignMemory {
    fn class(ctx: &Context) -> &'static Py<PyType> {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            let _ = Self::make_static_type();
            show_exporters(ctx);
        });
        Self::static_type()
    }
}

/// Replaces `memoryview.obj` by one that shows the exporter in place of the foreign memory.
fn show_exporters(ctx: &Context) {
    let class = ctx.types.memoryview_type;
    let Some(of_vm) = class.attributes.get(ctx.intern_str("obj")) else {
        return;
    };
    let get = move |view: PyRef<PyMemoryView>, vm: &VirtualMachine| -> PyResult {
        let shown = vm.call_if_get_descriptor(&of_vm, view.into())?;
        Ok(match shown.downcast_ref::<ForeignMemory>() {
            Some(memory) => vm.unwrap_or_none(memory.exporter()),
            None => shown,
        })
    };
    class.set_str_attr("obj", ctx.new_readonly_getset("obj", class, get), ctx);
}
