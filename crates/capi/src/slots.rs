//! `slots.h`: arrays of `PySlot`, which describe a module (PEP 793, PEP 820). An array is read
//! once, checked, and copied into a `ModuleSlots`. No function of the array is called here.

use core::ffi::{c_int, c_void};
use core::mem::transmute;

use rustpython_capi::methodobject::PyMethodDef;
use rustpython_capsule::__private::ffi::{CClear, CTraverse};
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{PyObject, PyResult, VirtualMachine};

use crate::abi_info::PyABIInfo;
use crate::boundary::{SyncPtr, utf8_argument};

/// One entry of an array: an id and a value.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct PySlot {
    /// The meaning of the value; 0 ends the array.
    pub id: u16,
    /// The flags `PySlot_OPTIONAL`, `PySlot_STATIC` and `PySlot_INTPTR`.
    pub flags: u16,
    /// Reserved, 0.
    pub reserved: u32,
    /// The value, a pointer or an integer.
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
    /// The value as a pointer; NULL if it is the integer 0.
    pub(crate) fn pointer(self) -> *mut c_void {
        // SAFETY: every bit pattern is a valid pointer value.
        unsafe { self.value.pointer }
    }

    /// The value as an integer.
    pub(crate) fn integer(self) -> u64 {
        if self.flags & INTPTR != 0 {
            return self.pointer().addr() as u64;
        }
        // SAFETY: every bit pattern is a valid integer.
        unsafe { self.value.integer }
    }
}

impl core::fmt::Debug for SlotValue {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // SAFETY: every bit pattern is a valid integer.
        write!(f, "{:#x}", unsafe { self.integer })
    }
}

/// An entry of an older array (`PyModuleDef_Slot`, `PyType_Slot`), which may be nested in a new
/// one.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct LegacySlot {
    /// The meaning of the value; 0 ends the array.
    pub id: c_int,
    /// The value: a pointer, or an integer that is stored as one.
    pub value: *mut c_void,
}

impl From<LegacySlot> for PySlot {
    fn from(slot: LegacySlot) -> Self {
        Self {
            id: u16::try_from(slot.id).unwrap_or(u16::MAX),
            flags: INTPTR,
            reserved: 0,
            value: SlotValue {
                pointer: slot.value,
            },
        }
    }
}

pub(crate) const OPTIONAL: u16 = 0x1;
const INTPTR: u16 = 0x4;

/// Creates the module object from the spec. The definition is always NULL.
pub(crate) type Create =
    unsafe extern "C" fn(spec: *mut PyObject, definition: *mut c_void) -> *mut PyObject;
/// Fills a module. A result other than 0 is an error.
pub(crate) type Exec = unsafe extern "C" fn(module: *mut PyObject) -> c_int;
/// Frees what the state of a module owns.
pub(crate) type StateFree = unsafe extern "C" fn(module: *mut c_void);

/// The description of a module in an array.
#[derive(Debug, Default)]
pub(crate) struct ModuleSlots {
    pub(crate) doc: Option<String>,
    pub(crate) create: Option<Create>,
    /// In the order in which they are called.
    pub(crate) exec: Vec<Exec>,
    /// An array of definitions that ends with one without a name.
    pub(crate) methods: Option<*const PyMethodDef>,
    /// Whether the module declares that it does not support sub-interpreters.
    pub(crate) main_interpreter_only: bool,
    /// Whether the module declares that it can run without a GIL.
    pub(crate) no_gil: bool,
    pub(crate) state_size: usize,
    pub(crate) state_traverse: Option<CTraverse>,
    pub(crate) state_clear: Option<CClear>,
    pub(crate) state_free: Option<StateFree>,
    pub(crate) token: Option<SyncPtr>,
    pub(crate) abi: Vec<PyABIInfo>,
}

/// The ids of slots.
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

/// Each id with its number and its name in CPython 3.15's headers.
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
    /// The id with this number, and its name. The first four ids have a second number, which older
    /// arrays use.
    fn of(number: u16) -> Option<(Self, &'static str)> {
        let number = if (1..=4).contains(&number) {
            number + 83
        } else {
            number
        };
        let entry = SLOTS.iter().find(|(_, own, _)| *own == number);
        entry.map(|(id, _, name)| (*id, *name))
    }

    /// Whether an array may have several slots with this id.
    fn repeats(self) -> bool {
        matches!(
            self,
            Self::Exec | Self::Abi | Self::Subslots | Self::LegacySlots
        )
    }
}

/// The maximum depth of nested arrays.
const MAX_DEPTH: usize = 5;

/// Reads an array and its nested arrays into a description.
struct Reader<'vm> {
    slots: ModuleSlots,
    seen: Vec<Id>,
    vm: &'vm VirtualMachine,
}

