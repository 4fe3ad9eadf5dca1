//! API tables: `#[repr(C)]` structs of function pointers that one module publishes in a capsule
//! and others import. Each begins with a header that the importer checks, so that two modules
//! built against different versions get an exception instead of a crash.

#![expect(
    unsafe_code,
    reason = "it reads tables through pointers that native code answers for"
)]

use core::ffi::{CStr, c_void};
use core::fmt;
use core::ops::Deref;
use core::ptr::NonNull;

use rustpython_capsule::{CapsuleHandle, PyCapsule};
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::convert::{ToPyException, ToPyObject};
use rustpython_vm::{Context, PyObjectRef, PyRef, PyResult, TryFromObject, VirtualMachine};

use crate::import::import;

/// What every API table begins with. The C header has the same struct.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiHeader {
    magic: [u8; 8],
    major: u32,
    minor: u32,
    size: u64,
    features: u64,
}

impl ApiHeader {
    /// The first eight bytes of every table.
    pub const MAGIC: [u8; 8] = *b"PyCapApi";

    /// The header of a table of type `T`, with feature bits whose meaning is the table's own.
    #[must_use]
    pub const fn new<T: ApiTable>(features: u64) -> Self {
        Self {
            magic: Self::MAGIC,
            major: T::MAJOR,
            minor: T::MINOR,
            size: size_of::<T>() as u64,
            features,
        }
    }

    /// The major version: tables of different major versions have nothing in common.
    #[must_use]
    pub const fn major(&self) -> u32 {
        self.major
    }

    /// The minor version: a higher one has more at the end.
    #[must_use]
    pub const fn minor(&self) -> u32 {
        self.minor
    }

    /// The size of the whole table in bytes, this header included.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The feature bits.
    #[must_use]
    pub const fn features(&self) -> u64 {
        self.features
    }
}

/// A struct that [`api_table!`](crate::api_table) has made.
///
/// # Safety
/// - It is `#[repr(C)]`, its first field is an [`ApiHeader`], and every other field is valid for
///   any bits that a table with the same name and major version has there.
/// - Versions of one major version only add fields at the end.
pub unsafe trait ApiTable: Sized + Sync + 'static {
    /// The dotted name under which the capsule is imported; it is also the capsule's name.
    const NAME: &'static CStr;
    /// The major version.
    const MAJOR: u32;
    /// The minor version.
    const MINOR: u32;
}

