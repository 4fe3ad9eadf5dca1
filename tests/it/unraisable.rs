//! A destructor does not disturb the code that drops the capsule: a pending exception survives it,
//! and an exception or panic of the destructor goes to `sys.unraisablehook`, together with the
//! capsule.

use std::panic::AssertUnwindSafe;
use std::panic::{catch_unwind, resume_unwind};

use libtest_mimic::Trial;
use rustpython_capsule::{Destructor, PyCapsule};
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{AsObject, Py, PyObjectRef, PyResult, VirtualMachine};

use crate::interpreter::{child_source, exec, shown, trial};
use crate::ledger::{Kind, Ledger, Log, in_shared_interpreter, python, with_destructor};

type Test = fn(&VirtualMachine);

const TESTS: &[(&str, Test)] = &[
    ("an-exception-left-pending-is-reported", set_is_reported),
    ("a-pending-exception-is-not-seen", pending_is_not_seen),
    ("a-pending-exception-survives", pending_survives),
    ("a-python-exception-is-reported", python_is_reported),
    ("a-panic-is-reported", panic_is_reported),
    ("a-panic-in-drop-is-reported", panic_in_drop_is_reported),
    ("a-panic-whose-payload-panics-is-caught", panic_that_panics),
    ("a-missing-hook-does-no-harm", missing_hook),
    ("a-hook-that-raises-does-no-harm", raising_hook),
    ("a-hook-that-panics-does-no-harm", panicking_hook),
    ("the-hook-can-keep-the-capsule", hook_keeps),
];

/// Programs with Python destructors, each run in a process of its own: the source, standard output,
/// and texts that standard error contains.
const CHILDREN: &[(&str, &str, &str, &[&str])] = &[
    (
        "the-default-hook-names-the-capsule",
        "c = new(1, 'a.b', lambda c: 1/0)\ndel c\nprint('on')",
        "on\n",
        &[
            "<capsule object \"a.b\" at 0x",
            "ZeroDivisionError: division by zero",
        ],
    ),
    (
        "a-deleted-hook-still-reports",
        "import sys\ndel sys.unraisablehook\nc = new(1, 'a.b', lambda c: 1/0)\ndel c\nprint('on')",
        "on\n",
        &["ZeroDivisionError"],
    ),
    (
        "sys-exit-in-a-destructor-does-not-exit",
        "import sys\nc = new(1, 'a.b', lambda c: sys.exit(3))\ndel c\nprint('on')",
        "on\n",
        &["SystemExit: 3"],
    ),
    (
        "a-wrong-signature-is-reported",
        "c = new(1, 'a.b', lambda: None)\ndel c\nprint('on')",
        "on\n",
        &["TypeError", "<capsule object \"a.b\""],
    ),
];

pub(crate) fn trials() -> Vec<Trial> {
    let tests = TESTS.iter().map(|&(name, test)| {
        trial(format!("unraisable::{name}"), move || {
            in_shared_interpreter(move |vm| {
                test(vm);
            });
            Ok(())
        })
    });
    let children = CHILDREN.iter().map(|&(name, source, stdout, stderr)| {
        trial(format!("unraisable::{name}"), move || {
            let ended = child_source(&format!("from _capsule import new\n{source}"));
            assert_eq!(
                (ended.code, ended.stdout.as_str()),
                (Some(0), stdout),
                "{ended:?}"
            );
            for part in stderr {
                assert!(ended.stderr.contains(part), "{part} is not in {ended:?}");
            }
            Ok(())
        })
    });
    tests.chain(children).collect()
}

/// Sets `sys.unraisablehook` to `hook` while `f` runs. `None` deletes it.
fn with_hook(vm: &VirtualMachine, hook: Option<PyObjectRef>, f: impl FnOnce()) {
    let sys = vm.sys_module.as_object();
    let name = vm.ctx.intern_str("unraisablehook");
    let before = sys.get_attr(name, vm).expect("a hook is set");
    match hook {
        Some(hook) => sys.set_attr(name, hook, vm),
        None => sys.del_attr(name, vm),
    }
    .expect("sys can be changed");
    let ran = catch_unwind(AssertUnwindSafe(f));
    sys.set_attr(name, before, vm).expect("sys can be changed");
    if let Err(panic) = ran {
        resume_unwind(panic);
    }
}

