//! Exporters in C that contradict themselves, fail or are released in unusual ways, and memoryviews of
//! memory of C. What CPython does too is compared with it in `differential::buffers`.

use super::fixture::Suite;
use crate::table::Group;

pub(super) const SUITE: Suite = Suite {
    topic: "buffers",
    sources: &["buffer_driver.c"],
    prelude: PRELUDE,
    groups: GROUPS,
};

const PRELUDE: &str = "
import gc, io, struct, threading
m = load('buffer_driver')
def x(what=0, len=8, itemsize=1, readonly=0, ndim=1, offset=0, format=b'B', shape=(8,), strides=(1,), suboffsets=None):
    m.configure((what, len, itemsize, readonly, ndim, offset), format, shape, strides, suboffsets)
    return m.Exporter()
def counts():
    asked, released, flags, changed = m.counts()
    return asked, released, changed
def tried(function, *arguments):
    try: return function(*arguments)
    except Exception as error: return f'{type(error).__name__}: {error}'
def refused(**fields):
    answers = {tried(function, x(**fields)) for function in (memoryview, bytes, io.BytesIO().write, bytearray)}
    asked, released, changed = counts()
    for answer in answers: return answer, len(answers), asked == released == 1, changed
PLAIN, FAILS_SILENTLY, RAISES_AND_SUCCEEDS, WITHOUT_OBJECT, RAISES_AT_RELEASE = 1, 3, 4, 5, 8
";

