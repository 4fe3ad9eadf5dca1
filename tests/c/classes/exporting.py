"""Buffers of C classes."""

from telling import rows

rows("buffers", """
b = Block()
m = memoryview(b)
m.tobytes(), m.nbytes, m.format, m.itemsize, m.ndim, m.shape, m.strides, m.readonly, m.contiguous
m.obj is b
b.exports
m[0], m[-1], bytes(m[2:5])
m[0] = 65
bytes(b)
m[1:3] = b'XY'
bytes(b)
m[0:2] = b'toolong'
m.release()
b.exports
m[0]
with memoryview(b) as m: print('with', m[3])
b.exports
r = Block(True)
m = memoryview(r)
m.readonly
m[0] = 1
m.release()
bytearray(b)
b'' + b
b'a'.join([b, b])
b'abc'.startswith(b)
bytes().join([b])
bytes(b) == b
memoryview(b) == memoryview(b)
struct.unpack_from('4s', b)
struct.pack_into('4s', b, 0, b'pack')
bytes(b)
struct.pack_into('4s', r, 0, b'pack')
array.array('B', b)
io.BytesIO(b'0123456789abcdef').readinto(b)
bytes(b)
io.BytesIO(b'0123').readinto(r)
io.BytesIO(b).getvalue()
int.from_bytes(b, 'big') > 0
hash(memoryview(r)) is not None
b.exports, r.exports
re.match(b'0123', b).group()
binascii.hexlify(b)
m = memoryview(b)
n = m[2:]
m.release()
b.exports
n.release()
b.exports
m = memoryview(b).cast('I')
m.shape, m.format
del m
b.exports
m = memoryview(b)
del b
m[0]
del m
del r
class Sub(Block): pass
s = Sub()
bytes(s)
m = memoryview(s)
del m
del s
class Own(Block):
  def __buffer__(self, flags): return memoryview(b'own')
bytes(Own())
b = Block()
b.__buffer__(0)
b.__buffer__(0).tobytes()
b.__release_buffer__(memoryview(b))
isinstance(b, collections.abc.Buffer)
memoryview(RefusesBuffers())
bytes(RefusesBuffers())
bytearray(RefusesBuffers())
b'' + RefusesBuffers()
g = Grid()
m = memoryview(g)
m.shape, m.strides, m.ndim, m.nbytes, m.contiguous, m.c_contiguous
m.tolist()
m.tobytes()
m[1, 1]
m[1, 1] = 99
m.tolist()
m[5, 5]
m[0]
bytes(g)
b'' + g
m == memoryview(g)
m.cast('B')
m.release()
sorted(vars(Block))
Block.__buffer__
with open('/dev/null', 'wb') as f: print('written', f.write(b))
del b
""", struct=__import__("struct"), array=__import__("array"), io=__import__("io"), re=__import__("re"),
     binascii=__import__("binascii"), collections=__import__("collections.abc"))
