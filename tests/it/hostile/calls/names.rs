//! Names of capsules, as addresses. Some are static, and others are freed as soon as the header
//! allows it.

use core::ffi::{CStr, c_char};
use core::ptr::null;
use std::ffi::CString;
use std::rc::Rc;
use std::sync::LazyLock;

/// The module that imports use, and two of its attributes.
pub(crate) const MODULE: &str = "hostile";
pub(crate) const ATTRIBUTES: [&CStr; 2] = [c"first", c"second"];

/// Known texts, so that equal names occur. `LASTING` replaces the last two by long ones.
pub(crate) const KNOWN: [&[u8]; 16] = [
    b"",
    b"a",
    b"a.b",
    b"\xff\xfe",
    b"hostile.first",
    b"hostile.second",
    b"hostile.missing",
    b"hostile.number",
    b"hostile.number.x",
    b"hostile.\xff",
    b"hostile",
    b"used_a",
    b"A",
    "Kapsel\u{e9}".as_bytes(),
    b"long",
    b"longer",
];

/// Each known text at two addresses.
static LASTING: LazyLock<Vec<[CString; 2]>> = LazyLock::new(|| {
    let make = |text: &&[u8]| {
        let text = match *text {
            b"long" => b"x".repeat(5000),
            b"longer" => [b"x".repeat(4999), b"y".to_vec()].concat(),
            text => text.to_vec(),
        };
        [(); 2].map(|()| CString::new(text.clone()).expect("no NUL in it"))
    };
    KNOWN.iter().map(make).collect()
});

/// A name and its owner.
#[derive(Clone, Debug)]
pub(crate) enum Name {
    Null,
    Lasting(&'static CStr),
    /// Freed with the last reference.
    Passing(Rc<CString>),
}

impl Name {
    pub(crate) fn text(&self) -> Option<&CStr> {
        match self {
            Self::Null => None,
            Self::Lasting(text) => Some(text),
            Self::Passing(text) => Some(text),
        }
    }

    pub(crate) fn address(&self) -> *const c_char {
        self.text().map_or(null(), CStr::as_ptr)
    }

    /// The same text at another address.
    fn copy(&self) -> Self {
        match self.text() {
            None => Self::Null,
            Some(text) => Self::Passing(Rc::new(text.to_owned())),
        }
    }

    /// The name as a note shows it.
    pub(crate) fn shown(&self) -> String {
        match self.text() {
            None => "NULL".to_owned(),
            Some(text) => format!("\"{}\"", text.to_string_lossy()),
        }
    }
}

/// The name that a record selects.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NameChoice {
    Null,
    Known(usize, usize),
    /// The name that the capsule has, at the same address.
    Own,
    /// The text of that name, at another address.
    EqualToOwn,
    Bytes([u8; 4]),
}

impl NameChoice {
    pub(crate) fn of(byte: u8, text: [u8; 4]) -> Self {
        match byte {
            0 => Self::Null,
            1..=32 => Self::Known(usize::from(byte - 1) / 2, usize::from(byte - 1) % 2),
            _ => match byte % 8 {
                0..=2 => Self::Own,
                3..=4 => Self::EqualToOwn,
                5 => Self::Null,
                _ => Self::Bytes(text),
            },
        }
    }

    pub(crate) fn resolve(self, own: &Name) -> Name {
        match self {
            Self::Null => Name::Null,
            Self::Known(text, address) => Name::Lasting(&LASTING[text][address]),
            Self::Own => own.clone(),
            Self::EqualToOwn => own.copy(),
            Self::Bytes(bytes) => {
                let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
                let text = CString::new(text).expect("it ends before the first NUL");
                Name::Passing(Rc::new(text))
            }
        }
    }

    /// The same for an import, with known texts only: the model cannot predict the result of
    /// others.
    pub(crate) fn resolve_for_import(self) -> Name {
        match self {
            Self::Bytes(bytes) => {
                let byte = usize::from(bytes[0]);
                Self::Known(byte % KNOWN.len(), byte / KNOWN.len() % 2).resolve(&Name::Null)
            }
            Self::Own | Self::EqualToOwn => {
                Self::Known(4 + usize::from(matches!(self, Self::Own)), 0).resolve(&Name::Null)
            }
            choice => choice.resolve(&Name::Null),
        }
    }
}
