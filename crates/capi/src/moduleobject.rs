//! `moduleobject.h`: modules that carry what C code gave them: functions to run, state, a token.
//! They are of the class `module` like all others, with more behind them.

use core::alloc::Layout;
use core::ffi::{c_int, c_void};
use core::marker::PhantomPinned;
use core::mem::{align_of, offset_of};
use core::ptr::{NonNull, null, null_mut};
use core::sync::atomic::{AtomicBool, Ordering};
use std::alloc::{alloc_zeroed, dealloc};
use std::sync::OnceLock;

use rustpython_capi::methodobject::PyMethodDef;
use rustpython_capsule::{CClear, CTraverse, traverse_for_c};
use rustpython_vm::builtins::{PyModule, PyModuleDef, PyModuleSlots, PyStr, PyType};
use rustpython_vm::function::PyMethodFlags;
use rustpython_vm::object::{MaybeTraverse, TraverseFn, payload_offset};
use rustpython_vm::{
    AsObject, Context, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine,
};

use crate::boundary::{
    Disagreement, Shared, call_out, call_out_unraisable, enter, give, lend, owned, take,
};
use crate::methodobject::new_function;
use crate::slots::{Exec, ModuleSlots, MultipleInterpreters, PySlot, StateFree};

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
            unsafe { traverse_for_c(traverse, self.object(), visit) };
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
            call_out_unraisable(module, || unsafe {
                clear(lend(module));
            });
        }
    }
}

