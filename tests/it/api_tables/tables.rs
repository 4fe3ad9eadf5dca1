//! Tables of several versions, producers that publish them, and consumers that import and call them.

use core::ffi::{CStr, c_void};
use core::ptr::NonNull;

use rustpython_capsule_glue::capsule::PyCapsule;
use rustpython_capsule_glue::{ApiHeader, ApiTable, api_table, import_api};
use rustpython_vm::{PyRef, VirtualMachine};

use crate::interpreter::shown;

/// The version of the producer and its first consumers.
pub(super) mod one_zero {
    super::api_table! {
        /// Arithmetic.
        pub(crate) unsafe struct Api = c"producer.API", version 1.0 {
            /// Twice the number.
            pub(crate) double: extern "C" fn(i64) -> i64,
        }
    }
}

pub(super) mod one_one {
    super::api_table! {
        pub(crate) unsafe struct Api = c"producer.API", version 1.1 {
            pub(crate) double: extern "C" fn(i64) -> i64,
            pub(crate) add: extern "C" fn(i64, i64) -> i64,
        }
    }
}

/// A higher minor version with the same fields.
pub(super) mod one_two {
    super::api_table! {
        pub(crate) unsafe struct Api = c"producer.API", version 1.2 {
            pub(crate) double: extern "C" fn(i64) -> i64,
            pub(crate) add: extern "C" fn(i64, i64) -> i64,
        }
    }
}

/// Functions that a consumer can do without are `Option`s.
pub(super) mod one_three {
    super::api_table! {
        pub(crate) unsafe struct Api = c"producer.API", version 1.3 {
            pub(crate) double: extern "C" fn(i64) -> i64,
            /// The sum.
            #[since(1.1)]
            pub(crate) add: extern "C" fn(i64, i64) -> i64,
            #[since(1.3)]
            pub(crate) negate: extern "C" fn(i64) -> i64,
        }
    }
}

/// Minor version ten, not one.
pub(super) mod one_ten {
    super::api_table! {
        pub(crate) unsafe struct Api = c"producer.API", version 1.10 {
            pub(crate) double: extern "C" fn(i64) -> i64,
            #[since(1.1)]
            pub(crate) add: extern "C" fn(i64, i64) -> i64,
            #[since(1.10)]
            pub(crate) negate: extern "C" fn(i64) -> i64,
        }
    }
}

/// A later function that consumers need, and one that they can do without.
pub(super) mod one_two_needs_add {
    super::api_table! {
        pub(crate) unsafe struct Api = c"producer.API", version 1.2 {
            pub(crate) double: extern "C" fn(i64) -> i64,
            pub(crate) add: extern "C" fn(i64, i64) -> i64,
            #[since(1.2)]
            pub(crate) negate: extern "C" fn(i64) -> i64,
        }
    }
}

/// A table whose first version was a header only.
pub(super) mod all_later {
    super::api_table! {
        pub(crate) unsafe struct Api = c"producer.API", version 1.1 {
            #[since(1.1)]
            pub(crate) double: extern "C" fn(i64) -> i64,
        }
    }
}

/// A later field in the padding of the first version.
pub(super) mod in_padding {
    super::api_table! {
        pub(crate) unsafe struct Api = c"producer.API", version 1.1 {
            pub(crate) answer: u8,
            #[since(1.1)]
            pub(crate) other: core::num::NonZeroU8,
        }
    }
}

pub(super) mod two_zero {
    super::api_table! {
        pub(crate) unsafe struct Api = c"producer.API", version 2.0 {
            pub(crate) add: extern "C" fn(i64, i64) -> i64,
            pub(crate) double: extern "C" fn(i64) -> i64,
        }
    }
}

/// A table that is a header only.
pub(super) mod bare {
    super::api_table! {
        pub(crate) unsafe struct Api = c"producer.API", version 1.0 {}
    }
}

