//! Calls of the C API made from random bytes. The same code runs under cargo-fuzz, see `fuzz/`.

use core::cell::Cell;
use core::ptr::null_mut;
use std::time::Instant;

use libloading::Library;
use libtest_mimic::{Failed, Trial};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rustpython::{InterpreterBuilder, InterpreterBuilderExt};
use rustpython_capsule_capi::slots::PySlot;
use rustpython_capsule_capi::{ExtensionModulesExt, run_main};
use rustpython_capsule_glue::{Access, CapsuleBuilderExt};
use rustpython_vm::Settings;

use crate::c_code::{HAS_COMPILER, compile, headers, skipped};
use crate::hostile::calls::Record;
use crate::hostile::{calls, imports, slots};
use crate::interpreter::{in_interpreter, trial};
use crate::ledger::in_own_process;

/// The maximum number of records of a sequence.
const MAX_RECORDS: usize = 120;

/// The maximum number of slots of a module.
const MAX_SLOTS: usize = 24;

/// Names that resolve at least in part after `imports::prepare`. Other names are made of their
/// parts.
const NAMES: [&[u8]; 12] = [
    b"hostile_api.capsule",
    b"hostile_api.other",
    b"hostile_api.endless.a.b.c",
    b"hostile_api.endless.zero",
    b"hostile_api.endless.interrupt.x",
    b"hostile_api.endless.__path__.x",
    b"hostile_package.part.capsule",
    b"sys.modules.capsule",
    b"builtins.object.__doc__",
    b"encodings.utf_8.capsule",
    b"\xed\xa0\x80.\xff",
    b"..",
];

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("hostile-input::c-calls-agree-with-the-model", || {
            sequences(20_000)
        }),
        trial("hostile-input::ten-million-c-calls-agree", || {
            sequences(10_000_000)
        })
        .with_ignored_flag(true),
        trial("hostile-input::slots-make-a-module-or-are-refused", || {
            arrays(2000)
        }),
        trial("hostile-input::a-million-arrays-of-slots", || {
            arrays(1_000_000)
        })
        .with_ignored_flag(true),
        imported_slots(),
        trial(
            "hostile-input::any-bytes-as-a-name-are-imported-or-refused",
            || names(1000),
        ),
        trial("hostile-input::a-hundred-thousand-imports", || {
            names(100_000)
        })
        .with_ignored_flag(true),
        in_own_process(
            "hostile-input::imports-do-not-keep-names-forever",
            names_are_not_kept,
        ),
    ]
}

fn config(cases: u32) -> Config {
    Config {
        cases,
        failure_persistence: None,
        max_shrink_time: 20_000,
        ..Config::default()
    }
}

/// Runs random sequences until this number of calls has been made.
fn sequences(calls: u64) -> Result<(), Failed> {
    let started = Instant::now();
    let made = Cell::new(0);
    let mut rounds = 0;
    in_interpreter(|vm| {
        let fixture = calls::Fixture::new(vm);
        let records = || prop::collection::vec(any::<Record>(), 1..=MAX_RECORDS);
        while made.get() < calls {
            rounds += 1;
            let outcome = TestRunner::new(config(256)).run(&records(), |records| {
                let made_now = fixture.execute(&records).map_err(TestCaseError::fail)?;
                made.set(made.get() + made_now);
                Ok(())
            });
            if let Err(error) = outcome {
                panic!("{error}");
            }
        }
    });
    let seconds = started.elapsed().as_secs();
    eprintln!("{} calls in {rounds} rounds, {seconds} s", made.get());
    Ok(())
}

/// Makes modules from this number of random arrays.
fn arrays(cases: u32) -> Result<(), Failed> {
    in_interpreter(|vm| {
        let fixture = slots::Fixture::new(vm);
        check_arrays(cases, |choice, records| fixture.execute(choice, records));
    });
    Ok(())
}

