//! API tables: `#[repr(C)]` structs of function pointers that one module publishes in a capsule and
//! others import. This file defines and makes them; `api_ref` imports them.

#![expect(unsafe_code, reason = "a table is a promise about memory")]

use core::ffi::CStr;
use core::fmt;
use core::marker::PhantomData;

use crate::api_version::{ApiVersion, Field, check_fields};

/// The memory layout of a header, whatever table it belongs to. The C header has the same struct.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct RawHeader {
    pub(crate) magic: [u8; 8],
    pub(crate) major: u32,
    pub(crate) minor: u32,
    pub(crate) size: u64,
    pub(crate) features: u64,
}

impl RawHeader {
    /// The first eight bytes of every table.
    pub(crate) const MAGIC: [u8; 8] = *b"PyCapApi";
}

/// The first field of the API table `T`: magic bytes, version and size, by which importers check
/// the table, and feature bits.
///
/// Version and size are always those of `T`: [`new`](Self::new) and
/// [`with_features`](Self::with_features) are the only ways to make one.
#[repr(transparent)]
pub struct ApiHeader<T> {
    raw: RawHeader,
    table: PhantomData<fn() -> T>,
}

impl<T: ApiTable> ApiHeader<T> {
    /// The header of a `T` without feature bits.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_features(0)
    }

    /// The header of a `T` with feature bits, whose meaning is the table's own.
    #[must_use]
    pub const fn with_features(features: u64) -> Self {
        Self {
            raw: RawHeader {
                magic: RawHeader::MAGIC,
                major: T::VERSION.major,
                minor: T::VERSION.minor,
                size: size_of::<T>() as u64,
                features,
            },
            table: PhantomData,
        }
    }
}

impl<T> ApiHeader<T> {
    /// The version of `T`. The producer's is [`ApiRef::version`](crate::ApiRef::version).
    #[must_use]
    pub const fn version(&self) -> ApiVersion {
        ApiVersion {
            major: self.raw.major,
            minor: self.raw.minor,
        }
    }

    /// The size of a `T` in bytes, this header included.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.raw.size
    }

    /// The feature bits. In an imported table they are the producer's.
    #[must_use]
    pub const fn features(&self) -> u64 {
        self.raw.features
    }
}

impl<T: ApiTable> Default for ApiHeader<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for ApiHeader<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ApiHeader<T> {}

impl<T> fmt::Debug for ApiHeader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiHeader")
            .field("version", &self.version())
            .field("size", &self.size())
            .field("features", &self.features())
            .finish()
    }
}

/// A struct that [`api_table!`](crate::api_table!) defined.
///
/// # Safety
/// - It is `#[repr(C)]`, and its first field is an [`ApiHeader`] of itself.
/// - `FIELDS` has every other field, in order, as [`api_table!`](crate::api_table!) lists them, and
///   passed the check of the macro.
/// - Every other field is valid for any bits that a table with the same name and major version has
///   there. Versions of one major version only add fields at the end.
pub unsafe trait ApiTable: Copy + Send + Sync + 'static {
    /// The dotted name under which the capsule is imported; it is also the capsule's name.
    const NAME: &'static CStr;
    /// The version.
    const VERSION: ApiVersion;
    /// The fields after the header.
    #[doc(hidden)]
    const FIELDS: &'static [Field];
}

/// Checks the definition of a table.
///
/// # Panics
/// If it is packed, or its fields do not fit its version. In a constant that is a compile error.
#[doc(hidden)]
pub const fn check_table<T: ApiTable>() {
    // Importers read the header once they have checked the alignment of a `T`.
    assert!(
        align_of::<T>() >= align_of::<RawHeader>(),
        "an API table cannot be packed"
    );
    check_fields(T::VERSION, T::FIELDS);
}

