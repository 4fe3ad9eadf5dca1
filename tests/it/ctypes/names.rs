//! Rows about text: the address at which C code finds the bytes that Python code passes, and how
//! long they stay there.

use super::expectation::Row;

pub(super) const ROWS: &[Row] = &[
    (
        "a-name-points-into-the-bytes-object",
        r"
label = b'engine.' + bytes(str(41 + 1), 'ascii')
first, second = New(1, label, None), New(2, label, None)
print(GetName(first) == GetName(second), string_at(GetName(first)))
del second
print(IsValid(first, label), IsValid(first, b'engine.42'), IsValid(first, b'engine'))
",
        "
True b'engine.42'
1 1 0
",
    ),
    (
        "a-name-is-valid-as-long-as-its-bytes-object",
        r"
label = b'a.name.of.%d' % 7
capsule = New(1, label, None)
rubbish = [bytes([65 + n % 26]) * (n % 40) for n in range(20000)]
del rubbish
gc.collect()
print(IsValid(capsule, b'a.name.of.7'), repr(capsule).split(' at ')[0])
",
        r#"
1 <capsule object "a.name.of.7"
"#,
    ),
    (
        "bytes-are-at-one-address-however-they-are-passed",
        r"
lib = CDLL(None)
def passed(kind, value):
    move = lib['memmove']
    move.restype, move.argtypes = c_void_p, [kind, c_void_p, c_size_t]
    return move(value, b'', 0)
text = b'text of its %s' % b'own'
class Adapter: _as_parameter_ = text
class Holder(Structure): _fields_ = [('before', c_int), ('text', c_char_p)]
holder, variable = Holder(1, text), c_char_p(text)
other = c_char_p(b'other'); other.value = text
bare = lib['memmove']; bare.restype = c_void_p
addresses = [
    passed(c_char_p, text), passed(c_void_p, text), passed(POINTER(c_char), text),
    bare(text, b'', c_size_t(0)), bare(Adapter(), b'', c_size_t(0)), passed(c_char_p, Adapter()),
    cast(text, c_void_p).value, cast(variable, c_void_p).value, cast(other, c_void_p).value,
    passed(c_char_p, variable), cast(c_char_p.from_buffer(variable), c_void_p).value,
    c_void_p.from_buffer(holder, Holder.text.offset).value, passed(c_char_p, text),
]
print(len(addresses), len(set(addresses)), string_at(addresses[0]))
print(holder.text, variable.value, other.value)
",
        "
13 1 b'text of its own'
b'text of its own' b'text of its own' b'text of its own'
",
    ),
    (
        "a-nul-follows-the-bytes",
        r"
lib = CDLL(None)
lib.strlen.restype = c_size_t
texts = [b'x' * n for n in range(300)]
print([lib.strlen(text) for text in texts] == list(range(300)))
print(all(string_at(cast(t, c_void_p).value, len(t) + 1) == t + b'\0' for t in texts))
print(all(string_at(text) == text for text in texts))
lib.strlen.argtypes = [c_char_p]
print([lib.strlen(text) for text in texts] == list(range(300)))
",
        "
True
True
True
True
",
    ),
    (
        "none-is-null",
        r"
capsule = New(1, None, None)
print(GetName(capsule), IsValid(capsule, None), IsValid(capsule, b''))
print(SetName(capsule, b'now'), GetPointer(capsule, b'now'), SetName(capsule, None))
print(GetPointer(capsule, None), GetContext(capsule), GetDestructor(capsule))
",
        "
None 1 0
0 1 0
1 None None
",
    ),
    (
        "arguments-of-wrong-types-are-refused",
        r"
show(lambda: New(1, 'text', None))
show(lambda: New(1, 5, None))
show(lambda: New('text', b'name', 1.5))
show(lambda: New(1))
show(lambda: P['PyCapsule_GetName'](1.5))
labs = CDLL(None).labs; labs.argtypes = [c_long]
show(lambda: labs(1.5))
show(lambda: CDLL(None).labs(1 << 80))
",
        "
ArgumentError: argument 2: TypeError: 'str' object cannot be interpreted as ctypes.c_char_p
ArgumentError: argument 2: TypeError: 'int' object cannot be interpreted as ctypes.c_char_p
ArgumentError: argument 3: TypeError: 'float' object cannot be interpreted as ctypes.c_void_p
TypeError: this function takes at least 3 arguments (1 given)
ArgumentError: argument 1: TypeError: Don't know how to convert parameter 1
ArgumentError: argument 1: TypeError: 'float' object cannot be interpreted as an integer
ArgumentError: argument 1: OverflowError: int too long to convert
",
    ),
    (
        "a-string-buffer-is-a-name-that-can-change",
        r"
buffer = create_string_buffer(b'first')
capsule = New(1, buffer, None)
print(IsValid(capsule, b'first'), GetName(capsule) == addressof(buffer))
buffer.value = b'other'
print(IsValid(capsule, b'first'), IsValid(capsule, buffer), IsValid(capsule, b'other'))
",
        "
1 True
0 1 1
",
    ),
    (
        "results-that-are-text-are-bytes",
        r"
api = P.PyCapsule_GetName
api.restype, api.argtypes = c_char_p, [py_object]
print(api(New(1, b'a.b', None)), api(New(1, None, None)))
lib = CDLL(None)
lib.strchr.restype, lib.strchr.argtypes = c_char_p, [c_char_p, c_char]
print(lib.strchr(b'hello', b'l'), lib.strchr(b'hello', b'z'))
wide = lib.wcslen
print(wide('four'), wide.argtypes, wide.restype)
",
        "
b'a.b' None
b'llo' None
4 None <class 'ctypes.c_int'>
",
    ),
];
