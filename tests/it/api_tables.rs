//! API tables: one definition for producer and consumer, and an importer that refuses tables that
//! it was not built for. Producers and consumers are modules here, each with its own version.

mod tables;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use libtest_mimic::{Failed, Trial};
use rustpython_capsule_glue::capsule::Destructor;
use rustpython_capsule_glue::{ApiHeader, ApiRef, import_api, publish_api};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObjectRef, VirtualMachine};

use self::tables::*;
use crate::interpreter::{exec, in_interpreter, shown, trial};

/// What the producer publishes, what Python then does to `producer.API`, the consumer that imports
/// it, and the result.
#[rustfmt::skip]
const ROWS: [(&str, Publish, &str, Consume, &str); 48] = [
    ("same-version", |vm| publish_api(&ONE_ZERO, &vm.ctx), "", consume_1_0, "42"),
    ("same-version-with-more", |vm| publish_api(&ONE_ONE, &vm.ctx), "", consume_1_1, "42"),
    ("same-version-of-another-major", |vm| publish_api(&TWO_ZERO, &vm.ctx), "", consume_2_0, "42"),
    ("header-only", |vm| publish_api(&BARE, &vm.ctx), "", consume_bare, "42"),
    ("newer-minor-has-more-at-the-end", |vm| publish_api(&ONE_ONE, &vm.ctx), "", consume_1_0, "42"),
    ("any-table-for-a-consumer-of-an-empty-one", |vm| publish_api(&ONE_ONE, &vm.ctx), "", consume_bare, "42"),
    ("newer-minor-of-the-same-size", |vm| publish_api(&ONE_TWO, &vm.ctx), "", consume_1_1, "42"),
    ("older-minor-is-shorter", |vm| publish_api(&ONE_ZERO, &vm.ctx), "", consume_1_1, "ImportError: the API table \"producer.API\" cannot be used: it has version 1.0 (40 bytes), and version 1.1 (48 bytes) is needed"),
    ("header-alone-is-shorter", |vm| publish_api(&BARE, &vm.ctx), "", consume_1_0, "ImportError: the API table \"producer.API\" cannot be used: it has version 1.0 (32 bytes), and version 1.0 (40 bytes) is needed"),
    ("newer-major", |vm| publish_api(&TWO_ZERO, &vm.ctx), "", consume_1_0, "ImportError: the API table \"producer.API\" cannot be used: it has version 2.0 (48 bytes), and version 1.0 (40 bytes) is needed"),
    ("older-major-of-the-same-size", |vm| publish_api(&ONE_ONE, &vm.ctx), "", consume_2_0, "ImportError: the API table \"producer.API\" cannot be used: it has version 1.1 (48 bytes), and version 2.0 (48 bytes) is needed"),
    // Functions with `since`, and producers of the versions 1.0 (40 bytes), 1.1 and 1.2 (48), 1.3
    // (56).
    ("later-functions-of-the-same-version", |vm| publish_api(&ONE_THREE, &vm.ctx), "", consume_1_3, "1.3: 42 Some(42) Some(-42)"),
    ("no-later-function-of-the-oldest-version", |vm| publish_api(&ONE_ZERO, &vm.ctx), "", consume_1_3, "1.0: 42 None None"),
    ("one-later-function-of-an-older-version", |vm| publish_api(&ONE_ONE, &vm.ctx), "", consume_1_3, "1.1: 42 Some(42) None"),
    ("one-later-function-of-a-version-in-between", |vm| publish_api(&ONE_TWO, &vm.ctx), "", consume_1_3, "1.2: 42 Some(42) None"),
    ("later-functions-of-a-newer-version", publish_forged::<4, 64>, "", consume_1_3, "1.4: 42 Some(42) Some(-42)"),
    ("a-producer-may-lack-a-later-function", |vm| publish_api(&ONE_THREE_WITH_A_GAP, &vm.ctx), "", consume_1_3, "1.3: 42 None Some(-42)"),
    ("minor-newer-than-the-size", publish_forged::<3, 40>, "", consume_1_3, "1.3: 42 None None"),
    ("minor-newer-than-the-size-by-one", publish_forged::<3, 48>, "", consume_1_3, "1.3: 42 Some(42) None"),
    ("size-ends-within-a-later-function", publish_forged::<3, 55>, "", consume_1_3, "1.3: 42 Some(42) None"),
    ("size-newer-than-the-minor", publish_forged::<0, 56>, "", consume_1_3, "1.0: 42 None None"),
    ("size-newer-than-the-minor-by-one", publish_forged::<2, 56>, "", consume_1_3, "1.2: 42 Some(42) None"),
    ("required-function-is-not-within-the-size", publish_forged::<3, 39>, "", consume_1_3, "ImportError: the API table \"producer.API\" cannot be used: it has version 1.3 (39 bytes), and version 1.3 (40 bytes) is needed"),
    ("later-functions-of-another-major", |vm| publish_api(&TWO_ZERO, &vm.ctx), "", consume_1_3, "ImportError: the API table \"producer.API\" cannot be used: it has version 2.0 (48 bytes), and version 1.3 (40 bytes) is needed"),
    ("later-functions-of-a-header-only", |vm| publish_api(&BARE, &vm.ctx), "", consume_1_3, "ImportError: the API table \"producer.API\" cannot be used: it has version 1.0 (32 bytes), and version 1.3 (40 bytes) is needed"),
    ("producer-has-later-functions", |vm| publish_api(&ONE_THREE, &vm.ctx), "", consume_1_0, "42"),
    ("producer-has-later-functions-that-are-required", |vm| publish_api(&ONE_THREE, &vm.ctx), "", consume_1_1, "42"),
    ("required-function-of-the-same-version", |vm| publish_api(&ONE_ONE, &vm.ctx), "", consume_1_2_needs_add, "42 false"),
    ("required-function-newer-than-the-producer", |vm| publish_api(&ONE_ZERO, &vm.ctx), "", consume_1_2_needs_add, "ImportError: the API table \"producer.API\" cannot be used: it has version 1.0 (40 bytes), and version 1.2 (48 bytes) is needed"),
    ("all-functions-are-later", |vm| publish_api(&BARE, &vm.ctx), "", consume_all_later, "None"),
    ("all-functions-are-later-and-present", publish_forged::<1, 40>, "", consume_all_later, "Some(42)"),
    ("padding-is-not-read-as-a-field", publish_padding::<0>, "", consume_in_padding, "40 None"),
    ("field-in-former-padding", publish_padding::<1>, "", consume_in_padding, "40 Some(2)"),
    ("minor-ten", |vm| publish_api(&ONE_TEN, &vm.ctx), "", consume_1_10, "1.10: true Some(-42)"),
    ("minor-ten-is-newer-than-one", publish_forged::<1, 56>, "", consume_1_10, "1.1: true None"),
    ("minor-ten-is-newer-than-three", |vm| publish_api(&ONE_TEN, &vm.ctx), "", consume_1_3, "1.10: 42 Some(42) Some(-42)"),
    ("no-header", without_header, "", consume_1_0, "ImportError: the API table \"producer.API\" cannot be used: it has no API table header"),
    ("not-aligned", not_aligned, "", consume_1_0, "ImportError: the API table \"producer.API\" cannot be used: its pointer is not aligned"),
    ("made-in-rust-but-not-vouched", not_vouched, "", consume_1_0, "ImportError: the API table \"producer.API\" cannot be used: no native module vouches for its pointer"),
    ("value-with-the-name-of-a-table", value, "", consume_1_0, "ImportError: the API table \"producer.API\" cannot be used: no native module vouches for its pointer"),
    ("made-by-python", |vm| publish_api(&ONE_ZERO, &vm.ctx), "producer.API = _capsule.new(_capsule.get_pointer(producer.API, 'producer.API'), 'producer.API')", consume_1_0, "ImportError: the API table \"producer.API\" cannot be used: no native module vouches for its pointer"),
    ("pointer-set-by-python", |vm| publish_api(&ONE_ZERO, &vm.ctx), "_capsule.set_pointer(producer.API, _capsule.get_pointer(producer.API, 'producer.API'))", consume_1_0, "ImportError: the API table \"producer.API\" cannot be used: no native module vouches for its pointer"),
    ("pointer-set-by-python-to-unmapped-memory", |vm| publish_api(&ONE_ZERO, &vm.ctx), "_capsule.set_pointer(producer.API, 8)", consume_1_0, "ImportError: the API table \"producer.API\" cannot be used: no native module vouches for its pointer"),
    ("named-by-python", other_name, "_capsule.set_name(producer.API, 'producer.API')", consume_1_0, "ImportError: the API table \"producer.API\" cannot be used: no native module vouches for its pointer"),
    ("renamed-by-a-claim-in-python", other_name, "_capsule.claim(producer.API, 'API', 'producer.API')", consume_1_0, "ImportError: the API table \"producer.API\" cannot be used: no native module vouches for its pointer"),
    ("context-may-be-changed-by-python", |vm| publish_api(&ONE_ZERO, &vm.ctx), "_capsule.set_context(producer.API, 1)", consume_1_0, "42"),
    ("other-name", other_name, "", consume_1_0, "AttributeError: PyCapsule_Import \"producer.API\" is not valid"),
    ("no-producer", other_name, "del sys.modules['producer']", consume_1_0, "ImportError: PyCapsule_Import could not import module \"producer\""),
];

