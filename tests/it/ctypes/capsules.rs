//! Rows about capsules: every function through ctypes, destructors that are callbacks, DLPack.

use super::expectation::Row;

pub(super) const ROWS: &[Row] = &[
    (
        "every-function-of-capsules-through-ctypes",
        r"
@CFUNCTYPE(None, c_void_p)
def destroy(handle): print('destroyed')
capsule = New(0x10, b'one', None)
print(GetPointer(capsule, b'one'), string_at(GetName(capsule)), IsValid(capsule, b'one'))
print(SetPointer(capsule, 0x20), SetName(capsule, b'two'), SetContext(capsule, 0x30))
print(GetPointer(capsule, b'two'), GetContext(capsule), GetDestructor(capsule))
print(SetDestructor(capsule, cast(destroy, c_void_p)))
print(GetDestructor(capsule) == cast(destroy, c_void_p).value, SetDestructor(capsule, None))
print(GetDestructor(capsule), SetDestructor(capsule, destroy))
del capsule
gc.collect()
",
        "
16 b'one' 1
0 0 0
32 48 None
0
True 0
None 0
destroyed
",
    ),
    (
        "a-destructor-gets-the-capsule",
        r"
@CFUNCTYPE(None, c_void_p)
def destroy(handle):
    capsule = cast(handle, py_object)
    print(handle == address, IsValid(capsule, b'label'), GetPointer(capsule, b'label'))
capsule = New(5, b'label', cast(destroy, c_void_p))
address = id(capsule)
del capsule
gc.collect()
",
        "
True 1 5
",
    ),
    (
        "an-exception-in-a-destructor-is-unraisable",
        r"
@CFUNCTYPE(None, c_void_p)
def fails(handle): raise LookupError('in a destructor')
capsule = New(5, b'label', cast(fails, c_void_p))
try: raise KeyError
except KeyError as handled:
    del capsule
    gc.collect()
    print(sys.exception() is handled)
",
        "
unraisable LookupError: in a destructor | Exception ignored on calling ctypes callback function 
True
",
    ),
    (
        "a-destructor-runs-on-the-thread-that-drops-the-last-reference",
        r"
lib, held, destroyed = CDLL(None), [], []
@CFUNCTYPE(None, c_void_p)
def destroy(handle): destroyed.append(GetPointer(cast(handle, py_object), b'label'))
def make(number): return New(number, b'label', cast(destroy, c_void_p))
def work(number):
    capsule = make(number)
    del capsule
threads = [threading.Thread(target=work, args=(n + 1,)) for n in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
@CFUNCTYPE(c_void_p, c_void_p)
def body(argument):
    held.clear()
    return None
held.append(make(4))
native = c_ulong()
lib.pthread_create(byref(native), None, body, None)
lib.pthread_join(native, None)
gc.collect()
print(sorted(destroyed))
",
        "
[1, 2, 3, 4]
",
    ),
    (
        "a-context-can-own-another-capsule",
        r"
P.Py_IncRef.argtypes, P.Py_IncRef.restype = [py_object], None
P.Py_DecRef.argtypes, P.Py_DecRef.restype = [c_void_p], None
GetContext.argtypes = [c_void_p]
@CFUNCTYPE(None, c_void_p)
def destroy_inner(handle): print('inner')
@CFUNCTYPE(None, c_void_p)
def destroy_outer(handle):
    print('outer')
    P.Py_DecRef(GetContext(handle))
inner = New(1, b'inner', cast(destroy_inner, c_void_p))
outer = New(2, b'outer', cast(destroy_outer, c_void_p))
P.Py_IncRef(inner)
SetContext(outer, id(inner))
del inner
gc.collect()
print('kept')
del outer
gc.collect()
",
        "
kept
outer
inner
",
    ),
    (
        "a-producer-and-a-consumer-of-dlpack",
        r"
class Tensor(Structure):
    _fields_ = [('data', c_void_p), ('device', c_int * 2), ('ndim', c_int), ('code', c_uint8),
                ('bits', c_uint8), ('lanes', c_uint16), ('shape', POINTER(c_int64)),
                ('strides', POINTER(c_int64)), ('byte_offset', c_uint64)]
class Managed(Structure): pass
Deleter = CFUNCTYPE(None, POINTER(Managed))
Managed._fields_ = [('tensor', Tensor), ('context', c_void_p), ('deleter', Deleter)]
alive = {}
@Deleter
def release(managed): print('released', alive.pop(managed.contents.context)[0][:])
@CFUNCTYPE(None, c_void_p)
def destroy_capsule(handle):
    capsule = cast(handle, py_object)
    if not IsValid(capsule, b'dltensor'): return print('was taken')
    managed = cast(GetPointer(capsule, b'dltensor'), POINTER(Managed))
    managed.contents.deleter(managed)
def produce(*values):
    data, shape = (c_double * len(values))(*values), (c_int64 * 1)(len(values))
    managed = Managed(Tensor(addressof(data), (1, 0), 1, 2, 64, 1, shape), None, release)
    managed.context = addressof(managed)
    alive[addressof(managed)] = data, shape, managed
    return New(addressof(managed), b'dltensor', cast(destroy_capsule, c_void_p))
def consume(capsule):
    managed = cast(GetPointer(capsule, b'dltensor'), POINTER(Managed))
    SetName(capsule, b'used_dltensor')
    tensor = managed.contents.tensor
    total = sum(cast(tensor.data, POINTER(c_double))[:tensor.shape[0]])
    managed.contents.deleter(managed)
    return total
capsule = produce(1.5, 2.5, 4)
print(consume(capsule))
show(lambda: consume(capsule))
del capsule
gc.collect()
capsule = produce(7.0)
del capsule
gc.collect()
print(len(alive))
",
        "
released [1.5, 2.5, 4.0]
8.0
ValueError: PyCapsule_GetPointer called with incorrect name
was taken
released [7.0]
0
",
    ),
    (
        "a-library-function-goes-into-a-capsule",
        r"
import types
lib = CDLL(None)
address = cast(lib.labs, c_void_p).value
target = New(address, b'engine._CUSTOM_CALL_TARGET', None)
print(type(target) is types.CapsuleType, isinstance(target, types.CapsuleType))
back = GetPointer(target, b'engine._CUSTOM_CALL_TARGET')
print(back == address, CFUNCTYPE(c_long, c_long)(back)(-41))
P.PyCapsule_New.restype = py_object
bare = P['PyCapsule_New']
bare.restype = py_object
capsule = bare(c_void_p(address), b'engine', None)
print(IsValid(capsule, b'engine'))
capsule = bare(lib.labs, c_char_p(b'engine'), c_void_p(None))
print(IsValid(capsule, b'engine'), GetPointer(capsule, c_char_p(b'engine')) == address)
",
        "
True True
True 41
1
1 True
",
    ),
];
