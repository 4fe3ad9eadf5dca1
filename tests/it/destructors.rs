//! When a destructor runs, what it can do while it runs, and what replaces it. Every row holds for
//! a C function, a Rust closure and a Python callable alike.

use core::ffi::c_void;
use core::ptr::{NonNull, null, without_provenance_mut};

use libtest_mimic::Trial;
use rustpython_capsule::__private::ffi::{self};
use rustpython_capsule::{CapsuleError, Destructor, DestructorKind, PyCapsule};
use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{AsObject, Context, Py, PyObject, PyRef, VirtualMachine};

use crate::interpreter::{exec, shown, trial};
use crate::ledger::{Kind, Ledger, Log, Token, dying, native_run, native_runs, python, shared};

type Row = (&'static str, fn(&VirtualMachine, Kind));

const ROWS: &[Row] = &[
    ("runs-once-with-the-last-reference", runs_once),
    ("is-given-the-capsule-itself", is_given_the_capsule),
    ("reads-everything-inside", reads_everything),
    ("changes-everything-inside", changes_everything),
    ("cannot-set-another-while-it-runs", cannot_set_another),
    ("does-not-run-when-replaced", replaced),
    ("does-not-run-when-removed", removed),
    ("runs-when-set-later", set_later),
    ("runs-others-nested", nested),
    ("runs-python-inside", runs_python),
    ("runs-before-owner-and-value-go", before_belongings),
    ("is-told-apart-by-kind", told_apart),
];

pub(crate) fn trials() -> Vec<Trial> {
    let of_each_kind = ROWS.iter().flat_map(|(name, row)| {
        Kind::ALL.map(|kind| {
            trial(format!("destructors::{kind:?}::{name}"), move || {
                shared(move |vm| row(vm, kind));
                Ok(())
            })
        })
    });
    of_each_kind
        .chain([
            trial("destructors::none-runs-for-a-refused-capsule", || {
                shared(refused);
                Ok(())
            }),
            trial("destructors::a-closure-that-never-runs-is-dropped", || {
                shared(never_run);
                Ok(())
            }),
            trial(
                "destructors::a-borrowed-closure-function-does-nothing",
                || {
                    shared(borrowed_function);
                    Ok(())
                },
            ),
        ])
        .collect()
}

/// A capsule that strikes the ledger's only entry.
fn counted(vm: &VirtualMachine, kind: Kind) -> (Ledger, PyRef<PyCapsule>) {
    let ledger = Ledger::of(1);
    let entry = ledger.clone();
    let capsule = dying(kind, vm, move |_| entry.strike(0)).build(&vm.ctx);
    (ledger, capsule)
}

fn runs_once(vm: &VirtualMachine, kind: Kind) {
    let (ledger, capsule) = counted(vm, kind);
    let other = capsule.clone();
    drop(capsule);
    ledger.assert_untouched();
    drop(other);
    ledger.assert_settled();
}

fn is_given_the_capsule(vm: &VirtualMachine, kind: Kind) {
    let log = Log::default();
    let seen = log.clone();
    let capsule = dying(kind, vm, move |dead| seen.write(dead.get_id())).build(&vm.ctx);
    let id = capsule.get_id();
    drop(capsule);
    assert_eq!(log.lines(), [id.to_string()]);
}

/// Everything that can be read of a capsule, a line each.
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
    let capsule = dying(kind, vm, move |dead| {
        with_current_vm(|vm| {
            everything(dead, vm)
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
    let capsule = dying(kind, vm, move |dead| {
        let pointer = NonNull::without_provenance(other);
        dead.set_pointer(pointer);
        dead.set_name(Some(c"static".into()));
        dead.set_context(pointer.as_ptr());
        seen.write(dead.pointer(Some(c"static")) == Ok(pointer));
        seen.write(dead.context() == pointer.as_ptr());
        dead.set_name(Some(c"owned".to_owned().into()));
        seen.write(dead.claim(Some(c"owned"), None) == Ok(pointer));
        seen.write(dead.name().is_none());
        seen.write(matches!(
            dead.claim(Some(c"owned"), None),
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

fn cannot_set_another(vm: &VirtualMachine, kind: Kind) {
    let ledger = Ledger::of(3);
    let entries = ledger.clone();
    let capsule = dying(kind, vm, move |dead| {
        entries.strike(0);
        let token = entries.token(1);
        let uncalled = move |_: &Py<PyCapsule>| {
            let _held = &token;
            std::process::abort();
        };
        dead.set_destructor(Destructor::rust(uncalled));
        let token = entries.token(2);
        with_current_vm(|vm| {
            dead.set_destructor(python(vm, move |_| {
                let _held = &token;
                std::process::abort();
            }));
        });
        // SAFETY: it can be called with anything, and is not.
        dead.set_destructor(unsafe { Destructor::c(never) });
        if dead.destructor_kind() != DestructorKind::C {
            entries.strike(0);
        }
    })
    .build(&vm.ctx);
    drop(capsule);
    ledger.assert_settled();
}

fn replaced(vm: &VirtualMachine, kind: Kind) {
    for by in Kind::ALL {
        let (old, capsule) = counted(vm, kind);
        let new = Ledger::of(1);
        let entry = new.clone();
        let native_before = native_runs();
        // The pointer of `capsule` is the old action's, so a C function cannot find a new one.
        match by {
            Kind::C => {
                // SAFETY: it can be called with anything.
                capsule.set_destructor(unsafe { Destructor::c(native_run) });
            }
            Kind::Rust => capsule.set_destructor(Destructor::rust(move |_| entry.strike(0))),
            Kind::Python => capsule.set_destructor(python(vm, move |_| entry.strike(0))),
        }
        drop(capsule);
        old.assert_untouched();
        if by == Kind::C {
            assert_eq!(native_runs(), native_before + 1);
        } else {
            new.assert_settled();
        }
    }
}

fn removed(vm: &VirtualMachine, kind: Kind) {
    let (ledger, capsule) = counted(vm, kind);
    capsule.set_destructor(Destructor::none());
    assert_eq!(capsule.destructor_kind(), DestructorKind::None);
    drop(capsule);
    ledger.assert_untouched();
}

fn set_later(vm: &VirtualMachine, kind: Kind) {
    let (ledger, model) = counted(vm, kind);
    let capsule = PyCapsule::builder(model.any_pointer()).build(&vm.ctx);
    let entry = ledger.clone();
    capsule.set_destructor(match kind {
        // SAFETY: the function is `model`'s own, and `capsule` has the pointer that it wants.
        Kind::C => unsafe { Destructor::c(model.c_destructor().expect("one is set")) },
        Kind::Rust => Destructor::rust(move |_| entry.strike(0)),
        Kind::Python => python(vm, move |_| entry.strike(0)),
    });
    model.set_destructor(Destructor::none());
    drop(model);
    ledger.assert_untouched();
    drop(capsule);
    ledger.assert_settled();
}

fn nested(vm: &VirtualMachine, kind: Kind) {
    for inner in Kind::ALL {
        let log = Log::default();
        let seen = log.clone();
        let capsule = dying(kind, vm, move |_| {
            seen.write("outer begins");
            let log = seen.clone();
            with_current_vm(|vm| {
                drop(dying(inner, vm, move |_| log.write("inner")).build(&vm.ctx))
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
    let capsule = dying(kind, vm, move |dead| {
        with_current_vm(|vm| {
            let scope = vm.new_scope_with_builtins();
            let global = |name: &str| scope.globals.get_item(name, vm);
            let ran = scope
                .globals
                .set_item("capsule", dead.as_object().to_owned(), vm)
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
struct Farewell(Log, &'static str);

impl Drop for Farewell {
    fn drop(&mut self) {
        self.0.write(self.1);
    }
}

fn before_belongings(vm: &VirtualMachine, kind: Kind) {
    let log = Log::default();
    let (seen, owners) = (log.clone(), log.clone());
    let owner = dying(kind, vm, move |_| owners.write("gone: owner")).build(&vm.ctx);
    let capsule = dying(kind, vm, move |dead| {
        seen.write(dead.owner().is_some());
    })
    .owner(owner.into())
    .build(&vm.ctx);
    drop(capsule);
    assert_eq!(log.lines(), ["true", "gone: owner"]);

    let log = Log::default();
    let seen = log.clone();
    let capsule = PyCapsule::from_value(Farewell(log.clone(), "gone: value")).build(&vm.ctx);
    let read = move |dead: &Py<PyCapsule>| {
        seen.write(
            dead.value::<Farewell>(None)
                .is_ok_and(|value| value.1 == "gone: value"),
        );
    };
    capsule.set_destructor(match kind {
        // The pointer is the value's, so a C function has no action to find.
        Kind::C => Destructor::none(),
        Kind::Rust => Destructor::rust(read),
        Kind::Python => python(vm, read),
    });
    drop(capsule);
    let expected: &[_] = match kind {
        Kind::C => &["gone: value"],
        Kind::Rust | Kind::Python => &["true", "gone: value"],
    };
    assert_eq!(log.lines(), expected);
}

fn told_apart(vm: &VirtualMachine, kind: Kind) {
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
    // SAFETY: no name, and a function that is not called.
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
    ledger.assert_settled();
}

/// C may read the function of one capsule and give it to another.
fn borrowed_function(vm: &VirtualMachine) {
    let (ledger, lender) = counted(vm, Kind::Rust);
    let function = lender.c_destructor();
    let pointer = lender.any_pointer().as_ptr();
    // SAFETY: no name, and a function that takes any capsule.
    let borrower = unsafe { ffi::new(pointer, null(), function) };
    drop(borrower);
    ledger.assert_untouched();

    let function = function.expect("one is set");
    // SAFETY: the function takes any capsule, also one that lives.
    unsafe { function(lender.as_object().as_raw().cast_mut()) };
    ledger.assert_settled();
    drop(lender);
    ledger.assert_settled();
    drop(PyCapsule::builder(NonNull::dangling()).build(Context::genesis()));
}
