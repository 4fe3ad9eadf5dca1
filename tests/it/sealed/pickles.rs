//! Attempts to copy a capsule, or to create one by unpickling.

use super::attempts::Outcome::{Anything, Is};
use super::attempts::{Attempt, CANNOT_PICKLE};

#[rustfmt::skip]
pub(super) const PICKLES: [Attempt; 24] = [
    ("copy", "import copy; result = copy.copy(capsule)", CANNOT_PICKLE),
    ("deepcopy", "import copy; result = copy.deepcopy([capsule])", CANNOT_PICKLE),
    ("replace", "import copy; result = copy.replace(capsule, pointer=1)", Anything),
    ("reduce", "result = [capsule.__reduce_ex__(protocol) for protocol in range(6)]", CANNOT_PICKLE),
    ("pickle", "import pickle; result = pickle.dumps(capsule)", CANNOT_PICKLE),
    ("pickle-in-python", "import pickle; result = pickle._dumps(capsule)", CANNOT_PICKLE),
    ("unpickle-an-instance", "import pickle; result = pickle.loads(b'\\x80\\x02ctypes\\nCapsuleType\\n)\\x81.')", Anything),
    ("copyreg", "import copyreg\nresult = []\nfor make in lambda: copyreg.__newobj__(types.CapsuleType), lambda: copyreg._reconstructor(types.CapsuleType, object, None):\n try: result.append(make())\n except TypeError as error: result.append(error)\nassert types.CapsuleType not in map(type, result)", Anything),
    ("marshal", "import marshal; result = marshal.dumps(capsule)", Is("ValueError: unmarshallable object")),
    ("getstate", "result = object.__getstate__(capsule), tried(lambda: capsule.__getstate__())", Anything),
    ("setstate", "result = tried(lambda: capsule.__setstate__({'pointer': 1})), tried(lambda: object.__setstate__(capsule, 1))", Anything),
    ("all-ways-to-dump", "import pickle\nresult = []\nfor module in pickle.dumps, pickle._dumps:\n for protocol in range(pickle.HIGHEST_PROTOCOL + 1):\n  for one in capsule, [capsule], {'x': native}, (capsule,), Exception(capsule):\n   result.append(tried(lambda: module(one, protocol))); assert isinstance(result[-1], (TypeError, pickle.PicklingError)), result[-1]", Anything),
    ("dumped-by-a-table", "import copyreg, pickle\ncopyreg.pickle(types.CapsuleType, lambda c: (types.CapsuleType, ()))\ntry: result = tried(lambda: pickle.loads(pickle.dumps(capsule)))\nfinally: del copyreg.dispatch_table[types.CapsuleType]", Is("PicklingError(\"Can't pickle <class 'PyCapsule'>: it's not found as builtins.PyCapsule\")")),
    ("dumped-by-persistent-id", "import io, pickle\nclass P(pickle.Pickler):\n def persistent_id(self, one): return id(one) if type(one) is types.CapsuleType else None\nclass U(pickle.Unpickler):\n def persistent_load(self, number): return number\nfile = io.BytesIO(); P(file).dump([capsule]); file.seek(0); result = U(file).load() == [id(capsule)]", Is("True")),
    ("functions-by-name", "import pickle\nresult = [tried(lambda: load(b'c_capsule\\n' + name.encode() + b'\\n' + arguments + b'R.')) for load in (pickle.loads, pickle._loads) for name in ('new', 'get_pointer', 'import_', 'claim', 'set_pointer') for arguments in (b'(I1\\ntR'[:-1], b'(cm\\ncap\\nVm.cap\\nt')]; assert all(isinstance(one, PermissionError) for one in result), result", Anything),
    ("class-by-name", "import pickle\nresult = []\nfor make in b'(tR.', b')\\x81.', b')}\\x92.', b')R.', b'(I1\\ntR.', b'N\\x81.', b'(t\\x81}b.':\n for name in b'ctypes\\nCapsuleType\\n', b'c_capsule\\nPyCapsule\\n', b'cbuiltins\\nPyCapsule\\n', b'c_types\\nCapsuleType\\n':\n  for load in pickle.loads, pickle._loads:\n   result.append(tried(lambda: load(b'\\x80\\x04' + name + make))); assert isinstance(result[-1], Exception), result[-1]", Anything),
    ("older-opcodes", "import pickle\nresult = []\nfor text in b'(itypes\\nCapsuleType\\n.', b'(ctypes\\nCapsuleType\\no.', b'(ctypes\\nCapsuleType\\nI1\\no.', b'ccopyreg\\n__newobj__\\n(ctypes\\nCapsuleType\\ntR.', b'ccopyreg\\n_reconstructor\\n(ctypes\\nCapsuleType\\ncbuiltins\\nobject\\nNtR.', b'cbuiltins\\nobject\\n(ctypes\\nCapsuleType\\nt\\x81.':\n for load in pickle.loads, pickle._loads:\n  result.append(tried(lambda: load(text))); assert isinstance(result[-1], Exception), result[-1]", Anything),
    ("build-on-a-capsule", "import pickle\nresult = []\nfor state in b'}Vpointer\\nI1\\nsb.', b'(N}Vpointer\\nI1\\nstb.', b'I1\\nb.', b'N}Vname\\nI1\\ns\\x86b.':\n for load in pickle.loads, pickle._loads:\n  result.append(tried(lambda: load(b'\\x80\\x02cm\\ncap\\n' + state))); assert isinstance(result[-1], Exception) or result[-1] is capsule", Anything),
    ("attributes-by-name", "import pickle\nresult = [tried(lambda: load(b'\\x80\\x04\\x8c\\x01m\\x8c' + bytes([len(name)]) + name + b'\\x93.')) for load in (pickle.loads, pickle._loads) for name in (b'cap.pointer', b'cap.__class__.__new__', b'cap.__reduce__', b'cap.__init__')]", Anything),
    ("extension-codes", "import copyreg, pickle\ncopyreg.add_extension('_capsule', 'new', 77)\ntry: result = [tried(lambda: load(b'\\x80\\x02\\x82M(I1\\ntR.')) for load in (pickle.loads, pickle._loads)]\nfinally: copyreg.remove_extension('_capsule', 'new', 77)\nresult = [str(one) for one in result]", Is("['_capsule.new: capsules are sealed in this interpreter', '_capsule.new: capsules are sealed in this interpreter']")),
    ("marshal-in-a-container", "import marshal\nresult = {type(tried(lambda: marshal.dumps(one, version))) for version in range(6) for one in ([capsule], (native,), {1: capsule}, {capsule}, slice(capsule))}; assert bytes not in result", Anything),
    ("json-and-friends", "import json, reprlib, pprint, shelve, plistlib\nresult = [tried(lambda: json.dumps(capsule)), reprlib.repr(capsule), pprint.pformat([native]), tried(lambda: plistlib.dumps(capsule)), json.dumps(capsule, default=repr)]", Anything),
    ("deepcopy-by-memo", "import copy\nmade = copy.deepcopy([capsule], {id(capsule): 'mine'}); result = made", Is("['mine']")),
    ("reduce-of-its-class", "result = [tried(lambda: types.CapsuleType.__reduce_ex__(types.CapsuleType, protocol)) for protocol in range(6)], [tried(lambda: object.__reduce_ex__(capsule, protocol)) for protocol in range(6)]; assert all(isinstance(one, TypeError) for one in result[1])", Anything),
];
