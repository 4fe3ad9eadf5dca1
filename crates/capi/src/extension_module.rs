//! Modules that carry what C code gave them: functions to run, state, a token, hooks for the
//! collector. They are of the class `module` like all others, with more behind them.

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

use crate::boundary::{Shared, call_out, lend, take};
use crate::slots::{Exec, ModuleSlots, StateFree};

/// The payload of modules that were made through the C API. It begins with the VM's own, so that
/// the VM can take it for that (see the `PyPayload`).
#[derive(Debug)]
#[repr(C)]
pub(crate) struct ExtensionModule {
    base: PyModule,
    native: OnceLock<Native>,
    /// Whether an import has run, or begun to run, the functions.
    executed: AtomicBool,
    /// C code holds the address while Rust has a `&mut` (see `try_clear`).
    _pinned: PhantomPinned,
}

/// What C code gave a module.
#[derive(Debug)]
struct Native {
    exec: Vec<Exec>,
    token: Option<Shared>,
    state: State,
    traverse: Option<CTraverse>,
    clear: Option<CClear>,
    free: Option<StateFree>,
}

/// The memory that C code keeps its data in, one for each module object. Zero at first.
#[derive(Debug)]
struct State {
    address: Shared,
    layout: Layout,
}

impl State {
    /// As strict as that of any C type.
    const ALIGNMENT: usize = 16;

    /// # Errors
    /// MemoryError.
    fn new(size: usize, vm: &VirtualMachine) -> PyResult<Self> {
        let no_memory = || vm.new_memory_error("");
        let layout = Layout::from_size_align(size, Self::ALIGNMENT).map_err(|_| no_memory())?;
        let address = if size == 0 {
            null_mut()
        } else {
            // SAFETY: the size is not zero.
            let address = unsafe { alloc_zeroed(layout) };
            NonNull::new(address).ok_or_else(no_memory)?.as_ptr()
        };
        Ok(Self {
            address: Shared(address.cast()),
            layout,
        })
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if !self.address.0.is_null() {
            // SAFETY: allocated in `new` with this layout.
            unsafe { dealloc(self.address.0.cast(), self.layout) };
        }
    }
}

/// The definition that our modules have and no other, by which they are known.
fn mark(ctx: &Context) -> &'static PyModuleDef {
    static MARK: OnceLock<PyModuleDef> = OnceLock::new();
    MARK.get_or_init(|| PyModuleDef {
        name: ctx.intern_str("extension module"),
        doc: None,
        methods: &[],
        slots: PyModuleSlots::default(),
    })
}

// The VM reads our payload as a `PyModule`.
const _: () = {
    assert!(offset_of!(ExtensionModule, base) == 0);
    assert!(align_of::<ExtensionModule>() == align_of::<PyModule>());
    assert!(payload_offset::<ExtensionModule>() == payload_offset::<PyModule>());
};

impl PyPayload for ExtensionModule {
    /// That of the base. Whoever asks for a `PyModule` may have ours, which begins with one; who
    /// asks for ours is told by the mark.
    const PAYLOAD_TYPE_ID: core::any::TypeId = PyModule::PAYLOAD_TYPE_ID;

    unsafe fn validate_downcastable_from(object: &PyObject) -> bool {
        let module = object.downcast_ref::<PyModule>();
        let definition = module.and_then(|module| module.def);
        definition.is_some_and(|definition| core::ptr::eq(definition, mark(Context::genesis())))
    }

    fn class(ctx: &Context) -> &'static Py<PyType> {
        ctx.types.module_type
    }
}

impl MaybeTraverse for ExtensionModule {
    const HAS_TRAVERSE: bool = true;
    const HAS_CLEAR: bool = true;

    fn try_traverse(&self, visit: &mut TraverseFn<'_>) {
        if let Some(traverse) = self.native.get().and_then(|native| native.traverse) {
            // SAFETY: `Native` has what C code promised to be a `traverseproc` for this module.
            unsafe { visit_references(traverse, self.object(), visit) };
        }
    }

