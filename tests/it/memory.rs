//! Memory: after many capsules, and after many interpreters with capsules in them, there is as much in
//! use as before. Some hundred thousand capsules, or as many as `CAPSULE_TESTS_MANY` says; each row
//! has a process of its own, since all is measured from outside.

mod limit;
mod loops;

use core::ffi::{CStr, c_int, c_void};
use core::ptr::{NonNull, without_provenance_mut};
use std::fs;
use std::thread;

use libtest_mimic::Trial;
use rustpython_capsule::__private::ffi::{self};
use rustpython_capsule::{Destructor, PyCapsule};
use rustpython_capsule_capi::bytesobject::PyBytes_AsString;
use rustpython_capsule_capi::unicodeobject::PyUnicode_AsUTF8;
use rustpython_vm::builtins::{PyBytes, PyStr};
use rustpython_vm::{AsObject, PyObject, PyRef, VirtualMachine};

use crate::c_code;
use crate::interpreter::{exec, in_interpreter, shown};
use crate::ledger::alone;

pub(crate) fn trials() -> Vec<Trial> {
    if !cfg!(all(target_os = "linux", target_env = "gnu")) {
        return vec![c_code::left_out(
            "memory::left out, no Linux with glibc here".to_owned(),
        )];
    }
    let returns = [
        alone("memory::returns::c-one-at-a-time", || {
            returns(c_one_at_a_time)
        }),
        alone("memory::returns::c-all-at-once", || returns(c_all_at_once)),
        alone("memory::returns::c-with-names-that-change", || {
            returns(names_that_change)
        }),
        alone("memory::returns::rust-values-all-at-once", || {
            returns(rust_values)
        }),
        alone("memory::returns::rust-closures-in-a-chain", || {
            returns(rust_chain)
        }),
        alone("memory::returns::python-one-at-a-time", || {
            returns(python_one_at_a_time)
        }),
        alone("memory::returns::python-all-at-once", || {
            returns(python_all_at_once)
        }),
        alone("memory::returns::texts-of-str-one-at-a-time", || {
            returns(|count, vm| (0..count).for_each(|number| drop(asked_str(number, vm))));
        }),
        alone("memory::returns::texts-of-str-all-at-once", || {
            returns(|count, vm| {
                drop(Vec::from_iter(
                    (0..count).map(|number| asked_str(number, vm)),
                ))
            });
        }),
        alone("memory::returns::texts-of-str-that-grow", || {
            returns(|count, vm| (0..count / 50).for_each(|number| grown_str(number, vm)));
        }),
        alone("memory::returns::texts-of-bytes-on-another-thread", || {
            returns(|count, vm| {
                let all = Vec::from_iter((0..count).map(|number| asked_bytes(number, vm)));
                on_a_thread(vm, move || drop(all));
            });
        }),
        alone("memory::returns::refusals", || returns(refusals)),
        alone("memory::returns::on-a-thread-of-c-that-ends", || {
            returns(|count, vm| on_a_thread(vm, move || many_of_c(count)));
        }),
        alone("memory::returns::on-a-thread-of-python-that-ends", || {
            returns(|count, vm| {
                let thread = vm.start_thread(move |vm| python_all_at_once(count, vm));
                assert!(vm.allow_threads(|| thread.join()).is_ok());
            });
        }),
        alone(
            "memory::returns::made-here-and-dropped-on-another-thread",
            || {
                returns(|count, vm| {
                    let capsules = all_of_c(count);
                    on_a_thread(vm, move || drop(capsules));
                });
            },
        ),
    ];
    let mut trials = Vec::from(returns);
    trials.extend(loops::trials());
    trials.extend(limit::trials());
    trials
}

/// How many capsules.
fn many() -> usize {
    let told = std::env::var("CAPSULE_TESTS_MANY").ok();
    told.and_then(|told| told.parse().ok()).unwrap_or(300_000)
}

/// What may be in use more than before: a few bytes for each of the capsules are a leak of none.
const SLACK: usize = 800_000;

/// What may be resident more than before: glibc keeps up to one heap of a thread, which has this size.
const HEAP: usize = 64 << 20;

/// What glibc tells of its memory.
#[repr(C)]
struct Information {
    _unused: [usize; 4],
    mapped: usize,
    _limits: [usize; 2],
    allocated: usize,
    _free: [usize; 2],
}

unsafe extern "C" {
    fn malloc_trim(pad: usize) -> c_int;
    fn mallinfo2() -> Information;
}

/// How many bytes are allocated and not freed.
fn allocated() -> usize {
    // SAFETY: it counts.
    let told = unsafe { mallinfo2() };
    told.allocated + told.mapped
}

/// How much memory the process has of the system, when it has given back what it can.
fn resident() -> usize {
    // SAFETY: it gives back what nobody uses.
    unsafe { malloc_trim(0) };
    let status = fs::read_to_string("/proc/self/statm").expect("the system tells");
    let pages: Option<usize> = status
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok());
    pages.expect("a number of pages") * 4096
}

/// All is freed that was allocated for them, and the process does not grow with each turn.
fn returns(make: fn(usize, &VirtualMachine)) {
    in_interpreter(|vm| {
        make(10_000, vm);
        let before = allocated();
        make(many(), vm);
        let after = allocated();
        let first = resident();
        make(many(), vm);
        let second = resident();
        eprintln!("{before} bytes before, {after} after {} capsules", many());
        eprintln!("{first} bytes resident the first time, {second} the second");
        assert!(after < before + SLACK, "not all is freed");
        assert!(second < first + HEAP + SLACK, "the process grows");
    });
}

unsafe extern "C" fn nothing(_: *mut PyObject) {}

