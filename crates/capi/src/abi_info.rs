//! The ABI record of a module (`Py_mod_abi`): what its machine code expects of the interpreter, and
//! whether this interpreter meets it. The C function that checks a record is in `modsupport`.

/// The ABI that a module was compiled for. The fields are those of CPython 3.15's struct.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct PyABIInfo {
    /// The major version of the record: 1; or 0, which disables the checks.
    pub abiinfo_major_version: u8,
    /// The minor version of the record: 0.
    pub abiinfo_minor_version: u8,
    /// The kinds of ABI: bits of `PyABIInfo_…`.
    pub flags: u16,
    /// The version of the headers, which is not checked.
    pub build_version: u32,
    /// The version of the stable ABI, as in `PY_VERSION_HEX`; 0 is any.
    pub abi_version: u32,
}

const STABLE: u16 = 0x1;
const GIL: u16 = 0x2;
const FREETHREADED: u16 = 0x4;
const INTERNAL: u16 = 0x8;

/// The newest stable ABI that modules may be built for. It is the first for builds without a GIL.
const NEWEST: u32 = 0x030f_0000;

impl PyABIInfo {
    /// The reason why a module with this record cannot run here; `None` if it can.
    pub(crate) fn problem(self) -> Option<String> {
        if self.abiinfo_major_version == 0 {
            return None;
        }
        if self.abiinfo_major_version > 1 {
            return Some("its ABI record is of an unknown version".to_owned());
        }
        if self.flags & INTERNAL != 0 || self.flags & STABLE == 0 {
            return Some(
                "it is built for one version of CPython; build it for the stable ABI (abi3t)"
                    .to_owned(),
            );
        }
        if self.flags & GIL != 0 && self.flags & FREETHREADED == 0 {
            return Some(
                "it is built for interpreters with a GIL (abi3), and this one has none; build it \
                 for abi3t"
                    .to_owned(),
            );
        }
        let minor = |version: u32| (version >> 24, version >> 16 & 0xff);
        if minor(self.abi_version) > minor(NEWEST) {
            let ((major, own), (_, newest)) = (minor(self.abi_version), minor(NEWEST));
            return Some(format!(
                "it is built for the stable ABI of Python {major}.{own}, and the newest here is \
                 that of 3.{newest}"
            ));
        }
        None
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{FREETHREADED, GIL, INTERNAL, PyABIInfo, STABLE};

    /// The version of the record, its flags, the version of the ABI; the beginning of the problem.
    const ROWS: [(u8, u16, u32, Option<&str>); 14] = [
        (1, STABLE | GIL | FREETHREADED, 0x030f_0000, None),
        (1, STABLE | FREETHREADED, 0x030f_0000, None),
        (1, STABLE, 0x030f_0000, None),
        (1, STABLE | FREETHREADED, 0, None),
        (1, STABLE | FREETHREADED, 0x0302_0000, None),
        // Micro versions are not compared.
        (1, STABLE | FREETHREADED, 0x030f_ffff, None),
        (
            1,
            STABLE | FREETHREADED,
            0x0310_0000,
            Some(
                "it is built for the stable ABI of Python 3.16, and the newest here is that of 3.15",
            ),
        ),
        (
            1,
            STABLE | FREETHREADED,
            0x0400_0000,
            Some("it is built for the stable ABI of Python 4.0,"),
        ),
        (
            1,
            STABLE | GIL,
            0x030f_0000,
            Some("it is built for interpreters with a GIL"),
        ),
        (
            1,
            FREETHREADED,
            0x030f_0000,
            Some("it is built for one version of CPython"),
        ),
        (
            1,
            STABLE | FREETHREADED | INTERNAL,
            0x030f_0000,
            Some("it is built for one version of CPython"),
        ),
        (1, 0, 0, Some("it is built for one version of CPython")),
        // A record of version 0 disables the checks; one of a later version cannot be read.
        (0, INTERNAL | GIL, 0xffff_ffff, None),
        (
            2,
            STABLE | FREETHREADED,
            0x030f_0000,
            Some("its ABI record is of an unknown version"),
        ),
    ];

    pub(crate) fn a_record_is_compatible_or_has_a_problem() {
        for (version, flags, abi_version, expected) in ROWS {
            let record = PyABIInfo {
                abiinfo_major_version: version,
                abiinfo_minor_version: 0,
                flags,
                build_version: 0x030f_0000,
                abi_version,
            };
            let problem = record.problem();
            let as_expected = match (&problem, expected) {
                (None, None) => true,
                (Some(problem), Some(expected)) => problem.starts_with(expected),
                _ => false,
            };
            assert!(
                as_expected,
                "{record:?}: {problem:?}, expected {expected:?}"
            );
        }
    }
}
