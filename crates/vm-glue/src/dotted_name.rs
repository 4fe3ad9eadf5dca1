//! Dotted names, taken apart once. Only names are kept here, never what they lead to.

use core::ffi::CStr;
use std::collections::HashMap;
use std::sync::Arc;

use rustpython_vm::VirtualMachine;
use rustpython_vm::builtins::PyStr;
use rustpython_vm::common::lock::{LazyLock, PyRwLock};
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
}

/// How many names are kept. A program imports a few dozen; one that makes names without end starts
/// over rather than grow.
const MOST: usize = 1024;

type Names = HashMap<Box<CStr>, Arc<DottedName>, ahash::RandomState>;

static NAMES: LazyLock<PyRwLock<Names>> = LazyLock::new(PyRwLock::default);

impl DottedName {
    /// The parts of `name`, from the cache where it has been seen.
    pub(crate) fn of(name: &CStr, vm: &VirtualMachine) -> Arc<Self> {
        if let Some(known) = NAMES.read().get(name) {
            return known.clone();
        }
        let parsed = Arc::new(Self::parse(name, vm));
        let forgotten = {
            let mut names = NAMES.write();
            let forgotten = if names.len() >= MOST {
                core::mem::take(&mut *names)
            } else {
                Names::default()
            };
            names.insert(name.into(), parsed.clone());
            forgotten
        };
        // Not under the lock: strings are freed with it.
        drop(forgotten);
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
