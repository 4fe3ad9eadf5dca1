"""Buffers that classes export, and buffers that Rust reads."""

import array
import io
import struct

import kit
import pyo3_classes as p
from kit import collect, drops, refused


def a_buffer_that_can_be_written():
    b = p.Block(b"abc")
    view = memoryview(b)
    assert b.exports == 1 and view.obj is b and view.tobytes() == b"abc" and not view.readonly
    assert (view.format, view.itemsize, view.ndim, view.shape, view.strides) == ("B", 1, 1, (3,), (1,))
    view[0] = 65
    view[1:] = b"yz"
    assert bytes(b) == b"Ayz" and b.exports == 1
    refused(BufferError, b.grow, 1)
    view.release()
    assert b.exports == 0
    b.grow(33)
    assert bytes(b) == bytearray(b) == b"Ayz!" and b.exports == 0
    refused(ValueError, lambda: view[0])


def slices_of_a_view_keep_the_export():
    with drops(Block=1):
        b = p.Block(b"0123456789")
        view = memoryview(b)[2:8:2]
        assert view.tobytes() == b"246" and not view.contiguous and b.exports == 1
        other = view.cast("B") if view.contiguous else memoryview(b).cast("H")
        assert b.exports == 2 and len(other) == 5
        del b
        collect()
        assert view.tolist() == [50, 52, 54] and view.obj.exports == 2
        del view, other
        collect()


def users_of_buffers():
    b = p.Block(b"hello")
    assert b"".join([b, b"!"]) == b"hello!" and b"x" + b == b"xhello" and b == b
    assert struct.unpack_from("2s", b, 1) == (b"el",)
    struct.pack_into("B", b, 0, 74)
    assert io.BytesIO(b).read() == b"Jello"
    assert io.BytesIO(b"XY").readinto(b) == 2 and bytes(b) == b"XYllo"
    a = array.array("B")
    a.frombytes(b)
    assert a.tobytes() == b"XYllo" and int.from_bytes(b, "big") and bytes(b).hex() == memoryview(b).hex()
    assert memoryview(b) == b"XYllo" and b.exports == 0
    with memoryview(b) as view, memoryview(view) as again:
        assert again == view and b.exports >= 1
    assert b.exports == 0
    out = io.BytesIO()
    out.write(b)
    assert out.getvalue() == b"XYllo" and b.exports == 0


def a_matrix():
    m = p.Matrix(2, 3)
    view = memoryview(m)
    assert view.readonly and view.shape == (2, 3) and view.strides == (12, 4) and view.format == "i"
    assert view.tolist() == [[0, 1, 2], [3, 4, 5]] and view[1, 2] == 5 and view.nbytes == 24
    assert view.c_contiguous and not view.f_contiguous and view.obj is m
    assert bytes(m) == struct.pack("6i", *range(6)) and view.cast("B")[4] == 1
    refused(TypeError, view.__setitem__, (0, 0), 1)
    refused(TypeError, struct.pack_into, "B", m, 0, 1)
    refused(TypeError, io.BytesIO(b"abc").readinto, m)
    empty = memoryview(p.Matrix(0, 3))
    assert empty.tolist() == [] and empty.nbytes == 0


def a_refused_export():
    refused(ValueError, memoryview, p.NoBuffer())
    refused(ValueError, bytes, p.NoBuffer())
    refused(TypeError, memoryview, p.Empty())
    refused(ValueError, io.BytesIO().write, p.NoBuffer())


def rust_reads_buffers():
    assert p.describe_buffer(b"\x01\x02") == (3, [2], [1], "B", True)
    assert p.describe_buffer(bytearray(b"\x05")) == (5, [1], [1], "B", False)
    assert p.describe_buffer(memoryview(b"123456")[::3])[1:4] == ([2], [3], "B")
    assert p.describe_buffer(p.Block(b"\x07\x08")) == (15, [2], [1], "B", False)
    assert p.numbers_of(p.Matrix(2, 2)) == [0, 1, 2, 3]
    assert p.numbers_of(array.array("i", [5, -6])) == [5, -6]
    refused(BufferError, p.describe_buffer, array.array("i", [1]))
    refused(BufferError, p.numbers_of, b"1234")
    refused(TypeError, p.describe_buffer, "text")
    refused(TypeError, p.numbers_of, 5)
    refused(ValueError, p.describe_buffer, p.NoBuffer())


def rust_writes_buffers():
    a = bytearray(b"abc")
    p.fill(a, 120)
    assert a == b"xxx"
    b = p.Block(b"123")
    p.fill(b, 65)
    assert bytes(b) == b"AAA" and b.exports == 0
    p.fill(memoryview(a)[1:], 48)
    assert a == b"x00"
    refused(BufferError, p.fill, b"abc", 0)
    refused(TypeError, p.fill, "abc", 0)


def an_export_pins_what_it_shows():
    a = bytearray(b"abc")
    h = p.Holder(a)
    assert h.length() == 3
    refused(BufferError, a.append, 1)
    refused(BufferError, a.clear)
    a[0] = 120
    h.release()
    assert h.length() is None
    a.append(1)
    h = p.Holder(a)
    del h
    a.append(2)
    b = p.Block(b"abc")
    holders = [p.Holder(b) for _ in range(3)]
    assert b.exports == 3
    del holders
    assert b.exports == 0
    with drops(Block=1):
        h = p.Holder(p.Block(b"only here"))
        assert h.length() == 9
        h.release()


def a_subclass_exports():
    class Sub(p.Block):
        pass

    s = Sub(b"sub")
    assert bytes(s) == b"sub" and memoryview(s).obj is s and s.exports == 0

    class Own(p.Block):
        def __buffer__(self, flags):
            return memoryview(b"own")

    assert bytes(Own(b"sub")) == b"own"
    assert p.Block(b"xy").__buffer__(0).tobytes() == b"xy"


kit.run(globals())
