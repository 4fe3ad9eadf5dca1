//! Arrays of slots as modules describe themselves with, good and bad: what comes of each is a module
//! that works, or an exception.

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

/// What may be raised for an array, or by the functions that it leads to.
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

/// What can be made a module from: the specs, good and bad.
#[derive(Debug)]
pub(crate) struct Bench {
    specs: Vec<PyObjectRef>,
}

impl Bench {
    pub(crate) fn new(vm: &VirtualMachine) -> Self {
        let named = |name: Option<PyObjectRef>| {
            let spec = vm.new_module("spec", vm.ctx.new_dict(), None);
            if let Some(name) = name {
                spec.set_attr("name", name, vm).expect("a module takes it");
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

    /// Makes a module of an array and uses it, unless it is refused. Whether it was made.
    ///
    /// # Errors
    /// What does not hold.
    pub(crate) fn play(&self, choice: u8, records: &[Record]) -> Result<bool, String> {
        let spec = self.specs.get(usize::from(choice / 8) % 24);
        let spec = spec.unwrap_or(&self.specs[0]);
        play(choice, records, |array| {
            let spec = core::ptr::from_ref(spec.as_object()).cast_mut();
            let spec = if choice == 255 { null_mut() } else { spec };
            // SAFETY: the array keeps to the header.
            unsafe { PyModule_FromSlotsAndSpec(array, spec) }
        })
    }
}

/// The same, with a way to make a module of an array; it gives NULL where an exception is pending.
///
/// # Errors
/// What does not hold.
pub(crate) fn play(
    choice: u8,
    records: &[Record],
    make: impl FnOnce(*const PySlot) -> *mut PyObject,
) -> Result<bool, String> {
    // There must be an ABI record.
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
    let refused = refusal()?;
    if module.is_null() != refused.is_some() {
        return Err(format!(
            "the answer is {module:p}, and raised is {refused:?}"
        ));
    }
    if let Some(refused) = refused {
        let count = FREED.get() - freed;
        return if count == 0 {
            Ok(false)
        } else {
            Err(format!(
                "{refused:?}, and what was not made was freed {count} times"
            ))
        };
    }
    // SAFETY: C functions give new references.
    let module = unsafe { raised::owned(module) };
    use_module(module.as_object())?;
    if choice % 16 == 1 {
        collect();
    }
    let early = FREED.get() - freed;
    drop(module);
    let due = u32::from(arrays.has_free());
    if FREED.get() - freed < due {
        // It may hold itself.
        collect();
    }
    let count = FREED.get() - freed;
    if (early, count) != (0, due) {
        return Err(format!(
            "freed {early} times before its end, and {count} times in all"
        ));
    }
    Ok(true)
}

/// The exception that was raised, which is none any more.
fn refusal() -> Result<Option<Raised>, String> {
    let Some(exception) = raised::take_pending() else {
        return Ok(None);
    };
    let raised = with_current_vm(|vm| Raised::of(&exception, vm));
    if !CLASSES.contains(&raised.class.as_str()) || raised.text.contains("panic") {
        return Err(format!("raised: {raised:?}"));
    }
    Ok(Some(raised))
}

/// Everything that can be done with a module. Whether an answer and what was raised agree is all that
/// is known of some of it.
fn use_module(module: &PyObject) -> Result<(), String> {
    let object = core::ptr::from_ref(module).cast_mut();
    for _ in 0..2 {
        // SAFETY: the module lives, here and below.
        let status = unsafe { PyModule_Exec(object) };
        let raised = refusal()?;
        if (status != 0) != raised.is_some() {
            return Err(format!("the status is {status}, and raised is {raised:?}"));
        }
    }
    let mut size = 0;
    // SAFETY: as above.
    let status = unsafe { PyModule_GetStateSize(object, &mut size) };
    let raised = refusal()?;
    if (status == 0) != raised.is_none() || (status == 0) == (size < 0) {
        return Err(format!(
            "the state has size {size}, and raised is {raised:?}"
        ));
    }
    // SAFETY: as above.
    let state = unsafe { PyModule_GetState(object) };
    refusal()?;
    if state.is_null() != (size <= 0) {
        return Err(format!("{size} bytes of state at {state:p}"));
    }
    write_state(state, size);
    let mut token = null_mut();
    // SAFETY: as above.
    unsafe { PyModule_GetToken(object, &mut token) };
    refusal()?;
    with_current_vm(|vm| {
        // What these answer is the C code's affair.
        let _ = module.repr(vm);
        let _ = module.get_attr("__doc__", vm);
        if let Ok(function) = module.get_attr("f", vm) {
            let _ = function.call((), vm);
            let _ = function.call((1,), vm);
            let _ = function.repr(vm);
        }
    });
    refusal().map(drop)
}

/// All of the state is the module's.
fn write_state(state: *mut c_void, size: isize) {
    if size > 0 {
        // SAFETY: the API says that so many bytes are there.
        unsafe { state.write_bytes(0x5a, size.cast_unsigned()) };
    }
}
