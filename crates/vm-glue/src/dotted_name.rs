//! Dotted names, parsed once a thread. The cache holds names only, never the objects that they lead
//! to; without it an import takes nearly twice as long (docs/performance.md).

use core::cell::RefCell;
use core::ffi::CStr;
use std::collections::HashMap;
use std::rc::Rc;

use rustpython_vm::VirtualMachine;
use rustpython_vm::builtins::PyStr;
use rustpython_vm::{PyRef, PyResult};

/// The parts of a name such as `a.b.c`. There is at least one, and a part may be empty.
#[derive(Debug)]
pub(crate) struct DottedName {
    text: Box<CStr>,
    parts: Box<[Part]>,
}

/// One part, and its place in the name.
#[derive(Debug)]
pub(crate) struct Part {
    /// `None` where the bytes are not UTF-8.
    text: Option<PyRef<PyStr>>,
    start: usize,
    end: usize,
    /// Whether it begins with two underscores, as names with a meaning to Python do.
    pub(crate) is_dunder: bool,
}

/// How many names the cache of a thread holds. A program imports a few dozen. When the cache is full,
/// it is emptied, so that a program that makes up names does not grow.
const CAPACITY: usize = 256;

/// The length in bytes up to which a name is cached.
const LONGEST: usize = 256;

type Names = HashMap<Box<CStr>, Rc<DottedName>, ahash::RandomState>;

thread_local! {
    static NAMES: RefCell<Names> = RefCell::default();
}

impl DottedName {
    /// The parts of `name`, from the cache if the thread has parsed it before.
    pub(crate) fn of(name: &CStr, vm: &VirtualMachine) -> Rc<Self> {
        let known = NAMES.try_with(|names| names.borrow().get(name).cloned());
        if let Ok(Some(known)) = known {
            return known;
        }
        let parsed = Rc::new(Self::parse(name, vm));
        if name.count_bytes() <= LONGEST {
            let removed = NAMES.try_with(|names| {
                let mut names = names.borrow_mut();
                let full = names.len() >= CAPACITY;
                let removed = full.then(|| core::mem::take(&mut *names));
                names.insert(name.into(), parsed.clone());
                removed
            });
            // After the borrow has ended: this drops Python strings.
            drop(removed);
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
                    // The interned string, if there is one: modules and classes use it as a key.
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

    /// The whole name.
    pub(crate) fn name(&self) -> &CStr {
        &self.text
    }

    /// The first part, the name of a module.
    pub(crate) fn module(&self) -> &Part {
        &self.parts[0]
    }

    /// The other parts, the names of attributes.
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
    /// UnicodeDecodeError if the bytes are not UTF-8.
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

    /// One part for a message, where U+FFFD stands for bytes that are not UTF-8.
    pub(crate) fn shown(&self, part: &Part) -> String {
        String::from_utf8_lossy(self.bytes(part)).into_owned()
    }

    /// The name up to the end of `part`, for a message or an import.
    pub(crate) fn prefix(&self, part: &Part) -> String {
        String::from_utf8_lossy(&self.text.to_bytes()[..part.end]).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;

    use rustpython_vm::{AsObject, Interpreter};

    use super::*;

    fn in_interpreter(test: impl FnOnce(&VirtualMachine)) {
        Interpreter::without_stdlib(Default::default()).enter(test);
    }

    /// The parts, for a comparison.
    fn parts(dotted: &DottedName) -> Vec<String> {
        let attributes = dotted.attributes().iter();
        let all = [dotted.module()].into_iter().chain(attributes);
        all.map(|part| dotted.shown(part)).collect()
    }

    #[test]
    fn names_are_split_at_every_point() {
        let long = CString::new(["part"; 200].join(".")).expect("no NUL");
        let rows: [(&CStr, &[&str]); 8] = [
            (c"", &[""]),
            (c"a", &["a"]),
            (c"a.b", &["a", "b"]),
            (
                c"package.module.attribute",
                &["package", "module", "attribute"],
            ),
            (c".a", &["", "a"]),
            (c"a..b.", &["a", "", "b", ""]),
            (c"\xc3\xa9.\xff", &["\u{e9}", "\u{fffd}"]),
            (&long, &["part"; 200]),
        ];
        in_interpreter(|vm| {
            for (name, expected) in rows {
                let dotted = DottedName::of(name, vm);
                assert_eq!(parts(&dotted), expected);
                assert_eq!(dotted.name(), name);
            }
        });
    }

    #[test]
    fn prefixes_end_with_their_part() {
        in_interpreter(|vm| {
            let dotted = DottedName::of(c"a.\xff.__c__..d", vm);
            let prefixes = dotted.attributes().iter().map(|part| dotted.prefix(part));
            let expected = [
                "a.\u{fffd}",
                "a.\u{fffd}.__c__",
                "a.\u{fffd}.__c__.",
                "a.\u{fffd}.__c__..d",
            ];
            assert_eq!(prefixes.collect::<Vec<_>>(), expected);
            assert_eq!(dotted.prefix(dotted.module()), "a");
        });
    }

    #[test]
    fn parts_with_two_underscores_are_marked() {
        let rows = [
            (c"__dict__", true),
            (c"__", true),
            (c"___x", true),
            (c"_x", false),
            (c"x__", false),
            (c"", false),
        ];
        in_interpreter(|vm| {
            for (name, expected) in rows {
                assert_eq!(
                    DottedName::of(name, vm).module().is_dunder,
                    expected,
                    "{name:?}"
                );
            }
        });
    }

    #[test]
    fn a_part_that_is_not_utf_8_is_a_decode_error() {
        in_interpreter(|vm| {
            let dotted = DottedName::of(c"a.\xff", vm);
            let module = dotted.part(dotted.module(), vm).expect("it is UTF-8");
            assert_eq!(module.to_str(), Some("a"));
            let error = dotted.part(&dotted.attributes()[0], vm);
            let error = error.expect_err("it is not UTF-8");
            assert!(error.fast_isinstance(vm.ctx.exceptions.unicode_decode_error));
        });
    }

    #[test]
    fn parts_are_interned_strings_where_these_exist() {
        in_interpreter(|vm| {
            let known = vm.ctx.intern_str("rustpython_capsule_glue_known_part");
            let dotted = DottedName::of(c"rustpython_capsule_glue_known_part", vm);
            let part = dotted.part(dotted.module(), vm).expect("it is UTF-8");
            assert!(part.as_object().is(known.as_object()));
        });
    }

    #[test]
    fn the_cache_has_the_names_of_its_thread() {
        in_interpreter(|vm| {
            let first = DottedName::of(c"cached.once", vm);
            assert!(Rc::ptr_eq(&first, &DottedName::of(c"cached.once", vm)));
            let long = CString::new(vec![b'a'; LONGEST + 1]).expect("no NUL");
            let first = DottedName::of(&long, vm);
            assert!(!Rc::ptr_eq(&first, &DottedName::of(&long, vm)), "too long");
        });
    }

    #[test]
    fn the_cache_is_emptied_when_it_is_full() {
        let size = || NAMES.with_borrow(HashMap::len);
        in_interpreter(|vm| {
            let kept = DottedName::of(c"kept.name", vm);
            let mut largest = 0;
            for number in 0..3 * CAPACITY {
                let name = CString::new(format!("module.name_{number}")).expect("no NUL");
                drop(DottedName::of(&name, vm));
                largest = largest.max(size());
            }
            assert_eq!(largest, CAPACITY);
            assert_eq!(parts(&kept), ["kept", "name"]);
            assert!(!Rc::ptr_eq(&kept, &DottedName::of(c"kept.name", vm)));
        });
    }
}