/// Runs `test` in an interpreter where the module `producer` has the capsule as `API`.
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

fn header_has_version_size_and_features() -> Result<(), Failed> {
    let header = ONE_ZERO.header;
    assert_eq!(header.version().to_string(), "1.0");
    assert_eq!((header.size(), header.features()), (40, 0b101));
    assert_eq!(ONE_TEN.header.version().to_string(), "1.10");
    assert_eq!(ONE_TEN.header.features(), 0);
    assert_eq!(DEEP.header.size(), size_of::<deep::Api>() as u64);
    assert_eq!(size_of::<ApiHeader<deep::Api>>(), 32);
    Ok(())
}

/// A copy of an imported table can be published again, whatever size the producer's table had.
fn imported_table_has_the_size_of_its_own_type() -> Result<(), Failed> {
    let publishers: [Publish; 3] = [
        |vm| publish_api(&ONE_ZERO, &vm.ctx),
        |vm| publish_api(&ONE_THREE, &vm.ctx),
        publish_forged::<4, 64>,
    ];
    for publish in publishers {
        with_producer(publish, "", |vm| {
            let api = import_api::<one_three::Api>(vm).expect("the table is there");
            assert_eq!(api.header.size(), size_of::<one_three::Api>() as u64);
            assert_eq!(api.header.version().to_string(), "1.3");
        });
    }
    with_producer(
        |vm| publish_api(&ONE_THREE, &vm.ctx),
        "",
        |vm| {
            let api = import_api::<one_zero::Api>(vm).expect("the table is there");
            assert_eq!((api.header.size(), api.header.features()), (40, 0b11));
            assert_eq!(api.version().to_string(), "1.3");
            Ok(())
        },
    )
}

