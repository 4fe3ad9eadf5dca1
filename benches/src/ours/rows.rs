//! The rows in Rust for this project, as the builtin module `speed_rows`.

#[path = "../rows.rs"]
mod shared;

use core::cell::Cell;
use core::ffi::CStr;
use core::hint::black_box;
use core::ptr::NonNull;
use std::ffi::CString;
use std::sync::OnceLock;

use rustpython_capsule_glue::capsule::PyCapsule;
use rustpython_capsule_glue::{
    ApiHeader, api_table, import, import_api, import_value, publish_api,
};
use rustpython_vm::{PyRef, PyResult, VirtualMachine};

pub(crate) use speed_rows::module_def;

use shared::{Counted, Row, answer};

const POINTER: &CStr = c"statlib.pointer";
const VALUE: &CStr = c"statlib.value";
const FRESH: &CStr = c"dltensor";
const USED: &CStr = c"used_dltensor";

api_table! {
    // SAFETY: no other code publishes a table with this name.
    /// The API table of the row that imports one.
    unsafe struct Table = c"statlib.table", version 1.0 {
        /// The number of a `Counted`.
        number: extern "C" fn() -> u64,
    }
}

static TABLE: Table = Table {
    header: ApiHeader::new(),
    number,
};

extern "C" fn number() -> u64 {
    Counted::NUMBER
}

static COUNTED: Counted = Counted::new();

#[rustpython_vm::pymodule]
mod speed_rows {
    use rustpython_vm::builtins::PyUtf8StrRef;
    use rustpython_vm::{PyResult, VirtualMachine};

    /// Answers a request; see `answer`.
    #[pyfunction]
    fn request(line: PyUtf8StrRef, vm: &VirtualMachine) -> PyResult<String> {
        super::request(line.as_str(), vm)
    }
}

/// The capsules that the rows use.
struct Capsules {
    value: PyRef<PyCapsule>,
    tensor: PyRef<PyCapsule>,
    /// The capsule of `rust_set_name` and of `populate`.
    renamed: PyRef<PyCapsule>,
}

fn request(line: &str, vm: &VirtualMachine) -> PyResult<String> {
    static CAPSULES: OnceLock<Capsules> = OnceLock::new();
    let capsules = match CAPSULES.get() {
        Some(capsules) => capsules,
        None => {
            let made = publish(vm)?;
            CAPSULES.get_or_init(|| made)
        }
    };
    if let Some(count) = line.trim_end().strip_prefix("populate ") {
        populate(&capsules.renamed, count.parse().unwrap_or_default());
        return Ok("right".to_owned());
    }
    Ok(answer(&rows(capsules, vm), line))
}

/// Makes the capsules, and sets those that the rows import as attributes of a module.
fn publish(vm: &VirtualMachine) -> PyResult<Capsules> {
    let module = vm.import("statlib", 0)?;
    let build = |name| {
        PyCapsule::from_value(Counted::new())
            .name(name)
            .build(&vm.ctx)
    };
    let pointer = PyCapsule::builder(NonNull::from(&COUNTED).cast()).name(POINTER);
    let value = build(VALUE);
    let attribute = |name| vm.ctx.intern_str(name);
    module.set_attr(attribute("pointer"), pointer.build(&vm.ctx), vm)?;
    module.set_attr(attribute("value"), value.clone(), vm)?;
    module.set_attr(attribute("table"), publish_api(&TABLE, &vm.ctx), vm)?;
    Ok(Capsules {
        value,
        tensor: build(FRESH),
        renamed: build(USED),
    })
}

fn rows<'a>(capsules: &'a Capsules, vm: &'a VirtualMachine) -> [Row<'a>; 8] {
    let Capsules {
        value,
        tensor,
        renamed,
    } = capsules;
    let dropped = Counted::dropped();
    [
        Row::new(
            "rust_pointer",
            move || black_box(value).pointer(Some(VALUE)).ok(),
            move |pointer| pointer == Some(value.any_pointer()),
        ),
        Row::new(
            "rust_value",
            move || {
                let value = black_box(value).value::<Counted>(Some(VALUE)).ok()?;
                Some(value.number)
            },
            |number| number == Some(Counted::NUMBER),
        ),
        Row::new(
            "rust_import_pointer",
            move || {
                let handle = import(black_box(POINTER), vm).ok()?;
                // SAFETY: only `publish` makes a capsule with this name. Its pointer is that of the
                // static `COUNTED`.
                Some(unsafe { handle.pointer().cast::<Counted>().as_ref() }.number)
            },
            |number| number == Some(Counted::NUMBER),
        ),
        Row::new(
            "rust_import_value",
            move || Some(import_value::<Counted>(black_box(VALUE), vm).ok()?.number),
            |number| number == Some(Counted::NUMBER),
        ),
        Row::new(
            "rust_import_table",
            || Some((import_api::<Table>(black_box(vm)).ok()?.number)()),
            |number| number == Some(Counted::NUMBER),
        ),
        Row::new(
            "rust_new_drop",
            move || {
                drop(
                    PyCapsule::from_value(Counted::new())
                        .name(VALUE)
                        .build(&vm.ctx),
                )
            },
            move |()| Counted::dropped() == dropped + 1,
        ),
        Row::new(
            "rust_claim",
            {
                let names = Cell::new((FRESH, USED));
                move || {
                    let (name, new_name) = names.get();
                    names.set((new_name, name));
                    black_box(tensor)
                        .claim(Some(name), Some(new_name.into()))
                        .is_ok()
                }
            },
            |claimed| claimed,
        ),
        Row::new(
            "rust_set_name",
            move || black_box(renamed).set_name(Some(CString::from(FRESH).into())),
            move |()| renamed.is_valid(Some(FRESH)),
        ),
    ]
}

/// Sets this number of owned names on a capsule, one after the other.
fn populate(capsule: &PyCapsule, count: u64) {
    for number in 0..count {
        let name = CString::new(format!("statlib.t{number}"));
        capsule.set_name(name.ok().map(Into::into));
    }
}
