//! Rows about exceptions: one that a C function sets is raised by the call, and an exception that
//! is being handled at that time stays as it is.

use super::expectation::Row;

pub(super) const ROWS: &[Row] = &[
    (
        "the-call-raises-what-the-function-set",
        r"
show(lambda: New(None, b'x', None))
show(lambda: GetPointer(New(1, b'right', None), b'wrong'))
show(lambda: GetPointer([], b'x'))
show(lambda: SetPointer([], 5))
show(lambda: SetPointer(New(1, None, None), None))
show(lambda: SetName([], b'x'))
show(lambda: SetContext([], 5))
show(lambda: SetDestructor([], None))
show(lambda: GetName([]))
show(lambda: GetContext([]))
show(lambda: GetDestructor([]))
show(lambda: IsValid([], b'x'))
",
        "
ValueError: PyCapsule_New called with null pointer
ValueError: PyCapsule_GetPointer called with incorrect name
ValueError: PyCapsule_GetPointer called with invalid PyCapsule object
ValueError: PyCapsule_SetPointer called with invalid PyCapsule object
ValueError: PyCapsule_SetPointer called with null pointer
ValueError: PyCapsule_SetName called with invalid PyCapsule object
ValueError: PyCapsule_SetContext called with invalid PyCapsule object
ValueError: PyCapsule_SetDestructor called with invalid PyCapsule object
ValueError: PyCapsule_GetName called with invalid PyCapsule object
ValueError: PyCapsule_GetContext called with invalid PyCapsule object
ValueError: PyCapsule_GetDestructor called with invalid PyCapsule object
0
",
    ),
    (
        "nothing-stays-pending-after-an-error",
        r"
show(lambda: GetPointer([], b'x'))
print(sys.exception(), P.PyErr_Occurred())
try: {}['key']
except KeyError as error: print(error.__context__)
print(sys.exception())
show(lambda: exec('raise'))
print(sorted([3, 1]))
",
        "
ValueError: PyCapsule_GetPointer called with invalid PyCapsule object
None 0
None
None
RuntimeError: No active exception to reraise
[1, 3]
",
    ),
    (
        "the-handled-exception-is-not-taken-for-pending",
        r"
capsule = New(1, b'name', None)
try: raise KeyError('handled')
except KeyError as handled:
    print(GetPointer(capsule, b'name'), IsValid(capsule, b'other'), P.PyErr_Occurred())
    print(sys.exception() is handled)
    P.PyErr_GetRaisedException.restype = c_void_p
    print(P.PyErr_GetRaisedException(), sys.exception() is handled)
",
        "
1 0 0
True
None True
",
    ),
    (
        "the-handled-exception-stays-handled-after-an-error",
        r"
try: raise KeyError('handled')
except KeyError as handled:
    try: GetPointer([], b'x')
    except ValueError as error: print(error.__context__ is handled, error.__cause__)
    print(sys.exception() is handled, handled.__context__)
print(sys.exception())
",
        "
True None
True None
None
",
    ),
    (
        "the-call-raises-for-every-result-type",
        r"
class Box(Structure): _fields_ = [('x', c_int)]
for result in None, c_int, c_char_p, c_void_p, py_object, POINTER(Box), lambda number: 5:
    function = P['PyCapsule_GetPointer']
    function.restype, function.argtypes = result, [py_object, c_char_p]
    show(lambda: function([], b'x'))
untyped = P['PyCapsule_GetPointer']
show(lambda: untyped(py_object([]), b'x'))
",
        "
ValueError: PyCapsule_GetPointer called with invalid PyCapsule object
ValueError: PyCapsule_GetPointer called with invalid PyCapsule object
ValueError: PyCapsule_GetPointer called with invalid PyCapsule object
ValueError: PyCapsule_GetPointer called with invalid PyCapsule object
ValueError: PyCapsule_GetPointer called with invalid PyCapsule object
ValueError: PyCapsule_GetPointer called with invalid PyCapsule object
ValueError: PyCapsule_GetPointer called with invalid PyCapsule object
ValueError: PyCapsule_GetPointer called with invalid PyCapsule object
",
    ),
    (
        "errcheck-is-not-called-after-an-error",
        r"
function = P['PyCapsule_IsValid']
function.argtypes = [py_object, c_char_p]
function.errcheck = lambda result, called, args: (result, called is function, args[1])
print(function(New(1, b'x', None), b'x'))
function = P['PyCapsule_GetPointer']
function.argtypes = [py_object, c_char_p]
function.errcheck = lambda *seen: print('seen', seen)
show(lambda: function([], b'x'))
function.errcheck = lambda result, called, args: args
show(lambda: function(New(7, b'x', None), b'x'))
def fails(*seen): raise LookupError('from errcheck')
function.errcheck = fails
show(lambda: function(New(7, b'x', None), b'x'))
del function.errcheck
show(lambda: function(New(7, b'x', None), b'x'))
",
        "
(1, True, b'x')
ValueError: PyCapsule_GetPointer called with invalid PyCapsule object
7
LookupError: from errcheck
7
",
    ),
    (
        "any-pydll-raises",
        r"
own = PyDLL(None)
own.PyCapsule_GetPointer.argtypes = [py_object, c_char_p]
show(lambda: own.PyCapsule_GetPointer([], b'x'))
kind = PYFUNCTYPE(c_void_p, py_object, c_char_p)
show(lambda: kind(('PyCapsule_GetPointer', pythonapi))([], b'x'))
show(lambda: kind(cast(P.PyCapsule_GetPointer, c_void_p).value)([], b'x'))
P.PyErr_SetString.restype, P.PyErr_SetString.argtypes = None, [py_object, c_char_p]
show(lambda: P.PyErr_SetString(OSError, b'said so'))
P.PyErr_SetObject.restype, P.PyErr_SetObject.argtypes = None, [py_object, py_object]
show(lambda: P.PyErr_SetObject(KeyboardInterrupt, 'now'))
print(PyDLL(None).labs(-3), sys.exception())
",
        "
ValueError: PyCapsule_GetPointer called with invalid PyCapsule object
ValueError: PyCapsule_GetPointer called with invalid PyCapsule object
ValueError: PyCapsule_GetPointer called with invalid PyCapsule object
OSError: said so
KeyboardInterrupt: now
3 None
",
    ),
    (
        "a-failed-import-raises",
        r"
show(lambda: Import(b'no_such_module.x', 0))
import types
made = types.ModuleType('made'); sys.modules['made'] = made
made.api = New(0x50, b'made.api', None)
made.other = New(0x60, b'else', None)
print(hex(Import(b'made.api', 0)))
show(lambda: Import(b'made.other', 0))
print(sys.exception())
",
        r#"
ImportError: PyCapsule_Import could not import module "no_such_module"
0x50
AttributeError: PyCapsule_Import "made.other" is not valid
None
"#,
    ),
    (
        "an-exception-in-a-nested-callback-is-unraisable",
        r"
@CFUNCTYPE(c_int, c_void_p, c_void_p)
def compare(a, b): raise LookupError('in a callback')
numbers = (c_int * 2)(2, 1)
for library in CDLL(None), PyDLL(None):
    sort = library.qsort
    sort.restype = None
    try: raise KeyError
    except KeyError as handled:
        print(sort(numbers, c_size_t(2), c_size_t(4), compare), sys.exception() is handled)
print(sys.exception())
",
        "
unraisable LookupError: in a callback | Exception ignored on calling ctypes callback function 
None True
unraisable LookupError: in a callback | Exception ignored on calling ctypes callback function 
None True
None
",
    ),
];

/// Rows that CPython leaves undefined, because a CDLL calls functions of the C API without the GIL.
pub(super) const OURS: &[Row] = &[(
    "an-exception-that-a-function-of-a-cdll-sets-is-unraisable",
    r"
function = CDLL(None).PyCapsule_GetPointer
function.argtypes = [py_object, c_char_p]
try: raise KeyError
except KeyError as handled:
    print(function([], b'x'), sys.exception() is handled)
print(sys.exception())
",
    "
unraisable ValueError: PyCapsule_GetPointer called with invalid PyCapsule object | Exception ignored that a function of a CDLL left behind
0 True
None
",
)];
