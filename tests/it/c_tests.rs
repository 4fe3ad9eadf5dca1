//! Runs the tests that are written in C (`c/suite`), for behaviour that only C code can show. Also
//! tests Rust code with capsules that C code made.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr::NonNull;

use libtest_mimic::Trial;
use rustpython_capsule_glue::capsule::{CapsuleError, PyCapsule, TypeMismatch, TypedCapsule};
use rustpython_capsule_glue::{ApiTable, api_table, import_api, import_value};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine};

use crate::interpreter::{exec, shown, trial};
use crate::ledger::in_shared_interpreter;
use crate::through_c;

#[expect(improper_ctypes, reason = "to C an object is an address and no more")]
#[link(name = "capsule_tests_c", kind = "static")]
unsafe extern "C" {
    /// A NULL-terminated list of arrays of tests. Each array ends with a test whose name is NULL.
    fn all_tests() -> *const *const Test;
    /// Returns NULL, or the text of the failed check.
    fn run_test(test: *const Test) -> *const c_char;
    fn c_table() -> *mut PyObject;
    fn c_table_again(capsule: *mut PyObject) -> c_int;
    fn c_changes(capsule: *mut PyObject, name: *const c_char, expected: *mut c_void) -> c_int;
}

api_table! {
    /// The table that `c/suite/table.c` publishes.
    unsafe struct CTable = c"c_table._C_API", version 1.2 {
        twice: extern "C" fn(i64) -> i64,
    }
}

api_table! {
    /// A table with another major version.
    unsafe struct Other = c"c_table._C_API", version 2.0 {
        twice: extern "C" fn(i64) -> i64,
    }
}

api_table! {
    /// A table with a later minor version.
    unsafe struct Longer = c"c_table._C_API", version 1.3 {
        twice: extern "C" fn(i64) -> i64,
        thrice: extern "C" fn(i64) -> i64,
    }
}

api_table! {
    /// Functions that a later version of the table could add, which the consumer can do without.
    unsafe struct Later = c"c_table._C_API", version 1.3 {
        #[since(1.2)]
        twice: extern "C" fn(i64) -> i64,
        #[since(1.3)]
        thrice: extern "C" fn(i64) -> i64,
    }
}

#[derive(Clone, Copy)]
#[repr(C)]
struct Test {
    name: *const c_char,
    run: Option<unsafe extern "C" fn()>,
}

const TOPICS: [&str; 6] = [
    "accessors",
    "exceptions",
    "destructors",
    "imports",
    "collector",
    "threads",
];

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (position, topic) in TOPICS.into_iter().enumerate() {
        // SAFETY: it returns the address of a static array and has no requirements.
        let all = unsafe { all_tests() };
        // SAFETY: the C code has an array for each topic, so `position` is in bounds.
        let array = unsafe { all.add(position) };
        // SAFETY: `array` points to an initialized element of the static list.
        let array = unsafe { array.read() };
        for test in tests(array) {
            trials.push(one(topic, test));
        }
    }
    let rust: [(&str, fn()); 4] = [
        (
            "capsules-of-c-have-no-rust-value",
            capsules_of_c_have_no_rust_value,
        ),
        (
            "changes-by-c-code-do-not-affect-a-rust-value",
            changes_by_c_code_do_not_affect_a_rust_value,
        ),
        (
            "rust-code-can-import-tables-of-c",
            rust_code_can_import_tables_of_c,
        ),
        (
            "a-panic-in-rust-code-that-c-calls-is-a-system-error",
            panics_are_system_errors,
        ),
    ];
    trials.extend(rust.map(|(name, test)| {
        trial(format!("c::rust::{name}"), move || {
            test();
            Ok(())
        })
    }));
    trials
}

/// The tests of an array.
fn tests(array: *const Test) -> Vec<&'static Test> {
    let test = |position| {
        // SAFETY: `map_while` stops at the last element, so `position` is in bounds.
        let test = unsafe { array.add(position) };
        // SAFETY: the array is a static constant of the C code.
        let test = unsafe { &*test };
        (!test.name.is_null()).then_some(test)
    };
    (0..).map_while(test).collect()
}

// SAFETY: a test is a pointer to a string literal and a function. No code changes either.
unsafe impl Sync for Test {}

fn one(topic: &str, test: &'static Test) -> Trial {
    // SAFETY: `tests` leaves out the NULL name; all others are string literals of the C code.
    let name = unsafe { CStr::from_ptr(test.name) };
    let name = name.to_string_lossy().replace('_', "-");
    trial(
        format!("c::{topic}::{name}"),
        move || match in_shared_interpreter(move |_| run(test)) {
            None => Ok(()),
            Some(failure) => Err(failure.into()),
        },
    )
}

/// Runs a test. Returns the text of the failed check, if any.
fn run(test: &'static Test) -> Option<String> {
    // SAFETY: the caller runs it in the shared interpreter, which runs one test at a time.
    let failure = unsafe { run_test(test) };
    if failure.is_null() {
        return None;
    }
    // SAFETY: a text that is not NULL is NUL-terminated and valid until the next test runs.
    let failure = unsafe { CStr::from_ptr(failure) };
    Some(failure.to_string_lossy().into_owned())
}

fn new(capsule: *mut PyObject) -> PyRef<PyCapsule> {
    let object = NonNull::new(capsule).expect("the C function does not fail");
    // SAFETY: the callers pass the new reference that `c_table` returns.
    let object = unsafe { PyObjectRef::from_raw(object) };
    object.downcast().expect("the object is a capsule")
}

