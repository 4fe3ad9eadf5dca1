//! Rows about Python objects as C code sees them, and about memory that ctypes objects share.

use super::expectation::Row;

pub(super) const ROWS: &[Row] = &[
    (
        "an-address-is-cast-to-its-object",
        r"
thing = [1, 2]
print(cast(id(thing), py_object).value is thing, py_object(thing).value is thing)
print(cast(c_void_p(id(thing)), py_object).value is thing)
print(py_object.from_buffer(c_void_p(id(thing))).value is thing)
address = c_void_p(id(thing))
print(py_object.from_address(addressof(address)).value is thing)
holder = py_object()
show(lambda: holder.value)
holder.value = thing
print(holder.value is thing, repr(py_object(3)), repr(py_object()))
holder.value = b'bytes'
print(holder.value, py_object(b'more').value)
before = sys.getrefcount(thing)
for _ in range(5): cast(id(thing), py_object).value
print(sys.getrefcount(thing) - before)
",
        "
True True
True
True
True
ValueError: PyObject is NULL
True py_object(3) py_object(<NULL>)
b'bytes' b'more'
0
",
    ),
    (
        "an-object-is-passed-and-returned",
        r"
same = PYFUNCTYPE(py_object, py_object)(('Py_NewRef', pythonapi))
thing = [1]
print(same(thing) is thing, same(py_object(thing)) is thing, same(None))
number, reference = c_int(5), byref(c_int(6))
print(same(number) is number, same(reference) is reference, same(b'bytes'), same(same) is same)
before = sys.getrefcount(thing)
for _ in range(5): same(thing)
print(sys.getrefcount(thing) - before)
length = P.PyList_Size
length.restype, length.argtypes = c_ssize_t, [c_void_p]
print(length(id(thing)), length(c_void_p(id(thing))))
",
        "
True True None
True True b'bytes' True
0
1 1
",
    ),
    (
        "references-are-counted",
        r"
thing = object()
P.Py_IncRef.restype = P.Py_DecRef.restype = None
before = sys.getrefcount(thing)
P.Py_IncRef(py_object(thing))
P.Py_IncRef.argtypes = [py_object]
P.Py_IncRef(thing)
print(sys.getrefcount(thing) - before)
P.Py_DecRef.argtypes = [c_void_p]
P.Py_DecRef(id(thing)); P.Py_DecRef(c_void_p(id(thing)))
print(sys.getrefcount(thing) - before)
import _ctypes
_ctypes.Py_INCREF(thing)
print(sys.getrefcount(thing) - before, _ctypes.Py_DECREF(thing) is thing)
print(sys.getrefcount(thing) - before)
",
        "
2
0
1 True
0
",
    ),
    (
        "a-field-that-is-an-object",
        r"
class Box(Structure): _fields_ = [('thing', py_object), ('other', py_object)]
box = Box([1, 2])
gc.collect()
print(box.thing)
show(lambda: box.other)
box.other = {}
print(box.other, box.thing)
box.thing = py_object('wrapped')
print(box.thing)
",
        "
[1, 2]
ValueError: PyObject is NULL
{} [1, 2]
wrapped
",
    ),
    (
        "a-structure-is-reached-through-its-address",
        r"
class Inner(Structure): _fields_ = [('x', c_int), ('numbers', c_int * 3)]
class Outer(Structure): _fields_ = [('first', c_int), ('inner', Inner), ('link', POINTER(Inner))]
outer = Outer(1, Inner(2, (3, 4, 5)))
outer.link = pointer(outer.inner)
capsule = New(addressof(outer), b'outer', None)
seen = cast(GetPointer(capsule, b'outer'), POINTER(Outer)).contents
seen.inner.x = 20
seen.link.contents.numbers[1] = 40
seen.link[0].numbers[2] = 50
print(outer.inner.x, outer.inner.numbers[:], outer.link.contents.x)
print(addressof(outer.inner.numbers) - addressof(outer), addressof(seen) == addressof(outer))
memset(outer.inner.numbers, 0, sizeof(c_int))
print(outer.inner.numbers[:])
get = P['PyCapsule_GetPointer']
get.restype, get.argtypes = POINTER(Outer), [py_object, c_char_p]
print(get(capsule, b'outer').contents.inner.x, bool(get(capsule, b'outer')))
rows = ((c_int * 2) * 2)((c_int * 2)(1, 2), (c_int * 2)(3, 4))
rows[1][0] = 9
print([row[:] for row in rows])
pointers = (POINTER(c_int) * 2)(pointer(c_int(6)))
print(pointers[0][0], bool(pointers[1]))
",
        "
20 [3, 40, 50] 20
8 True
[0, 40, 50]
20 True
[[1, 2], [9, 4]]
6 False
",
    ),
    (
        "what-c-writes-is-read",
        r"
number, text = c_int(), create_string_buffer(20)
scan = CDLL(None).sscanf
print(scan(b'42 words', b'%d %10s', byref(number), text), number.value, text.value)
wide = c_wchar_p('w')
print(cast(byref(number), POINTER(c_int))[0], cast(pointer(number), c_void_p).value == addressof(number))
print(cast(text, c_char_p).value, string_at(byref(number), 1), wide.value)
print(c_void_p(None).value, c_void_p(5).value, repr(c_char_p(b'x'))[:9], c_char_p(None).value)
out = c_void_p.from_buffer(bytearray(8))
print(out.value)
show(lambda: c_void_p.from_buffer(c_int(1)))
show(lambda: c_int.from_buffer(c_void_p(1), -1))
show(lambda: c_int.from_buffer(b'1234'))
",
        "
2 42 b'words'
42 True
b'words' b'*' w
None 5 c_char_p( None
None
ValueError: Buffer size too small (4 instead of at least 8 bytes)
ValueError: offset cannot be negative
TypeError: underlying buffer is not writable
",
    ),
    (
        "attributes-of-functions-can-be-set-and-read",
        r"
function = CDLL(None)['labs']
print(function.argtypes, function.restype.__name__, function.errcheck)
function.argtypes, function.restype = [c_long], c_long
print([kind.__name__ for kind in function.argtypes], function.restype.__name__, function(-5))
function.restype = None
print(function.restype, function(-5))
function.restype = lambda number: [number]
print(function(-5))
del function.restype
print(function.restype.__name__)
function.argtypes = None
print(function.argtypes)
show(lambda: setattr(function, 'argtypes', [5]))
show(lambda: setattr(function, 'restype', 5))
show(lambda: setattr(function, 'errcheck', 5))
prototype = CFUNCTYPE(c_int, c_char_p)(('strlen', CDLL(None)))
print(prototype.argtypes[0].__name__, prototype.restype.__name__, prototype(b'four'))
char = CDLL(None).toupper
char.restype = c_char
print(char(ord('a')))
",
        "
None c_int None
['c_long'] c_long 5
None None
[5]
c_int
None
TypeError: item 1 in _argtypes_ has no from_param method
TypeError: restype must be a type, a callable, or None
TypeError: the errcheck attribute must be callable
c_char_p c_int 4
b'A'
",
    ),
];