fn of_c(number: usize) -> PyRef<PyCapsule> {
    let pointer: *mut c_void = without_provenance_mut(number + 1);
    let destructor: Option<unsafe extern "C" fn(*mut PyObject)> =
        number.is_multiple_of(2).then_some(nothing);
    // SAFETY: a static name, and a function that takes anything.
    let made = unsafe { ffi::new(pointer, c"memory.cap".as_ptr(), destructor) };
    made.expect("there is memory")
}

fn all_of_c(count: usize) -> Vec<PyRef<PyCapsule>> {
    (0..count).map(of_c).collect()
}

fn many_of_c(count: usize) {
    drop(all_of_c(count / 2));
    (0..count / 2).for_each(|number| drop(of_c(number)));
}

fn c_one_at_a_time(count: usize, _: &VirtualMachine) {
    (0..count).for_each(|number| drop(of_c(number)));
}

fn c_all_at_once(count: usize, _: &VirtualMachine) {
    drop(all_of_c(count));
}

fn on_a_thread(vm: &VirtualMachine, f: impl FnOnce() + Send + 'static) {
    assert!(vm.allow_threads(|| thread::spawn(f).join()).is_ok());
}

/// A name of its own for each of two capsules, and back and forth on one.
fn names_that_change(count: usize, _: &VirtualMachine) {
    let one = of_c(0);
    for _ in 0..count / 10 {
        for name in [c"one", c"another"] {
            one.set_name(Some(name.to_owned().into()));
        }
        let other = of_c(1);
        for name in [c"one", c"another", c"a third"] {
            other.set_name(Some(name.to_owned().into()));
        }
    }
}

/// A string whose text C has asked for.
fn asked_str(number: usize, vm: &VirtualMachine) -> PyRef<PyStr> {
    let string = vm.ctx.new_str(number.to_string());
    let object = core::ptr::from_ref(string.as_object()).cast_mut();
    // SAFETY: an object.
    let text = unsafe { PyUnicode_AsUTF8(object) };
    // SAFETY: the text of the string, which lives.
    let text = unsafe { CStr::from_ptr(text) };
    assert_eq!(text.to_bytes(), number.to_string().as_bytes());
    string
}

/// C asks again and again for the text of a string that the VM appends to in place.
fn grown_str(number: usize, vm: &VirtualMachine) {
    // Those of one digit are kept by the VM.
    let mut string = asked_str(10 + number, vm);
    let object = core::ptr::from_ref(string.as_object()).cast_mut();
    for _ in 0..50 {
        string.concat_in_place("more".as_ref(), vm);
        assert!(core::ptr::addr_eq(object, string.as_object()));
        // SAFETY: an object.
        let text = unsafe { PyUnicode_AsUTF8(object) };
        // SAFETY: the text of the string, which lives.
        let text = unsafe { CStr::from_ptr(text) };
        assert_eq!(text.to_bytes(), string.as_wtf8().as_bytes());
    }
}

fn asked_bytes(number: usize, vm: &VirtualMachine) -> PyRef<PyBytes> {
    let bytes = vm.ctx.new_bytes(number.to_string().into_bytes());
    let object = core::ptr::from_ref(bytes.as_object()).cast_mut();
    // SAFETY: an object.
    let text = unsafe { PyBytes_AsString(object) };
    // SAFETY: the text of the object, which lives.
    let text = unsafe { CStr::from_ptr(text) };
    assert_eq!(text.to_bytes(), number.to_string().as_bytes());
    bytes
}

fn rust_values(count: usize, vm: &VirtualMachine) {
    let made = (0..count / 2).map(|number| {
        PyCapsule::from_value(vec![number; 3])
            .name(c"a name of its own".to_owned())
            .build(&vm.ctx)
    });
    drop(Vec::from_iter(made));
}

fn rust_chain(count: usize, vm: &VirtualMachine) {
    let mut last = of_c(0);
    for _ in 0..count / 2 {
        last = PyCapsule::builder(NonNull::dangling())
            .destructor(Destructor::rust(move |_| drop(last)))
            .build(&vm.ctx);
    }
}

fn python(source: &str, count: usize, vm: &VirtualMachine) {
    let scope = vm.new_scope_with_builtins();
    let ran = scope
        .globals
        .set_item("count", vm.ctx.new_int(count).into(), vm)
        .and_then(|()| exec(source, &scope, vm));
    if let Err(error) = ran {
        panic!("{}", shown(&error, vm));
    }
}

fn python_one_at_a_time(count: usize, vm: &VirtualMachine) {
    let source = "from _capsule import new, set_name\ndef f(c): pass\n\
        for number in range(count // 4):\n new(1)\n new(1, f'name {number}')\n new(1, 'a', f)\n\
        \x20c = new(1, 'b', owner=[]); set_name(c, 'c')";
    python(source, count, vm);
}

fn python_all_at_once(count: usize, vm: &VirtualMachine) {
    let source = "from _capsule import new\nimport gc\ndef f(c): pass\n\
        cs = [new(1, f'name {number}', f if number % 4 else None, owner=number) \
        for number in range(count // 5)]\n\
        cs = [new(1) for _ in range(count // 2)]\ncs.append(cs)\ndel cs\ngc.collect()";
    python(source, count, vm);
}

/// Not those of imports: the VM loses memory with each module that it does not find.
fn refusals(count: usize, vm: &VirtualMachine) {
    let source = "import _capsule\nc = _capsule.new(1, 'a')\n\
        for number in range(count // 10):\n\
        \x20try: _capsule.get_pointer(c, f'name {number}')\n\
        \x20except ValueError: pass";
    python(source, count, vm);
}
