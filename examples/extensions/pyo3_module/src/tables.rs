//! The API tables of `include/statlib.h`, to import, and `include/wordindex.h`, to publish. An
//! extension module shares no Rust code with the interpreter, so it repeats the definitions.

use core::ffi::{c_char, c_int};
use core::marker::PhantomData;
use core::ptr::NonNull;

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::index::Index;

/// The first field of every table: `PyCapsuleApi_Header`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Header {
    magic: [u8; 8],
    major: u32,
    minor: u32,
    size: u64,
    features: u64,
}

impl Header {
    const fn new<T>(major: u32, minor: u32) -> Self {
        Self {
            magic: *b"PyCapApi",
            major,
            minor,
            size: size_of::<T>() as u64,
            features: 0,
        }
    }

    /// Whether a table with this header has all fields of a `T` of this major version.
    fn promises<T>(self, major: u32) -> bool {
        self.magic == *b"PyCapApi" && self.major == major && self.size >= size_of::<T>() as u64
    }
}

#[repr(C)]
pub(crate) struct StatlibSample<'a> {
    count: u64,
    values: *const f64,
    lives: PhantomData<&'a [f64]>,
}

impl<'a> StatlibSample<'a> {
    pub(crate) fn of(values: &'a [f64]) -> Self {
        Self {
            count: values.len() as u64,
            values: values.as_ptr(),
            lives: PhantomData,
        }
    }
}

#[derive(Default)]
#[repr(C)]
pub(crate) struct StatlibSummary {
    pub(crate) count: u64,
    pub(crate) minimum: f64,
    pub(crate) maximum: f64,
    pub(crate) mean: f64,
    pub(crate) deviation: f64,
}

#[repr(C)]
struct StatlibTable {
    header: Header,
    summarize: unsafe extern "C" fn(*const StatlibSample<'_>, *mut StatlibSummary) -> c_int,
    histogram: unsafe extern "C" fn(*const StatlibSample<'_>, f64, f64, *mut u64, usize),
}

/// The table of statlib, which the capsule keeps valid.
pub(crate) struct Statlib<'py> {
    _capsule: Bound<'py, PyCapsule>,
    table: NonNull<StatlibTable>,
}

impl<'py> Statlib<'py> {
    /// Imports the table and checks its header.
    pub(crate) fn import(py: Python<'py>) -> PyResult<Self> {
        // `PyCapsule::import` would return the pointer without keeping the capsule alive.
        let capsule = py.import("statlib")?.getattr("_C_API")?;
        let capsule = capsule.cast_into::<PyCapsule>()?;
        let pointer = capsule.pointer_checked(Some(c"statlib._C_API"))?;
        let table = pointer.cast::<StatlibTable>();
        // SAFETY: capsules of this name point to a table, which begins with a header.
        let header = unsafe { table.cast::<Header>().read_unaligned() };
        if !table.is_aligned() || !header.promises::<StatlibTable>(1) {
            return Err(PyImportError::new_err(
                "statlib has another version of its API",
            ));
        }
        Ok(Self {
            _capsule: capsule,
            table,
        })
    }

    /// `None` for a sample without values.
    pub(crate) fn summarize(&self, sample: &StatlibSample<'_>) -> Option<StatlibSummary> {
        let mut summary = StatlibSummary::default();
        // SAFETY: `import` checked the table, and the capsule keeps it valid.
        let summarize = unsafe { self.table.as_ref() }.summarize;
        // SAFETY: both references are valid for the call, as the header of statlib demands.
        let status = unsafe { summarize(sample, &mut summary) };
        (status == 0).then_some(summary)
    }
}

#[repr(C)]
pub(crate) struct WordindexTable {
    header: Header,
    find: unsafe extern "C" fn(*const Index, *const c_char, usize, *mut *const u64) -> usize,
}

/// Exported, so that `_capsule.describe` can find its name.
#[unsafe(no_mangle)]
pub(crate) static WORDINDEX_TABLE: WordindexTable = WordindexTable {
    header: Header::new::<WordindexTable>(1, 0),
    find,
};

unsafe extern "C" fn find(
    index: *const Index,
    word: *const c_char,
    length: usize,
    offsets: *mut *const u64,
) -> usize {
    // SAFETY: the header demands the pointer of a capsule that `build` made.
    let index = unsafe { &*index };
    // SAFETY: the header demands that `length` bytes are readable for the call.
    let word = unsafe { core::slice::from_raw_parts(word.cast::<u8>(), length) };
    let found = index.find(word);
    // SAFETY: the header demands that an address can be stored there.
    unsafe { offsets.write(found.as_ptr()) };
    found.len()
}
