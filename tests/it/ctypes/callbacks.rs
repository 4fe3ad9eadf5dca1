//! Rows about Python code as C functions, and C functions as Python objects.

use super::expectation::Row;

pub(super) const ROWS: &[Row] = &[
    (
        "a-function-is-cast-to-an-address-and-back",
        r"
F = CFUNCTYPE(c_int, c_int)
double = F(lambda x: 2 * x)
address = cast(double, c_void_p).value
print(F(address)(4), cast(address, F)(5), cast(double, F)(6), cast(c_void_p(address), F)(7))
lib = CDLL(None)
labs = cast(lib.labs, c_void_p).value
print(CFUNCTYPE(c_long, c_long)(labs)(-41), bool(F(0)), bool(double), type(cast(double, F)) is F)
print(cast(double, c_void_p).value == c_void_p.from_buffer(double).value, bool(cast(None, F)))
table = (c_void_p * 2)(address, address)
print(F.from_address(addressof(table)).argtypes[0].__name__, F.from_address(addressof(table))(8))
print(F.from_buffer(table, sizeof(c_void_p))(9), cast(table, POINTER(F))[1](10))
show(lambda: cast(double, c_int))
",
        "
8 10 12 14
41 False True True
True False
c_int 16
18 20
TypeError: cast() argument 2 must be a pointer type, not c_int
",
    ),
    (
        "a-field-that-is-a-callback-is-written-read-and-called",
        r"
F = CFUNCTYPE(c_int, c_int)
class Table(Structure): _fields_ = [('size', c_int), ('f', F), ('g', F), ('text', c_char_p)]
named = F(lambda x: x - 1)
table = Table(1, F(lambda x: x + 1), text=b'kept')
gc.collect()
print(bool(table.f), bool(table.g), type(table.f) is F, table.f(4), table.text)
table.f, table.g = F(lambda x: -x), named
gc.collect()
print(table.f(4), table.g(4), pointer(table).contents.g(5))
show(lambda: setattr(table, 'f', None))
show(lambda: setattr(table, 'f', 5))
show(lambda: setattr(table, 'f', lambda x: x))
show(lambda: setattr(table, 'f', CFUNCTYPE(c_int)(lambda: 1)))
class Either(Union): _fields_ = [('f', F), ('address', c_void_p)]
either = Either(f=table.f)
print(either.f(8), either.address == cast(table.f, c_void_p).value)
",
        "
True False True 5 b'kept'
-4 3 4
TypeError: expected CFunctionType instance, got NoneType
TypeError: expected CFunctionType instance, got int
TypeError: expected CFunctionType instance, got function
TypeError: incompatible types, CFunctionType instance instead of CFunctionType instance
-8 True
",
    ),
    (
        "an-array-of-callbacks-and-one-of-structures",
        r"
F = CFUNCTYPE(c_int, c_int)
both = (F * 2)(F(lambda x: x + 1), F(lambda x: x * 3))
gc.collect()
print([f(5) for f in both], both[-1](6), len(both), F * 2 is F * 2)
class Entry(Structure): _fields_ = [('name', c_char_p), ('f', F)]
entries = (Entry * 2)(Entry(b'a', both[0]), Entry(b'b', F(lambda x: -x)))
gc.collect()
print([(e.name, e.f(1)) for e in entries], entries[1:][0].name)
entries[0].name = b'c'
print(entries[0].name, pointer(entries[0])[1].name)
show(lambda: entries[2])
",
        "
[6, 15] 18 2 True
[(b'a', 2), (b'b', -1)] b'b'
b'c' b'b'
IndexError: invalid index
",
    ),
    (
        "a-callback-is-passed-where-its-type-is-expected",
        r"
Compare = CFUNCTYPE(c_int, POINTER(c_int), POINTER(c_int))
compare = Compare(lambda a, b: a[0] - b[0])
sort = CDLL(None).qsort
for types in None, [c_void_p, c_size_t, c_size_t, Compare], [c_void_p, c_size_t, c_size_t, c_void_p]:
    numbers = (c_int * 4)(5, 7, 1, 3)
    sort.argtypes, sort.restype = types, None
    sort(numbers, c_size_t(4), c_size_t(4), compare)
    print(numbers[:])
sort.argtypes = [c_void_p, c_size_t, c_size_t, Compare]
show(lambda: sort(numbers, 4, 4, None))
show(lambda: sort(numbers, 4, 4, CFUNCTYPE(None)(print)))
Apply = CFUNCTYPE(c_int, CFUNCTYPE(c_int, c_int), c_int)
print(Apply(lambda f, x: f(x) + 1)(CFUNCTYPE(c_int, c_int)(lambda x: x * x), 4))
",
        "
[1, 3, 5, 7]
[1, 3, 5, 7]
[1, 3, 5, 7]
ArgumentError: argument 4: TypeError: expected CFunctionType instance instead of NoneType
ArgumentError: argument 4: TypeError: expected CFunctionType instance instead of CFunctionType
17
",
    ),
    (
        "a-callback-takes-what-c-passes",
        r"
class Point(Structure): _fields_ = [('x', c_int), ('y', c_int)]
class Tagged(c_int): pass
def takes(kind, value):
    seen = []
    CFUNCTYPE(None, kind)(seen.append)(value)
    return seen[0]
print(takes(c_byte, -1), takes(c_ubyte, 255), takes(c_short, -2), takes(c_ushort, 65535))
print(takes(c_int, -3), takes(c_uint, 1 << 31), takes(c_long, -4), takes(c_ulong, (1 << 64) - 1))
print(takes(c_float, 1.5), takes(c_double, 0.1), takes(c_bool, True), takes(c_char, b'x'))
print(takes(c_wchar, 'y'), takes(c_char_p, b'text'), takes(c_char_p, None), takes(c_wchar_p, 'w'))
print(takes(c_void_p, 5), takes(c_void_p, None), takes(py_object, [1]), takes(py_object, None))
point = Point(1, 2)
print(takes(POINTER(Point), byref(point)).contents.y, bool(takes(POINTER(Point), None)))
tagged = takes(Tagged, Tagged(6))
print(type(tagged) is Tagged, tagged.value)
",
        "
-1 255 -2 65535
-3 2147483648 -4 18446744073709551615
1.5 0.1 True b'x'
y b'text' None w
5 None [1] None
2 False
True 6
",
    ),
    (
        "a-callback-returns-what-c-expects",
        r"
def gives(kind, value):
    return CFUNCTYPE(kind)(lambda: value)()
print(gives(c_byte, -1), gives(c_ubyte, 255), gives(c_short, -2), gives(c_int, -3), gives(c_uint, 7))
print(gives(c_long, -4), gives(c_ulonglong, (1 << 64) - 1), gives(c_float, 1.5), gives(c_double, .1))
print(gives(c_bool, True), gives(c_char, b'x'), gives(c_void_p, 5), gives(c_void_p, None))
print(gives(None, 'ignored'), gives(c_char_p, None), gives(py_object, [1, 2]))
nothing = object()
before = sys.getrefcount(nothing)
for _ in range(10): gives(py_object, nothing)
print(sys.getrefcount(nothing) - before)
show(lambda: gives(POINTER(c_int), None))
show(lambda: gives(Structure, None))
",
        "
-1 255 -2 -3 7
-4 18446744073709551615 1.5 0.1
True b'x' 5 None
None None [1, 2]
0
TypeError: invalid result type for callback function
TypeError: invalid result type for callback function
",
    ),
    (
        "an-exception-in-a-callback-is-unraisable",
        r"
def fails(x): raise KeyError(x)
CFUNCTYPE(None, c_int)(fails)(3)
CFUNCTYPE(c_void_p, c_int)(lambda x: 'text')(3)
CFUNCTYPE(c_int, c_int)(lambda x, y: 1)(3)
print(sys.exception())
",
        "
unraisable KeyError: 3 | Exception ignored on calling ctypes callback function 
unraisable TypeError: cannot be converted to pointer | Exception ignored on converting result of ctypes callback function 
unraisable TypeError: <lambda>() missing 1 required positional argument: 'y' | Exception ignored on calling ctypes callback function 
None
",
    ),
    (
        "a-callback-may-drop-the-last-reference-to-itself",
        r"
F = CFUNCTYPE(c_int, c_int)
class Holder: pass
holder = Holder()
def once(x):
    del holder.f
    gc.collect()
    [bytes(100) for _ in range(1000)]
    return x + 1
holder.f = F(once)
class Table(Structure): _fields_ = [('f', c_void_p)]
table = Table(cast(holder.f, c_void_p).value)
print(F(table.f)(4), hasattr(holder, 'f'))
",
        "
5 False
",
    ),
    (
        "a-callback-runs-on-a-thread-that-c-started",
        r"
lib = CDLL(None)
seen = []
@CFUNCTYPE(c_void_p, c_void_p)
def body(argument):
    seen.append((argument, threading.get_ident() != threading.main_thread().ident))
    gc.collect()
    if argument == 3: raise LookupError('on a native thread')
    return argument + 1
started = [c_ulong() for _ in range(4)]
for number, thread in enumerate(started):
    assert lib.pthread_create(byref(thread), None, body, c_void_p(number + 1)) == 0
results = []
for thread in started:
    result = c_void_p()
    lib.pthread_join(thread, byref(result))
    results.append(result.value)
print(sorted(seen), results[:2], results[3])
",
        "
unraisable LookupError: on a native thread | Exception ignored on calling ctypes callback function 
[(1, True), (2, True), (3, True), (4, True)] [2, 3] 5
",
    ),
    (
        "a-call-of-a-cdll-lets-other-threads-run-and-collect",
        r"
lib = CDLL(None)
semaphore = create_string_buffer(64)
lib.sem_init(semaphore, 0, 0)
def work():
    for _ in range(20): gc.collect()
    print('collected')
    lib.sem_post(semaphore)
thread = threading.Thread(target=work)
thread.start()
print(lib.sem_wait(semaphore))
thread.join()
",
        "
collected
0
",
    ),
    (
        "results-of-derived-classes-are-instances",
        r"
class Handle(c_void_p): pass
class Text(c_char_p): pass
class Checked(c_int):
    @staticmethod
    def _check_retval_(result):
        if result.value < 0: raise OSError('failed')
        return result.value
lib = CDLL(None)
copy = lib.strdup
copy.argtypes = [c_char_p]
for kind in Handle, Text:
    copy.restype = kind
    result = copy(b'text')
    print(type(result) is kind, cast(result, c_char_p).value)
    lib.free(result)
lib.atoi.restype = Checked
print(lib.atoi(b'65'))
show(lambda: lib.atoi(b'-65'))
lib.toupper.restype = c_char
print(lib.toupper(97))
",
        "
True b'text'
True b'text'
65
OSError: failed
b'A'
",
    ),
    (
        "what-is-assigned-through-a-view-stays-alive",
        r"
F = CFUNCTYPE(c_int, c_int)
class Entry(Structure): _fields_ = [('name', c_char_p), ('f', F), ('names', c_char_p * 2)]
class Table(Structure): _fields_ = [('count', c_int), ('entries', Entry * 2)]
table = Table(2)
for n in range(2):
    table.entries[n].name = b'entry %d' % n
    table.entries[n].f = F(lambda x, n=n: x + n)
    table.entries[n].names[1] = b'second name of %d' % n
table.entries[0].names[0] = b'first %s' % b'name'
gc.collect()
rubbish = [b'%d' % n * 9 for n in range(3000)] + [F(lambda x: 0) for _ in range(50)]
print([(e.name, e.f(5), e.names[:]) for e in table.entries])
objects = (py_object * 2)([1], {})
gc.collect()
print(objects[:], objects[0])
objects[1] = 'text %d' % 1
gc.collect()
print(objects[1])
texts = (c_char_p * 2)(b'a %d' % 1)
texts[1] = b'b %d' % 2
gc.collect()
print(texts[:], pointer(c_int(42)).contents.value)
",
        "
[(b'entry 0', 5, [b'first name', b'second name of 0']), (b'entry 1', 6, [None, b'second name of 1'])]
[[1], {}] [1]
text 1
[b'a 1', b'b 2'] 42
",
    ),
    (
        "threads-call-at-the-same-time",
        r"
F = CFUNCTYPE(c_int, c_int)
errors = []
def work(number):
    try:
        for turn in range(200):
            label = b'thread.%d.%d' % (number, turn)
            capsule = New(1 + turn, label, None)
            assert GetPointer(capsule, label) == 1 + turn
            try: GetPointer(capsule, b'wrong')
            except ValueError: pass
            else: raise AssertionError('not refused')
            assert F(lambda x: x + number)(turn) == turn + number
            if turn % 50 == 0: gc.collect()
    except BaseException as error: errors.append(error)
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(errors)
",
        "
[]
",
    ),
];
