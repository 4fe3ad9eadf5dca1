//! Capsules in a process with several interpreters: each interpreter imports and destroys its own.

mod destructors;
mod fixture;

use std::ffi::OsStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use libtest_mimic::{Failed, Trial};
use rustpython_capsule_glue::capsule::{Destructor, PyCapsule};
use rustpython_capsule_glue::{Access, import, import_value};
use rustpython_vm::class::StaticType;
use rustpython_vm::{AsObject, Interpreter, PyObjectRef};

use crate::interpreter::{Ended, child, interpreter, shown, trial};
use fixture::{MAKE, Test, counting, run, run_in, with_two};

fn class_is_the_same() -> Result<(), Failed> {
    with_two(Access::Open, |parent, sub| {
        let class_in = |interpreter: &Interpreter| -> PyObjectRef {
            interpreter.enter(|vm| {
                let types = vm.import("types", 0).expect("types can be imported");
                let class = types.get_attr("CapsuleType", vm);
                class.unwrap_or_else(|error| panic!("{}", shown(&error, vm)))
            })
        };
        assert!(class_in(parent).is(&class_in(&sub)));
        assert!(class_in(&sub).is(PyCapsule::static_type()));
        assert_eq!(
            run_in(
                &sub,
                "import types, _capsule; result = types.CapsuleType is _capsule.PyCapsule is type(_capsule.new(1))"
            ),
            "True"
        );
        sub.finalize(None);
    })
}

fn access_is_inherited() -> Result<(), Failed> {
    let source = "import _capsule; result = _capsule.get_pointer(_capsule.new(7), None)";
    let expected = [
        (Access::Open, "7"),
        (
            Access::Sealed,
            "PermissionError: _capsule.new: capsules are sealed in this interpreter",
        ),
    ];
    for (access, expected) in expected {
        with_two(access, |_, sub| {
            let below = sub.create_subinterpreter();
            assert_eq!(run_in(&sub, source), expected);
            assert_eq!(run_in(&below, source), expected);
            below.finalize(None);
            sub.finalize(None);
        })?;
    }
    Ok(())
}

fn each_imports_its_own() -> Result<(), Failed> {
    with_two(Access::Open, |parent, sub| {
        let ask = "import _capsule; result = _capsule.import_('m.cap')";
        assert_eq!(run_in(&sub, MAKE), "");
        assert_eq!(run_in(&sub, ask), "7");
        assert_eq!(
            run_in(parent, ask),
            "ImportError: PyCapsule_Import could not import module \"m\""
        );
        run_in(parent, &MAKE.replace('7', "8"));
        assert_eq!(run_in(parent, ask), "8");
        assert_eq!(run_in(&sub, ask), "7");
        sub.finalize(None);
        assert_eq!(run_in(parent, ask), "8");
    })
}

fn finalization_destroys_what_is_left() -> Result<(), Failed> {
    let count = Arc::new(AtomicUsize::new(0));
    with_two(Access::Open, |parent, sub| {
        let hold = |interpreter: &Interpreter| {
            interpreter.enter(|vm| {
                let destructor = Destructor::python(counting(&count, vm), vm);
                let capsule = PyCapsule::from_value(5_u8)
                    .destructor(destructor)
                    .build(&vm.ctx);
                let set = vm.sys_module.set_attr("kept", capsule, vm);
                set.unwrap_or_else(|error| panic!("{}", shown(&error, vm)));
            });
        };
        hold(parent);
        hold(&sub);
        sub.finalize(None);
        assert_eq!(count.load(Ordering::SeqCst), 1);
    })?;
    assert_eq!(count.load(Ordering::SeqCst), 2);
    Ok(())
}

fn imported_values_outlive_their_interpreter() -> Result<(), Failed> {
    with_two(Access::Open, |parent, sub| {
        let value = sub.enter(|vm| {
            let capsule = PyCapsule::from_value("text".to_owned())
                .name(c"m.value")
                .owner(vm.ctx.new_list(Vec::new()).into())
                .build(&vm.ctx);
            assert_eq!(run(MAKE, vm), "");
            let set = vm
                .import("m", 0)
                .and_then(|module| module.set_attr("value", capsule, vm));
            set.unwrap_or_else(|error| panic!("{}", shown(&error, vm)));
            import_value::<String>(c"m.value", vm)
                .unwrap_or_else(|error| panic!("{}", shown(&error, vm)))
        });
        sub.finalize(None);
        assert_eq!(*value, "text");
        parent.enter(|vm| {
            assert!(import(c"m.value", vm).is_err());
            drop(value);
        });
    })
}

