//! `slots.h`: arrays of `PySlot`, as modules describe themselves with (PEP 793, PEP 820). An array
//! is read once, checked, and copied into a `ModuleSlots`; nothing is called.

use core::ffi::{c_int, c_void};
use core::mem::transmute;

use rustpython_capi::methodobject::PyMethodDef;
use rustpython_capsule::__private::ffi::{CClear, CTraverse};
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{PyObject, PyResult, VirtualMachine};

use crate::boundary::{Shared, text};
use crate::modsupport::PyABIInfo;

/// One entry: an id that says what it is, and a value.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct PySlot {
    /// What the entry is; 0 ends the array.
    pub id: u16,
    /// What may be assumed of it.
    pub flags: u16,
    /// 0.
    pub reserved: u32,
    /// A pointer, or an integer.
    pub value: SlotValue,
}

/// The value of a [`PySlot`], 64 bits wide.
#[derive(Clone, Copy)]
#[repr(C)]
pub union SlotValue {
    /// A pointer to data or to a function, or an integer that is stored as one.
    pub pointer: *mut c_void,
    /// An integer.
    pub integer: u64,
}

impl PySlot {
    /// NULL where the value is an integer 0.
    fn pointer(self) -> *mut c_void {
        // SAFETY: any bits are a pointer.
        unsafe { self.value.pointer }
    }

    fn integer(self) -> u64 {
        if self.flags & INTPTR != 0 {
            return self.pointer().addr() as u64;
        }
        // SAFETY: any bits are an integer.
        unsafe { self.value.integer }
    }
}

impl core::fmt::Debug for SlotValue {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // SAFETY: any bits are an integer.
        write!(f, "{:#x}", unsafe { self.integer })
    }
}

/// An entry of the older arrays, which may be nested in new ones.
#[derive(Clone, Copy)]
#[repr(C)]
struct LegacySlot {
    id: c_int,
    value: *mut c_void,
}

const OPTIONAL: u16 = 0x1;
const INTPTR: u16 = 0x4;

/// Makes the module object: from the spec, and a definition that is always NULL here.
pub(crate) type Create =
    unsafe extern "C" fn(spec: *mut PyObject, definition: *mut c_void) -> *mut PyObject;
/// Fills a module. Other than 0 is an error.
pub(crate) type Exec = unsafe extern "C" fn(module: *mut PyObject) -> c_int;
pub(crate) type StateFree = unsafe extern "C" fn(module: *mut c_void);

/// What an array says of a module.
#[derive(Debug, Default)]
pub(crate) struct ModuleSlots {
    pub(crate) doc: Option<String>,
    pub(crate) create: Option<Create>,
    /// In the order in which they run.
    pub(crate) exec: Vec<Exec>,
    /// An array that ends with an entry without a name.
    pub(crate) methods: Option<*const PyMethodDef>,
    /// Whether it may be loaded in sub-interpreters, which is so unless it says no.
    pub(crate) main_interpreter_only: bool,
    /// Whether it says that it does without a GIL.
    pub(crate) no_gil: bool,
    pub(crate) state_size: usize,
    pub(crate) state_traverse: Option<CTraverse>,
    pub(crate) state_clear: Option<CClear>,
    pub(crate) state_free: Option<StateFree>,
    pub(crate) token: Option<Shared>,
    pub(crate) abi: Vec<PyABIInfo>,
}

/// The slots of modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Id {
    Create,
    Exec,
    MultipleInterpreters,
    Gil,
    Subslots,
    LegacySlots,
    Name,
    Doc,
    StateSize,
    Methods,
    StateTraverse,
    StateClear,
    StateFree,
    Abi,
    Token,
}

/// Each slot with its number in CPython 3.15's headers, and the name that C code calls it by.
const SLOTS: [(Id, u16, &str); 15] = [
    (Id::Create, 84, "Py_mod_create"),
    (Id::Exec, 85, "Py_mod_exec"),
    (Id::MultipleInterpreters, 86, "Py_mod_multiple_interpreters"),
    (Id::Gil, 87, "Py_mod_gil"),
    (Id::Subslots, 92, "Py_slot_subslots"),
    (Id::LegacySlots, 94, "Py_mod_slots"),
    (Id::Name, 100, "Py_mod_name"),
    (Id::Doc, 101, "Py_mod_doc"),
    (Id::StateSize, 102, "Py_mod_state_size"),
    (Id::Methods, 103, "Py_mod_methods"),
    (Id::StateTraverse, 104, "Py_mod_state_traverse"),
    (Id::StateClear, 105, "Py_mod_state_clear"),
    (Id::StateFree, 106, "Py_mod_state_free"),
    (Id::Abi, 109, "Py_mod_abi"),
    (Id::Token, 110, "Py_mod_token"),
];

