//! Attempts by way of facilities that see or call everything: the collector, frames, hooks,
//! threads.

use super::attempts::Attempt;
use super::attempts::Outcome::{Anything, Is};

#[rustfmt::skip]
pub(super) const INTROSPECTION: [Attempt; 31] = [
    ("referents", "result = gc.get_referents(capsule)", Is("[]")),
    ("all-objects", "result = [found for found in gc.get_objects() if found is capsule or found is native]", Is("[]")),
    ("referrers", "result = [type(found) for found in gc.get_referrers(capsule)]", Anything),
    ("another-thread", "import threading; result = []\nthread = threading.Thread(target=lambda: result.append(tried(lambda: _capsule.get_pointer(capsule, 'm.cap')))); thread.start(); thread.join(); result = str(result[0])", Is("'_capsule.get_pointer: capsules are sealed in this interpreter'")),
    ("error-handler-of-codecs", "import codecs; seen = []\ndef handler(error): seen.append(error); return '', error.end\ncodecs.register_error('surrogateescape', handler)\nresult = _capsule.get_name(capsule), _capsule.is_valid(capsule, '\\udc80'), seen", Anything),
    ("audit-hook", "seen = []; sys.addaudithook(lambda *event: recording and seen.append(event)); recording = True\nresult = [tried(lambda: _capsule.get_pointer(capsule, 'm.cap')), _capsule.describe(capsule), _capsule.load('m.cap')], seen; recording = False", Anything),
    ("trace-function", "seen = []\ndef trace(*event): seen.append(event); return trace\nsys.settrace(trace); sys.setprofile(trace)\nresult = [tried(lambda: _capsule.get_pointer(capsule, 'm.cap')), _capsule.describe(capsule)]\nsys.settrace(None); sys.setprofile(None); result = result, seen", Anything),
    ("name-that-lies", "class Name(str):\n def __eq__(self, other): return True\n __hash__ = str.__hash__\nresult = _capsule.is_valid(capsule, Name('x'))", Is("False")),
    ("module-that-lies", "class Modules(dict):\n def __missing__(self, name): return types.SimpleNamespace(cap=capsule)\nsys.modules, old = Modules(sys.modules), sys.modules\ntry: _capsule.load('other.cap')\nfinally: sys.modules = old", Is("AttributeError: PyCapsule_Import \"other.cap\" is not valid")),
    ("crash-dump", "import faulthandler, tempfile\nwith tempfile.TemporaryFile() as file:\n faulthandler.dump_traceback(file); file.seek(0); result = file.read()", Anything),
    ("referents-of-everything", "result = [gc.get_referents(one) for one in (native, [capsule], types.CapsuleType.__repr__)]", Anything),
    ("graph-of-all-objects", "todo, seen, result = [capsule, native, _capsule, sys, os, types, vars], set(), []\nwhile todo:\n one = todo.pop()\n if id(one) in seen: continue\n seen.add(id(one)); todo += gc.get_referents(one)\n if type(one) is int: result.append(one)\nassert len(seen) > 5000", Anything),
    ("collector-callbacks", "seen = []\ngc.callbacks.append(lambda *given: seen.append(given)); gc.collect(); gc.callbacks.pop(); result = seen, gc.garbage, gc.get_stats()", Anything),
    ("saved-garbage", "gc.set_debug(gc.DEBUG_SAVEALL)\ntry: x = [capsule]; x.append(x); del x; gc.collect(); result = list(gc.garbage)\nfinally: gc.set_debug(0); gc.garbage.clear()", Anything),
    ("frames-of-a-failing-import", "sys.modules['failing'] = types.SimpleNamespace()\nerror = tried(lambda: _capsule.load('failing.cap')); result = [error, error.args, getattr(error, '__notes__', None), error.__cause__, error.__context__, vars(error)]\ntrace = error.__traceback__\nwhile trace: result.append(dict(trace.tb_frame.f_locals)); trace = trace.tb_next", Anything),
    ("notes-of-refusals", "result = [tried(lambda: call()) for call in (lambda: _capsule.get_name(5), lambda: _capsule.describe(sys), lambda: _capsule.load('m.x'), lambda: _capsule.load('nosuch.x.y'), lambda: _capsule.load(capsule), lambda: _capsule.is_valid(capsule, capsule), lambda: _capsule.load(b'm.cap\\xff'), lambda: _capsule.get_pointer(native, 'wrong'))]", Anything),
    ("formatted-tracebacks", "import traceback\nresult = [''.join(traceback.TracebackException.from_exception(error, capture_locals=True).format()) for error in (tried(lambda: _capsule.get_pointer(native, 'n.cap')), tried(lambda: _capsule.load('m.x')))]", Anything),
    ("frames-seen-from-its-calls", "result = sys._getframe().f_locals.keys() & {'pointer'}, [dict(frame.f_locals) for frame in sys._current_frames().values()] and 0, sys._current_exceptions()", Anything),
    ("locals-of-a-frame-changed", "def f():\n x = capsule\n sys._getframe().f_locals['x'] = 5\n return x\nresult = f()", Is("5")),
    ("monitoring", "seen = []\nm = sys.monitoring; m.use_tool_id(4, 'x')\ntry:\n for event in m.events.CALL, m.events.C_RETURN, m.events.C_RAISE, m.events.PY_START: tried(lambda: m.register_callback(4, event, lambda *given: seen.append(given)))\n m.set_events(4, m.events.CALL); result = tried(lambda: _capsule.get_pointer(capsule, 'm.cap')), _capsule.describe(native), _capsule.get_name(native)\nfinally: m.set_events(4, 0); m.free_tool_id(4)\nresult = result, seen[:50]", Anything),
    ("traced-in-all-threads", "import threading\nseen = []\nthreading.settrace_all_threads(lambda *event: seen.append(str(event[1:])))\ntry: result = tried(lambda: _capsule.get_context(native)), _capsule.is_valid(native, 'n.cap')\nfinally: threading.settrace_all_threads(None)\nresult = result, seen", Anything),
    ("switch-interval", "sys.setswitchinterval(1e-6); result = sys.getswitchinterval(), tried(lambda: _capsule.get_pointer(capsule, 'm.cap')); sys.setswitchinterval(0.005)", Anything),
    ("recursion", "def deep(n): return _capsule.get_name(native) if n == 0 else deep(n - 1)\nresult = [tried(lambda: deep(n)) for n in (10, sys.getrecursionlimit() - 30, sys.getrecursionlimit() + 5)]", Anything),
    ("unraisable-hook", "seen = []\nold, sys.unraisablehook = sys.unraisablehook, lambda given: seen.append((given.exc_type, str(given.exc_value), given.err_msg, given.object))\nclass X:\n def __del__(self): _capsule.get_pointer(capsule, 'm.cap')\nX(); sys.unraisablehook = old; result = seen", Anything),
    ("its-destruction-watched", "class Watch(list):\n def __del__(self): seen.append([_capsule.describe(self[0]), tried(lambda: _capsule.get_pointer(self[0], 'm.cap'))])\nseen = []; watch = Watch([capsule]); del watch; gc.collect(); result = seen; assert seen", Anything),
    ("proxies", "import weakref; result = tried(lambda: weakref.proxy(native)), tried(lambda: weakref.finalize(native, print)), tried(lambda: weakref.WeakSet([native])), tried(lambda: weakref.WeakKeyDictionary({native: 1}))\nassert all(isinstance(one, TypeError) for one in result)", Anything),
    ("wrapped-functions", "import functools, inspect\nresult = tried(lambda: functools.partial(_capsule.get_pointer, capsule)('m.cap')), tried(lambda: functools.reduce(_capsule.get_pointer, [capsule, 'm.cap'])), tried(lambda: list(map(_capsule.get_context, [native]))), inspect.signature(_capsule.is_valid), tried(lambda: inspect.getsource(_capsule))", Anything),
    ("signals", "import signal\nseen = []\nold = signal.signal(signal.SIGUSR1, lambda *given: seen.append(tried(lambda: _capsule.get_pointer(capsule, 'm.cap'))))\nsignal.raise_signal(signal.SIGUSR1); signal.signal(signal.SIGUSR1, old); result = seen", Anything),
    ("low-level-threads", "import _thread\nlock, seen = _thread.allocate_lock(), []; lock.acquire()\ndef work():\n seen.append(tried(lambda: _capsule.claim(native, 'n.cap', 'x'))); lock.release()\n_thread.start_new_thread(work, ()); lock.acquire(); result = [str(one) for one in seen]", Is("['_capsule.claim: capsules are sealed in this interpreter']")),
    ("asked-from-a-coroutine", "async def ask(): return _capsule.get_context(capsule)\ntry: ask().send(None)\nexcept PermissionError as error: result = error", Anything),
    ("names-of-many-kinds", "result = [tried(lambda: _capsule.is_valid(native, name)) for name in (None, b'n.cap', 'n.cap', bytearray(b'n.cap'), memoryview(b'n.cap'), 'n.cap\\0', b'n.cap\\0x', '', '\\ud800', 5, id(native), capsule, 'n' * 100000)]", Anything),
];
