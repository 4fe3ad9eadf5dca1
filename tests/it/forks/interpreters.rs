//! A fork in one interpreter, and a capsule whose Python destructor belongs to another interpreter.
//! The destructor runs in the child as in the parent.

use core::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use libtest_mimic::Trial;
use rustpython_capsule::PyCapsule;
use rustpython_vm::{PyRef, VirtualMachine};

use crate::interpreter::in_interpreter;
use crate::ledger::{Kind, in_own_process, with_destructor};

static CALLED: AtomicBool = AtomicBool::new(false);

pub(crate) fn trial() -> Trial {
    in_own_process("forks::other-interpreters-run-their-destructors", || {
        in_interpreter(|own| {
            let capsule =
                with_destructor(Kind::Python, own, |_| CALLED.store(true, Ordering::Release));
            let capsule = capsule.build(&own.ctx);
            let elsewhere = thread::spawn(|| in_interpreter(|vm| fork_and_drop(capsule, vm)));
            let joined = own.allow_threads(|| elsewhere.join());
            joined.expect("parent and child succeed");
        });
    })
}

fn fork_and_drop(capsule: PyRef<PyCapsule>, vm: &VirtualMachine) {
    let posix = vm.import("posix", 0).expect("this is Unix");
    let call = |name: &'static str, arguments: Vec<i32>| {
        let arguments = arguments
            .into_iter()
            .map(|number| vm.ctx.new_int(number).into());
        let answer = vm.call_method(&posix, name, arguments.collect::<Vec<_>>());
        answer.unwrap_or_else(|error| panic!("{name}: {error:?}"))
    };
    let child = call("fork", Vec::new())
        .try_into_value::<i32>(vm)
        .expect("a number");
    drop(capsule);
    let called = CALLED.load(Ordering::Acquire);
    if child == 0 {
        call("_exit", vec![i32::from(!called)]);
    }
    assert!(called, "the destructor did not run in the parent");
    let status = call("waitpid", vec![child, 0]);
    let status = status.repr(vm).expect("a tuple");
    assert_eq!(status.to_string(), format!("({child}, 0)"));
}