/// The result of a `#[pyfunction]` that takes the object as a table.
fn call_with(object: PyObjectRef, vm: &VirtualMachine) -> String {
    let call = |api: ApiRef<one_three::Api>| -> i64 { (api.double)(21) };
    let function = vm.new_function("call", call);
    match function.as_object().call((object,), vm) {
        Ok(answer) => answer
            .str(vm)
            .map_or_else(|error| shown(&error, vm), |text| text.to_string()),
        Err(error) => shown(&error, vm),
    }
}

fn table_is_a_parameter() -> Result<(), Failed> {
    let rows: [(Publish, &str); 6] = [
        (|vm| publish_api(&ONE_THREE, &vm.ctx), "42"),
        (|vm| publish_api(&ONE_ZERO, &vm.ctx), "42"),
        (
            |vm| publish_api(&TWO_ZERO, &vm.ctx),
            "PyCapsuleError: the API table \"producer.API\" cannot be used: it has version \
             2.0 (48 bytes), and version 1.3 (40 bytes) is needed",
        ),
        (
            not_vouched,
            "PyCapsuleError: the API table \"producer.API\" cannot be used: no native \
             module vouches for its pointer",
        ),
        (
            not_aligned,
            "PyCapsuleError: the API table \"producer.API\" cannot be used: its pointer is \
             not aligned",
        ),
        (
            other_name,
            "PyCapsuleError: PyCapsule_GetPointer called with incorrect name",
        ),
    ];
    for (publish, expected) in rows {
        let found = in_interpreter(|vm| call_with(publish(vm).into(), vm));
        assert_eq!(found, expected);
    }
    let found = in_interpreter(|vm| call_with(vm.ctx.none(), vm));
    let expected = "PyCapsuleError: PyCapsule_GetPointer called with invalid PyCapsule object";
    assert_eq!(found, expected);
    Ok(())
}