fn check_arrays(cases: u32, execute: impl Fn(u8, &[slots::Record]) -> Result<bool, String>) {
    let made = Cell::new(0);
    let records = prop::collection::vec(any::<slots::Record>(), 0..=MAX_SLOTS);
    let outcome = TestRunner::new(config(cases)).run(&(any::<u8>(), records), |case| {
        let (choice, records) = case;
        let is_module = execute(choice, &records).map_err(TestCaseError::fail)?;
        made.set(made.get() + u32::from(is_module));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    let made = made.get();
    eprintln!("{made} modules from {cases} arrays");
    assert!(made > cases / 10, "too few arrays were valid: {made}");
}

/// Imports known names, names made of their parts, and random bytes.
fn names(cases: u32) -> Result<(), Failed> {
    let pieces = NAMES
        .iter()
        .flat_map(|name| name.split(|byte| *byte == b'.'));
    let piece = prop_oneof![
        6 => prop::sample::select(pieces.map(<[u8]>::to_vec).collect::<Vec<_>>()),
        1 => prop::collection::vec(any::<u8>(), 0..12),
        1 => any::<[char; 2]>().prop_map(|text| String::from_iter(text).into_bytes()),
        1 => (1_usize..5000).prop_map(|length| b"x".repeat(length)),
    ];
    let name = prop_oneof![
        1 => prop::sample::select(&NAMES[..]).prop_map(<[u8]>::to_vec),
        4 => prop::collection::vec(piece, 1..6).prop_map(|parts| parts.join(&b'.')),
        1 => (1_usize..3000).prop_map(|dots| b".".repeat(dots)),
        1 => (1_usize..3000).prop_map(|parts| {
            [b"hostile_api.endless".to_vec(), b".a".repeat(parts)].concat()
        }),
    ];
    let found = Cell::new(0);
    in_interpreter(|vm| {
        imports::prepare(vm);
        let outcome = TestRunner::new(config(cases)).run(&name, |name| {
            let is_there = imports::execute(&name).map_err(TestCaseError::fail)?;
            found.set(found.get() + u32::from(is_there));
            Ok(())
        });
        if let Err(error) = outcome {
            panic!("{error}");
        }
    });
    assert!(found.get() > 0, "no name was found");
    Ok(())
}

/// Imports names that are used once only, short and long ones, more than twenty megabytes of each.
fn names_are_not_kept() {
    const MIB: u64 = 1 << 20;
    in_interpreter(|vm| {
        imports::prepare(vm);
        for (length, count) in [(230, 25_000), (100_000, 300)] {
            let ask = |numbers: core::ops::Range<u32>| {
                for number in numbers {
                    let long = format!("{number}{}", "x".repeat(length));
                    let name = if number.is_multiple_of(32) {
                        format!("{long}.x")
                    } else {
                        format!("hostile_api.{long}")
                    };
                    assert_eq!(imports::execute(name.as_bytes()), Ok(false));
                }
            };
            ask(0..count / 4);
            let before = resident();
            ask(count..2 * count);
            let grown = resident().saturating_sub(before);
            assert!(grown < 8 * MIB, "{grown} bytes more for names of {length}");
        }
    });
}

/// The resident memory of the process in bytes; 0 if the system does not report it.
fn resident() -> u64 {
    let counts = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = counts
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0) * 4096
}

/// The same arrays in a shared library that is imported. It runs in a process of its own, since
/// only one interpreter of a process can load extension modules.
fn imported_slots() -> Trial {
    const NAME: &str = "hostile-input::slots-of-a-library-make-a-module-or-are-refused";
    if *HAS_COMPILER {
        in_own_process(NAME, import_slots)
    } else {
        skipped(format!("{NAME}::skipped, no C compiler here"))
    }
}

fn import_slots() {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let library = folder.path().join("hostile_module.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/c/hostile/hostile_module.c");
    compile(&[source], &headers(), &[] as &[&str], &library).expect("the C file compiles");
    let mut settings = Settings::default();
    settings.install_signal_handlers = false;
    settings.warnoptions.push("ignore".to_owned());
    let interpreter = InterpreterBuilder::new()
        .settings(settings)
        .init_stdlib()
        .with_capsules(Access::Open)
        .with_extension_modules()
        .build();
    let code = run_main(interpreter, |vm| {
        // SAFETY: the library has no initializers.
        let opened = unsafe { Library::new(&library) }.expect("the library can be opened");
        // SAFETY: the variable has this type in `hostile_module.c`.
        let array = unsafe { opened.get::<*mut *const PySlot>(b"hostile_array") };
        let array = *array.expect("the library has the variable");
        let spec = vm.new_module("spec", vm.ctx.new_dict(), None);
        spec.set_attr("name", vm.ctx.new_str("hostile_module"), vm)?;
        let origin = library.to_str().expect("the path is text");
        spec.set_attr("origin", vm.ctx.new_str(origin), vm)?;
        let import = |slots| {
            // SAFETY: the variable lives as long as the library, and only this thread uses it.
            unsafe { array.write(slots) };
            let imp = vm.import("_imp", 0)?;
            imp.get_attr("create_dynamic", vm)?
                .call((spec.clone(),), vm)
        };
        check_arrays(2000, |choice, records| {
            slots::execute(choice, records, |slots| match import(slots) {
                Ok(module) => module.into_raw().as_ptr(),
                Err(exception) => {
                    vm.set_exception(Some(exception));
                    null_mut()
                }
            })
        });
        Ok(())
    });
    assert_eq!(code, 0);
}
