//! The description of a class that C code gives: an array of `PySlot`, or a `PyType_Spec`. It is
//! read once, checked, and copied into a [`TypeSpec`].

use core::ffi::{CStr, c_char, c_int, c_uint, c_void};
use core::fmt;

use rustpython_vm::builtins::{PyType, PyTypeRef};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::boundary::utf8_argument;
use crate::slot_ids::*;
use crate::slots::{LegacySlot, OPTIONAL, PySlot};

/// The description of a class (PEP 384).
#[derive(Debug)]
#[repr(C)]
pub struct PyType_Spec {
    /// The module, a dot and the name of the class.
    pub name: *const c_char,
    /// 0 for the size of the base; a negative number for the size of the data that the class adds.
    pub basicsize: c_int,
    /// The size of an item of a class whose instances have different sizes.
    pub itemsize: c_int,
    /// Bits of `Py_TPFLAGS_…`.
    pub flags: c_uint,
    /// An array that ends with a slot whose id is 0.
    pub slots: *const LegacySlot,
}

/// The size of instances without items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum BasicSize {
    /// That of the base.
    #[default]
    Inherited,
    /// The size of all data, with the part of the object that C code does not know.
    Absolute(usize),
    /// The size of what the class adds to the data of its base.
    Extra(usize),
}

/// The functions of a class, each at the position of its id; null if there is none.
pub(crate) type Functions = [*mut c_void; SLOT_COUNT];

/// The description of a class.
pub(crate) struct TypeSpec {
    /// The module, a dot and the name of the class.
    pub(crate) name: String,
    pub(crate) basicsize: BasicSize,
    pub(crate) itemsize: usize,
    pub(crate) flags: u64,
    /// Functions and the arrays of definitions.
    pub(crate) functions: Functions,
    pub(crate) doc: Option<String>,
    /// A class or a tuple of classes.
    pub(crate) bases: Option<PyObjectRef>,
    pub(crate) metaclass: Option<PyTypeRef>,
    pub(crate) module: Option<PyObjectRef>,
    /// Whether there is a token, which may be NULL: the address of the description.
    pub(crate) token: Option<*mut c_void>,
}

impl fmt::Debug for TypeSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypeSpec")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The maximum depth of nested arrays.
const MAX_DEPTH: usize = 5;

impl TypeSpec {
    fn new() -> Self {
        Self {
            name: String::new(),
            basicsize: BasicSize::default(),
            itemsize: 0,
            flags: 0,
            functions: [core::ptr::null_mut(); SLOT_COUNT],
            doc: None,
            bases: None,
            metaclass: None,
            module: None,
            token: None,
        }
    }

    /// Reads an array of slots and the arrays that are nested in it.
    ///
    /// # Errors
    /// SystemError for an invalid array: one with an unknown slot that is not optional, a NULL that
    /// is not allowed, an object of the wrong kind, arrays nested too deep, or no name.
    ///
    /// # Safety
    /// `array` is NULL, or an array that ends with a slot whose id is 0. Every value is of the kind
    /// that its id demands. Functions and definitions are valid as long as the class.
    pub(crate) unsafe fn from_slots(array: *const PySlot, vm: &VirtualMachine) -> PyResult<Self> {
        if array.is_null() {
            return Err(vm.new_system_error("NULL instead of an array of slots"));
        }
        let mut spec = Self::new();
        // SAFETY: `array` is not NULL, and as the caller promises.
        unsafe { spec.read_array(array, 1, vm) }?;
        if spec.name.is_empty() {
            return Err(vm.new_system_error("the array of slots has no Py_tp_name"));
        }
        Ok(spec)
    }

    /// Reads an older description.
    ///
    /// # Errors
    /// As for `from_slots`.
    ///
    /// # Safety
    /// `spec` is NULL or a description whose array is as `from_slots` demands.
    pub(crate) unsafe fn from_spec(
        spec: *const PyType_Spec,
        vm: &VirtualMachine,
    ) -> PyResult<Self> {
        // SAFETY: `spec` is NULL or a description, which the caller keeps for the call.
        let Some(spec) = (unsafe { spec.as_ref() }) else {
            return Err(vm.new_system_error("NULL instead of a PyType_Spec"));
        };
        let mut read = Self::new();
        if spec.name.is_null() {
            return Err(vm.new_system_error("type name missing in PyType_Spec"));
        }
        // SAFETY: the name is a NUL-terminated string.
        read.name = unsafe { utf8_argument(spec.name, vm) }?;
        read.basicsize = match spec.basicsize {
            0 => BasicSize::Inherited,
            size @ 1.. => BasicSize::Absolute(size.unsigned_abs() as usize),
            size => BasicSize::Extra(size.unsigned_abs() as usize),
        };
        let Ok(itemsize) = usize::try_from(spec.itemsize) else {
            return Err(vm.new_system_error(format!("type {}: negative itemsize", read.name)));
        };
        read.itemsize = itemsize;
        read.flags = spec.flags.into();
        if !spec.slots.is_null() {
            // SAFETY: the array is as the caller promises.
            unsafe { read.read_legacy_array(spec.slots, 1, vm) }?;
        }
        Ok(read)
    }

