"""Calls for this interpreter only: with NULL, where CPython crashes, and tuples that are filled while
other threads look at all objects: without_cpython.py FOLDER."""

import gc
import os
import sys
import threading
import types

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.realpath(sys.argv[1]))

import function_driver as driver

NULL = object()
driver.set_null(NULL)


def call(name, *arguments, pending=NULL):
    return driver.call(name.encode(), pending, *arguments)


def refused(error, text, name, *arguments):
    answer, raised = call(name, *arguments)
    found = type(raised), str(raised)
    assert found == (error, text), (name, arguments, answer, raised)
    assert answer in (-1, NULL, None), (name, answer)


NULL_ARGUMENT = "null argument to internal routine"
BAD = "bad argument to internal function"
module = types.ModuleType("m")

for name, *rest in ["PyTuple_Size"], ["PyTuple_GetItem", 0], ["PyTuple_SetItem", 0, 5], ["PyTuple_GetSlice", 0, 1], ["PyList_Size"], ["PyList_SetItem", 0, 5], ["PyList_SetSlice", 0, 1, []]:
    refused(SystemError, BAD, name, NULL, *rest)
refused(TypeError, "expected a list", "PyList_GetItemRef", NULL, 0)
for name, *arguments in ["PyErr_SetObject", NULL, 5], ["PyErr_SetNone", NULL], ["PyErr_SetString", NULL, b"text"], ["PyErr_SetString", ValueError, NULL], ["PyErr_DisplayException", NULL], ["PyException_SetCause", NULL, NULL], ["PyException_SetContext", NULL, NULL], ["PyException_SetTraceback", NULL, None], ["PyImport_ImportModule", NULL], ["PyImport_Import", NULL], ["PyModule_AddObjectRef", module, NULL, 5], ["PyModule_Add", module, NULL, 5], ["PyModule_AddIntConstant", module, NULL, 5], ["PyModule_AddStringConstant", module, NULL, b"text"], ["PyModule_AddStringConstant", module, b"x", NULL], ["PyObject_CallOneArg", NULL, 5], ["PyObject_CallOneArg", len, NULL]:
    refused(SystemError, NULL_ARGUMENT, name, *arguments)
for name, *rest in ["PyModule_AddObjectRef", b"x", 5], ["PyModule_Add", b"x", 5], ["PyModule_Add", b"x", NULL]:
    refused(TypeError, "PyModule_AddObjectRef() first argument must be a module", name, NULL, *rest)
refused(SystemError, "PyErr_NewException: name must be module.class", "PyErr_NewException", NULL, NULL, NULL)
for name in "PyErr_SetRaisedException", "PyException_SetCause", "PyException_SetContext":
    exception = [] if name == "PyErr_SetRaisedException" else [ValueError()]
    refused(TypeError, "expected an exception, got int", name, *exception, 5)
for name in "PyException_SetCause", "PyException_SetContext":
    refused(TypeError, "expected an exception, got int", name, 5, NULL)
assert call("PyException_SetContext", ValueError(), None) == [None, NULL]
assert call("PyErr_ExceptionMatches", NULL, pending=ValueError())[0] == 0
assert call("PyObject_TypeCheck", NULL, int)[0] == call("PyObject_TypeCheck", 5, NULL)[0] == 0

for name, *rest in ["PyDict_Size"], ["PyDict_GetItemRef", 5], ["PyDict_SetItem", 5, 6], ["PyDict_Update", {}], ["PySet_Add", 5], ["PySet_Size"], ["PySlice_Unpack"], ["PyModule_GetDict"]:
    refused(SystemError, BAD, name, NULL, *rest)
for name, *arguments in ["PyObject_GetAttr", NULL, "a"], ["PyObject_GetAttr", 5, NULL], ["PyObject_SetAttr", NULL, "a", 5], ["PyObject_SetAttrString", 5, NULL, 5], ["PyObject_GetOptionalAttr", NULL, "a"], ["PyDict_SetItem", {}, NULL, 5], ["PyDict_SetItem", {}, 5, NULL], ["PySet_Add", set(), NULL], ["PyIter_NextItem", NULL], ["PyObject_CallObject", NULL, ()], ["PyModule_SetDocString", NULL, b"doc"], ["PySys_SetObject", NULL, 5], ["PyErr_WarnEx", UserWarning, NULL, 1]:
    refused(SystemError, NULL_ARGUMENT, name, *arguments)
for name, *arguments in ["PyUnicode_GetLength", NULL], ["PyUnicode_AsUTF8String", NULL]:
    refused(TypeError, "bad argument type for built-in operation", name, *arguments)
assert call("PySys_GetObject", NULL) == [NULL, NULL]

# A frozenset that has a hash forgets it when C code adds a value.
added = call("PySet_Add to a frozenset", 5)[0]
assert hash(added) == hash(frozenset([5])), added

# ---- Functions with variable arguments ----


def variadic(name, *values, pending=NULL):
    return driver.variadic(name.encode(), pending, values)


def variadic_refused(error, text, name, *values):
    answer, raised = variadic(name, *values)[:2]
    assert (type(raised), str(raised)) == (error, text), (name, values, answer, raised)
    assert answer in (0, -1, NULL), (name, answer)


