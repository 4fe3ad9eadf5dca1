//! Rows about exceptions: what a C function leaves behind is raised at the call, and what is being
//! handled at that time is left alone.

use super::Row;

pub(super) const ROWS: &[Row] = &[
    (
        "a-refusal-is-raised-at-the-call",
        r"
tell(lambda: New(None, b'x', None))
tell(lambda: GetPointer(New(1, b'right', None), b'wrong'))
tell(lambda: GetPointer([], b'x'))
tell(lambda: SetPointer([], 5))
tell(lambda: SetPointer(New(1, None, None), None))
tell(lambda: SetName([], b'x'))
tell(lambda: SetContext([], 5))
tell(lambda: SetDestructor([], None))
tell(lambda: GetName([]))
tell(lambda: GetContext([]))
tell(lambda: GetDestructor([]))
tell(lambda: IsValid([], b'x'))
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
        "nothing-stays-pending-after-a-refusal",
        r"
tell(lambda: GetPointer([], b'x'))
print(sys.exception(), P.PyErr_Occurred())
try: {}['key']
except KeyError as error: print(error.__context__)
print(sys.exception())
tell(lambda: exec('raise'))
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
        "what-is-being-handled-is-not-taken-for-pending",
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
        "what-is-being-handled-is-handled-after-a-refusal",
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
        "a-refusal-is-raised-whatever-the-result-is",
        r"
class Box(Structure): _fields_ = [('x', c_int)]
for result in None, c_int, c_char_p, c_void_p, py_object, POINTER(Box), lambda number: 5:
    function = P['PyCapsule_GetPointer']
    function.restype, function.argtypes = result, [py_object, c_char_p]
    tell(lambda: function([], b'x'))
untyped = P['PyCapsule_GetPointer']
tell(lambda: untyped(py_object([]), b'x'))
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
        "errcheck-sees-only-what-was-not-raised",
        r"
function = P['PyCapsule_IsValid']
function.argtypes = [py_object, c_char_p]
function.errcheck = lambda result, called, args: (result, called is function, args[1])
print(function(New(1, b'x', None), b'x'))
function = P['PyCapsule_GetPointer']
function.argtypes = [py_object, c_char_p]
function.errcheck = lambda *seen: print('seen', seen)
tell(lambda: function([], b'x'))
function.errcheck = lambda result, called, args: args
tell(lambda: function(New(7, b'x', None), b'x'))
def fails(*seen): raise LookupError('from errcheck')
function.errcheck = fails
tell(lambda: function(New(7, b'x', None), b'x'))
del function.errcheck
tell(lambda: function(New(7, b'x', None), b'x'))
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
tell(lambda: own.PyCapsule_GetPointer([], b'x'))
kind = PYFUNCTYPE(c_void_p, py_object, c_char_p)
tell(lambda: kind(('PyCapsule_GetPointer', pythonapi))([], b'x'))
tell(lambda: kind(cast(P.PyCapsule_GetPointer, c_void_p).value)([], b'x'))
P.PyErr_SetString.restype, P.PyErr_SetString.argtypes = None, [py_object, c_char_p]
tell(lambda: P.PyErr_SetString(OSError, b'said so'))
P.PyErr_SetObject.restype, P.PyErr_SetObject.argtypes = None, [py_object, py_object]
tell(lambda: P.PyErr_SetObject(KeyboardInterrupt, 'now'))
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
        "importing-what-is-not-there-raises",
        r"
tell(lambda: Import(b'no_such_module.x', 0))
import types
made = types.ModuleType('made'); sys.modules['made'] = made
made.api = New(0x50, b'made.api', None)
made.other = New(0x60, b'else', None)
print(hex(Import(b'made.api', 0)))
tell(lambda: Import(b'made.other', 0))
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
        "a-callback-that-fails-inside-is-reported-and-not-raised",
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

/// What CPython leaves undefined, because no function of the C API may be called that way.
pub(super) const OURS: &[Row] = &[(
    "what-a-function-of-a-cdll-leaves-behind-is-reported",
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