impl ModuleSlots {
    /// Reads an array and the arrays that are nested in it.
    ///
    /// # Errors
    /// SystemError for an invalid array: one with an unknown slot that is not optional, a NULL that
    /// is not allowed, a slot that is repeated, arrays nested too deep, or no ABI record.
    /// UnicodeDecodeError for a docstring that is not UTF-8.
    ///
    /// # Safety
    /// `array` is NULL, or an array that ends with a slot whose id is 0. Every value is of the kind
    /// that its id demands, and valid during the call. Functions, the token and the definitions of
    /// methods are valid forever.
    pub(crate) unsafe fn read(array: *const PySlot, vm: &VirtualMachine) -> PyResult<Self> {
        let mut reader = Reader {
            slots: Self::default(),
            seen: Vec::new(),
            vm,
        };
        if array.is_null() {
            return Err(vm.new_system_error("NULL instead of an array of slots"));
        }
        // SAFETY: `array` is not NULL, and as the caller promises.
        unsafe { reader.read_array(array, 1) }?;
        if reader.slots.abi.is_empty() {
            return Err(vm.new_system_error("the array of slots has no Py_mod_abi"));
        }
        Ok(reader.slots)
    }
}

impl Reader<'_> {
    /// Reads one array.
    ///
    /// # Safety
    /// As for `ModuleSlots::read`, and not NULL.
    unsafe fn read_array(&mut self, array: *const PySlot, depth: usize) -> PyResult<()> {
        for position in 0.. {
            // SAFETY: the array ends with a slot whose id is 0, which is not reached yet.
            let slot = unsafe { array.add(position) };
            // SAFETY: it is an element of the array.
            let slot = unsafe { slot.read() };
            if slot.id == 0 {
                return self.check_end(slot.flags);
            }
            // SAFETY: the slot is an element of an array as the caller promises.
            unsafe { self.read_slot(slot, depth) }?;
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

    /// Reads one array of older entries.
    ///
    /// # Safety
    /// As for `read_array`.
    unsafe fn read_legacy_array(&mut self, array: *const LegacySlot, depth: usize) -> PyResult<()> {
        for position in 0.. {
            // SAFETY: the array ends with a slot whose id is 0, which is not reached yet.
            let legacy = unsafe { array.add(position) };
            // SAFETY: it is an element of the array.
            let legacy = unsafe { legacy.read() };
            if legacy.id == 0 {
                break;
            }
            // SAFETY: the slot is an element of an array as the caller promises.
            unsafe { self.read_slot(legacy.into(), depth) }?;
        }
        Ok(())
    }

    /// Checks one slot and stores its value.
    ///
    /// # Safety
    /// The value is as `ModuleSlots::read` demands.
    unsafe fn read_slot(&mut self, slot: PySlot, depth: usize) -> PyResult<()> {
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
            Id::Subslots | Id::LegacySlots if depth == MAX_DEPTH => {
                let text = format!("{name}: too many levels of nested slots");
                return Err(self.vm.new_system_error(text));
            }
            // SAFETY: `pointer` is not NULL, and as the caller promises for this id.
            _ => unsafe { self.read_pointer(id, pointer, depth) }?,
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

    /// Stores the value of a slot that has a pointer.
    ///
    /// # Safety
    /// `pointer` is not NULL, and as `ModuleSlots::read` demands for this id.
    unsafe fn read_pointer(&mut self, id: Id, pointer: *mut c_void, depth: usize) -> PyResult<()> {
        let slots = &mut self.slots;
        match id {
            // SAFETY: a value with this id is an array of slots.
            Id::Subslots => unsafe { self.read_array(pointer.cast(), depth + 1) }?,
            // SAFETY: a value with this id is an array of older slots.
            Id::LegacySlots => unsafe { self.read_legacy_array(pointer.cast(), depth + 1) }?,
            // SAFETY: a value with this id is a NUL-terminated string.
            Id::Doc => slots.doc = Some(unsafe { utf8_argument(pointer.cast(), self.vm) }?),
            Id::Methods => slots.methods = Some(pointer.cast_const().cast()),
            Id::Token => slots.token = Some(SyncPtr(pointer)),
            // SAFETY: a value with this id is the address of an ABI record.
            Id::Abi => slots
                .abi
                .push(unsafe { pointer.cast::<PyABIInfo>().read() }),
            // SAFETY: a value with this id is a function of this type.
            Id::Create => slots.create = Some(unsafe { transmute::<*mut c_void, Create>(pointer) }),
            // SAFETY: a value with this id is a function of this type.
            Id::Exec => slots
                .exec
                .push(unsafe { transmute::<*mut c_void, Exec>(pointer) }),
            Id::StateTraverse => {
                // SAFETY: a value with this id is a function of this type.
                let function = unsafe { transmute::<*mut c_void, CTraverse>(pointer) };
                slots.state_traverse = Some(function);
            }
            Id::StateClear => {
                // SAFETY: a value with this id is a function of this type.
                let function = unsafe { transmute::<*mut c_void, CClear>(pointer) };
                slots.state_clear = Some(function);
            }
            Id::StateFree => {
                // SAFETY: a value with this id is a function of this type.
                let function = unsafe { transmute::<*mut c_void, StateFree>(pointer) };
                slots.state_free = Some(function);
            }
            // The name comes from the spec.
            Id::Name => {}
            Id::MultipleInterpreters | Id::Gil | Id::StateSize => {
                unreachable!("the values of these slots are integers")
            }
        }
        Ok(())
    }
}
