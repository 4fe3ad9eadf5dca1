//! Out of memory: each operation with its first allocation failing, then its second, and so on. It
//! succeeds or fails with an out-of-memory error. After an error nothing has changed and nothing
//! leaks.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr::{NonNull, null_mut, without_provenance_mut};
use std::borrow::Cow;
use std::ffi::CString;
use std::thread;

use libtest_mimic::Trial;
use rustpython_capsule::__private::ffi::{self};
use rustpython_capsule::{CapsuleError, Destructor, DestructorKind, PyCapsule};
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{AsObject, Context, PyObject, PyRef, VirtualMachine};

use super::allocator::failing_at;
use super::shutdown::process;
use crate::interpreter::{in_interpreter, shown};
use crate::ledger::{Ledger, Token};

/// The result of an operation on a capsule.
type Answer = Result<Option<PyRef<PyCapsule>>, CapsuleError>;

type Operation = Box<dyn FnOnce() -> Answer>;

/// One operation. `prepare` allocates its arguments.
struct Row {
    name: &'static str,
    prepare: fn(&PyRef<PyCapsule>, Token) -> Operation,
}

const ROWS: &[Row] = &[
    Row {
        name: "a-capsule-of-c",
        prepare: |_, _| Box::new(|| from_c().map(Some)),
    },
    Row {
        name: "a-capsule-of-rust",
        prepare: |_, _| {
            let builder = PyCapsule::builder(NonNull::dangling()).name(c"static");
            Box::new(|| builder.try_build(Context::genesis()).map(Some))
        },
    },
    Row {
        name: "a-name-of-its-own",
        prepare: |_, _| {
            let builder = PyCapsule::builder(NonNull::dangling()).name(long("own"));
            Box::new(|| builder.try_build(Context::genesis()).map(Some))
        },
    },
    Row {
        name: "a-value",
        prepare: |_, token| {
            let name = long("value");
            Box::new(|| {
                let builder = PyCapsule::from_value(token).name(name);
                builder.try_build(Context::genesis()).map(Some)
            })
        },
    },
    Row {
        name: "a-closure",
        prepare: |_, token| {
            let builder = PyCapsule::builder(NonNull::dangling());
            Box::new(|| {
                let builder = builder.destructor(Destructor::rust(move |_| drop(token)));
                builder.try_build(Context::genesis()).map(Some)
            })
        },
    },
    Row {
        name: "an-owner",
        prepare: |_, token| {
            let owner = PyCapsule::from_value(token).build(Context::genesis());
            let builder = PyCapsule::builder(NonNull::dangling()).owner(owner.into());
            Box::new(|| builder.try_build(Context::genesis()).map(Some))
        },
    },
    Row {
        name: "set-name",
        prepare: |capsule, _| {
            let (capsule, name) = (capsule.clone(), Some(long("renamed").into()));
            Box::new(move || capsule.try_set_name(name).map(|()| None))
        },
    },
    Row {
        name: "set-name-again",
        prepare: |capsule, _| {
            for number in 0..3 {
                capsule.set_name(Some(long(&format!("name {number}")).into()));
            }
            capsule.set_name(Some(NAME.into()));
            let (capsule, name) = (capsule.clone(), Some(long("renamed").into()));
            Box::new(move || capsule.try_set_name(name).map(|()| None))
        },
    },
    Row {
        name: "claim",
        prepare: |capsule, _| {
            let (capsule, name) = (capsule.clone(), long("claimed"));
            Box::new(move || {
                capsule
                    .claim(Some(NAME), Some(Cow::Owned(name)))
                    .map(|_| None)
            })
        },
    },
    Row {
        name: "set-destructor",
        prepare: |capsule, token| {
            let capsule = capsule.clone();
            Box::new(move || {
                let new = Destructor::rust(move |_| drop(token));
                capsule.try_set_destructor(new).map(|()| None)
            })
        },
    },
    Row {
        name: "operations-without-allocations",
        prepare: |capsule, _| {
            let capsule = capsule.clone();
            Box::new(move || {
                let pointer = capsule.pointer(Some(NAME))?;
                capsule.set_pointer(pointer);
                capsule.set_context(null_mut());
                capsule.set_name(Some(NAME.into()));
                capsule.claim(Some(NAME), Some(NAME.into()))?;
                Ok(None)
            })
        },
    },
    Row {
        name: "destroying-a-capsule",
        prepare: |_, token| {
            let capsule = PyCapsule::builder(NonNull::dangling())
                .destructor(Destructor::rust(move |_| drop(token)))
                .name(long("own"))
                .build(Context::genesis());
            Box::new(move || {
                drop(capsule);
                Ok(None)
            })
        },
    },
    Row {
        name: "destroying-a-chain",
        prepare: |_, token| {
            let mut last = PyCapsule::from_value(token).build(Context::genesis());
            for _ in 0..200 {
                last = PyCapsule::builder(NonNull::dangling())
                    .destructor(Destructor::rust(move |_| drop(last)))
                    .build(Context::genesis());
            }
            Box::new(move || {
                drop(last);
                Ok(None)
            })
        },
    },
];

