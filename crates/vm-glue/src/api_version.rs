//! Versions of API tables and of their fields. All of it is checked while the definition of a table
//! is compiled; nothing here reads a table.

#![expect(
    unsafe_code,
    reason = "a check at compile time reads the bytes of `None`"
)]

use core::fmt;

/// The version of an API table, written `1.2`.
///
/// Tables of different major versions are incompatible. A higher minor version has the same
/// fields as a lower one, and possibly more at the end.
///
/// # Example
/// ```
/// use rustpython_capsule_glue::ApiVersion;
///
/// let version = ApiVersion { major: 1, minor: 10 };
/// assert_eq!(version.to_string(), "1.10");
/// assert!(version > ApiVersion { major: 1, minor: 2 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiVersion {
    /// The number before the point.
    pub major: u32,
    /// The number after the point: `1.10` is minor version ten.
    pub minor: u32,
}

impl ApiVersion {
    /// Parses the text of a token, as `stringify!` returns it. A float cannot be used: `1.10` and
    /// `1.1` are the same number.
    ///
    /// # Panics
    /// If the text is not `major.minor` in decimal digits. In a constant that is a compile error.
    #[doc(hidden)]
    #[must_use]
    pub const fn parse(text: &str) -> Self {
        let text = text.as_bytes();
        let (major, point) = number(text, 0);
        if point == text.len() || text[point] != b'.' {
            malformed();
        }
        let (minor, end) = number(text, point + 1);
        if end != text.len() {
            malformed();
        }
        Self { major, minor }
    }
}

/// The number at `start`, and where it ends. A leading zero is refused, since `1.02` could be taken
/// for `1.2`.
const fn number(text: &[u8], start: usize) -> (u32, usize) {
    let mut number = 0_u32;
    let mut end = start;
    while end < text.len() && text[end].is_ascii_digit() {
        let digit = (text[end] - b'0') as u32;
        number = match number.checked_mul(10) {
            Some(tens) => match tens.checked_add(digit) {
                Some(number) => number,
                None => panic!("a number in a version must fit in 32 bits"),
            },
            None => panic!("a number in a version must fit in 32 bits"),
        };
        end += 1;
    }
    if end == start || (text[start] == b'0' && end > start + 1) {
        malformed();
    }
    (number, end)
}

const fn malformed() -> ! {
    panic!("a version is written `major.minor` in decimal digits, for example `1.2`")
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A field of a table: where it ends, and the version that added it.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// In bytes from the start of the table.
    end: usize,
    /// `None` for a field that every producer must have.
    since: Option<ApiVersion>,
}

impl Field {
    /// A field that every producer must have.
    #[must_use]
    pub const fn required<T>(offset: usize) -> Self {
        Self {
            end: offset + size_of::<T>(),
            since: None,
        }
    }

    /// A field that a later minor version added, whose type in the table is `Option<T>`.
    #[must_use]
    pub const fn later<T: Copy>(offset: usize, since: &str) -> Self {
        const {
            assert!(
                none_is_zero::<T>(),
                "a field with `since` must be a function pointer or a reference: NULL stands for \
                 its absence"
            );
        }
        Self {
            end: offset + size_of::<T>(),
            since: Some(ApiVersion::parse(since)),
        }
    }
}

/// Whether the bytes of `None` are zeros, and those of `Some` are the value's own. Only for use at
/// compile time.
const fn none_is_zero<T: Copy>() -> bool {
    if size_of::<Option<T>>() != size_of::<T>() {
        return false;
    }
    let none = None::<T>;
    let bytes = (&raw const none).cast::<u8>();
    let mut position = 0;
    while position < size_of::<Option<T>>() {
        // SAFETY: the position is within `none`.
        let byte = unsafe { bytes.add(position) };
        // SAFETY: readable, as above. A byte of `None` may be uninitialized; at compile time, which
        // is the only time this runs, reading one is a compile error.
        if unsafe { byte.read() } != 0 {
            return false;
        }
        position += 1;
    }
    true
}

/// Checks the fields of a table of this version.
///
/// # Panics
/// If a `since` does not fit the version, or a field comes before an older one. In a constant that
/// is a compile error.
pub(crate) const fn check_fields(version: ApiVersion, fields: &[Field]) {
    let mut newest = 0;
    let mut position = 0;
    while position < fields.len() {
        match fields[position].since {
            None => assert!(
                newest == 0,
                "a field without `since` must come before all fields with one"
            ),
            Some(since) => {
                assert!(
                    since.major == version.major,
                    "the major version of `since` must be that of the table"
                );
                assert!(
                    since.minor > 0,
                    "a field of minor version 0 needs no `since`: every table has it"
                );
                assert!(
                    since.minor <= version.minor,
                    "a field has a `since` that is newer than the version of the table"
                );
                assert!(
                    since.minor >= newest,
                    "a field comes before one with an older `since`: new fields go at the end"
                );
                newest = since.minor;
            }
        }
        position += 1;
    }
}

/// How many bytes a producer's table must have: all `size` of the consumer's, or, if there are
/// fields with `since`, those before them.
pub(crate) const fn required_size(fields: &[Field], header: usize, size: usize) -> usize {
    let mut required = header;
    let mut position = 0;
    while position < fields.len() {
        if fields[position].since.is_some() {
            return required;
        }
        required = fields[position].end;
        position += 1;
    }
    size
}

