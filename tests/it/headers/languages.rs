//! API tables with a producer in C and a consumer in Rust, and the other way round. An interpreter
//! in this process calls the C code.

use libloading::{Library, Symbol};
use libtest_mimic::{Failed, Trial};
use rustpython_capsule_glue::{ApiHeader, api_table, import_api, publish_api};
use rustpython_vm::{PyObject, PyObjectRef, VirtualMachine};

use core::ptr::NonNull;

use super::compilers::{Compiler, Folder, Headers, Language, source, trial_in};
use crate::interpreter::{exec, in_interpreter, shown};

api_table! {
    /// The table of `languages.c`.
    unsafe struct MathApi = c"producer.API", version 3.1 {
        twice: extern "C" fn(i64) -> i64,
        answer: u8,
    }
}

api_table! {
    /// The next version of `MathApi`.
    unsafe struct NextApi = c"producer.API", version 3.2 {
        twice: extern "C" fn(i64) -> i64,
        answer: u8,
        #[since(3.2)]
        halve: extern "C" fn(i64) -> i64,
    }
}

extern "C" fn twice(number: i64) -> i64 {
    number * 2
}

static API: MathApi = MathApi {
    header: ApiHeader::new(),
    twice,
    answer: 21,
};

extern "C" fn halve(number: i64) -> i64 {
    number / 2
}

static NEXT: NextApi = NextApi {
    header: ApiHeader::new(),
    twice,
    answer: 21,
    halve: Some(halve),
};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial_in(
            Language::C,
            "headers::tables::made-in-c-used-in-rust",
            made_in_c,
        ),
        trial_in(
            Language::C,
            "headers::tables::made-in-rust-used-in-c",
            made_in_rust,
        ),
    ]
}

/// Runs `test` with the compiled C code.
fn with_library(
    compiler: Compiler,
    test: impl FnOnce(&Library, &VirtualMachine) -> Result<(), Failed>,
) -> Result<(), Failed> {
    let folder = Folder::new();
    let text = source("languages.c");
    let path = folder.compile(compiler, Headers::Ours, &text, &["-shared"], "languages.so")?;
    // SAFETY: the library has no initializers.
    let library = unsafe { Library::new(path) }?;
    in_interpreter(|vm| test(&library, vm))
}

/// Makes the module `producer` with the capsule in it.
fn install(capsule: PyObjectRef, vm: &VirtualMachine) {
    let scope = vm.new_scope_with_builtins();
    let globals = &scope.globals;
    globals
        .set_item("table", capsule, vm)
        .expect("a new dict takes an item");
    let source = "import sys, types
sys.modules['producer'] = types.SimpleNamespace(API=table)";
    exec(source, &scope, vm).unwrap_or_else(|error| panic!("{}", shown(&error, vm)));
}

fn made_in_c(compiler: Compiler) -> Result<(), Failed> {
    with_library(compiler, |library, vm| {
        let publish = |function: &str| -> Result<(), Failed> {
            // SAFETY: the function has this type in `languages.c`.
            let publish: Symbol<'_, unsafe extern "C" fn() -> *mut PyObject> =
                unsafe { library.get(function) }?;
            // SAFETY: the thread is attached, and no exception is pending.
            let capsule = NonNull::new(unsafe { publish() }).ok_or("no capsule")?;
            // SAFETY: the function returns a new reference.
            install(unsafe { PyObjectRef::from_raw(capsule) }, vm);
            Ok(())
        };
        publish("publish")?;
        let api = import_api::<MathApi>(vm).map_err(|error| shown(&error, vm))?;
        assert_eq!((api.twice)(i64::from(api.answer)), 82);
        assert_eq!(api.version().to_string(), "3.1");
        assert_eq!(api.header.features(), 6);
        let api = import_api::<NextApi>(vm).map_err(|error| shown(&error, vm))?;
        assert_eq!((api.twice)(i64::from(api.answer)), 82);
        assert!(api.halve.is_none(), "version 3.1 has no such function");
        publish("publish_next")?;
        let api = import_api::<NextApi>(vm).map_err(|error| shown(&error, vm))?;
        assert_eq!(
            api.halve.map(|halve| halve(i64::from(api.answer))),
            Some(20)
        );
        assert_eq!(
            (api.version().to_string(), api.header.features()),
            ("3.2".to_owned(), 7)
        );
        Ok(())
    })
}

fn made_in_rust(compiler: Compiler) -> Result<(), Failed> {
    with_library(compiler, |library, vm| {
        // SAFETY: the function has this type in `languages.c`.
        let consume: Symbol<'_, unsafe extern "C" fn() -> i64> = unsafe { library.get("consume") }?;
        // SAFETY: the function has this type in `languages.c`.
        let consume_next: Symbol<'_, unsafe extern "C" fn() -> i64> =
            unsafe { library.get("consume_next") }?;
        install(publish_api(&API, &vm.ctx).into(), vm);
        // SAFETY: the thread is attached, and no exception is pending.
        assert_eq!(unsafe { consume() }, 42);
        // SAFETY: the function has this type in `languages.c`.
        assert_eq!(unsafe { consume_next() }, -1);
        install(publish_api(&NEXT, &vm.ctx).into(), vm);
        // SAFETY: the function has this type in `languages.c`.
        assert_eq!(unsafe { consume() }, 42);
        // SAFETY: the function has this type in `languages.c`.
        assert_eq!(unsafe { consume_next() }, 21);
        Ok(())
    })
}
