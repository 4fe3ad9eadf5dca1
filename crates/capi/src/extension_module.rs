//! Modules that C code defines: with functions that fill them, state, a token and hooks for the
//! collector. They are instances of the class `module`, with a larger payload than the VM's
//! modules.

use core::alloc::Layout;
use core::ffi::c_void;
use core::marker::PhantomPinned;
use core::mem::{align_of, offset_of};
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicBool, Ordering};
use std::alloc::{alloc_zeroed, dealloc};
use std::sync::OnceLock;

use rustpython_capsule::__private::ffi::{CClear, CTraverse, visit_references};
use rustpython_capsule::__private::run_isolated;
use rustpython_vm::builtins::{PyModule, PyModuleDef, PyModuleSlots, PyStr, PyType};
use rustpython_vm::object::{MaybeTraverse, TraverseFn, payload_offset};
use rustpython_vm::{
    AsObject, Context, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine,
};

use crate::boundary::{SyncPtr, borrowed, call_c, checked_result};
use crate::slots::{Exec, ModuleSlots, StateFree};

/// The payload of modules that were made through the C API. It begins with the VM's own payload, so
/// that the VM can read it as a `PyModule` (see the impl of `PyPayload`).
#[derive(Debug)]
#[repr(C)]
pub(crate) struct ExtensionModule {
    base: PyModule,
    data: OnceLock<ModuleData>,
    /// Whether an import has started to run the `exec` functions.
    executed: AtomicBool,
    /// C code uses the address of the object while Rust has a `&mut` to the payload (`try_clear`).
    _pinned: PhantomPinned,
}

/// The parts of a module that C code defines.
#[derive(Debug)]
struct ModuleData {
    exec: Vec<Exec>,
    token: Option<SyncPtr>,
    state: State,
    traverse: Option<CTraverse>,
    clear: Option<CClear>,
    free: Option<StateFree>,
}

/// The memory for C code's own data, one block for each module object. It is zero at first.
#[derive(Debug)]
struct State {
    address: SyncPtr,
    layout: Layout,
}

impl State {
    /// Enough for every C type, as that of `malloc` is.
    const ALIGNMENT: usize = 16;

    /// # Errors
    /// MemoryError.
    fn new(size: usize, vm: &VirtualMachine) -> PyResult<Self> {
        let no_memory = || vm.new_memory_error("");
        let layout = Layout::from_size_align(size, Self::ALIGNMENT).map_err(|_| no_memory())?;
        let address = if size == 0 {
            null_mut()
        } else {
            // SAFETY: the size of the layout is not zero.
            let address = unsafe { alloc_zeroed(layout) };
            NonNull::new(address).ok_or_else(no_memory)?.as_ptr()
        };
        Ok(Self {
            address: SyncPtr(address.cast()),
            layout,
        })
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if !self.address.0.is_null() {
            // SAFETY: `new` allocated it with this layout, and it is freed only here.
            unsafe { dealloc(self.address.0.cast(), self.layout) };
        }
    }
}

/// The definition by which extension modules are recognized: no other module has it.
fn marker(ctx: &Context) -> &'static PyModuleDef {
    static MARKER: OnceLock<PyModuleDef> = OnceLock::new();
    MARKER.get_or_init(|| PyModuleDef {
        name: ctx.intern_str("extension module"),
        doc: None,
        methods: &[],
        slots: PyModuleSlots::default(),
    })
}

// The VM reads an `ExtensionModule` as a `PyModule`.
const _: () = {
    assert!(offset_of!(ExtensionModule, base) == 0);
    assert!(align_of::<ExtensionModule>() == align_of::<PyModule>());
    assert!(payload_offset::<ExtensionModule>() == payload_offset::<PyModule>());
};

impl PyPayload for ExtensionModule {
    /// The id of the base, so that a downcast to `PyModule` succeeds; the payload begins with one.
    /// A downcast to `ExtensionModule` is checked by the marker, in `validate_downcastable_from`.
    const PAYLOAD_TYPE_ID: core::any::TypeId = PyModule::PAYLOAD_TYPE_ID;

    unsafe fn validate_downcastable_from(object: &PyObject) -> bool {
        let module = object.downcast_ref::<PyModule>();
        let definition = module.and_then(|module| module.def);
        definition.is_some_and(|definition| core::ptr::eq(definition, marker(Context::genesis())))
    }

    fn class(ctx: &Context) -> &'static Py<PyType> {
        ctx.types.module_type
    }
}

impl MaybeTraverse for ExtensionModule {
    const HAS_TRAVERSE: bool = true;
    const HAS_CLEAR: bool = true;

    fn try_traverse(&self, visit: &mut TraverseFn<'_>) {
        if let Some(traverse) = self.data.get().and_then(|data| data.traverse) {
            // SAFETY: C code promised, in its slots, that it is a `traverseproc` for this module.
            unsafe { visit_references(traverse, self.object(), visit) };
        }
    }