/// How many bytes of a producer's table hold fields that the consumer knows. The producer's version
/// and its size must both cover a field: with the version alone, a wrong size leads beyond the
/// table; with the size alone, padding at the end counts as a field.
#[inline] // In the crate that imports, the fields are constants.
pub(crate) fn readable_size(fields: &[Field], header: usize, minor: u32, size: u64) -> usize {
    let known = fields.iter().take_while(|field| {
        field.since.is_none_or(|since| since.minor <= minor) && field.end as u64 <= size
    });
    known.last().map_or(header, |field| field.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn version(major: u32, minor: u32) -> ApiVersion {
        ApiVersion { major, minor }
    }

    #[test]
    fn versions_are_parsed_digit_by_digit() {
        let rows = [
            ("1.0", version(1, 0)),
            ("1.1", version(1, 1)),
            ("1.10", version(1, 10)),
            ("0.7", version(0, 7)),
            ("0.0", version(0, 0)),
            ("10.0", version(10, 0)),
            ("4294967295.4294967295", version(u32::MAX, u32::MAX)),
        ];
        for (text, expected) in rows {
            assert_eq!(ApiVersion::parse(text), expected, "{text}");
            assert_eq!(expected.to_string(), text);
        }
        assert_eq!(ApiVersion::parse(stringify!(1.10)), version(1, 10));
        assert!(version(1, 10) > version(1, 9));
        assert!(version(2, 0) > version(1, 10));
    }

    #[test]
    fn malformed_versions_panic() {
        let rows = [
            "",
            "1",
            "1.",
            ".1",
            "1.2.3",
            "1.2f32",
            "1_0.2",
            "1.2_0",
            "1e5",
            "1.2e3",
            "-1.2",
            "0x1.2",
            "01.2",
            "1.02",
            "1.00",
            "\"1.2\"",
            " 1.2",
            "1.2 ",
            "4294967296.0",
            "1.99999999999",
        ];
        for text in rows {
            let parsed = std::panic::catch_unwind(|| ApiVersion::parse(text));
            assert!(parsed.is_err(), "{text:?} is {parsed:?}");
        }
    }

    #[test]
    fn only_pointers_have_a_null_that_is_none() {
        assert!(const { none_is_zero::<extern "C" fn()>() });
        assert!(const { none_is_zero::<unsafe extern "C" fn(*const u8) -> u8>() });
        assert!(const { none_is_zero::<&'static u8>() });
        assert!(const { none_is_zero::<core::num::NonZeroU32>() });
        assert!(!const { none_is_zero::<u8>() });
        assert!(!const { none_is_zero::<bool>() });
        assert!(!const { none_is_zero::<char>() });
        assert!(!const { none_is_zero::<*const u8>() });
        assert!(!const { none_is_zero::<core::cmp::Ordering>() });
    }

    /// Two fields that every producer has, and three later ones.
    const FIELDS: [Field; 5] = [
        Field::required::<u64>(32),
        Field::required::<u8>(40),
        Field::later::<&u64>(48, "1.1"),
        Field::later::<&u64>(56, "1.1"),
        Field::later::<&u64>(64, "1.3"),
    ];

    #[test]
    fn a_producer_must_have_the_fields_without_since() {
        let rows = [
            (&FIELDS[..], 72, 41),
            (&FIELDS[..3], 56, 41),
            (&FIELDS[..2], 48, 48),
            (&FIELDS[2..], 72, 32),
            (&[], 32, 32),
        ];
        for (fields, size, expected) in rows {
            assert_eq!(required_size(fields, 32, size), expected);
        }
    }

    #[test]
    fn version_and_size_must_both_cover_a_field() {
        let rows = [
            // The producer's minor version, its size, and how much of it is read.
            (0, 48, 41),
            (0, 41, 41),
            (0, 72, 41),
            (1, 64, 64),
            (1, 63, 56),
            (1, 56, 56),
            (1, 55, 41),
            (1, 48, 41),
            (1, u64::MAX, 64),
            (2, 72, 64),
            (3, 72, 72),
            (3, 64, 64),
            (3, 71, 64),
            (u32::MAX, 48, 41),
            (u32::MAX, u64::MAX, 72),
            (u32::MAX, 0, 32),
        ];
        for (minor, size, expected) in rows {
            assert_eq!(
                readable_size(&FIELDS, 32, minor, size),
                expected,
                "minor version {minor}, {size} bytes"
            );
        }
    }

    #[test]
    fn fields_are_in_the_order_of_their_versions() {
        let later = |since| Field::later::<&u8>(32, since);
        let required = Field::required::<u8>(32);
        let rows: [(&[Field], bool); 9] = [
            (&[], true),
            (&FIELDS, true),
            (&[later("1.1"), later("1.1"), later("1.3")], true),
            (&[later("1.2"), later("1.1")], false),
            (&[later("1.1"), required], false),
            (&[later("1.0")], false),
            (&[later("1.4")], false),
            (&[later("2.1")], false),
            (&[later("0.1")], false),
        ];
        for (fields, fits) in rows {
            let checked = std::panic::catch_unwind(|| check_fields(version(1, 3), fields));
            assert_eq!(checked.is_ok(), fits, "{fields:?}");
        }
    }
}