#[rustfmt::skip]
const GROUPS: &[Group] = &[
    ("a-view-that-contradicts-itself-is-refused-and-released", &[
        ("refused(len=-1)", "('BufferError: Exporter exports a buffer with a negative length, item size or number of dimensions', 1, True, 0)"),
        ("refused(itemsize=-1)", "('BufferError: Exporter exports a buffer with a negative length, item size or number of dimensions', 1, True, 0)"),
        ("refused(ndim=-1)", "('BufferError: Exporter exports a buffer with a negative length, item size or number of dimensions', 1, True, 0)"),
        ("refused(ndim=65, len=1, shape=(1,) * 65, strides=(1,) * 65)", "('ValueError: memoryview: number of dimensions must not exceed 64', 1, True, 0)"),
        ("refused(offset=-1)", "('BufferError: Exporter exports a buffer with a length and no address', 1, True, 0)"),
        ("refused(shape=(7,))", "('BufferError: Exporter exports a buffer with a length that is not the product of its shape and item size', 1, True, 0)"),
        ("refused(shape=(9,))", "('BufferError: Exporter exports a buffer with a length that is not the product of its shape and item size', 1, True, 0)"),
        ("refused(itemsize=0)", "('BufferError: Exporter exports a buffer with a length that is not the product of its shape and item size', 1, True, 0)"),
        ("refused(itemsize=3, shape=None, strides=None, format=None)", "('BufferError: Exporter exports a buffer with a length that is not the product of its shape and item size', 1, True, 0)"),
        ("refused(ndim=2, shape=(1 << 40, 1 << 40), strides=(1, 1), len=0)", "('BufferError: Exporter exports a buffer with a length that is not the product of its shape and item size', 1, True, 0)"),
        ("refused(shape=(-8,))", "('BufferError: Exporter exports a buffer with a negative number in its shape', 1, True, 0)"),
        ("refused(ndim=2, shape=(-2, -4), strides=(4, 1))", "('BufferError: Exporter exports a buffer with a negative number in its shape', 1, True, 0)"),
        ("refused(ndim=2, shape=None, strides=None)", "('BufferError: Exporter exports a buffer with several dimensions and no shape', 1, True, 0)"),
        ("refused(strides=(1 << 62,))", "('BufferError: Exporter exports a buffer with strides that are too large', 1, True, 0)"),
        ("refused(strides=(-1 << 63,))", "('BufferError: Exporter exports a buffer with strides that are too large', 1, True, 0)"),
        ("refused(ndim=2, shape=(2, 4), strides=(1 << 62, 1 << 61))", "('BufferError: Exporter exports a buffer with strides that are too large', 1, True, 0)"),
        ("refused(strides=(-1 << 50,))", "('BufferError: Exporter exports a buffer with items that have no address', 1, True, 0)"),
        ("refused(suboffsets=(0,))", "('BufferError: Exporter exports a buffer with suboffsets, which this interpreter does not support', 1, True, 0)"),
        ("refused(format=b'\\xff')", "('BufferError: Exporter exports a buffer with a format that is not UTF-8', 1, True, 0)"),
        ("refused(format=b'Q')", "('BufferError: Exporter exports a buffer with items that are smaller than their format', 1, True, 0)"),
    ]),
    ("what-is-unusual-and-consistent-works", &[
        ("memoryview(x(suboffsets=(-1,))).tolist(), memoryview(x(suboffsets=(-1,))).suboffsets, counts()", "([0, 1, 2, 3, 4, 5, 6, 7], (), (1, 1, 0))"),
        ("memoryview(x(itemsize=4, shape=(2,), strides=(4,), format=b'>I')).tolist()", "[66051, 67438087]"),
        ("bytes(x(itemsize=8, shape=(1,), strides=(8,), format=b'Zf')), io.BytesIO().write(x(itemsize=8, shape=(1,), strides=(8,), format=b'Zf'))", "(b'\\x00\\x01\\x02\\x03\\x04\\x05\\x06\\x07', 8)"),
        ("tried(memoryview, x(itemsize=8, shape=(1,), strides=(8,), format=b'Zf')), counts()", "('error: bad char in struct format', (1, 1, 0))"),
        ("memoryview(x(ndim=2, len=0, shape=(0, 1 << 62), strides=(1, 1))).tolist()", "[]"),
        ("memoryview(x(len=0, itemsize=0, shape=(1,), format=b'')).tobytes()", "b''"),
    ]),
    ("results-and-exceptions-are-checked-against-each-other", &[
        ("memoryview(x(FAILS_SILENTLY))", "SystemError: bf_getbuffer of Exporter failed without setting an exception"),
        ("m.get(x(FAILS_SILENTLY), 0)", "SystemError: bf_getbuffer of Exporter failed without setting an exception"),
        ("tried(memoryview, x(RAISES_AND_SUCCEEDS)), counts()", "('SystemError: bf_getbuffer of Exporter raised unreported exception', (1, 1, 0))"),
        ("tried(m.get, x(RAISES_AND_SUCCEEDS), 0), counts()", "('SystemError: bf_getbuffer of Exporter raised unreported exception', (1, 1, 0))"),
        ("seen = []\nsys.unraisablehook = lambda args: seen.append((repr(args.exc_value), type(args.object).__name__))\nm.get(x(RAISES_AT_RELEASE), 0)\nanswer = bytes(x(RAISES_AT_RELEASE)), seen\nsys.unraisablehook = sys.__unraisablehook__", "(b'\\x00\\x01\\x02\\x03\\x04\\x05\\x06\\x07', [(\"LookupError('at the release')\", 'Exporter'), (\"LookupError('at the release')\", 'Exporter')])"),
        ("try: 1 / 0\nexcept ZeroDivisionError: answer = memoryview(x()).tolist(), tried(memoryview, x(FAILS_SILENTLY)), repr(sys.exception())", "([0, 1, 2, 3, 4, 5, 6, 7], 'SystemError: bf_getbuffer of Exporter failed without setting an exception', \"ZeroDivisionError('division by zero')\")"),
    ]),
    ("memoryviews-of-memory-of-c-are-checked", &[
        ("m.from_memory(-1, 0x100)", "BufferError: PyMemoryView_FromMemory got a buffer with a negative length, item size or number of dimensions"),
        ("m.hold(0, x(len=-1), 0x11c)\nanswer = tried(m.from_buffer, 0), m.let_go(0), counts()", "('BufferError: PyMemoryView_FromBuffer got a buffer with a negative length, item size or number of dimensions', 3, (1, 1, 0))"),
        ("m.hold(0, x(suboffsets=(0,)), 0x11c)\nanswer = tried(m.from_buffer, 0), m.let_go(0), counts()", "('BufferError: PyMemoryView_FromBuffer got a buffer with suboffsets, which this interpreter does not support', 3, (1, 1, 0))"),
        ("m.hold(0, x(strides=(-1,), offset=9), 0x11c)\nview = m.from_buffer(0)\nanswer = view.tolist(), view.obj, view.release(), m.let_go(0), counts()", "([9, 8, 7, 6, 5, 4, 3, 2], None, None, 3, (1, 1, 0))"),
    ]),
    ("a-view-is-released-on-any-thread", &[
        ("b = bytearray(b'abc')\nm.hold(0, b, 0x11c)\nanswer = tried(b.append, 5), m.let_go_elsewhere(0), m.let_go(0), b.append(5), b", "('BufferError: Existing exports of data: object cannot be re-sized', 1, 3, None, bytearray(b'abc\\x05'))"),
        ("m.hold(0, bytes(bytearray(b'abc')), 0)\nanswer = m.let_go_elsewhere(0), m.let_go(0)", "(1, 3)"),
        ("m.hold(0, bytearray(b'the last reference'), 0x11c)\nanswer = m.let_go_elsewhere(0)", "1"),
        ("m.hold(0, x(), 0x11c)\nanswer = m.let_go_elsewhere(0), counts()", "(1, (1, 1, 0))"),
        ("m.hold(0, memoryview(x()), 0x11c)\ngc.collect()\nanswer = counts(), m.held_bytes(0), m.let_go_elsewhere(0), counts()", "((1, 0, 0), b'\\x00\\x01\\x02\\x03\\x04\\x05\\x06\\x07', 1, (1, 1, 0))"),
        ("views = [memoryview(x()) for _ in range(20)]\nthreads = [threading.Thread(target=view.release) for view in views for _ in range(2)]\n[thread.start() for thread in threads]\n[thread.join() for thread in threads]\nanswer = counts()[1]", "20"),
    ]),
    ("a-view-that-is-released-meanwhile-cannot-be-read", &[
        ("def use(view):\n  for _ in range(200):\n    for read in (view.tolist, view.tobytes, lambda: view[3], lambda: view == b'abc', lambda: view.__setitem__(3, 5)): tried(read)\nx()\nfor _ in range(30):\n  view = memoryview(m.Exporter())\n  thread = threading.Thread(target=use, args=(view,))\n  thread.start()\n  view.release()\n  thread.join()\nanswer = counts()", "(30, 30, 0)"),
        ("class C(m.Exporter):\n  def __release_buffer__(self, view):\n    self.part = view[2:4]\n    self.seen = self.part.tobytes()\nx()\nc = C()\nanswer = bytes(c), c.seen, c.part.tobytes(), counts()", "(b'\\x00\\x01\\x02\\x03\\x04\\x05\\x06\\x07', b'\\x02\\x03', b'\\x00\\x00', (1, 1, 0))"),
        ("class C(m.Exporter):\n  def __release_buffer__(self, view): raise KeyError('left')\nseen = []\nsys.unraisablehook = lambda args: seen.append((repr(args.exc_value), args.err_msg))\nx()\nanswer = bytes(C()), seen, counts()\nsys.unraisablehook = sys.__unraisablehook__", "(b'\\x00\\x01\\x02\\x03\\x04\\x05\\x06\\x07', [(\"KeyError('left')\", 'Exception ignored in __release_buffer__ of C')], (1, 1, 0))"),
        ("x()\nview = memoryview(m.Exporter())\nother = memoryview(m.Exporter())\nanswer = tried(m.Exporter().__release_buffer__, view), tried(m.Exporter().__release_buffer__, b''), view.obj.__release_buffer__(view), tried(other.obj.__release_buffer__, view), counts()", "(\"ValueError: memoryview's buffer is not this object\", 'TypeError: expected a memoryview object', None, \"ValueError: memoryview's buffer is not this object\", (2, 1, 0))"),
    ]),
    ("the-memory-stays-with-its-exporter", &[
        ("view = memoryview(x(WITHOUT_OBJECT))\nview2 = memoryview(x(PLAIN))\ngc.collect()\nanswer = view.obj, view.tolist(), type(view2.obj).__name__, view2.obj is view2.obj", "(None, [0, 1, 2, 3, 4, 5, 6, 7], 'Exporter', True)"),
        ("import pickle\nanswer = pickle.PickleBuffer(x()).raw().obj.__class__.__name__, m.get(pickle.PickleBuffer(x()), 0)[0], counts()", "('Exporter', 8, (1, 1, 0))"),
        ("class C(m.Exporter): pass\nx()\nfor _ in range(50):\n  c = C()\n  c.view = memoryview(c)\n  c.views = [c.view[1:], c.view[::-1]]\ndel c\ngc.collect()\nanswer = counts()", "(50, 50, 0)"),
    ]),
    ("copies-that-do-not-fit-are-refused", &[
        ("grid = lambda *shape: memoryview(bytearray(24)).cast('B', shape)[::-1]\nanswer = tried(m.copy_data, grid(4, 6), grid(6, 4)), tried(m.copy_data, grid(24), grid(6, 4)), tried(m.copy_data, grid(6, 4), grid(24)), tried(m.copy_data, grid(2, 3, 4), grid(6, 4))", "('BufferError: destination and source have different structures', 'BufferError: destination and source have different structures', 'BufferError: destination and source have different structures', 'BufferError: destination and source have different structures')"),
        ("m.to_contiguous(b'abc', 0, b'x', 0)", "SystemError: bad argument to internal function"),
        ("m.get_contiguous(b'abc', 0x100, b'x')", "ValueError: order must be 'C', 'F' or 'A'"),
    ]),
];