impl Id {
    /// The slot with a number, and its name. The first four have a second number, from the older
    /// arrays.
    fn of(number: u16) -> Option<(Self, &'static str)> {
        let number = if (1..=4).contains(&number) {
            number + 83
        } else {
            number
        };
        let entry = SLOTS.iter().find(|(_, own, _)| *own == number);
        entry.map(|(id, _, name)| (*id, *name))
    }

    /// Whether an array may have several of them.
    fn repeats(self) -> bool {
        matches!(
            self,
            Self::Exec | Self::Abi | Self::Subslots | Self::LegacySlots
        )
    }
}

/// How deep arrays may be nested in one another.
const DEEPEST: usize = 5;

/// Reads arrays into a description.
struct Reader<'vm> {
    slots: ModuleSlots,
    seen: Vec<Id>,
    vm: &'vm VirtualMachine,
}

impl ModuleSlots {
    /// Reads an array and all that is nested in it.
    ///
    /// # Errors
    /// SystemError for an array that says nothing sensible: an unknown slot that is not optional,
    /// NULL where there must be a value, one thing said twice, arrays nested too deep, no ABI
    /// record. UnicodeDecodeError.
    ///
    /// # Safety
    /// `array` is NULL or an array that ends with a slot 0, and every value is what its slot's id
    /// says, for the call; functions, the token and what `methods` leads to, for ever.
    pub(crate) unsafe fn read(array: *const PySlot, vm: &VirtualMachine) -> PyResult<Self> {
        let mut reader = Reader {
            slots: Self::default(),
            seen: Vec::new(),
            vm,
        };
        if array.is_null() {
            return Err(vm.new_system_error("NULL instead of an array of slots"));
        }
        // SAFETY: passed on from the caller.
        unsafe { reader.read_array(array, 1) }?;
        if reader.slots.abi.is_empty() {
            return Err(vm.new_system_error("the array of slots has no Py_mod_abi"));
        }
        Ok(reader.slots)
    }
}

