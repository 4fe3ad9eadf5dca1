//! No memory leaks: after many capsules, and after many interpreters with capsules, as much memory
//! is in use as before. A run makes 300,000 capsules, or as many as `CAPSULE_TESTS_MANY` says. Each
//! row runs in a process of its own, since it measures the memory of the process.

mod limit;
mod loops;
mod measure;

use core::ffi::{CStr, c_int, c_void};
use core::mem::MaybeUninit;
use core::ptr::{NonNull, without_provenance_mut};
use std::thread;

use libtest_mimic::Trial;
use rustpython_capsule::__private::ffi;
use rustpython_capsule::{Destructor, PyCapsule};
use rustpython_capsule_capi::bytesobject::PyBytes_AsString;
use rustpython_capsule_capi::memoryobject::PyMemoryView_FromMemory;
use rustpython_capsule_capi::pybuffer::{PyBuffer_Release, PyBufferView, PyObject_GetBuffer};
use rustpython_capsule_capi::unicodeobject::PyUnicode_AsUTF8;
use rustpython_vm::builtins::{PyBytes, PyStr};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyRef, VirtualMachine};

use crate::c_code;
use crate::interpreter::{exec, in_interpreter, shown};
use crate::ledger::in_own_process;
use measure::{HEAP, SLACK, allocated, many, resident};

pub(crate) fn trials() -> Vec<Trial> {
    if !cfg!(all(target_os = "linux", target_env = "gnu")) {
        return vec![c_code::skipped(
            "memory::skipped, no Linux with glibc here".to_owned(),
        )];
    }
    let is_freed = [
        in_own_process("memory::is-freed::c-one-at-a-time", || {
            is_freed(c_one_at_a_time)
        }),
        in_own_process("memory::is-freed::c-all-at-once", || {
            is_freed(c_all_at_once)
        }),
        in_own_process("memory::is-freed::c-with-names-that-change", || {
            is_freed(names_that_change)
        }),
        in_own_process("memory::is-freed::rust-values-all-at-once", || {
            is_freed(rust_values)
        }),
        in_own_process("memory::is-freed::rust-closures-in-a-chain", || {
            is_freed(rust_chain)
        }),
        in_own_process("memory::is-freed::python-one-at-a-time", || {
            is_freed(python_one_at_a_time)
        }),
        in_own_process("memory::is-freed::python-all-at-once", || {
            is_freed(python_all_at_once)
        }),
        in_own_process("memory::is-freed::texts-of-str-one-at-a-time", || {
            is_freed(|count, vm| (0..count).for_each(|number| drop(str_with_text(number, vm))));
        }),
        in_own_process("memory::is-freed::texts-of-str-all-at-once", || {
            is_freed(|count, vm| {
                drop(Vec::from_iter(
                    (0..count).map(|number| str_with_text(number, vm)),
                ))
            });
        }),
        in_own_process("memory::is-freed::texts-of-str-that-grow", || {
            is_freed(|count, vm| (0..count / 50).for_each(|number| grown_str(number, vm)));
        }),
        in_own_process("memory::is-freed::texts-of-bytes-on-another-thread", || {
            is_freed(|count, vm| {
                let all = Vec::from_iter((0..count).map(|number| bytes_with_text(number, vm)));
                on_a_thread(vm, move || drop(all));
            });
        }),
        in_own_process("memory::is-freed::views-of-buffers", || {
            is_freed(|count, vm| (0..count / 4).for_each(|number| views(number, vm)));
        }),
        in_own_process("memory::is-freed::exceptions", || is_freed(exceptions)),
        in_own_process("memory::is-freed::on-a-native-thread-that-exits", || {
            is_freed(|count, vm| on_a_thread(vm, move || many_of_c(count)));
        }),
        in_own_process("memory::is-freed::on-a-python-thread-that-exits", || {
            is_freed(|count, vm| {
                let thread = vm.start_thread(move |vm| python_all_at_once(count, vm));
                assert!(vm.allow_threads(|| thread.join()).is_ok());
            });
        }),
        in_own_process(
            "memory::is-freed::made-here-and-dropped-on-another-thread",
            || {
                is_freed(|count, vm| {
                    let capsules = all_of_c(count);
                    on_a_thread(vm, move || drop(capsules));
                });
            },
        ),
    ];
    let mut trials = Vec::from(is_freed);
    trials.extend(loops::trials());
    trials.extend(limit::trials());
    trials
}

/// Checks that all memory that `make` allocates is freed, and that repeating it does not make the
/// process grow.
fn is_freed(make: fn(usize, &VirtualMachine)) {
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
        assert!(after < before + SLACK, "some memory is not freed");
        assert!(second < first + HEAP + SLACK, "the process grows");
    });
}

