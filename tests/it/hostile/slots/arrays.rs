//! Turns bytes into arrays of slots that keep the rules of the header: for an id with a pointer,
//! the value points to an object of the right type or is NULL. Everything else is arbitrary.

use core::ffi::{c_char, c_int, c_void};
use core::ptr::null_mut;

use rustpython_capsule_capi::modsupport::PyABIInfo;
use rustpython_capsule_capi::slots::{PySlot, SlotValue};

use super::functions::{create, exec, hook, table};

/// A slot as bytes: its array, its id, its flags, the reserved field, and four bytes of the value.
pub(crate) type Record = [u8; 8];

/// The flag of a slot that may be ignored.
const OPTIONAL: u8 = 1;

/// The numbers of arrays in the new and in the old form. The first new one is that of the module.
const NEW: usize = 4;
const OLD: usize = 2;

/// The maximum number of slots of an array, so that nested arrays stay readable.
const MAX_SLOTS: usize = 7;

const SUBSLOTS: u16 = 92;
const LEGACY: u16 = 94;
const STATE_FREE: u16 = 106;

/// The ids of the new form, of the old form, the id that is never valid, and unknown ones. Other
/// ids come from the bytes of the value.
const IDS: [u16; 26] = [
    109, 85, 84, 86, 87, 92, 94, 100, 101, 102, 103, 104, 105, 106, 109, 110, 1, 2, 3, 4, 0,
    0xffff, 120, 121, 122, 123,
];

/// A slot in the old form.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct LegacySlot {
    id: c_int,
    value: *mut c_void,
}

/// The arrays, and the data that they point to.
#[derive(Debug)]
pub(crate) struct Arrays {
    new: [Vec<PySlot>; NEW],
    old: [Vec<LegacySlot>; OLD],
    records: Vec<PyABIInfo>,
    texts: Vec<Box<[u8]>>,
}

impl Arrays {
    pub(crate) fn of(records: &[Record]) -> Self {
        // Their capacity is reserved, since their addresses must not change.
        let mut arrays = Self {
            new: core::array::from_fn(|_| Vec::with_capacity(MAX_SLOTS + 1)),
            old: core::array::from_fn(|_| Vec::with_capacity(MAX_SLOTS + 1)),
            records: Vec::with_capacity(records.len()),
            texts: Vec::new(),
        };
        for record in records {
            arrays.add(*record);
        }
        let end = PySlot {
            id: 0,
            flags: 0,
            reserved: 0,
            value: SlotValue { integer: 0 },
        };
        for array in &mut arrays.new {
            array.push(end);
        }
        for array in &mut arrays.old {
            array.push(LegacySlot {
                id: 0,
                value: null_mut(),
            });
        }
        arrays
    }

    /// The array of the module.
    pub(crate) fn first(&self) -> *const PySlot {
        self.new[0].as_ptr()
    }

    fn add(&mut self, [array, id, flags, reserved, a, b, c, d]: Record) {
        // Most slots are valid, because one invalid slot hides the others.
        let good = reserved % 8 != 7;
        let bytes = if good {
            [24, a % 3, 0, 0]
        } else {
            [a, b, c, d]
        };
        let (id, flags) = match IDS.get(usize::from(id) % (IDS.len() + 2)) {
            Some(0) | None if good => (u16::from_le_bytes([a, b]) | 0x100, flags | OPTIONAL),
            Some(id) if good && *id > 110 => (*id, flags | OPTIONAL),
            Some(id) => (*id, flags),
            None => (u16::from_le_bytes([a, b]), flags),
        };
        let value = self.value(id, bytes);
        // Half of the slots go to the first array.
        match usize::from(array % 12) {
            old @ 10..12 if self.old[old - 10].len() < MAX_SLOTS => {
                self.old[old - 10].push(LegacySlot {
                    // Some ids do not fit into 16 bits.
                    id: c_int::from(id) + if reserved > 250 { 1 << 16 } else { 0 },
                    // SAFETY: every bit pattern is valid for a raw pointer.
                    value: unsafe { value.pointer },
                })
            }
            other => {
                let new = other.min(9).saturating_sub(6);
                if self.new[new].len() < MAX_SLOTS {
                    self.new[new].push(PySlot {
                        id,
                        flags: u16::from(flags) | u16::from(flags & 0x80) << 8,
                        reserved: u32::from(reserved) << 20,
                        value,
                    });
                }
            }
        }
    }