/// Defines an API table once, for the side that publishes it and the sides that import it.
///
/// The struct gets `const fn new(features, fields…)` for the producer's `static`, and `header()`.
/// The producer puts what [`publish_api`] makes in its module, under the last part of the name;
/// consumers call [`import_api`].
///
/// The `unsafe` says what the header cannot prove: everybody who publishes a table under this name
/// and major version has these fields in this order, and newer ones only at the end.
///
/// # Example
/// ```
/// use rustpython_capsule_glue::api_table;
///
/// api_table! {
///     /// Arithmetic for everybody.
///     pub unsafe struct MathApi = c"mathlib._C_API", version 1, 0 {
///         /// Twice the number.
///         pub double: extern "C" fn(i64) -> i64,
///     }
/// }
///
/// extern "C" fn double(number: i64) -> i64 {
///     number * 2
/// }
///
/// static API: MathApi = MathApi::new(0, double);
/// assert_eq!(API.header().major(), 1);
/// assert_eq!((API.double)(21), 42);
/// ```
#[macro_export]
macro_rules! api_table {
    (
        $(#[$attribute:meta])*
        $visibility:vis unsafe struct $table:ident = $name:literal, version $major:literal, $minor:literal {
            $( $(#[$field_attribute:meta])* $field_visibility:vis $field:ident : $type:ty ),* $(,)?
        }
    ) => {
        $(#[$attribute])*
        #[repr(C)]
        #[derive(Clone, Copy, Debug)]
        $visibility struct $table {
            header: $crate::ApiHeader,
            $( $(#[$field_attribute])* $field_visibility $field: $type, )*
        }

        impl $table {
            /// A table with these feature bits and functions.
            #[allow(clippy::too_many_arguments, reason = "as many as the table has")]
            $visibility const fn new(features: u64, $( $field: $type ),*) -> Self {
                Self {
                    header: $crate::ApiHeader::new::<Self>(features),
                    $( $field, )*
                }
            }

            /// The version that this table was built with.
            $visibility const fn header(&self) -> &$crate::ApiHeader {
                &self.header
            }
        }

        // SAFETY: `repr(C)` with the header first; the rest is what the `unsafe` in the invocation
        // promises.
        unsafe impl $crate::ApiTable for $table {
            const NAME: &'static ::core::ffi::CStr = $name;
            const MAJOR: u32 = $major;
            const MINOR: u32 = $minor;
        }
    };
}

/// A capsule around a static table, for the producer's module to offer under the last part of the
/// table's name.
pub fn publish_api<T: ApiTable>(table: &'static T, ctx: &Context) -> PyRef<PyCapsule> {
    let builder = PyCapsule::builder(NonNull::from(table).cast::<c_void>()).name(T::NAME);
    // SAFETY: the name promises a `T`, and this is one that lives for ever.
    unsafe { builder.vouched() }.build(ctx)
}

/// An imported API table, read like a `&T`. While it lives, so does the capsule.
pub struct ApiRef<T> {
    handle: CapsuleHandle,
    table: NonNull<T>,
}

/// Imports the table `T` by its name and checks its header.
///
/// # Errors
/// As for [`import`](crate::import); ImportError where the capsule was made by Python code, is not
/// a table, has another major version, or is shorter than `T`.
pub fn import_api<T: ApiTable>(vm: &VirtualMachine) -> PyResult<ApiRef<T>> {
    checked(import(T::NAME, vm)?, vm)
}

/// The table of a capsule that has the name of `T`, if its header fits.
fn checked<T: ApiTable>(handle: CapsuleHandle, vm: &VirtualMachine) -> PyResult<ApiRef<T>> {
    let table = handle.pointer().cast::<T>();
    if !handle.is_vouched() {
        return Err(refusal::<T>("no native module answers for its pointer", vm));
    }
    if !table.is_aligned() {
        return Err(refusal::<T>("its pointer is not aligned", vm));
    }
    let header = table.cast::<ApiHeader>();
    // SAFETY:
    // - readable: native code made the capsule and promised what its name stands for, which is a
    //   struct that begins with a header.
    // - aligned: checked for `T`, whose first field it is.
    let header = unsafe { header.read() };
    check::<T>(&header).map_err(|reason| refusal::<T>(&reason, vm))?;
    Ok(ApiRef { handle, table })
}

fn check<T: ApiTable>(header: &ApiHeader) -> Result<(), String> {
    if header.magic != ApiHeader::MAGIC {
        return Err("it has no API table header".to_owned());
    }
    if header.major == T::MAJOR && header.size >= size_of::<T>() as u64 {
        return Ok(());
    }
    Err(format!(
        "it has version {}.{} ({} bytes), and version {}.{} ({} bytes) is needed",
        header.major,
        header.minor,
        header.size,
        T::MAJOR,
        T::MINOR,
        size_of::<T>(),
    ))
}

fn refusal<T: ApiTable>(reason: &str, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let name = T::NAME.to_string_lossy();
    let text = format!("the API table \"{name}\" cannot be used: {reason}");
    vm.new_exception_msg(vm.ctx.exceptions.import_error.to_owned(), text.into())
}

impl<T> ApiRef<T> {
    /// The capsule and its pointer.
    #[must_use]
    pub fn handle(&self) -> &CapsuleHandle {
        &self.handle
    }
}

impl<T> Deref for ApiRef<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: `import_api` checked that it is a `T`, and the handle keeps it alive.
        unsafe { self.table.as_ref() }
    }
}

// SAFETY: it gives out `&T` only, and a table is `Sync`.
unsafe impl<T: Sync> Send for ApiRef<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for ApiRef<T> {}

impl<T> Clone for ApiRef<T> {
    fn clone(&self) -> Self {
        Self {
            handle: self.handle.clone(),
            table: self.table,
        }
    }
}

impl<T> fmt::Debug for ApiRef<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ApiRef").field(&self.handle).finish()
    }
}

/// As a parameter of a `#[pyfunction]`, it takes the capsule of a table of that name.
///
/// # Errors
/// A [`CapsuleError`](rustpython_capsule::CapsuleError) as an exception for another object or
/// another name; ImportError as for [`import_api`].
impl<T: ApiTable> TryFromObject for ApiRef<T> {
    fn try_from_object(vm: &VirtualMachine, object: PyObjectRef) -> PyResult<Self> {
        let capsule = PyCapsule::of(&object).map_err(|error| error.to_pyexception(vm))?;
        let handle = CapsuleHandle::new(capsule.to_owned(), Some(T::NAME))
            .map_err(|error| error.to_pyexception(vm))?;
        checked(handle, vm)
    }
}

/// As a result of a `#[pyfunction]`, it is the capsule that it was imported from.
impl<T> ToPyObject for ApiRef<T> {
    fn to_pyobject(self, _vm: &VirtualMachine) -> PyObjectRef {
        self.handle.into()
    }
}
