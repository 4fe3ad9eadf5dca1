//! API tables: one definition for both sides, and an importer that refuses what it was not built
//! for. Producer and consumers are modules here, each with its own version of the table.

use core::ffi::{CStr, c_void};
use core::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use libtest_mimic::{Failed, Trial};
use rustpython_capsule_glue::capsule::{Destructor, PyCapsule};
use rustpython_capsule_glue::{ApiHeader, ApiRef, ApiTable, api_table, import_api, publish_api};
use rustpython_vm::{PyRef, VirtualMachine};

use crate::interpreter::{exec, in_interpreter, shown, trial};

/// What the producer and its first consumers were built with.
mod one_zero {
    super::api_table! {
        /// Arithmetic.
        pub(super) unsafe struct Api = c"producer.API", version 1, 0 {
            /// Twice the number.
            pub(super) double: extern "C" fn(i64) -> i64,
        }
    }
}

mod one_one {
    super::api_table! {
        pub(super) unsafe struct Api = c"producer.API", version 1, 1 {
            pub(super) double: extern "C" fn(i64) -> i64,
            pub(super) add: extern "C" fn(i64, i64) -> i64,
        }
    }
}

/// A higher minor version for a change that is not in the fields.
mod one_two {
    super::api_table! {
        pub(super) unsafe struct Api = c"producer.API", version 1, 2 {
            pub(super) double: extern "C" fn(i64) -> i64,
            pub(super) add: extern "C" fn(i64, i64) -> i64,
        }
    }
}

mod two_zero {
    super::api_table! {
        pub(super) unsafe struct Api = c"producer.API", version 2, 0 {
            pub(super) add: extern "C" fn(i64, i64) -> i64,
            pub(super) double: extern "C" fn(i64) -> i64,
        }
    }
}

/// A table of nothing but its header.
mod bare {
    super::api_table! {
        pub(super) unsafe struct Api = c"producer.API", version 1, 0 {}
    }
}

/// A table deeper in a module, with a field that is not a function.
mod deep {
    super::api_table! {
        pub(super) unsafe struct Api = c"producer.inner.API", version 7, 3 {
            pub(super) answer: u8,
            pub(super) add: extern "C" fn(i64, i64) -> i64,
        }
    }
}

extern "C" fn double(number: i64) -> i64 {
    number * 2
}

extern "C" fn add(left: i64, right: i64) -> i64 {
    left + right
}

static BARE: bare::Api = bare::Api::new(0);
static ONE_ZERO: one_zero::Api = one_zero::Api::new(0b101, double);
static ONE_ONE: one_one::Api = one_one::Api::new(0, double, add);
static ONE_TWO: one_two::Api = one_two::Api::new(0, double, add);
static TWO_ZERO: two_zero::Api = two_zero::Api::new(0, add, double);
static DEEP: deep::Api = deep::Api::new(0, 42, add);

/// As large as a table, and as aligned.
static NO_HEADER: [u64; 8] = [0x7e57; 8];

type Publish = fn(&VirtualMachine) -> PyRef<PyCapsule>;
type Consume = fn(&VirtualMachine) -> String;

/// What a consumer makes of a table: it calls a function of it, or says why it cannot.
fn consume<T: ApiTable>(vm: &VirtualMachine, call: fn(&T) -> i64) -> String {
    match import_api::<T>(vm) {
        Ok(api) => call(&api).to_string(),
        Err(error) => shown(&error, vm),
    }
}

fn consume_1_0(vm: &VirtualMachine) -> String {
    consume::<one_zero::Api>(vm, |api| (api.double)(21))
}

fn consume_1_1(vm: &VirtualMachine) -> String {
    consume::<one_one::Api>(vm, |api| (api.add)(40, 2))
}

fn consume_2_0(vm: &VirtualMachine) -> String {
    consume::<two_zero::Api>(vm, |api| (api.add)(40, (api.double)(1)))
}

fn consume_bare(vm: &VirtualMachine) -> String {
    consume::<bare::Api>(vm, |_| 42)
}

fn vouched(pointer: NonNull<c_void>, name: &'static CStr, vm: &VirtualMachine) -> PyRef<PyCapsule> {
    let builder = PyCapsule::builder(pointer).name(name);
    // SAFETY: nothing but these tests knows the name, and what stands there is readable.
    unsafe { builder.vouched() }.build(&vm.ctx)
}

fn without_header(vm: &VirtualMachine) -> PyRef<PyCapsule> {
    vouched(NonNull::from(&NO_HEADER).cast(), c"producer.API", vm)
}