    /// Called by the collector to break a cycle. The VM calls it on each deallocation too; then it
    /// does nothing, because `free` is called later and needs the state as it is.
    fn try_clear(&mut self, _out: &mut Vec<PyObjectRef>) {
        let module = self.object();
        if module.strong_count() == 0 {
            return;
        }
        if let Some(clear) = self.data.get().and_then(|data| data.clear) {
            // SAFETY: C code promised, in its slots, that it is an `inquiry` for this module.
            run_isolated(Some(module.class().as_object()), || unsafe {
                clear(borrowed(module));
            });
        }
    }
}

impl Drop for ExtensionModule {
    fn drop(&mut self) {
        let module = self.object();
        if let Some(free) = self.data.get().and_then(|data| data.free) {
            if !module.has_instance_dict() {
                // The collector has taken the dict, and the VM panics if a module has none.
                let _ = module.set_dict(Some(Context::genesis().new_dict()));
            }
            // SAFETY: C code promised, in its slots, that it is a `freefunc` for this module. It is
            // called once, while the state still exists.
            run_isolated(Some(module.class().as_object()), || unsafe {
                free(borrowed(module).cast())
            });
        }
        // Before the state is freed: capsules in the dict may point into it.
        let _ = module.set_dict(None);
    }
}

impl ExtensionModule {
    /// The object that this payload is part of.
    fn object(&self) -> &PyObject {
        let object = core::ptr::from_ref(self).addr() - payload_offset::<Self>();
        // SAFETY: a payload exists only as part of a `Py<Self>` that `new` made, at this offset,
        // and `new` exposed the provenance of the whole object.
        unsafe { &*core::ptr::with_exposed_provenance::<PyObject>(object) }
    }

    /// A module that has a name and no data of C code.
    ///
    /// # Errors
    /// Those of setting the attributes of a new module.
    pub(crate) fn new(name: &Py<PyStr>, vm: &VirtualMachine) -> PyResult<PyRef<Self>> {
        let payload = Self {
            base: PyModule {
                def: Some(marker(&vm.ctx)),
                name: Some(vm.ctx.intern_str(name.to_string_lossy().as_ref())),
            },
            data: OnceLock::new(),
            executed: AtomicBool::new(false),
            _pinned: PhantomPinned,
        };
        let dict = vm.ctx.new_dict();
        dict.set_item("__name__", name.to_owned().into(), vm)?;
        for attribute in ["__doc__", "__package__", "__loader__", "__spec__"] {
            dict.set_item(attribute, vm.ctx.none(), vm)?;
        }
        let class = vm.ctx.types.module_type.to_owned();
        let module = PyRef::new_ref(payload, class, Some(dict));
        let _ = borrowed(module.as_object()).expose_provenance();
        Ok(module)
    }

    /// Gives the module the data that an array of slots defines.
    ///
    /// # Errors
    /// MemoryError; SystemError if the module has data already.
    pub(crate) fn set_data(&self, slots: ModuleSlots, vm: &VirtualMachine) -> PyResult<()> {
        let data = ModuleData {
            token: slots.token,
            state: State::new(slots.state_size, vm)?,
            traverse: slots.state_traverse,
            clear: slots.state_clear,
            free: slots.state_free,
            exec: slots.exec,
        };
        self.data.set(data).map_err(|_| {
            let name = self.name();
            vm.new_system_error(format!("module {name} was made from slots before"))
        })
    }

    /// The address of the state; NULL if the module has none.
    pub(crate) fn state(&self) -> *mut c_void {
        let data = self.data.get();
        data.map_or(null_mut(), |data| data.state.address.0)
    }

    /// The size of the state in bytes; 0 if the module has none.
    pub(crate) fn state_size(&self) -> usize {
        let data = self.data.get();
        data.map_or(0, |data| data.state.layout.size())
    }

    /// The token; NULL if the module has none.
    pub(crate) fn token(&self) -> *mut c_void {
        let token = self.data.get().and_then(|data| data.token);
        token.map_or(null_mut(), |token| token.0)
    }

    fn name(&self) -> &'static str {
        self.base.name.map_or("", |name| name.as_str())
    }

    /// Runs the `exec` functions at the first call, for imports.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    pub(crate) fn execute_once(&self, vm: &VirtualMachine) -> PyResult<()> {
        if self.executed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        self.execute(vm)
    }

    /// Runs the `exec` functions in order, up to the first that fails.
    ///
    /// # Errors
    /// The exception of the function; SystemError if its result and its exception contradict each
    /// other.
    pub(crate) fn execute(&self, vm: &VirtualMachine) -> PyResult<()> {
        let module = borrowed(self.object());
        for exec in self.data.get().iter().flat_map(|data| &data.exec) {
            // SAFETY: C code promised, in its slots, that it can be called with this module.
            let (status, raised) = call_c(vm, || unsafe { exec(module) });
            let contradiction = |what| format!("execution of module {} {what}", self.name());
            checked_result((status == 0).then_some(()), raised, contradiction, vm)?;
        }
        Ok(())
    }
}
