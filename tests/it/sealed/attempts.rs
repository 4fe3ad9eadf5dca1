//! What a hostile script tries, where capsules are sealed. Each attempt stands alone, knows
//! `capsule` and leaves what it got in `result`.

/// What must come of an attempt, besides that nothing is learned and nothing is changed.
#[derive(Clone, Copy)]
pub(super) enum Outcome {
    /// `repr(result)`, or the exception.
    Is(&'static str),
    /// PermissionError for this function of `_capsule`.
    Sealed(&'static str),
    /// Whatever the VM makes of it.
    Anything,
}

use Outcome::{Anything, Is, Sealed};

const NO_CTYPES: Outcome =
    Is("ImportError: ctypes is not available in an interpreter whose capsules are sealed");
const CANNOT_PICKLE: Outcome = Is("TypeError: cannot pickle 'PyCapsule' object");

pub(super) type Attempt = (&'static str, &'static str, Outcome);

#[rustfmt::skip]
pub(super) const ALLOWED: [Attempt; 12] = [
    ("is-valid", "result = _capsule.is_valid(capsule, 'm.cap'), _capsule.is_valid(capsule, 'm'), _capsule.is_valid(5, None)", Is("(True, False, False)")),
    ("get-name", "result = _capsule.get_name(capsule)", Is("'m.cap'")),
    ("get-name-of-none", "_capsule.get_name(5)", Is("PyCapsuleError: PyCapsule_GetName called with invalid PyCapsule object")),
    ("load", "result = _capsule.load('m.cap') is capsule", Is("True")),
    ("load-of-another-name", "_capsule.load('m.other')", Is("AttributeError: PyCapsule_Import \"m.other\" is not valid")),
    ("load-of-no-module", "_capsule.load('nosuch.cap')", Is("ImportError: PyCapsule_Import could not import module \"nosuch\"")),
    ("describe", "result = _capsule.describe(capsule)", Is("_capsule.CapsuleInfo(name='m.cap', pointer=None, context=None, destructor='rust', owner=None, library=None, symbol=None)")),
    ("describe-none", "_capsule.describe(5)", Is("PyCapsuleError: _capsule.describe called with invalid PyCapsule object")),
    ("the-class", "result = _capsule.PyCapsule is types.CapsuleType is type(capsule)", Is("True")),
    ("the-exception", "result = _capsule.PyCapsuleError.__mro__[1]", Is("<class 'ValueError'>")),
    ("repr", "result = repr(capsule) == f'<capsule object \"m.cap\" at {id(capsule):#x}>'", Is("True")),
    ("same-functions-as-open", "result = sorted(name for name, found in vars(_capsule).items() if callable(found) and name[0] != '_')", Is("['CapsuleInfo', 'PyCapsule', 'PyCapsuleError', 'claim', 'describe', 'get_context', 'get_destructor', 'get_name', 'get_pointer', 'import_', 'is_valid', 'load', 'new', 'set_context', 'set_destructor', 'set_name', 'set_pointer']")),
];

#[rustfmt::skip]
pub(super) const FUNCTIONS: [Attempt; 18] = [
    ("new", "result = _capsule.new(1, 'm.cap')", Sealed("new")),
    ("new-named", "result = _capsule.new(pointer=1, owner=capsule)", Sealed("new")),
    ("new-of-nothing", "result = _capsule.new()", Sealed("new")),
    ("get-pointer", "result = _capsule.get_pointer(capsule, 'm.cap')", Sealed("get_pointer")),
    ("get-pointer-by-another-name", "result = _capsule.get_pointer(capsule, None)", Sealed("get_pointer")),
    ("get-pointer-of-none", "result = _capsule.get_pointer(5, None)", Sealed("get_pointer")),
    ("get-context", "result = _capsule.get_context(capsule)", Sealed("get_context")),
    ("get-destructor", "result = _capsule.get_destructor(capsule)", Sealed("get_destructor")),
    ("set-pointer", "_capsule.set_pointer(capsule, 1)", Sealed("set_pointer")),
    ("set-name", "_capsule.set_name(capsule, 'm')", Sealed("set_name")),
    ("set-name-to-what-it-is", "_capsule.set_name(capsule, 'm.cap')", Sealed("set_name")),
    ("set-context", "_capsule.set_context(capsule, 1)", Sealed("set_context")),
    ("set-destructor", "_capsule.set_destructor(capsule, print)", Sealed("set_destructor")),
    ("set-destructor-to-none", "_capsule.set_destructor(capsule, None)", Sealed("set_destructor")),
    ("claim", "result = _capsule.claim(capsule, 'm.cap', 'm')", Sealed("claim")),
    ("claim-by-another-name", "result = _capsule.claim(capsule, 'm', 'm')", Sealed("claim")),
    ("import", "result = _capsule.import_('m.cap')", Sealed("import_")),
    ("import-of-nothing", "result = _capsule.import_('nosuch.cap')", Sealed("import_")),
];

#[rustfmt::skip]
pub(super) const OBJECT: [Attempt; 34] = [
    ("call-the-class", "result = types.CapsuleType()", Is("TypeError: cannot create 'PyCapsule' instances")),
    ("call-the-class-with-arguments", "result = types.CapsuleType(1, 'm.cap')", Is("TypeError: cannot create 'PyCapsule' instances")),
    ("new-of-the-class", "result = types.CapsuleType.__new__(types.CapsuleType)", Anything),
    ("new-of-object", "result = object.__new__(types.CapsuleType)", Anything),
    ("new-of-other-types", "result = []\nfor base in int, str, tuple, list, dict, type, BaseException, types.ModuleType, types.SimpleNamespace:\n try: result.append(base.__new__(types.CapsuleType))\n except TypeError as error: result.append(error)\n assert not isinstance(result[-1], types.CapsuleType)", Anything),
    ("init-again", "result = capsule.__init__(), capsule.__init__(1)", Anything),
    ("subclass", "class result(types.CapsuleType): pass", Is("TypeError: type 'PyCapsule' is not an acceptable base type")),
    ("subclass-by-type", "result = type('X', (types.CapsuleType,), {'__init__': print})", Is("TypeError: type 'PyCapsule' is not an acceptable base type")),
    ("become-a-capsule", "class X: pass\nresult = X(); result.__class__ = types.CapsuleType", Anything),
    ("module-becomes-a-capsule", "result = types.ModuleType('x'); result.__class__ = types.CapsuleType", Anything),
    ("capsule-becomes-another", "class X: pass\ncapsule.__class__ = X", Anything),
    ("base-of-a-class-becomes-it", "class X: pass\nX.__bases__ = types.CapsuleType,; result = X()", Anything),
    ("set-attribute", "capsule.pointer = 1", Anything),
    ("set-attribute-of-object", "object.__setattr__(capsule, 'pointer', 1)", Anything),
    ("set-attribute-of-the-class", "type.__setattr__(types.CapsuleType, '__repr__', print)", Is("TypeError: cannot set '__repr__' attribute of immutable type 'PyCapsule'")),
    ("delete-attribute-of-the-class", "del types.CapsuleType.__repr__", Anything),
    ("all-its-attributes", "result = [getattr(capsule, name) for name in dir(capsule)] + [getattr(types.CapsuleType, name) for name in dir(type) if hasattr(types.CapsuleType, name)]", Anything),
    ("its-methods-called", "result = []\nfor name in dir(capsule):\n for rest in (), (capsule,), (1,), ('__doc__',):\n  try: result.append(getattr(capsule, name)(*rest))\n  except Exception as error: result.append(error)", Anything),
    ("dict-of-the-class", "result = dict(vars(types.CapsuleType))", Anything),
    ("its-del", "result = types.CapsuleType.__del__(capsule)", Is("AttributeError: type object 'PyCapsule' has no attribute '__del__'")),
    ("copy", "import copy; result = copy.copy(capsule)", CANNOT_PICKLE),
    ("deepcopy", "import copy; result = copy.deepcopy([capsule])", CANNOT_PICKLE),
    ("replace", "import copy; result = copy.replace(capsule, pointer=1)", Anything),
    ("reduce", "result = [capsule.__reduce_ex__(protocol) for protocol in range(6)]", CANNOT_PICKLE),
    ("pickle", "import pickle; result = pickle.dumps(capsule)", CANNOT_PICKLE),
    ("pickle-in-python", "import pickle; result = pickle._dumps(capsule)", CANNOT_PICKLE),
    ("unpickle-an-instance", "import pickle; result = pickle.loads(b'\\x80\\x02ctypes\\nCapsuleType\\n)\\x81.')", Anything),
    ("copyreg", "import copyreg\nresult = []\nfor make in lambda: copyreg.__newobj__(types.CapsuleType), lambda: copyreg._reconstructor(types.CapsuleType, object, None):\n try: result.append(make())\n except TypeError as error: result.append(error)\nassert types.CapsuleType not in map(type, result)", Anything),
    ("marshal", "import marshal; result = marshal.dumps(capsule)", Is("ValueError: unmarshallable object")),
    ("bytes-of-it", "result = []\nfor read in bytes, bytearray, memoryview, int, float, complex, list, dict, hex, hash, id, abs, str, ascii, sys.getsizeof, sys.getrefcount:\n try: result.append(read(capsule))\n except TypeError as error: result.append(error)", Anything),
    ("formats-of-it", "result = []\nfor form in '%s', '%r', '%a', '%d', '%x', '%c', '%i', '%f', '{}', '{!r}', '{:x}', '{:d}', '{0.pointer}':\n for make in form.__mod__, form.format:\n  try: result.append(make(capsule))\n  except Exception as error: result.append(error)", Anything),
    ("struct", "import struct\nresult = []\nfor kind in 'PQqnNs?':\n try: result.append(struct.pack(kind, capsule))\n except Exception as error: result.append(error)", Anything),
    ("array", "import array; result = array.array('Q', [capsule])", Anything),
    ("weak-reference", "import weakref; result = weakref.ref(capsule)", Is("TypeError: cannot create weak reference to 'PyCapsule' object")),
];

#[rustfmt::skip]
pub(super) const MODULES: [Attempt; 23] = [
    ("capsule-module-anew", "del sys.modules['_capsule']; import _capsule as fresh; result = fresh.new(1)", Sealed("new")),
    ("capsule-module-reloaded", "result = importlib.reload(_capsule).get_pointer(capsule, 'm.cap')", Sealed("get_pointer")),
    ("capsule-module-by-its-importer", "sys.modules.pop('_capsule'); result = importlib.machinery.BuiltinImporter.load_module('_capsule').new(1)", Sealed("new")),
    ("capsule-module-by-imp", "import _imp; sys.modules.pop('_capsule'); result = _imp.create_builtin(importlib.machinery.ModuleSpec('_capsule', None)).new(1)", Sealed("new")),
    ("capsule-module-executed-again", "import _imp; _imp.exec_builtin(_capsule); result = _capsule.new(1)", Sealed("new")),
    ("capsule-module-under-another-name", "import _imp\nresult = [_imp.create_builtin(importlib.machinery.ModuleSpec(name, None)) for name in ('_capsule_sealed', '_capsule_open', 'look', '_capsule.look')]", Is("[None, None, None, None]")),
    ("no-other-module-of-ours", "result = [name for name in sys.builtin_module_names if 'apsule' in name]", Is("['_capsule']")),
    ("self-of-functions", "result = [getattr(found, '__self__', None) for found in vars(_capsule).values()]; assert all(one is None or one is _capsule or isinstance(one, type) for one in result)", Anything),
    ("attributes-of-functions", "result = [getattr(found, name, None) for found in (_capsule.load, _capsule.new) for name in dir(found)]; assert not any(isinstance(one, dict) for one in result)", Anything),
    ("functions-bound-to-the-capsule", "result = types.MethodType(_capsule.get_context, capsule)()", Sealed("get_context")),
    ("reduce-of-functions", "result = _capsule.new.__reduce__()", Is("'new'")),
    ("types-module-anew", "sys.modules.pop('_types', None); import _types; result = _types.CapsuleType is type(capsule)", Is("True")),
    ("module-from-a-file", "import _imp; result = os.path.exists('/proc/self/maps') and ['x' for name in ('libanl.so.1', 'libBrokenLocale.so.1') if tried(lambda: _imp.create_dynamic(importlib.machinery.ModuleSpec('x', None, origin=name))) and name in open('/proc/self/maps').read()] or []", Is("[]")),
    ("ctypes", "import ctypes", NO_CTYPES),
    ("ctypes-below", "sys.modules.pop('_ctypes', None); import _ctypes", NO_CTYPES),
    ("ctypes-twice", "tried(lambda: importlib.import_module('_ctypes')); import _ctypes; result = _ctypes.dlopen", NO_CTYPES),
    ("ctypes-left-in-sys-modules", "tried(lambda: importlib.import_module('_ctypes')); result = open_doors(sys.modules.get('_ctypes'))", Is("[]")),
    ("ctypes-left-in-a-frame", "sys.modules.pop('_ctypes', None); error = tried(lambda: importlib.import_module('_ctypes')); result = []\nwhile error.__traceback__:\n for found in error.__traceback__.tb_frame.f_locals.values(): result += open_doors(found)\n error.__traceback__ = error.__traceback__.tb_next", Is("[]")),
    ("ctypes-left-in-memory", "tried(lambda: importlib.import_module('_ctypes')); result = [door for found in gc.get_objects() if type(found) is types.ModuleType for door in open_doors(found)]", Is("[]")),
    ("ctypes-by-its-importer", "sys.modules.pop('_ctypes', None); result = open_doors(importlib.machinery.BuiltinImporter.create_module(importlib.machinery.ModuleSpec('_ctypes', None)))", NO_CTYPES),
    ("ctypes-by-imp", "import _imp; sys.modules.pop('_ctypes', None); result = open_doors(_imp.create_builtin(importlib.machinery.ModuleSpec('_ctypes', None)))", NO_CTYPES),
    ("internals-of-the-tests-of-the-vm", "import _testinternalcapi\nresult = []\nfor name in dir(_testinternalcapi):\n found = getattr(_testinternalcapi, name)\n if callable(found) and 'interp' not in name and 'eval_frame' not in name:\n  for given in (capsule,), (capsule, 0), (type(capsule),):\n   result.append(tried(lambda: found(*given)))", Anything),
    ("debugger-of-other-processes", "import _remote_debugging; result = [tried(lambda: getattr(_remote_debugging, name)(os.getpid())) for name in dir(_remote_debugging) if callable(getattr(_remote_debugging, name))]", Anything),
];

#[rustfmt::skip]
pub(super) const OTHER_DOORS: [Attempt; 14] = [
    ("referents", "result = gc.get_referents(capsule)", Is("[]")),
    ("all-objects", "result = [found for found in gc.get_objects() if type(found) is type(capsule)]", Is("[]")),
    ("referrers", "result = [type(found) for found in gc.get_referrers(capsule)]", Anything),
    ("sub-interpreter", "import _interpreters; other = _interpreters.create()\ntry: result = _interpreters.run_string(other, 'import _capsule; _capsule.new(1)').formatted\nfinally: _interpreters.destroy(other)", Is("'PermissionError: _capsule.new: capsules are sealed in this interpreter'")),
    ("ctypes-in-a-sub-interpreter", "import _interpreters; other = _interpreters.create()\ntry: _interpreters.run_string(other, 'import _ctypes'); result = _interpreters.run_string(other, 'import _ctypes; _ctypes.dlopen').formatted\nfinally: _interpreters.destroy(other)", Is("'ImportError: ctypes is not available in an interpreter whose capsules are sealed'")),
    ("sub-interpreter-of-the-library", "from concurrent import interpreters; other = interpreters.create()\ntry: other.exec('import _capsule; _capsule.get_pointer(1)')\nexcept interpreters.ExecutionFailed as error: result = error.excinfo.formatted\nfinally: other.close()", Is("'PermissionError: _capsule.get_pointer: capsules are sealed in this interpreter'")),
    ("sent-to-a-sub-interpreter", "import _interpreters; other = _interpreters.create()\ntry: result = _interpreters.set___main___attrs(other, {'capsule': capsule})\nfinally: _interpreters.destroy(other)", Anything),
    ("another-thread", "import threading; result = []\nthread = threading.Thread(target=lambda: result.append(tried(lambda: _capsule.get_pointer(capsule, 'm.cap')))); thread.start(); thread.join(); result = str(result[0])", Is("'_capsule.get_pointer: capsules are sealed in this interpreter'")),
    ("error-handler-of-codecs", "import codecs; seen = []\ndef handler(error): seen.append(error); return '', error.end\ncodecs.register_error('surrogateescape', handler)\nresult = _capsule.get_name(capsule), _capsule.is_valid(capsule, '\\udc80'), seen", Anything),
    ("audit-hook", "seen = []; sys.addaudithook(lambda *event: recording and seen.append(event)); recording = True\nresult = [tried(lambda: _capsule.get_pointer(capsule, 'm.cap')), _capsule.describe(capsule), _capsule.load('m.cap')], seen; recording = False", Anything),
    ("trace-function", "seen = []\ndef trace(*event): seen.append(event); return trace\nsys.settrace(trace); sys.setprofile(trace)\nresult = [tried(lambda: _capsule.get_pointer(capsule, 'm.cap')), _capsule.describe(capsule)]\nsys.settrace(None); sys.setprofile(None); result = result, seen", Anything),
    ("name-that-lies", "class Name(str):\n def __eq__(self, other): return True\n __hash__ = str.__hash__\nresult = _capsule.is_valid(capsule, Name('x'))", Is("False")),
    ("module-that-lies", "class Modules(dict):\n def __missing__(self, name): return types.SimpleNamespace(cap=capsule)\nsys.modules, old = Modules(sys.modules), sys.modules\ntry: _capsule.load('other.cap')\nfinally: sys.modules = old", Is("AttributeError: PyCapsule_Import \"other.cap\" is not valid")),
    ("crash-dump", "import faulthandler, tempfile\nwith tempfile.TemporaryFile() as file:\n faulthandler.dump_traceback(file); file.seek(0); result = file.read()", Anything),
];
