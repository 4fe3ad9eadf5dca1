//! The three fuzz targets: an interpreter for each, and what is run in it. What the bytes mean and
//! what must hold is in `tests/it/hostile`, for the tests too.

#[path = "../../tests/it/hostile/mod.rs"]
mod hostile;

use core::ffi::{CStr, c_char};

use hostile::{calls, imports, slots};
use rustpython_capsule_glue::{Access, CapsuleBuilderExt};
use rustpython_vm::{Interpreter, InterpreterBuilder, Settings};

/// The bytes as records, what is too short for one left out.
fn records(data: &[u8]) -> &[[u8; 8]] {
    data.as_chunks().0
}

/// A history of C calls, one in eight bytes.
pub fn calls(data: &[u8]) {
    thread_local! {
        static BENCH: (Interpreter, calls::Bench) = with(calls::Bench::new);
    }
    let outcome =
        BENCH.with(|(interpreter, bench)| interpreter.enter(|_| bench.play(records(data))));
    if let Err(difference) = outcome {
        panic!("{difference}");
    }
}

/// Arrays of slots, one in eight bytes behind the first byte.
pub fn slots(data: &[u8]) {
    thread_local! {
        static BENCH: (Interpreter, slots::Bench) = with(slots::Bench::new);
    }
    let Some((choice, data)) = data.split_first() else {
        return;
    };
    let play = |(interpreter, bench): &(Interpreter, slots::Bench)| {
        interpreter.enter(|_| bench.play(*choice, records(data)))
    };
    if let Err(fault) = BENCH.with(play) {
        panic!("{fault}");
    }
}

/// The name of a capsule.
pub fn imports(data: &[u8]) {
    thread_local! {
        static BENCH: (Interpreter, ()) = with(imports::prepare);
    }
    if let Err(fault) = BENCH.with(|(interpreter, ())| interpreter.enter(|_| imports::play(data))) {
        panic!("{fault}");
    }
}

/// An interpreter without the standard library, and what is made in it.
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

/// What address sanitizer takes for its options. The VM keeps much for ever, which is no leak; and
/// memory that cannot be had is NULL, as it is without the sanitizer.
#[unsafe(no_mangle)]
extern "C" fn __asan_default_options() -> *const c_char {
    const OPTIONS: &CStr = c"detect_leaks=0:allocator_may_return_null=1";
    OPTIONS.as_ptr()
}