/// Defines an API table once, for the module that publishes it and the modules that import it.
///
/// The macro makes a struct with the given fields after a first field `header`, which is an
/// [`ApiHeader`]. The producer has a `static` of it, and puts the capsule from
/// [`publish_api`](crate::publish_api) into its module, under the last part of the name; consumers
/// call [`import_api`](crate::import_api).
///
/// **Versions.** `version 1.2` has the major version 1 and the minor version 2; `1.10` is the minor
/// version ten. A field that a later minor version adds goes to the end. It can have the attribute
/// `#[since(1.2)]`, after the doc comment, with the version that added it. Then a field of type `F`
/// is an `Option<F>` in the struct, and a consumer reads `None` from an older producer. Without the
/// attribute, a consumer refuses a producer whose table lacks the field. `F` must be a function
/// pointer or a reference, since C has NULL for `None`.
///
/// **Compile errors** are a version that is not `major.minor` in decimal digits; a field before one
/// of an older version; a `since` that is newer than the table; `#[repr(packed)]`; and, as in every
/// struct, a field that is left out, has another type or is not in the struct when a table is made.
///
/// Fields take no attributes besides doc comments and `since`: a `cfg`, for example, would give the table
/// another layout.
///
/// # Safety
/// The `unsafe` of the struct is a promise that the header cannot prove. Every table that is
/// published under this name and major version has these fields in this order, and newer ones only at
/// the end. It does not change after it is published, and each field holds a value of its type.
///
/// # Example
/// ```
/// use rustpython_capsule_glue::{ApiHeader, api_table};
///
/// api_table! {
///     /// Arithmetic for all modules.
///     pub unsafe struct MathApi = c"mathlib._C_API", version 1.1 {
///         /// Twice the number.
///         pub double: extern "C" fn(i64) -> i64,
///         /// Half the number.
///         #[since(1.1)]
///         pub halve: extern "C" fn(i64) -> i64,
///     }
/// }
///
/// extern "C" fn double(number: i64) -> i64 {
///     number * 2
/// }
///
/// extern "C" fn halve(number: i64) -> i64 {
///     number / 2
/// }
///
/// static API: MathApi = MathApi { header: ApiHeader::new(), double, halve: Some(halve) };
///
/// assert_eq!((API.double)(21), 42);
/// assert_eq!(API.halve.map(|halve| halve(84)), Some(42));
/// assert_eq!(API.header.version().to_string(), "1.1");
/// ```
///
/// A function that is left out is an error:
/// ```compile_fail,E0063
/// # use rustpython_capsule_glue::{ApiHeader, api_table};
/// # api_table! {
/// #     unsafe struct MathApi = c"mathlib._C_API", version 1.0 {
/// #         double: extern "C" fn(i64) -> i64,
/// #     }
/// # }
/// static API: MathApi = MathApi { header: ApiHeader::new() };
/// ```
#[macro_export]
macro_rules! api_table {
    (
        $(#[$attribute:meta])*
        $visibility:vis unsafe struct $table:ident = $name:literal, version $version:literal {
            $(
                $(#[doc = $doc:expr])*
                $(#[since($since:literal)])?
                $field_visibility:vis $field:ident : $type:ty
            ),* $(,)?
        }
    ) => {
        $(#[$attribute])*
        #[repr(C)]
        #[derive(Clone, Copy, Debug)]
        $visibility struct $table {
            /// With this importers check the table: `ApiHeader::new()`, or
            /// `ApiHeader::with_features(…)`.
            $visibility header: $crate::ApiHeader<$table>,
            $(
                $(#[doc = $doc])*
                $field_visibility $field: $crate::__api_table_field!(type $type $(, $since)?),
            )*
        }

        // SAFETY: `repr(C)` with the header first, all fields in `FIELDS`, and the check below; the
        // rest is what the `unsafe` in the invocation promises.
        unsafe impl $crate::ApiTable for $table {
            const NAME: &'static ::core::ffi::CStr = $name;
            const VERSION: $crate::ApiVersion = $crate::ApiVersion::parse(stringify!($version));
            const FIELDS: &'static [$crate::__private::Field] = &[$(
                $crate::__api_table_field!(
                    entry ::core::mem::offset_of!($table, $field), $type $(, $since)?
                ),
            )*];
        }

        const _: () = $crate::__private::check_table::<$table>();
    };
}

/// For [`api_table!`]: the type of a field in the struct, and its entry in `FIELDS`.
#[doc(hidden)]
#[macro_export]
macro_rules! __api_table_field {
    (type $type:ty) => { $type };
    (type $type:ty, $since:literal) => { ::core::option::Option<$type> };
    (entry $offset:expr, $type:ty) => {
        $crate::__private::Field::required::<$type>($offset)
    };
    (entry $offset:expr, $type:ty, $since:literal) => {
        $crate::__private::Field::later::<$type>($offset, stringify!($since))
    };
}