fn table_is_a_result() -> Result<(), Failed> {
    with_producer(
        |vm| publish_api(&ONE_THREE, &vm.ctx),
        "",
        |vm| {
            let import = |vm: &VirtualMachine| import_api::<one_three::Api>(vm);
            let function = vm.new_function("import_table", import);
            let found = function.as_object().call(FuncArgs::default(), vm);
            let found = found.map_err(|error| shown(&error, vm))?;
            let api = import_api::<one_three::Api>(vm).map_err(|error| shown(&error, vm))?;
            assert!(found.is(api.capsule().as_object()));
            assert!(api.ptr_eq(&api.clone()));
            assert_eq!(api.as_ref().header.features(), 0b11);
            let debug = format!("{api:?}");
            assert!(debug.starts_with("ApiRef { version: ApiVersion"), "{debug}");
            // Native code may put it into an exception, which sealed scripts can read.
            assert!(!debug.contains("0x"), "{debug}");
            assert!(PyObjectRef::from(api.clone()).is(&found));
            assert!(api.into_capsule().is(&found));
            Ok(())
        },
    )
}

fn table_may_be_a_nested_attribute() -> Result<(), Failed> {
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
        let destroyed = Arc::new(AtomicBool::new(false));
        let flag = destroyed.clone();
        let capsule = publish_api(&ONE_ZERO, &vm.ctx);
        capsule.set_destructor(Destructor::rust(move |_| {
            flag.store(true, Ordering::SeqCst);
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
        assert!(!destroyed.load(Ordering::SeqCst), "a reference is left");
        assert_eq!((copy.double)(21), 42);
        assert!(copy.handle().is_vouched());
        let elsewhere = std::thread::scope(|scope| scope.spawn(|| (copy.double)(4)).join());
        assert_eq!(elsewhere.ok(), Some(8));
        drop(copy);
        assert!(destroyed.load(Ordering::SeqCst), "no reference is left");
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
            "api_tables::header-has-version-size-and-features",
            header_has_version_size_and_features,
        ),
        trial(
            "api_tables::imported-table-has-the-size-of-its-own-type",
            imported_table_has_the_size_of_its_own_type,
        ),
        trial("api_tables::table-is-a-parameter", table_is_a_parameter),
        trial("api_tables::table-is-a-result", table_is_a_result),
        trial(
            "api_tables::table-may-be-a-nested-attribute",
            table_may_be_a_nested_attribute,
        ),
        trial(
            "api_tables::reference-keeps-the-capsule",
            reference_keeps_the_capsule,
        ),
    ])
    .collect()
}