for name, *values in (
    ["Py_BuildValue", ("s", NULL)], ["Py_BuildValue", ("s", b"D"), ("o", NULL)], ["Py_BuildValue", ("s", b"O&"), ("o", NULL), ("i", 0)],
    ["PyUnicode_FromFormat", ("s", NULL)], ["PyUnicode_FromFormat", ("s", b"%s"), ("s", NULL)], ["PyUnicode_FromFormat", ("s", b"%ls"), ("s", NULL)],
    ["PyUnicode_FromFormat", ("s", b"%V"), ("o", NULL), ("s", NULL)], ["PyErr_Format", ("o", NULL), ("s", b"x")], ["PyErr_Format", ("o", ValueError), ("s", NULL)],
    ["PyTuple_Pack", ("i", 2), ("o", 5), ("o", NULL)], ["PyErr_WarnFormat", ("o", UserWarning), ("i", 1), ("s", NULL)],
    *(["PyUnicode_FromFormat", ("s", b"%" + letter), ("o", NULL)] for letter in (b"U", b"S", b"R", b"A", b"T", b"N")),
):
    variadic_refused(SystemError, NULL_ARGUMENT, name, *values)
variadic_refused(SystemError, BAD, "PyTuple_Pack", ("i", -1))
for category in ValueError, 5:
    text = f"category must be a Warning subclass, not '{type(category).__name__}'"
    variadic_refused(TypeError, text, "PyErr_WarnFormat", ("o", category), ("i", 1), ("s", b"x"))
for name in "PySys_WriteStdout", "PySys_FormatStderr":
    assert variadic(name, ("s", b"")) == [None, NULL]
assert variadic("PySys_FormatStdout", ("s", NULL)) == [None, NULL]
# Units and conversions that CPython 3.13 lacks, or does not survive.
assert variadic("Py_BuildValue", ("s", b"pp"), ("i", 0), ("i", 2))[0] == (False, True)
assert variadic("PyUnicode_FromFormat", ("s", b"%.*s|%.*U"), ("i", -1), ("s", b"ab"), ("i", -5), ("o", "cd"))[0] == "ab|cd"
assert variadic("PyUnicode_FromFormat", ("s", b"%p"), ("i", 0))[0] == "0x0"
for format in b"i)", b"(i", b"i((i)":
    text = "excess ')' in getargs format" if b"(" not in format else "missing ')' in getargs format"
    variadic_refused(SystemError, text, "PyArg_ParseTuple", ("o", (1,)), ("s", format), ("n", 0), ("n", 0))
for name in "PyArg_ParseTuple", "PyArg_ValidateKeywordArguments":
    variadic_refused(SystemError, BAD, name, ("o", NULL), ("s", b"i"), ("n", 0))
variadic_refused(SystemError, BAD, "PyArg_ParseTupleAndKeywords", ("o", ()), ("o", NULL), ("s", b""), ("o", NULL))
variadic_refused(SystemError, NULL_ARGUMENT, "PyArg_ParseTuple", ("o", ()), ("s", NULL))
refused(
    SystemError,
    "this interpreter has no module definitions of type PyModuleDef: a module must export the function PyModExport_<name> (PEP 793)",
    "PyModuleDef_Init",
    NULL,
)

# In a tuple or list that Python code sees, an item that was not set is None, and NULL sets nothing.
for kind, make in (0, tuple), (1, list):
    for items in [], [(1, "b")], [(2, "c"), (0, NULL)]:
        answers, made = driver.fill(kind, 3, items, False)
        expected = [None] * 3
        for index, item in items:
            expected[index] = None if item is NULL else item
        assert made == make(expected), made
        assert all(answer == [0, NULL] for answer in answers), answers
        repr(made), list(made), made == made, sorted(map(id, made)), gc.collect()
assert hash(driver.fill(0, 3, [], False)[1]) == hash((None,) * 3)
assert driver.fill(0, 1, [(0, 5)], False)[1] in {(5,): 1}

# The collector tracks a tuple from the moment when its last item is set.
assert not gc.is_tracked(driver.fill(0, 3, [(0, 5)], False)[1])
assert gc.is_tracked(driver.fill(0, 3, [(2, 5)], False)[1])
assert gc.is_tracked(driver.fill(0, 3, [(2, 5), (0, 6), (2, 7)], False)[1])
assert gc.is_tracked(driver.fill(1, 3, [], False)[1])

# Three threads fill tuples, each item more than once, while two look at all objects and one
# collects.
done = threading.Event()


def fills():
    for round in range(1500):
        item = [round]
        items = [(index, item) for index in (2, 0, 1, 3, 3, 0, 2, 1)]
        answers, made = driver.fill(0, 4, items, False)
        # Another thread may have a reference for a moment. Then the tuple cannot be changed.
        for answer, raised in answers:
            assert raised is NULL if answer == 0 else str(raised) == BAD, raised
        assert len(made) == 4 and all(entry in (None, item) for entry in made), made


def looks():
    while not done.is_set():
        for found in gc.get_objects(0):
            if type(found) is tuple and len(found) == 4:
                list(found), gc.get_referents(found)


def collects():
    while not done.is_set():
        gc.collect(0)


failures = []
threading.excepthook = failures.append
fillers = [threading.Thread(target=fills) for _ in range(3)]
others = [threading.Thread(target=target) for target in (looks, looks, collects)]
for thread in fillers + others:
    thread.start()
for thread in fillers:
    thread.join()
done.set()
for thread in others:
    thread.join()
assert not failures, failures
print("done")
