//! Modules created from arrays of `PySlot`: what each slot does, and which arrays are errors.

use super::fixture::Suite;
use crate::table::Group;

pub(super) const SUITE: Suite = Suite {
    topic: "slots",
    sources: &["slots.c"],
    prelude: PRELUDE,
    groups: GROUPS,
};

/// The slot numbers are those of PEP 793.
const PRELUDE: &str = "
import struct
maker = load('maker')
maker.forget()
CREATE, EXEC, MULTIPLE, GIL, SUBSLOTS, LEGACY = 84, 85, 86, 87, 92, 94
NAME, DOC, SIZE, METHODS, TRAVERSE, CLEAR, FREE, ABI, TOKEN = 100, 101, 102, 103, 104, 105, 106, 109, 110
END, OPTIONAL, STATIC, INTPTR = 0, 1, 2, 4
kept = []

def slots(*entries, end=b''):
    'Entries are (id, value) or (id, value, flags).'
    pack = lambda id, value=0, flags=0: struct.pack('=HHIQ', id, flags, 0, value & (1 << 64) - 1)
    return b''.join(pack(*entry) for entry in entries) + (end or pack(END))

def address(data):
    kept.append(data)
    return maker.address(data)

def array(*entries): return address(slots(*entries))

def legacy(*entries): return address(b''.join(struct.pack('=iiQ', id, 0, value) for id, value in entries) + bytes(16))

def text(text): return address(text.encode() + b'\\0')

def record(major=1, flags=7, version=0x030f0000, minor=0):
    return struct.pack('=BBHII', major, minor, flags, 0x030f0000, version)

def make(*entries, **attributes):
    spec = types.SimpleNamespace(**{'name': 'm', **attributes})
    return maker.from_slots(slots((ABI, maker.ABI), *entries), spec)

def no(*entries, **attributes): return refused(lambda: make(*entries, **attributes))

def doc(*entries): return make(*entries).__doc__

def ran(*entries):
    'The Py_mod_exec functions that ran, in order, as digits.'
    return maker.execute(make(*entries))

def nested(levels):
    'A slot that runs one function, nested in that many arrays.'
    inside = EXEC, maker.exec_one
    for _ in range(levels):
        inside = SUBSLOTS, array(inside)
    return inside
";

