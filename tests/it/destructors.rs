//! When a destructor runs, what it may do meanwhile, and how it is replaced. Every row holds for C
//! functions, Rust closures and Python callables.

use core::ffi::c_void;
use core::ptr::{NonNull, null, without_provenance_mut};

use libtest_mimic::Trial;
use rustpython_capsule::__private::ffi::{self};
use rustpython_capsule::{CapsuleError, Destructor, DestructorKind, PyCapsule};
use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{AsObject, Context, Py, PyObject, PyRef, VirtualMachine};

use crate::interpreter::{exec, shown, trial};
use crate::ledger::{
    Kind, Ledger, Log, Token, in_shared_interpreter, native_run, native_runs, python,
    with_destructor,
};

type Row = (&'static str, fn(&VirtualMachine, Kind));

const ROWS: &[Row] = &[
    ("runs-once-with-the-last-reference", runs_once),
    ("is-given-the-capsule-itself", is_given_the_capsule),
    ("may-read-every-field", reads_everything),
    ("may-change-every-field", changes_everything),
    ("sets-another-that-is-not-called", sets_another),
    ("does-not-run-when-replaced", replaced),
    ("does-not-run-when-removed", removed),
    ("runs-when-set-later", set_later),
    ("may-destroy-another-capsule", nested),
    ("may-run-python-code", runs_python),
    ("runs-before-owner-and-value-are-dropped", before_owned),
    ("is-reported-with-its-kind", kind_is_reported),
];

pub(crate) fn trials() -> Vec<Trial> {
    let of_each_kind = ROWS.iter().flat_map(|(name, row)| {
        Kind::ALL.map(|kind| {
            trial(format!("destructors::{kind:?}::{name}"), move || {
                in_shared_interpreter(move |vm| row(vm, kind));
                Ok(())
            })
        })
    });
    of_each_kind
        .chain([
            trial("destructors::none-runs-if-no-capsule-was-made", || {
                in_shared_interpreter(refused);
                Ok(())
            }),
            trial("destructors::a-closure-that-never-runs-is-dropped", || {
                in_shared_interpreter(never_run);
                Ok(())
            }),
            trial(
                "destructors::the-function-of-a-closure-does-nothing-for-another-capsule",
                || {
                    in_shared_interpreter(borrowed_function);
                    Ok(())
                },
            ),
        ])
        .collect()
}

/// A capsule whose destructor counts in the only entry of the ledger.
fn counted(vm: &VirtualMachine, kind: Kind) -> (Ledger, PyRef<PyCapsule>) {
    let ledger = Ledger::of(1);
    let entry = ledger.clone();
    let capsule = with_destructor(kind, vm, move |_| entry.record(0)).build(&vm.ctx);
    (ledger, capsule)
}

fn runs_once(vm: &VirtualMachine, kind: Kind) {
    let (ledger, capsule) = counted(vm, kind);
    let other = capsule.clone();
    drop(capsule);
    ledger.assert_all_zero();
    drop(other);
    ledger.assert_all_once();
}

fn is_given_the_capsule(vm: &VirtualMachine, kind: Kind) {
    let log = Log::default();
    let seen = log.clone();
    let capsule =
        with_destructor(kind, vm, move |capsule| seen.write(capsule.get_id())).build(&vm.ctx);
    let id = capsule.get_id();
    drop(capsule);
    assert_eq!(log.lines(), [id.to_string()]);
}

/// Everything that can be read of a capsule, one line for each.
fn everything(capsule: &Py<PyCapsule>, vm: &VirtualMachine) -> Vec<String> {
    let object = capsule.as_object();
    vec![
        format!("name {:?} {:?}", capsule.name(), capsule.name_address()),
        format!("pointer {:?}", capsule.pointer(Some(c"a.b"))),
        format!("vouched {:?}", capsule.vouched_pointer(Some(c"a.b"))),
        format!("other name {:?}", capsule.pointer(Some(c"a"))),
        format!("no name {:?}", capsule.pointer(None)),
        format!("valid {}", capsule.is_valid(Some(c"a.b"))),
        format!("invalid {}", capsule.is_valid(None)),
        format!("context {:?}", capsule.context()),
        format!("function {:?}", capsule.c_destructor()),
        format!("owner {:?}", capsule.owner().map(|owner| owner.get_id())),
        format!("value {:?}", capsule.value::<u32>(Some(c"a.b")).is_ok()),
        format!("exact {}", PyCapsule::of(object).is_ok()),
        format!("hash {:?}", object.hash(vm).ok()),
        format!(
            "repr {:?}",
            object.repr(vm).map(|text| text.to_string()).ok()
        ),
    ]
}

fn reads_everything(vm: &VirtualMachine, kind: Kind) {
    let log = Log::default();
    let seen = log.clone();
    let capsule = with_destructor(kind, vm, move |capsule| {
        with_current_vm(|vm| {
            everything(capsule, vm)
                .iter()
                .for_each(|line| seen.write(line))
        });
    })
    .name(c"a.b")
    .context(without_provenance_mut(77))
    .owner(vm.ctx.new_str("owner").into())
    .build(&vm.ctx);
    let alive = everything(&capsule, vm);
    drop(capsule);
    assert_eq!(log.lines(), alive);
}

fn changes_everything(vm: &VirtualMachine, kind: Kind) {
    let log = Log::default();
    let seen = log.clone();
    let other = NonNull::new(without_provenance_mut::<c_void>(99)).expect("99 is not 0");
    let other = other.addr();
    let capsule = with_destructor(kind, vm, move |capsule| {
        let pointer = NonNull::without_provenance(other);
        capsule.set_pointer(pointer);
        capsule.set_name(Some(c"static".into()));
        capsule.set_context(pointer.as_ptr());
        seen.write(capsule.pointer(Some(c"static")) == Ok(pointer));
        seen.write(capsule.context() == pointer.as_ptr());
        capsule.set_name(Some(c"owned".to_owned().into()));
        seen.write(capsule.claim(Some(c"owned"), None) == Ok(pointer));
        seen.write(capsule.name().is_none());
        seen.write(matches!(
            capsule.claim(Some(c"owned"), None),
            Err(CapsuleError::WrongName(_))
        ));
    })
    .build(&vm.ctx);
    drop(capsule);
    assert_eq!(log.lines(), ["true"; 5]);
}

unsafe extern "C" fn never(_: *mut PyObject) {
    std::process::abort();
}

fn sets_another(vm: &VirtualMachine, kind: Kind) {
    let ledger = Ledger::of(3);
    let entries = ledger.clone();
    let capsule = with_destructor(kind, vm, move |capsule| {
        entries.record(0);
        let token = entries.token(1);
        let uncalled = move |_: &Py<PyCapsule>| {
            let _held = &token;
            std::process::abort();
        };
        capsule.set_destructor(Destructor::rust(uncalled));
        let token = entries.token(2);
        with_current_vm(|vm| {
            capsule.set_destructor(python(vm, move |_| {
                let _held = &token;
                std::process::abort();
            }));
        });
        // SAFETY: it ignores its argument, and is never called.
        capsule.set_destructor(unsafe { Destructor::c(never) });
        if capsule.destructor_kind() != DestructorKind::C {
            entries.record(0);
        }
    })
    .build(&vm.ctx);
    drop(capsule);
    ledger.assert_all_once();
}

fn replaced(vm: &VirtualMachine, kind: Kind) {
    for by in Kind::ALL {
        let (old, capsule) = counted(vm, kind);
        let new = Ledger::of(1);
        let entry = new.clone();
        let native_before = native_runs();
        // A C destructor finds its action through the pointer, which stays that of the old action.
        match by {
            Kind::C => {
                // SAFETY: it ignores its argument.
                capsule.set_destructor(unsafe { Destructor::c(native_run) });
            }
            Kind::Rust => capsule.set_destructor(Destructor::rust(move |_| entry.record(0))),
            Kind::Python => capsule.set_destructor(python(vm, move |_| entry.record(0))),
        }
        drop(capsule);
        old.assert_all_zero();
        if by == Kind::C {
            assert_eq!(native_runs(), native_before + 1);
        } else {
            new.assert_all_once();
        }
    }
}

fn removed(vm: &VirtualMachine, kind: Kind) {
    let (ledger, capsule) = counted(vm, kind);
    capsule.set_destructor(Destructor::none());
    assert_eq!(capsule.destructor_kind(), DestructorKind::None);
    drop(capsule);
    ledger.assert_all_zero();
}

fn set_later(vm: &VirtualMachine, kind: Kind) {
    let (ledger, model) = counted(vm, kind);
    let capsule = PyCapsule::builder(model.any_pointer()).build(&vm.ctx);
    let entry = ledger.clone();
    capsule.set_destructor(match kind {
        // SAFETY: the function is that of `model`, and `capsule` has the same pointer, which it
        // reads.
        Kind::C => unsafe { Destructor::c(model.c_destructor().expect("one is set")) },
        Kind::Rust => Destructor::rust(move |_| entry.record(0)),
        Kind::Python => python(vm, move |_| entry.record(0)),
    });
    model.set_destructor(Destructor::none());
    drop(model);
    ledger.assert_all_zero();
    drop(capsule);
    ledger.assert_all_once();
}

fn nested(vm: &VirtualMachine, kind: Kind) {
    for inner in Kind::ALL {
        let log = Log::default();
        let seen = log.clone();
        let capsule = with_destructor(kind, vm, move |_| {
            seen.write("outer begins");
            let log = seen.clone();
            with_current_vm(|vm| {
                drop(with_destructor(inner, vm, move |_| log.write("inner")).build(&vm.ctx))
            });
            seen.write("outer ends");
        });
        drop(capsule.build(&vm.ctx));
        assert_eq!(log.lines(), ["outer begins", "inner", "outer ends"]);
    }
}

fn runs_python(vm: &VirtualMachine, kind: Kind) {
    let log = Log::default();
    let seen = log.clone();
    let capsule = with_destructor(kind, vm, move |capsule| {
        with_current_vm(|vm| {
            let scope = vm.new_scope_with_builtins();
            let global = |name: &str| scope.globals.get_item(name, vm);
            let ran = scope
                .globals
                .set_item("capsule", capsule.as_object().to_owned(), vm)
                .and_then(|()| {
                    let source = "import gc, json, time\n\
                                  gc.collect()\n\
                                  time.sleep(0.001)\n\
                                  found = json.dumps([str(capsule)[:8], 3])";
                    exec(source, &scope, vm)
                })
                .and_then(|_| global("found")?.str(vm));
            seen.write(match ran {
                Ok(found) => found.to_string(),
                Err(error) => shown(&error, vm),
            });
        });
    });
    drop(capsule.build(&vm.ctx));
    assert_eq!(log.lines(), [r#"["<capsule", 3]"#]);
}

/// Writes its line when dropped.
struct LogsDrop(Log, &'static str);

impl Drop for LogsDrop {
    fn drop(&mut self) {
        self.0.write(self.1);
    }
}

fn before_owned(vm: &VirtualMachine, kind: Kind) {
    let log = Log::default();
    let (seen, owners) = (log.clone(), log.clone());
    let owner = with_destructor(kind, vm, move |_| owners.write("dropped: owner")).build(&vm.ctx);
    let capsule = with_destructor(kind, vm, move |capsule| {
        seen.write(capsule.owner().is_some());
    })
    .owner(owner.into())
    .build(&vm.ctx);
    drop(capsule);
    assert_eq!(log.lines(), ["true", "dropped: owner"]);

    let log = Log::default();
    let seen = log.clone();
    let capsule = PyCapsule::from_value(LogsDrop(log.clone(), "dropped: value")).build(&vm.ctx);
    let read = move |capsule: &Py<PyCapsule>| {
        seen.write(
            capsule
                .value::<LogsDrop>(None)
                .is_ok_and(|value| value.1 == "dropped: value"),
        );
    };
    capsule.set_destructor(match kind {
        // The pointer is that of the value, where a C destructor would find no action.
        Kind::C => Destructor::none(),
        Kind::Rust => Destructor::rust(read),
        Kind::Python => python(vm, read),
    });
    drop(capsule);
    let expected: &[_] = match kind {
        Kind::C => &["dropped: value"],
        Kind::Rust | Kind::Python => &["true", "dropped: value"],
    };
    assert_eq!(log.lines(), expected);
}

fn kind_is_reported(vm: &VirtualMachine, kind: Kind) {
    let (_ledger, capsule) = counted(vm, kind);
    let expected = match kind {
        Kind::C => DestructorKind::C,
        Kind::Rust => DestructorKind::Rust,
        Kind::Python => DestructorKind::Python,
    };
    assert_eq!(capsule.destructor_kind(), expected);
    assert_eq!(capsule.python_destructor().is_some(), kind == Kind::Python);
    assert!(capsule.c_destructor().is_some());
}

fn refused(vm: &VirtualMachine) {
    // SAFETY: the name is NULL, and the function is never called, since no capsule is made.
    let refused = unsafe { ffi::new(core::ptr::null_mut(), null(), Some(never)) };
    assert!(matches!(refused, Err(CapsuleError::NullPointer)));

    let scope = vm.new_scope_with_builtins();
    let source = "import _capsule\ncalls = []\n\
                  try: _capsule.new(0, 'a', calls.append)\n\
                  except ValueError: pass\n\
                  assert calls == []";
    if let Err(error) = exec(source, &scope, vm) {
        panic!("{}", shown(&error, vm));
    }
}

fn never_run(vm: &VirtualMachine) {
    let ledger = Ledger::of(4);
    let holding = |token: Token| {
        move |_: &Py<PyCapsule>| {
            let _held = &token;
            std::process::abort();
        }
    };
    let pointer = NonNull::<c_void>::dangling();
    let capsule = PyCapsule::builder(pointer).build(&vm.ctx);
    capsule.set_destructor(Destructor::rust(holding(ledger.token(0))));
    capsule.set_destructor(python(vm, holding(ledger.token(1))));
    capsule.set_destructor(Destructor::none());
    drop(capsule);
    drop(PyCapsule::builder(pointer).destructor(Destructor::rust(holding(ledger.token(2)))));
    drop(Destructor::rust(holding(ledger.token(3))));
    ledger.assert_all_once();
}

/// C code may read the function of one capsule and set it for another.
fn borrowed_function(vm: &VirtualMachine) {
    let (ledger, lender) = counted(vm, Kind::Rust);
    let function = lender.c_destructor();
    let pointer = lender.any_pointer().as_ptr();
    // SAFETY: the name is NULL, and the function of a closure accepts any capsule.
    let borrower = unsafe { ffi::new(pointer, null(), function) };
    drop(borrower);
    ledger.assert_all_zero();

    let function = function.expect("one is set");
    // SAFETY: the function accepts any capsule that is alive.
    unsafe { function(lender.as_object().as_raw().cast_mut()) };
    ledger.assert_all_once();
    drop(lender);
    ledger.assert_all_once();
    drop(PyCapsule::builder(NonNull::dangling()).build(Context::genesis()));
}