/// The reports that the hook receives while `f` runs: each exception, with the id of the capsule.
fn reported(vm: &VirtualMachine, f: impl FnOnce()) -> Vec<String> {
    let log = Log::default();
    let seen = log.clone();
    let hook = vm.new_function(
        "hook",
        move |arguments: PyObjectRef, vm: &VirtualMachine| {
            let object = arguments.get_attr("object", vm)?;
            let exception: PyBaseExceptionRef = arguments
                .get_attr("exc_value", vm)?
                .downcast()
                .expect("the value is an exception");
            let of = match PyCapsule::of(&object) {
                Ok(capsule) => format!("of {:#x}", capsule.get_id()),
                Err(_) => object.repr(vm)?.to_string(),
            };
            seen.write(format!("{} {of}", shown(&exception, vm)));
            PyResult::Ok(())
        },
    );
    with_hook(vm, Some(hook.into()), f);
    log.lines()
}

/// Leaves an exception pending.
fn leave(text: &'static str) {
    with_current_vm(|vm| vm.set_exception(Some(vm.new_value_error(text))));
}

/// The kinds of destructors that can set the pending exception directly.
const NATIVE: [Kind; 2] = [Kind::C, Kind::Rust];

fn set_is_reported(vm: &VirtualMachine) {
    for kind in NATIVE {
        let capsule = with_destructor(kind, vm, |_| leave("left")).build(&vm.ctx);
        let expected = format!("ValueError: left of {:#x}", capsule.get_id());
        assert_eq!(reported(vm, || drop(capsule)), [expected]);
        assert!(vm.current_exception().is_none());
    }
}

/// Runs `f` with an exception pending, and checks that the same one is pending afterwards.
fn while_pending<R>(vm: &VirtualMachine, f: impl FnOnce() -> R) -> R {
    let pending = vm.new_key_error(vm.ctx.new_str("pending").into());
    vm.set_exception(Some(pending.clone()));
    let result = f();
    let after = vm.take_raised_exception();
    assert!(after.is_some_and(|after| after.is(&pending)));
    assert!(pending.__context__().is_none());
    result
}

fn pending_is_not_seen(vm: &VirtualMachine) {
    for kind in Kind::ALL {
        let log = Log::default();
        let seen = log.clone();
        let capsule = with_destructor(kind, vm, move |_| {
            seen.write(with_current_vm(|vm| vm.current_exception().is_none()));
        });
        while_pending(vm, || drop(capsule.build(&vm.ctx)));
        assert_eq!(log.lines(), ["true"]);
    }
}

fn pending_survives(vm: &VirtualMachine) {
    type Action = fn(&Py<PyCapsule>);
    let actions: [(Action, Option<&str>); 4] = [
        (|_| {}, None),
        (|_| leave("left"), Some("ValueError: left")),
        (|_| with_current_vm(|vm| vm.set_exception(None)), None),
        (
            |_| with_current_vm(|vm| drop(vm.take_raised_exception())),
            None,
        ),
    ];
    for kind in NATIVE {
        for (action, expected) in actions {
            let capsule = with_destructor(kind, vm, action).build(&vm.ctx);
            let id = capsule.get_id();
            let reports = while_pending(vm, || reported(vm, || drop(capsule)));
            let expected: Vec<_> = expected
                .map(|text| format!("{text} of {id:#x}"))
                .into_iter()
                .collect();
            assert_eq!(reports, expected);
        }
    }
}

fn python_is_reported(vm: &VirtualMachine) {
    for (class, raised) in [
        ("ValueError: bad", "ValueError('bad')"),
        ("KeyboardInterrupt: now", "KeyboardInterrupt('now')"),
        ("SystemExit: 3", "SystemExit(3)"),
        ("GeneratorExit: ", "GeneratorExit"),
    ] {
        let scope = vm.new_scope_with_builtins();
        let source = format!(
            "import _capsule\ndef d(c): raise {raised}\nc = _capsule.new(1, None, d)\nseen = id(c)"
        );
        run(&source, &scope, vm);
        let id = scope.globals.get_item("seen", vm).expect("it is set");
        let id: usize = id.try_to_value(vm).expect("it is an int");
        let reports = reported(vm, || run("del c", &scope, vm));
        assert_eq!(reports, [format!("{class} of {id:#x}")]);
    }
}

fn run(source: &str, scope: &rustpython_vm::scope::Scope, vm: &VirtualMachine) {
    if let Err(error) = exec(source, scope, vm) {
        panic!("{source}: {}", shown(&error, vm));
    }
}

const PANIC: &str = "SystemError: panic while an object was destroyed:";

