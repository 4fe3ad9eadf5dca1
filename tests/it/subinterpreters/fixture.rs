//! Two interpreters, and what the tests run in them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use libtest_mimic::Failed;
use rustpython_capsule_glue::Access;
use rustpython_vm::{Interpreter, PyObjectRef, VirtualMachine};

use crate::interpreter::{exec, interpreter, shown};

pub(super) type Test = fn() -> Result<(), Failed>;

/// A capsule `m.cap` in the module `m`.
pub(super) const MAKE: &str = "
import sys, types, _capsule
m = sys.modules['m'] = types.ModuleType('m')
m.cap = _capsule.new(7, 'm.cap')
";

/// Runs statements. Returns the variable `result`, or the exception, as text.
pub(super) fn run(source: &str, vm: &VirtualMachine) -> String {
    let scope = vm.new_scope_with_builtins();
    let result = exec(source, &scope, vm)
        .and_then(|_| scope.globals.get_item_opt("result", vm))
        .and_then(|found| match found {
            Some(found) => found.str(vm),
            None => Ok(vm.ctx.new_str("")),
        });
    match result {
        Ok(text) => text.to_string(),
        Err(error) => shown(&error, vm),
    }
}

pub(super) fn run_in(interpreter: &Interpreter, source: &str) -> String {
    interpreter.enter(|vm| run(source, vm))
}

/// Runs a test with an interpreter and a sub-interpreter of it. The test must finalize the latter.
pub(super) fn with_two(
    access: Access,
    test: impl FnOnce(&Interpreter, Interpreter),
) -> Result<(), Failed> {
    let parent = interpreter(access);
    let sub = parent.create_subinterpreter();
    test(&parent, sub);
    parent.finalize(None);
    Ok(())
}

/// A Python callable that increments `count`, which outlives the interpreter.
pub(super) fn counting(count: &Arc<AtomicUsize>, vm: &VirtualMachine) -> PyObjectRef {
    let count = count.clone();
    vm.new_function("count", move |_: PyObjectRef| {
        count.fetch_add(1, Ordering::SeqCst);
    })
    .into()
}