#[rustfmt::skip]
const GROUPS: &[Group] = &[
    ("name-doc-token-and-functions-are-those-of-the-slots", &[
        ("load('whole').__doc__", "'What it says.'"),
        ("load('whole').__name__", "'whole'"),
        ("load('whole').twice(21)", "42"),
        ("whole = load('whole')\nanswer = whole.one, whole.two, maker.token(whole) != 0", "(None, None, True)"),
        ("import inspect\nwhole = load('whole')\nanswer = whole.twice.__doc__, str(inspect.signature(whole.twice)), whole.double.__doc__", "('The double.', '(number)', None)"),
        ("doc((DOC, text('')))", "''"),
        ("doc((DOC, text('snö')))", "'snö'"),
        ("no((DOC, maker.NOT_UTF_8))", "\"UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 4: invalid start byte\\nnote decoding with 'utf-8' codec failed\""),
        ("doc()", "None"),
        ("make((NAME, text('other')))", "<module 'm'>"),
        ("make((NAME, text('other')), name='a.b.snö')", "<module 'a.b.snö'>"),
    ]),
    ("methods-are-functions-of-the-module", &[
        ("m = make((METHODS, maker.METHODS), name='a.b')\nanswer = m.twice.__self__ is m, m.twice.__module__, m.twice.__name__, m.twice.__qualname__", "(True, 'a.b', 'twice', 'twice')"),
        ("no((METHODS, maker.CLASS_METHOD))", "'ValueError: module functions cannot set METH_CLASS or METH_STATIC'"),
        ("no((METHODS, maker.ODD_METHOD))", "'SystemError: f() method: bad call flags'"),
        ("no((METHODS, maker.NULL_METHOD))", "'SystemError: f() method: bad call flags'"),
        ("[vars(make((METHODS, maker.METHODS))).keys() >= {'twice', 'double'}]", "[True]"),
    ]),
    ("exec-functions-run-in-order-up-to-the-first-that-fails", &[
        ("load('whole')\nanswer = from_file('maker', 'whole.so').execute(sys)", "12"),
        ("ran((EXEC, maker.exec_two), (EXEC, maker.exec_one), (EXEC, maker.exec_two))", "212"),
        ("refused(load, 'failing')", "\"KeyError: 'mine'\""),
        ("refused(load, 'failing')\nanswer = 'failing' in sys.modules, from_file('maker', 'failing.so').execute(sys)", "(False, 19)"),
        ("m = make((EXEC, maker.exec_one), (EXEC, maker.exec_fails), (EXEC, maker.exec_two))\nanswer = refused(maker.execute, m), hasattr(m, 'one'), hasattr(m, 'two')", "(\"KeyError: 'mine'\", True, False)"),
    ]),
    ("creation-does-not-execute", &[
        ("m = make((EXEC, maker.exec_one))\nanswer = hasattr(m, 'one'), maker.execute(m), hasattr(m, 'one')", "(False, 1, True)"),
        ("m = make((EXEC, maker.exec_one))\nanswer = maker.execute(m), maker.execute(m)", "(1, 11)"),
        ("maker.execute(types.ModuleType('x')), maker.execute(sys)", "(0, 0)"),
        ("refused(maker.execute, 5), refused(maker.execute, None)", "('TypeError: expected a module, got int', 'SystemError: NULL instead of a module')"),
    ]),
    ("a-module-can-create-itself", &[
        ("created = load('created')\nanswer = created, created.created is created.__spec__, created.one", "(<module 'created' from '{folder}/created.so'>, True, None)"),
        ("m = make((CREATE, maker.create_module), (TOKEN, maker.TOKEN), (SIZE, 8), (METHODS, maker.METHODS), (DOC, maker.DOC))\nanswer = maker.token(m) == maker.TOKEN, m.twice(2), m.__doc__", "(True, 4, 'What it says.')"),
        ("load('number'), sys.modules['number']", "(5, 5)"),
        ("thing = types.SimpleNamespace()\nanswer = make((CREATE, maker.create_other), (METHODS, maker.METHODS), (DOC, maker.DOC), other=thing) is thing, thing.twice(4), thing.twice.__self__ is thing, thing.__doc__", "(True, 8, True, 'What it says.')"),
        ("make((CREATE, maker.create_other), other=sys) is sys", "True"),
        ("no((CREATE, maker.create_fails))", "\"KeyError: 'mine'\""),
        ("no((CREATE, maker.create_other))", "\"AttributeError: 'types.SimpleNamespace' object has no attribute 'other'\""),
    ]),
    ("an-object-that-is-no-new-module-cannot-have-exec-functions-or-state", &[
        ("[no((CREATE, maker.create_other), (EXEC, maker.exec_one), other=thing) for thing in (5, types.ModuleType('x'))]", "['SystemError: module m specifies execution slots, but did not create a ModuleType instance with PyModule_NewObject', 'SystemError: module m specifies execution slots, but did not create a ModuleType instance with PyModule_NewObject']"),
        ("[no((CREATE, maker.create_other), slot, other=5) for slot in [(SIZE, 8), (FREE, 1), (TRAVERSE, 1), (CLEAR, 1), (TOKEN, 1)]] == 5 * ['SystemError: module m is not a module object made with PyModule_NewObject, but requests module state']", "True"),
        ("no((CREATE, maker.create_other), (METHODS, maker.METHODS), other=5)", "\"AttributeError: 'int' object has no attribute 'twice' and no __dict__ for setting new attributes\""),
        ("m = make((CREATE, maker.create_module))\nanswer = no((CREATE, maker.create_other), other=m)", "'SystemError: module m was made from slots before'"),
    ]),
    ("a-module-that-may-need-the-gil-is-loaded-with-a-warning", &[
        ("warned(load, 'silent')", "(<module 'silent' from '{folder}/silent.so'>, ['RuntimeWarning: module silent has not declared that it can run without the GIL (Py_MOD_GIL_NOT_USED), and this interpreter has none'])"),
        ("warned(load, 'locked')", "(<module 'locked' from '{folder}/locked.so'>, ['RuntimeWarning: module locked has not declared that it can run without the GIL (Py_MOD_GIL_NOT_USED), and this interpreter has none'])"),
        ("warned(load, 'whole')", "(<module 'whole' from '{folder}/whole.so'>, [])"),
        ("import warnings\nwith warnings.catch_warnings():\n warnings.simplefilter('error')\n first = refused(load, 'silent')\nanswer = first, 'silent' in sys.modules, load('silent')", "('RuntimeWarning: module silent has not declared that it can run without the GIL (Py_MOD_GIL_NOT_USED), and this interpreter has none', False, <module 'silent' from '{folder}/silent.so'>)"),
        ("warned(make, (GIL, 0))", "(<module 'm'>, [])"),
        ("no((GIL, 2))", "'SystemError: unknown value in slot Py_mod_gil'"),
    ]),
    ("a-module-for-the-main-interpreter-cannot-be-imported-in-others", &[
        ("load('alone')", "<module 'alone' from '{folder}/alone.so'>"),
        ("place('alone.so')\nimport _interpreters\none = _interpreters.create()\nfailed = _interpreters.run_string(one, f'import sys; sys.path[:0] = [{folder!r}]\\nimport alone')\n_interpreters.destroy(one)\nanswer = failed.type.__name__, failed.msg", "('ImportError', 'module alone does not support loading in subinterpreters')"),
        ("place('alone.so')\nimport _interpreters\none = _interpreters.create()\nfailed = _interpreters.run_string(one, f'''import sys; sys.path[:0] = [{folder!r}]\ntry: import alone\nexcept ImportError as error: assert error.name == 'alone'\nassert 'alone' not in sys.modules''')\n_interpreters.destroy(one)\nanswer = failed", "None"),
        ("place('everywhere.so', 'whole.so')\nimport _interpreters\none = _interpreters.create()\nfailed = _interpreters.run_string(one, f'import sys; sys.path[:0] = [{folder!r}]\\nimport everywhere, whole\\nassert whole.twice(2) == 4')\n_interpreters.destroy(one)\nanswer = failed", "None"),
        ("[no((MULTIPLE, value)) if value > 2 else make((MULTIPLE, value)) for value in range(4)]", "[<module 'm'>, <module 'm'>, <module 'm'>, 'SystemError: unknown value in slot Py_mod_multiple_interpreters']"),
    ]),
    ("integers-can-be-stored-as-pointers", &[
        ("[make((id, value, flags)) for id, value in [(GIL, 1), (MULTIPLE, 2), (SIZE, 16)] for flags in (0, INTPTR, INTPTR | STATIC, STATIC | OPTIONAL)] == []", "False"),
        ("no((SIZE, -1)), no((SIZE, -1, INTPTR)), no((SIZE, 1 << 63))", "('SystemError: Py_mod_state_size is negative', 'SystemError: Py_mod_state_size is negative', 'SystemError: Py_mod_state_size is negative')"),
        ("no((SIZE, (1 << 63) - 1)), no((SIZE, 1 << 62))", "('MemoryError: ', 'MemoryError: ')"),
    ]),
    ("arrays-can-be-nested-in-arrays", &[
        ("doc((SUBSLOTS, array((DOC, maker.DOC))))", "'What it says.'"),
        ("ran((EXEC, maker.exec_one), (SUBSLOTS, array((EXEC, maker.exec_two), (EXEC, maker.exec_two))), (EXEC, maker.exec_one))", "1221"),
        ("ran((SUBSLOTS, array((EXEC, maker.exec_one))), (SUBSLOTS, array((EXEC, maker.exec_two))))", "12"),
        ("make((SUBSLOTS, 0)), make((SUBSLOTS, array()))", "(<module 'm'>, <module 'm'>)"),
        ("ran(nested(4))", "1"),
        ("no(nested(5))", "'SystemError: Py_slot_subslots: too many levels of nested slots'"),
        ("no((DOC, maker.DOC), (SUBSLOTS, array((DOC, maker.DOC))))", "'SystemError: module has multiple Py_mod_doc (101) slots'"),
    ]),
    ("arrays-of-the-older-kind-can-be-nested", &[
        ("ran((LEGACY, legacy((2, maker.exec_two), (85, maker.exec_one))))", "21"),
        ("make((LEGACY, legacy((1, maker.create_other), (3, 2), (4, 1))), other=5)", "5"),
        ("doc((LEGACY, legacy((92, array((DOC, maker.DOC))))))", "'What it says.'"),
        ("doc((LEGACY, legacy((94, legacy((101, maker.DOC))))))", "'What it says.'"),
        ("make((LEGACY, 0)), make((LEGACY, legacy()))", "(<module 'm'>, <module 'm'>)"),
        ("no((LEGACY, legacy((999, 1)))), no((LEGACY, legacy((-1, 1)))), no((LEGACY, legacy((65536, 1))))", "('SystemError: invalid module slot ID 999', 'SystemError: invalid module slot ID 65535 (Py_slot_invalid)', 'SystemError: invalid module slot ID 65535 (Py_slot_invalid)')"),
        ("no((LEGACY, legacy((2, 0))))", "'SystemError: NULL not allowed for slot Py_mod_exec'"),
        ("inside = legacy((2, maker.exec_one))\nfor _ in range(3): inside = legacy((94, inside))\nanswer = ran((LEGACY, inside)), no((LEGACY, legacy((94, inside))))", "(1, 'SystemError: Py_mod_slots: too many levels of nested slots')"),
    ]),
    ("an-unknown-slot-is-an-error-unless-it-is-optional", &[
        ("no((999, 1)), no((65535, 1)), no((50, 0))", "('SystemError: invalid module slot ID 999', 'SystemError: invalid module slot ID 65535 (Py_slot_invalid)', 'SystemError: invalid module slot ID 50')"),
        ("make((999, 1, OPTIONAL), (50, 0, OPTIONAL | STATIC), (999, 1, OPTIONAL))", "<module 'm'>"),
        ("doc((DOC, maker.DOC, OPTIONAL))", "'What it says.'"),
        ("no((DOC, 0, OPTIONAL))", "'SystemError: NULL not allowed for slot Py_mod_doc'"),
        ("[refused(maker.from_slots, slots((ABI, maker.ABI), end=struct.pack('=HHIQ', 0, flags, 0, 0)), types.SimpleNamespace(name='m')) for flags in [1, 3]]", "['SystemError: invalid flags for Py_slot_end: 0x1', 'SystemError: invalid flags for Py_slot_end: 0x3']"),
    ]),
    ("null-is-an-error-in-most-slots", &[
        ("[no((id, 0)).removeprefix('SystemError: NULL not allowed for slot ') for id in [CREATE, EXEC, NAME, DOC, METHODS, TRAVERSE, CLEAR, FREE, ABI, TOKEN]]", "['Py_mod_create', 'Py_mod_exec', 'Py_mod_name', 'Py_mod_doc', 'Py_mod_methods', 'Py_mod_state_traverse', 'Py_mod_state_clear', 'Py_mod_state_free', 'Py_mod_abi', 'Py_mod_token']"),
        ("make((SIZE, 0)), make((GIL, 0)), make((MULTIPLE, 0))", "(<module 'm'>, <module 'm'>, <module 'm'>)"),
    ]),
    ("a-repeated-slot-is-an-error", &[
        ("[no((id, value), (id, value)).removeprefix('SystemError: module has multiple ') for id, value in [(CREATE, maker.create_module), (MULTIPLE, 1), (GIL, 1), (NAME, maker.DOC), (DOC, maker.DOC), (SIZE, 8), (METHODS, maker.METHODS), (TRAVERSE, 1), (CLEAR, 1), (FREE, 1), (TOKEN, 1)]]", "['Py_mod_create (84) slots', 'Py_mod_multiple_interpreters (86) slots', 'Py_mod_gil (87) slots', 'Py_mod_name (100) slots', 'Py_mod_doc (101) slots', 'Py_mod_state_size (102) slots', 'Py_mod_methods (103) slots', 'Py_mod_state_traverse (104) slots', 'Py_mod_state_clear (105) slots', 'Py_mod_state_free (106) slots', 'Py_mod_token (110) slots']"),
        ("make((ABI, maker.ABI), (ABI, maker.ABI))", "<module 'm'>"),
    ]),
    ("the-abi-record-must-be-present-and-compatible", &[
        ("refused(maker.from_slots, slots((DOC, maker.DOC)), types.SimpleNamespace(name='m'))", "'SystemError: the array of slots has no Py_mod_abi'"),
        ("[make((ABI, address(record(**each)))) for each in [{}, {'major': 0, 'flags': 0, 'version': 0xffffffff}, {'version': 0}, {'version': 0x030f00b1}, {'version': 0x030f00ff}, {'version': 0x03020000}, {'flags': 5}, {'flags': 1}, {'minor': 9}]] == []", "False"),
        ("no((ABI, address(record(major=2))))", "'ImportError: module m is not compatible with this interpreter: its ABI record is of an unknown version'"),
        ("[no((ABI, address(record(flags=flags)))) for flags in (0, 6, 8, 9, 15)] == 5 * ['ImportError: module m is not compatible with this interpreter: it is built for one version of CPython; build it for the stable ABI (abi3t)']", "True"),
        ("no((ABI, address(record(flags=3))))", "'ImportError: module m is not compatible with this interpreter: it is built for interpreters with a GIL (abi3), and this one has none; build it for abi3t'"),
        ("no((ABI, address(record(version=0x03100000))))", "'ImportError: module m is not compatible with this interpreter: it is built for the stable ABI of Python 3.16, and the newest here is that of 3.15'"),
        ("no((ABI, address(record(version=0x04000000))), name='a.b')", "'ImportError: module a.b is not compatible with this interpreter: it is built for the stable ABI of Python 4.0, and the newest here is that of 3.15'"),
        ("no((ABI, address(record(major=2))), (ABI, maker.ABI))", "'ImportError: module m is not compatible with this interpreter: its ABI record is of an unknown version'"),
    ]),
    ("c-code-can-check-an-abi-record", &[
        ("maker.check_abi(record()), maker.check_abi(record(), b'm\\0')", "(0, 0)"),
        ("refused(maker.check_abi, record(major=2)), refused(maker.check_abi, None), refused(maker.check_abi, None, b'm\\0')", "('ImportError: not compatible with this interpreter: its ABI record is of an unknown version', 'ImportError: not compatible with this interpreter: its ABI record is NULL', 'ImportError: module m is not compatible with this interpreter: its ABI record is NULL')"),
        ("try: maker.check_abi(record(major=2), b'a.b\\0')\nexcept ImportError as error: answer = error.name", "'a.b'"),
    ]),
    ("a-wrong-spec-is-an-error", &[
        ("refused(maker.from_slots, None, types.SimpleNamespace(name='m')), refused(maker.from_slots, slots())", "('SystemError: NULL instead of an array of slots', 'SystemError: PyModule_FromSlotsAndSpec: NULL instead of a spec')"),
        ("refused(maker.from_slots, slots(), 5)", "\"AttributeError: 'int' object has no attribute 'name'\""),
        ("no(name=5), no(name=None)", "(\"TypeError: Expected type 'str' but 'int' found.\", \"TypeError: Expected type 'str' but 'NoneType' found.\")"),
    ]),
    ("the-token-is-that-of-the-slot", &[
        ("maker.token(make((TOKEN, maker.TOKEN))) == maker.TOKEN", "True"),
        ("maker.token(make()), maker.token(sys), maker.token(types.ModuleType('x'))", "(0, 0, 0)"),
        ("refused(maker.token, 5), refused(maker.token, None)", "('TypeError: expected a module, got int', 'SystemError: NULL instead of a module')"),
    ]),
];
