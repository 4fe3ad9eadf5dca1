//! Imports over several steps, as Python scripts, for what a row cannot express. `HELPERS` and
//! `PRELUDE` run first.

/// A name and a source. The test fails if the source raises.
pub(super) const SCRIPTS: [(&str, &str); 22] = [
    (
        "failed-module-is-not-kept",
        "
write('m.py', 'import sys; sys.seen = __name__; 1 / 0')
refused(ImportError, 'm.cap')
assert sys.seen == 'm' and 'm' not in sys.modules
",
    ),
    (
        "import-error-has-no-name-and-path",
        "
error = refused(ImportError, 'nosuch.cap')
assert type(error) is ImportError
assert (error.name, error.path) == (None, None)
assert error.args == ('PyCapsule_Import could not import module \"nosuch\"',)
assert type(error.__cause__) is ModuleNotFoundError and error.__cause__.name == 'nosuch'
",
    ),
    (
        "attribute-error-for-another-object-has-no-name-and-obj",
        "
module('m', x=5)
error = refused(AttributeError, 'm.x')
assert type(error) is AttributeError and (error.name, error.obj) == (None, None)
assert error.args == ('PyCapsule_Import \"m.x\" is not valid',)
assert error.__cause__ is None
",
    ),
    (
        "attribute-error-for-a-missing-attribute-has-name-and-obj",
        "
error = refused(AttributeError, 'sys.nope.cap')
assert error.name == 'nope' and error.obj is sys
error = refused(UnicodeDecodeError, b'sys.ab\\xff.cap')
assert error.object == b'ab\\xff'
",
    ),
    (
        "exception-being-handled-is-the-context",
        "
try:
    raise KeyError('first')
except KeyError as handled:
    assert refused(AttributeError, 'sys.path').__context__ is handled
    assert refused(AttributeError, 'sys.nope').__context__ is handled
    assert refused(ImportError, 'nosuch.cap').__context__ is handled
",
    ),
    (
        "interrupts-are-raised-unchanged",
        "
mine = KeyboardInterrupt('mine')
def interrupt(name): raise mine
module('m', __getattr__=interrupt)
assert refused(KeyboardInterrupt, 'm.cap') is mine
builtins.__import__ = lambda *args: interrupt(args)
assert refused(KeyboardInterrupt, 'n.cap') is mine
",
    ),
    (
        "an-interrupt-that-occurs-once-is-not-lost",
        "
def interrupt_once(self):
    if not interrupts:
        interrupts.append(1)
        raise KeyboardInterrupt('mine')
for name in '__spec__', 'cap':
    interrupts = []
    parts = {'__spec__': None, 'cap': capsule('m.cap'), name: property(interrupt_once)}
    sys.modules['m'] = type('A', (), parts)()
    refused(KeyboardInterrupt, 'm.cap')
class Modules(dict):
    def __getitem__(self, name):
        interrupt_once(self)
        return dict.__getitem__(self, name)
sys.modules, interrupts = Modules(sys.modules), []
refused(KeyboardInterrupt, 'm.cap')
",
    ),
    (
        "arguments-that-are-no-names-are-refused",
        "
for ask in _capsule.import_capsule, _capsule.import_:
    for name, error in (None, TypeError), (5, TypeError), ('m\\0.cap', ValueError), (b'm\\0', ValueError):
        try:
            ask(name)
        except error:
            continue
        raise AssertionError((ask, name))
",
    ),
    (
        "import-capsule-returns-the-capsule-itself",
        "
made = capsule('m.cap')
module('m', cap=made)
assert _capsule.import_capsule('m.cap') is made and _capsule.import_capsule(b'm.cap') is made
",
    ),
    (
        "reference-counts-do-not-change",
        "
m = module('m', ns=types.SimpleNamespace(cap=capsule('m.ns.cap')))
counts = lambda: [sys.getrefcount(one) for one in (m, m.ns, m.ns.cap)]
_capsule.import_('m.ns.cap')
before = counts()
for _ in range(100):
    _capsule.import_('m.ns.cap')
    refused(AttributeError, 'm.ns')
assert counts() == before, (counts(), before)
",
    ),
    (
        "each-attribute-is-read-once",
        "
asked = []
def getter(name):
    asked.append(name)
    return capsule('m.cap') if name == 'cap' else types.SimpleNamespace(cap=capsule('m.ns.cap'))
module('m', __getattr__=getter)
_capsule.import_('m.cap')
_capsule.import_('m.ns.cap')
assert asked == ['cap', 'ns'], asked
",
    ),
    (
        "answer-follows-changes-of-the-module",
        "
m = module('m', cap=capsule('m.cap', 1))
assert _capsule.import_('m.cap') == 1
m.cap = capsule('m.cap', 2)
assert _capsule.import_('m.cap') == 2
_capsule.set_pointer(m.cap, 3)
assert _capsule.import_('m.cap') == 3
_capsule.set_name(m.cap, 'other')
refused(AttributeError, 'm.cap')
_capsule.set_name(m.cap, 'm.cap')
assert _capsule.import_('m.cap') == 3
del m.cap
refused(AttributeError, 'm.cap')
module('m', cap=capsule('m.cap', 4))
assert _capsule.import_('m.cap') == 4
del sys.modules['m']
refused(ImportError, 'm.cap')
",
    ),
    (
        "no-sys-modules-is-an-import-error",
        "
module('m', cap=capsule('m.cap'))
modules = sys.modules
del sys.modules
try:
    _capsule.import_('m.cap')
except ImportError as error:
    found = error
finally:
    sys.modules = modules
assert str(found) == 'PyCapsule_Import could not import module \"m\"'
assert repr(found.__cause__) == \"RuntimeError('sys.modules was deleted')\"
",
    ),
    (
        "answer-follows-a-reload",
        "
write('m.py', 'import _capsule, sys; sys.turn += 1; cap = _capsule.new(sys.turn, \"m.cap\")')
sys.turn = 0
assert _capsule.import_('m.cap') == 1
assert _capsule.import_('m.cap') == 1
importlib.reload(sys.modules['m'])
assert _capsule.import_('m.cap') == 2
del sys.modules['m']
assert _capsule.import_('m.cap') == 3
",
    ),
    (
        "more-names-than-the-cache-holds",
        "
m = module('m')
for turn in range(2):
    for number in range(2500):
        name = f'c{number}'
        if turn == 0:
            setattr(m, name, capsule('m.' + name, number + 1))
        assert _capsule.import_('m.' + name) == number + 1
",
    ),
    (
        "hook-is-called-for-a-loaded-module-too",
        "
calls = []
def hook(name, *rest, **named):
    calls.append(name)
    return ORIGINAL_IMPORT(name, *rest, **named)
module('m', ns=types.SimpleNamespace(cap=capsule('m.ns.cap')))
builtins.__import__ = hook
_capsule.import_('m.ns.cap')
_capsule.import_capsule('m.ns.cap')
assert calls == ['m', 'm'], calls
",
    ),
    (
        "hook-gets-the-globals-of-the-caller",
        "
calls = []
def hook(*args, **named):
    calls.append((args, named))
module('m', cap=capsule('m.cap'))
builtins.__import__ = hook
def caller():
    local = 5
    return _capsule.import_('m.cap')
caller()
[((name, seen_globals, seen_locals, from_list, level), named)] = calls
assert seen_globals is globals() and seen_locals is globals()
assert (name, from_list, level, named) == ('m', [], 0, {}), (name, from_list, level, named)
",
    ),
    (
        "hook-of-private-builtins",
        "
calls = []
def hook(name, *rest):
    calls.append(name)
module('m', cap=capsule('m.cap'))
private = {'__builtins__': {'__import__': hook}, 'ask': _capsule.import_}
assert eval(\"ask('m.cap')\", private) == 0x7e57 and calls == ['m']
try:
    eval(\"ask('m.cap')\", {'__builtins__': {}, 'ask': _capsule.import_})
except ImportError as error:
    assert str(error.__cause__) == '__import__ not found'
else:
    raise AssertionError('the import without a hook succeeded')
",
    ),
    (
        "finders-are-called-for-modules-only",
        "
write('m.py', 'import _capsule; ns = type(\"ns\", (), {\"cap\": _capsule.new(7, \"m.ns.cap\")})')
write('pkg/__init__.py', '')
write('pkg/sub.py', '')
asked = []
class Finder:
    def find_spec(name, path, target=None):
        asked.append(name)
sys.meta_path.insert(0, Finder)
try:
    assert _capsule.import_('m.ns.cap') == 7 and asked == ['m'], asked
    del asked[:]
    _capsule.import_('m.ns.cap')
    refused(AttributeError, 'm.nope.cap')
    assert asked == [], asked
    refused(AttributeError, 'pkg.sub.cap')
    refused(AttributeError, 'pkg.other')
    assert asked == ['pkg', 'pkg.sub'], asked
finally:
    sys.meta_path.remove(Finder)
",
    ),
    (
        "threads-wait-for-an-import-of-another-thread",
        "
import threading
write('m.py', 'import sys, time, _capsule; sys.runs += 1; time.sleep(0.1); cap = _capsule.new(7, \"m.cap\")')
sys.runs, answers, start = 0, [], threading.Barrier(6)
def ask():
    start.wait()
    try:
        answers.append(_capsule.import_('m.cap'))
    except BaseException as error:
        answers.append(error)
threads = [threading.Thread(target=ask) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert answers == [7] * 6 and sys.runs == 1, (answers, sys.runs)
",
    ),
    (
        "long-module-name-is-not-cut",
        "
name = 'm' * 5000
assert str(refused(ImportError, name + '.cap')).endswith(f'\"{name}\"')
",
    ),
    (
        "long-attribute-name-is-not-cut",
        "
name = 'a' * 100_000
assert str(refused(AttributeError, 'sys.' + name)).endswith(f\"'{name}'\")
module('m', x=5)
setattr(sys.modules['m'], name, 5)
assert f'm.{name}' in str(refused(AttributeError, 'm.' + name))
",
    ),
];

pub(super) const HELPERS: &str = "
import os
def write(path, text):
    path = os.path.join(sys.path[0], path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as file:
        file.write(text)
    importlib.invalidate_caches()

def refused(kind, name):
    try:
        _capsule.import_capsule(name)
    except kind as error:
        return error
    raise AssertionError(f'{name} was found')
";
