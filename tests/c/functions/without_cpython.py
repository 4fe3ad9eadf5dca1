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