impl Drop for ExtensionModule {
    fn drop(&mut self) {
        let module = self.object();
        if let Some(free) = self.native.get().and_then(|native| native.free) {
            // SAFETY: `Native` has what C code promised to be a `freefunc` for this module. It
            // runs once, while the state is still there.
            call_out_unraisable(module, || unsafe { free(lend(module).cast()) });
        }
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
    fn new(name: &Py<PyStr>, vm: &VirtualMachine) -> PyResult<PyRef<Self>> {
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

    /// Runs the functions that fill the module, in order, up to the first that fails.
    ///
    /// # Errors
    /// What a function raises; SystemError where its answer and what it raised do not agree.
    fn execute(&self, vm: &VirtualMachine) -> PyResult<()> {
        let module = lend(self.object());
        for exec in self.native.get().iter().flat_map(|native| &native.exec) {
            // SAFETY: C code promised that it takes this module.
            let (status, raised) = call_out(vm, || unsafe { exec(module) });
            let contradiction = |disagreement| {
                let name = self.base.name.map_or("", |name| name.as_str());
                match disagreement {
                    Disagreement::FailedSilently => {
                        format!("execution of module {name} failed without setting an exception")
                    }
                    Disagreement::RaisedUnreported => {
                        format!("execution of module {name} raised unreported exception")
                    }
                }
            };
            take((status == 0).then_some(()), raised, contradiction, vm)?;
        }
        Ok(())
    }
}

/// Makes the module that an array of slots describes, and runs nothing of it but `create`.
///
/// # Errors
/// As for [`ModuleSlots::read`]; ImportError where the module cannot run here; what `create`
/// raises; AttributeError where the spec has no name.
///
/// # Safety
/// As for [`ModuleSlots::read`].
pub(crate) unsafe fn from_slots_and_spec(
    slots: *const PySlot,
    spec: &PyObject,
    vm: &VirtualMachine,
) -> PyResult<FromSlots> {
    let name = spec.get_attr("name", vm)?;
    let name: PyRef<PyStr> = name.try_into_value(vm)?;
    // SAFETY: passed on from the caller.
    let slots = unsafe { ModuleSlots::read(slots, vm) }?;
    let shown = name.to_string_lossy().into_owned();
    for abi in &slots.abi {
        abi.check(Some(&shown), vm)?;
    }
    if slots.multiple_interpreters == MultipleInterpreters::NotSupported && !vm.state.is_main {
        let text = format!("module {shown} does not support loading in subinterpreters");
        return Err(vm.new_import_error(text, name));
    }
    let module = match slots.create {
        None => ExtensionModule::new(&name, vm)?.into(),
        Some(create) => {
            // SAFETY: passed on from the caller.
            let (module, raised) = call_out(vm, || unsafe { create(lend(spec), null_mut()) });
            let contradiction = |disagreement| match disagreement {
                Disagreement::FailedSilently => {
                    format!("creation of module {shown} failed without setting an exception")
                }
                Disagreement::RaisedUnreported => {
                    format!("creation of module {shown} raised unreported exception")
                }
            };
            // SAFETY: `create` returns a new reference or NULL.
            take(unsafe { owned(module) }, raised, contradiction, vm)?
        }
    };
    if let Some(methods) = slots.methods {
        // SAFETY: passed on from the caller.
        unsafe { add_functions(&module, &name, methods, vm) }?;
    }
    if let Some(doc) = &slots.doc {
        module.set_attr("__doc__", vm.ctx.new_str(doc.as_str()), vm)?;
    }
    let needs_gil = slots.needs_gil;
    attach(&module, slots, &shown, vm)?;
    Ok(FromSlots { module, needs_gil })
}

/// What came of an array of slots.
pub(crate) struct FromSlots {
    pub(crate) module: PyObjectRef,
    /// Whether the module relies on a lock that this interpreter does not have.
    pub(crate) needs_gil: bool,
}

/// Gives the module what only our payload can carry, if there is any.
fn attach(module: &PyObject, slots: ModuleSlots, name: &str, vm: &VirtualMachine) -> PyResult<()> {
    let native = Native {
        token: slots.token,
        state: State::new(slots.state_size, vm)?,
        traverse: slots.state_traverse,
        clear: slots.state_clear,
        free: slots.state_free,
        exec: slots.exec,
    };
    if let Some(module) = module.downcast_ref::<ExtensionModule>() {
        return module
            .native
            .set(native)
            .map_err(|_| vm.new_system_error(format!("module {name} was made from slots before")));
    }
    if !native.exec.is_empty() {
        return Err(vm.new_system_error(format!(
            "module {name} specifies execution slots, but did not create a ModuleType instance \
             with PyModule_NewObject"
        )));
    }
    let has_state = !native.state.address.0.is_null()
        || native.traverse.is_some()
        || native.clear.is_some()
        || native.free.is_some()
        || native.token.is_some();
    if has_state {
        return Err(vm.new_system_error(format!(
            "module {name} is not a module object made with PyModule_NewObject, but requests \
             module state"
        )));
    }
    Ok(())
}

/// # Safety
/// `methods` is an array of definitions that ends with one without a name.
unsafe fn add_functions(
    module: &PyObject,
    name: &Py<PyStr>,
    methods: *const PyMethodDef,
    vm: &VirtualMachine,
) -> PyResult<()> {
    for position in 0.. {
        // SAFETY: the array goes on until its end was seen.
        let definition = unsafe { methods.add(position) };
        // SAFETY: as above.
        let definition = unsafe { &*definition };
        if definition.ml_name.is_null() {
            break;
        }
        let flags = PyMethodFlags::from_bits_retain(definition.ml_flags.cast_unsigned());
        if flags.intersects(PyMethodFlags::CLASS | PyMethodFlags::STATIC) {
            let text = "module functions cannot set METH_CLASS or METH_STATIC";
            return Err(vm.new_value_error(text));
        }
        let zelf = Some(module.to_owned());
        // SAFETY: passed on from the caller.
        let function = unsafe { new_function(definition, zelf, Some(name.to_owned().into()), vm) }?;
        let attribute = function.get_attr("__name__", vm)?;
        let attribute: PyRef<PyStr> = attribute.try_into_value(vm)?;
        module.set_attr(&*attribute, function, vm)?;
    }
    Ok(())
}

/// What `_imp.exec_dynamic` does: the first time, and for modules of ours, runs their functions.
///
/// # Errors
/// As for [`ExtensionModule::execute`].
pub(crate) fn execute_imported(module: &PyObject, vm: &VirtualMachine) -> PyResult<()> {
    match module.downcast_ref::<ExtensionModule>() {
        Some(module) if !module.executed.swap(true, Ordering::AcqRel) => module.execute(vm),
        _ => Ok(()),
    }
}

/// # Safety
/// `slots` is NULL, or as PEP 793 says; `spec` is an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_FromSlotsAndSpec(
    slots: *const PySlot,
    spec: *mut PyObject,
) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: passed on from the caller.
        let Some(spec) = (unsafe { spec.as_ref() }) else {
            return Err(vm.new_system_error("PyModule_FromSlotsAndSpec: NULL instead of a spec"));
        };
        // SAFETY: passed on from the caller.
        unsafe { from_slots_and_spec(slots, spec, vm) }.map(|made| give(made.module))
    })
}

