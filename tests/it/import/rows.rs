//! Rows of imports: files on the path, statements that run first, the name to import, and the
//! answer, which is the same for every import function.

use Answer::{NotValid, Noted, Pointer, Raises, Wrapped};

/// The pointer of the capsule that a row must find. Other capsules have other pointers.
pub(super) const POINTER: usize = 0x7e57;

pub(super) struct Row {
    pub(super) name: &'static str,
    /// Paths and texts of files in the directory of the row, which is on `sys.path`.
    pub(super) files: &'static [(&'static str, &'static str)],
    /// Statements that run before every import; see `PRELUDE`.
    pub(super) setup: &'static str,
    pub(super) request: Vec<u8>,
    pub(super) answer: Answer,
}

pub(super) enum Answer {
    /// The capsule with `POINTER`.
    Pointer,
    /// An exception.
    Raises(&'static str),
    /// An ImportError for this module, with this cause.
    Wrapped(&'static str, &'static str),
    /// An exception with this note.
    Noted(&'static str, &'static str),
    /// An AttributeError with this note, because the object that was found is not the capsule.
    NotValid(&'static str),
}

fn row(
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    setup: &'static str,
    request: impl Into<Vec<u8>>,
    answer: Answer,
) -> Row {
    Row {
        name,
        files,
        setup,
        request: request.into(),
        answer,
    }
}

const M: &str = "module('m', cap=capsule('m.cap'))";
const M_FILE: (&str, &str) = (
    "m.py",
    "import _capsule; cap = _capsule.new(0x7e57, 'm.cap')",
);
const SUB: (&str, &str) = (
    "pkg/sub.py",
    "import _capsule; cap = _capsule.new(0x7e57, 'pkg.sub.cap')",
);
const EMPTY_PKG: (&str, &str) = ("pkg/__init__.py", "");
const NO_M: &str = "ModuleNotFoundError: No module named 'm'";
const NO_EMPTY: &str = "ValueError: Empty module name";
const NOPE: &str = "AttributeError: module 'm' has no attribute 'nope'";
const A_MODULE: &str = "not a capsule but an object of type 'module'";

#[rustfmt::skip]
pub(super) fn found() -> Vec<Row> {
    vec![
        row("module-is-imported-when-needed", &[M_FILE], "", "m.cap", Pointer),
        row("loaded-module-is-used", &[("m.py", "1 / 0")], M, "m.cap", Pointer),
        row("attributes-of-a-class", &[], "class A: class_ = type('B', (), {'cap': capsule('m.A.class_.cap')})\nmodule('m', A=A)", "m.A.class_.cap", Pointer),
        row("attributes-of-an-instance", &[], "module('m', a=types.SimpleNamespace(b=types.SimpleNamespace(c=capsule('m.a.b.c'))))", "m.a.b.c", Pointer),
        row("a-property", &[], "class A:\n @property\n def cap(self): return capsule('m.a.cap')\nmodule('m', a=A())", "m.a.cap", Pointer),
        row("made-on-demand-by-module-getattr", &[], "module('m', __getattr__=lambda name: capsule('m.' + name))", "m.made", Pointer),
        row("made-on-demand-in-a-file", &[("m.py", "import _capsule\ndef __getattr__(name): return _capsule.new(0x7e57, 'm.' + name)")], "", "m.made", Pointer),
        row("class-in-sys-modules", &[], "sys.modules['m'] = type('A', (), {'cap': capsule('m.cap')})", "m.cap", Pointer),
        row("namespace-in-sys-modules", &[], "sys.modules['m'] = types.SimpleNamespace(cap=capsule('m.cap'))", "m.cap", Pointer),
        row("slots-object-in-sys-modules", &[], "class A: __slots__ = 'cap'\nsys.modules['m'] = A()\nsys.modules['m'].cap = capsule('m.cap')", "m.cap", Pointer),
        row("false-object-in-sys-modules", &[], "class A(dict): pass\nsys.modules['m'] = A()\nsys.modules['m'].cap = capsule('m.cap')", "m.cap", Pointer),
        row("module-that-is-initializing", &[], "module('m', cap=capsule('m.cap'), __spec__=types.SimpleNamespace(_initializing=True))", "m.cap", Pointer),
        row("object-that-is-initializing", &[], "sys.modules['m'] = types.SimpleNamespace(cap=capsule('m.cap'), __spec__=types.SimpleNamespace(_initializing=True))", "m.cap", Pointer),
        row("module-without-a-spec", &[], "del module('m', cap=capsule('m.cap')).__spec__", "m.cap", Pointer),
        row("no-dot-and-a-capsule-in-sys-modules", &[], "sys.modules['x'] = capsule('x')", "x", Pointer),
        row("module-replaces-itself", &[("m.py", "import _capsule, sys, types\nsys.modules[__name__] = types.SimpleNamespace(cap=_capsule.new(0x7e57, 'm.cap'))")], "", "m.cap", Pointer),
        row("circular-import-with-the-attribute-set", &[
            ("m.py", "import _capsule; cap = _capsule.new(0x7e57, 'm.cap'); import other"),
            ("other.py", "import _capsule; assert _capsule.import_('m.cap') == 0x7e57"),
        ], "", "m.cap", Pointer),
        row("empty-attribute-at-the-end", &[], "setattr(module('m'), '', capsule('m.'))", "m.", Pointer),
        row("empty-attribute-in-the-middle", &[], "setattr(module('m'), '', types.SimpleNamespace(cap=capsule('m..cap')))", "m..cap", Pointer),
        row("names-beyond-ascii", &[("möd.py", "import _capsule; käp = _capsule.new(0x7e57, 'möd.käp')")], "", "möd.käp", Pointer),
        row("names-with-spaces", &[], "setattr(module('a b'), 'c d', capsule('a b.c d'))", "a b.c d", Pointer),
        row("very-long-name", &[], "setattr(module('m'), 'a' * 100_000, capsule('m.' + 'a' * 100_000))", format!("m.{}", "a".repeat(100_000)), Pointer),
        row("a-hundred-parts", &[], "inner = capsule('m' + '.a' * 100)\nfor _ in range(99): inner = types.SimpleNamespace(a=inner)\nmodule('m', a=inner)", format!("m{}", ".a".repeat(100)), Pointer),
        row("submodule-is-imported", &[EMPTY_PKG, SUB], "", "pkg.sub.cap", Pointer),
        row("nested-submodules-are-imported", &[EMPTY_PKG, ("pkg/deep/__init__.py", ""), ("pkg/deep/er.py", "import _capsule; ns = type('ns', (), {'cap': _capsule.new(0x7e57, 'pkg.deep.er.ns.cap')})")], "", "pkg.deep.er.ns.cap", Pointer),
        row("submodule-of-a-namespace-package", &[SUB], "", "pkg.sub.cap", Pointer),
        row("submodule-that-was-imported", &[EMPTY_PKG, SUB], "import pkg.sub", "pkg.sub.cap", Pointer),
        row("submodule-that-the-package-imports", &[("pkg/__init__.py", "from . import sub"), SUB], "", "pkg.sub.cap", Pointer),
        row("submodule-whose-attribute-was-deleted", &[EMPTY_PKG, SUB], "import pkg.sub; del pkg.sub", "pkg.sub.cap", Pointer),
        row("attribute-shadows-submodule", &[("pkg/__init__.py", "import _capsule\nclass sub: cap = _capsule.new(0x7e57, 'pkg.sub.cap')"), ("pkg/sub.py", "1 / 0")], "", "pkg.sub.cap", Pointer),
        row("submodule-where-package-getattr-refuses", &[("pkg/__init__.py", "def __getattr__(name): raise AttributeError('mine')"), SUB], "", "pkg.sub.cap", Pointer),
        row("submodule-beyond-ascii", &[EMPTY_PKG, ("pkg/süb.py", "import _capsule; cap = _capsule.new(0x7e57, 'pkg.süb.cap')")], "", "pkg.süb.cap", Pointer),
        row("hook-that-returns-nonsense", &[M_FILE], "def hook(name, *rest): return ORIGINAL_IMPORT(name, *rest) if name != 'm' else ORIGINAL_IMPORT(name, *rest) and 5\nbuiltins.__import__ = hook", "m.cap", Pointer),
        row("sys-modules-rebound-and-only-the-new-has-it", &[], "sys.modules = dict(sys.modules, m=types.SimpleNamespace(cap=capsule('m.cap')))", "m.cap", Pointer),
        row("sys-modules-rebound-and-the-old-has-another", &[], "module('m', cap=capsule('m.cap', 5))\nsys.modules = dict(sys.modules, m=types.SimpleNamespace(cap=capsule('m.cap')))", "m.cap", Pointer),
        row("sys-modules-is-a-subclass-of-dict", &[], "class Modules(dict): pass\nsys.modules = Modules(sys.modules, m=types.SimpleNamespace(cap=capsule('m.cap')))", "m.cap", Pointer),
    ]
}

#[rustfmt::skip]
pub(super) fn no_module() -> Vec<Row> {
    vec![
        row("no-such-module", &[], "", "m.cap", Wrapped("m", NO_M)),
        row("no-such-module-and-no-dot", &[], "", "m", Wrapped("m", NO_M)),
        row("only-the-first-part-counts", &[], "sys.modules['a.b'] = types.SimpleNamespace(cap=capsule('a.b.cap'))", "a.b.cap", Wrapped("a", "ModuleNotFoundError: No module named 'a'")),
        row("zero-division-error", &[("m.py", "1 / 0")], "", "m.cap", Wrapped("m", "ZeroDivisionError: division by zero")),
        row("import-error", &[("m.py", "raise ImportError('mine')")], "", "m.cap", Wrapped("m", "ImportError: mine")),
        row("value-error", &[("m.py", "raise ValueError('mine')")], "", "m.cap", Wrapped("m", "ValueError: mine")),
        row("attribute-error", &[("m.py", "raise AttributeError('mine')")], "", "m.cap", Wrapped("m", "AttributeError: mine")),
        row("syntax-error", &[("m.py", "raise SyntaxError('mine')")], "", "m.cap", Wrapped("m", "SyntaxError: mine")),
        row("recursion-error", &[("m.py", "raise RecursionError('mine')")], "", "m.cap", Wrapped("m", "RecursionError: mine")),
        row("generator-exit", &[("m.py", "raise GeneratorExit('mine')")], "", "m.cap", Wrapped("m", "GeneratorExit: mine")),
        row("own-base-exception", &[("m.py", "class Mine(BaseException): pass\nraise Mine('text')")], "", "m.cap", Wrapped("m", "Mine: text")),
        row("module-that-it-imports-is-missing", &[("m.py", "import n")], "", "m.cap", Wrapped("m", "ModuleNotFoundError: No module named 'n'")),
        row("keyboard-interrupt-passes", &[("m.py", "raise KeyboardInterrupt('mine')")], "", "m.cap", Raises("KeyboardInterrupt: mine")),
        row("system-exit-passes", &[("m.py", "raise SystemExit(3)")], "", "m.cap", Raises("SystemExit: 3")),
        row("memory-error-passes", &[("m.py", "raise MemoryError('mine')")], "", "m.cap", Raises("MemoryError: mine")),
        row("subclass-of-keyboard-interrupt-passes", &[("m.py", "class Mine(KeyboardInterrupt): pass\nraise Mine('text')")], "", "m.cap", Raises("Mine: text")),
        row("module-removes-itself", &[("m.py", "import sys; del sys.modules[__name__]")], "", "m.cap", Wrapped("m", "KeyError: 'm'")),
        row("spec-that-raises", &[], "class A:\n cap = capsule('m.cap')\n __spec__ = property(lambda self: 1 / 0)\nsys.modules['m'] = A()", "m.cap", Wrapped("m", "ZeroDivisionError: division by zero")),
        row("spec-that-interrupts", &[], "def interrupt(self): raise KeyboardInterrupt('mine')\nsys.modules['m'] = type('A', (), {'cap': capsule('m.cap'), '__spec__': property(interrupt)})()", "m.cap", Raises("KeyboardInterrupt: mine")),
        row("none-in-sys-modules", &[M_FILE], "sys.modules['m'] = None", "m.cap", Wrapped("m", "ModuleNotFoundError: import of m halted; None in sys.modules")),
        row("caller-in-a-package-asks-relatively", &[("pkg/__init__.py", "import _capsule; _capsule.import_('sub.cap')"), SUB], "", "pkg.x", Wrapped("pkg", "ImportError: PyCapsule_Import could not import module \"sub\"")),
        row("circular-import-with-the-attribute-missing", &[
            ("m.py", "import other; import _capsule; cap = _capsule.new(0x7e57, 'm.cap')"),
            ("other.py", "import _capsule; _capsule.import_('m.cap')"),
        ], "", "m.cap", Wrapped("m", "AttributeError: partially initialized module 'm' from '{directory}/m.py' has no attribute 'cap' (most likely due to a circular import)")),
        row("empty-name", &[], "", "", Wrapped("", NO_EMPTY)),
        row("a-dot", &[], "", ".", Wrapped("", NO_EMPTY)),
        row("two-dots", &[], "", "..", Wrapped("", NO_EMPTY)),
        row("dot-first", &[], M, ".m.cap", Wrapped("", NO_EMPTY)),
        row("space-first", &[], M, " m.cap", Wrapped(" m", "ModuleNotFoundError: No module named ' m'")),
        row("slash", &[EMPTY_PKG, SUB], "", "pkg/sub.cap", Wrapped("pkg/sub", "ModuleNotFoundError: No module named 'pkg/sub'")),
        row("not-utf-8", &[], "", *b"\xff\xfe.cap", Wrapped("\u{fffd}\u{fffd}", "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte")),
        row("not-utf-8-but-a-surrogate", &[], "", *b"\xed\xa0\x80.cap", Wrapped("\u{fffd}\u{fffd}\u{fffd}", "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xed in position 0: invalid continuation byte")),
        row("not-utf-8-at-the-end", &[], "", *b"a\xc3.cap", Wrapped("a\u{fffd}", "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xc3 in position 1: unexpected end of data")),
        row("submodule-raises", &[EMPTY_PKG, ("pkg/sub.py", "1 / 0")], "", "pkg.sub.cap", Wrapped("pkg.sub", "ZeroDivisionError: division by zero")),
        row("submodule-lacks-a-module", &[EMPTY_PKG, ("pkg/sub.py", "import n")], "", "pkg.sub.cap", Wrapped("pkg.sub", "ModuleNotFoundError: No module named 'n'")),
        row("submodule-interrupts", &[EMPTY_PKG, ("pkg/sub.py", "raise KeyboardInterrupt('mine')")], "", "pkg.sub.cap", Raises("KeyboardInterrupt: mine")),
        row("hook-that-does-nothing", &[M_FILE], "builtins.__import__ = lambda *args, **named: None", "m.cap", Wrapped("m", "KeyError: 'm'")),
        row("hook-that-raises", &[], "def hook(*args, **named): raise KeyError('mine')\nmodule('m', cap=capsule('m.cap')); builtins.__import__ = hook", "m.cap", Wrapped("m", "KeyError: 'mine'")),
        row("hook-that-exits", &[], "def hook(*args, **named): raise SystemExit(3)\nmodule('m', cap=capsule('m.cap')); builtins.__import__ = hook", "m.cap", Raises("SystemExit: 3")),
        row("hook-that-is-gone", &[], "module('m', cap=capsule('m.cap')); del builtins.__import__", "m.cap", Wrapped("m", "ImportError: __import__ not found")),
        row("sys-modules-rebound-and-only-the-old-has-it", &[], "module('m', cap=capsule('m.cap')); sys.modules = {'sys': sys, 'builtins': builtins}", "m.cap", Wrapped("m", NO_M)),
    ]
}

#[rustfmt::skip]
pub(super) fn no_attribute() -> Vec<Row> {
    vec![
        row("last-part", &[], M, "m.nope", Raises(NOPE)),
        row("middle-part", &[], M, "m.nope.cap", Raises(NOPE)),
        row("attribute-of-an-int", &[], "module('m', x=5)", "m.x.cap", Raises("AttributeError: 'int' object has no attribute 'cap'")),
        row("module-becomes-none", &[("m.py", "import sys; sys.modules[__name__] = None")], "", "m.cap", Raises("AttributeError: 'NoneType' object has no attribute 'cap'")),
        row("dot-last", &[], M, "m.", Raises("AttributeError: module 'm' has no attribute ''")),
        row("two-dots-within", &[], M, "m..cap", Raises("AttributeError: module 'm' has no attribute ''")),
        row("attribute-of-the-capsule", &[], M, "m.cap.", Raises("AttributeError: 'PyCapsule' object has no attribute ''")),
        row("method-of-the-capsule-is-no-capsule", &[], M, "m.cap.__repr__", NotValid("not a capsule but an object of type 'method-wrapper'")),
        row("getattr-raises-attribute-error", &[], "module('m', __getattr__=lambda name: sys.mine)", "m.cap", Raises("AttributeError: module 'sys' has no attribute 'mine'")),
        row("getattr-raises-another", &[], "module('m', __getattr__=lambda name: 1 / 0)", "m.cap", Raises("ZeroDivisionError: division by zero")),
        row("getattr-interrupts", &[], "def interrupt(name): raise KeyboardInterrupt('mine')\nmodule('m', __getattr__=interrupt)", "m.cap", Raises("KeyboardInterrupt: mine")),
        row("package-getattr-raises-another", &[("pkg/__init__.py", "def __getattr__(name): 1 / 0"), SUB], "", "pkg.sub.cap", Raises("ZeroDivisionError: division by zero")),
        row("no-such-submodule", &[EMPTY_PKG], "", "pkg.nope.cap", Raises("AttributeError: module 'pkg' has no attribute 'nope'")),
        row("no-such-submodule-of-a-package-reached-through-an-attribute", &[EMPTY_PKG], "import pkg; module('m', pkg=pkg)", "m.pkg.nope.cap", Raises("AttributeError: module 'pkg' has no attribute 'nope'")),
        row("no-such-submodule-and-getattr-says-why", &[("pkg/__init__.py", "def __getattr__(name): raise AttributeError('mine')")], "", "pkg.nope.cap", Raises("AttributeError: mine")),
        row("last-part-is-never-imported", &[EMPTY_PKG, ("pkg/sub.py", "raise SystemExit")], "", "pkg.sub", Raises("AttributeError: module 'pkg' has no attribute 'sub'")),
        row("none-shadows-submodule", &[("pkg/__init__.py", "sub = None"), SUB], "", "pkg.sub.cap", Raises("AttributeError: 'NoneType' object has no attribute 'cap'")),
        row("submodule-is-barred", &[EMPTY_PKG, SUB], "sys.modules['pkg.sub'] = None", "pkg.sub.cap", Raises("AttributeError: module 'pkg' has no attribute 'sub'")),
        row("plain-module-has-no-submodules", &[], "module('m'); module('m.sub', cap=capsule('m.sub.cap'))", "m.sub.cap", Raises("AttributeError: module 'm' has no attribute 'sub'")),
        row("no-dot", &[M_FILE], "", "m", NotValid(A_MODULE)),
        row("an-int", &[], "module('m', x=5)", "m.x", NotValid("not a capsule but an object of type 'int'")),
        row("none", &[], "module('m', x=None)", "m.x", NotValid("not a capsule but an object of type 'NoneType'")),
        row("the-class", &[], "module('m', x=_capsule.PyCapsule)", "m.x", NotValid("not a capsule but an object of type 'type'")),
        row("submodule-is-no-capsule", &[EMPTY_PKG, SUB], "import pkg.sub", "pkg.sub", NotValid(A_MODULE)),
        row("another-name", &[], "module('m', x=capsule('m.y'))", "m.x", NotValid("expected the name \"m.x\", found \"m.y\"")),
        row("only-the-attribute-as-name", &[], "module('m', x=capsule('x'))", "m.x", NotValid("expected the name \"m.x\", found \"x\"")),
        row("longer-name", &[], "module('m', x=capsule('m.x.y'))", "m.x", NotValid("expected the name \"m.x\", found \"m.x.y\"")),
        row("no-name", &[], "module('m', x=capsule(None))", "m.x", NotValid("expected the name \"m.x\", found NULL")),
        row("empty-name", &[], "module('m', x=capsule(''))", "m.x", NotValid("expected the name \"m.x\", found \"\"")),
        row("name-that-is-not-utf-8", &[], "module('m', x=capsule(b'm.\\xff'))", "m.x", NotValid("expected the name \"m.x\", found \"m.\u{fffd}\"")),
        row("name-in-other-case", &[], "module('m', x=capsule('m.X'))", "m.x", NotValid("expected the name \"m.x\", found \"m.X\"")),
        row("capsule-that-was-claimed", &[], "module('m', x=capsule('m.x')); _capsule.claim(sys.modules['m'].x, 'm.x', 'taken')", "m.x", NotValid("expected the name \"m.x\", found \"taken\": the capsule is already consumed")),
    ]
}

/// The codecs of the VM add a note to their errors.
#[rustfmt::skip]
pub(super) fn errors_with_notes_of_the_vm() -> Vec<Row> {
    vec![
        row("not-utf-8-in-the-last-part", &[], M, *b"m.\xff", Raises("UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte\nnote decoding with 'utf-8' codec failed")),
        row("not-utf-8-in-a-middle-part", &[EMPTY_PKG], "", *b"pkg.a\xff.cap", Raises("UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 1: invalid start byte\nnote decoding with 'utf-8' codec failed")),
        row("not-utf-8-in-a-missing-part", &[], M, *b"m.\xed\xa0\x80.cap", Raises("UnicodeDecodeError: 'utf-8' codec can't decode byte 0xed in position 0: invalid continuation byte\nnote decoding with 'utf-8' codec failed")),
    ]
}

/// The capsules of CPython's standard library, which this interpreter does not have.
#[rustfmt::skip]
pub(super) fn not_available() -> Vec<Row> {
    vec![
        row("unicodedata", &[], "", "unicodedata._ucnhash_CAPI", Noted("AttributeError: module 'unicodedata' has no attribute '_ucnhash_CAPI'", "CPython's unicodedata._ucnhash_CAPI is not here: its functions read CPython's own table of character names")),
        row("pyexpat", &[], "", "pyexpat.expat_CAPI", Noted("AttributeError: module 'pyexpat' has no attribute 'expat_CAPI'", "CPython's pyexpat.expat_CAPI is not here: its functions are those of the C library Expat, which this interpreter is made without")),
        row("socket", &[], "", "_socket.CAPI", Noted("AttributeError: module '_socket' has no attribute 'CAPI'", "CPython's _socket.CAPI is not here: it leads to the C struct of CPython's sockets")),
        row("curses", &[], "", "_curses._C_API", Noted("ImportError: PyCapsule_Import could not import module \"_curses\"\ncause ModuleNotFoundError: No module named '_curses'", "CPython's _curses._C_API is not here: its functions are over the C library curses, which this interpreter is made without")),
        row("module-of-the-user", &[], "module('_curses', _C_API=capsule('_curses._C_API'))", "_curses._C_API", Pointer),
        row("attribute-of-the-user-is-no-capsule", &[], "module('_curses', _C_API=5)", "_curses._C_API", NotValid("not a capsule but an object of type 'int'")),
        row("interrupts-get-no-note", &[], "def interrupt(name): raise KeyboardInterrupt('mine')\nmodule('_curses', __getattr__=interrupt)", "_curses._C_API", Raises("KeyboardInterrupt: mine")),
        row("notes-are-kept", &[], "def refuse(name):\n error = AttributeError('mine')\n error.add_note('first')\n raise error\nmodule('_curses', __getattr__=refuse)", "_curses._C_API", Noted("AttributeError: mine\nnote first", "CPython's _curses._C_API is not here: its functions are over the C library curses, which this interpreter is made without")),
        row("other-attribute-of-such-a-module", &[], "", "unicodedata.nope", Raises("AttributeError: module 'unicodedata' has no attribute 'nope'")),
    ]
}
