//! Functions that give C code the address of an object's bytes: a NUL follows the bytes, the
//! address stays valid as long as the object, and each call returns the same one. `memory` tests
//! that the memory is freed.

use super::fixture::Suite;
use crate::table::Group;

pub(super) const SUITE: Suite = Suite {
    topic: "strings",
    sources: &["strings.c"],
    prelude: PRELUDE,
    groups: GROUPS,
};

const PRELUDE: &str = "
import gc
m = load('strings')
def same(ask, thing, expected):
    seen = [ask(thing) for _ in range(3)]
    return seen[0][1:] == (len(expected), expected + b'\\0') and len(set(seen)) == 1
";

#[rustfmt::skip]
const GROUPS: &[Group] = &[
    ("a-nul-follows-the-bytes-and-the-address-does-not-change", &[
        ("[same(m.bytes, b, b) for b in (b'', b'a', b'abc', bytes(7), bytes(8), b'x' * 1000, bytes(range(256)))]", "[True, True, True, True, True, True, True]"),
        ("[same(m.bytes_and_size, b, b) for b in (b'', b'a', b'a\\0b')]", "[True, True, True]"),
        ("[same(m.bytes_without_size, b, b) for b in (b'', b'abc')]", "[True, True]"),
        ("[same(m.bytearray, bytearray(b), b) for b in (b'', b'a', b'abc', bytes(8), b'x' * 1000)]", "[True, True, True, True, True]"),
        ("[same(m.str, s, s.encode()) for s in ('', 'a', 'abcdefgh', 'h\\xe9', '\\u20ac' * 9, '\\U0001f600', 'x' * 1000)]", "[True, True, True, True, True, True, True]"),
        ("[same(m.str_and_size, s, s.encode()) for s in ('', 'a', 'a\\0b', 'h\\xe9')]", "[True, True, True, True]"),
        ("m.bytes(b'a\\0b')[1:], m.bytes_and_size(b'abc') == m.bytes(b'abc'), m.str('a\\0b')[2]", "((3, b'a\\x00b\\x00'), True, b'a\\x00')"),
        ("made = [b'%d' % i for i in range(100)]\nfirst = [m.bytes(b)[0] for b in made]\nothers = [m.bytes(b'%d' % i) for i in range(100, 500)]\ngc.collect()\nanswer = first == [m.bytes(b)[0] for b in made], len(set(first))", "(True, 100)"),
        ("made = [str(i) for i in range(100)]\nfirst = [m.str(s)[0] for s in made]\nothers = [m.str(str(i)) for i in range(100, 500)]\ngc.collect()\nanswer = first == [m.str(s)[0] for s in made], len(set(first))", "(True, 100)"),
        ("import types\nmodule = types.ModuleType('h\u{e9}')\nmodule.__file__ = 'a file'\nanswer = m.module_texts(module)", "(b'h\\xc3\\xa9', b'a file', 1)"),
        ("m.copied(b''), m.copied(b'name'), m.copied(b'a\\0b')", "(b'', b'name', b'a')"),
    ]),
    ("subclasses-work-as-well", &[
        ("class B(bytes): pass\nclass S(str): pass\nclass A(bytearray): pass\nanswer = same(m.bytes, B(b'xyz'), b'xyz'), same(m.str, S('xyz'), b'xyz'), same(m.bytearray, A(b'xyz'), b'xyz')", "(True, True, True)"),
        ("class S(str):\n def __del__(self):\n  kept.append(self)\nkept = []\ns = S('comes back')\nbefore = m.str(s)\ndel s\nafter = m.str(kept[0])\ndel S.__del__\nanswer = before == after, after[2]", "(True, b'comes back\\x00')"),
        ("class S(str): pass\ns = S('in a cycle')\ns.itself = s\nm.str(s)\nclass Late:\n def __del__(self):\n  seen.append(m.str(self.text)[2])\nseen = []\nlate = Late()\nlate.text, s.late = s, late\ndel s, late\ngc.collect()\nanswer = seen", "[b'in a cycle\\x00']"),
        ("import weakref\nclass S(str): pass\ns = S('text')\nm.str(s)\ncalls = []\nseen = weakref.ref(s, calls.append)\ndel s\nanswer = seen(), len(calls)", "(None, 1)"),
        ("class C: text = 'text of a class'\nm.str(C.text)\n[C.text for _ in range(100)]\nC.text = 'other' + str(1)\nm.str(C.text)\n[C.text for _ in range(100)]\ndel C.text\nanswer = 5", "5"),
    ]),
    ("objects-do-not-change", &[
        ("s = str(12345)\ncount = sys.getrefcount(s)\nm.str(s)\nanswer = sys.getrefcount(s) == count, s, hash(s) == hash('12345'), type(s), s + 'x', s == '12345', gc.is_tracked(s)", "(True, '12345', True, <class 'str'>, '12345x', True, False)"),
        ("b = b'%d' % 12345\ncount = sys.getrefcount(b)\nm.bytes(b)\nanswer = sys.getrefcount(b) == count, b, hash(b) == hash(b'12345'), type(b), b[1:], bytes(memoryview(b)), b.decode()", "(True, b'12345', True, <class 'bytes'>, b'2345', b'12345', '12345')"),
        ("import pickle, copy\ns = 'a' + str(1)\nm.str(s)\nanswer = pickle.loads(pickle.dumps(s)), copy.copy(s) is s, {s: 1}['a1'], sys.intern(s), s.encode(), repr(s)", "('a1', True, 1, 'a1', b'a1', \"'a1'\")"),
    ]),
    ("c-code-can-fill-new-objects", &[
        ("m.filled(0), m.filled(1), m.filled(9), same(m.bytes, m.filled(8), b'x' * 8)", "(b'', b'x', b'xxxxxxxxx', True)"),
        ("m.array_filled(0), m.array_filled(5)", "(bytearray(b''), bytearray(b'yyyyy'))"),
        ("a = bytearray(b'abc')\nanswer = m.overwritten(a), a", "(bytearray(b'zzz'), bytearray(b'zzz'))"),
        ("m.filled(-1)", "SystemError: Negative size passed to PyBytes_FromStringAndSize"),
        ("m.filled(sys.maxsize)", "OverflowError: byte string is too large"),
        ("m.filled(sys.maxsize // 2)", "MemoryError: "),
        ("m.array_filled(-1)", "SystemError: Negative size passed to PyByteArray_FromStringAndSize"),
        ("m.array_filled(sys.maxsize // 2)", "MemoryError: "),
    ]),
    ("a-bytearray-can-change-between-calls", &[
        ("a = bytearray(b'abc')\nm.bytearray(a)\na += b'defgh'\nanswer = m.bytearray(a)[1:]", "(8, b'abcdefgh\\x00')"),
        ("a = bytearray(b'abcdef')\nm.bytearray(a)\ndel a[2:]\nanswer = m.bytearray(a)[1:]", "(2, b'ab\\x00')"),
        ("a = bytearray(b'abc')\nfirst = m.bytearray(a)[0]\nview = memoryview(a)\nview[0] = 65\nanswer = m.bytearray(a) == (first, 3, b'Abc\\0')", "True"),
        ("a = bytearray(b'abc')\nview = memoryview(a)\nm.bytearray(a)", "BufferError: Existing exports of data: object cannot be re-sized"),
        ("a = bytearray()\nview = memoryview(a)\nanswer = m.bytearray(a)[1:]", "(0, b'\\x00')"),
    ]),
    ("errors", &[
        ("m.bytes('abc')", "TypeError: expected bytes, str found"),
        ("m.bytes_and_size(bytearray(b'abc'))", "TypeError: expected bytes, bytearray found"),
        ("m.bytes_without_size(b'a\\0b')", "ValueError: embedded null byte"),
        ("m.bytearray(b'abc')", "TypeError: expected bytearray, bytes found"),
        ("m.str(b'abc')", "TypeError: bad argument type for built-in operation"),
        ("m.str_and_size(5)", "TypeError: bad argument type for built-in operation"),
        ("m.str('a\\udc80')", "UnicodeEncodeError: 'utf-8' codec can't encode character '\\udc80' in position 1: surrogates not allowed"),
        ("m.str_and_size('\\u20ac\\ud800\\udc80b\\udc80')", "UnicodeEncodeError: 'utf-8' codec can't encode characters in position 1-2: surrogates not allowed"),
        ("m.size_of_failed('\\udc80'), m.size_of_failed(3)", "(-1, -1)"),
        ("import types\nm.module_texts(types.ModuleType('a'))", "SystemError: module filename missing"),
        ("import types\nmodule = types.ModuleType('a')\ndel module.__name__\nm.module_texts(module)", "SystemError: nameless module"),
        ("m.module_texts('a')", "TypeError: bad argument type for built-in operation"),
        ("[refused(m.of_null, which) for which in range(5)]", "['SystemError: bad argument to internal function', 'SystemError: bad argument to internal function', 'SystemError: bad argument to internal function', 'SystemError: bad argument to internal function', 'TypeError: bad argument type for built-in operation']"),
    ]),
    ("threads", &[
        ("[m.dropped_elsewhere('thread %d' % i) for i in range(3)]", "[24, 24, 24]"),
        ("import threading\ntexts = ['text %d' % i for i in range(3000)] + [b'bytes %d' % i for i in range(3000)]\nstart, found = threading.Barrier(4), []\ndef work():\n start.wait()\n found.append([m.str(x) if isinstance(x, str) else m.bytes(x) for x in texts])\nthreads = [threading.Thread(target=work) for _ in range(4)]\n[t.start() for t in threads]\n[t.join() for t in threads]\nanswer = len(found), all(f == found[0] for f in found), [f[2] for f in found[0]] == [x.encode() + b'\\0' if isinstance(x, str) else x + b'\\0' for x in texts]", "(4, True, True)"),
    ]),
];