    /// Called by the collector to break a cycle, and by the VM on every deallocation, when `free`
    /// is still to come and needs what is there.
    fn try_clear(&mut self, _out: &mut Vec<PyObjectRef>) {
        let module = self.object();
        if module.strong_count() == 0 {
            return;
        }
        if let Some(clear) = self.native.get().and_then(|native| native.clear) {
            // SAFETY: `Native` has what C code promised to be an `inquiry` for this module.
            run_isolated(Some(module.class().as_object()), || unsafe {
                clear(lend(module));
            });
        }
    }
}

impl Drop for ExtensionModule {
    fn drop(&mut self) {
        let module = self.object();
        if let Some(free) = self.native.get().and_then(|native| native.free) {
            if !module.has_instance_dict() {
                // The collector took it, and the VM panics where a module has none.
                let _ = module.set_dict(Some(Context::genesis().new_dict()));
            }
            // SAFETY: `Native` has what C code promised to be a `freefunc` for this module. It
            // runs once, while the state is still there.
            run_isolated(Some(module.class().as_object()), || unsafe {
                free(lend(module).cast())
            });
        }
        // Before the state, which capsules in it may point into.
        let _ = module.set_dict(None);
    }
}

impl ExtensionModule {
    /// The object that this payload is part of.
    fn object(&self) -> &PyObject {
        let object = core::ptr::from_ref(self).addr() - payload_offset::<Self>();
        // SAFETY: payloads exist only as part of a `Py<Self>` that `new` made, and it exposed the
        // provenance of the whole.
        unsafe { &*core::ptr::with_exposed_provenance::<PyObject>(object) }
    }

    /// A module with a name and nothing else.
    pub(crate) fn new(name: &Py<PyStr>, vm: &VirtualMachine) -> PyResult<PyRef<Self>> {
        let payload = Self {
            base: PyModule {
                def: Some(mark(&vm.ctx)),
                name: Some(vm.ctx.intern_str(name.to_string_lossy().as_ref())),
            },
            native: OnceLock::new(),
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
        let _ = lend(module.as_object()).expose_provenance();
        Ok(module)
    }

    /// Takes what an array of slots gives to a module.
    ///
    /// # Errors
    /// MemoryError; SystemError for a module that carries something already.
    pub(crate) fn carry(&self, slots: ModuleSlots, vm: &VirtualMachine) -> PyResult<()> {
        let native = Native {
            token: slots.token,
            state: State::new(slots.state_size, vm)?,
            traverse: slots.state_traverse,
            clear: slots.state_clear,
            free: slots.state_free,
            exec: slots.exec,
        };
        self.native.set(native).map_err(|_| {
            let name = self.name();
            vm.new_system_error(format!("module {name} was made from slots before"))
        })
    }

    /// The address of the state, NULL where there is none.
    pub(crate) fn state(&self) -> *mut c_void {
        let native = self.native.get();
        native.map_or(null_mut(), |native| native.state.address.0)
    }

    pub(crate) fn state_size(&self) -> usize {
        let native = self.native.get();
        native.map_or(0, |native| native.state.layout.size())
    }

    /// The token, NULL where there is none.
    pub(crate) fn token(&self) -> *mut c_void {
        let token = self.native.get().and_then(|native| native.token);
        token.map_or(null_mut(), |token| token.0)
    }

    fn name(&self) -> &'static str {
        self.base.name.map_or("", |name| name.as_str())
    }

    /// What an import does: the first time, runs the functions.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute).
    pub(crate) fn execute_once(&self, vm: &VirtualMachine) -> PyResult<()> {
        if self.executed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        self.execute(vm)
    }

    /// Runs the functions that fill the module, in order, up to the first that fails.
    ///
    /// # Errors
    /// What a function raises; SystemError where its answer and what it raised do not agree.
    pub(crate) fn execute(&self, vm: &VirtualMachine) -> PyResult<()> {
        let module = lend(self.object());
        for exec in self.native.get().iter().flat_map(|native| &native.exec) {
            // SAFETY: C code promised that it takes this module.
            let (status, raised) = call_out(vm, || unsafe { exec(module) });
            let contradiction = |what| format!("execution of module {} {what}", self.name());
            take((status == 0).then_some(()), raised, contradiction, vm)?;
        }
        Ok(())
    }
}
