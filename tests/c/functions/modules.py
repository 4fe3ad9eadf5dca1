"""Adding to modules, importing, calling."""

import sys
import types

from calling import *

# ---- Modules and import ----

class OwnModule(types.ModuleType):
    def __setattr__(self, name, value):
        raise RuntimeError("asked")


def added(function, module, *arguments, pending=NULL):
    answer = call(function, module, *arguments, pending=pending)
    return answer, {key: value for key, value in getattr(module, "__dict__", {}).items() if key in ("x", "", "m\xfc")}


ADDING = ("PyModule_AddObjectRef", 5), ("PyModule_Add", 5), ("PyModule_AddIntConstant", 5), ("PyModule_AddStringConstant", b"text")
for function, value in ADDING:
    for module in types.ModuleType("m"), OwnModule("m"), 5, None, Plain(), Plain, types.SimpleNamespace():
        row(f"{function} to {shown(type(module))}", added, function, module, b"x", value)
    for name in b"", "m\xfc".encode(), b"\xff":
        row(f"{function} {name}", added, function, types.ModuleType("m"), name, value)
for function in "PyModule_AddObjectRef", "PyModule_Add":
    row(f"{function} NULL", added, function, types.ModuleType("m"), b"x", NULL)
    row(f"{function} NULL with one pending", lambda: added(function, types.ModuleType("m"), b"x", NULL, pending=PENDING))
    row(f"{function} NULL to an int", added, function, 5, b"x", NULL)
    for module in types.ModuleType("m"), 5:
        probe = Plain()
        row(f"{function} to {shown(module)} references", counted, lambda: call(function, module, b"x", probe), probe)
calls("PyModule_AddIntConstant", [types.ModuleType("m"), b"x", HUGE], [types.ModuleType("m"), b"x", -HUGE - 1])
row("PyModule_AddIntConstant", added, "PyModule_AddIntConstant", types.ModuleType("m"), b"x", -HUGE - 1)
calls("PyModule_AddStringConstant", [types.ModuleType("m"), b"x", b"\xff"])
row("PyModule_AddStringConstant", added, "PyModule_AddStringConstant", types.ModuleType("m"), b"x", b"")


nameless = types.ModuleType("m")
del nameless.__name__
calls("PyModule_GetNameObject", [OwnModule("own")], [nameless])


def imported(name, *arguments):
    answer, raised = call(name, *arguments)
    if not isinstance(answer, types.ModuleType):
        return answer, raised
    return answer.__name__, answer is sys.modules[answer.__name__], raised


sys.modules["not_a_module"] = 5
sys.modules["halted"] = None
for name in "os", "os.path", "collections.abc", "nosuch", "os.nosuch", "nosuch.a", "", ".", "a.", ".a", "..", "os..path", "not_a_module", "halted", "m\xfc", "importlib.util", "xml.dom.minidom":
    row(f"PyImport_ImportModule {name}", imported, "PyImport_ImportModule", name.encode())
    row(f"PyImport_Import {name}", imported, "PyImport_Import", name)
row("PyImport_ImportModule not UTF-8", imported, "PyImport_ImportModule", b"\xff")
for name in 5, None, b"os":
    row(f"PyImport_Import {name}", imported, "PyImport_Import", name)


def with_hook(function, name):
    import builtins

    kept, seen = builtins.__import__, []

    def hook(name, globals=None, locals=None, fromlist=(), level=0):
        seen.append((name, bool(fromlist), level))
        return kept(name, globals, locals, fromlist, level)

    builtins.__import__ = hook
    try:
        return imported(function, name), seen
    finally:
        builtins.__import__ = kept


row("PyImport_ImportModule calls the hook", with_hook, "PyImport_ImportModule", b"os.path")
row("PyImport_Import calls the hook", with_hook, "PyImport_Import", "os.path")

# ---- Calls ----

class Raises:
    def __call__(self, value):
        raise KeyError("called")


def takes_two(a, b): pass


calls("PyObject_CallOneArg", [len, "abc"], [int, "7"], [5, 1], [Plain(), 1], [Plain, 1], [Raises(), 1], [int, "x"])
calls("PyObject_CallNoArgs", [dict], [5], [Plain()])
row("PyObject_CallOneArg of two", call, "PyObject_CallOneArg", takes_two, 1)
probe = Plain()
row("PyObject_CallOneArg references", counted, lambda: call("PyObject_CallOneArg", id, probe), probe)
row("PyObject_CallOneArg returned references", counted, lambda: call("PyObject_CallOneArg", lambda x: x, probe), probe)