fn address(object: &PyObject) -> *mut PyObject {
    core::ptr::from_ref(object).cast_mut()
}

fn capsules_of_c_have_no_rust_value() {
    in_shared_interpreter(|vm| {
        // SAFETY: `in_shared_interpreter` runs this on a thread that is attached to an interpreter.
        let capsule = new(unsafe { c_table() });
        let name = Some(c"c_table._C_API");
        let refused = CapsuleError::WrongType(Box::new(TypeMismatch {
            expected: "u64",
            found: None,
        }));
        assert_eq!(capsule.value::<u64>(name), Err(refused));
        assert!(capsule.value::<()>(name).is_err());
        let typed = TypedCapsule::<u64>::new(capsule.clone(), name);
        assert!(typed.is_err());
        put(capsule, vm);
        assert!(import_value::<u64>(c"c_table._C_API", vm).is_err());
    });
}

fn changes_by_c_code_do_not_affect_a_rust_value() {
    in_shared_interpreter(|vm| {
        let capsule = PyCapsule::from_value(5_u64)
            .name(c"shop.value")
            .build(&vm.ctx);
        let pointer = capsule.any_pointer().as_ptr();
        // SAFETY: `capsule` keeps the object alive, and the thread is attached. No other code uses
        // the pointers of this capsule.
        let changed = unsafe {
            c_changes(
                address(capsule.as_object()),
                c"shop.value".as_ptr(),
                pointer,
            )
        };
        assert_eq!(changed, 1);
        assert_eq!(capsule.name().as_deref(), Some(c"by C"));
        assert_eq!(capsule.value::<u64>(Some(c"by C")), Ok(&5));
        assert!(capsule.value::<i64>(Some(c"by C")).is_err());
    });
}

/// Makes a capsule importable as `c_table._C_API`.
fn put(capsule: PyRef<PyCapsule>, vm: &VirtualMachine) {
    let scope = vm.new_scope_with_builtins();
    let set = scope.globals.set_item("capsule", capsule.into(), vm);
    let source = "import sys, types, _capsule
module = sys.modules['c_table'] = types.ModuleType('c_table')
module._C_API = capsule";
    let done = set.and_then(|()| exec(source, &scope, vm).map(drop));
    done.unwrap_or_else(|error| panic!("{}", shown(&error, vm)));
}

fn python(source: &str, vm: &VirtualMachine) {
    let done = exec(source, &vm.new_scope_with_builtins(), vm);
    done.unwrap_or_else(|error| panic!("{}", shown(&error, vm)));
}

fn refusal<T: ApiTable>(vm: &VirtualMachine) -> String {
    match import_api::<T>(vm) {
        Ok(_) => "imported".to_owned(),
        Err(error) => shown(&error, vm),
    }
}

fn rust_code_can_import_tables_of_c() {
    in_shared_interpreter(|vm| {
        // SAFETY: `in_shared_interpreter` runs this on a thread that is attached to an interpreter.
        let capsule = new(unsafe { c_table() });
        put(capsule.clone(), vm);
        let found =
            import_api::<CTable>(vm).unwrap_or_else(|error| panic!("{}", shown(&error, vm)));
        assert_eq!((found.twice)(21), 42);
        assert_eq!(found.version().to_string(), "1.2");
        let later = import_api::<Later>(vm).unwrap_or_else(|error| panic!("{}", shown(&error, vm)));
        assert_eq!(later.twice.map(|twice| twice(21)), Some(42));
        assert!(later.thrice.is_none());
        assert_eq!(
            refusal::<Other>(vm),
            "ImportError: the API table \"c_table._C_API\" cannot be used: it has version 1.2 (40 \
             bytes), and version 2.0 (40 bytes) is needed"
        );
        assert_eq!(
            refusal::<Longer>(vm),
            "ImportError: the API table \"c_table._C_API\" cannot be used: it has version 1.2 (40 \
             bytes), and version 1.3 (48 bytes) is needed"
        );
        python(
            "import sys, _capsule; _capsule.set_pointer(sys.modules['c_table']._C_API, 8)",
            vm,
        );
        assert_eq!(
            refusal::<CTable>(vm),
            "ImportError: the API table \"c_table._C_API\" cannot be used: no native module \
             vouches for its pointer"
        );
        // SAFETY: `capsule` keeps the object alive, and the thread is attached to an interpreter.
        assert_eq!(unsafe { c_table_again(address(capsule.as_object())) }, 0);
        assert_eq!(refusal::<CTable>(vm), "imported");
        python("import sys; del sys.modules['c_table']", vm);
    });
}

fn panics_are_system_errors() {
    in_shared_interpreter(|vm| {
        let panics = |_: PyObjectRef| -> PyResult { panic!("mine") };
        let module = vm.new_module("panics", vm.ctx.new_dict(), None);
        let set = module
            .set_attr("__getattr__", vm.new_function("__getattr__", panics), vm)
            .and_then(|()| vm.sys_module.get_attr("modules", vm))
            .and_then(|modules| modules.set_item("panics", module.into(), vm));
        assert!(set.is_ok());
        for ask in [through_c::import, through_c::import_capsule] {
            let answer = ask(c"panics._C_API", vm);
            let error = answer.expect_err("there is no such capsule");
            assert_eq!(
                shown(&error, vm),
                "SystemError: panic in a C API function: mine"
            );
        }
        python("import sys; del sys.modules['panics']", vm);
    });
}