unsafe extern "C" fn nothing(_: *mut PyObject) {}

fn of_c(number: usize) -> PyRef<PyCapsule> {
    let pointer: *mut c_void = without_provenance_mut(number + 1);
    let destructor: Option<unsafe extern "C" fn(*mut PyObject)> =
        number.is_multiple_of(2).then_some(nothing);
    // SAFETY: the name is static, and the destructor accepts any capsule on any thread.
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

/// Sets names in turn: the same two on one capsule, and new ones on a new capsule each time.
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

/// A string whose text C code has requested.
fn str_with_text(number: usize, vm: &VirtualMachine) -> PyRef<PyStr> {
    let string = vm.ctx.new_str(number.to_string());
    let object = core::ptr::from_ref(string.as_object()).cast_mut();
    // SAFETY: `object` points to the string, which `string` keeps alive.
    let text = unsafe { PyUnicode_AsUTF8(object) };
    // SAFETY: the result for a `str` of digits is NUL-terminated and valid as long as `string`.
    let text = unsafe { CStr::from_ptr(text) };
    assert_eq!(text.to_bytes(), number.to_string().as_bytes());
    string
}

/// C code requests the text of a string again and again while the VM appends to it in place.
fn grown_str(number: usize, vm: &VirtualMachine) {
    // The VM keeps strings of one character alive.
    let mut string = str_with_text(10 + number, vm);
    let object = core::ptr::from_ref(string.as_object()).cast_mut();
    for _ in 0..50 {
        string.concat_in_place("more".as_ref(), vm);
        assert!(core::ptr::addr_eq(object, string.as_object()));
        // SAFETY: `object` is still the address of the string, as just checked.
        let text = unsafe { PyUnicode_AsUTF8(object) };
        // SAFETY: the text is NUL-terminated and valid until the string changes or is freed.
        let text = unsafe { CStr::from_ptr(text) };
        assert_eq!(text.to_bytes(), string.as_wtf8().as_bytes());
    }
}

fn bytes_with_text(number: usize, vm: &VirtualMachine) -> PyRef<PyBytes> {
    let bytes = vm.ctx.new_bytes(number.to_string().into_bytes());
    let object = core::ptr::from_ref(bytes.as_object()).cast_mut();
    // SAFETY: `object` points to the bytes object, which `bytes` keeps alive.
    let text = unsafe { PyBytes_AsString(object) };
    // SAFETY: the result is NUL-terminated and valid as long as `bytes`.
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

/// Exceptions of `get_pointer`. Those of imports are left out: the VM leaks memory for each module
/// that it does not find.
fn exceptions(count: usize, vm: &VirtualMachine) {
    let source = "import _capsule\nc = _capsule.new(1, 'a')\n\
        for number in range(count // 10):\n\
        \x20try: _capsule.get_pointer(c, f'name {number}')\n\
        \x20except ValueError: pass";
    python(source, count, vm);
}

/// Views of a bytearray, of a memoryview of memory of C, and one that is refused.
fn views(number: usize, vm: &VirtualMachine) {
    let array = vm.ctx.new_bytearray(number.to_string().into_bytes());
    let memory = number.to_string();
    let address = memory.as_ptr().cast_mut().cast();
    let size = memory.len().cast_signed();
    // SAFETY: `memory` outlives the memoryview, and is not changed through it.
    let made = unsafe { PyMemoryView_FromMemory(address, size, READ) };
    let made = NonNull::new(made).expect("the memory is valid");
    // SAFETY: it is a new reference.
    let memoryview = unsafe { PyObjectRef::from_raw(made) };
    let requests = [
        (array.as_object(), FULL_RO, 0),
        (&*memoryview, FULL_RO, 0),
        (&*memoryview, WRITABLE, -1),
    ];
    for (object, flags, expected) in requests {
        let object = core::ptr::from_ref(object).cast_mut();
        let mut view = MaybeUninit::<PyBufferView>::zeroed();
        // SAFETY: the object is alive, and the view can be written to.
        let status = unsafe { PyObject_GetBuffer(object, view.as_mut_ptr(), flags) };
        assert_eq!(status, expected);
        // SAFETY: it was filled, or its `obj` is NULL.
        unsafe { PyBuffer_Release(view.as_mut_ptr()) };
        vm.set_exception(None);
    }
}

/// `PyBUF_READ`, `PyBUF_WRITABLE` and `PyBUF_FULL_RO`.
const READ: c_int = 0x100;
const WRITABLE: c_int = 1;
const FULL_RO: c_int = 0x11c;
