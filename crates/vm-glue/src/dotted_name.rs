//! Dotted names, taken apart once. Only names are kept here, never what they lead to.

use core::cell::RefCell;
use core::ffi::CStr;
use std::collections::HashMap;
use std::rc::Rc;

use rustpython_vm::VirtualMachine;
use rustpython_vm::builtins::PyStr;
use rustpython_vm::{PyRef, PyResult};

/// `a.b.c`, as its parts.
#[derive(Debug)]
pub(crate) struct DottedName {
    text: Box<CStr>,
    parts: Box<[Part]>,
}

/// One part, and where it ends in the whole.
#[derive(Debug)]
pub(crate) struct Part {
    /// `None` where the bytes are not UTF-8.
    text: Option<PyRef<PyStr>>,
    start: usize,
    end: usize,
    /// Whether it begins as the names do that Python gives a meaning to.
    pub(crate) is_dunder: bool,
}

/// How many names a thread keeps. A program imports a few dozen; one that makes names without end
/// starts over rather than grow.
const MOST: usize = 256;

/// How long a name is that is kept.
const LONGEST: usize = 256;

type Names = HashMap<Box<CStr>, Rc<DottedName>, ahash::RandomState>;

thread_local! {
    static NAMES: RefCell<Names> = RefCell::default();
}

impl DottedName {
    /// The parts of `name`, from the cache where the thread has asked for it before.
    pub(crate) fn of(name: &CStr, vm: &VirtualMachine) -> Rc<Self> {
        let known = NAMES.try_with(|names| names.borrow().get(name).cloned());
        if let Ok(Some(known)) = known {
            return known;
        }
        let parsed = Rc::new(Self::parse(name, vm));
        if name.count_bytes() <= LONGEST {
            let forgotten = NAMES.try_with(|names| {
                let mut names = names.borrow_mut();
                let full = names.len() >= MOST;
                let forgotten = full.then(|| core::mem::take(&mut *names));
                names.insert(name.into(), parsed.clone());
                forgotten
            });
            // Not while it is borrowed: objects go with it.
            drop(forgotten);
        }
        parsed
    }

    fn parse(name: &CStr, vm: &VirtualMachine) -> Self {
        let mut start = 0;
        let parts = name
            .to_bytes()
            .split(|byte| *byte == b'.')
            .map(|bytes| {
                let part = Part {
                    // The string that modules and classes use as a key, if there is one.
                    text: str::from_utf8(bytes).ok().map(|text| {
                        let known = vm.ctx.interned_str(text);
                        known.map_or_else(|| vm.ctx.new_str(text), |known| known.to_owned())
                    }),
                    start,
                    end: start + bytes.len(),
                    is_dunder: bytes.starts_with(b"__"),
                };
                start = part.end + 1;
                part
            })
            .collect();
        Self {
            text: name.into(),
            parts,
        }
    }

    /// The whole, as it was asked for.
    pub(crate) fn name(&self) -> &CStr {
        &self.text
    }

    /// The first part, which names a module.
    pub(crate) fn module(&self) -> &Part {
        &self.parts[0]
    }

    /// The further parts, which name attributes.
    pub(crate) fn attributes(&self) -> &[Part] {
        &self.parts[1..]
    }

    /// The bytes of one part.
    fn bytes(&self, part: &Part) -> &[u8] {
        &self.text.to_bytes()[part.start..part.end]
    }

    /// One part as a Python string.
    ///
    /// # Errors
    /// UnicodeDecodeError, as the codec raises it.
    pub(crate) fn part(&self, part: &Part, vm: &VirtualMachine) -> PyResult<PyRef<PyStr>> {
        match &part.text {
            Some(text) => Ok(text.clone()),
            None => {
                let bytes = vm.ctx.new_bytes(self.bytes(part).to_vec()).into();
                vm.state
                    .codec_registry
                    .decode_text(bytes, "utf-8", None, vm)
            }
        }
    }

    /// One part for a message.
    pub(crate) fn shown(&self, part: &Part) -> String {
        String::from_utf8_lossy(self.bytes(part)).into_owned()
    }

    /// Everything up to the end of `part`, for a message or an import.
    pub(crate) fn prefix(&self, part: &Part) -> String {
        String::from_utf8_lossy(&self.text.to_bytes()[..part.end]).into_owned()
    }
}