/// The details of an error need memory. Without it, the error is `OutOfMemory` instead.
const ERRORS: &[Row] = &[
    Row {
        name: "a-wrong-name",
        prepare: |capsule, _| {
            let capsule = capsule.clone();
            Box::new(move || match capsule.pointer(Some(c"another name")) {
                Err(CapsuleError::WrongName(_)) => Ok(None),
                other => other.map(|_| None),
            })
        },
    },
    Row {
        name: "a-wrong-type",
        prepare: |capsule, _| {
            let capsule = capsule.clone();
            Box::new(move || match capsule.value::<u8>(Some(NAME)) {
                Err(CapsuleError::WrongType(_)) => Ok(None),
                other => other.map(|_| None),
            })
        },
    },
    Row {
        name: "an-object-that-is-not-a-capsule",
        prepare: |_, _| {
            let other = Context::genesis().none();
            Box::new(move || match PyCapsule::of(&other) {
                Err(CapsuleError::NotACapsule { .. }) => Ok(None),
                other => other.map(|_| None),
            })
        },
    },
];

/// A static, so that it has one address.
static NAME: &CStr = c"no_memory.cap";

fn long(text: &str) -> CString {
    CString::new(text.repeat(20)).expect("it has no NUL")
}

fn from_c() -> Result<PyRef<PyCapsule>, CapsuleError> {
    // SAFETY: the name is static, and there is no destructor.
    unsafe { ffi::new(without_provenance_mut(7), NAME.as_ptr(), None) }
}

pub(super) fn trials() -> Vec<Trial> {
    let succeeded = |ended: &super::shutdown::Ended| match ended.succeeded {
        true => Ok(()),
        false => Err("the process failed".into()),
    };
    let rust = ROWS.iter().chain(ERRORS).map(|row| {
        let name = format!("faults::out-of-memory::rust::{}", row.name);
        // A new thread has empty free lists, so every object is allocated.
        process(
            name,
            || assert!(thread::spawn(|| each_fails(row)).join().is_ok()),
            succeeded,
        )
    });
    let c = C_ROWS.iter().map(|&(name, row)| {
        let name = format!("faults::out-of-memory::c::{name}");
        process(
            name,
            move || in_interpreter(|vm| each_fails_in_c(row, vm)),
            succeeded,
        )
    });
    rust.chain(c).collect()
}

/// Far more allocations than any operation makes.
const MANY: usize = 1000;

fn each_fails(row: &Row) {
    for number in 1..MANY {
        eprintln!("allocation {number}");
        let ledger = Ledger::of(1);
        let capsule = from_c().expect("there is memory");
        let operation = (row.prepare)(&capsule, ledger.token(0));
        let (answer, failed) = failing_at(number, operation);
        match answer {
            Ok(made) => drop(made),
            Err(CapsuleError::OutOfMemory) => {
                assert!(failed);
                assert_eq!(capsule.name_address(), NAME.as_ptr());
                assert_eq!(
                    capsule.pointer(Some(NAME)),
                    Ok(NonNull::without_provenance(SEVEN))
                );
                assert_eq!(capsule.destructor_kind(), DestructorKind::None);
            }
            Err(other) => panic!("{other}"),
        }
        capsule.set_destructor(Destructor::none());
        // Leaked, so that the next capsule does not reuse its memory.
        core::mem::forget(capsule);
        ledger.assert_all_once();
        if !failed {
            return;
        }
    }
    panic!("the number of allocations never ends");
}

