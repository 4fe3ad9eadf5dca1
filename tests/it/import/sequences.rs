//! Imports over several steps: runs the scripts, each in a directory of its own, and tests what
//! only Rust code can observe.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};

use libtest_mimic::{Failed, Trial};
use rustpython_capsule_glue::capsule::{Destructor, PyCapsule};
use rustpython_capsule_glue::{import, import_capsule, import_value};
use rustpython_vm::{PyRef, VirtualMachine};

use super::fixture::{PRELUDE, must, text_of};
use super::rows::POINTER;
use super::scripts::{HELPERS, SCRIPTS};
use crate::interpreter::{exec, in_interpreter, trial};

/// The failure of each script, or `None`.
static FAILURES: LazyLock<Vec<Option<String>>> = LazyLock::new(|| {
    in_interpreter(|vm| {
        let scope = vm.new_scope_with_builtins();
        must(exec(HELPERS, &scope, vm), vm);
        must(exec(PRELUDE, &scope, vm), vm);
        let run = |source| {
            let directory = tempfile::tempdir().expect("a temporary directory can be made");
            must(
                exec(&format!("reset({:?})", directory.path()), &scope, vm),
                vm,
            );
            let error = exec(source, &scope, vm).err()?;
            let mut text = String::new();
            let _ = vm.write_exception(&mut text, &error);
            Some(text)
        };
        SCRIPTS.iter().map(|(_, source)| run(source)).collect()
    })
});

/// A module `m` with these capsules as attributes.
fn module(attributes: &[(&'static str, PyRef<PyCapsule>)], vm: &VirtualMachine) {
    let made = vm.new_module("m", vm.ctx.new_dict(), None);
    for (name, capsule) in attributes {
        must(made.set_attr(*name, capsule.clone(), vm), vm);
    }
    let modules = must(vm.sys_module.get_attr("modules", vm), vm);
    must(modules.set_item("m", made.into(), vm), vm);
}

fn handle_keeps_the_capsule() -> Result<(), Failed> {
    in_interpreter(|vm| {
        let destroyed = Arc::new(AtomicBool::new(false));
        let flag = destroyed.clone();
        let destructor = Destructor::rust(move |_| flag.store(true, Ordering::SeqCst));
        let capsule = PyCapsule::from_value(5_u64)
            .name(c"m.cap")
            .destructor(destructor)
            .build(&vm.ctx);
        module(&[("cap", capsule)], vm);
        let handle = must(import(c"m.cap", vm), vm);
        let copy = handle.clone();
        must(
            exec(
                "import sys; del sys.modules['m'].cap, sys.modules['m']",
                &vm.new_scope_with_builtins(),
                vm,
            ),
            vm,
        );
        assert!(import(c"m.cap", vm).is_err());
        drop(handle);
        assert!(!destroyed.load(Ordering::SeqCst), "a handle is left");
        assert!(!copy.is_vouched());
        assert_eq!(copy.capsule().value::<u64>(Some(c"m.cap")), Ok(&5));
        drop(copy);
        assert!(destroyed.load(Ordering::SeqCst), "no handle is left");
        Ok(())
    })
}

fn values_have_their_type() -> Result<(), Failed> {
    in_interpreter(|vm| {
        let value = |name| {
            PyCapsule::from_value("text".to_owned())
                .name(name)
                .build(&vm.ctx)
        };
        module(&[("cap", value(c"m.cap")), ("x", value(c"m.y"))], vm);
        let text = must(import_value::<String>(c"m.cap", vm), vm);
        let source = "
import sys, _capsule
m = sys.modules['m']
_capsule.set_pointer(m.cap, 1)
m.python = _capsule.new(_capsule.get_pointer(m.x, 'm.y'), 'm.python')
";
        must(exec(source, &vm.new_scope_with_builtins(), vm), vm);
        let again = must(import_value::<String>(c"m.cap", vm), vm);
        assert!(core::ptr::eq(&*text, &*again));
        assert_eq!(*text, "text");

        let refused = |name| text_of(import_value::<String>(name, vm).map(|_| 0), vm);
        let other_type = text_of(import_value::<Vec<u8>>(c"m.cap", vm).map(|_| 0), vm);
        assert_eq!(
            other_type,
            "PyCapsuleError: PyCapsuleRs_GetValue called with incorrect type\nnote expected a \
             value of Rust type alloc::vec::Vec<u8>, found one of type alloc::string::String"
        );
        assert_eq!(
            refused(c"m.python"),
            "PyCapsuleError: PyCapsuleRs_GetValue called with incorrect type\nnote expected a \
             value of Rust type alloc::string::String, found a capsule that holds no Rust value"
        );
        assert_eq!(
            refused(c"m.x"),
            "AttributeError: PyCapsule_Import \"m.x\" is not valid\nnote expected the name \
             \"m.x\", found \"m.y\""
        );
        Ok(())
    })
}

fn threads_import_at_once() -> Result<(), Failed> {
    in_interpreter(|vm| {
        let scope = vm.new_scope_with_builtins();
        must(exec(PRELUDE, &scope, vm), vm);
        let source = "for n in range(4): module(f'm{n}', cap=capsule(f'm{n}.cap'))";
        must(exec(source, &scope, vm), vm);
        let start = Arc::new(Barrier::new(4));
        let threads = [c"m0.cap", c"m1.cap", c"m2.cap", c"m3.cap"].map(|own| {
            let start = start.clone();
            vm.start_thread(move |vm| {
                vm.allow_threads(|| start.wait());
                let found =
                    |name| import(name, vm).is_ok_and(|h| h.pointer().addr().get() == POINTER);
                (0..1000).all(|_| {
                    found(own) && found(c"m0.cap") && import_capsule(c"m0.nope", vm).is_err()
                })
            })
        });
        let right = threads.map(|thread| vm.allow_threads(|| thread.join()).ok());
        assert_eq!(right, [Some(true); 4]);
        Ok(())
    })
}

fn interpreters_have_separate_modules() -> Result<(), Failed> {
    let found = |pointer: usize| {
        in_interpreter(|vm| {
            let scope = vm.new_scope_with_builtins();
            must(exec(PRELUDE, &scope, vm), vm);
            let before = text_of(import(c"m.cap", vm).map(|_| 0), vm);
            assert!(before.starts_with("ImportError: "), "{before}");
            let source = format!("module('m', cap=capsule('m.cap', {pointer}))");
            must(exec(&source, &scope, vm), vm);
            must(import(c"m.cap", vm), vm).pointer().addr().get()
        })
    };
    assert_eq!([found(1), found(2)], [1, 2]);
    Ok(())
}

pub(super) fn trials() -> impl Iterator<Item = Trial> {
    let scripts = SCRIPTS.iter().enumerate().map(|(position, (name, _))| {
        trial(
            format!("import::sequences::{name}"),
            move || match &FAILURES[position] {
                None => Ok(()),
                Some(failure) => Err(failure.into()),
            },
        )
    });
    scripts.chain([
        trial(
            "import::rust::handle-keeps-the-capsule",
            handle_keeps_the_capsule,
        ),
        trial(
            "import::rust::values-have-their-type",
            values_have_their_type,
        ),
        trial(
            "import::rust::threads-import-at-once",
            threads_import_at_once,
        ),
        trial(
            "import::rust::interpreters-have-separate-modules",
            interpreters_have_separate_modules,
        ),
    ])
}
