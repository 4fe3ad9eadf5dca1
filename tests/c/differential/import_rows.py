"""Calls PyCapsule_Import with names in prepared environments, and prints a line for each answer:
import_rows.py FOLDER. FOLDER has the driver. Each row is run twice, the second time in an except
block, and then its module is imported by itself."""

import builtins
import os
import shutil
import sys
import types

folder = os.path.realpath(sys.argv[1])
sys.dont_write_bytecode = True
sys.path.insert(0, folder)

import capsule_driver as driver

files_folder = os.path.join(folder, "files")
original_import, original_modules = builtins.__import__, sys.modules
sys.path.insert(0, files_folder)
known = set(sys.modules)

# A file of a module with the capsule, and files of a package.
M_FILE = {"m.py": "from capsule_driver import capsule; cap = capsule(b'm.cap')"}
EMPTY = {"pkg/__init__.py": ""}
SUB = {"pkg/sub.py": "from capsule_driver import capsule; cap = capsule(b'pkg.sub.cap')"}
# The same module, made without a file.
M = "module('m', cap=capsule(b'm.cap'))"


def raising(text):
    return {"m.py": "raise " + text}


def module(name, **attributes):
    made = sys.modules[name] = types.ModuleType(name)
    vars(made).update(attributes)
    return made