    /// # Safety
    /// As for `from_slots`, and not NULL.
    unsafe fn read_array(
        &mut self,
        array: *const PySlot,
        depth: usize,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        for position in 0.. {
            // SAFETY: the array ends with a slot whose id is 0, which is not reached yet.
            let slot = unsafe { array.add(position) };
            // SAFETY: it is an element of the array.
            let slot = unsafe { slot.read() };
            if slot.id == 0 {
                return if slot.flags & OPTIONAL == 0 {
                    Ok(())
                } else {
                    let text = format!("invalid flags for Py_slot_end: {:#x}", slot.flags);
                    Err(vm.new_system_error(text))
                };
            }
            // SAFETY: the slot is an element of an array as the caller promises.
            unsafe { self.read_slot(slot, false, depth, vm) }?;
        }
        Ok(())
    }

    /// # Safety
    /// As for `from_slots`, and not NULL.
    unsafe fn read_legacy_array(
        &mut self,
        array: *const LegacySlot,
        depth: usize,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        for position in 0.. {
            // SAFETY: the array ends with a slot whose id is 0, which is not reached yet.
            let legacy = unsafe { array.add(position) };
            // SAFETY: it is an element of the array.
            let legacy = unsafe { legacy.read() };
            if legacy.id == 0 {
                break;
            }
            // SAFETY: the slot is an element of an array as the caller promises.
            unsafe { self.read_slot(legacy.into(), true, depth, vm) }?;
        }
        Ok(())
    }

    /// # Safety
    /// The value is as `from_slots` demands.
    unsafe fn read_slot(
        &mut self,
        slot: PySlot,
        legacy: bool,
        depth: usize,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let id = current_id(slot.id);
        let Some(name) = slot_name(id) else {
            if slot.flags & OPTIONAL != 0 {
                return Ok(());
            }
            return Err(vm.new_system_error(format!("invalid slot id {} for a type", slot.id)));
        };
        let pointer = slot.pointer();
        let size = || {
            usize::try_from(slot.integer().cast_signed())
                .ok()
                .filter(|size| *size > 0)
                .ok_or_else(|| vm.new_system_error(format!("{name} must be positive")))
        };
        match id {
            TP_NAME | TP_BASICSIZE | TP_EXTRA_BASICSIZE | TP_ITEMSIZE | TP_FLAGS | TP_METACLASS
            | TP_MODULE
                if legacy =>
            {
                let text = format!("{name} is not allowed in an array of PyType_Slot");
                return Err(vm.new_system_error(text));
            }
            TP_BASICSIZE | TP_EXTRA_BASICSIZE if self.basicsize != BasicSize::Inherited => {
                let text = "Py_tp_basicsize and Py_tp_extra_basicsize cannot both be given";
                return Err(vm.new_system_error(text));
            }
            TP_BASICSIZE => self.basicsize = BasicSize::Absolute(size()?),
            TP_EXTRA_BASICSIZE => self.basicsize = BasicSize::Extra(size()?),
            TP_ITEMSIZE => self.itemsize = size()?,
            TP_FLAGS => self.flags = slot.integer(),
            TP_TOKEN => self.token = Some(pointer),
            SUBSLOTS | TP_SLOTS if pointer.is_null() => {}
            SUBSLOTS | TP_SLOTS if depth == MAX_DEPTH => {
                let text = format!("{name}: too many levels of nested slots");
                return Err(vm.new_system_error(text));
            }
            // SAFETY: a value with this id is an array of slots.
            SUBSLOTS => unsafe { self.read_array(pointer.cast(), depth + 1, vm) }?,
            // SAFETY: a value with this id is an array of older slots.
            TP_SLOTS => unsafe { self.read_legacy_array(pointer.cast(), depth + 1, vm) }?,
            // NULL is allowed here.
            TP_DOC if pointer.is_null() => self.doc = None,
            _ if pointer.is_null() => {
                return Err(vm.new_system_error(format!("NULL not allowed for slot {name}")));
            }
            // SAFETY: a value with this id is a NUL-terminated string.
            TP_NAME => self.name = unsafe { utf8_argument(pointer.cast(), vm) }?,
            TP_DOC => {
                // SAFETY: a value with this id is a NUL-terminated string.
                let doc = unsafe { CStr::from_ptr(pointer.cast()) };
                self.doc = Some(doc.to_string_lossy().into_owned());
            }
            TP_METACLASS => {
                // SAFETY: a value with this id is an object.
                let metaclass = unsafe { object(pointer) }.downcast::<PyType>();
                let metaclass =
                    metaclass.map_err(|_| vm.new_type_error(format!("{name} is not a type")))?;
                self.metaclass = Some(metaclass);
            }
            // The bases win over the base.
            TP_BASE if self.bases.is_some() => {}
            // SAFETY: a value with this id is an object.
            TP_BASE | TP_BASES => self.bases = Some(unsafe { object(pointer) }),
            // SAFETY: a value with this id is an object.
            TP_MODULE => self.module = Some(unsafe { object(pointer) }),
            _ => self.functions[usize::from(id)] = pointer,
        }
        Ok(())
    }

    pub(crate) fn function(&self, id: SlotId) -> *mut c_void {
        self.functions[usize::from(id)]
    }
}

/// # Safety
/// It is the address of an object.
unsafe fn object(pointer: *mut c_void) -> PyObjectRef {
    // SAFETY: it is an object, which the caller keeps alive for the call.
    unsafe { &*pointer.cast::<PyObject>() }
        .as_object()
        .to_owned()
}