/// A table in a nested attribute, with a field that is not a function.
pub(super) mod deep {
    super::api_table! {
        pub(crate) unsafe struct Api = c"producer.inner.API", version 7.3 {
            pub(crate) answer: u8,
            pub(crate) add: extern "C" fn(i64, i64) -> i64,
        }
    }
}

pub(super) extern "C" fn double(number: i64) -> i64 {
    number * 2
}

pub(super) extern "C" fn add(left: i64, right: i64) -> i64 {
    left + right
}

pub(super) extern "C" fn negate(number: i64) -> i64 {
    -number
}

pub(super) static BARE: bare::Api = bare::Api {
    header: ApiHeader::new(),
};
pub(super) static ONE_ZERO: one_zero::Api = one_zero::Api {
    header: ApiHeader::with_features(0b101),
    double,
};
pub(super) static ONE_ONE: one_one::Api = one_one::Api {
    header: ApiHeader::new(),
    double,
    add,
};
pub(super) static ONE_TWO: one_two::Api = one_two::Api {
    header: ApiHeader::new(),
    double,
    add,
};
pub(super) static ONE_THREE: one_three::Api = one_three::Api {
    header: ApiHeader::with_features(0b11),
    double,
    add: Some(add),
    negate: Some(negate),
};
pub(super) static ONE_THREE_WITH_A_GAP: one_three::Api = one_three::Api {
    add: None,
    ..ONE_THREE
};
pub(super) static ONE_TEN: one_ten::Api = one_ten::Api {
    header: ApiHeader::new(),
    double,
    add: Some(add),
    negate: Some(negate),
};
pub(super) static TWO_ZERO: two_zero::Api = two_zero::Api {
    header: ApiHeader::new(),
    add,
    double,
};
pub(super) static DEEP: deep::Api = deep::Api {
    header: ApiHeader::new(),
    answer: 42,
    add,
};

/// A table with an arbitrary header. The memory after the fields that the header covers looks like
/// further functions.
#[repr(C)]
pub(super) struct Forged {
    magic: [u8; 8],
    major: u32,
    minor: u32,
    size: u64,
    features: u64,
    double: extern "C" fn(i64) -> i64,
    add: extern "C" fn(i64, i64) -> i64,
    negate: extern "C" fn(i64) -> i64,
}

impl Forged {
    const fn new(minor: u32, size: u64) -> Self {
        Self {
            magic: *b"PyCapApi",
            major: 1,
            minor,
            size,
            features: 0,
            double,
            add,
            negate,
        }
    }
}

/// A table of version 1.0 with one byte, and arbitrary bytes in its padding.
#[repr(C)]
pub(super) struct ForgedPadding {
    magic: [u8; 8],
    major: u32,
    minor: u32,
    size: u64,
    features: u64,
    answer: u8,
    padding: [u8; 7],
}

impl ForgedPadding {
    const fn new(minor: u32) -> Self {
        Self {
            magic: *b"PyCapApi",
            major: 1,
            minor,
            size: 40,
            features: 0,
            answer: 40,
            padding: [2; 7],
        }
    }
}

/// As large and as aligned as a table, without a header.
pub(super) static NO_HEADER: [u64; 8] = [0x7e57; 8];

pub(super) type Publish = fn(&VirtualMachine) -> PyRef<PyCapsule>;
pub(super) type Consume = fn(&VirtualMachine) -> String;

/// The result of a consumer: that of a function of the table, or the exception of the import.
pub(super) fn consume<T: ApiTable>(vm: &VirtualMachine, call: fn(&T) -> i64) -> String {
    match import_api::<T>(vm) {
        Ok(api) => call(&api).to_string(),
        Err(error) => shown(&error, vm),
    }
}

pub(super) fn consume_1_0(vm: &VirtualMachine) -> String {
    consume::<one_zero::Api>(vm, |api| (api.double)(21))
}

pub(super) fn consume_1_1(vm: &VirtualMachine) -> String {
    consume::<one_one::Api>(vm, |api| (api.add)(40, 2))
}

pub(super) fn consume_2_0(vm: &VirtualMachine) -> String {
    consume::<two_zero::Api>(vm, |api| (api.add)(40, (api.double)(1)))
}

