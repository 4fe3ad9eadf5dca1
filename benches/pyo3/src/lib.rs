//! `speed_rows` for CPython: the rows in Rust, written with PyO3. Where PyO3 has no function, they
//! call the C API, as users of PyO3 do.

#[path = "../../src/rows.rs"]
mod shared;

use core::cell::Cell;
use core::ffi::{CStr, c_void};
use core::hint::black_box;
use core::ptr::NonNull;

use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use pyo3::{ffi, pyfunction, sync::PyOnceLock};

use shared::{Counted, Row, answer};

const POINTER: &CStr = c"statlib.pointer";
const VALUE: &CStr = c"statlib.value";
const TABLE: &CStr = c"statlib.table";
const FRESH: &CStr = c"dltensor";
const USED: &CStr = c"used_dltensor";

/// The API table of the row that imports one.
#[repr(C)]
struct Table {
    number: extern "C" fn() -> u64,
}

static STATIC_TABLE: Table = Table { number };

extern "C" fn number() -> u64 {
    Counted::NUMBER
}

static COUNTED: Counted = Counted::new();

#[pymodule]
mod speed_rows {
    #[pymodule_export]
    use super::request;
}

/// The capsules that the rows use.
struct Capsules {
    value: Py<PyCapsule>,
    tensor: Py<PyCapsule>,
}

/// Answers a request; see `answer`.
#[pyfunction]
fn request(py: Python<'_>, line: &str) -> PyResult<String> {
    static CAPSULES: PyOnceLock<Capsules> = PyOnceLock::new();
    let capsules = CAPSULES.get_or_try_init(py, || publish(py))?;
    Ok(answer(&rows(capsules, py), line))
}

/// Makes the capsules, and sets those that the rows import as attributes of a module.
fn publish(py: Python<'_>) -> PyResult<Capsules> {
    let module = py.import("statlib")?;
    let value = PyCapsule::new_with_value(py, Counted::new(), VALUE)?;
    module.setattr("pointer", of(py, &COUNTED, POINTER)?)?;
    module.setattr("value", &value)?;
    module.setattr("table", of(py, &STATIC_TABLE, TABLE)?)?;
    let tensor = PyCapsule::new_with_value(py, Counted::new(), FRESH)?;
    Ok(Capsules {
        value: value.unbind(),
        tensor: tensor.unbind(),
    })
}

fn of<'py, T>(
    py: Python<'py>,
    thing: &'static T,
    name: &'static CStr,
) -> PyResult<Bound<'py, PyCapsule>> {
    let pointer = NonNull::from(thing).cast::<c_void>();
    // SAFETY: the pointer is valid forever, since `thing` is static. Each name here is used for
    // one type only, and the callers pass that type.
    unsafe { PyCapsule::new_with_pointer(py, pointer, name) }
}

fn rows<'a>(capsules: &'a Capsules, py: Python<'a>) -> [Row<'a>; 7] {
    let value = capsules.value.bind(py);
    let tensor = capsules.tensor.bind(py);
    let is_number = |number| number == Some(Counted::NUMBER);
    let dropped = Counted::dropped();
    [
        Row::new(
            "rust_pointer",
            move || black_box(value).pointer_checked(Some(VALUE)).ok(),
            |pointer| pointer.is_some(),
        ),
        Row::new(
            "rust_value",
            move || {
                let pointer = black_box(value).pointer_checked(Some(VALUE)).ok()?;
                // SAFETY: only `publish` makes capsules with this name, and their pointer has this
                // type.
                Some(unsafe { pointer.cast::<Counted>().as_ref() }.number)
            },
            is_number,
        ),
        Row::new(
            "rust_import_pointer",
            move || {
                // SAFETY: only `publish` makes capsules with this name, and their pointer has this
                // type.
                let counted = unsafe { PyCapsule::import::<Counted>(py, black_box(POINTER)) };
                Some(counted.ok()?.number)
            },
            is_number,
        ),
        Row::new(
            "rust_import_value",
            move || {
                // SAFETY: only `publish` makes capsules with this name, and their pointer has this
                // type.
                let counted = unsafe { PyCapsule::import::<Counted>(py, black_box(VALUE)) };
                Some(counted.ok()?.number)
            },
            is_number,
        ),
        Row::new(
            "rust_import_table",
            move || {
                // SAFETY: only `publish` makes capsules with this name, and their pointer has this
                // type.
                let table = unsafe { PyCapsule::import::<Table>(py, black_box(TABLE)) };
                Some((table.ok()?.number)())
            },
            is_number,
        ),
        Row::new(
            "rust_new_drop",
            move || drop(PyCapsule::new_with_value(py, Counted::new(), VALUE)),
            move |()| Counted::dropped() == dropped + 1,
        ),
        Row::new(
            "rust_claim",
            {
                let names = Cell::new((FRESH, USED));
                move || {
                    let (name, new_name) = names.get();
                    names.set((new_name, name));
                    claim(black_box(tensor), name, new_name).is_some()
                }
            },
            |claimed| claimed,
        ),
    ]
}

/// Claims a capsule as consumers of DLPack do.
fn claim(
    capsule: &Bound<'_, PyCapsule>,
    name: &'static CStr,
    new_name: &'static CStr,
) -> Option<NonNull<c_void>> {
    let pointer = capsule.pointer_checked(Some(name)).ok()?;
    // SAFETY: the object is a capsule, the thread is attached, and the name is static.
    let renamed = unsafe { ffi::PyCapsule_SetName(capsule.as_ptr(), new_name.as_ptr()) };
    (renamed == 0).then_some(pointer)
}