impl Reader<'_> {
    /// # Safety
    /// As for `ModuleSlots::read`, and not NULL.
    unsafe fn read_array(&mut self, array: *const PySlot, level: usize) -> PyResult<()> {
        for position in 0.. {
            // SAFETY: the array goes on until its end was seen.
            let slot = unsafe { array.add(position) };
            // SAFETY: as above.
            let slot = unsafe { slot.read() };
            if slot.id == 0 {
                return self.check_end(slot.flags);
            }
            // SAFETY: passed on from the caller.
            unsafe { self.read_slot(slot, level) }?;
        }
        Ok(())
    }

    fn check_end(&self, flags: u16) -> PyResult<()> {
        if flags & OPTIONAL == 0 {
            return Ok(());
        }
        let text = format!("invalid flags for Py_slot_end: {flags:#x}");
        Err(self.vm.new_system_error(text))
    }

    /// # Safety
    /// As for `read_array`.
    unsafe fn read_legacy_array(&mut self, array: *const LegacySlot, level: usize) -> PyResult<()> {
        for position in 0.. {
            // SAFETY: the array goes on until its end was seen.
            let legacy = unsafe { array.add(position) };
            // SAFETY: as above.
            let legacy = unsafe { legacy.read() };
            if legacy.id == 0 {
                break;
            }
            let slot = PySlot {
                id: u16::try_from(legacy.id).unwrap_or(u16::MAX),
                flags: INTPTR,
                reserved: 0,
                value: SlotValue {
                    pointer: legacy.value,
                },
            };
            // SAFETY: passed on from the caller.
            unsafe { self.read_slot(slot, level) }?;
        }
        Ok(())
    }

    /// # Safety
    /// As for `read_array`.
    unsafe fn read_slot(&mut self, slot: PySlot, level: usize) -> PyResult<()> {
        let Some((id, name)) = Id::of(slot.id) else {
            return self.check_optional(slot);
        };
        if !id.repeats() && self.seen.contains(&id) {
            let text = format!("module has multiple {name} ({}) slots", slot.id);
            return Err(self.vm.new_system_error(text));
        }
        self.seen.push(id);
        let pointer = slot.pointer();
        match id {
            Id::Subslots | Id::LegacySlots if pointer.is_null() => {}
            Id::MultipleInterpreters => match slot.integer() {
                0 => self.slots.main_interpreter_only = true,
                1 | 2 => {}
                _ => return Err(self.unknown_value(name)),
            },
            Id::Gil => match slot.integer() {
                0 => {}
                1 => self.slots.no_gil = true,
                _ => return Err(self.unknown_value(name)),
            },
            Id::StateSize => {
                let Ok(size) = usize::try_from(slot.integer().cast_signed()) else {
                    return Err(self.vm.new_system_error("Py_mod_state_size is negative"));
                };
                self.slots.state_size = size;
            }
            _ if pointer.is_null() => {
                let text = format!("NULL not allowed for slot {name}");
                return Err(self.vm.new_system_error(text));
            }
            Id::Subslots | Id::LegacySlots if level == DEEPEST => {
                let text = format!("{name}: too many levels of nested slots");
                return Err(self.vm.new_system_error(text));
            }
            // SAFETY: passed on from the caller, and not NULL.
            _ => unsafe { self.read_pointer(id, pointer, level) }?,
        }
        Ok(())
    }

    fn check_optional(&self, slot: PySlot) -> PyResult<()> {
        if slot.flags & OPTIONAL != 0 {
            return Ok(());
        }
        let name = if slot.id == u16::MAX {
            " (Py_slot_invalid)"
        } else {
            ""
        };
        let text = format!("invalid module slot ID {}{name}", slot.id);
        Err(self.vm.new_system_error(text))
    }

    fn unknown_value(&self, name: &str) -> PyBaseExceptionRef {
        self.vm
            .new_system_error(format!("unknown value in slot {name}"))
    }

    /// # Safety
    /// `pointer` is what slots with this id have, as `ModuleSlots::read` demands, and not NULL.
    unsafe fn read_pointer(&mut self, id: Id, pointer: *mut c_void, level: usize) -> PyResult<()> {
        let slots = &mut self.slots;
        match id {
            // SAFETY: passed on from the caller.
            Id::Subslots => unsafe { self.read_array(pointer.cast(), level + 1) }?,
            // SAFETY: passed on from the caller.
            Id::LegacySlots => unsafe { self.read_legacy_array(pointer.cast(), level + 1) }?,
            // SAFETY: passed on from the caller.
            Id::Doc => slots.doc = Some(unsafe { text(pointer.cast(), self.vm) }?),
            Id::Methods => slots.methods = Some(pointer.cast_const().cast()),
            Id::Token => slots.token = Some(Shared(pointer)),
            // SAFETY: passed on from the caller.
            Id::Abi => slots
                .abi
                .push(unsafe { pointer.cast::<PyABIInfo>().read() }),
            // SAFETY: passed on from the caller.
            Id::Create => slots.create = Some(unsafe { transmute::<*mut c_void, Create>(pointer) }),
            // SAFETY: passed on from the caller.
            Id::Exec => slots
                .exec
                .push(unsafe { transmute::<*mut c_void, Exec>(pointer) }),
            Id::StateTraverse => {
                // SAFETY: passed on from the caller.
                let function = unsafe { transmute::<*mut c_void, CTraverse>(pointer) };
                slots.state_traverse = Some(function);
            }
            Id::StateClear => {
                // SAFETY: passed on from the caller.
                let function = unsafe { transmute::<*mut c_void, CClear>(pointer) };
                slots.state_clear = Some(function);
            }
            Id::StateFree => {
                // SAFETY: passed on from the caller.
                let function = unsafe { transmute::<*mut c_void, StateFree>(pointer) };
                slots.state_free = Some(function);
            }
            // The spec has the name.
            Id::Name => {}
            Id::MultipleInterpreters | Id::Gil | Id::StateSize => {
                unreachable!("these have integers")
            }
        }
        Ok(())
    }
}