# A row: its name, its files, statements that run first, and the name to import.
ROWS = [
    ("module-file", M_FILE, "", b"m.cap"),
    ("module-that-is-there", {}, M, b"m.cap"),
    ("class-on-the-way", {}, "class A: cap = capsule(b'm.A.cap')\nmodule('m', A=A)", b"m.A.cap"),
    ("objects-on-the-way", {}, "n = types.SimpleNamespace\nmodule('m', a=n(b=n(c=capsule(b'm.a.b.c'))))", b"m.a.b.c"),
    ("property-on-the-way", {}, "class A: cap = property(lambda self: capsule(b'm.a.cap'))\nmodule('m', a=A())", b"m.a.cap"),
    ("getattr-makes-it", {}, "module('m', __getattr__=lambda name: capsule(b'm.' + name.encode()))", b"m.cap"),
    ("an-object-in-sys-modules", {}, "sys.modules['m'] = types.SimpleNamespace(cap=capsule(b'm.cap'))", b"m.cap"),
    ("a-class-in-sys-modules", {}, "class A: cap = capsule(b'm.cap')\nsys.modules['m'] = A", b"m.cap"),
    ("spec-that-initializes", {}, "m = " + M + "\nm.__spec__ = types.SimpleNamespace(_initializing=True)", b"m.cap"),
    ("capsule-in-sys-modules", {}, "sys.modules['x'] = capsule(b'x')", b"x"),
    ("text-after-nul", {}, M, b"m.cap\0.nope"),
    ("beyond-ascii", {}, "module('m\xfc', c\xe4p=capsule('m\xfc.c\xe4p'.encode()))", "m\xfc.c\xe4p".encode()),
    ("attribute-without-a-name", {}, "setattr(module('m'), '', capsule(b'm.'))", b"m."),
    ("attribute-without-a-name-within", {}, "setattr(module('m'), '', types.SimpleNamespace(cap=capsule(b'm..cap')))", b"m..cap"),
    ("circular-with-the-attribute", {"m.py": "from capsule_driver import capsule, import_; cap = capsule(b'm.cap'); import other", "other.py": "import capsule_driver; seen = capsule_driver.import_(b'm.cap')"}, "", b"m.cap"),
    ("long-attribute", {}, "setattr(module('m'), 'x' * 20000, capsule(b'm.' + b'x' * 20000))", b"m." + b"x" * 20000),
    # Packages.
    ("submodule", EMPTY | SUB, "", b"pkg.sub.cap"),
    ("submodule-that-was-imported", EMPTY | SUB, "import pkg.sub", b"pkg.sub.cap"),
    ("submodule-that-the-package-imports", {"pkg/__init__.py": "from . import sub"} | SUB, "", b"pkg.sub.cap"),
    ("submodule-whose-attribute-was-deleted", EMPTY | SUB, "import pkg.sub; del pkg.sub", b"pkg.sub.cap"),
    ("submodule-behind-a-class", {"pkg/__init__.py": "from capsule_driver import capsule\nclass sub: cap = capsule(b'pkg.sub.cap')", "pkg/sub.py": "1 / 0"}, "", b"pkg.sub.cap"),
    ("submodule-behind-none", {"pkg/__init__.py": "sub = None"} | SUB, "", b"pkg.sub.cap"),
    ("submodule-deeper", {"pkg/__init__.py": "", "pkg/deep/__init__.py": "", "pkg/deep/er.py": "from capsule_driver import capsule; cap = capsule(b'pkg.deep.er.cap')"}, "", b"pkg.deep.er.cap"),
    ("submodule-where-getattr-refuses", {"pkg/__init__.py": "def __getattr__(name): raise AttributeError('mine')"} | SUB, "", b"pkg.sub.cap"),
    ("submodule-that-raises", EMPTY | {"pkg/sub.py": "1 / 0"}, "", b"pkg.sub.cap"),
    ("submodule-that-is-asked-for", EMPTY | SUB, "", b"pkg.sub"),
    ("submodule-that-is-asked-for-and-there", EMPTY | SUB, "import pkg.sub", b"pkg.sub"),
    ("no-submodule", EMPTY, "", b"pkg.nope.cap"),
    ("no-submodule-and-not-the-last", EMPTY, "", b"pkg.nope"),
    ("namespace-package", SUB, "", b"pkg.sub.cap"),
    ("part-of-a-module", {}, M + "\nmodule('m.sub', cap=capsule(b'm.sub.cap'))", b"m.sub.cap"),
    # No module.
    ("no-such-module", {}, "", b"nosuch.cap"),
    ("no-such-module-and-no-dot", {}, "", b"nosuch"),
    ("only-the-first-part-counts", {}, "sys.modules['a.b'] = types.SimpleNamespace(cap=capsule(b'a.b.cap'))", b"a.b.cap"),
    ("none-in-sys-modules", M_FILE, "sys.modules['m'] = None", b"m.cap"),
    ("nothing", {}, "", b""),
    ("a-dot", {}, "", b"."),
    ("two-dots", {}, "", b".."),
    ("dot-first", {}, M, b".m.cap"),
    ("space-first", {}, M, b" m.cap"),
    ("slash", EMPTY | SUB, "", b"pkg/sub.cap"),
    ("not-utf-8", {}, "", b"\xff\xfe.cap"),
    ("a-surrogate", {}, "", b"\xed\xa0\x80.cap"),
    ("utf-8-cut-short", {}, "", b"a\xc3.cap"),
    ("long-module", {}, "", b"x" * 5000 + b".cap"),
    ("relative-to-the-package", {"pkg/__init__.py": "from capsule_driver import import_; import_(b'sub.cap')"} | SUB, "", b"pkg.x"),
    # The body of the module raises.
    ("zero-division-error", {"m.py": "1 / 0"}, "", b"m.cap"),
    ("import-error", raising("ImportError('mine')"), "", b"m.cap"),
    ("value-error", raising("ValueError('mine')"), "", b"m.cap"),
    ("attribute-error", raising("AttributeError('mine')"), "", b"m.cap"),
    ("recursion-error", raising("RecursionError('mine')"), "", b"m.cap"),
    ("generator-exit", raising("GeneratorExit('mine')"), "", b"m.cap"),
    ("own-base-exception", {"m.py": "class Mine(BaseException): pass\nraise Mine('text')"}, "", b"m.cap"),
    ("missing-in-the-module", {"m.py": "import nosuch"}, "", b"m.cap"),
    ("keyboard-interrupt", raising("KeyboardInterrupt('mine')"), "", b"m.cap"),
    ("own-keyboard-interrupt", {"m.py": "class Mine(KeyboardInterrupt): pass\nraise Mine('text')"}, "", b"m.cap"),
    ("system-exit", raising("SystemExit(3)"), "", b"m.cap"),
    ("memory-error", raising("MemoryError('mine')"), "", b"m.cap"),
    ("removes-itself", {"m.py": "import sys; del sys.modules[__name__]"}, "", b"m.cap"),
    ("becomes-none", {"m.py": "import sys; sys.modules[__name__] = None"}, "", b"m.cap"),
    ("circular-without-the-attribute", {"m.py": "import other; cap = 5", "other.py": "import capsule_driver; capsule_driver.import_(b'm.cap')"}, "", b"m.cap"),
    # No attribute.
    ("last-part", {}, M, b"m.nope"),
    ("middle-part", {}, M, b"m.nope.cap"),
    ("of-an-int", {}, "module('m', x=5)", b"m.x.cap"),
    ("dot-last", {}, M, b"m."),
    ("two-dots-within", {}, M, b"m..cap"),
    ("of-the-capsule", {}, M, b"m.cap."),
    ("getattr-raises-attribute-error", {}, "module('m', __getattr__=lambda name: sys.mine)", b"m.cap"),
    ("getattr-raises-another", {}, "module('m', __getattr__=lambda name: 1 / 0)", b"m.cap"),
    ("getattr-interrupts", {}, "def interrupt(name): raise KeyboardInterrupt('mine')\nmodule('m', __getattr__=interrupt)", b"m.cap"),
    ("getattr-looks-at-what-is-handled", {}, "def look(name):\n  calls.append(repr(sys.exception()))\n  return capsule(b'm.cap')\nmodule('m', __getattr__=look)", b"m.cap"),
    ("attribute-not-utf-8", {}, M, b"m.\xff"),
    ("attribute-not-utf-8-within", {}, M, b"m.a\xff.cap"),
    ("attribute-a-surrogate", {}, M, b"m.\xed\xa0\x80.cap"),
    # Not the capsule.
    ("no-dot", M_FILE, "", b"m"),
    ("an-int", {}, "module('m', x=5)", b"m.x"),
    ("none", {}, "module('m', x=None)", b"m.x"),
    ("the-class", {}, "module('m', x=type(driver.capsule(None)))", b"m.x"),
    ("a-method-of-it", {}, M, b"m.cap.__repr__"),
    ("another-name", {}, "module('m', x=capsule(b'm.y'))", b"m.x"),
    ("name-of-the-attribute", {}, "module('m', x=capsule(b'x'))", b"m.x"),
    ("longer-name", {}, "module('m', x=capsule(b'm.x.y'))", b"m.x"),
    ("no-name", {}, "module('m', x=capsule(None))", b"m.x"),
    ("empty-name", {}, "module('m', x=capsule(b''))", b"m.x"),
    ("name-not-utf-8", {}, "module('m', x=capsule(b'm.\\xff'))", b"m.x"),
    ("name-in-other-case", {}, "module('m', x=capsule(b'm.X'))", b"m.x"),
    # The import hook.
    ("hook-is-called", {}, M + "\ndef hook(name, globals, locals, fromlist, level):\n  calls.append((name, globals is locals, fromlist, level, '__name__' in globals))\n  return 5\nbuiltins.__import__ = hook", b"m.cap"),
    ("hook-that-does-nothing", M_FILE, "builtins.__import__ = lambda *rest: None", b"m.cap"),
    ("hook-that-raises", {}, M + "\ndef hook(*rest): raise KeyError('mine')\nbuiltins.__import__ = hook", b"m.cap"),
    ("hook-that-exits", {}, M + "\ndef hook(*rest): raise SystemExit(3)\nbuiltins.__import__ = hook", b"m.cap"),
    ("hook-that-is-gone", {}, M + "\ndel builtins.__import__", b"m.cap"),
    ("hook-of-private-builtins", {}, M + "\ndef hook(name, *rest): calls.append(name)\nask = eval('lambda name: f(name)', {'f': driver.import_, '__builtins__': {'__import__': hook}})", b"m.cap"),
    ("finders-are-asked-for-the-first-part", {}, "class Finder:\n  def find_spec(self, name, *rest): calls.append(name)\nsys.meta_path.insert(0, Finder())", b"nosuch.a.b"),
    # Another sys.modules.
    ("only-the-new-sys-modules-has-it", {}, "sys.modules = dict(sys.modules, m=types.SimpleNamespace(cap=capsule(b'm.cap')))", b"m.cap"),
    ("only-the-old-sys-modules-has-it", {}, M + "\nsys.modules = {'sys': sys, 'builtins': builtins}", b"m.cap"),
    ("sys-modules-is-gone", {}, M + "\ndel sys.modules", b"m.cap"),
]