fn not_aligned(vm: &VirtualMachine) -> PyRef<PyCapsule> {
    let pointer = NonNull::from(&NO_HEADER).cast::<u8>();
    let pointer = pointer.map_addr(|address| address.saturating_add(1));
    vouched(pointer.cast(), c"producer.API", vm)
}

fn not_vouched(vm: &VirtualMachine) -> PyRef<PyCapsule> {
    PyCapsule::builder(NonNull::from(&ONE_ZERO).cast())
        .name(c"producer.API")
        .build(&vm.ctx)
}

/// Too small for a table, with the name of one.
fn value(vm: &VirtualMachine) -> PyRef<PyCapsule> {
    PyCapsule::from_value(5_u64)
        .name(c"producer.API")
        .build(&vm.ctx)
}

fn other_name(vm: &VirtualMachine) -> PyRef<PyCapsule> {
    vouched(NonNull::from(&ONE_ZERO).cast(), c"API", vm)
}

/// What the producer publishes, what Python does to `producer.API` then, who imports it, and what
/// comes of it.
#[rustfmt::skip]
const ROWS: [(&str, Publish, &str, Consume, &str); 23] = [
    ("same-version", |vm| publish_api(&ONE_ZERO, &vm.ctx), "", consume_1_0, "42"),
    ("same-version-with-more", |vm| publish_api(&ONE_ONE, &vm.ctx), "", consume_1_1, "42"),
    ("same-version-of-another-major", |vm| publish_api(&TWO_ZERO, &vm.ctx), "", consume_2_0, "42"),
    ("table-of-nothing", |vm| publish_api(&BARE, &vm.ctx), "", consume_bare, "42"),
    ("newer-minor-has-more-at-the-end", |vm| publish_api(&ONE_ONE, &vm.ctx), "", consume_1_0, "42"),
    ("anything-for-a-consumer-of-nothing", |vm| publish_api(&ONE_ONE, &vm.ctx), "", consume_bare, "42"),
    ("newer-minor-of-the-same-size", |vm| publish_api(&ONE_TWO, &vm.ctx), "", consume_1_1, "42"),
    ("older-minor-is-shorter", |vm| publish_api(&ONE_ZERO, &vm.ctx), "", consume_1_1, "ImportError: the API table \"producer.API\" cannot be used: it has version 1.0 (40 bytes), and version 1.1 (48 bytes) is needed"),
    ("nothing-but-a-header-is-shorter", |vm| publish_api(&BARE, &vm.ctx), "", consume_1_0, "ImportError: the API table \"producer.API\" cannot be used: it has version 1.0 (32 bytes), and version 1.0 (40 bytes) is needed"),
    ("newer-major", |vm| publish_api(&TWO_ZERO, &vm.ctx), "", consume_1_0, "ImportError: the API table \"producer.API\" cannot be used: it has version 2.0 (48 bytes), and version 1.0 (40 bytes) is needed"),
    ("older-major-of-the-same-size", |vm| publish_api(&ONE_ONE, &vm.ctx), "", consume_2_0, "ImportError: the API table \"producer.API\" cannot be used: it has version 1.1 (48 bytes), and version 2.0 (48 bytes) is needed"),
    ("no-header", without_header, "", consume_1_0, "ImportError: the API table \"producer.API\" cannot be used: it has no API table header"),
    ("not-aligned", not_aligned, "", consume_1_0, "ImportError: the API table \"producer.API\" cannot be used: its pointer is not aligned"),
    ("made-in-rust-but-not-vouched", not_vouched, "", consume_1_0, "ImportError: the API table \"producer.API\" cannot be used: no native module answers for its pointer"),
    ("value-under-the-name-of-a-table", value, "", consume_1_0, "ImportError: the API table \"producer.API\" cannot be used: no native module answers for its pointer"),
    ("made-by-python", |vm| publish_api(&ONE_ZERO, &vm.ctx), "producer.API = _capsule.new(_capsule.get_pointer(producer.API, 'producer.API'), 'producer.API')", consume_1_0, "ImportError: the API table \"producer.API\" cannot be used: no native module answers for its pointer"),
    ("pointer-set-by-python", |vm| publish_api(&ONE_ZERO, &vm.ctx), "_capsule.set_pointer(producer.API, _capsule.get_pointer(producer.API, 'producer.API'))", consume_1_0, "ImportError: the API table \"producer.API\" cannot be used: no native module answers for its pointer"),
    ("pointer-set-by-python-to-no-memory", |vm| publish_api(&ONE_ZERO, &vm.ctx), "_capsule.set_pointer(producer.API, 8)", consume_1_0, "ImportError: the API table \"producer.API\" cannot be used: no native module answers for its pointer"),
    ("named-by-python", other_name, "_capsule.set_name(producer.API, 'producer.API')", consume_1_0, "ImportError: the API table \"producer.API\" cannot be used: no native module answers for its pointer"),
    ("claimed-into-the-name-by-python", other_name, "_capsule.claim(producer.API, 'API', 'producer.API')", consume_1_0, "ImportError: the API table \"producer.API\" cannot be used: no native module answers for its pointer"),
    ("context-is-anybody-s", |vm| publish_api(&ONE_ZERO, &vm.ctx), "_capsule.set_context(producer.API, 1)", consume_1_0, "42"),
    ("other-name", other_name, "", consume_1_0, "AttributeError: PyCapsule_Import \"producer.API\" is not valid"),
    ("no-producer", other_name, "del sys.modules['producer']", consume_1_0, "ImportError: PyCapsule_Import could not import module \"producer\""),
];

