//! Dotted names, parsed once on each thread. The cache holds names only, never the objects that they
//! lead to; without it an import takes nearly twice as long (docs/performance.md).

use core::cell::RefCell;
use core::ffi::CStr;
use std::collections::HashMap;
use std::rc::Rc;

use rustpython_vm::builtins::PyStr;
use rustpython_vm::{Context, PyRef, PyResult, VirtualMachine};

/// The parts of a name such as `a.b.c`. There is at least one, and a part may be empty.
#[derive(Debug)]
pub(crate) struct DottedName {
    text: Box<CStr>,
    parts: Box<[Part]>,
}

/// One part, and its place in the name.
#[derive(Debug)]
pub(crate) struct Part {
    /// `None` if the bytes are not UTF-8.
    text: Option<PyRef<PyStr>>,
    start: usize,
    end: usize,
    /// Whether it begins with two underscores, as names with a meaning to Python do.
    pub(crate) is_dunder: bool,
}

/// How many names the cache of a thread holds. A program imports a few dozen. When the cache is full,
/// it is emptied, so that generated names do not fill the memory.
const CAPACITY: usize = 256;

/// The length in bytes up to which a name is cached.
const LONGEST: usize = 256;

/// The names that a thread has parsed.
#[derive(Default)]
struct Cache(RefCell<HashMap<Box<CStr>, Rc<DottedName>, ahash::RandomState>>);

impl Cache {
    fn get(&self, name: &CStr, ctx: &Context) -> Rc<DottedName> {
        if let Some(known) = self.0.borrow().get(name) {
            return known.clone();
        }
        let parsed = Rc::new(DottedName::parse(name, ctx));
        if name.count_bytes() <= LONGEST {
            let mut names = self.0.borrow_mut();
            let full = names.len() >= CAPACITY;
            let removed = full.then(|| core::mem::take(&mut *names));
            names.insert(name.into(), parsed.clone());
            drop(names);
            // After the borrow has ended: this drops Python strings.
            drop(removed);
        }
        parsed
    }
}

thread_local! {
    static CACHE: Cache = Cache::default();
}

impl DottedName {
    /// The parts of `name`, from the cache if the thread has parsed it before.
    pub(crate) fn of(name: &CStr, vm: &VirtualMachine) -> Rc<Self> {
        CACHE
            .try_with(|cache| cache.get(name, &vm.ctx))
            // During thread shutdown there is no cache.
            .unwrap_or_else(|_| Rc::new(Self::parse(name, &vm.ctx)))
    }

    fn parse(name: &CStr, ctx: &Context) -> Self {
        let mut start = 0;
        let parts = name
            .to_bytes()
            .split(|byte| *byte == b'.')
            .map(|bytes| {
                let part = Part {
                    // The interned string, if there is one: modules and classes use it as a key.
                    text: str::from_utf8(bytes).ok().map(|text| {
                        let known = ctx.interned_str(text);
                        known.map_or_else(|| ctx.new_str(text), |known| known.to_owned())
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

    use rustpython_vm::AsObject;

    use super::*;

    fn parse(name: &CStr) -> DottedName {
        DottedName::parse(name, Context::genesis())
    }

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
        for (name, expected) in rows {
            let dotted = parse(name);
            assert_eq!(parts(&dotted), expected);
            assert_eq!(dotted.name(), name);
        }
    }

    #[test]
    fn prefixes_end_with_their_part() {
        let dotted = parse(c"a.\xff.__c__..d");
        let prefixes = dotted.attributes().iter().map(|part| dotted.prefix(part));
        let expected = [
            "a.\u{fffd}",
            "a.\u{fffd}.__c__",
            "a.\u{fffd}.__c__.",
            "a.\u{fffd}.__c__..d",
        ];
        assert_eq!(prefixes.collect::<Vec<_>>(), expected);
        assert_eq!(dotted.prefix(dotted.module()), "a");
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
        for (name, expected) in rows {
            assert_eq!(parse(name).module().is_dunder, expected, "{name:?}");
        }
    }

    #[test]
    fn only_parts_in_utf_8_are_strings() {
        let dotted = parse(c"a.\xff");
        let module = dotted.module().text.as_ref().expect("it is UTF-8");
        assert_eq!(module.to_str(), Some("a"));
        assert!(dotted.attributes()[0].text.is_none());
    }

    #[test]
    fn parts_are_interned_strings_if_these_exist() {
        let known = Context::genesis().intern_str("rustpython_capsule_glue_known_part");
        let dotted = parse(c"rustpython_capsule_glue_known_part");
        let part = dotted.module().text.as_ref().expect("it is UTF-8");
        assert!(part.as_object().is(known.as_object()));
    }

    #[test]
    fn names_are_parsed_once_unless_they_are_long() {
        let cache = Cache::default();
        let get = |name: &CStr| cache.get(name, Context::genesis());
        assert!(Rc::ptr_eq(&get(c"a.b"), &get(c"a.b")));
        assert!(!Rc::ptr_eq(&get(c"a.b"), &get(c"a.c")));
        for (length, cached) in [(LONGEST, true), (LONGEST + 1, false)] {
            let name = CString::new(vec![b'a'; length]).expect("no NUL");
            assert_eq!(Rc::ptr_eq(&get(&name), &get(&name)), cached, "{length}");
        }
    }

    #[test]
    fn a_full_cache_is_emptied() {
        let cache = Cache::default();
        let get = |name: &CStr| cache.get(name, Context::genesis());
        let first = get(c"first.name");
        let mut largest = 0;
        for number in 0..3 * CAPACITY {
            let name = CString::new(format!("module.name_{number}")).expect("no NUL");
            drop(get(&name));
            largest = largest.max(cache.0.borrow().len());
        }
        assert_eq!(largest, CAPACITY);
        assert_eq!(parts(&first), ["first", "name"]);
        assert!(!Rc::ptr_eq(&first, &get(c"first.name")));
    }
}
