"""Raising and matching; notes, causes and contexts; new exception classes."""

from calling import *

# ---- Does an exception match ----

GIVEN = [ValueError, ValueError("x"), Own, Own("x"), OwnOfTwo, WithMeta, 5, int, None, NULL]
GIVEN += [Plain, Plain(), (ValueError,), KeyboardInterrupt()]
AGAINST = [ValueError, Exception, BaseException, KeyError, OSError, OwnOfTwo, WithMeta, object, int, 5]
AGAINST += [None, NULL, (), (KeyError, ValueError), (KeyError, (TypeError, (ValueError,))), (5,)]
AGAINST += [(KeyError, 5, ValueError), [ValueError], ValueError("x"), Sub((ValueError,)), Plain]
for given in GIVEN:
    for against in AGAINST:
        calls("PyErr_GivenExceptionMatches", [given, against])
same = Plain()
row("PyErr_GivenExceptionMatches same object", call, "PyErr_GivenExceptionMatches", same, same)
row("PyErr_GivenExceptionMatches same instance", lambda: (lambda e: call("PyErr_GivenExceptionMatches", e, e))(ValueError()))
for pending in NULL, ValueError("x"), Own("x"), WithMeta("x"):
    for against in AGAINST:
        if against is NULL and pending is not NULL:
            continue
        label = f"PyErr_ExceptionMatches {shown(against)} with {shown(pending)}"
        row(label, lambda: call("PyErr_ExceptionMatches", against, pending=pending)[0])

# ---- Raising ----

PENDING = LookupError("before")
for exception in ValueError, Own, Exception, KeyError, Refuses, MakesAnInt, StopIteration, SystemExit, OSError, WithMeta:
    for value in None, NULL, 5, "text", (), (1, 2), (1,), [1], ValueError("mine"), Own("mine"), ValueError(1, 2), KeyError("k"), Sub((1, 2)), ValueError:
        calls("PyErr_SetObject", [exception, value])
for exception in 5, None, int, ValueError("x"), (ValueError,), "text", Plain():
    calls("PyErr_SetObject", [exception, "value"], [exception, None], [exception, ValueError("v")])
    calls("PyErr_SetString", [exception, b"text"])
    calls("PyErr_SetNone", [exception])
for exception in ValueError, KeyError, Own, Refuses, MakesAnInt, SystemExit, OSError, StopIteration:
    calls("PyErr_SetNone", [exception])
    calls("PyErr_SetString", [exception, b"text"], [exception, b""], [exception, "m\xfc\u20ac".encode()], [exception, b"a\xff"])
calls("PyErr_NoMemory", [])
row("PyErr_NoMemory args", lambda: call("PyErr_NoMemory")[1].args)
instance = Own("same")
row("PyErr_SetObject keeps the instance", lambda: call("PyErr_SetObject", ValueError, instance)[1] is instance)


def raised_with_cause():
    error = ValueError("x")
    error.__cause__ = KeyError("cause")
    return call("PyErr_SetObject", ValueError, error)[1]


row("PyErr_SetObject keeps its cause", raised_with_cause)
for name, arguments in ("PyErr_SetObject", [ValueError, "x"]), ("PyErr_SetString", [ValueError, b"x"]), ("PyErr_SetNone", [ValueError]), ("PyErr_NoMemory", []), ("PyErr_Clear", []), ("PyErr_Occurred", []), ("PyErr_GetRaisedException", []), ("PyErr_SetRaisedException", [KeyError("new")]), ("PyErr_SetRaisedException", [NULL]):
    row(f"{name} {shown(tuple(arguments))} with one pending", lambda: call(name, *arguments, pending=PENDING))
    row(f"{name} with one pending, references", counted, lambda: call(name, *arguments, pending=PENDING), PENDING)
calls("PyErr_Clear", [])
calls("PyErr_Occurred", [])
calls("PyErr_GetRaisedException", [])
row("PyErr_SetRaisedException references", counted, lambda: call("PyErr_SetRaisedException", instance), instance)
row("PyErr_SetObject references", counted, lambda: call("PyErr_SetObject", ValueError, instance), instance)
probe = Plain()
row("PyErr_SetObject references of a value", counted, lambda: call("PyErr_SetObject", ValueError, probe), probe)

# ---- Exceptions and their classes ----

CLASSES = [ValueError, Own, int, 5, NULL, ValueError("x"), Plain, type, WithMeta, (ValueError,)]
calls("PyExceptionClass_Check", *([cls] for cls in CLASSES if cls is not NULL))
calls("PyExceptionInstance_Check", *([cls] for cls in CLASSES if cls is not NULL))


def made(name, base, dict_, *doc):
    cls, raised = call("PyErr_NewExceptionWithDoc" if doc else "PyErr_NewException", name, *doc, base, dict_)
    if cls is NULL:
        return cls, raised
    return cls.__module__, cls.__name__, cls.__qualname__, cls.__bases__, cls.__doc__, vars(cls).get("x", NULL), raised


for name in b"m.E", b"a.b.E", b".E", b"m.", b"E", b"", b"m.\xff":
    row(f"PyErr_NewException {name}", made, name, NULL, NULL)
for base in ValueError, (ValueError,), (KeyError, OSError), (), 5, int, (5,), (int,), bool, None:
    row(f"PyErr_NewException of {shown(base)}", made, b"m.E", base, NULL)
for dict_ in {}, {"x": 5}, {"__module__": "other"}, {"__doc__": "doc"}:
    row(f"PyErr_NewException with {dict_}", made, b"m.E", NULL, dict_)
for doc in NULL, b"", b"text":
    for dict_ in NULL, {"x": 5}, {"__doc__": "own"}:
        row(f"PyErr_NewExceptionWithDoc {doc} {dict_}", made, b"m.E", NULL, dict_, doc)
changed = {"x": 5}
row("PyErr_NewException in a dict", lambda: (call("PyErr_NewException", b"m.E", NULL, changed), changed))


def after(name, *arguments):
    error = ValueError("x")
    error.__cause__, error.__context__ = KeyError("cause"), KeyError("context")
    answer = call(name, error, *arguments)
    return answer, error.__cause__, error.__context__, error.__suppress_context__, error.__traceback__ is None


for value in KeyError("new"), NULL, None:
    row(f"PyException_SetCause {shown(value)}", after, "PyException_SetCause", value)
    if value is not None:
        row(f"PyException_SetContext {shown(value)}", after, "PyException_SetContext", value)
for name in "PyException_GetCause", "PyException_GetContext", "PyException_GetTraceback":
    row(name, after, name)
    calls(name, [ValueError()])
try:
    1 / 0
except ZeroDivisionError as error:
    trace = error.__traceback__
for value in trace, None, 5, NULL:
    row(f"PyException_SetTraceback {shown(type(value))}", after, "PyException_SetTraceback", value)
for name in "PyException_SetCause", "PyException_SetContext":
    value = KeyError("counted")
    row(f"{name} references", lambda: counted(lambda: after(name, value) and None, value))
