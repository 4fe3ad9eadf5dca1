//! Bytes from anywhere, as calls of the C API. The same runs under cargo-fuzz, see `fuzz/`.

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

use crate::c_code::{HAS_COMPILER, compile, headers, left_out};
use crate::hostile::calls::Record;
use crate::hostile::{calls, imports, slots};
use crate::interpreter::{in_interpreter, trial};
use crate::ledger::alone;

/// The longest history, in records.
const LONGEST: usize = 120;

/// The most slots of arrays that belong together.
const MOST_SLOTS: usize = 24;

/// Names that lead somewhere in an interpreter that is for imports. Pieces of them make others.
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
            histories(20_000)
        }),
        trial("hostile-input::ten-million-c-calls-agree", || {
            histories(10_000_000)
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
        trial("hostile-input::any-bytes-are-imported-or-refused", || {
            names(1000)
        }),
        trial("hostile-input::a-million-imports", || names(1_000_000)).with_ignored_flag(true),
        alone("hostile-input::names-of-imports-are-forgotten", forgotten),
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

/// Plays random histories until so many calls have been made.
fn histories(calls: u64) -> Result<(), Failed> {
    let started = Instant::now();
    let made = Cell::new(0);
    let mut rounds = 0;
    in_interpreter(|vm| {
        let bench = calls::Bench::new(vm);
        let records = || prop::collection::vec(any::<Record>(), 1..=LONGEST);
        while made.get() < calls {
            rounds += 1;
            let outcome = TestRunner::new(config(256)).run(&records(), |records| {
                let played = bench.play(&records).map_err(TestCaseError::fail)?;
                made.set(made.get() + played);
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

/// Makes modules of so many random arrays.
fn arrays(cases: u32) -> Result<(), Failed> {
    in_interpreter(|vm| {
        let bench = slots::Bench::new(vm);
        check_arrays(cases, |choice, records| bench.play(choice, records));
    });
    Ok(())
}

fn check_arrays(cases: u32, play: impl Fn(u8, &[slots::Record]) -> Result<bool, String>) {
    let made = Cell::new(0);
    let records = prop::collection::vec(any::<slots::Record>(), 0..=MOST_SLOTS);
    let outcome = TestRunner::new(config(cases)).run(&(any::<u8>(), records), |case| {
        let (choice, records) = case;
        let is_module = play(choice, &records).map_err(TestCaseError::fail)?;
        made.set(made.get() + u32::from(is_module));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    let made = made.get();
    eprintln!("{made} modules of {cases} arrays");
    assert!(made > cases / 10, "few arrays were good: {made}");
}

/// Imports names that lead somewhere, what can be made of their pieces, and noise.
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
            let is_there = imports::play(&name).map_err(TestCaseError::fail)?;
            found.set(found.get() + u32::from(is_there));
            Ok(())
        });
        if let Err(error) = outcome {
            panic!("{error}");
        }
    });
    assert!(found.get() > 0, "nothing was ever found");
    Ok(())
}

/// Asks for names that do not come again, short and long ones, twenty megabytes and more of each.
fn forgotten() {
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
                    assert_eq!(imports::play(name.as_bytes()), Ok(false));
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

/// The memory that the process has, in bytes; 0 where the system does not tell.
fn resident() -> u64 {
    let counts = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = counts
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0) * 4096
}

/// The same arrays, as those of a library that is imported. A process has one interpreter that
/// libraries know.
fn imported_slots() -> Trial {
    const NAME: &str = "hostile-input::slots-of-a-library-make-a-module-or-are-refused";
    if *HAS_COMPILER {
        alone(NAME, import_slots)
    } else {
        left_out(format!("{NAME} (no C compiler)"))
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
        // SAFETY: the library does nothing when it is opened.
        let opened = unsafe { Library::new(&library) }.expect("the library can be opened");
        // SAFETY: the variable is of this type.
        let array = unsafe { opened.get::<*mut *const PySlot>(b"hostile_array") };
        let array = *array.expect("the library has the variable");
        let spec = vm.new_module("spec", vm.ctx.new_dict(), None);
        spec.set_attr("name", vm.ctx.new_str("hostile_module"), vm)?;
        let origin = library.to_str().expect("the path is text");
        spec.set_attr("origin", vm.ctx.new_str(origin), vm)?;
        let import = |slots| {
            // SAFETY: nobody else uses the library.
            unsafe { array.write(slots) };
            let imp = vm.import("_imp", 0)?;
            imp.get_attr("create_dynamic", vm)?
                .call((spec.clone(),), vm)
        };
        check_arrays(2000, |choice, records| {
            slots::play(choice, records, |slots| match import(slots) {
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