/// Calls the later functions if the table has them.
pub(super) fn consume_1_3(vm: &VirtualMachine) -> String {
    match import_api::<one_three::Api>(vm) {
        Ok(api) => {
            let add = api.add.map(|add| add(40, 2));
            let negate = api.negate.map(|negate| negate(42));
            format!("{}: {} {add:?} {negate:?}", api.version(), (api.double)(21))
        }
        Err(error) => shown(&error, vm),
    }
}

pub(super) fn consume_1_10(vm: &VirtualMachine) -> String {
    match import_api::<one_ten::Api>(vm) {
        Ok(api) => {
            let negate = api.negate.map(|negate| negate(42));
            format!("{}: {} {negate:?}", api.version(), api.add.is_some())
        }
        Err(error) => shown(&error, vm),
    }
}

pub(super) fn consume_1_2_needs_add(vm: &VirtualMachine) -> String {
    match import_api::<one_two_needs_add::Api>(vm) {
        Ok(api) => format!("{} {}", (api.add)(40, 2), api.negate.is_some()),
        Err(error) => shown(&error, vm),
    }
}

pub(super) fn consume_all_later(vm: &VirtualMachine) -> String {
    match import_api::<all_later::Api>(vm) {
        Ok(api) => format!("{:?}", api.double.map(|double| double(21))),
        Err(error) => shown(&error, vm),
    }
}

pub(super) fn consume_in_padding(vm: &VirtualMachine) -> String {
    match import_api::<in_padding::Api>(vm) {
        Ok(api) => format!("{} {:?}", api.answer, api.other),
        Err(error) => shown(&error, vm),
    }
}

pub(super) fn consume_bare(vm: &VirtualMachine) -> String {
    consume::<bare::Api>(vm, |_| 42)
}

pub(super) fn vouched(
    pointer: NonNull<c_void>,
    name: &'static CStr,
    vm: &VirtualMachine,
) -> PyRef<PyCapsule> {
    let builder = PyCapsule::builder(pointer).name(name);
    // SAFETY: only these tests use the name, and the memory at the pointer is readable.
    unsafe { builder.vouched() }.build(&vm.ctx)
}

pub(super) fn publish_forged<const MINOR: u32, const SIZE: u64>(
    vm: &VirtualMachine,
) -> PyRef<PyCapsule> {
    let table = const { &Forged::new(MINOR, SIZE) };
    vouched(NonNull::from(table).cast(), c"producer.API", vm)
}

pub(super) fn publish_padding<const MINOR: u32>(vm: &VirtualMachine) -> PyRef<PyCapsule> {
    let table = const { &ForgedPadding::new(MINOR) };
    vouched(NonNull::from(table).cast(), c"producer.API", vm)
}

pub(super) fn without_header(vm: &VirtualMachine) -> PyRef<PyCapsule> {
    vouched(NonNull::from(&NO_HEADER).cast(), c"producer.API", vm)
}

pub(super) fn not_aligned(vm: &VirtualMachine) -> PyRef<PyCapsule> {
    let pointer = NonNull::from(&NO_HEADER).cast::<u8>();
    let pointer = pointer.map_addr(|address| address.saturating_add(1));
    vouched(pointer.cast(), c"producer.API", vm)
}

pub(super) fn not_vouched(vm: &VirtualMachine) -> PyRef<PyCapsule> {
    PyCapsule::builder(NonNull::from(&ONE_ZERO).cast())
        .name(c"producer.API")
        .build(&vm.ctx)
}

/// A value that is too small for a table, with the name of one.
pub(super) fn value(vm: &VirtualMachine) -> PyRef<PyCapsule> {
    PyCapsule::from_value(5_u64)
        .name(c"producer.API")
        .build(&vm.ctx)
}

pub(super) fn other_name(vm: &VirtualMachine) -> PyRef<PyCapsule> {
    vouched(NonNull::from(&ONE_ZERO).cast(), c"API", vm)
}
