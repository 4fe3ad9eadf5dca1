//! Arrays of module slots, valid and invalid. Each must give a module that works, or an exception.

mod arrays;
mod functions;

use core::ffi::c_void;
use core::ptr::null_mut;

use rustpython_capsule_capi::slots::PySlot;
use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, VirtualMachine};

pub(crate) use self::arrays::Record;

use self::arrays::Arrays;
use self::functions::FREED;
use super::c_api::{
    PyModule_Exec, PyModule_FromSlotsAndSpec, PyModule_GetState, PyModule_GetStateSize,
    PyModule_GetToken,
};
use super::collect;
use super::raised::{self, Raised};

/// The classes of exceptions for an array, and those that the functions of an array raise.
const CLASSES: [&str; 8] = [
    "AttributeError",
    "ImportError",
    "KeyError",
    "MemoryError",
    "SystemError",
    "TypeError",
    "UnicodeDecodeError",
    "ValueError",
];

/// The module specs, valid and invalid.
#[derive(Debug)]
pub(crate) struct Fixture {
    specs: Vec<PyObjectRef>,
}

impl Fixture {
    pub(crate) fn new(vm: &VirtualMachine) -> Self {
        let named = |name: Option<PyObjectRef>| {
            let spec = vm.new_module("spec", vm.ctx.new_dict(), None);
            if let Some(name) = name {
                spec.set_attr("name", name, vm)
                    .expect("a module takes any attribute");
            }
            spec.into()
        };
        let specs = vec![
            named(Some(vm.ctx.new_str("hostile_module").into())),
            named(Some(vm.ctx.new_str("p\u{e4}ckchen.teil").into())),
            named(Some(vm.ctx.new_int(7).into())),
            named(None),
            vm.ctx.none(),
        ];
        Self { specs }
    }

    /// Makes a module from an array and uses it, unless the array is refused. Returns whether it
    /// was made.
    ///
    /// # Errors
    /// The property that does not hold.
    pub(crate) fn execute(&self, choice: u8, records: &[Record]) -> Result<bool, String> {
        let spec = self.specs.get(usize::from(choice / 8) % 24);
        let spec = spec.unwrap_or(&self.specs[0]);
        execute(choice, records, |array| {
            let spec = core::ptr::from_ref(spec.as_object()).cast_mut();
            let spec = if choice == 255 { null_mut() } else { spec };
            // SAFETY: the thread is attached, the array keeps the rules of the header, and the spec
            // is NULL or alive.
            unsafe { PyModule_FromSlotsAndSpec(array, spec) }
        })
    }
}

/// The same with another function that makes the module. It returns NULL with an exception pending,
/// or a new reference.
///
/// # Errors
/// The property that does not hold.
pub(crate) fn execute(
    choice: u8,
    records: &[Record],
    make: impl FnOnce(*const PySlot) -> *mut PyObject,
) -> Result<bool, String> {
    // Without an ABI record every array is refused, so most arrays begin with one.
    let first = (choice % 8 != 7).then_some([0; 8]);
    let records: Vec<_> = first.into_iter().chain(records.iter().copied()).collect();
    let arrays = Arrays::of(&records);
    let freed = FREED.get();
    let array = if choice == 254 {
        core::ptr::null()
    } else {
        arrays.first()
    };
    let module = make(array);
    let refused = take_raised()?;
    if module.is_null() != refused.is_some() {
        return Err(format!(
            "the result is {module:p}, and raised is {refused:?}"
        ));
    }
    if let Some(refused) = refused {
        let count = FREED.get() - freed;
        return if count == 0 {
            Ok(false)
        } else {
            Err(format!(
                "{refused:?}, and the state of no module was freed {count} times"
            ))
        };
    }
    // SAFETY: `make` returned a new reference that is not NULL.
    let module = unsafe { raised::owned(module) };
    use_module(module.as_object())?;
    if choice % 16 == 1 {
        collect();
    }
    let early = FREED.get() - freed;
    drop(module);
    let due = u32::from(arrays.has_free());
    if FREED.get() - freed < due {
        // The module may refer to itself.
        collect();
    }
    let count = FREED.get() - freed;
    if (early, count) != (0, due) {
        return Err(format!(
            "freed {early} times before it was dropped, and {count} times in all"
        ));
    }
    Ok(true)
}

/// Clears and returns the pending exception, or fails if its class is not listed.
fn take_raised() -> Result<Option<Raised>, String> {
    let Some(exception) = raised::take_pending() else {
        return Ok(None);
    };
    let raised = with_current_vm(|vm| Raised::of(&exception, vm));
    if !CLASSES.contains(&raised.class.as_str()) || raised.text.contains("panic") {
        return Err(format!("raised: {raised:?}"));
    }
    Ok(Some(raised))
}

/// Calls everything that a module offers. Some results depend on the functions of the array; of
/// those it only checks that a failure has an exception.
fn use_module(module: &PyObject) -> Result<(), String> {
    let object = core::ptr::from_ref(module).cast_mut();
    for _ in 0..2 {
        // SAFETY: the thread is attached, and `module` is borrowed, so the object is alive.
        let status = unsafe { PyModule_Exec(object) };
        let raised = take_raised()?;
        if (status != 0) != raised.is_some() {
            return Err(format!("the status is {status}, and raised is {raised:?}"));
        }
    }
    let mut size = 0;
    // SAFETY: the object is alive, and `size` is writable.
    let status = unsafe { PyModule_GetStateSize(object, &mut size) };
    let raised = take_raised()?;
    if (status == 0) != raised.is_none() || (status == 0) == (size < 0) {
        return Err(format!(
            "the state has size {size}, and raised is {raised:?}"
        ));
    }
    // SAFETY: the object is alive.
    let state = unsafe { PyModule_GetState(object) };
    take_raised()?;
    if state.is_null() != (size <= 0) {
        return Err(format!("{size} bytes of state at {state:p}"));
    }
    write_state(state, size);
    let mut token = null_mut();
    // SAFETY: the object is alive, and `token` is writable.
    unsafe { PyModule_GetToken(object, &mut token) };
    take_raised()?;
    with_current_vm(|vm| {
        // The results depend on the functions of the array.
        let _ = module.repr(vm);
        let _ = module.get_attr("__doc__", vm);
        if let Ok(function) = module.get_attr("f", vm) {
            let _ = function.call((), vm);
            let _ = function.call((1,), vm);
            let _ = function.repr(vm);
        }
    });
    take_raised().map(drop)
}

/// Writes all of the state, which belongs to the module.
fn write_state(state: *mut c_void, size: isize) {
    if size > 0 {
        // SAFETY: `PyModule_GetStateSize` has reported this size for the state, which is alive.
        unsafe { state.write_bytes(0x5a, size.cast_unsigned()) };
    }
}
