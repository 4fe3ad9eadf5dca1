//! API tables in capsules: publishing one, and the owning handle of an imported one. The handle has
//! a copy of the fields that the producer's table has, so nothing reads beyond that table.

#![expect(
    unsafe_code,
    reason = "it reads tables through pointers that native code vouches for"
)]

use core::ffi::c_void;
use core::fmt;
use core::mem::MaybeUninit;
use core::ops::Deref;
use core::ptr::NonNull;

use rustpython_capsule::{CapsuleHandle, PyCapsule, PyCapsuleError};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyTypeRef};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::convert::{ToPyException, ToPyObject};
use rustpython_vm::{
    Context, Py, PyObject, PyObjectRef, PyRef, PyResult, TryFromObject, VirtualMachine,
};

use crate::api_table::{ApiHeader, ApiTable, RawHeader};
use crate::api_version::{ApiVersion, readable_size, required_size};
use crate::import::import;

/// A new capsule with a static table, which the producer's module has as an attribute under the last
/// part of the table's name.
///
/// The capsule has the table's name, and its pointer is vouched for.
pub fn publish_api<T: ApiTable>(table: &'static T, ctx: &Context) -> PyRef<PyCapsule> {
    let builder = PyCapsule::builder(NonNull::from(table).cast::<c_void>()).name(T::NAME);
    // SAFETY: the name promises a table with a header that describes it. This is a `T`, whose header
    // can only be that of a `T`, and it is never freed or changed.
    unsafe { builder.vouched() }.build(ctx)
}

/// An imported API table, read like a `&T`, and a reference to its capsule: while this lives, so does
/// what the functions of the table use.
///
/// In it, a field with `since` is `None` if the producer is older than the field.
///
/// As a parameter of a `#[pyfunction]` it accepts a capsule with the name
/// [`T::NAME`](ApiTable::NAME), with the errors of [`of`](Self::of). As a result it becomes the
/// capsule.
///
/// # Example
/// ```
/// use rustpython_capsule_glue::{ApiHeader, ApiRef, api_table, publish_api};
/// use rustpython_vm::TryFromObject;
///
/// api_table! {
///     pub unsafe struct MathApi = c"mathlib._C_API", version 1.0 {
///         pub double: extern "C" fn(i64) -> i64,
///     }
/// }
///
/// // As a `#[pyfunction]`, it takes the capsule of the table, and refuses all other objects.
/// fn quadruple(number: i64, math: ApiRef<MathApi>) -> i64 {
///     (math.double)((math.double)(number))
/// }
///
/// extern "C" fn double(number: i64) -> i64 {
///     number * 2
/// }
///
/// static API: MathApi = MathApi { header: ApiHeader::new(), double };
///
/// # rustpython_vm::Interpreter::without_stdlib(Default::default()).enter(|vm| {
/// let capsule = publish_api(&API, &vm.ctx);
/// let math = ApiRef::try_from_object(vm, capsule.into()).unwrap();
/// assert_eq!(quadruple(3, math), 12);
/// assert!(ApiRef::<MathApi>::try_from_object(vm, vm.ctx.none()).is_err());
/// # });
/// ```
#[derive(Clone)]
pub struct ApiRef<T> {
    handle: CapsuleHandle,
    version: ApiVersion,
    table: T,
}

/// Imports the table `T` by its name and checks its header.
///
/// # Errors
/// As for [`import`](crate::import()); ImportError if no native code vouches for the capsule's
/// pointer, or the table is not aligned, has no header, has another major version, or lacks a field
/// that has no `since`.
///
/// # Example
/// ```no_run
/// # use rustpython_vm::{PyResult, VirtualMachine};
/// # rustpython_capsule_glue::api_table! {
/// #     unsafe struct MathApi = c"mathlib._C_API", version 1.1 {
/// #         #[since(1.1)]
/// #         halve: extern "C" fn(i64) -> i64,
/// #     }
/// # }
/// use rustpython_capsule_glue::import_api;
///
/// fn half(number: i64, vm: &VirtualMachine) -> PyResult<i64> {
///     let math = import_api::<MathApi>(vm)?;
///     Ok(match math.halve {
///         Some(halve) => halve(number),
///         // From a producer of version 1.0.
///         None => number / 2,
///     })
/// }
/// ```
pub fn import_api<T: ApiTable>(vm: &VirtualMachine) -> PyResult<ApiRef<T>> {
    let handle = import(T::NAME, vm)?;
    ApiRef::read(handle).map_err(|reason| {
        let class = vm.ctx.exceptions.import_error.to_owned();
        not_usable::<T>(class, &reason, vm)
    })
}

impl<T: ApiTable> ApiRef<T> {
    /// The table in a capsule, which must have the name [`T::NAME`](ApiTable::NAME).
    ///
    /// # Errors
    /// [`PyCapsuleError`] if the object is not a capsule of that name, or for a reason for which
    /// [`import_api`] raises ImportError.
    pub fn of(object: &PyObject, vm: &VirtualMachine) -> PyResult<Self> {
        let handle = PyCapsule::of(object)
            .and_then(|capsule| CapsuleHandle::new(capsule.to_owned(), Some(T::NAME)))
            .map_err(|error| error.to_pyexception(vm))?;
        Self::read(handle).map_err(|reason| {
            let class = PyCapsuleError::make_static_type();
            not_usable::<T>(class, &reason, vm)
        })
    }