fn many_in_a_row() -> Result<(), Failed> {
    let count = Arc::new(AtomicUsize::new(0));
    let parent = interpreter(Access::Open);
    for _ in 0..20 {
        let sub = parent.create_subinterpreter();
        let [kept, dropped] = sub.enter(|vm| {
            [c"m.kept", c"m.dropped"].map(|name| {
                let destructor = Destructor::python(counting(&count, vm), vm);
                PyCapsule::from_value(5_u8)
                    .name(name)
                    .destructor(destructor)
                    .build(&vm.ctx)
            })
        });
        assert_eq!(run_in(&sub, MAKE), "");
        parent.enter(|_| drop(dropped));
        sub.enter(|vm| {
            let set = vm.sys_module.set_attr("kept", kept, vm);
            set.unwrap_or_else(|error| panic!("{}", shown(&error, vm)));
        });
        sub.finalize(None);
    }
    assert_eq!(count.load(Ordering::SeqCst), 40);
    parent.finalize(None);
    Ok(())
}

/// Python code creates and destroys sub-interpreters whose capsules print when they are destroyed.
fn created_by_python_code() -> Result<(), Failed> {
    let source = "
import _interpreters
inner = '''
import types, _capsule
def note(capsule): print('destroyed', _capsule.get_pointer(capsule, 'a'), flush=True)
kept = _capsule.new({number}, 'a', note)
del kept
kept = _capsule.new({number} + 1, 'a', note)
assert type(kept) is types.CapsuleType
'''
for number in range(10, 40, 10):
    other = _interpreters.create()
    failed = _interpreters.run_string(other, inner.format(number=number))
    print('ran', failed, flush=True)
    _interpreters.destroy(other)
print('end')
";
    let ended = child(&[OsStr::new("-c"), OsStr::new(source)], &[]);
    let expected: String = (10..40)
        .step_by(10)
        .map(|number| format!("destroyed {number}\nran None\ndestroyed {}\n", number + 1))
        .collect();
    expect_output(&ended, &format!("{expected}end\n"))
}

/// A sub-interpreter that was not destroyed is finalized when the program exits.
fn one_is_left_at_exit() -> Result<(), Failed> {
    let source = "
import _interpreters
other = _interpreters.create()
_interpreters.run_string(other, '''
import _capsule
kept = _capsule.new(7, 'a', lambda capsule: print('destroyed', flush=True))
''')
print('end', flush=True)
";
    let ended = child(
        &[
            OsStr::new("-W"),
            OsStr::new("ignore"),
            OsStr::new("-c"),
            OsStr::new(source),
        ],
        &[],
    );
    expect_output(&ended, "end\ndestroyed\n")
}

fn expect_output(ended: &Ended, expected: &str) -> Result<(), Failed> {
    if ended.code == Some(0) && ended.stdout == expected && ended.stderr.is_empty() {
        Ok(())
    } else {
        Err(format!("{ended:?}\nexpected {expected:?}").into())
    }
}

const TESTS: [(&str, Test); 8] = [
    ("all-share-one-class", class_is_the_same),
    ("a-sub-interpreter-inherits-the-access", access_is_inherited),
    ("each-imports-its-own-capsules", each_imports_its_own),
    (
        "finalization-destroys-the-capsules-that-are-left",
        finalization_destroys_what_is_left,
    ),
    (
        "an-imported-value-outlives-its-interpreter",
        imported_values_outlive_their_interpreter,
    ),
    ("many-are-created-and-finalized-in-a-row", many_in_a_row),
    (
        "python-code-can-create-and-destroy-them",
        created_by_python_code,
    ),
    ("one-that-is-left-is-finalized-at-exit", one_is_left_at_exit),
];

pub(crate) fn trials() -> Vec<Trial> {
    let here = TESTS.map(|(name, test)| trial(format!("subinterpreters::{name}"), test));
    let destructors = destructors::TESTS
        .map(|(name, test)| trial(format!("subinterpreters::a-python-destructor-{name}"), test));
    here.into_iter().chain(destructors).collect()
}