fn panic_is_reported(vm: &VirtualMachine) {
    let panics: [(fn(), &str); 3] = [
        (|| resume_unwind(Box::new("literal")), "literal"),
        (|| resume_unwind(Box::new("owned".to_owned())), "owned"),
        (|| resume_unwind(Box::new(7)), "with no message"),
    ];
    for (panics, text) in panics {
        for kind in [Kind::Rust, Kind::Python] {
            let capsule = with_destructor(kind, vm, move |_| panics()).build(&vm.ctx);
            let expected = format!("{PANIC} {text} of {:#x}", capsule.get_id());
            let reports = while_pending(vm, || reported(vm, || drop(capsule)));
            assert_eq!(reports, [expected]);
        }
    }
}

struct Explosive;

impl Drop for Explosive {
    fn drop(&mut self) {
        resume_unwind(Box::new("in drop"));
    }
}

fn panic_in_drop_is_reported(vm: &VirtualMachine) {
    let capsule = PyCapsule::from_value(Explosive).build(&vm.ctx);
    let expected = format!("{PANIC} in drop of {:#x}", capsule.get_id());
    assert_eq!(reported(vm, || drop(capsule)), [expected]);

    // A value that the closure owns panics when it is dropped.
    let capsule = PyCapsule::from_value(7).build(&vm.ctx);
    let explosive = Explosive;
    capsule.set_destructor(Destructor::rust(move |_| drop(explosive)));
    let expected = format!("{PANIC} in drop of {:#x}", capsule.get_id());
    assert_eq!(reported(vm, || drop(capsule)), [expected]);

    // The destructor runs and the owner is dropped although the value panics.
    let ledger = Ledger::of(2);
    let owner = PyCapsule::from_value(ledger.token(0)).build(&vm.ctx);
    let entry = ledger.clone();
    let capsule = PyCapsule::from_value(Explosive)
        .owner(owner.into())
        .destructor(python(vm, move |_| entry.record(1)))
        .build(&vm.ctx);
    let expected = format!("{PANIC} in drop of {:#x}", capsule.get_id());
    assert_eq!(reported(vm, || drop(capsule)), [expected]);
    ledger.assert_all_once();
}

fn panic_that_panics(vm: &VirtualMachine) {
    let capsule =
        with_destructor(Kind::Rust, vm, |_| resume_unwind(Box::new(Explosive))).build(&vm.ctx);
    let expected = format!("{PANIC} with no message of {:#x}", capsule.get_id());
    assert_eq!(reported(vm, || drop(capsule)), [expected]);
}

fn missing_hook(vm: &VirtualMachine) {
    for kind in Kind::ALL {
        let ledger = Ledger::of(1);
        let entry = ledger.clone();
        let capsule = with_destructor(kind, vm, move |_| {
            entry.record(0);
            leave("left");
        });
        while_pending(vm, || {
            with_hook(vm, None, || drop(capsule.build(&vm.ctx)));
        });
        ledger.assert_all_once();
    }
}

fn raising_hook(vm: &VirtualMachine) {
    let hook = vm.new_function(
        "hook",
        |_: PyObjectRef, vm: &VirtualMachine| -> PyResult<()> {
            Err(vm.new_runtime_error("a hook that raises"))
        },
    );
    for kind in NATIVE {
        let capsule = with_destructor(kind, vm, |_| leave("left")).build(&vm.ctx);
        while_pending(vm, || {
            with_hook(vm, Some(hook.clone().into()), || drop(capsule))
        });
    }
}

fn panicking_hook(vm: &VirtualMachine) {
    let hook = vm.new_function("hook", |_: PyObjectRef| -> () {
        resume_unwind(Box::new("a hook that panics"))
    });
    let capsule = with_destructor(Kind::C, vm, |_| leave("left")).build(&vm.ctx);
    while_pending(vm, || with_hook(vm, Some(hook.into()), || drop(capsule)));
}

fn hook_keeps(vm: &VirtualMachine) {
    for kind in NATIVE {
        let ledger = Ledger::of(1);
        let entry = ledger.clone();
        let kept = vm.ctx.new_list(Vec::new());
        let capsule = with_destructor(kind, vm, move |_| {
            entry.record(0);
            leave("left");
        })
        .name(c"kept")
        .build(&vm.ctx);
        let append = kept
            .as_object()
            .get_attr("append", vm)
            .expect("a list has it");
        with_hook(vm, Some(append), || drop(capsule));
        let scope = vm.new_scope_with_builtins();
        let set = scope.globals.set_item("kept", kept.into(), vm);
        set.expect("a scope can be written");
        run(
            "import _capsule\nc = kept.pop().object\n\
             assert _capsule.is_valid(c, 'kept') and 'kept' in repr(c)\ndel c",
            &scope,
            vm,
        );
        ledger.assert_all_once();
    }
}