def prepare(files):
    shutil.rmtree(files_folder, ignore_errors=True)
    os.mkdir(files_folder)
    for name, text in files.items():
        path = os.path.join(files_folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
    sys.path_importer_cache.clear()


def restore(finders):
    builtins.__import__, sys.modules = original_import, original_modules
    sys.meta_path[:] = finders
    for name in original_modules.keys() - known:
        del original_modules[name]


def ask(function, name):
    try:
        return f"p{function(name)}"
    except BaseException as error:
        return error


def ask_in_except(function, name):
    try:
        raise LookupError("handled")
    except LookupError:
        return ask(function, name)


def import_first_part(name):
    """Raises the reason why the module cannot be imported, which PyCapsule_Import hides in CPython."""
    if "modules" not in vars(sys):
        # The VM overflows its stack when it makes the text of this error.
        return "not imported"
    module = name.partition(b".")[0].decode()
    builtins.__import__(module, scope, scope, [], 0)
    return bool(sys.modules[module])


def text_of(answer):
    if isinstance(answer, str):
        return answer
    text = driver.show(answer)
    if isinstance(answer, (ImportError, AttributeError)):
        text += f" .name={answer.name!r}"
    if isinstance(answer, ImportError):
        text += f" .path={answer.path!r}"
    if isinstance(answer, AttributeError):
        text += f" .obj={type(answer.obj).__name__}"
    return text.replace(files_folder, "FILES")


for row, files, setup, name in ROWS:
    for manner, way in ("python", ask), ("except", ask_in_except), ("module", ask):
        prepare(files)
        finders = list(sys.meta_path)
        calls = []
        scope = {"builtins": builtins, "sys": sys, "types": types, "driver": driver}
        scope |= {"capsule": driver.capsule, "module": module, "calls": calls}
        exec(setup, scope)
        function = scope.get("ask", driver.import_) if manner != "module" else import_first_part
        answer = way(function, name)
        restore(finders)
        print(row, manner, text_of(answer), *calls, sep="\t")