const SEVEN: core::num::NonZeroUsize = core::num::NonZeroUsize::new(7).unwrap();

#[expect(improper_ctypes, reason = "to C an object is an address and no more")]
unsafe extern "C" {
    fn PyCapsule_New(
        pointer: *mut c_void,
        name: *const c_char,
        destructor: Option<rustpython_capsule::CDestructor>,
    ) -> *mut PyObject;
    fn PyCapsule_SetName(capsule: *mut PyObject, name: *const c_char) -> c_int;
    fn PyCapsule_SetPointer(capsule: *mut PyObject, pointer: *mut c_void) -> c_int;
    fn PyCapsule_GetPointer(capsule: *mut PyObject, name: *const c_char) -> *mut c_void;
    fn PyUnicode_AsUTF8(object: *mut PyObject) -> *const c_char;
    fn PyCapsuleRs_Claim(
        capsule: *mut PyObject,
        name: *const c_char,
        new_name: *const c_char,
    ) -> *mut c_void;
}

/// Calls C functions on a capsule. Whether they succeeded.
type CRow = fn(*mut PyObject) -> bool;

const C_ROWS: &[(&str, CRow)] = &[
    ("new", |_| {
        // SAFETY: the name is static, and there is no destructor.
        let made = unsafe { PyCapsule_New(without_provenance_mut(7), NAME.as_ptr(), None) };
        let made = NonNull::new(made);
        // Leaked, so that the next capsule does not reuse its memory.
        made.is_some()
    }),
    ("operations-without-allocations", |capsule| {
        // SAFETY: the object is a capsule that is alive, and the name is static.
        let pointer = unsafe { PyCapsule_GetPointer(capsule, NAME.as_ptr()) };
        // SAFETY: the object is a capsule that is alive.
        let pointer_set = unsafe { PyCapsule_SetPointer(capsule, pointer) } == 0;
        // SAFETY: the object is a capsule that is alive, and the name is static.
        let name_set = unsafe { PyCapsule_SetName(capsule, NAME.as_ptr()) } == 0;
        // SAFETY: the object is a capsule that is alive, and the names are static.
        let claimed = unsafe { PyCapsuleRs_Claim(capsule, NAME.as_ptr(), NAME.as_ptr()) };
        pointer_set && name_set && claimed == pointer
    }),
    ("the-text-of-a-str", |_| {
        let string = Context::genesis().names.__reduce_ex__.as_object();
        // SAFETY: the object is an interned str, which is never freed.
        let text = unsafe { PyUnicode_AsUTF8(core::ptr::from_ref(string).cast_mut()) };
        !text.is_null()
    }),
];

fn each_fails_in_c(row: CRow, vm: &VirtualMachine) {
    let capsule = from_c().expect("there is memory");
    let raw = core::ptr::from_ref::<PyObject>(capsule.as_object()).cast_mut();
    // The first call in a process makes an object of the VM.
    let other = core::ptr::from_ref(vm.ctx.names.__reduce__.as_object()).cast_mut();
    // SAFETY: the object is an interned str, which is never freed.
    assert!(!unsafe { PyUnicode_AsUTF8(other) }.is_null());
    // Empties the free lists of this thread.
    let _kept: Vec<_> = (0..100).map(|_| from_c()).collect();
    for number in 1..MANY {
        let (succeeded, failed) = failing_at(number, || row(raw));
        let raised: Option<PyBaseExceptionRef> = vm.take_raised_exception();
        match raised {
            None => assert!(succeeded),
            Some(raised) => {
                assert!(failed && !succeeded);
                assert_eq!(shown(&raised, vm), "MemoryError: ");
            }
        }
        assert_eq!(capsule.name_address(), NAME.as_ptr());
        if !failed {
            return;
        }
    }
    panic!("the number of allocations never ends");
}
