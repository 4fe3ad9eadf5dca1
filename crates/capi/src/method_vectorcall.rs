//! Calls of methods with keywords. The VM's method descriptors turn keywords into a map of owned
//! strings; for the methods of classes made from C, this function passes them on as they are.

use core::mem::MaybeUninit;
use core::ptr::NonNull;
use std::sync::OnceLock;

use rustpython_vm::builtins::{PyType, PyTypeRef};
use rustpython_vm::object::TraverseFn;
use rustpython_vm::{AsObject, Context, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::method_definition::Method;
use crate::vtable::{self, Header, Hooks};

/// The type of the VM's slot. The first `usize` arguments are positional, the others belong to the
/// names.
type Vectorcall =
    fn(&PyObject, Vec<PyObjectRef>, usize, Option<&[PyObjectRef]>, &VirtualMachine) -> PyResult;

/// A header of a method descriptor, which has its method and keeps its class.
#[repr(C)]
struct Described {
    header: MaybeUninit<Header>,
    class: PyTypeRef,
    method: Method,
}

static HOOKS: Hooks = Hooks {
    trace: Some(trace),
    clear: None,
    dealloc: None,
    free,
    interpreter: None,
};

/// The VM's own function.
static ORIGINAL: OnceLock<Vectorcall> = OnceLock::new();

/// Replaces the function that calls method descriptors, in the whole process.
pub(crate) fn install(ctx: &Context) {
    let slot = &ctx.types.method_descriptor_type.slots.vectorcall;
    if let Some(original) = slot.load()
        && ORIGINAL.set(original).is_ok()
    {
        slot.store(Some(call));
    }
}

/// Makes a new method descriptor keep its class, and tells this file of its method.
///
/// # Errors
/// SystemError if the VM's vtable is unknown.
pub(crate) fn describe(
    descriptor: &PyObject,
    class: &Py<PyType>,
    method: Method,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let described = NonNull::from(Box::leak(Box::new(Described {
        header: MaybeUninit::uninit(),
        class: class.to_owned(),
        method,
    })));
    let header = described.cast::<Header>();
    // SAFETY: the header is new, and its data initialized.
    let installed = unsafe { vtable::install_always(descriptor, header, &HOOKS) };
    installed.map_err(|unknown| {
        // SAFETY: it was never installed.
        drop(unsafe { Box::from_raw(described.as_ptr()) });
        unknown.into_exception(vm)
    })?;
    vtable::track(descriptor);
    Ok(())
}

/// The vectorcall of method descriptors.
fn call(
    descriptor: &PyObject,
    args: Vec<PyObjectRef>,
    count: usize,
    names: Option<&[PyObjectRef]>,
    vm: &VirtualMachine,
) -> PyResult {
    if let Some(names) = names
        && let Some(header) = vtable::find(descriptor, &HOOKS)
    {
        // SAFETY: it is the header of a `Described`, which lives as long as the descriptor.
        let Described { class, method, .. } = unsafe { header.cast::<Described>().as_ref() };
        let receiver = args.first().filter(|_| count > 0);
        if method.takes_keywords() && receiver.is_some_and(|zelf| zelf.fast_isinstance(class)) {
            return method.call_with_names(args, count, names, vm);
        }
    }
    match ORIGINAL.get() {
        Some(original) => original(descriptor, args, count, names, vm),
        None => Err(vm.new_system_error("the calls of methods are not known")),
    }
}

/// # Safety
/// `header` is that of a `Described`.
unsafe fn trace(header: NonNull<Header>, _object: &PyObject, visit: &mut TraverseFn<'_>) {
    // SAFETY: it is that of a `Described`, which is initialized.
    visit(
        unsafe { header.cast::<Described>().as_ref() }
            .class
            .as_object(),
    );
}

/// # Safety
/// `header` is that of a `Described`, which is not used any more.
unsafe fn free(header: NonNull<Header>) {
    // SAFETY: `describe` made it as a box, and initialized it.
    drop(unsafe { Box::from_raw(header.cast::<Described>().as_ptr()) });
}