    /// A value that the rules of the header allow for the id.
    fn value(&mut self, id: u16, bytes: [u8; 4]) -> SlotValue {
        let choice = usize::from(bytes[0]);
        let pointer: *mut c_void = match id {
            1 | 84 => create(choice),
            2 | 85 => exec(choice),
            SUBSLOTS => match (choice / 24 + usize::from(bytes[1])) % (NEW + 1) {
                NEW => null_mut(),
                array => self.new[array].as_mut_ptr().cast(),
            },
            LEGACY => match (choice + usize::from(bytes[1])) % (OLD + 1) {
                OLD => null_mut(),
                array => self.old[array].as_mut_ptr().cast(),
            },
            100 | 101 => self.text(bytes).cast(),
            103 => table(choice / 32 * 27 + usize::from(bytes[1]) * 3),
            104..=STATE_FREE if choice % 16 == 0 => null_mut(),
            104..=STATE_FREE => hook(id),
            109 => self.record(bytes),
            _ => {
                return SlotValue {
                    integer: number(bytes),
                };
            }
        };
        SlotValue { pointer }
    }

    fn text(&mut self, bytes: [u8; 4]) -> *mut c_char {
        let text: Box<[u8]> = match bytes[0] % 8 {
            0 => return null_mut(),
            1 => [b"x".repeat(100_000), vec![0]].concat().into(),
            2 => b"\xed\xa0\x80\0".as_slice().into(),
            _ => [bytes.as_slice(), &[0]].concat().into(),
        };
        self.texts.push(text);
        let text = self.texts.last_mut().expect("one was pushed");
        text.as_mut_ptr().cast()
    }

    fn record(&mut self, [a, b, c, d]: [u8; 4]) -> *mut c_void {
        if a == 255 {
            return null_mut();
        }
        let version = u32::from(c) << 24 | u32::from(d) << 16;
        let good = a < 128;
        let record = PyABIInfo {
            abiinfo_major_version: if good { 1 } else { a % 4 },
            abiinfo_minor_version: b,
            flags: if good { 7 } else { u16::from(b) },
            build_version: version,
            abi_version: if good { 0x030f_0000 } else { version },
        };
        self.records.push(record);
        let record = self.records.last_mut().expect("one was pushed");
        core::ptr::from_mut(record).cast()
    }

    /// Whether the module gets a function that frees its state. Only for arrays that were accepted,
    /// which have no cycles.
    pub(crate) fn has_free(&self) -> bool {
        self.new_has_free(&self.new[0])
    }

    fn new_has_free(&self, array: &[PySlot]) -> bool {
        let slots = array.iter().take_while(|slot| slot.id != 0);
        // SAFETY: every bit pattern is valid for a raw pointer.
        let mut values = slots.map(|slot| (slot.id, unsafe { slot.value.pointer }));
        values.any(|(id, value)| self.leads_to_free(id, value))
    }

    fn leads_to_free(&self, id: u16, value: *mut c_void) -> bool {
        match id {
            STATE_FREE => true,
            SUBSLOTS => {
                let nested = self
                    .new
                    .iter()
                    .find(|array| array.as_ptr().cast() == value.cast_const());
                nested.is_some_and(|array| self.new_has_free(array))
            }
            LEGACY => {
                let nested = self
                    .old
                    .iter()
                    .find(|array| array.as_ptr().cast() == value.cast_const());
                let slots = nested.map_or(&[][..], Vec::as_slice);
                let mut slots = slots.iter().take_while(|slot| slot.id != 0);
                slots.any(|slot| {
                    u16::try_from(slot.id).is_ok_and(|id| self.leads_to_free(id, slot.value))
                })
            }
            _ => false,
        }
    }
}

/// Small numbers, numbers near the limits of 63 and 64 bits, and other huge ones. Sizes in between
/// could really be allocated.
fn number([kind, a, b, c]: [u8; 4]) -> u64 {
    match kind % 8 {
        0..=2 => (a % 4).into(),
        3 => u32::from_le_bytes([a, b, 0, 0]).into(),
        4 => u64::MAX - u64::from(a),
        5 => (1 << 63) + u64::from(a),
        6 => (1 << 63) - u64::from(a) - 1,
        _ => u64::from_le_bytes([a, b, c, 0, 0, 0, 0, c | 0x10]),
    }
}