    /// Checks the table in a capsule of the right name, and copies the fields of a `T` that it has.
    fn read(handle: CapsuleHandle) -> Result<Self, String> {
        if !handle.is_vouched() {
            return Err("no native module vouches for its pointer".to_owned());
        }
        let table = handle.pointer().cast::<T>();
        if !table.is_aligned() {
            return Err("its pointer is not aligned".to_owned());
        }
        // SAFETY:
        // - readable: the pointer is vouched for, so it points to what the name promises, a struct
        //   that begins with a header; the handle keeps it alive.
        // - aligned: checked for `T`, which is not packed (`check_table`) and begins with a header.
        let header = unsafe { table.cast::<RawHeader>().read() };
        check::<T>(&header)?;
        let mut copy = MaybeUninit::<T>::zeroed();
        let size = readable_size(T::FIELDS, size_of::<RawHeader>(), header.minor, header.size);
        // SAFETY:
        // - source: `size` is at most that in the header, since `readable_size` ends at a field
        //   that the table has, or at the header.
        // - destination: all fields of `FIELDS` are in a `T`. It is new, so there is no overlap.
        unsafe {
            core::ptr::copy_nonoverlapping(
                table.cast::<u8>().as_ptr(),
                copy.as_mut_ptr().cast::<u8>(),
                size,
            );
        }
        // The copy has the layout of a `T`, even if the producer's table was shorter or longer.
        let own = ApiHeader::<T>::with_features(header.features);
        // SAFETY: the header is the first field of a `T`.
        unsafe { copy.as_mut_ptr().cast::<ApiHeader<T>>().write(own) };
        // SAFETY: each field is initialized:
        // - the header: just written.
        // - a field without `since`: copied, since `check` found the required size. It is valid by
        //   the contract of `ApiTable`.
        // - a field with `since`: copied, or all zeros, which is `None` (`Field::later` checks
        //   that).
        let table = unsafe { copy.assume_init() };
        Ok(Self {
            handle,
            version: version_of(&header),
            table,
        })
    }
}

fn version_of(header: &RawHeader) -> ApiVersion {
    ApiVersion {
        major: header.major,
        minor: header.minor,
    }
}

/// Whether a table with this header has what every producer of a `T` must have.
fn check<T: ApiTable>(header: &RawHeader) -> Result<(), String> {
    if header.magic != RawHeader::MAGIC {
        return Err("it has no API table header".to_owned());
    }
    let required = const { required_size(T::FIELDS, size_of::<RawHeader>(), size_of::<T>()) };
    if header.major == T::VERSION.major && header.size >= required as u64 {
        return Ok(());
    }
    Err(format!(
        "it has version {} ({} bytes), and version {} ({required} bytes) is needed",
        version_of(header),
        header.size,
        T::VERSION,
    ))
}

fn not_usable<T: ApiTable>(
    class: PyTypeRef,
    reason: &str,
    vm: &VirtualMachine,
) -> PyBaseExceptionRef {
    let name = T::NAME.to_string_lossy();
    let text = format!("the API table \"{name}\" cannot be used: {reason}");
    vm.new_exception_msg(class, text.into())
}

impl<T> ApiRef<T> {
    /// The version of the producer's table. Its major version is that of `T`, its minor version may
    /// be lower or higher.
    #[must_use]
    pub fn version(&self) -> ApiVersion {
        self.version
    }

    /// The capsule and its pointer.
    #[must_use]
    pub fn handle(&self) -> &CapsuleHandle {
        &self.handle
    }

    /// The capsule.
    #[must_use]
    pub fn capsule(&self) -> &Py<PyCapsule> {
        self.handle.capsule()
    }

    /// The reference to the capsule.
    #[must_use]
    pub fn into_capsule(self) -> PyRef<PyCapsule> {
        self.handle.into_capsule()
    }

    /// Whether both refer to the same capsule, as `is` in Python.
    #[must_use]
    pub fn ptr_eq(&self, other: &Self) -> bool {
        core::ptr::eq(self.capsule(), other.capsule())
    }
}

impl<T> Deref for ApiRef<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.table
    }
}

impl<T> AsRef<T> for ApiRef<T> {
    fn as_ref(&self) -> &T {
        self
    }
}

/// Shows the version and the capsule. Contains no address, since it may become part of the text of
/// an exception.
impl<T> fmt::Debug for ApiRef<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiRef")
            .field("version", &self.version)
            .field("handle", &self.handle)
            .finish_non_exhaustive()
    }
}

impl<T: ApiTable> TryFromObject for ApiRef<T> {
    fn try_from_object(vm: &VirtualMachine, object: PyObjectRef) -> PyResult<Self> {
        Self::of(&object, vm)
    }
}

impl<T> ToPyObject for ApiRef<T> {
    fn to_pyobject(self, _vm: &VirtualMachine) -> PyObjectRef {
        self.into()
    }
}

impl<T> From<ApiRef<T>> for PyObjectRef {
    fn from(api: ApiRef<T>) -> Self {
        api.into_capsule().into()
    }
}

impl<T> From<ApiRef<T>> for PyRef<PyCapsule> {
    fn from(api: ApiRef<T>) -> Self {
        api.into_capsule()
    }
}
