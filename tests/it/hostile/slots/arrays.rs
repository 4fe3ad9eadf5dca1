//! From bytes to arrays of slots that keep to the header: whatever the numbers are, a value is a
//! pointer where its id asks for one, to what the id says, or NULL.

use core::ffi::{c_char, c_int, c_void};
use core::ptr::null_mut;

use rustpython_capsule_capi::modsupport::PyABIInfo;
use rustpython_capsule_capi::slots::{PySlot, SlotValue};

use super::functions::{create, exec, hook, table};

/// A slot: which array it goes to, its id, flags, the reserved field, and four bytes of a value.
pub(crate) type Record = [u8; 8];

/// The flag of a slot that may be passed over.
const OPTIONAL: u8 = 1;

/// How many arrays there are of either form. The first is the module's own.
const NEW: usize = 4;
const OLD: usize = 2;

/// The most slots of one array, so that those that are nested in one another stay readable.
const MOST: usize = 7;

const SUBSLOTS: u16 = 92;
const LEGACY: u16 = 94;
const STATE_FREE: u16 = 106;

/// The ids, those that the older arrays have, the one that is never valid, and three that nobody
/// knows. Any other number comes from the value's bytes.
const IDS: [u16; 26] = [
    109, 85, 84, 86, 87, 92, 94, 100, 101, 102, 103, 104, 105, 106, 109, 110, 1, 2, 3, 4, 0,
    0xffff, 120, 121, 122, 123,
];

/// An entry of the older arrays.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct LegacySlot {
    id: c_int,
    value: *mut c_void,
}

/// Arrays, and what they point to.
#[derive(Debug)]
pub(crate) struct Arrays {
    new: [Vec<PySlot>; NEW],
    old: [Vec<LegacySlot>; OLD],
    records: Vec<PyABIInfo>,
    texts: Vec<Box<[u8]>>,
}

impl Arrays {
    pub(crate) fn of(records: &[Record]) -> Self {
        // None of them moves any more once its address is known.
        let mut arrays = Self {
            new: core::array::from_fn(|_| Vec::with_capacity(MOST + 1)),
            old: core::array::from_fn(|_| Vec::with_capacity(MOST + 1)),
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

    /// The module's own.
    pub(crate) fn first(&self) -> *const PySlot {
        self.new[0].as_ptr()
    }

    fn add(&mut self, [array, id, flags, reserved, a, b, c, d]: Record) {
        // Most slots are good ones, so that arrays are: one that is not hides the others.
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
        // Half of the slots are the first array's.
        match usize::from(array % 12) {
            old @ 10..12 if self.old[old - 10].len() < MOST => {
                self.old[old - 10].push(LegacySlot {
                    // Numbers that are no 16 bits too.
                    id: c_int::from(id) + if reserved > 250 { 1 << 16 } else { 0 },
                    // SAFETY: any bits are a pointer.
                    value: unsafe { value.pointer },
                })
            }
            other => {
                let new = other.min(9).saturating_sub(6);
                if self.new[new].len() < MOST {
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

    /// A value that the id allows.
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

    /// Whether the module is given a function that frees its state. To be asked of arrays that were
    /// accepted, which are not nested deep.
    pub(crate) fn has_free(&self) -> bool {
        self.new_has_free(&self.new[0])
    }

    fn new_has_free(&self, array: &[PySlot]) -> bool {
        let slots = array.iter().take_while(|slot| slot.id != 0);
        // SAFETY: any bits are a pointer.
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

/// Small numbers, those around the ends of what 63 and 64 bits hold, and any others; of sizes
/// between them there would be memory enough to be taken.
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