/// The module behind a pointer from C; `None` where it is a module that carries nothing.
///
/// # Errors
/// TypeError where it is not a module at all.
///
/// # Safety
/// `module` is NULL or an object that lives for `'a`.
unsafe fn checked<'a>(
    module: *mut PyObject,
    vm: &VirtualMachine,
) -> PyResult<Option<&'a Py<ExtensionModule>>> {
    // SAFETY: passed on from the caller.
    match unsafe { module.as_ref() } {
        Some(module) if module.downcast_ref::<PyModule>().is_some() => Ok(module.downcast_ref()),
        Some(other) => {
            let class = other.class().name().to_string();
            Err(vm.new_type_error(format!("expected a module, got {class}")))
        }
        None => Err(vm.new_system_error("NULL instead of a module")),
    }
}

/// # Safety
/// `module` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_Exec(module: *mut PyObject) -> c_int {
    enter(|vm| {
        // SAFETY: passed on from the caller.
        if let Some(module) = unsafe { checked(module, vm) }? {
            module.execute(vm)?;
        }
        Ok(0)
    })
}

/// # Safety
/// `module` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_GetState(module: *mut PyObject) -> *mut c_void {
    // SAFETY: passed on from the caller.
    let module = unsafe { module.as_ref() };
    // Not through the VM, so that it can be had while the collector holds all threads.
    if let Some(module) = module.and_then(PyObject::downcast_ref::<ExtensionModule>) {
        return module
            .native
            .get()
            .map_or(null_mut(), |native| native.state.address.0);
    }
    let module = module.map_or(null(), core::ptr::from_ref).cast_mut();
    enter(|vm| {
        // SAFETY: passed on from the caller.
        unsafe { checked(module, vm) }.map(|_| null_mut())
    })
}

/// # Safety
/// `module` is NULL or an object; `result` can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_GetStateSize(module: *mut PyObject, result: *mut isize) -> c_int {
    // SAFETY: passed on from the caller.
    unsafe { result.write(-1) };
    enter(|vm| {
        // SAFETY: passed on from the caller.
        let module = unsafe { checked(module, vm) }?;
        let native = module.and_then(|module| module.native.get());
        let size = native.map_or(0, |native| native.state.layout.size());
        // SAFETY: passed on from the caller.
        unsafe { result.write(size.cast_signed()) };
        Ok(0)
    })
}

/// # Safety
/// `module` is NULL or an object; `result` can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_GetToken(
    module: *mut PyObject,
    result: *mut *mut c_void,
) -> c_int {
    // SAFETY: passed on from the caller.
    unsafe { result.write(null_mut()) };
    enter(|vm| {
        // SAFETY: passed on from the caller.
        let module = unsafe { checked(module, vm) }?;
        let native = module.and_then(|module| module.native.get());
        let token = native.and_then(|native| native.token);
        // SAFETY: passed on from the caller.
        unsafe { result.write(token.map_or(null_mut(), |token| token.0)) };
        Ok(0)
    })
}

/// # Safety
/// `name` is NULL or an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyModule_NewObject(name: *mut PyObject) -> *mut PyObject {
    enter(|vm| {
        // SAFETY: passed on from the caller.
        let Some(name) = (unsafe { name.as_ref() }) else {
            return Err(vm.new_system_error("PyModule_NewObject: NULL instead of a name"));
        };
        let name: PyRef<PyStr> = name.to_owned().try_into_value(vm)?;
        ExtensionModule::new(&name, vm).map(give)
    })
}
