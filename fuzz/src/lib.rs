//! The three fuzz targets, each with an interpreter of its own. `tests/it/hostile` decodes and
//! checks the inputs, also for the tests.

#[path = "../../tests/it/hostile/mod.rs"]
mod hostile;

use core::ffi::{CStr, c_char};

use hostile::{calls, imports, slots};
use rustpython_capsule_glue::{Access, CapsuleBuilderExt};
use rustpython_vm::{Interpreter, InterpreterBuilder, Settings};

/// The bytes as records of eight bytes. An incomplete record at the end is left out.
fn records(data: &[u8]) -> &[[u8; 8]] {
    data.as_chunks().0
}

/// A sequence of C calls, eight bytes each.
pub fn calls(data: &[u8]) {
    thread_local! {
        static FIXTURE: (Interpreter, calls::Fixture) = with(calls::Fixture::new);
    }
    let outcome = FIXTURE
        .with(|(interpreter, fixture)| interpreter.enter(|_| fixture.execute(records(data))));
    if let Err(difference) = outcome {
        panic!("{difference}");
    }
}

/// Arrays of slots, eight bytes each after the first byte, which selects options.
pub fn slots(data: &[u8]) {
    thread_local! {
        static FIXTURE: (Interpreter, slots::Fixture) = with(slots::Fixture::new);
    }
    let Some((choice, data)) = data.split_first() else {
        return;
    };
    let execute = |(interpreter, fixture): &(Interpreter, slots::Fixture)| {
        interpreter.enter(|_| fixture.execute(*choice, records(data)))
    };
    if let Err(fault) = FIXTURE.with(execute) {
        panic!("{fault}");
    }
}

/// The name of a capsule.
pub fn imports(data: &[u8]) {
    thread_local! {
        static FIXTURE: (Interpreter, ()) = with(imports::prepare);
    }
    if let Err(fault) =
        FIXTURE.with(|(interpreter, ())| interpreter.enter(|_| imports::execute(data)))
    {
        panic!("{fault}");
    }
}

/// An interpreter without the standard library, and the result of `make` in it.
fn with<T>(make: impl FnOnce(&rustpython_vm::VirtualMachine) -> T) -> (Interpreter, T) {
    let mut settings = Settings::default();
    settings.install_signal_handlers = false;
    let interpreter = InterpreterBuilder::new()
        .settings(settings)
        .with_capsules(Access::Open)
        .interpreter();
    let made = interpreter.enter(make);
    (interpreter, made)
}

/// The options of AddressSanitizer. Leak detection is off, since the VM never frees some objects.
/// An allocation that is too large returns NULL, as it does without the sanitizer.
#[unsafe(no_mangle)]
extern "C" fn __asan_default_options() -> *const c_char {
    const OPTIONS: &CStr = c"detect_leaks=0:allocator_may_return_null=1";
    OPTIONS.as_ptr()
}