/// An interpreter where the module `producer` has this capsule as `API`.
fn with_producer<R>(publish: Publish, source: &str, test: impl FnOnce(&VirtualMachine) -> R) -> R {
    in_interpreter(|vm| {
        let scope = vm.new_scope_with_builtins();
        scope
            .globals
            .set_item("table", publish(vm).into(), vm)
            .expect("a new dict takes an item");
        let source = format!(
            "import sys, types, _capsule
producer = sys.modules['producer'] = types.ModuleType('producer')
producer.API = table
del table
{source}"
        );
        exec(&source, &scope, vm).unwrap_or_else(|error| panic!("{}", shown(&error, vm)));
        test(vm)
    })
}

fn header_says_what_it_was_built_with() -> Result<(), Failed> {
    let header = ONE_ZERO.header();
    assert_eq!(
        (
            header.major(),
            header.minor(),
            header.size(),
            header.features()
        ),
        (1, 0, 40, 0b101)
    );
    assert_eq!(header, &ApiHeader::new::<one_zero::Api>(0b101));
    assert_eq!(DEEP.header().size(), size_of::<deep::Api>() as u64);
    assert_eq!(size_of::<ApiHeader>(), 32);
    Ok(())
}

fn table_may_lie_deeper() -> Result<(), Failed> {
    let publish: Publish = |vm| publish_api(&DEEP, &vm.ctx);
    let source = "producer.inner = types.SimpleNamespace(API=producer.API)";
    with_producer(publish, source, |vm| {
        let api = import_api::<deep::Api>(vm).expect("the table is there");
        assert_eq!((api.answer, (api.add)(40, 2)), (42, 42));
        Ok(())
    })
}

fn reference_keeps_the_capsule() -> Result<(), Failed> {
    in_interpreter(|vm| {
        let died = Arc::new(AtomicBool::new(false));
        let witness = died.clone();
        let capsule = publish_api(&ONE_ZERO, &vm.ctx);
        capsule.set_destructor(Destructor::rust(move |_| {
            witness.store(true, Ordering::SeqCst);
        }));
        let scope = vm.new_scope_with_builtins();
        let run = |source: &str| {
            exec(source, &scope, vm).unwrap_or_else(|error| panic!("{}", shown(&error, vm)));
        };
        run("import sys, types; producer = sys.modules['producer'] = types.ModuleType('producer')");
        let producer = vm.import("producer", 0).expect("it is loaded");
        producer
            .set_attr("API", capsule, vm)
            .expect("a module takes attributes");
        let api: ApiRef<one_zero::Api> = import_api(vm).expect("the table is there");
        let copy = api.clone();
        run("del sys.modules['producer'], producer.API, producer");
        drop((api, producer));
        assert!(!died.load(Ordering::SeqCst), "a reference is left");
        assert_eq!((copy.double)(21), 42);
        assert!(copy.handle().is_vouched());
        let elsewhere = std::thread::scope(|scope| scope.spawn(|| (copy.double)(4)).join());
        assert_eq!(elsewhere.ok(), Some(8));
        drop(copy);
        assert!(died.load(Ordering::SeqCst), "no reference is left");
        Ok(())
    })
}

pub(crate) fn trials() -> Vec<Trial> {
    let rows = ROWS
        .into_iter()
        .map(|(name, publish, source, consume, expected)| {
            trial(format!("api_tables::{name}"), move || {
                let found = with_producer(publish, source, consume);
                if found == expected {
                    Ok(())
                } else {
                    Err(format!("{found}\nexpected:\n{expected}").into())
                }
            })
        });
    rows.chain([
        trial(
            "api_tables::header-says-what-it-was-built-with",
            header_says_what_it_was_built_with,
        ),
        trial("api_tables::table-may-lie-deeper", table_may_lie_deeper),
        trial(
            "api_tables::reference-keeps-the-capsule",
            reference_keeps_the_capsule,
        ),
    ])
    .collect()
}
